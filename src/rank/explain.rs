//! Why a candidate stands where it stands: the rows shown, computed again by the same functions that scored them.

use super::blend::Weights;
use super::factor;
use super::predict::Predictor;
use super::resolve::Candidate;
use crate::config::Weighed;
use crate::model::{Explanation, Part};
use crate::number::narrow;

/// Explains one candidate.
pub(super) fn explain(
    candidate: &Candidate<'_>,
    predictor: &Predictor<'_>,
    weights: &Weights,
) -> Explanation {
    let one = std::slice::from_ref(candidate);
    let view = predictor.view();
    let part = |&(weighed, weight): &(Weighed, f64)| {
        let mut value = [0.0];
        predictor.fill(weighed, one, &mut value);
        Part {
            name: view.config.name(weighed).to_owned(),
            raw: predictor.raw(weighed, candidate),
            value: value[0],
            weight: narrow(weight),
            contribution: weights.contribution(weight, value[0]),
        }
    };
    let mut base = [0.0];
    let mut missing = vec![0; weights.parts().len()];
    predictor.bases(one, weights, &mut base, &mut missing);
    Explanation {
        objectives: weights.parts().iter().map(part).collect(),
        base: base[0],
        factors: vec![factor::Factors::new(view).explain(candidate.item.merchant)],
    }
}
