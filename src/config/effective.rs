//! The configuration as it is in force, in the names and units of the file: what `GET /config` shows.
//!
//! Every scene lists every weight, zeros too: written as TOML the view reads back as the same configuration, which a test
//! holds, and which makes it fit to compare two configurations by ([`super::Live::replace`]).

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Admission, Config, Normaliser, Prediction, Profile, Race, Scene, Server, Store, Tls, Weighed,
};
use crate::clock::{HOUR, SECOND};
use crate::model::EventKind;
use crate::number::DAY_MILLIS;
use crate::objective::TABLE;

impl Config {
    /// The configuration in force, in the names and units of the file, with inheritance resolved. There are no secrets in it.
    #[must_use]
    pub fn effective(&self) -> Value {
        json!({
            "server": server(&self.server),
            "tls": tls(&self.tls),
            "admission": admission(&self.admission),
            "store": store(&self.store),
            "clock": {
                "mode": self.clock.mode,
                "time_step_seconds": self.clock.time_step / SECOND,
            },
            "limits": self.limits,
            "profile": profile(&self.profile),
            "scale": {
                "item_history": self.scale.item_history,
                "merchant_history": self.scale.merchant_history,
                "item_buyers": self.scale.item_buyers,
                "price": self.scale.price,
            },
            "freshness": { "half_life_days": self.freshness_half_life / DAY_MILLIS },
            "race": race(&self.race),
            "integrity": {
                "gamma": self.integrity.gamma,
                "min": self.integrity.min,
                "max": self.integrity.max,
            },
            "predictions": self.predictions.iter().map(prediction).collect::<Map<_, _>>(),
            "scene": self.scenes.values().map(|each| self.scene(each)).collect::<Map<_, _>>(),
            "log": { "format": self.log.format, "level": self.log.level },
        })
    }

    /// The settings on which it depends what is learnt of facts, as TOML. Nothing else is among them: they must be readable for as long
    /// as the journal that holds them.
    #[must_use]
    pub fn terms(&self) -> String {
        let terms = json!({
            "store": {
                "unknown_items": self.store.unknown_items,
                "future_seconds": self.store.future / SECOND,
            },
            "limits": { "tags": self.limits.tags, "nesting": self.limits.nesting },
            "profile": profile(&self.profile),
            "race": { "utc_offset": utc_offset(self.race.utc_offset) },
        });
        toml::to_string(&terms).unwrap_or_default()
    }

    fn scene(&self, scene: &Scene) -> (String, Value) {
        let weight = |weighed: Weighed| {
            let mut weights = scene.weights.iter();
            let found = weights.find(|(other, _)| *other == weighed);
            found.map_or(0.0, |(_, weight)| *weight)
        };
        let own = TABLE.iter().map(|row| Weighed::Own(row.objective));
        let predictions = (0..self.predictions.len()).map(Weighed::Prediction);
        let weights: Map<_, _> = own
            .chain(predictions)
            .map(|weighed| (self.name(weighed).to_owned(), weight(weighed).into()))
            .collect();
        let timeout_ms = u64::try_from(scene.timeout.as_millis()).unwrap_or(u64::MAX);
        let value = json!({ "limit": scene.limit, "timeout_ms": timeout_ms, "weights": weights });
        (scene.name.clone(), value)
    }
}

fn server(server: &Server) -> Value {
    json!({
        "listen": server.listen,
        "drain_seconds": server.drain.as_secs_f64(),
        "parallel_candidates": server.parallel_candidates,
        "connections": server.connections,
        "head_seconds": server.head.as_secs_f64(),
        "body_seconds": server.body.as_secs_f64(),
        "idle_seconds": server.idle.as_secs_f64(),
        "head_bytes": server.head_bytes,
        "http2_streams": server.http2_streams,
        "http2_resets": server.http2_resets,
        "http2_ping_seconds": server.http2_ping.as_secs_f64(),
    })
}

fn admission(admission: &Admission) -> Value {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    json!({
        "rank": admission.rank,
        "queue_ms": milliseconds(admission.queue),
        "batch": admission.batch,
        "ingest": admission.ingest,
        "wait_ms": u64::try_from(admission.wait.as_millis()).unwrap_or(u64::MAX),
        "rank_bytes": admission.rank_bytes,
        "ingest_bytes": admission.ingest_bytes,
    })
}

fn tls(tls: &Tls) -> Value {
    let files = tls.files.as_ref();
    json!({
        "certificate": path(files.map(|files| &*files.certificate)),
        "key": path(files.map(|files| &*files.key)),
        "client_ca": path(files.and_then(|files| files.client_ca.as_deref())),
        "handshake_seconds": tls.handshake.as_secs_f64(),
    })
}

fn path(path: Option<&Path>) -> Cow<'_, str> {
    path.map_or("none".into(), Path::to_string_lossy)
}

fn store(store: &Store) -> Value {
    json!({
        "path": path(store.path.as_deref()),
        "segment_bytes": store.segment_bytes,
        "checkpoint_bytes": store.checkpoint_bytes,
        "checkpoint_seconds": store.checkpoint_every.as_secs_f64(),
        "history_days": store.history_age.as_secs() / 86_400,
        "history_bytes": store.history_bytes,
        "unknown_items": store.unknown_items,
        "event_ids": store.event_ids,
        "event_id_hours": store.event_id_age / HOUR,
        "waiting_refunds": store.waiting_refunds,
        "future_seconds": store.future / SECOND,
    })
}

fn profile(profile: &Profile) -> Value {
    let item_gains: Map<_, _> = profile
        .item_gains
        .iter()
        .map(|(category, given)| (category.clone(), gains(given)))
        .collect();
    json!({
        "half_life_days": profile.half_life / DAY_MILLIS,
        "declared_gain": profile.declared_gain,
        "follow_bond": profile.follow_bond,
        "gains": gains(&profile.gains.map(Some)),
        "item_gains": item_gains,
        "max_items": profile.max_items,
        "max_tags": profile.max_tags,
        "max_merchants": profile.max_merchants,
        "max_follows": profile.max_follows,
    })
}

fn gains(gains: &[Option<f64>; EventKind::ALL.len()]) -> Value {
    let named = EventKind::NAMES.into_iter().zip(gains);
    let given = named.filter_map(|(kind, gain)| Some((kind.to_owned(), (*gain)?.into())));
    Value::Object(given.collect())
}

fn race(race: &Race) -> Value {
    json!({
        "interval_seconds": race.interval.as_secs_f64(),
        "utc_offset": utc_offset(race.utc_offset),
        "lane": race.lane,
        "age_tiers_days": race.age_tiers,
        "level": race.level,
        "growth": race.growth,
    })
}

/// "+08:00" for so many milliseconds.
fn utc_offset(offset: i64) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / (60 * SECOND);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn prediction(prediction: &Prediction) -> (String, Value) {
    let value = match &prediction.normaliser {
        Normaliser::Identity => json!({ "normaliser": "identity" }),
        Normaliser::Log { reference } => json!({ "normaliser": "log", "reference": reference }),
        Normaliser::Logistic { centre, scale } => {
            json!({ "normaliser": "logistic", "centre": centre, "scale": scale })
        }
        Normaliser::Quantile { points } => json!({ "normaliser": "quantile", "points": points }),
    };
    (prediction.name.clone(), value)
}
