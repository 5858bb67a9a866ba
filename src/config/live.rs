//! The live configuration: immutable generations, swapped as a whole.
//!
//! A request loads the generation once and keeps it to its end, so it never sees half of a change. Settings that size or open something
//! at the start cannot change in a running service: such a change is rejected with the names of the keys, not ignored. Every change,
//! wherever it comes from, takes the one path of [`Live::succeed`]: checked, recorded, prepared, swapped.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;

use super::change::ChangeError;
use super::fault::ConfigFault;
use super::generation::{Generation, Shown};
use super::settings::Config;
use super::shared::{
    Author, ChangeSource, Desk, Difference, Edit, History, HistoryError, HistorySize, Next, Origin,
    Overrides, Plan, Record, State, differences, full, same,
};
use super::succession::{self, keep_until_restart, needs_restart};
use crate::clock::{Clock, Time};

/// The live configuration.
#[derive(Debug)]
pub struct Live {
    pub(super) current: ArcSwap<Generation>,
    /// The planned changes, for readers.
    pub(super) plans: ArcSwap<Vec<Plan>>,
    /// Why the file under the overrides cannot go live; empty if it is.
    conflict: ArcSwap<Vec<ConfigFault>>,
    pub(super) history: History,
    /// Held while a successor is checked, recorded and prepared. Readers of the configuration do not lock it.
    pub(super) desk: Mutex<Desk>,
    /// The record of the start, until it is written.
    start: Mutex<Option<Start>>,
}

/// What a start has to write once it owns the data directory.
#[derive(Debug)]
struct Start {
    /// The live generation as the data directory has it; 0 without one.
    kept: u64,
    record: Option<Record>,
}

/// What makes a change.
pub(super) struct Event {
    pub(super) source: ChangeSource,
    pub(super) by: Author,
    pub(super) at: Time,
    /// The planned changes afterwards.
    pub(super) plans: Vec<Plan>,
}

impl Live {
    /// Makes a configuration live as generation 1, with a history in memory.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let record = record(1, ChangeSource::Start, Clock::machine(), None, &config);
        let live = Self::of(config.clone(), Origin::default(), History::memory());
        let state = State::new(1, Overrides::default(), Vec::new(), 1);
        // Memory does not fail.
        let _ = live.history.commit(Some(&record), &state, &config.editing);
        live
    }

    fn of(config: Config, origin: Origin, history: History) -> Self {
        let desk = Desk {
            file: config.clone(),
            origin,
            overrides: Overrides::default(),
            plans: Vec::new(),
            next_plan: 1,
        };
        let first = Generation {
            number: 1,
            config,
            overrides: Arc::default(),
        };
        Self {
            current: ArcSwap::from_pointee(first),
            plans: ArcSwap::default(),
            conflict: ArcSwap::default(),
            history,
            desk: Mutex::new(desk),
            start: Mutex::default(),
        }
    }

    /// Continues the history of the data directory: the file, the overrides over it, and the number of the live generation. Nothing is
    /// written before [`Self::begin`].
    ///
    /// If the file and the overrides cannot be merged, or would change a running experiment, the last live configuration goes on. If that
    /// cannot be read any more, the file alone is live.
    ///
    /// # Errors
    /// The history is damaged or cannot be read.
    pub fn open(file: Config, origin: Origin, data: Option<&Path>) -> Result<Self, HistoryError> {
        let Some(data) = data else {
            let live = Self::new(file);
            live.desk.lock().origin = origin;
            return Ok(live);
        };
        let (history, state) = History::open(data)?;
        let live = Self::of(file, origin, history);
        let (kept, record) = live.go_on(state);
        *live.start.lock() = Some(Start { kept, record });
        Ok(live)
    }

    /// Takes over a state. Returns the number of its generation, and the record of a new one.
    fn go_on(&self, state: Option<State>) -> (u64, Option<Record>) {
        let (mut desk, at) = (self.desk.lock(), Clock::machine());
        let file = desk.file.clone();
        let Some(state) = state else {
            return (0, Some(record(1, ChangeSource::Start, at, None, &file)));
        };
        let kept = state.generation;
        (desk.plans, desk.next_plan) = (state.plans, state.next_plan);
        desk.overrides = state.overrides;
        let last = self.history.record(kept).ok().flatten();
        let merged = desk.merge(desk.overrides.clone());
        let followed = merged.and_then(|next| follows(last.as_ref(), next));
        let config = match followed {
            Ok(next) => {
                desk.overrides = next.overrides;
                next.config
            }
            Err(faults) => {
                self.conflict.store(Arc::new(faults));
                let last = last
                    .as_ref()
                    .and_then(|last| desk.read_view(&last.effective).ok());
                last.map_or(file, |mut last| {
                    (desk.origin.adjust)(&mut last);
                    last.store.path.clone_from(&desk.file.store.path);
                    last
                })
            }
        };
        let view = config.effective();
        let is_same = last
            .as_ref()
            .is_some_and(|last| same(&last.effective, &view));
        let number = if is_same { kept } else { kept + 1 };
        let new =
            (!is_same).then(|| record(number, ChangeSource::Start, at, last.as_ref(), &config));
        self.current.store(Arc::new(Generation {
            number,
            config,
            overrides: shown(&desk),
        }));
        self.plans.store(Arc::new(desk.plans.clone()));
        (kept, new)
    }

    /// Writes what the start changed. Call it once the process owns the data directory.
    ///
    /// # Errors
    /// The disk cannot be written. The configuration is live nevertheless.
    pub fn begin(&self) -> io::Result<()> {
        let Some(Start { kept, record }) = self.start.lock().take() else {
            return Ok(());
        };
        let desk = self.desk.lock();
        self.history.tidy(kept)?;
        let generation = self.load();
        let state = state(&desk, generation.number);
        self.history
            .commit(record.as_ref(), &state, &desk.file.editing)
    }

    /// Returns the live generation, to keep for as long as a request needs it.
    #[must_use]
    pub fn load(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// Returns the live generation for a short read: cheaper than [`Self::load`], but not to be held across other work.
    #[must_use]
    pub fn peek(&self) -> Guard<Arc<Generation>> {
        self.current.load()
    }

    /// Returns why the newest file under the overrides cannot go live; empty if it is.
    #[must_use]
    pub fn conflict(&self) -> Arc<Vec<ConfigFault>> {
        self.conflict.load_full()
    }

    /// Returns whether changes outlive the process.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.history.is_durable()
    }

    /// Returns the size of the history in memory.
    #[must_use]
    pub fn history_size(&self) -> HistorySize {
        self.history.size()
    }

    /// Returns the files of the shared configuration with their numbers, for a back-up; see [`receive_history`](super::receive_history).
    ///
    /// # Errors
    /// An I/O error.
    pub fn history_files(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        self.history.files()
    }

    /// Returns whether a configuration is the file as it was last read.
    pub(super) fn is_file(&self, config: &Config) -> bool {
        self.desk.lock().file.effective() == config.effective()
    }

    /// Makes a configuration the file, and what follows from it under the overrides live. Returns the live number. One that changes
    /// nothing keeps the generation.
    ///
    /// # Errors
    /// A fault for each changed key that needs a restart (`needs a restart: …`, line 0), for each removed scene with requests in the
    /// last hour that is not retired, for each key of a running experiment that would move its users, and of the merge with the overrides.
    /// The old generation stays live.
    pub fn replace(&self, config: Config) -> Result<u64, Vec<ConfigFault>> {
        self.replace_after(config, |_, go_live| go_live())
    }

    /// Does the same, but lets `prepare` work on the configuration before it goes live, which it does when `prepare` calls its second
    /// argument.
    ///
    /// # Errors
    /// As [`Self::replace`]; then nothing was prepared.
    pub fn replace_after(
        &self,
        file: Config,
        prepare: impl FnOnce(&Config, &mut dyn FnMut()),
    ) -> Result<u64, Vec<ConfigFault>> {
        let mut desk = self.desk.lock();
        let old = self.load();
        if !needs_restart(&old.config.effective(), &file.effective()).is_empty() {
            return Err(succession::faults(&old.config, &file));
        }
        let merged = desk.merge_over(&file, desk.going_on(&file));
        let before = std::mem::replace(&mut desk.file, file);
        let next = match merged {
            Ok(next) => next,
            Err(faults) => {
                self.conflict.store(Arc::new(faults.clone()));
                self.show(&desk);
                return Err(under_overrides(faults));
            }
        };
        let event = Event {
            source: ChangeSource::File,
            by: Author::default(),
            at: Clock::machine(),
            plans: desk.plans.clone(),
        };
        match self.succeed(&mut desk, next, event, prepare) {
            Ok((generation, _)) => Ok(generation.number),
            Err(error) => {
                desk.file = before;
                Err(match error {
                    ChangeError::Invalid(faults) => faults,
                    other @ (ChangeError::Off
                    | ChangeError::Stale { .. }
                    | ChangeError::NoGeneration { .. }
                    | ChangeError::NoPlan(_)
                    | ChangeError::Unreadable(_)
                    | ChangeError::Storage(_)) => vec![ConfigFault {
                        line: 0,
                        path: String::new(),
                        message: other.to_string(),
                    }],
                })
            }
        }
    }

    /// Returns what the configuration would be after an edit, without making it live.
    ///
    /// # Errors
    /// Every fault that [`Self::change`] would report.
    pub fn propose(&self, edit: &Edit) -> Result<Config, Vec<ConfigFault>> {
        let desk = self.desk.lock();
        let (_, next) = desk.edited(edit, &Author::default(), Time::default())?;
        let faults = self.faults(&next.config);
        if faults.is_empty() {
            Ok(next.config)
        } else {
            Err(faults)
        }
    }

    /// Returns what the configuration would be if the file had another content, without making it live; and the keys that need a restart,
    /// which stay as they are.
    ///
    /// # Errors
    /// Every fault for which the file would be rejected.
    pub fn propose_file(&self, text: &str) -> Result<(Config, Vec<String>), Vec<ConfigFault>> {
        let desk = self.desk.lock();
        let file = desk.wanted(text)?;
        let next = desk.merge_over(&file, desk.going_on(&file));
        let mut config = next.map_err(under_overrides)?.config;
        let mut view = config.effective();
        let left = keep_until_restart(&mut view, &self.load().config.effective());
        if !left.is_empty() {
            config = desk.read_view(&view)?;
        }
        let faults = self.faults(&config);
        if faults.is_empty() {
            Ok((config, left))
        } else {
            Err(faults)
        }
    }

    /// Returns why a configuration cannot follow the live one in this process.
    pub(super) fn faults(&self, next: &Config) -> Vec<ConfigFault> {
        succession::faults(&self.load().config, next)
    }

    /// Makes a successor live: checks it, records it, prepares it and swaps it in. Returns the live generation and what changed.
    ///
    /// # Errors
    /// The faults, or the error of the disk: nothing has changed. A change of the file goes live even if it cannot be recorded.
    pub(super) fn succeed(
        &self,
        desk: &mut Desk,
        next: Next,
        event: Event,
        prepare: impl FnOnce(&Config, &mut dyn FnMut()),
    ) -> Result<(Arc<Generation>, Vec<Difference>), ChangeError> {
        let Next {
            mut config,
            overrides,
        } = next;
        let old = self.load();
        let (before, after) = (old.config.effective(), config.effective());
        let is_same = same(&before, &after);
        let faults = if is_same {
            Vec::new()
        } else {
            self.faults(&config)
        };
        if !faults.is_empty() {
            return Err(ChangeError::Invalid(faults));
        }
        let number = if is_same { old.number } else { old.number + 1 };
        let diff = differences(&before, &after);
        let record = (!is_same).then(|| Record {
            number,
            at: event.at,
            source: event.source,
            by: event.by,
            diff: diff.clone(),
            effective: after,
        });
        let known = (desk.overrides.clone(), desk.plans.clone());
        (desk.overrides, desk.plans) = (overrides, event.plans);
        if record.is_some() || (&desk.overrides, &desk.plans) != (&known.0, &known.1) {
            let kept = self.record_change(desk, record.as_ref(), number, event.source);
            if kept.is_err() {
                (desk.overrides, desk.plans) = known;
            }
            kept?;
        }
        for plan in &mut desk.plans {
            // What failed before may succeed now.
            plan.failed = None;
        }
        self.plans.store(Arc::new(desk.plans.clone()));
        self.conflict.store(Arc::default());
        if is_same {
            self.show(desk);
            return Ok((self.load(), diff));
        }
        carry(&old.config, &mut config);
        let next = Arc::new(Generation {
            number,
            config,
            overrides: shown(desk),
        });
        prepare(&next.config, &mut || self.current.store(Arc::clone(&next)));
        Ok((next, diff))
    }

    /// Puts a change on disk. One of the file is durable already: it goes live even if the disk is full.
    fn record_change(
        &self,
        desk: &Desk,
        record: Option<&Record>,
        number: u64,
        source: ChangeSource,
    ) -> io::Result<()> {
        let state = state(desk, number);
        match self.history.commit(record, &state, &desk.file.editing) {
            Err(error) if source == ChangeSource::File => {
                tracing::error!("generation {number} cannot be recorded: {error}");
                Ok(())
            }
            kept => kept,
        }
    }

    /// Shows the overrides as they are now with the live configuration.
    fn show(&self, desk: &Desk) {
        let (old, overrides) = (self.load(), shown(desk));
        if old.overrides != overrides {
            self.current.store(Arc::new(Generation {
                number: old.number,
                config: old.config.clone(),
                overrides,
            }));
        }
    }
}

/// Returns what a start makes of the file and the overrides, if the last generation lets it: its experiments go on.
fn follows(last: Option<&Record>, next: Next) -> Result<Next, Vec<ConfigFault>> {
    let running = last.map(|last| &last.effective);
    let faults = running.map_or_else(Vec::new, |running| {
        succession::changed_in_running(running, &next.config.effective())
    });
    if faults.is_empty() {
        Ok(next)
    } else {
        Err(faults)
    }
}

/// Hands on what is known of the parts that stay.
fn carry(old: &Config, config: &mut Config) {
    if config.selections == old.selections {
        // The same list, so that what is known of their items stays live.
        config.selections = Arc::clone(&old.selections);
    }
    for (name, scene) in &old.scenes {
        if let Some(same) = config.scenes.get_mut(name) {
            let same = Arc::make_mut(same);
            same.asked = scene.asked.clone();
            same.answered = scene.answered.clone();
        }
    }
}

/// Returns the state of the desk under a generation.
pub(super) fn state(desk: &Desk, number: u64) -> State {
    State::new(
        number,
        desk.overrides.clone(),
        desk.plans.clone(),
        desk.next_plan,
    )
}

/// Returns the overrides of the desk as readers see them.
fn shown(desk: &Desk) -> Arc<[Shown]> {
    if desk.overrides.is_empty() {
        return Arc::default();
    }
    let file = full(desk.file.effective());
    let shown = desk.overrides.iter().map(|(key, over)| Shown {
        key: key.clone(),
        over: over.clone(),
        file: key.get(&file).cloned(),
    });
    shown.collect()
}

fn record(
    number: u64,
    source: ChangeSource,
    at: Time,
    last: Option<&Record>,
    config: &Config,
) -> Record {
    let effective = config.effective();
    Record {
        number,
        at,
        source,
        by: Author::default(),
        diff: last.map_or_else(Vec::new, |last| differences(&last.effective, &effective)),
        effective,
    }
}

/// Says of each fault that it is one of the file under the overrides.
fn under_overrides(mut faults: Vec<ConfigFault>) -> Vec<ConfigFault> {
    for fault in &mut faults {
        fault.message += " (of the file under the overrides that `GET /config` lists)";
    }
    faults
}
