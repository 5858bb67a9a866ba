//! Follows the configuration file: when its content changes, the new configuration goes live or is rejected.
//!
//! The directory is watched, not the file. Editors replace a file by renaming another over it, and mounted configuration is swapped
//! through symbolic links; both would detach a watch on the file itself. An event only triggers a read; the content decides whether
//! anything changed. A read every few seconds covers file systems without events and links to other directories.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use thiserror::Error;

use super::fault::{ConfigFault, ConfigFaults, line_of};
use super::file;
use super::live::Live;
use super::named::Named;
use super::settings::Config;
use crate::threads::Threads;

/// Time without events before the file is read, so that a writer can finish.
const QUIET: Duration = Duration::from_millis(150);
/// Maximum wait for such a quiet time in a busy directory.
const PATIENCE: Duration = Duration::from_secs(1);
/// Interval of reads without any event.
const ROUND: Duration = Duration::from_secs(5);

/// Error of [`watch`].
#[derive(Debug, Error)]
pub enum WatchError {
    /// The directory cannot be watched.
    #[error("cannot watch the directory of the configuration: {0}")]
    Notify(#[from] notify::Error),
    /// The thread could not be started.
    #[error("cannot start the thread that watches the configuration: {0}")]
    Thread(#[from] std::io::Error),
}

/// Follows the file until it is dropped. After the drop, nothing is replaced and no callback runs.
#[derive(Debug)]
pub struct Watcher {
    signals: Sender<Signal>,
    thread: Option<JoinHandle<()>>,
    _events: RecommendedWatcher,
}

enum Signal {
    Changed,
    Reread,
    Stop,
}

/// Reads the file again at once, when asked.
#[derive(Clone, Debug)]
pub struct Reread(Sender<Signal>);

impl Reread {
    /// Reads the file now, and reports the result even if the content did not change.
    pub fn now(&self) {
        let _ = self.0.send(Signal::Reread);
    }
}

/// Prepares a configuration, and makes it live by its second argument.
pub type Prepare = dyn Fn(&Config, &mut dyn FnMut()) + Send;

/// Keeps `live` equal to the file, read over `base` as [`Config::load_over`] does.
///
/// `adjust` applies the overrides of the command line to each configuration, as at the start; without it every overridden key would
/// seem to need a restart. `prepare` makes each valid change live. `on_result` is called after each change of the file's content, with
/// the number of the live generation (the same as before if only comments changed) or with the faults. The file is also compared with
/// `live` at once, in case it changed since it was loaded; of this first read only a change or a fault is reported. These functions run
/// on the watcher's thread, one of `threads`, and must not drop the watcher.
///
/// A file that became empty is rejected: editors, shells and full disks leave one behind for a moment, and it would mean the default of
/// every key.
///
/// # Errors
/// [`WatchError`] if the directory cannot be watched or the thread cannot be started.
pub fn watch(
    base: &'static str,
    path: &Path,
    live: Arc<Live>,
    threads: &Threads,
    adjust: impl Fn(&mut Config) + Send + 'static,
    prepare: Box<Prepare>,
    on_result: impl Fn(Result<u64, ConfigFaults>) + Send + 'static,
) -> Result<Watcher, WatchError> {
    let (signals, inbox) = channel();
    let events = listen(file::directory(path), signals.clone())?;
    let mut follower = Follower {
        base,
        path: path.to_owned(),
        live,
        adjust,
        prepare,
        on_result,
        seen: None,
        named: Vec::new(),
        shared: Vec::new(),
        due: Some(Due::Changed),
    };
    let thread = threads.start("config", move || follower.round(&inbox))?;
    Ok(Watcher {
        signals,
        thread: Some(thread),
        _events: events,
    })
}

impl Watcher {
    /// Returns a handle that reads the file at once.
    #[must_use]
    pub fn reread(&self) -> Reread {
        Reread(self.signals.clone())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Signals every event in a directory except reads: the watcher's own read must not trigger the next one.
fn listen(directory: &Path, signals: Sender<Signal>) -> notify::Result<RecommendedWatcher> {
    let mut events = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if !event.is_ok_and(|event| event.kind.is_access()) {
            let _ = signals.send(Signal::Changed);
        }
    })?;
    events.watch(directory, RecursiveMode::NonRecursive)?;
    Ok(events)
}

/// Result of the last read.
#[derive(PartialEq, Eq)]
enum Seen {
    Content(Vec<u8>),
    Unreadable(std::io::ErrorKind),
}

struct Follower<A, R> {
    base: &'static str,
    path: PathBuf,
    live: Arc<Live>,
    adjust: A,
    prepare: Box<Prepare>,
    on_result: R,
    /// Result of the last read that was applied or rejected.
    seen: Option<Seen>,
    /// The files that it names.
    named: Vec<Named>,
    /// The files that only overrides name, as the last read that was applied or rejected found them.
    shared: Vec<Named>,
    /// The read that is due now; stays if the read panics.
    due: Option<Due>,
}

/// The reason of a read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The file may have changed.
    Changed,
    /// The operator wants it.
    Asked,
}

/// A configuration that was taken over.
struct Taken {
    /// The number of the live generation.
    number: u64,
    /// Whether it is a new one.
    went_live: bool,
}

impl<A: Fn(&mut Config), R: Fn(Result<u64, ConfigFaults>)> Follower<A, R> {
    /// Waits until a read is due, and reads.
    fn round(&mut self, inbox: &Receiver<Signal>) -> ControlFlow<()> {
        let Some(due) = self.due.or_else(|| next(inbox)) else {
            return ControlFlow::Break(());
        };
        self.due = Some(due);
        self.look(due);
        self.due = None;
        ControlFlow::Continue(())
    }

    /// Reads the file; if it or a file that it names changed, makes it live or reports its faults.
    fn look(&mut self, due: Due) {
        let read = file::read(&self.path);
        let seen = match &read {
            Ok(content) => Seen::Content(content.clone()),
            Err(error) => Seen::Unreadable(error.kind()),
        };
        let shared = self.shared();
        let same = self.seen.as_ref() == Some(&seen)
            && self.named.iter().chain(&shared).all(Named::is_unchanged);
        if same && due == Due::Changed {
            return;
        }
        // Read before it is taken over, so that a change in between is seen by the next look.
        let again = shared.iter().map(|it| Named::read(it.path().to_owned()).0);
        self.shared = again.collect();
        let taken = self.take_over(read, &seen);
        let first = self.seen.is_none();
        self.seen = Some(seen);
        let is_news = taken.as_ref().map_or(true, |taken| taken.went_live);
        if !first || is_news {
            (self.on_result)(taken.map(|taken| taken.number));
        }
    }

    /// Returns the files that the live configuration names and the followed file does not, as they were when last looked at.
    fn shared(&self) -> Vec<Named> {
        let (live, own) = (self.live.load(), &self.named);
        let read = live.config.models.iter().flat_map(|model| &model.read);
        let shared = read.filter(|it| own.iter().all(|own| own.path() != it.path()));
        let last = |it: &Named| self.shared.iter().find(|last| last.path() == it.path());
        shared.map(|it| last(it).unwrap_or(it).clone()).collect()
    }

    fn take_over(
        &mut self,
        read: std::io::Result<Vec<u8>>,
        seen: &Seen,
    ) -> Result<Taken, ConfigFaults> {
        let (config, named) = Config::decode(self.base, &self.path, read);
        self.named = named;
        let mut config = config?;
        (self.adjust)(&mut config);
        let empty = matches!(seen, Seen::Content(content) if content.trim_ascii().is_empty());
        if empty && !self.live.is_file(&config) {
            let file = self.path.display().to_string();
            let message = "the file is empty; for the default of every key, write a comment";
            return Err(ConfigFaults::whole(file, 0, message.to_owned()));
        }
        let mut went_live = false;
        let prepare = |config: &Config, go_live: &mut dyn FnMut()| {
            went_live = true;
            (self.prepare)(config, go_live);
        };
        match self.live.replace_after(config, prepare) {
            Ok(number) => Ok(Taken { number, went_live }),
            Err(faults) => Err(self.place(faults, seen)),
        }
    }

    /// Adds the file and the lines to faults of single keys.
    fn place(&self, mut faults: Vec<ConfigFault>, seen: &Seen) -> ConfigFaults {
        if let Seen::Content(content) = seen {
            let text = String::from_utf8_lossy(content);
            for fault in &mut faults {
                fault.line = line_of(&text, &fault.path);
            }
        }
        let file = self.path.display().to_string();
        ConfigFaults { file, faults }
    }
}

/// Waits until the next read: a quiet time after the last event, or [`ROUND`] without any, or a request. Returns `None` to stop.
fn next(inbox: &Receiver<Signal>) -> Option<Due> {
    let mut patience = None;
    loop {
        let wait = patience.map_or(ROUND, |_| QUIET);
        match inbox.recv_timeout(wait) {
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => return Some(Due::Changed),
            Ok(Signal::Reread) => return Some(Due::Asked),
            Ok(Signal::Changed) => {}
        }
        let end = *patience.get_or_insert_with(|| Instant::now() + PATIENCE);
        if Instant::now() >= end {
            return Some(Due::Changed);
        }
    }
}
