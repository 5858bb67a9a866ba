//! What is known of a user and a merchant, by which the goals of merchants hold or not.

use super::bond::Bond;
use super::profile::Profile;
use super::users::Users;
use crate::clock::Day;
use crate::id::{MerchantRow, UserRow};
use crate::model::Goal;

/// Days after the last purchase from which a user is to be won back.
const AWAY: i32 = 60;
/// The part of the usual interval since the last purchase in which a user may buy again, from the first to the second.
const AGAIN: [f64; 2] = [0.8, 1.5];

/// What is known of a user and a merchant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Relation {
    /// True if the user has a history with the merchant, follows it or bought from it.
    pub is_known: bool,
    /// The last day on which the user bought from it.
    pub last: Option<Day>,
    /// The usual number of days between purchases: the median.
    pub interval: Option<f64>,
}

impl Relation {
    /// Returns whether the goal of the merchant holds for the user on a day.
    #[must_use]
    pub fn meets(&self, goal: Goal, today: Day) -> bool {
        let away = self.last.map(|last| today.since(last));
        match goal {
            Goal::Acquisition => !self.is_known,
            Goal::WinBack => away.is_some_and(|days| days > AWAY),
            Goal::Repurchase => away.zip(self.interval).is_some_and(|(days, usual)| {
                let [from, until] = AGAIN.map(|part| part * usual);
                (from..=until).contains(&f64::from(days))
            }),
            Goal::Exposure => false,
        }
    }

    /// Returns what decides of a goal, in words.
    #[must_use]
    pub fn shown(&self, goal: Goal, today: Day) -> String {
        let last = match self.last {
            Some(last) => format!("last bought {} days ago", today.since(last)),
            None => "never bought".to_owned(),
        };
        match (goal, self.interval) {
            (Goal::Acquisition, _) if self.is_known => "has a history with the merchant".to_owned(),
            (Goal::Acquisition, _) => "has no history with the merchant".to_owned(),
            (Goal::Repurchase, Some(usual)) => format!("{last}, usually every {usual} days"),
            (Goal::WinBack | Goal::Repurchase, _) => last,
            (Goal::Exposure, _) => "everybody counts alike".to_owned(),
        }
    }
}

/// Returns the median of the days between visits; `None` for fewer than two.
fn interval(days: impl Iterator<Item = Day> + Clone) -> Option<f64> {
    let next = days.clone().skip(1);
    let mut gaps: Vec<i32> = days.zip(next).map(|(one, next)| next.since(one)).collect();
    gaps.sort_unstable();
    let count = gaps.len();
    let [lower, upper] = [count.checked_sub(1)? / 2, count / 2].map(|place| gaps.get(place));
    Some(f64::midpoint(f64::from(*lower?), f64::from(*upper?)))
}

impl Users {
    /// Returns what is known of a user, who may be unknown, and a merchant.
    #[must_use]
    pub fn relation(&self, user: Option<UserRow>, merchant: MerchantRow) -> Relation {
        let Some(user) = user else {
            return Relation::default();
        };
        let custom = self.figures.custom.get(user);
        let days = custom.map(|custom| custom.days(merchant));
        let last = days.clone().and_then(Iterator::last);
        let has = |profile: &Profile| {
            let follows = Bond::Merchant(merchant);
            profile.merchants().has(merchant.0) || profile.follows().any(|bond| bond == follows)
        };
        Relation {
            is_known: last.is_some() || self.profile(user).is_some_and(has),
            last,
            interval: days.and_then(interval),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_hold_by_the_days_of_purchases() {
        let days = |days: &[i32]| days.iter().map(|day| Day(*day)).collect::<Vec<_>>();
        assert_eq!(interval(days(&[5]).into_iter()), None);
        assert_eq!(interval(days(&[5, 15, 45]).into_iter()), Some(20.0));
        let relation = Relation {
            is_known: true,
            last: Some(Day(100)),
            interval: Some(20.0),
        };
        for (day, wins_back, buys_again) in [
            (99, false, false),
            (115, false, false),
            (116, false, true),
            (130, false, true),
            (131, false, false),
            (160, false, false),
            (161, true, false),
        ] {
            assert_eq!(relation.meets(Goal::WinBack, Day(day)), wins_back, "{day}");
            assert_eq!(
                relation.meets(Goal::Repurchase, Day(day)),
                buys_again,
                "{day}"
            );
        }
        assert!(!relation.meets(Goal::Acquisition, Day(100)));
        let new = Relation::default();
        assert!(new.meets(Goal::Acquisition, Day(100)));
        assert!(!new.meets(Goal::WinBack, Day(100)) && !new.meets(Goal::Repurchase, Day(100)));
    }
}
