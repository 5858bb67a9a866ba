//! Answers about the market.

use super::build::spent;
use super::exposure::week;
use crate::clock::Time;
use crate::config::{Campaign, Config, KeptTwice, Lifting};
use crate::engine::Engine;
use crate::exposure::Amount;
use crate::model::view::{CampaignState, Campaigns, Conflict, Ladder, OrNull};
use crate::race::Kind;
use crate::support::{Climb, End, Z};

impl Engine {
    /// Returns where a runner stands on the ladder; `None` if it is not and was not on it.
    pub(in crate::engine) fn ladder(&self, kind: Kind, row: u32) -> Option<Ladder> {
        let market = self.markets.live.load();
        let climb = market.climbers(kind as usize)?.get(row)?;
        Some(ladder(climb))
    }

    /// Returns the campaigns at a time, now if none is given.
    #[must_use]
    pub fn campaigns(&self, at: Option<Time>) -> Campaigns {
        let generation = self.generation();
        let config = &generation.config;
        let at = at.unwrap_or_else(|| self.clock.now());
        Campaigns {
            at,
            market: self.markets.live.load().number,
            campaigns: self.states(config, at),
            conflicts: self.conflicts(config, at),
        }
    }

    /// Returns the state of each campaign of a configuration at a time.
    pub(in crate::engine) fn states(&self, config: &Config, at: Time) -> Vec<CampaignState> {
        let facts = self.facts.read();
        let state = |campaign: &Campaign| {
            let used = Amount::from_units(facts.books.pace.used(&campaign.name)).exposures();
            let spent = spent(campaign, used, config.market.replicas, at);
            CampaignState {
                name: campaign.name.clone(),
                live: spent.live,
                from: OrNull(campaign.from),
                until: OrNull(campaign.until),
                scenes: campaign.scenes.clone(),
                boost: campaign.boost,
                budget: OrNull(campaign.budget),
                used,
                plan: OrNull(spent.due),
                credit: spent.credit,
                price: OrNull(self.telemetry.market.prices.mean(
                    &campaign.scenes,
                    "campaign",
                    &campaign.name,
                )),
            }
        };
        config.campaigns.each.iter().map(state).collect()
    }

    /// Returns the conflicts of the campaigns and rules that are live at a time.
    fn conflicts(&self, config: &Config, at: Time) -> Vec<Conflict> {
        let lifting = config.lifting_at(at);
        let last_complete = self.last_complete(config);
        let mut conflicts = Vec::new();
        for (place, one) in lifting.iter().enumerate().filter(|(_, it)| it.is_campaign) {
            let later = lifting[place + 1..].iter();
            let meets =
                later.filter(|it| one.shares_scene(it) && self.share_items(config, one, it));
            conflicts.extend(meets.map(|other| of_items(one, other)));
        }
        for campaign in config.campaigns.live_at(at) {
            let traffic = week(&self.facts.read().books, &campaign.scenes, last_complete);
            conflicts.extend(over_budget(campaign, traffic));
        }
        conflicts.extend(config.kept_twice_at(at).iter().map(of_place));
        conflicts
    }

    /// Returns whether two lift one item.
    fn share_items(&self, config: &Config, one: &Lifting<'_>, other: &Lifting<'_>) -> bool {
        let facts = self.facts.read();
        let selections = facts.selections.of(&config.selections);
        let mut items = selections.items(one.items);
        items.any(|item| selections.has(other.items, item))
    }
}

fn of_items(one: &Lifting<'_>, other: &Lifting<'_>) -> Conflict {
    Conflict {
        campaign: one.name.to_owned(),
        kind: "items",
        other: Some(other.name.to_owned()),
        message: format!("lifts items that {} lifts too", other.shown()),
    }
}

fn of_place(kept: &KeptTwice<'_>) -> Conflict {
    Conflict {
        campaign: kept.rule.to_owned(),
        kind: "place",
        other: Some("support".to_owned()),
        message: kept.shown(),
    }
}

/// Returns the conflict of a budget that exceeds the traffic of last week.
fn over_budget(campaign: &Campaign, traffic: f64) -> Option<Conflict> {
    let budget = crate::number::real(campaign.budget?);
    (budget > traffic).then(|| Conflict {
        campaign: campaign.name.clone(),
        kind: "budget",
        other: None,
        message: format!(
            "its budget of {budget} exposures exceeds the {traffic:.0} of last week in its scenes"
        ),
    })
}

fn ladder(climb: &Climb) -> Ladder {
    let evidence = &climb.evidence;
    Ladder {
        stage: climb.stage,
        served: digits(climb.served),
        quota: climb.quota,
        plan: digits(climb.due),
        credit: digits(climb.credit),
        x: evidence.clickers,
        expected: digits(evidence.expected(climb.usual)),
        q: digits(evidence.quantile(climb.usual, Z)),
        bar: OrNull(climb.bar),
        chance: OrNull(
            climb
                .bar
                .map(|bar| digits(evidence.chance(climb.usual, bar))),
        ),
        end: climb.end.map(End::name),
    }
}

/// Returns a figure with six digits after the point.
fn digits(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}
