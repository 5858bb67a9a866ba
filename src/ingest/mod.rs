//! The one door for facts: read and validated outside the lock, applied under it to the feature store and the race.
//!
//! [`read`] needs nothing but the line and the vocabulary; [`Facts::apply`] changes the state and is the only thing that does, besides
//! [`Facts::delete`] and the forgetting that follows it.

mod ahead;
mod anonymous;
mod declare;
mod event;
mod forget;
mod image;
mod read;
mod record;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::clock::{Day, Time};
use crate::config::Config;
use crate::feature::{Decay, Learn};
use crate::id::UserRow;
use crate::model::{EventKind, Fault};
use crate::state::{Books, EventId};

pub use crate::state::Key;
pub use anonymous::{Alias, Trace};
pub use forget::Retired;
pub use image::{Image, Restored};
pub use read::{Fact, read};
pub use record::{Line, Record, Unreadable};

/// What a bulk line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub enum EntityKind {
    /// Items.
    Item,
    /// Merchants.
    Merchant,
    /// Users.
    User,
}

/// What is to be done with the lines of a bulk body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Operation {
    /// Replace what was declared.
    Upsert(EntityKind),
    /// Merge into what was declared.
    Patch(EntityKind),
    /// Apply behaviour events.
    Events,
}

/// A line that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its id, where it could be read.
    pub id: Option<String>,
    /// Every fault of it.
    pub errors: Vec<Fault>,
}

/// What a fact that was taken meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was news.
    Fresh,
    /// An event of its id was known already: it changed nothing.
    Known,
}

/// What became of a line.
pub type Fate = Result<Taken, Rejected>;

/// The moment at which a slice of facts is applied.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The live configuration.
    pub config: &'a Config,
    /// The machine's clock.
    pub wall: Time,
}

impl Moment<'_> {
    fn learn(&self) -> Learn {
        let settings = &self.config.profile;
        Learn {
            decay: Decay::new(settings.half_life),
            max_items: settings.max_items,
            max_tags: settings.max_tags,
            max_merchants: settings.max_merchants,
            max_follows: settings.max_follows,
        }
    }

    fn day(&self, at: Time) -> Day {
        at.day(self.config.race.utc_offset)
    }
}

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
    /// Entries of profiles that gave way at a bound.
    pub evicted: u64,
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
    leaving: VecDeque<(Day, UserRow)>,
    /// Rows of deleted users of whom only a number is known any more, by it, until their deletion comes again.
    nameless: HashMap<u64, UserRow>,
    /// Deleted entities whose rows the live standings may still know.
    retired: Vec<Retired>,
    /// The hashes of the users who were deleted last, to know them again in an older back-up.
    deleted: VecDeque<EventId>,
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
        self.books.sales.expire(last_complete);
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

    /// How many event ids are remembered, the bytes that takes, and how many gave way at the bound so far.
    #[must_use]
    pub fn seen(&self) -> (usize, usize, u64) {
        (
            self.books.seen.len(),
            self.books.seen.bytes(),
            self.books.seen.evicted(),
        )
    }
}
