//! Metrics of the market: its snapshots, and the targets.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;

use super::metric::{Count, Each, Figure, metrics};
use super::prices::Prices;

metrics! {
    /// Metrics of the market.
    MarketMetrics {
        pub number: Count = "market_number", "Number of the live snapshot of the market";
        pub duration: Figure = "market_duration_seconds", "Duration of the last snapshot of the market";
        pub starved: Counter = "support_starved", "Places for newcomers that were given back although newcomers are behind plan";
        pub supported: Counter = "support_placed", "Places for newcomers that a newcomer got";
        tail_credit: Each<Figure, 0> = "tail_credit" by ("scene", []), "Credit of the long tail by scene, from 0 to 1";
        saturated: Each<Count, 0> = "target_saturated" by ("scene", []), "1 if the share of the long tail is out of reach at its maximum factor";
        price: Each<Counter<f64, AtomicU64>, 0> = "page_price" by ("scene", []), "Sum of the shares of own that arranged first pages gave up against the order by own";
        priced: Each<Counter, 0> = "priced_pages" by ("scene", []), "Arranged first pages";
        pub prices: Prices = "rule_price" by ["scene", "rule", "name"], "Mean share of own that first pages gave up for a rule, campaign or target";
        campaign_used: Each<Figure, 0> = "campaign_used" by ("campaign", []), "Exposures of the enrolled that a campaign has used";
        campaign_credit: Each<Figure, 0> = "campaign_credit" by ("campaign", []), "Credit of a campaign, from 0 to 1";
    }
}

impl MarketMetrics {
    /// Sets the credit of a scene's share. Pass only configured names.
    pub fn tail(&self, scene: &str, credit: f64) {
        self.tail_credit.other(scene).set(credit);
        self.saturated.other(scene).set(u64::from(credit >= 1.0));
    }

    /// Adds the prices of some arranged pages of a scene. Pass only configured names.
    pub fn price(&self, scene: &str, pages: u64, price: f64) {
        self.price.other(scene).inc_by(price);
        self.priced.other(scene).inc_by(pages);
    }

    /// Sets what a campaign has used, and its credit. Pass only configured names.
    pub fn campaign(&self, name: &str, used: f64, credit: f64) {
        self.campaign_used.other(name).set(used);
        self.campaign_credit.other(name).set(credit);
    }

    /// Removes the metrics of scenes and campaigns that are not in the live configuration.
    pub fn retain(&self, is_scene: impl Fn(&str) -> bool, is_campaign: impl Fn(&str) -> bool) {
        self.tail_credit.retain(&is_scene);
        self.saturated.retain(&is_scene);
        self.price.retain(&is_scene);
        self.priced.retain(&is_scene);
        self.campaign_used.retain(&is_campaign);
        self.campaign_credit.retain(&is_campaign);
    }
}
