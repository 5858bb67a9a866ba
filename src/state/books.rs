//! The table of the books.

use crate::config::Config;
use crate::feature::{Items, Merchants, Tags, Users};
use crate::id::IdHasher;
use crate::race::Ledger;

use super::seen::Seen;

/// Everything that is known.
#[derive(Debug)]
pub struct Books {
    /// Hashes the ids of every kind.
    pub hasher: IdHasher,
    /// The users: what was declared and what was learnt.
    pub users: Users,
    /// The catalogue.
    pub items: Items,
    /// The merchants.
    pub merchants: Merchants,
    /// Tag names and how many items carry each.
    pub tags: Tags,
    /// The sales of the window.
    pub sales: Ledger,
    /// The event ids of late.
    pub seen: Seen,
}

impl Books {
    /// Empty books with the bounds of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            hasher: IdHasher::default(),
            users: Users::default(),
            items: Items::default(),
            merchants: Merchants::default(),
            tags: Tags::default(),
            sales: Ledger::new(config.store.waiting_refunds),
            seen: Seen::new(config.store.event_ids, config.store.event_id_age),
        }
    }
}
