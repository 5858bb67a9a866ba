//! Credit: how far a target is behind its plan, in units of a band, in [0, 1].

/// Returns the credit of a dated count: clamp((plan − served) / band, 0, 1). It is 0 once the `full` count is served.
#[must_use]
pub fn dated(plan: f64, served: f64, full: f64, band: f64) -> f64 {
    if served >= full || band <= 0.0 {
        return 0.0;
    }
    ((plan - served) / band).clamp(0.0, 1.0)
}

/// A target share of all exposures, as the exposures since the last step show it.
///
/// This is an integral controller, whose clamp keeps it from winding up; a night without traffic moves nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The target share γ, between 0 and 1.
    pub target: f64,
    /// New exposures, N.
    pub shown: f64,
    /// Those of the group, n.
    pub of_group: f64,
    /// Exposures a day, D; 0 if unknown.
    pub a_day: f64,
    /// Days of the target by which the credit goes from 0 to 1.
    pub band: f64,
}

impl Share {
    /// Returns the next credit: clamp(c + (γN − n) / (γ·D·band), 0, 1). It stays if nothing was shown or D is unknown.
    #[must_use]
    pub fn next(&self, credit: f64) -> f64 {
        let scale = self.target * self.a_day * self.band;
        if self.shown <= 0.0 || scale <= 0.0 {
            return credit;
        }
        let behind = self.target * self.shown - self.of_group;
        (credit + behind / scale).clamp(0.0, 1.0)
    }
}

/// Returns the factor of a credit under a bound: bound^credit, from 1 to the bound.
#[must_use]
pub fn strength(credit: f64, bound: f64) -> f64 {
    (credit * bound.ln()).exp()
}
