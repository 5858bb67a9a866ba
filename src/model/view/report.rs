//! Reports: what a merchant or a creator sold and was shown, and what moved it.

use super::define::view;
use super::market::CampaignState;
use super::race::RaceFigures;
use super::shaped::OrNull;
use crate::clock::Time;

view! {
    /// The report of a merchant or a creator over the last 28 complete days, beside the 28 days before.
    pub struct Report {
        /// `merchant` or `creator`.
        pub kind: &'static str,
        /// Id of the merchant or creator.
        pub id: String,
        /// Number of the live configuration.
        pub generation: u64,
        /// Number of the standings.
        pub standings: u64,
        /// Number of the live snapshot of the market.
        pub market: u64,
        /// The days of the report.
        pub window: ReportWindow,
        /// What it sold, as a product: visitors × buyers per visitor × orders per buyer × GMV per order.
        pub revenue: Revenue,
        /// Its figures of the race, with the ladder of newcomers; null until the next rebuild of the standings.
        pub learnt: OrNull<RaceFigures>,
        /// Its items.
        pub items: ReportItems,
        /// What users were shown of it.
        pub exposure: ReportExposure,
        /// The races for reserved places that it took part in, since the service started; of merchants only.
        pub slots: Vec<ReportSlot>,
        /// The configured campaigns that items of it belong to, as of now.
        pub campaigns: Vec<CampaignState>,
        /// Its part in the long tail; absent for creators.
        pub tail: Option<ReportTail>,
        /// What the rules, campaigns and targets of the scenes in which it was shown cost; of all pages, not of its own places.
        pub prices: Vec<ReportPrice>,
        /// What helped it.
        pub helped: Vec<Reason>,
        /// What hurt it.
        pub hurt: Vec<Reason>,
    }

    /// The days of a report.
    pub struct ReportWindow {
        /// Number of days of each window.
        pub days: u32,
        /// The begin of the window before.
        pub before: Time,
        /// The begin of the window.
        pub from: Time,
        /// The end of the window: the begin of the day that was not complete at the rebuild.
        pub until: Time,
    }

    /// What a runner sold, net of refunds, before the race judges what counts of it.
    pub struct Revenue {
        /// Number of runners that the percentiles compare it with: those of its lane, or all of its kind if fewer than 30 sold in the lane.
        pub rivals: usize,
        /// Distinct users who clicked on it, and at least its buyers.
        pub visitors: ReportFigure,
        /// Buyers per visitor.
        pub buyers_per_visitor: ReportFigure,
        /// Orders per buyer.
        pub orders_per_buyer: ReportFigure,
        /// Money per order.
        pub gmv_per_order: ReportFigure,
        /// Money net of refunds: the product of the four figures above.
        pub gmv: ReportFigure,
        /// Distinct users with an order.
        pub buyers: ReportFigure,
        /// Purchases that were not refunded in full.
        pub orders: ReportFigure,
    }

    /// A figure of a report.
    #[derive(Clone, Copy)]
    pub struct ReportFigure {
        /// Its value in the window; null if there is nothing to divide by.
        pub now: OrNull<f64>,
        /// Its value in the window before.
        pub before: OrNull<f64>,
        /// Its change, as a part of the value before: 0.1 is 10 % more; null if there was none.
        pub trend: OrNull<f64>,
        /// The share of its rivals with a value that are below it, those equal counted half; null if it has no value.
        pub percentile: OrNull<f64>,
    }

    /// The items of a merchant or a creator.
    pub struct ReportItems {
        /// Number of items.
        pub all: usize,
        /// Number of items that are not declared unavailable.
        pub available: usize,
    }

    /// What users were shown of a runner.
    pub struct ReportExposure {
        /// Exposures in the window.
        pub exposures: f64,
        /// Exposures in the window before.
        pub before: f64,
        /// The change, as a part of the exposures before; null if there were none.
        pub trend: OrNull<f64>,
        /// The same by scene, most exposures first.
        pub scenes: Vec<ReportScene>,
    }

    /// What users were shown of a runner in a scene.
    pub struct ReportScene {
        /// Name of the scene; empty for exposures without a known scene.
        pub scene: String,
        /// Exposures in the window.
        pub exposures: f64,
        /// Exposures in the window before.
        pub before: f64,
        /// Exposures of each day of the window, oldest first.
        pub days: Vec<f64>,
    }

    /// The races of a merchant for the places of a slot.
    #[derive(Clone, PartialEq, Eq)]
    pub struct ReportSlot {
        /// Name of the slot.
        pub slot: String,
        /// Number of races won.
        pub won: u64,
        /// Number of races lost as the runner-up.
        pub second: u64,
    }

    /// What a rule, a campaign or a target costs in a scene.
    #[derive(Clone)]
    pub struct ReportPrice {
        /// Name of the scene.
        pub scene: String,
        /// The kind of rule, `campaign`, `support` or `tail`.
        pub rule: &'static str,
        /// Name of the rule or campaign; empty of the ladder and the long tail.
        pub name: String,
        /// Mean share of own that first pages gave up for it: 0.01 is 1 %.
        pub price: f64,
        /// Number of pages that the mean is of.
        pub pages: u64,
    }

    /// The part of a merchant in the long tail.
    pub struct ReportTail {
        /// True if its level is under `below`.
        pub member: bool,
        /// Level in the lane under which a merchant belongs to the tail.
        pub below: f64,
        /// The shares that are held.
        pub shares: Vec<ReportShare>,
    }

    /// The share of the long tail in a scene.
    pub struct ReportShare {
        /// Name of the scene.
        pub scene: String,
        /// The target, between 0 and 1.
        pub target: f64,
        /// How far the scene is behind it, from 0 to 1.
        pub credit: f64,
        /// The factor of the items of the tail.
        pub factor: f64,
    }

    /// Something that moved a runner.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Reason {
        /// What it is: a figure of `revenue`, `level`, `growth`, `integrity`, `ladder`, `campaign`, `tail`, `availability`, `slot`, `blind`,
        /// or the name of a rule.
        pub what: &'static str,
        /// The reason in words.
        pub text: String,
    }
}
