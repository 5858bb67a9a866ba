//! The settling of the exposures since the last snapshot: shares and budgets.

use std::collections::{BTreeMap, HashMap};

use super::exposure::a_day;
use crate::config::{Config, Generation};
use crate::engine::Engine;
use crate::exposure::Amount;
use crate::id::{ItemRow, MerchantRow};
use crate::ingest::{Facts, Record};
use crate::race::Standings;
use crate::support::{PaceStep, Settled, Share, Sums, Waiting};

impl Engine {
    /// Settles the exposures since the last snapshot. They wait as long as it is not known which items belong to the selections.
    pub(super) fn settle_exposures(&self, generation: &Generation) {
        let config = &generation.config;
        {
            let facts = self.facts.read();
            let is_known = facts.selections.is_complete(&config.selections);
            if facts.books.pace.is_settled() || !is_known || self.check_journal().is_err() {
                return;
            }
        }
        let waiting = {
            let mut facts = self.facts.write();
            // A journal that breaks is reported by its own thread.
            let _broken = self.append(generation, &Record::Pace(PaceStep::Begin));
            facts.books.pace.begin()
        };
        let settled = Settled {
            credits: self.credits(config, &waiting),
            used: self.used(config, &waiting),
        };
        let mut facts = self.facts.write();
        facts.books.pace.settle(settled);
        self.record_sums(generation, &facts);
    }

    /// Appends the sums of shares and budgets to the journal, if there are any.
    pub(super) fn record_sums(&self, generation: &Generation, facts: &Facts) {
        let sums = facts.books.pace.sums();
        if *sums != Sums::default() {
            let _broken = self.append(generation, &Record::Pace(PaceStep::Sums(sums.clone())));
        }
    }

    /// Returns the next credit of each share.
    fn credits(&self, config: &Config, waiting: &Waiting) -> BTreeMap<String, f64> {
        let (standings, last_complete) = (self.standings.load(), self.last_complete(config));
        let facts = self.facts.read();
        let next = |(scene, target): (&String, &f64)| {
            let counts = waiting.shares.get(scene);
            let [shown, of_group] = counts.map_or([0.0; 2], |it| shown(it, &standings, config));
            let share = Share {
                target: *target,
                shown,
                of_group,
                a_day: a_day(&facts.books, scene, last_complete),
                band: config.tail.band_days,
            };
            (scene.clone(), share.next(facts.books.pace.credit(scene)))
        };
        config.tail.scenes.iter().map(next).collect()
    }

    /// Returns the further exposure of the enrolled of each campaign.
    fn used(&self, config: &Config, waiting: &Waiting) -> BTreeMap<String, u64> {
        let facts = self.facts.read();
        let selections = facts.selections.of(&config.selections);
        let campaigns = config.campaigns.each.iter();
        let used = campaigns.filter_map(|campaign| {
            let counts = waiting.campaigns.get(&campaign.name)?;
            let enrols = |item: &ItemRow| selections.has(campaign.items, *item);
            let enrolled = counts.iter().filter(|(item, _)| enrols(item));
            let amounts = enrolled.map(|(_, amount)| Amount::from_units(*amount));
            Some((campaign.name.clone(), amounts.sum::<Amount>().units()))
        });
        used.collect()
    }
}

/// Returns the exposures of all merchants, and of those of the tail.
fn shown(counts: &HashMap<MerchantRow, u64>, standings: &Standings, config: &Config) -> [f64; 2] {
    let is_tail = |merchant: MerchantRow| {
        let standing = standings.merchant(merchant);
        let level = standing.map_or(0.0, |standing| f64::from(standing.level));
        merchant.is_some() && level < config.tail.below
    };
    let sum = |counts: &mut dyn Iterator<Item = u64>| -> f64 {
        counts.map(Amount::from_units).sum::<Amount>().exposures()
    };
    let all = sum(&mut counts.values().copied());
    let tail = counts.iter().filter(|(merchant, _)| is_tail(**merchant));
    [all, sum(&mut tail.map(|(_, amount)| *amount))]
}
