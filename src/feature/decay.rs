//! Forward decay: sums that fade without a timer.
//!
//! x(t) = Σ gain·2^(−(t−tₑ)/h) is kept as X = Σ gain·2^((tₑ−t₀)/h), so that x(t) = X·2^(−(t−t₀)/h): an event is one addition,
//! and the sum does not depend on the order of events. The landmark t₀ is a whole multiple of the half-life h, so that moving it
//! multiplies by a power of two, which is exact.
//! Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay", ICDE 2009.

use crate::clock::Time;

/// Half-lives that an event may lie after the landmark before the landmark moves.
const REACH: f64 = 32.0;

/// The half-life of histories, in milliseconds, above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    half_life: f64,
}

impl Decay {
    /// Decay with that half-life in milliseconds.
    #[must_use]
    pub const fn new(half_life: f64) -> Self {
        Self { half_life }
    }

    /// An instant in half-lives since 1970.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of the years 0 to 9999 are exact in an f64"
    )]
    fn age(self, at: Time) -> f64 {
        at.millis() as f64 / self.half_life
    }

    /// The landmark for a first event at that instant.
    pub(super) fn landmark(self, at: Time) -> f64 {
        self.age(at).floor()
    }

    /// Where the landmark must move to before an event at that instant is added, if it must.
    pub(super) fn moved(self, landmark: f64, at: Time) -> Option<f64> {
        (self.age(at) - landmark > REACH).then(|| self.landmark(at))
    }

    /// What a gain at that instant adds: 2^((t − t₀)/h) for a gain of 1.
    pub(super) fn growth(self, landmark: f64, at: Time) -> f64 {
        (self.age(at) - landmark).exp2()
    }

    /// What is left at that instant of a sum kept from the landmark: 2^(−(t − t₀)/h).
    pub(super) fn left(self, landmark: f64, at: Time) -> f64 {
        (landmark - self.age(at)).exp2()
    }

    /// For a sum kept from the landmark that is to fade by another decay from that instant on: by what to multiply it, and its landmark
    /// then.
    pub(super) fn give_way(self, next: Self, landmark: f64, at: Time) -> (f64, f64) {
        let next_landmark = next.landmark(at);
        let factor = self.left(landmark, at) * next.growth(next_landmark, at);
        (factor, next_landmark)
    }
}
