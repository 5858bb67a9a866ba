//! The state that one request reads, all of one moment.

use rayon::ThreadPool;

use crate::clock::{Day, Time};
use crate::config::{Config, Scene};
use crate::derived::{Kinds, Places, Words};
use crate::feature::{Decay, Items, Merchants, Tags, Users};
use crate::id::{IdHasher, ItemRow};
use crate::model::Won;
use crate::race::Standings;
use crate::selection::Selections;
use crate::support::{Goals, Market};

/// What stands at a place of a page that was answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past<'a> {
    /// The item; `None` if it is no longer in the catalogue.
    pub item: Option<ItemRow>,
    /// How it was won, if a slot or a support place gave it.
    pub won: Option<&'a Won>,
}

/// The page that a request asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turn<'a> {
    /// Number of places before it.
    pub start: usize,
    /// What stands at these places. Empty if they are forgotten.
    pub past: &'a [Past<'a>],
    /// True if the places before are forgotten, so that the pages are arranged anew from the first on.
    pub anew: bool,
}

/// The state that one request reads.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The live configuration.
    pub config: &'a Config,
    /// Its number.
    pub generation: u64,
    /// The scene of the request.
    pub scene: &'a Scene,
    /// The standings of the last rebuild.
    pub standings: &'a Standings,
    /// The snapshot of the traffic targets.
    pub market: &'a Market,
    /// The hasher of ids of every kind.
    pub hasher: &'a IdHasher,
    /// The catalogue.
    pub items: &'a Items,
    /// The merchants.
    pub merchants: &'a Merchants,
    /// The users.
    pub users: &'a Users,
    /// At what share of its exposures the goal of each merchant held.
    pub goals: &'a Goals,
    /// The names of tags.
    pub tags: &'a Tags,
    /// The words of the items, as far as a scene weighs `text`.
    pub words: &'a Words,
    /// The places of the items, as far as a scene weighs `proximity`.
    pub places: &'a Places,
    /// The kinds of the items, as far as a scene weighs `format`.
    pub kinds: &'a Kinds,
    /// The members of the selections of the live configuration.
    pub selections: &'a Selections,
    /// The instant that decay, freshness and windows read.
    pub as_of: Time,
    /// The page that is asked for.
    pub turn: Turn<'a>,
    /// True if the decision lists the moves of its places, for the decision log.
    pub traced: bool,
    /// Threads that a long request is split over. They do nothing else, so waiting for them never waits for a lock.
    pub splitters: Option<&'a ThreadPool>,
}

impl<'a> View<'a> {
    /// Returns the decay of histories.
    pub(super) fn decay(&self) -> Decay {
        Decay::new(self.config.profile.half_life)
    }

    /// Returns the day of the instant.
    pub(super) fn today(&self) -> Day {
        self.as_of.day(self.config.race.utc_offset)
    }

    /// Returns the threads to split a request over, if it has enough candidates.
    pub(super) fn splitters_for(&self, candidates: usize) -> Option<&'a ThreadPool> {
        self.splitters
            .filter(|_| candidates >= self.config.server.parallel_candidates)
    }
}
