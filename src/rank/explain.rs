//! Explanations of the rows shown, computed again by the functions that scored them.

use super::blend::Weights;
use super::lift::Lifts;
use super::live::Live;
use super::resolve::Candidate;
use super::score::Scorer;
use super::takers::Takers;
use super::tally::Tally;
use super::topk::Chosen;
use super::view::View;
use crate::config::{Feature, Weighed};
use crate::model::{Explanation, Move, Part, RankRequest};
use crate::number::narrow;
use crate::objective::Needs;

/// Explains the score and the moves of one candidate.
pub(super) fn explain(
    chosen: &Chosen,
    scorer: &Scorer<'_>,
    lifts: Option<&Lifts<'_>>,
    moves: Vec<Move>,
) -> Explanation {
    let (predictor, weights) = (scorer.predictor, scorer.weights);
    let view = predictor.view();
    let item = view.items.get(chosen.row);
    let candidate = Candidate::new(view, (chosen.row, item), chosen.place);
    let one = std::slice::from_ref(&candidate);
    let part = |&(weighed, weight): &(Weighed, f64)| {
        let mut value = [0.0];
        predictor.fill(weighed, one, &mut value);
        Part {
            name: view.config.name(weighed).to_owned(),
            raw: predictor.raw(weighed, &candidate),
            value: value[0],
            weight: narrow(weight),
            clipped: predictor.is_clipped(weighed, &candidate),
            reason: predictor.reason(weighed, &candidate),
            contribution: weights.contribution(weight, value[0]),
        }
    };
    let mut base = [0.0];
    let mut tallies = vec![Tally::default(); weights.parts().len()];
    scorer.bases((one, None), &mut base, &mut tallies, &mut Takers::default());
    let integrity = scorer.factors.explain(candidate.item.merchant);
    let aversion = scorer.aversion.as_ref();
    let aversion = aversion.and_then(|aversion| aversion.explain(&candidate));
    let seen = scorer.seen.and_then(|seen| seen.explain(chosen.row));
    let lifts = lifts.map(|lifts| lifts.explain(chosen.row));
    let factors = std::iter::once(integrity).chain(aversion).chain(seen);
    let factors = factors.chain(lifts.into_iter().flatten());
    Explanation {
        objectives: weights.parts().iter().map(part).collect(),
        base: base[0],
        factors: factors.collect(),
        moves,
        features: None,
    }
}

/// Returns the parts of the profile that a request reads: for its weights and live rules, its explanations, and its whole record if it is
/// tracked.
pub(super) fn needs(
    (request, is_tracked): (&RankRequest<'_>, bool),
    (weights, live): (&Weights, Option<&Live<'_>>),
    view: &View<'_>,
) -> Needs {
    let needs = weights.needs(view.config);
    let needs = live.map_or(needs, |live| needs.and(live.needs(view.config)));
    if is_tracked || request.wants_features() {
        needs.and(Feature::all_needs())
    } else {
        needs
    }
}

/// Returns every feature of one candidate that is not missing, by name.
pub(super) fn features(chosen: &Chosen, scorer: &Scorer<'_>) -> Vec<(String, f64)> {
    let view = scorer.predictor.view();
    let item = view.items.get(chosen.row);
    let candidate = Candidate::new(view, (chosen.row, item), chosen.place);
    let known = Feature::all().filter_map(|feature| {
        let mut x = [f64::NAN];
        let one = std::slice::from_ref(&candidate);
        scorer.predictor.fill_feature(feature, one, &mut x);
        let [x] = x;
        x.is_finite().then(|| (feature.name(), x))
    });
    known.collect()
}
