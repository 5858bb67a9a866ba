//! Metrics of the races for reserved places, by merchant. Their number is bounded: further merchants are counted together.

use std::collections::HashSet;

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::metric::{Declare, Labelled};
use crate::model::view::ReportSlot;
use crate::model::{Contender, SlotRace};

/// Maximum number of slots and merchants that are counted by name.
const MOST: usize = 1_000;
/// Label of the merchants beyond.
const OTHERS: &str = "others";

/// The races won and lost, by slot and merchant.
#[derive(Debug)]
pub struct SlotMetrics {
    races: Labelled<Counter, 3>,
    /// Pairs of slot and merchant with a name of their own.
    known: Mutex<HashSet<(String, String)>>,
}

impl Declare for SlotMetrics {
    type Labels = [&'static str; 3];

    fn declare(to: &mut Registry, name: &str, labels: Self::Labels, help: &str) -> Self {
        Self {
            races: Labelled::declare(to, name, labels, help),
            known: Mutex::default(),
        }
    }
}

impl SlotMetrics {
    /// Counts a race.
    pub fn count(&self, race: &SlotRace<'_>) {
        self.add(&race.name, &race.winner, "won");
        if let Some(runner_up) = &race.runner_up {
            self.add(&race.name, runner_up, "second");
        }
    }

    /// Returns the races of a merchant by slot: those that it won, and those in which it was second. Merchants that are counted together
    /// have none.
    #[must_use]
    pub fn of(&self, merchant: &str) -> Vec<ReportSlot> {
        let known = self.known.lock();
        let mine = known.iter().filter(|(_, of)| of == merchant);
        let mut slots: Vec<ReportSlot> = mine
            .map(|(slot, _)| {
                let count = |result| self.races.with([slot, merchant, result]).get();
                let [won, second] = ["won", "second"].map(count);
                ReportSlot {
                    slot: slot.clone(),
                    won,
                    second,
                }
            })
            .collect();
        slots.sort_by(|a, b| a.slot.cmp(&b.slot));
        slots
    }

    fn add(&self, slot: &str, contender: &Contender<'_>, result: &str) {
        let merchant = contender.merchant.as_deref().unwrap_or_default();
        let named = if self.is_named(slot, merchant) {
            merchant
        } else {
            OTHERS
        };
        self.races.with([slot, named, result]).inc();
    }

    /// Returns whether a merchant is counted by name in a slot.
    fn is_named(&self, slot: &str, merchant: &str) -> bool {
        let pair = (slot.to_owned(), merchant.to_owned());
        let mut known = self.known.lock();
        known.contains(&pair) || (known.len() < MOST && known.insert(pair))
    }
}
