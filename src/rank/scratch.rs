//! Buffers that a thread reuses, so that a request allocates nothing per candidate.

use super::aversion;
use super::lookup::Seen;
use super::taste::Taste;
use crate::race::Standings;

/// Buffers that one thread keeps from request to request.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) taste: Taste,
    pub(super) averse: aversion::Factors,
    pub(super) seen: Seen,
    pub(super) keys: Vec<u64>,
}

impl Scratch {
    /// Prepares for standings that may be new to this thread, out of what their rebuild made ready. Without it ranking prepares itself.
    pub fn meet(&mut self, standings: &Standings) {
        self.taste.meet(standings);
    }

    /// Returns whether so many tags of these standings need no more room.
    #[must_use]
    pub fn has_room(&self, standings: &Standings, tags: usize) -> bool {
        self.taste.has_room(standings, tags)
    }

    /// Makes room for so many tags of these standings. Without it ranking does.
    pub fn make_room(&mut self, standings: &Standings, tags: usize) {
        self.taste.make_room(standings, tags);
    }
}
