//! The parts of a score that is computed again from a record, and what would lift a candidate past another one.

use super::replay::Replay;
use super::tally::Tally;
use crate::config::Weighed;
use crate::id::ItemRow;

/// The part of one objective in a score.
#[derive(Clone, Debug)]
pub struct ExplainedPart {
    /// Name of the objective, prediction or model.
    pub name: String,
    /// Its value, the neutral one if the data is missing.
    pub value: f32,
    /// True if the data is missing.
    pub missing: bool,
    /// The scene's weight.
    pub weight: f64,
    /// Its contribution to the base.
    pub contribution: f32,
}

/// The parts of one score.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Objectives of weight ≠ 0.
    pub parts: Vec<ExplainedPart>,
    /// Sum of the contributions.
    pub base: f32,
    /// Multipliers other than 1, by name.
    pub factors: Vec<(&'static str, f32)>,
    /// Base × factors, with lifts.
    pub score: f32,
}

/// What one objective would have to be for a candidate to reach another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    /// Name of the objective.
    pub name: String,
    /// By how much its value would have to differ; `None` if no value in [0, 1] is enough.
    pub value: Option<f64>,
    /// By how much the scene's weight would have to differ; `None` if no weight of the same sign is enough.
    pub weight: Option<f64>,
}

impl Replay<'_> {
    /// Returns the parts of a candidate's score.
    #[must_use]
    pub fn explain(&self, candidate: usize) -> Explained {
        let part = |&(weighed, weight): &(Weighed, f64)| {
            let (value, missing) = self.recorded.value(weighed, candidate);
            ExplainedPart {
                name: self.recorded.config.name(weighed).to_owned(),
                value,
                missing,
                weight,
                contribution: self.weights.contribution(weight, value),
            }
        };
        let mut base = [0.0];
        self.weights.bases(&mut base, |_, weighed, column| {
            let _tally: Tally = self.recorded.fill(weighed, &[candidate], column);
        });
        let mut own = [0.0];
        let mut tallies = vec![Tally::default(); self.weights.parts().len()];
        self.weigh(&self.weights, &[candidate], &mut own, &mut tallies);
        let lift = self.lift(candidate);
        let [integrity, aversion, seen] = self.factors(candidate);
        let factors = [
            ("integrity", integrity),
            ("aversion", aversion),
            ("seen", seen),
            ("lift", lift),
        ];
        let is_one = |factor: f32| factor.is_nan() || factor.to_bits() == 1.0_f32.to_bits();
        Explained {
            parts: self.weights.parts().iter().map(part).collect(),
            base: base[0],
            factors: factors.into_iter().filter(|(_, it)| !is_one(*it)).collect(),
            score: own[0] * lift,
        }
    }

    /// Returns the factor of all lifts of a candidate.
    fn lift(&self, candidate: usize) -> f32 {
        let lifts = self.live.as_ref().and_then(|live| live.lifts.as_ref());
        lifts.map_or(1.0, |lifts| lifts.factor(ItemRow::at(candidate)))
    }

    /// Returns all factors of a candidate together.
    fn factor(&self, candidate: usize) -> f64 {
        let [integrity, aversion, seen] = self.factors(candidate);
        let seen = if seen.is_nan() { 1.0 } else { seen };
        let all = [integrity, aversion, seen, self.lift(candidate)];
        all.into_iter().map(f64::from).product()
    }

    /// Returns by how much each objective alone would have to differ for a candidate's score to reach that of another one. Rules that
    /// hold places are not considered.
    #[must_use]
    pub fn reach(&self, candidate: usize, above: usize) -> Vec<Reach> {
        let [own, other] = [candidate, above].map(|it| self.factor(it));
        let total: f64 = self.weights.parts().iter().map(|it| it.1.abs()).sum();
        let of = |candidate: usize, &(weighed, weight): &(Weighed, f64)| {
            let value = f64::from(self.recorded.value(weighed, candidate).0);
            if weight < 0.0 { 1.0 - value } else { value }
        };
        let sum = |candidate: usize| -> f64 {
            let parts = self.weights.parts().iter();
            parts.map(|part| part.1.abs() * of(candidate, part)).sum()
        };
        let [mine, theirs] = [candidate, above].map(sum);
        let gap = other * theirs - own * mine;
        let reach = |part: &(Weighed, f64)| {
            let weight = part.1.abs();
            let (x, y) = (of(candidate, part), of(above, part));
            let step = gap / (own * weight);
            let value = (own > 0.0 && x + step <= 1.0).then_some(step);
            // own·(mine + d·x) = other·(theirs + d·y)
            let slope = own * x - other * y;
            let change = gap / slope;
            let enough = slope.abs() > 0.0 && weight + change >= 0.0 && change.abs() < total * 1e3;
            let sign = part.1.signum();
            Reach {
                name: self.recorded.config.name(part.0).to_owned(),
                value: value.map(|it| it * sign),
                weight: enough.then_some(change * sign),
            }
        };
        self.weights.parts().iter().map(reach).collect()
    }

    /// Returns a candidate's value of an objective by its name; `None` if the configuration has none of that name.
    #[must_use]
    pub fn value_of(&self, name: &str, candidate: usize) -> Option<f32> {
        let weighed = self.recorded.config.weighed(name)?;
        Some(self.recorded.value(weighed, candidate).0)
    }

    /// Returns the names of the objectives of weight ≠ 0.
    pub fn weighed(&self) -> impl Iterator<Item = &str> {
        let parts = self.weights.parts().iter();
        parts.map(|(weighed, _)| self.recorded.config.name(*weighed))
    }
}
