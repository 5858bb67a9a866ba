//! All facts at one instant, in parts, for a checkpoint.
//!
//! [`Facts::freeze`] takes a moment; then [`Image::next`] gives one part after the other, each under its own short hold of the lock,
//! while facts go on being applied. [`Restored`] puts the parts together again.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Facts, Retired};
use crate::binary::append;
use crate::clock::{Day, Time};
use crate::config::Config;
use crate::id::UserRow;
use crate::race::{Ledger, LedgerImage, Purchase};
use crate::state::{EventId, FeatureImage, Rows, Seen, SeenImage};

/// Rows of one part: few enough that a writer hardly waits.
const ROWS: usize = 32;
/// What a part begins with: what it is of. The rows of the feature store come first, in the order of [`Rows::ALL`].
const HEAD: u8 = 0x10;
const PURCHASES: u8 = 0x11;
const EVENT_IDS: u8 = 0x12;

/// What is small of one instant: the first part.
#[derive(Debug, Deserialize, Serialize)]
struct Head {
    features: FeatureImage,
    sales: LedgerImage,
    seen: SeenImage,
    latest: Option<Time>,
    revision: u64,
    leaving: VecDeque<(Day, UserRow)>,
    retired: Vec<Retired>,
    deleted: VecDeque<EventId>,
    /// The settings under which the next facts are learnt.
    terms: String,
}

/// All facts at one instant, to be written part by part.
#[derive(Debug)]
pub struct Image {
    head: Head,
    at: Part,
}

/// The part that comes next.
#[derive(Clone, Copy, Debug)]
enum Part {
    Head,
    /// Rows of the kind at that place of [`Rows::ALL`], from that row on.
    Rows(usize, usize),
    /// Purchases from that slice on.
    Purchases(usize),
    /// Event ids from that slice on.
    EventIds(usize),
    End,
}

impl Facts {
    /// The facts as they are now: what is small is copied, what is shared is shared, and the columns of rows are frozen until
    /// [`Self::thaw`]. What comes after it is learnt under the settings `terms`.
    pub fn freeze(&mut self, terms: String) -> Image {
        let head = Head {
            features: self.books.freeze(),
            sales: self.books.sales.image(),
            seen: self.books.seen.image(),
            latest: self.latest,
            revision: self.revision,
            leaving: self.leaving.clone(),
            retired: self.retired.clone(),
            deleted: self.deleted.clone(),
            terms,
        };
        Image {
            head,
            at: Part::Head,
        }
    }

    /// Ends the freezing of the first so many kinds of rows.
    pub fn thaw(&mut self, kinds: usize) {
        for of in Rows::ALL.into_iter().take(kinds) {
            self.books.thaw(of);
        }
    }
}

impl Image {
    /// Appends the next part; `false` at the end. The facts must be those that the image was made of.
    pub fn next(&mut self, facts: &Facts, bytes: &mut Vec<u8>) -> bool {
        loop {
            let (next, written) = match self.at {
                Part::Head => {
                    bytes.push(HEAD);
                    append(&self.head, bytes);
                    (Part::Rows(0, 0), true)
                }
                Part::Rows(kind, from) => self.rows(kind, from, facts, bytes),
                Part::Purchases(slice) => match self.head.sales.purchases().nth(slice) {
                    Some(purchases) => {
                        bytes.push(PURCHASES);
                        append(&purchases, bytes);
                        (Part::Purchases(slice + 1), true)
                    }
                    None => (Part::EventIds(0), false),
                },
                Part::EventIds(slice) => match self.head.seen.ids().nth(slice) {
                    Some(ids) => {
                        bytes.push(EVENT_IDS);
                        append(&ids, bytes);
                        (Part::EventIds(slice + 1), true)
                    }
                    None => (Part::End, false),
                },
                Part::End => return false,
            };
            self.at = next;
            if written {
                return true;
            }
        }
    }

    /// Writes the next rows of a kind; what comes then, and whether there were any.
    fn rows(&self, kind: usize, from: usize, facts: &Facts, bytes: &mut Vec<u8>) -> (Part, bool) {
        let Some(of) = Rows::ALL.get(kind).copied() else {
            return (Part::Purchases(0), false);
        };
        let count = self.head.features.rows(of);
        if from >= count {
            return (Part::Rows(kind + 1, 0), false);
        }
        let to = (from + ROWS).min(count);
        bytes.push(of as u8);
        facts.books.write(of, from..to, bytes);
        (Part::Rows(kind, to), true)
    }

    /// How many kinds of rows are all written, and need not be frozen any longer.
    #[must_use]
    pub fn kinds_written(&self) -> usize {
        match self.at {
            Part::Head => 0,
            Part::Rows(kind, _) => kind,
            Part::Purchases(_) | Part::EventIds(_) | Part::End => Rows::ALL.len(),
        }
    }
}

/// Facts that are being put together from the parts of an image.
#[derive(Debug)]
pub struct Restored {
    /// The facts.
    pub facts: Facts,
    /// The settings under which what comes next is learnt; empty before the first part.
    pub terms: String,
}

impl Restored {
    /// Nothing yet, with the bounds of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            facts: Facts::new(config),
            terms: String::new(),
        }
    }

    /// Takes the next part. Only its form is checked, and it takes no more memory than it fills; that its rows and numbers fit together
    /// is trusted, for a checksum says that we wrote it.
    ///
    /// # Errors
    /// Bytes that are none.
    pub fn part(&mut self, part: &[u8], config: &Config) -> Result<(), postcard::Error> {
        let Some((kind, content)) = part.split_first() else {
            return Ok(());
        };
        let facts = &mut self.facts;
        match *kind {
            HEAD => self.head(postcard::from_bytes(content)?, config),
            PURCHASES => {
                let (day, purchases): (Day, Vec<Purchase>) = postcard::from_bytes(content)?;
                facts.books.sales.restore_purchases(day, purchases);
            }
            EVENT_IDS => {
                let ids: Vec<EventId> = postcard::from_bytes(content)?;
                ids.into_iter()
                    .for_each(|id| facts.books.seen.restore_id(id));
            }
            rows => {
                let of = Rows::ALL.get(usize::from(rows));
                let of = of.ok_or(postcard::Error::DeserializeBadEnum)?;
                facts.books.read(*of, content)?;
            }
        }
        Ok(())
    }

    fn head(&mut self, head: Head, config: &Config) {
        let facts = &mut self.facts;
        facts.books.restore_small(head.features);
        facts.books.sales = Ledger::restore(head.sales, config.store.waiting_refunds);
        facts.books.seen = Seen::new(config.store.event_ids, config.store.event_id_age);
        facts.books.seen.restore(head.seen);
        facts.latest = head.latest;
        facts.revision = head.revision;
        facts.leaving = head.leaving;
        facts.retired = head.retired;
        facts.deleted = head.deleted;
        self.terms = head.terms;
    }
}
