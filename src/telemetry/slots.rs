//! Metrics of the races for reserved places, by merchant. Their number is bounded: further merchants are counted together.

use hashbrown::HashMap;
use hashbrown::hash_map::EntryRef;
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

/// The results of a race, as the label has them.
const RESULTS: [&str; 2] = ["won", "second"];

/// The races won and lost, by slot and merchant.
#[derive(Debug)]
pub struct SlotMetrics {
    races: Labelled<Counter, 3>,
    known: Mutex<Known>,
}

/// The counters that were used, so that a race is counted without a new name.
#[derive(Debug, Default)]
struct Known {
    slots: HashMap<String, Contenders>,
    /// Number of slots and merchants with a name of their own.
    named: usize,
}

/// The counters of one slot.
#[derive(Debug, Default)]
struct Contenders {
    /// By merchant.
    merchants: HashMap<String, Results>,
    /// The merchants that are counted together.
    others: Results,
}

/// By result.
type Results = [Option<Counter>; RESULTS.len()];

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
        let mut known = self.known.lock();
        let contenders = [Some(&race.winner), race.runner_up.as_ref()];
        for (result, contender) in contenders.into_iter().enumerate() {
            if let Some(contender) = contender {
                self.add(&mut known, &race.name, (contender, result));
            }
        }
    }

    /// Returns the races of a merchant by slot: those that it won, and those in which it was second. Merchants that are counted together
    /// have none.
    #[must_use]
    pub fn of(&self, merchant: &str) -> Vec<ReportSlot> {
        let known = self.known.lock();
        let mine = known.slots.iter();
        let mine = mine.filter_map(|(slot, of)| Some((slot, of.merchants.get(merchant)?)));
        let mut slots: Vec<ReportSlot> = mine
            .map(|(slot, results)| {
                let count = |result: &Option<Counter>| result.as_ref().map_or(0, Counter::get);
                let [won, second] = results.each_ref().map(count);
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

    /// Counts a result of a merchant in a slot.
    fn add(
        &self,
        Known { slots, named }: &mut Known,
        slot: &str,
        (contender, result): (&Contender<'_>, usize),
    ) {
        let merchant = contender.merchant.as_deref().unwrap_or_default();
        let of = slots.entry_ref(slot).or_default();
        let (results, name) = match of.merchants.entry_ref(merchant) {
            EntryRef::Occupied(known) => (known.into_mut(), merchant),
            EntryRef::Vacant(new) if *named < MOST => {
                *named += 1;
                (new.insert(Results::default()), merchant)
            }
            EntryRef::Vacant(_) => (&mut of.others, OTHERS),
        };
        let counter = || self.races.with([slot, name, RESULTS[result]]);
        results[result].get_or_insert_with(counter).inc();
    }
}
