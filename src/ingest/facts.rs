//! The state that facts make, and the one place where a fact changes it.

use std::collections::{HashMap, VecDeque};

use super::{Fact, Fate, Moment, Retired, Taken};
use crate::clock::{Day, Time};
use crate::config::Config;
use crate::id::{TagId, UserRow};
use crate::model::EventKind;
use crate::state::{Books, EventId};

/// How often things happened since the start.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Events applied, by kind.
    pub events: [u64; EventKind::ALL.len()],
    /// Events whose id was known already.
    pub repeats: u64,
    /// Merchants created because an item or an event named them.
    pub bare_merchants: u64,
    /// Items created because an event named them.
    pub stubs: u64,
}

/// All state that facts make.
#[derive(Debug)]
pub struct Facts {
    /// The books.
    pub books: Books,
    /// How often things happened.
    pub counts: Counts,
    /// The latest event applied.
    pub latest: Option<Time>,
    /// Rises with every change but of sales that the standings depend on; of sales, [`Ledger::last_change`] tells.
    pub revision: u64,
    /// Rows of deleted users whose purchases are still in the window, with the day from which they are free.
    pub(super) leaving: VecDeque<(Day, UserRow)>,
    /// Rows of deleted users of whom only a number is known any more, by it, until their deletion comes again.
    pub(super) nameless: HashMap<u64, UserRow>,
    /// Deleted entities whose rows the live standings may still know.
    pub(super) retired: Vec<Retired>,
    /// The hashes of the users who were deleted last, to know them again in an older back-up.
    pub(super) deleted: VecDeque<EventId>,
    /// Room for the tags of an event's item.
    pub(super) item_tags: Vec<(TagId, f32)>,
}

impl Facts {
    /// An empty state with the bounds of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            books: Books::new(config),
            counts: Counts::default(),
            latest: None,
            revision: 0,
            leaving: VecDeque::new(),
            nameless: HashMap::new(),
            retired: Vec::new(),
            deleted: VecDeque::new(),
            item_tags: Vec::new(),
        }
    }

    /// Applies one fact.
    ///
    /// # Errors
    /// A fact that contradicts what is known is rejected, with every reason; it changes nothing.
    pub fn apply(&mut self, fact: Fact<'_>, moment: &Moment<'_>) -> Fate {
        match fact {
            Fact::Item(item, text) => self.declare_item(&item, text),
            Fact::Merchant(merchant, text) => self.declare_merchant(&merchant, text),
            Fact::User(user, text) => self.declare_user(&user, text),
            Fact::Patch(patch) => return self.patch(&patch, moment),
            Fact::Event(event) => return self.event(&event, moment),
            Fact::Trace(trace) => return self.retrace(trace, moment),
        }
        Ok(Taken::Fresh)
    }

    /// Lets go of what lies before the window.
    pub fn expire(&mut self, last_complete: Day) {
        self.books.expire(last_complete);
        while self
            .leaving
            .front()
            .is_some_and(|(free, _)| *free <= last_complete)
        {
            if let Some((_, row)) = self.leaving.pop_front() {
                self.books.users.release(row);
            }
        }
    }
}
