//! What was found of an experiment so far.

use serde::{Deserialize, Serialize};

/// What an experiment or an arm shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Verdict {
    /// Nothing yet.
    Running,
    /// More than the control.
    Better,
    /// Less than the control.
    Worse,
    /// A guard is worse than in the control.
    Harm,
    /// The arms do not have their shares of the users, so nothing can be said.
    Blocked,
}

impl Verdict {
    /// Returns its name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Harm => "harm",
            Self::Blocked => "blocked: sample ratio",
        }
    }
}

/// What was found of an arm so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Finding {
    /// True for more than the control, false for less; `None`: nothing yet.
    pub better: Option<bool>,
    /// Names of the guards that are worse than in the control.
    pub harmed: Vec<String>,
}

/// What was found of an experiment so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Judgement {
    /// True if the sample ratio was wrong on any day.
    pub blocked: bool,
    /// What was found of each arm.
    pub arms: Vec<Finding>,
}

impl Judgement {
    /// Returns the verdict of an arm.
    #[must_use]
    pub fn of(&self, arm: usize) -> Verdict {
        let found = self.arms.get(arm);
        if self.blocked {
            return Verdict::Blocked;
        }
        if found.is_some_and(|found| !found.harmed.is_empty()) {
            return Verdict::Harm;
        }
        match found.and_then(|found| found.better) {
            Some(true) => Verdict::Better,
            Some(false) => Verdict::Worse,
            None => Verdict::Running,
        }
    }
}
