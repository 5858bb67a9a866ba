//! Answers about the market: where a runner stands on the ladder, and what campaigns do.

use super::define::view;
use super::shaped::OrNull;
use crate::clock::Time;

view! {
    /// Where a runner stands on the ladder of newcomers, as of the live snapshot of the market.
    pub struct Ladder {
        /// Its stage, from 1.
        pub stage: u16,
        /// Exposures since it entered the ladder, earned ones included.
        pub served: f64,
        /// Exposures by the end of its stage.
        pub quota: u64,
        /// Exposures due by now.
        pub plan: f64,
        /// How far it is behind its plan, from 0 to 1; 0 if it left the ladder.
        pub credit: f64,
        /// Distinct users who clicked.
        pub x: f64,
        /// Clicks expected at the usual rate of newcomers.
        pub expected: f64,
        /// The click rate, in units of the usual one, that it beats with a chance of one in four.
        pub q: f64,
        /// The rate, in units of the usual one, that its stage asks for; null in the last stage.
        pub bar: OrNull<f64>,
        /// Its chance to beat the bar, from 0 to 1; null in the last stage.
        pub chance: OrNull<f64>,
        /// The reason for which it left: `graduated`, `evidence`, `time` or `integrity`. Absent while it climbs.
        pub end: Option<&'static str>,
    }

    /// The campaigns at one time.
    pub struct Campaigns {
        /// The time that was asked for; now by default.
        pub at: Time,
        /// Number of the live snapshot of the market.
        pub market: u64,
        /// Every configured campaign, by name.
        pub campaigns: Vec<CampaignState>,
        /// What stands in the way of the campaigns that are live at that time.
        pub conflicts: Vec<Conflict>,
    }

    /// A campaign at one time.
    pub struct CampaignState {
        /// Its name.
        pub name: String,
        /// True if that time is within its dates.
        pub live: bool,
        /// Its first instant; null if it has begun.
        pub from: OrNull<Time>,
        /// The instant after its last one; null if it does not end.
        pub until: OrNull<Time>,
        /// Its scenes.
        pub scenes: Vec<String>,
        /// The factor at full strength.
        pub boost: f64,
        /// Number of exposures that it may use; null without a bound.
        pub budget: OrNull<u64>,
        /// Exposures of the enrolled in its scenes so far.
        pub used: f64,
        /// Exposures due by that time; null without a budget.
        pub plan: OrNull<f64>,
        /// Its strength at that time with what is used so far, from 0 to 1.
        pub credit: f64,
        /// Mean share of own that first pages of its scenes gave up for it, of one page in 128; null while none was looked at.
        pub price: OrNull<f64>,
    }

    /// A conflict of live campaigns and rules.
    pub struct Conflict {
        /// Name of the campaign; of a conflict about a place that of the rule.
        pub campaign: String,
        /// What is wrong: `items` if another campaign or a boost lifts the same items, `budget` if it exceeds the traffic of last week, `place`
        /// if a rule keeps a place that its scene keeps for newcomers.
        pub kind: &'static str,
        /// Name of the other campaign or of the boost; `support` of a conflict about a place.
        pub other: Option<String>,
        /// The conflict in words.
        pub message: String,
    }
}
