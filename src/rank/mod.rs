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

use std::time::Duration;

use crate::clock::Time;
use crate::config::{Config, Scene};
use crate::feature::{Decay, Features};
use crate::model::{Placed, RankRequest, Ranking};
use crate::race::Standings;

pub use topk::tie;

use blend::Weights;
use predict::Predictor;
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
    hashes: Vec<resolve::Guess>,
    seen: lookup::Seen,
    scores: Vec<f32>,
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
    /// Time spent on finding the user's and the candidates' rows.
    pub resolve: Duration,
    /// Time spent on scoring and ordering.
    pub score: Duration,
}

/// Puts the candidates of a request in order.
pub fn rank(request: &RankRequest<'_>, view: &View<'_>, scratch: &mut Scratch) -> (Ranking, Tally) {
    let started = std::time::Instant::now();
    let Scratch {
        taste,
        hashes,
        seen,
        scores,
        keys,
    } = scratch;
    let items = &view.features.items;
    taste.load(&request.user_id, view);
    let set = resolve::candidates(request, view, hashes, seen);
    let (kept, dropped) = slate::keep(set.candidates, items);
    let resolved = started.elapsed();
    let predictor = Predictor::new(view, taste, &request.candidates.predictions);
    let weights = Weights::of(view.scene);
    let missing = predictor.scores(&kept, &weights, scores);
    let best = topk::select(
        scores,
        &kept,
        items,
        request.limit.unwrap_or(view.scene.limit),
        keys,
    );
    let explained = request.explain == Some(true);
    let mut places: Vec<Placed> = best
        .iter()
        .map(|&(place, score)| placed(items.id(kept[place].row), score))
        .collect();
    if explained {
        explain::attach(&mut places, &best, &kept, &predictor, &weights);
    }
    let tally = Tally {
        candidates: request.candidates.ids.len(),
        unknown: set.unknown.len(),
        unavailable: dropped.len(),
        missing,
        resolve: resolved,
        score: started.elapsed() - resolved,
    };
    let ranking = Ranking {
        scene: view.scene.name.clone(),
        generation: view.generation,
        standings: view.standings.number,
        as_of: view.as_of,
        items: places,
        unknown: set.unknown,
        dropped: explained.then_some(dropped),
    };
    (ranking, tally)
}

fn placed(id: &str, score: f32) -> Placed {
    Placed {
        id: id.into(),
        score,
        explain: None,
    }
}
