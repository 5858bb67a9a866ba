//! Answers about the market.

use super::build::spent;
use crate::clock::Time;
use crate::config::{Campaign, Config};
use crate::engine::Engine;
use crate::exposure::Amount;
use crate::model::view::{CampaignState, Campaigns, Ladder, OrNull};
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
