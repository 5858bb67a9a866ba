//! Ranking: a pure function from a request and a [`View`] to a [`Decision`]. It takes no lock and reads no clock.
//!
//! [`rank`] is the whole path: set → kept → values → score → top → arrange. Each step is a file. Candidates go through the steps
//! up to the score in blocks that stay in the nearest caches; one candidate at a time costs a fifth more.

mod aversion;
mod blend;
mod explain;
mod factor;
mod lookup;
mod lot;
mod normalise;
mod predict;
mod resolve;
mod score;
mod scratch;
mod sides;
mod slate;
mod taste;
mod topk;
mod view;

#[cfg(test)]
mod tests;

use crate::model::{Decision, RankRequest};

pub use lot::Lots;
pub use scratch::Scratch;
pub use view::View;

use aversion::Aversion;
use blend::Weights;
use predict::Predictor;
use resolve::Resolver;
use score::{Scorer, Scores};
use slate::Slate;

/// Number of candidates that go through the steps together, so that they stay in the nearest caches.
const BLOCK: usize = 256;

/// Ranks the candidates of a request.
pub fn rank<'r>(
    request: &'r RankRequest<'_>,
    view: &View<'_>,
    scratch: &mut Scratch,
) -> Decision<'r> {
    let Scratch {
        taste,
        averse,
        seen,
        keys,
    } = scratch;
    let ids = request.candidates.ids.as_slice();
    let weights = Weights::of(view.scene);
    let sides = taste.load(&request.user_id, view, weights.needs());
    let aversion = Aversion::new(sides, taste, averse, view);
    let predictor = Predictor::new(view, taste, &request.candidates.predictions);
    let threads = view.splitters_for(ids.len());
    let scorer = Scorer::new(&predictor, &weights, aversion, threads);

    let mut set = Resolver::new(view, seen);
    let mut slate = Slate::new(ids);
    let mut scores = Scores::new(ids.len(), weights.parts().len());
    let together = threads.map_or(BLOCK, |_| ids.len().max(BLOCK));
    let mut block = Vec::with_capacity(together.min(ids.len()));
    for ids in ids.chunks(together) {
        set.resolve(ids, &mut block);
        slate.keep(&mut block, view.merchants);
        scores.add(&block, &scorer);
    }

    let limit = request.limit.unwrap_or(view.scene.limit);
    let lots = Lots::new(
        &request.user_id,
        view.as_of.day(view.config.race.utc_offset),
    );
    let top = topk::select(&scores, ids, limit, &lots, keys);
    let explained = request.explain == Some(true);
    let why = explained.then_some(|chosen: &_| explain::explain(chosen, &scorer));
    let placed = slate.arrange(&top, why);
    Decision {
        scene: view.scene.name.clone(),
        scene_asked: None,
        generation: view.generation,
        standings: view.standings.number,
        as_of: view.as_of,
        asked: ids.len(),
        unknown: set.unknown(),
        dropped: slate.dropped,
        fired: slate.fired,
        scored: scores.len(),
        missing: scores.missing,
        given: predictor.given.clone(),
        placed,
        explained,
    }
}
