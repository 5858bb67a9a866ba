//! The preview of a configuration.

use super::define::view;
use super::shaped::{Any, OrNull};

view! {
    /// What a configuration would change, by ranking logged requests again under it.
    pub struct Preview {
        /// The live generation, with which the configuration is compared.
        pub generation: u64,
        /// The configuration that is previewed, without secrets.
        pub config: Any,
        /// Number of requests that were ranked again under both configurations.
        pub replayed: usize,
        /// The reason why there are none. Present if `replayed` is 0.
        pub why: Option<String>,
        /// Share of the requests whose own generation gives the logged order again; below 1 is a bug. Null if the own generation of none
        /// is known.
        pub reproduced: OrNull<f64>,
        /// Number of requests whose own generation is no longer known.
        pub unknown_generation: usize,
        /// Changed keys whose effect logged values cannot show.
        pub not_replayed: Vec<NotReplayed>,
        /// Mean Kendall τ-b of the pages before and after, from −1 to 1: 1 if no order changes. Null without requests.
        pub tau: OrNull<f64>,
        /// Mean share of the items of a page that stay on it.
        pub overlap: Overlap,
        /// Share of the requests whose first place stays. Null without requests.
        pub first_unchanged: OrNull<f64>,
        /// The place-weighted mean value of each weighed objective.
        pub objectives: Vec<MeanChange>,
        /// The mean price of a first page that rules arrange: the share of own that it gives up.
        pub price: MeanOf,
        /// Shares of the exposure, Σ 1/log2(1 + place).
        pub exposure: ExposureChange,
        /// Number of times each rule acted.
        pub rules: Vec<RuleChange>,
        /// The requests that change most, those of the lowest τ first.
        pub changed: Vec<ChangedRequest>,
    }

    /// A changed key whose effect logged values cannot show.
    pub struct NotReplayed {
        /// The key.
        pub key: String,
        /// The reason.
        pub reason: String,
    }

    /// The share of the items of a page that stay on it.
    pub struct Overlap {
        /// Of the first 10 places. Null without requests.
        pub at_10: OrNull<f64>,
        /// Of the whole page. Null without requests.
        pub page: OrNull<f64>,
    }

    /// A mean before and after the change.
    pub struct MeanChange {
        /// Name of the objective, prediction or model.
        pub name: String,
        /// Before. Null without a place.
        pub before: OrNull<f64>,
        /// After.
        pub after: OrNull<f64>,
    }

    /// A mean before and after the change.
    pub struct MeanOf {
        /// Before. Null if no page was arranged.
        pub before: OrNull<f64>,
        /// After.
        pub after: OrNull<f64>,
    }

    /// A share before and after the change.
    #[derive(Clone)]
    pub struct ShareChange {
        /// The name.
        pub name: String,
        /// Before, in [0, 1].
        pub before: f64,
        /// After.
        pub after: f64,
    }

    /// Shares of the exposure.
    pub struct ExposureChange {
        /// By lane of the merchant; an empty name without one.
        pub lane: Vec<ShareChange>,
        /// By level of the merchant in its lane: `head` from 0.8 on, `tail` below `tail.below`, `middle` between them, `none` without a
        /// merchant.
        pub tier: Vec<ShareChange>,
        /// The merchants that gain most.
        pub winners: Vec<ShareChange>,
        /// The merchants that lose most.
        pub losers: Vec<ShareChange>,
    }

    /// The acts of a rule.
    pub struct RuleChange {
        /// Name of the rule.
        pub rule: String,
        /// Before.
        pub before: usize,
        /// After.
        pub after: usize,
    }

    /// A request whose page changes.
    pub struct ChangedRequest {
        /// Id of the request.
        pub request_id: String,
        /// Name of the scene.
        pub scene: String,
        /// Kendall τ-b of both pages.
        pub tau: f64,
        /// The first places, side by side.
        pub places: Vec<PlacePair>,
        /// The items that move most.
        pub moved: Vec<MovedItem>,
    }

    /// A place before and after the change.
    pub struct PlacePair {
        /// The place, from 1 on this page.
        pub place: usize,
        /// The item before; null if the page ends before it.
        pub before: OrNull<String>,
        /// The item after.
        pub after: OrNull<String>,
    }

    /// An item that moves.
    pub struct MovedItem {
        /// The item.
        pub id: String,
        /// Its place before; null if it was not on the page.
        pub before: OrNull<usize>,
        /// Its place after.
        pub after: OrNull<usize>,
        /// The reason: the parts of its score that differ most, and the rule that moves it.
        pub reason: String,
    }
}
