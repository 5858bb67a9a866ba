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

use std::borrow::Cow;

use rayon::ThreadPool;

use crate::clock::Time;
use crate::config::{Config, Scene};
use crate::feature::{Decay, Features};
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
    /// What is known of items, merchants and users.
    pub features: &'a Features,
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
    values: predict::Values,
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
pub fn rank(request: &RankRequest<'_>, view: &View<'_>, scratch: &mut Scratch) -> (Ranking, Tally) {
    let Scratch {
        taste,
        seen,
        values,
        keys,
    } = scratch;
    let weights = Weights::of(view.scene);
    taste.load(&request.user_id, view, weights.needs());
    let predictor = Predictor::new(view, taste, &request.candidates.predictions);
    let mut slate = Slate::new(weights.parts().len());
    let mut resolver = Resolver::new(view, seen, request.candidates.ids.len());
    if let Some(splitters) = splitters(request, view) {
        let mut candidates = Vec::with_capacity(request.candidates.ids.len());
        in_blocks(request, |ids, first| {
            resolver.block(ids, first, &mut candidates)
        });
        slate.keep(&mut candidates, &view.features.items);
        splitters.install(|| predictor.score_split(&candidates, &weights, &mut slate));
    } else {
        let mut block = Vec::with_capacity(BLOCK);
        in_blocks(request, |ids, first| {
            block.clear();
            resolver.block(ids, first, &mut block);
            slate.keep(&mut block, &view.features.items);
            predictor.score(&block, &weights, values, &mut slate);
        });
    }
    let best = topk::select(
        &slate,
        &view.features.items,
        request.limit.unwrap_or(view.scene.limit),
        keys,
    );
    best.iter()
        .for_each(|&(row, ..)| view.features.items.prefetch_details(row));
    let explain = request.explain == Some(true);
    let placed = |&(row, place, score)| {
        let candidate = Candidate::new(view, row, place);
        let explain = explain.then(|| explain::explain(&candidate, &predictor, &weights));
        Placed {
            id: view.features.items.id(row).into(),
            score,
            explain,
        }
    };
    let items = best.iter().map(placed).collect();
    let unknown = resolver.unknown();
    let tally = Tally {
        candidates: request.candidates.ids.len(),
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

/// The threads over which a request is split, if it is long enough.
fn splitters<'a>(request: &RankRequest<'_>, view: &View<'a>) -> Option<&'a ThreadPool> {
    view.splitters
        .filter(|_| request.candidates.ids.len() >= view.config.server.parallel_candidates)
}

/// Gives the ids of a request in blocks, each with the place of its first.
fn in_blocks(request: &RankRequest<'_>, mut visit: impl FnMut(&[Cow<'_, str>], usize)) {
    for (number, ids) in request.candidates.ids.chunks(BLOCK).enumerate() {
        visit(ids, number * BLOCK);
    }
}
