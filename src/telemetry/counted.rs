//! What is counted of rankings, with some labels: requests, candidates, missing data, and what rules did.

use std::array;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::metric::{Declare, Labelled};
use crate::objective::{self, OBJECTIVES, Objective};
use crate::rule::{self, RULES, Rule};

/// What is counted of the rankings with one combination of labels.
#[derive(Debug)]
pub struct RankingCounts {
    /// Requests ranked.
    pub requests: Counter,
    /// Candidates, repeats included.
    pub candidates: Counter,
    /// Candidates that are not in the catalogue.
    pub unknown: Counter,
    missing: [Counter; OBJECTIVES],
    dropped: [Counter; RULES],
    moved: [Counter; RULES],
}

impl RankingCounts {
    /// Returns the counter of missing values of an objective.
    #[must_use]
    pub fn missing(&self, objective: Objective) -> &Counter {
        &self.missing[objective as usize]
    }

    /// Returns the counter of candidates that a rule dropped.
    #[must_use]
    pub fn dropped(&self, rule: Rule) -> &Counter {
        &self.dropped[rule as usize]
    }

    /// Returns the counter of places that a rule gave.
    #[must_use]
    pub fn moved(&self, rule: Rule) -> &Counter {
        &self.moved[rule as usize]
    }
}

/// The families of [`RankingCounts`] with `N` labels. `M` is `N` + 1: some have a label more.
#[derive(Debug)]
pub(super) struct RankingFamilies<const N: usize, const M: usize> {
    requests: Labelled<Counter, N>,
    candidates: Labelled<Counter, N>,
    unknown: Labelled<Counter, N>,
    missing: Labelled<Counter, M>,
    dropped: Labelled<Counter, M>,
    moved: Labelled<Counter, M>,
}

impl<const N: usize, const M: usize> RankingFamilies<N, M> {
    const ONE_MORE: () = assert!(M == N + 1, "some families have a label more");

    /// Registers the families under names that begin with `of`. `place` ends their help texts.
    pub(super) fn declare(
        to: &mut Registry,
        of: &str,
        labels: [&'static str; N],
        place: &str,
    ) -> Self {
        let () = Self::ONE_MORE;
        let mut one = |name: &str, help: &str| {
            let (name, help) = (format!("{of}_{name}"), format!("{help} {place}"));
            Labelled::declare(to, &name, labels, &help)
        };
        let requests = one("requests", "Requests ranked");
        let candidates = one("candidates", "Candidates, repeats included,");
        let unknown = one("unknown", "Candidates that are not in the catalogue");
        let mut more = |name: &str, label, help: &str| {
            let (name, help) = (format!("{of}_{name}"), format!("{help} {place}"));
            Labelled::declare(to, &name, with(labels, label), &help)
        };
        Self {
            requests,
            candidates,
            unknown,
            missing: more(
                "missing",
                "objective",
                "Values replaced by the neutral one because the data is missing",
            ),
            dropped: more("dropped", "rule", "Candidates hidden or left out by a rule"),
            moved: more("moved", "rule", "Places that a rule gave"),
        }
    }

    /// Returns the counters with these values of the labels.
    pub(super) fn of(&self, labels: [&str; N]) -> RankingCounts {
        let each = |family: &Labelled<Counter, M>, name| family.with(with(labels, name));
        RankingCounts {
            requests: self.requests.with(labels),
            candidates: self.candidates.with(labels),
            unknown: self.unknown.with(labels),
            missing: objective::names().map(|name| each(&self.missing, name)),
            dropped: rule::names().map(|name| each(&self.dropped, name)),
            moved: rule::names().map(|name| each(&self.moved, name)),
        }
    }

    /// Removes the counters with these values of the labels.
    pub(super) fn remove(&self, labels: [&str; N]) {
        for family in [&self.requests, &self.candidates, &self.unknown] {
            family.remove(labels);
        }
        for name in objective::names() {
            self.missing.remove(with(labels, name));
        }
        for name in rule::names() {
            self.dropped.remove(with(labels, name));
            self.moved.remove(with(labels, name));
        }
    }
}

/// Returns some labels and one more.
fn with<'a, const N: usize, const M: usize>(labels: [&'a str; N], last: &'a str) -> [&'a str; M] {
    array::from_fn(|label| labels.get(label).copied().unwrap_or(last))
}
