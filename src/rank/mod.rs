//! Ranking: a pure function from a request and a [`View`] to a [`Decision`]. It takes no lock and reads no clock.
//!
//! [`rank`] is the whole path: set → kept → values → score → top → arrange. Each step is a file. Candidates go through the steps
//! up to the score in blocks that stay in the nearest caches; one candidate at a time costs a fifth more.

mod aversion;
mod blend;
mod capture;
mod contest;
mod explain;
mod explained;
mod factor;
mod field;
mod forest;
mod format;
mod given_back;
mod goal;
mod ground;
mod lanes;
mod lever;
mod lift;
mod live;
mod lookup;
mod lot;
mod members;
mod normalise;
mod noted;
mod paged;
mod predict;
mod price;
mod proximity;
mod recorded;
mod recorded_set;
mod repeat;
mod replay;
mod replayed;
mod resolve;
mod score;
mod scratch;
mod seen;
mod shown;
mod sides;
mod slate;
mod slot_scores;
mod support;
mod takers;
mod tally;
mod taste;
mod text;
mod topk;
mod tracked;
mod view;

#[cfg(test)]
mod tests;

use crate::model::{Decision, RankRequest};

pub use capture::capture;
pub use explained::{Explained, ExplainedPart, Reach};
pub use lot::Lots;
pub use members::Members;
pub use recorded::Recorded;
pub use replay::Replay;
pub use replayed::Replayed;
pub use scratch::Scratch;
pub use tracked::Tracked;
pub use view::{Past, Turn, View};

use aversion::Aversion;
use blend::Weights;
use live::Live;
use noted::{Noted, takers};
use predict::Predictor;
use resolve::Resolver;
use score::{Scorer, Scores};
use seen::Seen;
use shown::Scored;
use slate::Kept;

/// Number of candidates that go through the steps together, so that they stay in the nearest caches.
const BLOCK: usize = 256;

/// Ranks the candidates of a request, and keeps what its whole record reads if it is to be `tracked`.
pub fn rank<'r, 'v>(
    request: &'r RankRequest<'_>,
    view: &View<'v>,
    scratch: &mut Scratch,
    mut tracked: Option<&mut Tracked<'v>>,
) -> Decision<'r> {
    let (taste, averse) = (&mut scratch.taste, &mut scratch.averse);
    let ids = request.candidates.ids.as_slice();
    let members = Members::new(view, request);
    let weights = Weights::of(view.scene, |audience| members.has(audience));
    let live = Live::of(view, &members);
    let reads = (&weights, live.as_ref());
    let needs = explain::needs((request, tracked.is_some()), reads, view);
    let sides = taste.load(&request.user_id, view, needs);
    let aversion = Aversion::new(sides, taste, averse, view);
    let predictor = Predictor::new(view, taste, request, needs);
    let threads = view.splitters_for(ids.len());
    let tired = Seen::of(live.as_ref().map(|it| &*it.seen), taste.user, view);
    let scorer = Scorer::new(&predictor, &weights, (aversion, tired.as_ref()), threads);

    let mut noted = Noted::of(view, live.as_ref(), (&scorer, ids.len()));
    let mut set = Resolver::new(view, &mut scratch.seen);
    let mut kept = Kept::new(ids);
    let mut scores = Scores::new(ids.len(), weights.parts().len());
    let together = threads.map_or(BLOCK, |_| ids.len().max(BLOCK));
    let mut block = Vec::with_capacity(together.min(ids.len()));
    for ids in ids.chunks(together) {
        set.resolve(ids, &mut block);
        kept.keep(&mut block, view.merchants);
        tracked.iter_mut().for_each(|it| it.meet(&block));
        if let Some(live) = &live {
            kept.hide_by_rules(&mut block, (&live.hidden, tired.as_ref()), view);
        }
        let takers = takers(noted.as_mut(), tracked.as_deref_mut());
        scores.add(&block, &scorer, takers);
        noted.iter_mut().for_each(|it| it.note(&block, &scorer));
    }

    let lots = Lots::new(&request.user_id, view.today());
    let scored = Scored::new(request, (&scores, &scorer), &lots);
    let shown = scored.shown(noted.as_ref(), &mut scratch.keys);
    kept.dropped.extend_from_slice(&shown.left);
    Decision {
        asked: ids.len(),
        unknown: set.unknown(),
        fired: std::array::from_fn(|rule| kept.fired[rule] + shown.fired[rule]),
        dropped: kept.dropped,
        scored: scores.len(),
        given: forest::numbers(&predictor, &weights, &scores),
        missing: weights.missing(view.scene, &scores.tallies),
        undecided: members.undecided(),
        arranged: noted.is_some(),
        explained: request.explain == Some(true),
        ..shown.decision(view)
    }
}
