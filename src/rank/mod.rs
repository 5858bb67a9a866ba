//! Ranking: from a request and what is known to an order, without a lock, a clock or any other outside thing.
//!
//! The whole path is [`rank`]; each step is a file.

mod blend;
mod explain;
mod factor;
mod lookup;
mod predict;
mod resolve;
mod slate;
mod taste;
mod topk;

#[cfg(test)]
mod tests;

use rayon::ThreadPool;

use crate::clock::Time;
use crate::config::{Config, Scene};
use crate::feature::{Decay, Items, Merchants, Tags, Users};
use crate::id::IdHasher;
use crate::model::{Placed, RankRequest, Ranking};
use crate::race::Standings;

pub use topk::tie;

use blend::Weights;
use predict::Predictor;
use resolve::{Candidate, Resolver};
use slate::Slate;
use taste::Taste;

/// Candidates that go through the steps together: few enough to stay in the nearest caches.
const BLOCK: usize = 256;

/// What one request sees, all of one moment.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The live configuration.
    pub config: &'a Config,
    /// Its number.
    pub generation: u64,
    /// The scene that the request asked for.
    pub scene: &'a Scene,
    /// The standings of the last rebuild.
    pub standings: &'a Standings,
    /// Hashes the ids of every kind.
    pub hasher: &'a IdHasher,
    /// The catalogue.
    pub items: &'a Items,
    /// The merchants.
    pub merchants: &'a Merchants,
    /// The users.
    pub users: &'a Users,
    /// The names of tags.
    pub tags: &'a Tags,
    /// The instant that decay, freshness and windows read.
    pub as_of: Time,
    /// Threads that a long request may be split over; they do nothing else, so that who waits for them never waits for a lock.
    pub splitters: Option<&'a ThreadPool>,
}

impl View<'_> {
    /// How histories fade.
    fn decay(&self) -> Decay {
        Decay::new(self.config.profile.half_life)
    }
}

/// Buffers that one thread keeps from request to request.
#[derive(Debug, Default)]
pub struct Scratch {
    taste: Taste,
    seen: lookup::Seen,
    keys: Vec<u64>,
}

/// What a request met on its way, for the metrics.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Candidates asked for, repeats included.
    pub candidates: usize,
    /// Candidates that nobody told us of.
    pub unknown: usize,
    /// Candidates left out because they cannot be had.
    pub unavailable: usize,
    /// How many candidates lacked the data of each objective, in the order of the scene's weights.
    pub missing: Vec<usize>,
}

/// Puts the candidates of a request in order.
pub fn rank<'r>(
    request: &'r RankRequest<'_>,
    view: &View<'_>,
    scratch: &mut Scratch,
) -> (Ranking<'r>, Tally) {
    let Scratch { taste, seen, keys } = scratch;
    let ids = &request.candidates.ids;
    let weights = Weights::of(view.scene);
    taste.load(&request.user_id, view, weights.needs());
    let predictor = Predictor::new(view, taste, &request.candidates.predictions);
    let mut slate = Slate::new(ids, weights.parts().len());
    let mut resolver = Resolver::new(view, seen);
    match splitters(ids.len(), view) {
        Some(threads) => score_split(&mut resolver, &predictor, &weights, &mut slate, threads),
        None => score(&mut resolver, &predictor, &weights, &mut slate),
    }
    let limit = request.limit.unwrap_or(view.scene.limit);
    let best = topk::select(&slate, limit, keys);
    let explain = request.explain == Some(true);
    let explained = |row, place| {
        let candidate = Candidate::new(view, (row, view.items.get(row)), place);
        explain::explain(&candidate, &predictor, &weights)
    };
    let placed = |(row, place, score)| Placed {
        id: slate.id(place),
        score,
        explain: explain.then(|| explained(row, place)),
    };
    let items = best.into_iter().map(placed).collect();
    let unknown = resolver.unknown();
    let tally = Tally {
        candidates: ids.len(),
        unknown: unknown.len(),
        unavailable: slate.dropped.len(),
        missing: slate.missing,
    };
    let ranking = Ranking {
        scene: view.scene.name.clone(),
        generation: view.generation,
        standings: view.standings.number,
        as_of: view.as_of,
        items,
        unknown,
        dropped: explain.then_some(slate.dropped),
    };
    (ranking, tally)
}

/// Looks candidates up and scores them block by block, so that a block is still in the nearest caches when it is scored.
fn score<'r>(
    resolver: &mut Resolver<'_, 'r, '_>,
    predictor: &Predictor<'_>,
    weights: &Weights,
    slate: &mut Slate<'r>,
) {
    let mut candidates = Vec::with_capacity(BLOCK);
    for (number, ids) in slate.ids().chunks(BLOCK).enumerate() {
        candidates.clear();
        resolver.block(ids, number * BLOCK, &mut candidates);
        slate.keep(&mut candidates);
        predictor.score(&candidates, weights, slate);
    }
}

/// Looks all candidates up, then scores them on several threads.
fn score_split<'r>(
    resolver: &mut Resolver<'_, 'r, '_>,
    predictor: &Predictor<'_>,
    weights: &Weights,
    slate: &mut Slate<'r>,
    threads: &ThreadPool,
) {
    let mut candidates = Vec::with_capacity(slate.ids().len());
    for (number, ids) in slate.ids().chunks(BLOCK).enumerate() {
        resolver.block(ids, number * BLOCK, &mut candidates);
    }
    slate.keep(&mut candidates);
    threads.install(|| predictor.score_split(&candidates, weights, slate));
}

/// The threads over which a request of that many candidates is split, if it is long enough.
fn splitters<'a>(candidates: usize, view: &View<'a>) -> Option<&'a ThreadPool> {
    view.splitters
        .filter(|_| candidates >= view.config.server.parallel_candidates)
}
