//! Models of the configuration: their features are columns of a block, as objectives are, and their trees score the whole block.

use super::blend::Weights;
use super::normalise::{clips, normalise};
use super::predict::Predictor;
use super::resolve::Candidate;
use super::score::Scores;
use super::tally::Tally;
use crate::clock::DAY;
use crate::config::{Config, Feature, Model, Weighed};
use crate::forest::Columns;
use crate::model::Given;
use crate::number::{real, span, wide};

/// Maximum number of features that an explanation names.
const NAMED: usize = 5;
/// Size under which a part does not change a score that is shown with six digits.
const TOO_SMALL: f64 = 5e-7;
/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// Returns the numbers of a ranking and how many of them were clipped, in the order of [`Config::numbered`]: those of the caller, and the
/// raw scores of models.
pub(super) fn numbers(predictor: &Predictor<'_>, weights: &Weights, scores: &Scores) -> Vec<Given> {
    let config: &Config = predictor.view().config;
    let mut given = predictor.given.clone();
    for (&(weighed, _), tally) in weights.parts().iter().zip(&scores.tallies) {
        let Weighed::Model(number) = weighed else {
            continue;
        };
        given.resize(config.numbered().count(), Given::default());
        given[config.predictions.len() + number] = Given {
            numbers: wide(scores.len()),
            clipped: wide(tally.clipped),
        };
    }
    given
}

impl Predictor<'_> {
    fn model(&self, number: usize) -> Option<&Model> {
        self.view().config.models.get(number)
    }

    /// Fills the column of a model's values. None is missing: a model always has a score.
    pub(super) fn fill_model(
        &self,
        number: usize,
        candidates: &[Candidate<'_>],
        out: &mut [f32],
    ) -> Tally {
        let mut tally = Tally::default();
        let Some(model) = self.model(number) else {
            out.fill(0.0);
            return tally;
        };
        for (raw, out) in self.raws(model, candidates).into_iter().zip(out) {
            *out = normalise(&model.normaliser, raw);
            tally.clipped += usize::from(clips(&model.normaliser, raw));
        }
        tally
    }

    /// Returns the raw score of a model.
    pub(super) fn model_raw(&self, number: usize, candidate: &Candidate<'_>) -> Option<f64> {
        let model = self.model(number)?;
        let raws = self.raws(model, std::slice::from_ref(candidate));
        raws.first().copied()
    }

    /// Returns whether a raw score of a model is clipped.
    pub(super) fn model_clips(&self, number: usize, candidate: &Candidate<'_>) -> bool {
        let raw = self.model_raw(number, candidate);
        let model = self.model(number).zip(raw);
        model.is_some_and(|(model, raw)| clips(&model.normaliser, raw))
    }

    /// Returns the reason of a model's score in words: where it starts, and what its largest parts add.
    pub(super) fn model_reason(&self, number: usize, candidate: &Candidate<'_>) -> Option<String> {
        let model = self.model(number)?;
        let mut columns = self.columns(model, std::slice::from_ref(candidate));
        let features: Vec<f64> = (0..model.features.len())
            .map(|place| columns.column(place)[0])
            .collect();
        let explained = model.forest.explain(&features);
        let parts = explained.parts.iter().zip(&features).zip(&model.features);
        let mut parts: Vec<_> = parts
            .filter(|((part, _), _)| part.abs() > TOO_SMALL)
            .collect();
        parts.sort_by(|((one, _), _), ((other, _), _)| other.abs().total_cmp(&one.abs()));
        let mut reason = format!("starts at {:.4}", explained.start);
        for ((part, x), feature) in parts.iter().take(NAMED) {
            let is = if x.is_nan() {
                "missing".to_owned()
            } else {
                format!("{x:.4}")
            };
            reason += &format!("; {} ({is}) {part:+.4}", feature.name());
        }
        let rest: f64 = parts.iter().skip(NAMED).map(|((part, _), _)| *part).sum();
        if parts.len() > NAMED {
            reason += &format!("; {} others {rest:+.4}", parts.len() - NAMED);
        }
        Some(reason)
    }

    fn raws(&self, model: &Model, candidates: &[Candidate<'_>]) -> Vec<f64> {
        let columns = self.columns(model, candidates);
        let mut raws = vec![0.0; candidates.len()];
        model.forest.score(&columns, &mut raws);
        raws
    }

    fn columns(&self, model: &Model, candidates: &[Candidate<'_>]) -> Columns {
        let mut columns = Columns::new(model.features.len(), candidates.len());
        for (place, feature) in model.features.iter().enumerate() {
            self.fill_feature(*feature, candidates, columns.column(place));
        }
        columns
    }

    /// Fills the column of a feature; NaN if it is missing.
    pub(super) fn fill_feature(
        &self,
        feature: Feature,
        candidates: &[Candidate<'_>],
        out: &mut [f64],
    ) {
        match feature {
            Feature::Value(own) => {
                let mut values = vec![0.0; candidates.len()];
                self.fill_own(own, candidates, &mut values);
                for (value, out) in values.into_iter().zip(out) {
                    *out = f64::from(value);
                }
            }
            Feature::Raw(own) => {
                for (candidate, out) in candidates.iter().zip(out) {
                    let raw = self.raw(Weighed::Own(own), candidate);
                    *out = raw.unwrap_or(f64::NAN);
                }
            }
            Feature::Hour | Feature::Weekday | Feature::Candidates | Feature::UserEvents => {
                out.fill(self.of_request(feature));
            }
        }
    }

    /// Returns a feature that all candidates of the request share.
    fn of_request(&self, feature: Feature) -> f64 {
        let view = self.view();
        match feature {
            Feature::Hour => {
                let local = view.as_of.millis() + view.config.race.utc_offset;
                span(local.rem_euclid(DAY) / HOUR)
            }
            Feature::Weekday => f64::from(view.today().weekday()) + 1.0,
            Feature::Candidates => real(wide(self.asked)),
            Feature::UserEvents => {
                let profile = self.user().and_then(|row| view.users.profile(row));
                f64::from(profile.map_or(0, |profile| profile.events))
            }
            Feature::Value(_) | Feature::Raw(_) => f64::NAN,
        }
    }
}
