//! The terms of an experiment, as they are fixed when it begins.

use serde::{Deserialize, Serialize};

use crate::config::{Experiment, Metric, PARTS};

/// The terms of an experiment.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// Its layer.
    pub layer: String,
    /// Its part of the layer, in parts of 10,000; it may grow.
    pub range: [u32; 2],
    /// Names of its scenes; empty: all.
    pub scenes: Vec<String>,
    /// Name of its audience, if it has one.
    pub audience: Option<String>,
    /// Name of the metric that decides.
    pub primary: String,
    /// The smallest lift worth finding.
    pub find: f64,
    /// Names of the metrics that must not get worse; they may change.
    pub guards: Vec<String>,
    /// Number of the control.
    pub control: usize,
    /// Maximum money of one event.
    pub cap: f64,
    /// The arms with the part of 10,000 after the last one of each, in byte order of their names.
    pub arms: Vec<(String, u32)>,
}

impl Plan {
    /// Returns the plan of a configured experiment, given the name of its audience and the price reference of the standings.
    #[must_use]
    pub fn of(experiment: &Experiment, audience: Option<&str>, price: f64) -> Self {
        let guards = experiment.guards.iter();
        let arms = experiment.arms.iter();
        Self {
            name: experiment.name.clone(),
            layer: experiment.layer.clone(),
            range: experiment.range,
            scenes: experiment.scenes.clone(),
            audience: audience.map(str::to_owned),
            primary: experiment.primary.name().to_owned(),
            find: experiment.find,
            guards: guards.map(|guard| guard.name().to_owned()).collect(),
            control: experiment.control,
            cap: experiment.gmv_cap.unwrap_or(price),
            arms: arms.map(|arm| (arm.name.clone(), arm.end)).collect(),
        }
    }

    /// Returns the plan as JSON, as the journal holds it.
    #[must_use]
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a plan that was [written](Self::written). Its numbers may differ from the written ones in the last bit.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns whether another plan only goes on with this one, under a grown range or other guards.
    #[must_use]
    pub fn goes_on_as(&self, next: &Self) -> bool {
        let grows = next.range[0] <= self.range[0] && self.range[1] <= next.range[1];
        grows && self.fixed() == next.fixed()
    }

    /// Returns whether it says what a running experiment's plan says, whose cap is fixed.
    #[must_use]
    pub fn is_of(&self, running: &Self) -> bool {
        let same = (self.range, &self.guards) == (running.range, &running.guards);
        same && self.fixed() == running.fixed()
    }

    /// Returns what does not change while the experiment runs, but for the cap.
    fn fixed(&self) -> impl PartialEq + use<'_> {
        // Every field is named, so that none that is added is left out.
        let Self {
            name,
            layer,
            range: _,
            scenes,
            audience,
            primary,
            find,
            guards: _,
            control,
            cap: _,
            arms,
        } = self;
        (
            (name, layer, scenes, audience),
            (primary, find, control, arms),
        )
    }

    /// Returns the metric that decides.
    #[must_use]
    pub fn primary(&self) -> Metric {
        Metric::named(&self.primary).unwrap_or(Metric::OrdersPerUser)
    }

    /// Returns the metrics that must not get worse.
    pub fn guards(&self) -> impl Iterator<Item = Metric> {
        self.guards.iter().filter_map(|name| Metric::named(name))
    }

    /// Returns the shares of the arms.
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        let mut before = 0;
        let shares = self.arms.iter().map(|(_, end)| {
            let parts = end.saturating_sub(before);
            before = *end;
            f64::from(parts) / f64::from(PARTS)
        });
        shares.collect()
    }

    /// Returns whether it runs in a scene.
    #[must_use]
    pub fn meets(&self, scene: &str) -> bool {
        self.scenes.is_empty() || self.scenes.iter().any(|name| name == scene)
    }
}
