//! A logged decision, explained as it was.

use std::collections::BTreeMap;

use super::define::view;
use super::shaped::OrNull;
use crate::clock::Time;

view! {
    /// A decision of the log.
    pub struct LoggedDecision {
        /// Id of the request.
        pub request_id: String,
        /// Time of the answer.
        pub at: Time,
        /// The instant that the ranking read.
        pub as_of: Time,
        /// Pseudonym of the user; null if the log names none.
        pub user: OrNull<String>,
        /// Name of the scene.
        pub scene: String,
        /// Generation of the configuration.
        pub generation: u64,
        /// Number of the standings.
        pub standings: u64,
        /// Maximum number of places of the page.
        pub limit: usize,
        /// The arms of the experiments under which it was ranked, by their names.
        pub arms: BTreeMap<String, String>,
        /// True if the request forced its arms.
        pub forced: bool,
        /// Number of candidates, repeats included.
        pub candidates: usize,
        /// Number of those that are not in the catalogue.
        pub unknown: usize,
        /// Candidates that rules dropped.
        pub dropped: Vec<RuleCount>,
        /// Microseconds that the ranking took.
        pub micros: u64,
        /// The reason why nothing is explained. Absent if the items are explained.
        pub why: Option<String>,
        /// The page.
        pub items: Vec<LoggedItem>,
        /// The candidate that the parameter `item` asks for. Absent without it.
        pub asked: Option<LoggedItem>,
    }

    /// A number of candidates.
    pub struct RuleCount {
        /// Name of the rule; `cap.BY` for what a cap left out.
        pub rule: String,
        /// The number.
        pub count: usize,
    }

    /// A candidate of a logged decision.
    pub struct LoggedItem {
        /// The item.
        pub id: String,
        /// Its place on the page, from 1; null if it was not shown.
        pub place: OrNull<usize>,
        /// Its score.
        pub score: f32,
        /// The reasons. Absent if they are not known.
        pub explain: Option<LoggedReasons>,
    }

    /// The reasons of a score, as they were.
    pub struct LoggedReasons {
        /// Objectives of weight ≠ 0.
        pub objectives: Vec<LoggedPart>,
        /// Sum of the contributions.
        pub base: f32,
        /// Multipliers of the base other than 1.
        pub factors: Vec<LoggedFactor>,
        /// The rule that moved it. Absent if none did.
        pub moved: Option<LoggedMove>,
        /// What stands above it; for an item that was not shown, at the last place. Null for the first.
        pub above: OrNull<Neighbour>,
    }

    /// The part of one objective in a score.
    pub struct LoggedPart {
        /// Name of the objective, prediction or model.
        pub name: String,
        /// Its value, in [0, 1].
        pub value: f32,
        /// Present, and true, if the data is missing and `value` is the neutral one.
        pub missing: Option<bool>,
        /// The scene's weight for the user.
        pub weight: f64,
        /// Its part of the base.
        pub contribution: f32,
    }

    /// A multiplier of the base.
    pub struct LoggedFactor {
        /// `integrity`, `aversion`, `seen` or `lift`, which is that of campaigns, boosts and the tail together.
        pub name: String,
        /// The multiplier.
        pub factor: f32,
    }

    /// A move by a rule.
    pub struct LoggedMove {
        /// The rule.
        pub rule: String,
        /// Its place by own.
        pub from: usize,
        /// Its place.
        pub to: usize,
    }

    /// What stands above an item, and what would lift the item past it.
    pub struct Neighbour {
        /// The item above.
        pub id: String,
        /// Its score.
        pub score: f32,
        /// Its score less that of the item. At or below 0, a rule holds the place.
        pub gap: f32,
        /// What each objective alone would have to be for the scores to be equal.
        pub lift: Vec<Lift>,
    }

    /// What one objective would have to be.
    pub struct Lift {
        /// Name of the objective.
        pub name: String,
        /// By how much the item's value would have to differ; null if no value in [0, 1] is enough.
        pub value: OrNull<f64>,
        /// By how much the scene's weight would have to differ; null if no weight of the same sign is enough.
        pub weight: OrNull<f64>,
    }
}
