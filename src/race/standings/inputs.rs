//! The inputs of a rebuild.

use super::super::lane::Lanes;
use super::super::ledger::SalesHistory;
use super::super::runner::{Kind, PerKind, Runner};
use super::super::window::WINDOW;
use super::appeal::Evidence;
use super::repeats::Repeats;
use crate::chunked::Chunked;
use crate::clock::{Day, Time};
use crate::config::Scale;
use crate::corpus::Corpus;
use crate::model::ItemKind;

/// The inputs of a rebuild.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The number of the standings.
    pub number: u64,
    /// The instant for which they are built.
    pub as_of: Time,
    /// The last complete day at that instant.
    pub last_complete: Day,
    /// The offset at which days begin, in milliseconds east of UTC; passed on to the standings.
    pub utc_offset: i64,
    /// The runners of each kind, by row.
    pub runners: PerKind<Vec<Runner>>,
    /// The names of the lanes that the runners are in.
    pub lanes: Lanes,
    /// The sales up to the last complete day.
    pub sales: SalesHistory,
    /// The sales up to today, for the trends of items; none if no scene weighs them.
    pub recent: SalesHistory,
    /// Number of items, for idf.
    pub item_count: u32,
    /// Number of items that have each tag, by its number.
    pub tag_counts: Chunked<u32>,
    /// In how many items each word occurs; empty if no scene weighs `text`.
    pub corpus: Corpus,
    /// The share of each kind of items in all users' taste for kinds, by [`ItemKind`]; 0 if no scene weighs `format`.
    pub kinds: [f64; ItemKind::ALL.len()],
    /// The reference point of users' histories with the runners of each kind.
    pub history: PerKind<f64>,
    /// What is known of the appeal of the runners of each kind, by row; empty if no scene weighs it.
    pub evidence: PerKind<Vec<Evidence>>,
    /// How often users bought the same item again; empty if no scene weighs it.
    pub repeats: Repeats,
    /// Reference points to use when there are too few values to learn them.
    pub scale: Scale,
    /// Weight of the level in the race score.
    pub level_weight: f64,
    /// Weight of the growth in the race score.
    pub growth_weight: f64,
}

impl Inputs {
    /// Returns the day on which a runner's history begins, at the earliest the first day held; `None` if it has no history or does not
    /// exist.
    pub(super) fn start(&self, kind: Kind, row: usize) -> Option<Day> {
        let runner = self.runners[kind].get(row)?;
        let first = || self.sales.first_days[kind].get(row);
        let start = runner.start.or_else(first);
        let held = |start: Day| self.sales.floor.map_or(start, |floor| start.max(floor));
        start.filter(|_| runner.present).map(held)
    }

    /// Returns the number of days of the window that are held.
    pub(super) fn days(&self) -> usize {
        let days = |floor| self.last_complete.plus(1).since(floor);
        let days = self.sales.floor.map(|floor| days(floor).max(0));
        let days = days.and_then(|days| usize::try_from(days).ok());
        days.map_or(WINDOW, |days| days.min(WINDOW))
    }
}
