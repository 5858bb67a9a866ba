//! All metrics, and the page that a Prometheus server scrapes.

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::{
    AdmissionMetrics, ByArm, ByScene, ConfigurationMetrics, DecisionMetrics, ExperimentMetrics,
    ExposureMetrics, FactMetrics, JournalMetrics, LogMetrics, MarketMetrics, MemoryMetrics,
    RankingMetrics, RequestMetrics, SecretMetrics, SelectionMetrics, StandingsMetrics,
    ThreadMetrics,
};

/// Media type of [`Telemetry::scrape`].
pub const SCRAPE_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every metric of the service.
#[derive(Debug)]
pub struct Telemetry {
    registry: Registry,
    /// Requests and their answers.
    pub requests: RequestMetrics,
    /// Rankings.
    pub ranking: RankingMetrics,
    /// Running experiments.
    pub experiments: ExperimentMetrics,
    /// Rankings, events and money by scene.
    pub scenes: ByScene,
    /// Rankings by scene and arm.
    pub arms: ByArm,
    /// Exposures.
    pub exposure: ExposureMetrics,
    /// Facts.
    pub facts: FactMetrics,
    /// Structures in memory.
    pub memory: MemoryMetrics,
    /// The market.
    pub market: MarketMetrics,
    /// The live standings.
    pub standings: StandingsMetrics,
    /// Selections and audiences.
    pub selections: SelectionMetrics,
    /// The journal and its checkpoints.
    pub journal: JournalMetrics,
    /// The live configuration.
    pub configuration: ConfigurationMetrics,
    /// The decision log.
    pub decisions: DecisionMetrics,
    /// Tokens and TLS.
    pub secrets: SecretMetrics,
    /// The long-lived threads.
    pub threads: ThreadMetrics,
    /// The log.
    pub log: LogMetrics,
    /// Load of the shared resources.
    pub admission: AdmissionMetrics,
}

impl Default for Telemetry {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("saima");
        let to = &mut registry;
        Self {
            requests: RequestMetrics::declare(to),
            ranking: RankingMetrics::declare(to),
            experiments: ExperimentMetrics::declare(to),
            scenes: ByScene::declare(to),
            arms: ByArm::declare(to),
            exposure: ExposureMetrics::declare(to),
            facts: FactMetrics::declare(to),
            memory: MemoryMetrics::declare(to),
            market: MarketMetrics::declare(to),
            standings: StandingsMetrics::declare(to),
            selections: SelectionMetrics::declare(to),
            journal: JournalMetrics::declare(to),
            configuration: ConfigurationMetrics::declare(to),
            decisions: DecisionMetrics::declare(to),
            secrets: SecretMetrics::declare(to),
            threads: ThreadMetrics::declare(to),
            log: LogMetrics::declare(to),
            admission: AdmissionMetrics::declare(to),
            registry,
        }
    }
}

impl Telemetry {
    /// Returns every metric in the text format of Prometheus, of type [`SCRAPE_TYPE`].
    #[must_use]
    pub fn scrape(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail. If encoding did, the scraper would notice the missing `# EOF`.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Size;
    use super::*;
    use crate::objective::Objective;

    #[test]
    fn the_page_shows_every_counted_value() {
        let telemetry = Telemetry::default();
        let answers = &telemetry.requests.answers;
        answers.with(["POST", "/rank", "200"]).inc();
        for _ in 0..2 {
            let scene = telemetry.ranking.scene("feed");
            scene.rank.observe(Duration::from_micros(30));
            let size = Size {
                entries: 4,
                bytes: 100,
                evicted: 2,
            };
            telemetry.memory.report("event_ids", size);
        }
        let missing = telemetry.ranking.missing(Objective::LongTermValue);
        missing.inc_by(3);
        let page = telemetry.scrape();
        for line in [
            r#"saima_requests_total{method="POST",route="/rank",status="200"} 1"#,
            r#"saima_rank_seconds_bucket{le="0.00005",scene="feed",step="rank"} 2"#,
            r#"saima_entries{structure="event_ids"} 4"#,
            r#"saima_evictions_total{structure="event_ids"} 2"#,
            r#"saima_missing_total{objective="long_term_value"} 3"#,
        ] {
            assert!(page.contains(line), "{line} in {page}");
        }
        assert!(page.ends_with("# EOF\n"));
    }
    #[test]
    fn removed_scenes_and_predictions_leave_the_page() {
        let telemetry = Telemetry::default();
        let ranking = &telemetry.ranking;
        for number in 0..100 {
            let name = format!("number-{number}");
            ranking.scene(&name).rank.observe(Duration::from_micros(30));
            ranking.missing_prediction(&name).inc();
            ranking.retain(|scene| scene == name, |prediction| prediction == name);
        }
        let page = telemetry.scrape();
        assert!(!page.contains("number-98"), "{page}");
        let live = [
            r#"saima_rank_seconds_count{scene="number-99",step="rank"} 1"#,
            r#"saima_missing_total{objective="number-99"} 1"#,
            r#"saima_missing_total{objective="quality"} 0"#,
        ];
        for line in live {
            assert!(page.contains(line), "{line} in {page}");
        }
        // A request that began before the change may name the scene once more.
        let _late = ranking.scene("number-98");
        ranking.retain(|scene| scene == "number-99", |_| false);
        assert!(!telemetry.scrape().contains("number-98"));
    }
}
