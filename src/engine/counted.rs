//! What is counted of one decision, found in one walk and added to the counts of the scene, of each arm, and of all rankings.

use crate::config::{Scene, Weighed};
use crate::model::Decision;
use crate::number::wide;
use crate::rule::{Effect, Row, Rule, TABLE};
use crate::telemetry::RankingCounts;

/// What is counted of one decision.
#[derive(Debug)]
pub(super) struct Counted {
    /// Candidates, repeats included.
    pub(super) candidates: u64,
    /// Candidates that are not in the catalogue.
    pub(super) unknown: u64,
    /// The rules that acted, and how often.
    pub(super) fired: Vec<(&'static Row, u64)>,
    /// Candidates that rules of the page left out.
    pub(super) left: u64,
    /// What some candidates have no data for, and how many.
    pub(super) missing: Vec<(Weighed, u64)>,
}

impl Counted {
    /// Returns what is counted of a decision on a request for a scene.
    pub(super) fn of(scene: &Scene, decision: &Decision<'_>) -> Self {
        let fired = TABLE.iter().zip(&decision.fired);
        let fired = fired.map(|(row, fired)| (row, wide(*fired)));
        let dropped = decision.dropped.iter().filter(|_| decision.arranged);
        let missing = scene.weighed.iter().zip(&decision.missing);
        let missing = missing.map(|(weighed, missing)| (*weighed, wide(*missing)));
        Self {
            candidates: wide(decision.asked),
            unknown: wide(decision.unknown.len()),
            fired: fired.filter(|(_, fired)| *fired > 0).collect(),
            left: wide(dropped.filter(|it| it.by.is_some()).count()),
            missing: missing.filter(|(_, missing)| *missing > 0).collect(),
        }
    }

    /// Adds it to the counts of a scene or an arm.
    pub(super) fn add_to(&self, to: &RankingCounts) {
        to.requests.inc();
        to.candidates.inc_by(self.candidates);
        if self.unknown > 0 {
            to.unknown.inc_by(self.unknown);
        }
        for (row, fired) in &self.fired {
            let counter = match row.effect {
                Effect::Hides => to.dropped(row.rule),
                Effect::Moves | Effect::Reserves | Effect::Lifts => to.moved(row.rule),
            };
            counter.inc_by(*fired);
        }
        if self.left > 0 {
            to.dropped(Rule::Cap).inc_by(self.left);
        }
        for &(weighed, missing) in &self.missing {
            if let Weighed::Own(objective) = weighed {
                to.missing(objective).inc_by(missing);
            }
        }
    }
}
