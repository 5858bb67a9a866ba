//! One snapshot: ladders, shares and budgets, put together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::clock::Time;
use crate::config::{Campaign, Config, Generation, Scene};
use crate::engine::Engine;
use crate::engine::blind::blind;
use crate::exposure::Amount;
use crate::support::{Budget, Climbers, Help, Market, Spent};

impl Engine {
    /// Builds a snapshot of the market and swaps it in. Returns its number, which is that of the last one if nothing changed.
    pub fn refresh_market(&self) -> u64 {
        let _one_at_a_time = self.markets.building.lock();
        let started = Instant::now();
        let generation = self.generation();
        let now = self.clock.now();
        self.follow_targets(&generation);
        let ladders = self.climb(&generation, now);
        self.settle_exposures(&generation);
        let mut next = self.market(&generation, ladders, now);
        let live = Arc::clone(&self.markets.live.load());
        if live.number == 0 || !live.equals(&next) {
            next.number = live.number + 1;
            self.markets.live.store(Arc::new(next));
        }
        let live = self.markets.live.load();
        self.observe_market(&generation.config, &live, started.elapsed());
        live.number
    }

    /// Lets the books count what the live configuration asks for.
    fn follow_targets(&self, generation: &Generation) {
        let config = &generation.config;
        let follows = self.facts.read().follows(config);
        if !follows {
            let mut facts = self.facts.write();
            facts.follow(config);
            self.record_sums(generation, &facts);
        }
    }

    fn market(&self, generation: &Generation, ladders: Vec<Climbers>, now: Time) -> Market {
        let config = &generation.config;
        let campaigns = self.spent(config, now);
        let is_behind = ladders.iter().any(Climbers::any_behind);
        let help = |(name, scene): (&String, &Arc<Scene>)| {
            let help = Help {
                campaigns: live_in(config, &campaigns, name),
                tail: self.tail_credit(config, name),
                support: is_behind && config.support.scenes.contains(name),
                blind: false,
            };
            let helps = help != Help::default();
            let is_blind = || blind(&self.facts.read().books, scene, now);
            helps.then(|| match is_blind() {
                true => (name.clone(), Help::BLIND),
                false => (name.clone(), help),
            })
        };
        Market {
            number: 0,
            as_of: now,
            scenes: config.scenes.iter().filter_map(help).collect(),
            ladders,
            campaigns,
        }
    }

    /// Returns the credit of a scene's share; 0 if it has none.
    fn tail_credit(&self, config: &Config, scene: &str) -> f64 {
        let has_share = config.tail.scenes.contains_key(scene);
        let credit = || self.facts.read().books.pace.credit(scene);
        if has_share { credit() } else { 0.0 }
    }

    /// Returns what each campaign has used, and its credit, by its name.
    fn spent(&self, config: &Config, now: Time) -> BTreeMap<String, Spent> {
        let facts = self.facts.read();
        let each = config.campaigns.each.iter();
        each.map(|campaign| {
            let used = Amount::from_units(facts.books.pace.used(&campaign.name));
            let spent = spent(campaign, used.exposures(), config.market.replicas, now);
            (campaign.name.clone(), spent)
        })
        .collect()
    }
}

/// Returns the names of the campaigns of a scene with a credit above 0.
fn live_in(config: &Config, campaigns: &BTreeMap<String, Spent>, scene: &String) -> Vec<String> {
    let has_credit = |name: &String| campaigns.get(name).is_some_and(|it| it.credit > 0.0);
    let each = config.campaigns.each.iter();
    let lifts = each.filter(|it| has_credit(&it.name) && it.scenes.contains(scene));
    lifts.map(|it| it.name.clone()).collect()
}

/// Returns what a campaign has used, and its credit.
pub(super) fn spent(campaign: &Campaign, used: f64, replicas: u64, now: Time) -> Spent {
    let live = campaign.is_live(now);
    let budget = match (campaign.from, campaign.until, campaign.budget) {
        (Some(from), Some(until), Some(exposures)) => Some(Budget {
            from,
            until,
            exposures: exposures.div_ceil(replicas),
        }),
        _ => None,
    };
    let full = if live { 1.0 } else { 0.0 };
    Spent {
        used,
        due: budget.map(|budget| budget.plan(now)),
        live,
        credit: budget.map_or(full, |budget| budget.credit(used, now)),
    }
}
