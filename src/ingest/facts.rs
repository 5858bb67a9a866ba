//! The state built from facts: the books, and the data that several of them share.

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem;

use super::by_scene::ByScene;
use super::leaving::Leaving;
use super::sweeps::Sweeps;
use super::{Accepted, Fact, Fate, Moment, Retired};
use crate::clock::{ClockMode, Day, Time};
use crate::config::Config;
use crate::derived::Derived;
use crate::id::{EventId, TagId, UserRow};
use crate::model::{EventKind, Repeat};
use crate::selection::Keeper;
use crate::state::Books;
use crate::telemetry::{FactKind, Size};

/// Counters since the start.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Events applied, by kind.
    pub events: [u64; EventKind::ALL.len()],
    /// Late events, by kind.
    pub late: [u64; EventKind::ALL.len()],
    /// Repeated events, whose id was remembered, by [`Repeat`].
    pub repeats: [u64; Repeat::NAMES.len()],
    /// New ids that are not in Unicode normal form NFC, by [`FactKind`].
    pub odd_ids: [u64; FactKind::NAMES.len()],
    /// Merchants created because an item or an event named them.
    pub bare_merchants: u64,
    /// Items created because an event named them.
    pub stubs: u64,
    /// Events rejected because no more unknown items or merchants are kept.
    pub beyond_bounds: u64,
}

/// All state built from facts.
#[derive(Debug)]
pub struct Facts {
    /// The books.
    pub books: Books,
    /// Counters since the start.
    pub counts: Counts,
    /// Events and money by scene since the start.
    pub by_scene: ByScene,
    /// Time of the latest event applied.
    pub latest: Option<Time>,
    /// The clock by which arriving events are late; `None` while recorded facts are applied, which were judged when they arrived.
    pub judging: Option<ClockMode>,
    /// Rises with every change that the standings depend on, except sales; see [`last_change`](crate::race::Ledger::last_change).
    pub revision: u64,
    /// The selections, kept up with changes of items and merchants.
    pub selections: Keeper,
    /// What is derived of the items.
    pub derived: Derived,
    /// Deleted users whose purchases are still in the window.
    pub(super) leaving: Leaving,
    /// Rows of deleted users by the number of the deletion, until the record of the deletion is applied.
    pub(super) nameless: HashMap<u64, UserRow>,
    /// Deleted entities whose rows the live standings may still know.
    pub(super) retired: VecDeque<Retired>,
    /// Hashes of the ids of the last deleted users, to recognise them in an older backup.
    pub(super) deleted: VecDeque<EventId>,
    /// Progress of the sweeps of unused names.
    pub(super) sweeps: Sweeps,
    /// Buffer for the tags of an event's item.
    pub(super) item_tags: Vec<(TagId, f32)>,
}

impl Facts {
    /// Returns an empty state with the bounds of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            books: Books::new(config),
            counts: Counts::default(),
            by_scene: ByScene::default(),
            latest: None,
            judging: None,
            revision: 0,
            selections: Keeper::default(),
            derived: Derived::default(),
            leaving: Leaving::default(),
            nameless: HashMap::new(),
            retired: VecDeque::new(),
            deleted: VecDeque::new(),
            sweeps: Sweeps::default(),
            item_tags: Vec::new(),
        }
    }

    /// Applies one fact.
    ///
    /// # Errors
    /// A fact that contradicts the state is rejected with every reason, and changes nothing.
    pub fn apply(&mut self, mut fact: Fact<'_>, moment: &Moment<'_>) -> Fate {
        let id = fact.event().and_then(|event| self.id_of(event));
        self.apply_with(&mut fact, id, moment)
    }

    /// Applies one fact, given the hash of its id if it is an event that has one. Takes the text of a declared entity.
    pub(super) fn apply_with(
        &mut self,
        fact: &mut Fact<'_>,
        id: Option<EventId>,
        moment: &Moment<'_>,
    ) -> Fate {
        match fact {
            Fact::Item(item, text) => self.declare_item(item, mem::take(text)),
            Fact::Merchant(merchant, text) => self.declare_merchant(merchant, mem::take(text)),
            Fact::User(user, text) => self.declare_user(user, mem::take(text), moment.wall),
            Fact::Patch(patch) => return self.patch(patch, moment),
            Fact::Event(event) => {
                let late = self.is_late(event, moment);
                return self.event(event, id, late, moment);
            }
            Fact::Late(event) => return self.event(event, id, true, moment),
            Fact::Trace(trace) => return self.retrace(trace.clone(), false, moment),
            Fact::LateTrace(trace) => return self.retrace(trace.clone(), true, moment),
        }
        Ok(Accepted::Fresh)
    }

    /// Drops the data of days before the window that ends with the last complete day.
    pub fn expire(&mut self, last_complete: Day) {
        self.books.expire(last_complete);
        let mut released = HashSet::new();
        while let Some(row) = self.leaving.pop(last_complete) {
            released.insert(row);
        }
        self.release_buyers(&released);
    }

    /// Returns the number and the size of the rows that wait for the purchases of their deleted buyers to leave.
    #[must_use]
    pub fn departed_buyers(&self) -> Size {
        Size {
            entries: self.leaving.len(),
            bytes: self.leaving.bytes(),
            evicted: 0,
        }
    }

    /// Makes the rows of deleted buyers, whom no purchase names, available to the next users.
    pub(super) fn release_buyers(&mut self, rows: &HashSet<UserRow>) {
        if !rows.is_empty() {
            rows.iter().for_each(|row| self.books.users.release(*row));
            self.books.users.names.release(rows);
            self.books.sales.abandon(|buyer| rows.contains(&buyer));
        }
    }
}
