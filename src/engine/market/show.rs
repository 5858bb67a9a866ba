//! Answers about the market.

use super::build::spent;
use super::exposure::week;
use crate::clock::Time;
use crate::config::{Campaign, Config};
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

    fn states(&self, config: &Config, at: Time) -> Vec<CampaignState> {
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
            }
        };
        config.campaigns.each.iter().map(state).collect()
    }

    /// Returns the conflicts of the campaigns that are live at a time.
    fn conflicts(&self, config: &Config, at: Time) -> Vec<Conflict> {
        let live = config.campaigns.live_at(at);
        let last_complete = self.last_complete(config);
        let mut conflicts = Vec::new();
        for (place, campaign) in live.iter().enumerate() {
            for other in &live[place + 1..] {
                if campaign.shares_scene(other) && self.shares_items(config, campaign, other) {
                    conflicts.push(Conflict {
                        campaign: campaign.name.clone(),
                        kind: "items",
                        other: Some(other.name.clone()),
                        message: format!("lifts items that {} lifts too", other.name),
                    });
                }
            }
            let traffic = week(&self.facts.read().books, &campaign.scenes, last_complete);
            conflicts.extend(over_budget(campaign, traffic));
        }
        conflicts
    }
}

impl Engine {
    /// Returns whether two campaigns lift one item.
    fn shares_items(&self, config: &Config, one: &Campaign, other: &Campaign) -> bool {
        let facts = self.facts.read();
        let selections = facts.selections.of(&config.selections);
        let [one, other] = [one, other].map(|campaign| campaign.selection(&config.selections));
        let (Some(one), Some(other)) = (one, other) else {
            return false;
        };
        selections
            .items(one)
            .any(|item| selections.has(other, item))
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
