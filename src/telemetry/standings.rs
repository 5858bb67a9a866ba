//! Metrics of the live standings.

use super::metric::{Count, Figure, metrics};

metrics! {
    /// Metrics of the live standings.
    StandingsMetrics {
        pub number: Count = "standings_number", "Number of the live standings";
        pub age: Figure = "standings_age_seconds", "Age of the live standings";
        pub duration: Figure = "standings_duration_seconds", "Duration of the last rebuild";
    }
}
