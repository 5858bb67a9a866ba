//! Levers: what moves candidates away from the order by own, and can be left out to see its price.

use crate::config::SceneRule;
use crate::rule::Rule;

/// A rule of the scene, a campaign, the support places or the help of the long tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lever<'a> {
    /// The rule, `campaign` or `tail`.
    pub(super) rule: &'static str,
    /// Name of the rule of the scene or of the campaign; empty for what has none.
    pub(super) name: &'a str,
}

impl<'a> Lever<'a> {
    /// The places for newcomers.
    pub(super) const SUPPORT: Self = Self {
        rule: "support",
        name: "",
    };
    /// The help of the long tail.
    pub(super) const TAIL: Self = Self {
        rule: "tail",
        name: "",
    };

    /// Returns a rule of the scene.
    pub(super) fn rule(rule: &'a SceneRule) -> Self {
        Self {
            rule: rule.what.rule().row().name,
            name: &rule.name,
        }
    }

    /// Returns a rule `boost` of the scene.
    pub(super) fn boost(name: &'a str) -> Self {
        Self {
            rule: Rule::Boost.row().name,
            name,
        }
    }

    /// Returns a campaign.
    pub(super) const fn campaign(name: &'a str) -> Self {
        Self {
            rule: "campaign",
            name,
        }
    }
}
