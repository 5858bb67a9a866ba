//! Follows the configuration file: when its content changes, the new configuration is put in force or refused.
//!
//! The directory is watched, not the file: editors replace a file by renaming another over it, and mounted configuration is
//! swapped through symbolic links, either of which leaves a watch on the file itself behind. Events only say *when* to look;
//! whether anything changed is decided by the content. A look every few seconds covers file systems that send no events and
//! links whose target lies elsewhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use thiserror::Error;

use super::fault::line_of;
use super::{Config, ConfigFaults, Live};

/// How long the directory must be quiet before the file is read: a writer may still be at it.
const QUIET: Duration = Duration::from_millis(150);
/// The longest wait for quiet in a directory where something is always going on.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the file is looked at without any event.
const ROUND: Duration = Duration::from_secs(5);

/// Why a file could not be watched.
#[derive(Debug, Error)]
pub enum WatchError {
    /// The directory cannot be watched.
    #[error("cannot watch the directory of the configuration: {0}")]
    Notify(#[from] notify::Error),
    /// The thread could not be started.
    #[error("cannot start the thread that watches the configuration: {0}")]
    Thread(#[from] std::io::Error),
}

/// Follows the file until it is dropped; after the drop nothing is replaced or called back.
#[derive(Debug)]
pub struct Watcher {
    signals: Sender<Signal>,
    thread: Option<JoinHandle<()>>,
    _events: RecommendedWatcher,
}

enum Signal {
    Changed,
    Stop,
}

/// Keeps `live` at what the file says, read over `base` as [`Config::load_over`] reads it.
///
/// `adjust` lays what the command line overrides over each configuration read, as was done at the start; without it a restart
/// would seem needed for every overridden key. `on_result` is told of each change of the file's content: the number of the
/// generation now in force (the same as before where only comments changed), or the faults for which the file was refused.
/// The file is compared with `live` at once, in case it changed since it was loaded; of that first look only a change or a
/// fault is told. Both functions run on the watcher's own thread and must not drop the watcher.
///
/// # Errors
/// [`WatchError`] where the directory cannot be watched or the thread cannot be started.
pub fn watch(
    base: &'static str,
    path: &Path,
    live: Arc<Live>,
    adjust: impl Fn(&mut Config) + Send + 'static,
    on_result: impl Fn(Result<u64, ConfigFaults>) + Send + 'static,
) -> Result<Watcher, WatchError> {
    let (signals, inbox) = channel();
    let events = listen(directory(path), signals.clone())?;
    let mut follower = Follower {
        base,
        path: path.to_owned(),
        live,
        adjust,
        on_result,
        seen: None,
    };
    let thread = thread::Builder::new()
        .name("config-watch".to_owned())
        .spawn(move || follower.run(&inbox))?;
    Ok(Watcher {
        signals,
        thread: Some(thread),
        _events: events,
    })
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The directory in which a file stands.
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Signals whatever happens in a directory, but for reading: our own look at the file must not cause the next one.
fn listen(directory: &Path, signals: Sender<Signal>) -> notify::Result<RecommendedWatcher> {
    let mut events = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if !event.is_ok_and(|event| event.kind.is_access()) {
            let _ = signals.send(Signal::Changed);
        }
    })?;
    events.watch(directory, RecursiveMode::NonRecursive)?;
    Ok(events)
}

/// What the last look at the file found.
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
    on_result: R,
    seen: Option<Seen>,
}

impl<A: Fn(&mut Config), R: Fn(Result<u64, ConfigFaults>)> Follower<A, R> {
    fn run(&mut self, inbox: &Receiver<Signal>) {
        self.look();
        while settled(inbox) {
            self.look();
        }
    }

    /// Reads the file and, if it is not what it was, puts it in force or tells why not.
    fn look(&mut self) {
        let read = fs::read(&self.path);
        let seen = Some(match &read {
            Ok(content) => Seen::Content(content.clone()),
            Err(error) => Seen::Unreadable(error.kind()),
        });
        if seen == self.seen {
            return;
        }
        let first = self.seen.is_none();
        self.seen = seen;
        let before = self.live.peek().number;
        let result = self.take_over(read);
        if !first || result != Ok(before) {
            (self.on_result)(result);
        }
    }

    fn take_over(&self, read: std::io::Result<Vec<u8>>) -> Result<u64, ConfigFaults> {
        let mut config = Config::decode(self.base, &self.path, read)?;
        (self.adjust)(&mut config);
        self.live
            .replace(config)
            .map_err(|faults| self.place(faults))
    }

    /// Gives faults of single keys their file and lines.
    fn place(&self, mut faults: Vec<super::ConfigFault>) -> ConfigFaults {
        if let Some(Seen::Content(content)) = &self.seen {
            let text = String::from_utf8_lossy(content);
            for fault in &mut faults {
                fault.line = line_of(&text, &fault.path);
            }
        }
        let file = self.path.display().to_string();
        ConfigFaults { file, faults }
    }
}

/// Waits until the file is worth a look: some time after the last event, or after a round without any. False: stop.
fn settled(inbox: &Receiver<Signal>) -> bool {
    match inbox.recv_timeout(ROUND) {
        Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        Err(RecvTimeoutError::Timeout) => return true,
        Ok(Signal::Changed) => {}
    }
    let patience = Instant::now() + PATIENCE;
    while Instant::now() < patience {
        match inbox.recv_timeout(QUIET) {
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(Signal::Changed) => {}
        }
    }
    true
}
