//! Why a candidate stands where it stands: the rows shown, computed again by the same functions that scored them.

use super::blend::{self, Weights};
use super::block::Block;
use super::predict::Predictor;
use super::resolve::Candidate;
use crate::model::read::narrow;
use crate::model::{Explanation, Part};

/// Explains one candidate.
pub(super) fn explain(
    candidate: &Candidate<'_>,
    predictor: &Predictor<'_>,
    weights: &Weights,
) -> Explanation {
    let view = predictor.view();
    let mut alone = Block::new(weights);
    alone.put(candidate, predictor);
    let part = |part: &blend::Part| {
        let value = alone.value(part.row, 0);
        let value = if value.is_nan() { part.neutral } else { value };
        Part {
            name: view.config.name(part.weighed).to_owned(),
            raw: predictor.raw(part.weighed, candidate),
            value,
            weight: narrow(part.weight),
            contribution: weights.contribution(part, value),
        }
    };
    let mut base = [0.0];
    alone.bases(weights, &mut base, &mut vec![0; weights.parts().len()]);
    Explanation {
        objectives: weights.parts().iter().map(part).collect(),
        base: base[0],
        factors: vec![predictor.explain_factor(candidate)],
    }
}
