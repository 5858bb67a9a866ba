//! The signals of the operating system: SIGTERM and SIGINT end the service, SIGHUP rereads its files.
//!
//! A thread of its own waits for them, with a runtime of its own, so no work of the service delays them. It also ends the process if
//! the service did not end in time, whatever a thread waits for. What was acknowledged is durable by then.

use std::ops::ControlFlow;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::config::Live;
use crate::telemetry::Log;
use crate::threads::Threads;

/// Time after `[server] drain_seconds` at which the process ends in any case. It is less than a second, since writing the last lines of
/// the log may take a moment.
const GRACE: Duration = Duration::from_millis(500);

/// Rereads one file or more.
type Reread = Box<dyn Fn() + Send>;

/// The service as the signals see it.
pub(super) struct Signals {
    shared: Arc<Shared>,
}

struct Shared {
    live: Arc<Live>,
    log: Arc<Log>,
    /// `true` once requests are accepted; before that, SIGTERM ends the process at once.
    serving: AtomicBool,
    terminated: watch::Sender<bool>,
    rereads: Mutex<Vec<Reread>>,
}

/// The signals that the thread waits for.
struct Awaited {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

#[derive(Clone, Copy)]
enum Received {
    End,
    Reread,
}

impl Signals {
    /// Handles the signals from now on.
    pub(super) fn start(threads: &Threads, live: Arc<Live>, log: Arc<Log>) -> Result<Self> {
        let shared = Arc::new(Shared {
            live,
            log,
            serving: AtomicBool::new(false),
            terminated: watch::Sender::new(false),
            rereads: Mutex::default(),
        });
        let mut awaited = Awaited::new().context("cannot handle signals")?;
        let own = Arc::clone(&shared);
        let round = move || {
            match awaited.next() {
                Received::End => own.end(),
                Received::Reread => own.reread(),
            }
            ControlFlow::Continue(())
        };
        let started = threads.start("signals", round);
        started.context("cannot start the thread that handles signals")?;
        Ok(Self { shared })
    }

    /// Calls `reread` at each SIGHUP.
    pub(super) fn on_reread(&self, reread: impl Fn() + Send + 'static) {
        self.shared.rereads.lock().push(Box::new(reread));
    }

    /// Completes on SIGTERM or SIGINT. From this call on, the service ends in an orderly way.
    pub(super) fn terminated(&self) -> impl Future<Output = ()> + use<> {
        self.shared.serving.store(true, Ordering::Release);
        let mut terminated = self.shared.terminated.subscribe();
        async move {
            // The sender lives as long as the thread that waits for signals.
            let _ended = terminated.wait_for(|terminated| *terminated).await;
        }
    }
}

impl Awaited {
    fn new() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let _entered = runtime.enter();
        let (terminate, interrupt, hangup) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        );
        drop(_entered);
        Ok(Self {
            runtime,
            terminate,
            interrupt,
            hangup,
        })
    }

    fn next(&mut self) -> Received {
        let (terminate, interrupt, hangup) =
            (&mut self.terminate, &mut self.interrupt, &mut self.hangup);
        self.runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => Received::End,
                _ = interrupt.recv() => Received::End,
                _ = hangup.recv() => Received::Reread,
            }
        })
    }
}

impl Shared {
    /// Asks the service to end, and ends the process if it did not in time.
    fn end(&self) {
        self.terminated.send_replace(true);
        if self.serving.load(Ordering::Acquire) {
            let drain = self.live.load().config.server.drain;
            thread::sleep(drain + GRACE);
            tracing::warn!("ended although some work did not finish in time");
        }
        self.log.flush();
        process::exit(0);
    }

    fn reread(&self) {
        tracing::info!("SIGHUP: configuration, tokens and TLS are read again");
        self.rereads.lock().iter().for_each(|reread| reread());
    }
}
