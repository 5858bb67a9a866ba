//! The sections of the file, key by key: ranges and units are here, and in the comments of `config/saima.toml`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;
use super::value::{self, Checked};
use super::{
    Admission, ClockConfig, Config, Integrity, LaneBy, Log, LogFormat, Profile, Race, Scale,
    Server, Store, Tls, TlsFiles, UnknownItems, prediction, scene,
};
use crate::clock::{ClockMode, DAY, HOUR, SECOND};
use crate::model::is_id;
use crate::model::{EventKind, Limits, Vocabulary};
use crate::number::DAY_MILLIS;

/// A half-life in days, from a quarter of an hour to a hundred years.
const HALF_LIFE: std::ops::RangeInclusive<f64> = 0.01..=36_500.0;
/// What one event may add to a history.
const GAIN: std::ops::RangeInclusive<f64> = -1_000.0..=1_000.0;
/// Entries of one user's profile.
const ENTRIES: std::ops::RangeInclusive<usize> = 1..=10_000;
/// A reference point of the log scale.
const REFERENCE: std::ops::RangeInclusive<f64> = 0.001..=1e12;
/// Bytes of a body: what of it is accepted has to go into one record of the journal, which is at most twice as long.
const BODY: std::ops::RangeInclusive<usize> = 1_024..=1 << 29;

/// The whole file.
pub(super) fn config(root: &Section<'_>) -> Config {
    let limits = root.within("limits", limits);
    let predictions = root.within("predictions", prediction::predictions);
    let scenes = scene::scenes(root, &limits, &predictions);
    let vocabulary = Vocabulary {
        limits: limits.clone(),
        scenes: scenes.keys().cloned().collect(),
        predictions: predictions.iter().map(|each| each.name.clone()).collect(),
    };
    Config {
        server: root.within("server", server),
        tls: root.within("tls", tls),
        admission: root.within("admission", |s| admission(s, &limits)),
        store: root.within("store", store),
        clock: root.within("clock", clock),
        limits,
        profile: root.within("profile", profile),
        scale: root.within("scale", scale),
        freshness_half_life: root.within("freshness", half_life),
        race: root.within("race", race),
        integrity: root.within("integrity", integrity),
        predictions,
        scenes,
        log: root.within("log", log),
        vocabulary,
    }
}

fn server(s: &Section<'_>) -> Server {
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Server {
        listen: s.text("listen", nowhere, |text| {
            let right = "must be an address and a port such as 127.0.0.1:8080 or [::1]:8080";
            text.parse().map_err(|_| format!("{right}, not {text:?}"))
        }),
        drain: s.seconds("drain_seconds", 3_600.0),
        parallel_candidates: s.integer("parallel_candidates", 1..=1_000_000),
        connections: s.integer("connections", 1..=1_000_000),
        head: s.patience("head_seconds", 3_600.0),
        body: s.patience("body_seconds", 3_600.0),
        idle: s.patience("idle_seconds", 86_400.0),
        head_bytes: s.integer("head_bytes", 8_192..=1 << 20),
        http2_streams: s.integer("http2_streams", 1..=100_000),
        http2_resets: s.integer("http2_resets", 1..=100_000),
        http2_ping: s.patience("http2_ping_seconds", 3_600.0),
    }
}

fn tls(s: &Section<'_>) -> Tls {
    let file = |key| s.text(key, None, path);
    let (certificate, key, client_ca) = (file("certificate"), file("key"), file("client_ca"));
    let seconds = s.number("handshake_seconds", 0.1..=300.0);
    if certificate.is_none() && client_ca.is_some() {
        s.fault(
            "client_ca",
            "must be \"none\" where certificate is \"none\"",
        );
    }
    let files = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsFiles {
            certificate,
            key,
            client_ca,
        }),
        (None, None) => None,
        (given, _) => {
            let lacking = given.map_or("certificate", |_| "key");
            s.fault(
                lacking,
                "must be given too: certificate and key go together",
            );
            None
        }
    };
    Tls {
        files,
        handshake: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
    }
}

/// A path, or `none`.
fn path(text: &str) -> Checked<Option<PathBuf>> {
    need(!text.is_empty(), "must be the path of a file, or \"none\"")?;
    Ok((text != "none").then(|| text.into()))
}

fn admission(s: &Section<'_>, limits: &Limits) -> Admission {
    Admission {
        rank: s.integer("rank", 0..=100_000),
        queue: Duration::from_secs_f64(s.number("queue_ms", 0.1..=60_000.0) / 1e3),
        batch: s.integer("batch", 0..=10_000),
        ingest: s.integer("ingest", 0..=10_000),
        wait: Duration::from_millis(s.integer("wait_ms", 0..=3_600_000)),
        rank_bytes: held_bytes(s, "rank_bytes", limits),
        ingest_bytes: held_bytes(s, "ingest_bytes", limits),
    }
}

/// Bytes of bodies held at once; one that is within the limits must find room, packed and unpacked.
fn held_bytes(s: &Section<'_>, key: &str, limits: &Limits) -> usize {
    let bytes = s.integer(key, 1..=1 << 40);
    let least = limits.body_bytes + limits.unpacked_bytes;
    if bytes < least {
        let what = "limits.body_bytes + limits.unpacked_bytes";
        s.fault(key, format!("must be at least {what}, {least}"));
    }
    bytes
}

fn store(s: &Section<'_>) -> Store {
    let kept = [
        ("reject", UnknownItems::Reject),
        ("stub", UnknownItems::Stub),
    ];
    Store {
        path: s.text("path", None, |text| match text {
            "none" => Ok(None),
            "" => Err("must be a directory, or \"none\" for memory only".to_owned()),
            path => Ok(Some(path.into())),
        }),
        segment_bytes: s.integer("segment_bytes", 4_096..=1 << 30),
        checkpoint_bytes: s.integer("checkpoint_bytes", 4_096..=1 << 40),
        checkpoint_every: s.seconds("checkpoint_seconds", 86_400.0),
        history_age: Duration::from_secs(s.integer("history_days", 0..=3_650) * 86_400),
        history_bytes: s.integer("history_bytes", 0..=1 << 44),
        unknown_items: s.choice("unknown_items", &kept, UnknownItems::Reject),
        event_ids: s.integer("event_ids", 0..=100_000_000),
        event_id_age: s.integer("event_id_hours", 1..=8_760) * HOUR,
        waiting_refunds: s.integer("waiting_refunds", 0..=10_000_000),
        future: s.integer("future_seconds", 0..=86_400) * SECOND,
    }
}

fn clock(s: &Section<'_>) -> ClockConfig {
    let modes = [("wall", ClockMode::Wall), ("event", ClockMode::Event)];
    ClockConfig {
        mode: s.choice("mode", &modes, ClockMode::Wall),
        time_step: s.integer("time_step_seconds", 1..=DAY / SECOND) * SECOND,
    }
}

fn limits(s: &Section<'_>) -> Limits {
    let limits = Limits {
        candidates: s.integer("candidates", 1..=1_000_000),
        limit: s.integer("limit", 1..=1_000_000),
        batch_requests: s.integer("batch_requests", 1..=100_000),
        batch_candidates: s.integer("batch_candidates", 1..=10_000_000),
        body_bytes: s.integer("body_bytes", BODY),
        unpacked_bytes: s.integer("unpacked_bytes", BODY),
        lines: s.integer("lines", 1..=10_000_000),
        tags: s.integer("tags", 1..=255),
        nesting: s.integer("nesting", 4..=100),
        query_bytes: s.integer("query_bytes", 1..=65_536),
        timeout_ms: s.integer("timeout_ms", 1..=3_600_000),
    };
    if limits.unpacked_bytes < limits.body_bytes {
        let least = limits.body_bytes;
        s.fault(
            "unpacked_bytes",
            format!("must be at least body_bytes, {least}"),
        );
    }
    limits
}

fn profile(s: &Section<'_>) -> Profile {
    Profile {
        half_life: half_life(s),
        declared_gain: s.number("declared_gain", GAIN),
        follow_bond: s.number("follow_bond", 0.0..=1_000.0),
        gains: s.within("gains", |s| {
            EventKind::NAMES.map(|kind| s.number(kind, GAIN))
        }),
        item_gains: s.within("item_gains", item_gains),
        max_items: s.integer("max_items", ENTRIES),
        max_tags: s.integer("max_tags", ENTRIES),
        max_merchants: s.integer("max_merchants", ENTRIES),
        max_follows: s.integer("max_follows", ENTRIES),
    }
}

fn item_gains(s: &Section<'_>) -> BTreeMap<String, [Option<f64>; EventKind::ALL.len()]> {
    let gains = |category: &str| {
        s.within(category, |s| {
            EventKind::NAMES.map(|kind| s.has(kind).then(|| s.number(kind, GAIN)))
        })
    };
    s.names()
        .into_iter()
        .map(|category| {
            require_id(s, category, "a category");
            (category.to_owned(), gains(category))
        })
        .collect()
}

fn half_life(s: &Section<'_>) -> f64 {
    s.number("half_life_days", HALF_LIFE) * DAY_MILLIS
}

fn scale(s: &Section<'_>) -> Scale {
    Scale {
        item_history: s.number("item_history", REFERENCE),
        merchant_history: s.number("merchant_history", REFERENCE),
        item_buyers: s.number("item_buyers", REFERENCE),
        price: s.number("price", REFERENCE),
    }
}

fn race(s: &Section<'_>) -> Race {
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

fn lane_by(given: &toml::de::DeValue<'_>) -> Checked<LaneBy> {
    let choices = [
        ("category", LaneBy::Category),
        ("region", LaneBy::Region),
        ("age", LaneBy::Age),
    ];
    value::choice(given, &choices)
}

/// Milliseconds east of UTC from `+08:00`.
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

fn integrity(s: &Section<'_>) -> Integrity {
    let integrity = Integrity {
        gamma: s.number("gamma", 0.0..=10.0),
        min: s.number("min", 0.0..=1.0),
        max: s.number("max", 0.0..=1.0),
    };
    if integrity.max < integrity.min || integrity.max <= 0.0 {
        s.fault("max", "must be above 0 and not below min");
    }
    integrity
}

fn log(s: &Section<'_>) -> Log {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    Log {
        format: s.choice("format", &formats, LogFormat::Text),
        level: s.text("level", String::new(), |text| {
            need(
                !text.trim().is_empty(),
                "must name a level such as \"info\"",
            )?;
            text.split(',').try_for_each(directive)?;
            match tracing_subscriber::EnvFilter::try_new(text) {
                Ok(_) => Ok(text.to_owned()),
                Err(error) => Err(format!("must be a filter such as \"info\": {error}")),
            }
        }),
    }
}

/// One part of a filter: a word alone must be a level, or it would be taken for a module, and all the others would say nothing.
fn directive(text: &str) -> Checked<()> {
    let text = text.trim();
    let is_level = ["off", "error", "warn", "info", "debug", "trace"].contains(&text);
    let levels = "is no level; there are error, warn, info, debug and trace, and off";
    (is_level || text.contains('='))
        .then_some(())
        .ok_or_else(|| format!("{text:?} {levels}"))
}

/// Ok, or the message where a condition does not hold.
pub(super) fn need(condition: bool, message: &str) -> Checked<()> {
    condition.then_some(()).ok_or_else(|| message.to_owned())
}

/// Whether each element is above the one before it.
pub(super) fn ascending<T: PartialOrd>(list: &[T]) -> Checked<()> {
    let ascends = list.is_sorted_by(|one, next| one < next);
    need(ascends, "must ascend, each element above the one before")
}

/// Notes a fault where a name that requests or facts use could not be an id.
pub(super) fn require_id(s: &Section<'_>, name: &str, what: &str) {
    if !is_id(name) {
        let right = "must be an id: 1 to 128 bytes without control characters";
        s.fault(name, format!("the name of {what} {right}"));
    }
}
