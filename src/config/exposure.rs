//! `[exposure]`: what counts as shown, and how much is remembered of it.

use serde::Serialize;
use serde_json::{Value, json};

use super::section::Section;

/// Settings of the book of exposures.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// What counts as an exposure.
    pub source: Source,
    /// Maximum number of amounts by runner, scene and day.
    pub amounts: usize,
    /// Maximum number of runners, and of purchases of items, whose last click by one user is remembered.
    pub clicks: usize,
    /// Maximum number of counts of visits by merchant or creator and day.
    pub visits: usize,
    /// Maximum number of items by scene whose places in answers wait to be counted.
    pub placements: usize,
}

/// What counts as an exposure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Events of the kind `impression`.
    Events,
    /// The places of answers, by their weights.
    Answers,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Exposure {
    let sources = [("events", Source::Events), ("answers", Source::Answers)];
    Exposure {
        source: s.choice("source", &sources, Source::Events),
        amounts: s.integer("amounts", 1_000..=4_000_000_000),
        clicks: s.integer("clicks", 1..=10_000),
        visits: s.integer("visits", 1_000..=4_000_000_000),
        placements: s.integer("placements", 1_000..=100_000_000),
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(exposure: &Exposure) -> Value {
    json!({
        "source": exposure.source,
        "amounts": exposure.amounts,
        "clicks": exposure.clicks,
        "visits": exposure.visits,
        "placements": exposure.placements,
    })
}
