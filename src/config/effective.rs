//! The live configuration in the names and units of the file, as `GET /config` shows it.
//!
//! Every scene lists every weight, zeros included. Written as TOML, the view reads back as the same configuration (a test checks
//! this), so two configurations are equal if their views are; [`Live::replace`](super::Live::replace) relies on it.

use serde_json::{Map, Value, json};

use super::scene::Scene;
use super::settings::Config;
use super::weights::Weighed;
use super::{
    admission, audience, aversion, campaign, clock, decisions, editing, exposure, integrity, log,
    market, model, pages, prediction, profile, race, scale, selection, server, store, support,
    tail, tls,
};
use crate::clock::SECOND;
use crate::model::DEFAULT_SCENE;
use crate::number::DAY_MILLIS;
use crate::objective::TABLE;

/// Returns the name of a scene, and whether it is retired.
fn named(scene: &Scene) -> (String, Value) {
    let state = if scene.retired {
        json!({ "retired": true })
    } else {
        json!({})
    };
    (scene.name.clone(), state)
}

impl Config {
    /// Returns the configuration in the names and units of the file, inheritance resolved. It contains no secrets.
    #[must_use]
    pub fn effective(&self) -> Value {
        json!({
            "server": server::shown(&self.server),
            "tls": tls::shown(&self.tls),
            "admission": admission::shown(&self.admission),
            "store": store::shown(&self.store),
            "clock": clock::shown(&self.clock),
            "config": editing::shown(&self.editing),
            "limits": self.limits,
            "profile": profile::shown(&self.profile),
            "scale": scale::shown(&self.scale),
            "freshness": { "half_life_days": self.freshness_half_life / DAY_MILLIS },
            "text": { "words": self.text_words },
            "proximity": { "half_km": self.half_km },
            "race": race::shown(&self.race),
            "integrity": integrity::shown(&self.integrity),
            "aversion": aversion::shown(&self.aversion),
            "pages": pages::shown(&self.pages),
            "exposure": exposure::shown(&self.exposure),
            "predictions": self.predictions.iter().map(prediction::shown).collect::<Map<_, _>>(),
            "model": self.models.iter().map(model::shown).collect::<Map<_, _>>(),
            "selection": self.selections.iter().filter(|each| !each.implicit).map(selection::shown).collect::<Map<_, _>>(),
            "audience": self.audiences.iter().map(audience::shown).collect::<Map<_, _>>(),
            "scene": self.scenes.values().map(|each| self.scene(each)).collect::<Map<_, _>>(),
            "experiments": self.shown_experiments(),
            "experiment": self.experiments.each.iter().map(|each| (each.name.clone(), self.shown_experiment(each))).collect::<Map<_, _>>(),
            "support": support::shown(&self.support),
            "tail": tail::shown(&self.tail),
            "campaign": campaign::shown(&self.campaigns),
            "market": market::shown(&self.market),
            "decisions": decisions::shown(&self.decisions),
            "log": log::shown(&self.log),
        })
    }

    /// Returns the settings that decide what is learnt from facts, as TOML. The journal stores them, so every later version must
    /// be able to read them; nothing else belongs here.
    #[must_use]
    pub fn terms(&self) -> String {
        let terms = json!({
            "store": {
                "unknown_items": self.store.unknown_items,
                "future_seconds": self.store.future / SECOND,
            },
            "clock": { "mode": self.clock.mode },
            "limits": { "tags": self.limits.tags, "nesting": self.limits.nesting },
            "profile": profile::shown(&self.profile),
            "race": { "utc_offset": race::shown_offset(self.race.utc_offset) },
            "exposure": exposure::shown(&self.exposure),
            // An impression counts for the scene that answers, and for none if its scene is not configured.
            "scene": self.learning_scenes(),
        });
        toml::to_string(&terms).unwrap_or_default()
    }

    /// Returns the scenes as far as learning depends on them. What all of them together ask to remember is said of the root.
    fn learning_scenes(&self) -> Value {
        let mut scenes: Value = self
            .scenes
            .values()
            .map(|it| named(it))
            .collect::<Map<_, _>>()
            .into();
        let root = &mut scenes[DEFAULT_SCENE];
        if self.sights > 0 {
            let rule = json!({ "name": "seen", "rule": "seen", "after": self.sights, "days": 1, "then": "hide" });
            root["rules"] = json!([rule]);
        }
        if self.goals {
            root["weights"] = json!({ "goal": 1 });
        }
        scenes
    }

    fn scene(&self, scene: &Scene) -> (String, Value) {
        let weight = |weighed: Weighed| {
            let mut weights = scene.weights.iter();
            let found = weights.find(|(other, _)| *other == weighed);
            found.map_or(0.0, |(_, weight)| *weight)
        };
        let own = TABLE.iter().map(|row| Weighed::Own(row.objective));
        let predictions = (0..self.predictions.len()).map(Weighed::Prediction);
        let models = (0..self.models.len()).map(Weighed::Model);
        let weights: Map<_, _> = own
            .chain(predictions)
            .chain(models)
            .map(|weighed| (self.name(weighed).to_owned(), weight(weighed).into()))
            .collect();
        let timeout_ms = u64::try_from(scene.timeout.as_millis()).unwrap_or(u64::MAX);
        let mut value =
            json!({ "limit": scene.limit, "timeout_ms": timeout_ms, "weights": weights });
        // Without rules it would inherit those of the root.
        let root = self.scenes.get(DEFAULT_SCENE);
        if !scene.rules.is_empty() || root.is_some_and(|root| !root.rules.is_empty()) {
            let rules = scene.rules.iter().map(|rule| self.rule(rule));
            value["rules"] = rules.collect();
        }
        let weights_for: Map<_, _> = scene
            .weights_for
            .iter()
            .map(|(audience, weights)| {
                let weights = weights
                    .iter()
                    .map(|&(weighed, weight)| (self.name(weighed).to_owned(), Value::from(weight)));
                let audience = &self.audiences[audience.index()];
                (audience.name.clone(), weights.collect::<Map<_, _>>().into())
            })
            .collect();
        if !weights_for.is_empty() {
            value["weights_for"] = weights_for.into();
        }
        if scene.retired {
            value["retired"] = true.into();
        }
        (scene.name.clone(), value)
    }
}
