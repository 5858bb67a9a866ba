//! The experiments in the names and units of the file.

use serde_json::{Map, Value, json};

use super::experiment::{Experiment, share};
use super::scene::Overlay;
use super::settings::Config;
use super::weights::Weighed;

impl Config {
    /// Returns the settings of all experiments in the names and units of the file.
    pub(super) fn shown_experiments(&self) -> Value {
        let mut value = json!({ "max_users": self.experiments.max_users });
        if let Some(holdout) = &self.experiments.holdout {
            value["holdout"] = json!({ "share": share(holdout.parts), "salt": holdout.salt });
        }
        value
    }

    /// Returns an experiment in the names and units of the file.
    pub(super) fn shown_experiment(&self, each: &Experiment) -> Value {
        let arms = each.arms.iter().map(|arm| {
            let mut value = json!({ "share": arm.share });
            if !arm.set.is_empty() {
                value["set"] = self.shown_overlay(&arm.set);
            }
            (arm.name.clone(), value)
        });
        let control = each.arms.get(each.control);
        let mut value = json!({
            "layer": each.layer,
            "range": each.range.map(share),
            "primary": each.primary.name(),
            "find": each.find,
            "control": control.map(|arm| &arm.name),
            "arms": arms.collect::<Map<_, _>>(),
        });
        if !each.scenes.is_empty() {
            value["scenes"] = each.scenes.clone().into();
        }
        if let Some(audience) = each.audience {
            value["audience"] = self.audiences[audience.index()].name.clone().into();
        }
        if !each.guards.is_empty() {
            let guards = each.guards.iter().map(|guard| guard.name());
            value["guards"] = guards.collect();
        }
        if let Some(cap) = each.gmv_cap {
            value["gmv_cap"] = cap.into();
        }
        value
    }

    fn shown_overlay(&self, set: &Overlay) -> Value {
        let named = |weights: &[(Weighed, f64)]| {
            let weights = weights.iter();
            let named = weights.map(|&(it, weight)| (self.name(it).to_owned(), weight.into()));
            Value::Object(named.collect::<Map<_, _>>())
        };
        let mut value = json!({});
        for (key, number) in [("limit", set.limit), ("timeout_ms", set.timeout_ms)] {
            if let Some(number) = number {
                value[key] = number.into();
            }
        }
        if !set.weights.is_empty() {
            value["weights"] = named(&set.weights);
        }
        if let Some(rules) = &set.rules {
            value["rules"] = rules.iter().map(|rule| self.rule(rule)).collect();
        }
        if !set.weights_for.is_empty() {
            let audiences = set.weights_for.iter().map(|(audience, weights)| {
                let audience = &self.audiences[audience.index()];
                (audience.name.clone(), named(weights))
            });
            value["weights_for"] = Value::Object(audiences.collect::<Map<_, _>>());
        }
        value
    }
}
