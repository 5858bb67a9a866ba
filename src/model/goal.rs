//! Goals of merchants for their traffic, with their names on the wire.

use serde::{Deserialize, Serialize};

/// The users whom a merchant wants its traffic from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Goal {
    /// Users who have no history with it.
    Acquisition,
    /// Users who bought from it long ago.
    WinBack,
    /// Users who are about to buy from it again.
    Repurchase,
    /// Everybody.
    Exposure,
}

impl Goal {
    /// Every goal, in the order of the discriminants, with its name on the wire.
    pub const ALL: [(&'static str, Self); 4] = [
        ("acquisition", Self::Acquisition),
        ("win-back", Self::WinBack),
        ("repurchase", Self::Repurchase),
        ("exposure", Self::Exposure),
    ];

    /// Returns the goal of a name; `None` for a name that has no meaning here.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, goal)| goal)
    }

    /// Returns the name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_goal_is_its_own_row() {
        for (place, (name, goal)) in Goal::ALL.into_iter().enumerate() {
            assert_eq!(goal as usize, place);
            assert_eq!((Goal::named(name), goal.name()), (Some(goal), name));
        }
        assert_eq!(Goal::named("fame"), None);
    }
}
