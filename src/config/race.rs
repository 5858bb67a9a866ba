//! `[race]`: days, lanes and the race score.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use toml::de::DeValue;

use super::check::{ascending, need};
use super::section::Section;
use super::value::{self, Checked};
use crate::clock::SECOND;

/// A part of a lane's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LaneBy {
    /// The runner's category.
    Category,
    /// The runner's region.
    Region,
    /// The runner's age tier, see [`Race::age_tiers`].
    Age,
}

/// Settings of the race.
#[derive(Clone, Debug)]
pub struct Race {
    /// Minimum time between two rebuilds that follow changes.
    pub interval: Duration,
    /// Time zone of the days, in milliseconds east of UTC.
    pub utc_offset: i64,
    /// Parts of a lane's name; empty: all runners of a kind race together.
    pub lane: Vec<LaneBy>,
    /// Upper edges of the age tiers in days, ascending.
    pub age_tiers: Vec<u32>,
    /// Weight of the level in the race score.
    pub level: f64,
    /// Weight of the growth in the race score.
    pub growth: f64,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Race {
    let race = Race {
        interval: s.seconds("interval_seconds", 86_400.0),
        utc_offset: s.text("utc_offset", 0, |text| {
            let right = "must be hours and minutes east of UTC, such as \"+08:00\"";
            utc_offset(text).ok_or_else(|| format!("{right}, not {text:?}"))
        }),
        lane: s.list("lane", lane_by, |lane| {
            let mut places = lane.iter().enumerate();
            let again = places.any(|(place, by)| lane[..place].contains(by));
            need(!again, "must not repeat an element")
        }),
        age_tiers: s.list(
            "age_tiers_days",
            |days| value::integer(days, &(1..=36_500)),
            ascending,
        ),
        level: s.number("level", 0.0..=1_000.0),
        growth: s.number("growth", 0.0..=1_000.0),
    };
    if race.level + race.growth <= 0.0 {
        s.fault("level", "level and growth must not both be 0");
    }
    if race.lane.contains(&LaneBy::Age) && race.age_tiers.is_empty() {
        let message = "must have at least one edge, since lane has \"age\"";
        s.fault("age_tiers_days", message);
    }
    race
}

fn lane_by(given: &DeValue<'_>) -> Checked<LaneBy> {
    let choices = [
        ("category", LaneBy::Category),
        ("region", LaneBy::Region),
        ("age", LaneBy::Age),
    ];
    value::choice(given, &choices)
}

/// Parses `+08:00` into milliseconds east of UTC.
fn utc_offset(text: &str) -> Option<i64> {
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let minutes = 60 * two_digits(hours)? + two_digits(minutes).filter(|minutes| *minutes < 60)?;
    (minutes <= 14 * 60).then_some(sign * minutes * 60 * SECOND)
}

fn two_digits(text: &str) -> Option<i64> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(race: &Race) -> Value {
    json!({
        "interval_seconds": race.interval.as_secs_f64(),
        "utc_offset": shown_offset(race.utc_offset),
        "lane": race.lane,
        "age_tiers_days": race.age_tiers,
        "level": race.level,
        "growth": race.growth,
    })
}

/// Formats milliseconds east of UTC as `+08:00`.
pub(super) fn shown_offset(offset: i64) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / (60 * SECOND);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
