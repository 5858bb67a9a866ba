//! Goals of merchants: for whom their items count more. A goal changes for whom, never how much: over its exposures its mean is one half,
//! so that no goal is the clever one to declare.

/// Returns the value of a goal in [0, 1]: ½ + ½(c − π), where c is 1 if the goal holds for the user, and π is the share of exposures at
/// which it held; unknown: ½.
#[must_use]
pub fn goal_value(holds: bool, share: Option<f64>) -> f64 {
    let holds = if holds { 1.0 } else { 0.0 };
    share.map_or(0.5, |share| 0.5 + 0.5 * (holds - share))
}
