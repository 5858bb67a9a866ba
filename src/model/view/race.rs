//! Answers about the race.

use super::define::view;
use super::market::Ladder;
use super::shaped::OrNull;
use crate::clock::Time;

view! {
    /// The standings of one kind of runners, in one lane or in all.
    pub struct Race<'q> {
        /// Number of the standings.
        pub standings: u64,
        /// The instant that the standings were computed for.
        pub as_of: Time,
        /// Kind of the runners.
        pub kind: &'q str,
        /// Name of the lane; null for all runners of the kind.
        pub lane: OrNull<&'q str>,
        /// Number of runners in total.
        pub size: usize,
        /// The first runners, best first.
        pub runners: Vec<Runner>,
    }

    /// A runner and its figures.
    pub struct Runner {
        /// Id of the merchant, item or creator.
        pub id: String,
        /// Its position by score, from 1.
        pub standing: usize,
        /// The race score: level weight · level + growth weight · growth.
        pub score: f64,
        /// The percentile of its weekly GMV among the sellers of its lane, in [0, 1].
        pub level: f64,
        /// Its growth beyond that of its market, in [0, 1).
        pub growth: f64,
        /// Trusted mean weekly GMV, in units of the currency.
        pub weekly_gmv: f64,
        /// The slope of its weekly buyers; null under three weeks.
        pub slope: OrNull<f64>,
        /// The lower bound of its weekly growth at 90 % confidence; null under three weeks.
        pub lower: OrNull<f64>,
        /// Whole weeks of its history, at most 12.
        pub weeks: usize,
        /// True if its growth is not known yet: under three weeks, or under two with a buyer.
        pub newcomer: bool,
        /// Where it stands on the ladder of newcomers. Present if it is or was on it.
        pub ladder: Option<Ladder>,
    }

    /// What the race learnt of a runner: its figures at the last rebuild.
    pub struct RaceFigures {
        /// Name of its lane; null if it has none and races among all of its kind.
        pub lane: OrNull<String>,
        /// Its place in the lane by score, from 1.
        pub standing: usize,
        /// The race score: level weight · level + growth weight · growth.
        pub score: f64,
        /// The percentile of its weekly GMV among the sellers of its lane, in [0, 1].
        pub level: f64,
        /// Its growth beyond that of its market, in [0, 1).
        pub growth: f64,
        /// The lower bound of its weekly growth at 90 % confidence; null under three weeks.
        pub lower: OrNull<f64>,
        /// Trusted mean weekly GMV, in units of the currency.
        pub weekly_gmv: f64,
        /// Effective buyers of each whole week, oldest first.
        pub weekly: Vec<f64>,
        /// Median amount of the window's purchases of an item; null without any, and for merchants and creators.
        pub order_value: OrNull<f64>,
        /// Trust in its sales, in [0, 1]; of an item, that of its merchant; 1 of a creator.
        pub integrity: f64,
        /// Where it stands on the ladder of newcomers. Present if it is or was on it.
        pub ladder: Option<Ladder>,
    }

    /// The lanes of the race.
    pub struct RaceLanes {
        /// The lanes of every kind, by name.
        pub lanes: Vec<RaceLane>,
    }

    /// A lane.
    pub struct RaceLane {
        /// Kind of the runners.
        pub kind: &'static str,
        /// Its name.
        pub lane: String,
        /// Number of runners.
        pub size: usize,
    }

    /// The result of a rebuild.
    pub struct RebuildReply {
        /// Number of the standings that are now live.
        pub standings: u64,
    }
}
