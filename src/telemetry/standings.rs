//! Metrics of the live standings.

use super::metric::{Count, Figure, metrics};

metrics! {
    /// Metrics of the live standings.
    StandingsMetrics {
        pub number: Count = "standings_number", "Number of the live standings";
        pub age: Figure = "standings_age_seconds", "Age of the live standings";
        pub ahead: Figure = "clock_ahead_seconds", "Seconds by which the machine's clock jumped ahead without being confirmed, else 0";
        pub days: Count = "standings_days", "Days of sales that the live standings are built from; below 84 if a bound evicted the oldest";
        pub duration: Figure = "standings_duration_seconds", "Duration of the last rebuild";
    }
}
