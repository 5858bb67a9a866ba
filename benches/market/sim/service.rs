//! The service, spoken to as by a caller: facts and requests are JSON, and what is asked of it are the answers of its routes.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use saima::clock::{Clock, Time};
use saima::config::{Config, Live};
use saima::engine::{Engine, EntityKind, Operation, Stored};
use saima::model::RankRequest;
use saima::model::view::Ladder;
use saima::telemetry::Telemetry;
use saima::threads::Threads;
use serde_json::Value;

/// Lines applied at once.
const SLICE: usize = 64;

/// A service in memory, whose clock is moved.
#[derive(Debug)]
pub(crate) struct Service {
    engine: Arc<Engine>,
}

/// What the service says of a shop.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Its level in its lane.
    pub(crate) level: f64,
    /// Where it is on the ladder.
    pub(crate) ladder: Option<Ladder>,
}

impl Service {
    /// Starts a service with a configuration.
    pub(crate) fn start(toml: &str, at: Time) -> Result<Self> {
        let config = Config::parse("market", toml).map_err(|faults| anyhow::anyhow!("{faults}"))?;
        let stored = Stored::in_memory(&config, &Threads::default());
        let live = Arc::new(Live::new(config));
        let engine = Engine::start(live, Clock::manual(at), Telemetry::default(), stored);
        Ok(Self { engine })
    }

    /// Moves the clock.
    pub(crate) fn set(&self, at: Time) {
        self.engine.clock().set(at);
    }

    /// Rebuilds the standings, and the snapshot of the market.
    pub(crate) fn rebuild(&self) -> Result<()> {
        pollster::block_on(self.engine.rebuild()).context("the rebuild ended")?;
        self.settle();
        Ok(())
    }

    /// Builds the next snapshot of the market.
    pub(crate) fn settle(&self) {
        self.engine.refresh_market();
    }

    /// Declares a shop.
    pub(crate) fn merchant(&self, declared: &Value) -> Result<()> {
        self.send(
            Operation::Upsert(EntityKind::Merchant),
            &[declared.to_string()],
        )
    }

    /// Deletes a shop.
    pub(crate) fn close(&self, id: &str) -> Result<()> {
        pollster::block_on(self.engine.delete(EntityKind::Merchant, id))?;
        Ok(())
    }

    /// Declares items.
    pub(crate) fn items(&self, declared: &[String]) -> Result<()> {
        self.send(Operation::Upsert(EntityKind::Item), declared)
    }

    /// Declares users.
    pub(crate) fn users(&self, declared: &[String]) -> Result<()> {
        self.send(Operation::Upsert(EntityKind::User), declared)
    }

    /// Sends events.
    pub(crate) fn events(&self, events: &[String]) -> Result<()> {
        self.send(Operation::Events, events)
    }

    fn send(&self, operation: Operation, lines: &[String]) -> Result<()> {
        for slice in lines.chunks(SLICE) {
            let slice: Vec<&[u8]> = slice.iter().map(String::as_bytes).collect();
            for fate in self.engine.ingest(operation, &slice)? {
                ensure!(fate.is_ok(), "{fate:?}");
            }
        }
        Ok(())
    }

    /// Asks for a page. Returns the items on it.
    pub(crate) fn page(&self, user: &str, candidates: &[usize]) -> Result<Vec<usize>> {
        let mut body = format!(r#"{{"user_id":"{user}","scene":"feed","candidates":["#);
        for (number, item) in candidates.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(body, "{comma}\"i{item}\"")?;
        }
        body += "]}";
        let request: RankRequest<'_> = serde_json::from_str(&body)?;
        let decision = self.engine.rank(&request, Instant::now())?;
        let number = |id: &str| id.trim_start_matches('i').parse();
        let placed = decision.placed.iter().map(|placed| number(placed.id));
        Ok(placed.collect::<Result<_, _>>()?)
    }

    /// Returns what the service says of a shop.
    pub(crate) fn said(&self, id: &str) -> Said {
        let learnt = self.engine.merchant(id).and_then(|it| it.learnt.0);
        learnt.map_or_else(Said::default, |learnt| Said {
            level: learnt.level,
            ladder: learnt.ladder,
        })
    }

    /// Returns the exposures that the campaign has used.
    pub(crate) fn used(&self) -> f64 {
        let state = self.engine.campaigns(None);
        state.campaigns.iter().map(|campaign| campaign.used).sum()
    }
}
