//! Ranking: from a request and what is known to an order, without a lock, a clock or any other outside thing.
//!
//! The whole path is [`rank`]; each step is a file.

mod blend;
mod block;
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
use rayon::prelude::*;

use crate::clock::Time;
use crate::config::{Config, Scene};
use crate::feature::{Decay, Features};
use crate::model::{Placed, RankRequest, Ranking};
use crate::race::Standings;

pub use topk::tie;

use blend::Weights;
use block::{BLOCK, Block};
use predict::Predictor;
use resolve::{Candidate, Resolver};
use slate::Slate;
use taste::Taste;

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
    let Scratch { taste, seen, keys } = scratch;
    let weights = Weights::of(view.scene);
    taste.load(&request.user_id, view, weights.needs());
    let predictor = Predictor::new(view, taste, &weights, &request.candidates.predictions);
    let resolver = Resolver::new(view, seen, &request.candidates.ids);
    let (slate, unknown) = match splitters(request, view) {
        None => score(resolver, &predictor, &weights),
        Some(splitters) => splitters.install(|| score_split(resolver, &predictor, &weights)),
    };
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
        let candidate = Candidate::new(view, (row, view.features.items.get(row)), place);
        let explain = explain.then(|| explain::explain(&candidate, &predictor, &weights));
        Placed {
            id: view.features.items.id(row).into(),
            score,
            explain,
        }
    };
    let items = best.iter().map(placed).collect();
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

/// Scores the candidates as they come.
fn score(
    mut resolver: Resolver<'_, '_>,
    predictor: &Predictor<'_>,
    weights: &Weights,
) -> (Slate, Vec<String>) {
    let mut slate = Slate::new(weights.parts().len());
    let mut block = Block::new(weights);
    let items = &predictor.view().features.items;
    for candidate in resolver.by_ref() {
        if slate.admits(&candidate, items) {
            block.put(&candidate, predictor);
            if block.len() == BLOCK {
                slate.take(&mut block, weights);
            }
        }
    }
    slate.take(&mut block, weights);
    (slate, resolver.unknown())
}

/// The same, with the scoring split over the threads of the pool that it is called in.
fn score_split(
    mut resolver: Resolver<'_, '_>,
    predictor: &Predictor<'_>,
    weights: &Weights,
) -> (Slate, Vec<String>) {
    let mut slate = Slate::new(weights.parts().len());
    let items = &predictor.view().features.items;
    let admitted: Vec<Candidate<'_>> = resolver
        .by_ref()
        .filter(|candidate| slate.admits(candidate, items))
        .collect();
    let scored = |candidates: &[Candidate<'_>]| {
        let mut block = Block::new(weights);
        candidates
            .iter()
            .for_each(|candidate| block.put(candidate, predictor));
        block
    };
    let blocks: Vec<Block> = admitted.par_chunks(BLOCK).map(scored).collect();
    for mut block in blocks {
        slate.take(&mut block, weights);
    }
    (slate, resolver.unknown())
}
