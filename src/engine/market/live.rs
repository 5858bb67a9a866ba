//! The live snapshot of the market.

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::support::Market;

/// The live snapshot.
#[derive(Debug, Default)]
pub(in crate::engine) struct Markets {
    pub(in crate::engine) live: ArcSwap<Market>,
    /// Held while a snapshot is built: one at a time.
    pub(super) building: Mutex<()>,
}
