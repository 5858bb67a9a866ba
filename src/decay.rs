//! Forward decay: sums that decay without a timer (Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay", ICDE 2009).
//!
//! x(t) = Σ gain·2^(−(t−tₑ)/h) is kept as X = Σ gain·2^((tₑ−t₀)/h), so that x(t) = X·2^(−(t−t₀)/h). An event is one addition,
//! and the sum doesn't depend on the order of events. The landmark t₀ is a whole multiple of the half-life h, so that moving it
//! multiplies by a power of two, which is exact.

use crate::clock::Time;

/// Maximum half-lives from the landmark to an event; beyond them the landmark moves.
const REACH: f64 = 32.0;

/// The decay of histories: a half-life in milliseconds, above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    half_life: f64,
}

impl Decay {
    /// Creates a decay with a half-life in milliseconds.
    #[must_use]
    pub const fn new(half_life: f64) -> Self {
        Self { half_life }
    }

    /// Returns an instant in half-lives since 1970.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of the years 0 to 9999 are exact in an f64"
    )]
    fn age(self, at: Time) -> f64 {
        at.millis() as f64 / self.half_life
    }

    /// Returns the landmark for a first event at an instant.
    #[must_use]
    pub fn landmark(self, at: Time) -> f64 {
        self.age(at).floor()
    }

    /// Returns the new landmark if the landmark must move before an event at an instant is added.
    #[must_use]
    pub fn moved(self, landmark: f64, at: Time) -> Option<f64> {
        (self.age(at) - landmark > REACH).then(|| self.landmark(at))
    }

    /// Returns what a gain of 1 at an instant adds to a sum: 2^((t − t₀)/h).
    #[must_use]
    pub fn growth(self, landmark: f64, at: Time) -> f64 {
        (self.age(at) - landmark).exp2()
    }

    /// Returns the share of a kept sum that is left at an instant: 2^(−(t − t₀)/h).
    #[must_use]
    pub fn left(self, landmark: f64, at: Time) -> f64 {
        (landmark - self.age(at)).exp2()
    }

    /// Returns the factor on a kept sum and its new landmark, if it follows another decay from an instant on; the sum at that instant is
    /// unchanged.
    #[must_use]
    pub fn changed_to(self, next: Self, landmark: f64, at: Time) -> (f64, f64) {
        let next_landmark = next.landmark(at);
        let factor = self.left(landmark, at) * next.growth(next_landmark, at);
        (factor, next_landmark)
    }
}
