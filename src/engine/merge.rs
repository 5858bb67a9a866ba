//! Merging users, when a visitor logs in.

use super::{Broken, Engine};
use crate::ingest::{Evicted, Merged, Moment, Record};

/// Maximum number of names that one merge evicts, so that a lowered bound is reached too.
const EVICTED: usize = 8;

impl Engine {
    /// Makes `from` another name of the user `into`. It is durable only after [`Self::durable`].
    ///
    /// # Errors
    /// The journal is broken; the merge must not be acknowledged.
    pub fn merge(&self, from: &str, into: &str) -> Result<Merged, Broken> {
        self.check_journal()?;
        let generation = self.live.load();
        let moment = Moment {
            config: &generation.config,
            wall: self.clock.wall(),
        };
        let mut facts = self.facts.write();
        let merged = facts.merge(from, into, &moment);
        if merged != Merged::Now {
            return Ok(merged);
        }
        let wall = moment.wall;
        self.append(&generation, &Record::Merge { wall, from, into })?;
        let last_complete = self.last_complete(&generation.config);
        let evicted = facts.evict_names(&moment, EVICTED, last_complete);
        if !evicted.is_empty() {
            let users = evicted.iter().map(|id| Evicted::Named(id)).collect();
            let record = Record::Eviction {
                users,
                last_complete,
            };
            self.append(&generation, &record)?;
        }
        Ok(merged)
    }
}
