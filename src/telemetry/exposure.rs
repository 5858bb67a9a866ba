//! Metrics of the exposures.

use super::metric::{Count, Each, metrics};

metrics! {
    /// Metrics of the exposures.
    ExposureMetrics {
        blind: Each<Count, 0> = "exposure_blind" by ("scene", []),
            "1 if so few impressions of the scene came in the last 24 hours that no traffic target acts in it, else 0";
    }
}

impl ExposureMetrics {
    /// Sets whether a scene is blind.
    pub fn set_blind(&self, scene: &str, is_blind: bool) {
        self.blind.other(scene).set(is_blind.into());
    }

    /// Removes the metrics of scenes that are not in the live configuration.
    pub fn retain(&self, is_scene: impl Fn(&str) -> bool) {
        self.blind.retain(is_scene);
    }
}
