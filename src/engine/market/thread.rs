//! The thread that builds the snapshots.

use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::engine::Engine;

/// Interval between looks whether a snapshot is due.
const LOOK: Duration = Duration::from_millis(50);
/// Minimum pause before the next snapshot, in durations of the last one.
const REST: u32 = 9;

/// Starts the thread; it ends with the engine.
pub(in crate::engine) fn run(engine: &Arc<Engine>) {
    let mut watch = Watch {
        engine: Arc::downgrade(engine),
        next: Instant::now(),
        basis: None,
    };
    let _listed_as_failing = engine.threads.start("market", move || watch.round());
}

/// State of the thread.
struct Watch {
    engine: Weak<Engine>,
    next: Instant,
    /// The generation and the first standings under which the last snapshot was built.
    basis: Option<(u64, bool)>,
}

impl Watch {
    /// Builds a snapshot if one is due: the interval is over, the configuration changed, or the first standings are live.
    fn round(&mut self) -> ControlFlow<()> {
        let Some(engine) = self.engine.upgrade() else {
            return ControlFlow::Break(());
        };
        let generation = engine.generation();
        let basis = Some((generation.number, engine.standings.load().number > 0));
        if Instant::now() >= self.next || self.basis != basis {
            let started = Instant::now();
            self.basis = basis;
            engine.refresh_market();
            let rest = started.elapsed() * REST;
            self.next = started + generation.config.market.interval.max(rest);
        }
        drop(engine);
        std::thread::sleep(LOOK);
        ControlFlow::Continue(())
    }
}
