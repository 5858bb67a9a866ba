//! The objective `goal`: whether the merchant wants its traffic from this user. Over the exposures of a merchant its mean is one half.

use super::view::View;
use crate::id::{MerchantRow, UserRow};
use crate::model::Goal;
use crate::support::goal_value;

/// The goals of merchants for the user of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aims<'a> {
    view: &'a View<'a>,
    user: Option<UserRow>,
}

/// The goal of one merchant for one user.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aim {
    holds: bool,
    /// π; `None` for a goal that holds for everybody alike.
    share: Option<f64>,
}

impl Aim {
    /// Returns c − π.
    pub(super) fn raw(self) -> f64 {
        let holds = if self.holds { 1.0 } else { 0.0 };
        self.share.map_or(0.0, |share| holds - share)
    }

    /// Returns the value, in [0, 1].
    pub(super) fn value(self) -> f64 {
        goal_value(self.holds, self.share)
    }
}

impl<'a> Aims<'a> {
    /// Creates the goals for a user, who may be unknown.
    pub(super) const fn new(view: &'a View<'a>, user: Option<UserRow>) -> Self {
        Self { view, user }
    }

    /// Returns the goal of a merchant; `None` if it has none, or π is not known.
    pub(super) fn of(&self, merchant: MerchantRow) -> Option<Aim> {
        let goal = self.view.merchants.goal(merchant)?;
        if goal == Goal::Exposure {
            return Some(Aim {
                holds: false,
                share: None,
            });
        }
        let share = self.view.goals.share(merchant.0, goal)?;
        let relation = self.view.users.relation(self.user, merchant);
        Some(Aim {
            holds: relation.meets(goal, self.view.today()),
            share: Some(share),
        })
    }

    /// Returns the goal of a merchant for the user in words: "win-back: last bought 83 days ago; held at 12 % of its exposures".
    pub(super) fn reason(&self, merchant: MerchantRow) -> Option<String> {
        let goal = self.view.merchants.goal(merchant)?;
        let relation = self.view.users.relation(self.user, merchant);
        let shown = relation.shown(goal, self.view.today());
        let held = match self.view.goals.share(merchant.0, goal) {
            _ if goal == Goal::Exposure => String::new(),
            Some(share) => format!("; held at {:.0} % of its exposures", share * 100.0),
            None => "; no exposure known yet".to_owned(),
        };
        Some(format!("{}: {shown}{held}", goal.name()))
    }
}
