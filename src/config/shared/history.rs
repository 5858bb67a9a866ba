//! The history of generations, and the state that goes on after a restart.
//!
//! One file holds one generation, and `state.json` the overrides and the planned changes with the number of the live generation. A
//! change is made by the rename of `state.json`: the record of its generation is on disk before, and is a leftover without it. So a
//! change happens as a whole or not at all, whenever the process ends.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::overrides::Overrides;
use super::plan::Plan;
use super::record::Record;
use crate::config::editing::Editing;
use crate::number::wide;

/// Name of the directory in the data directory.
const DIRECTORY: &str = "config";
const STATE: &str = "state.json";
/// Extension of files that are being written.
const UNFINISHED: &str = "part";
/// Number of the state in the list of files of a back-up; records have smaller ones.
const STATE_NUMBER: u64 = u64::MAX;
const FORMAT: u32 = 1;

/// The history of a data directory cannot be read.
#[derive(Debug, Error)]
#[error("{path}: {cause}; without this file the service starts with the configuration file alone", path = .path.display())]
pub struct HistoryError {
    path: PathBuf,
    cause: String,
}

/// A record of the history cannot be read.
#[derive(Debug, Error)]
#[error("{path} cannot be read: {cause}", path = .path.display())]
pub struct RecordError {
    path: PathBuf,
    cause: String,
}

/// What goes on after a restart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::config) struct State {
    format: u32,
    /// Number of the live generation.
    pub(in crate::config) generation: u64,
    /// The overrides.
    pub(in crate::config) overrides: Overrides,
    /// The planned changes.
    pub(in crate::config) plans: Vec<Plan>,
    /// Number of the next planned change.
    pub(in crate::config) next_plan: u64,
}

impl State {
    /// Creates the state of a generation.
    pub(in crate::config) fn new(
        generation: u64,
        overrides: Overrides,
        plans: Vec<Plan>,
        next_plan: u64,
    ) -> Self {
        Self {
            format: FORMAT,
            generation,
            overrides,
            plans,
            next_plan,
        }
    }
}

/// The generations that are kept. Copies share them.
#[derive(Clone, Debug)]
pub(in crate::config) struct History(Place);

#[derive(Clone, Debug)]
enum Place {
    Memory(Arc<Mutex<Written>>),
    Disk(Arc<Disk>),
}

/// Records by number, as they are written on a disk.
type Written = VecDeque<(u64, Vec<u8>)>;

#[derive(Debug)]
struct Disk {
    directory: PathBuf,
    /// Number of the oldest record.
    first: Mutex<u64>,
}

/// Size of a history.
#[derive(Clone, Copy, Debug, Default)]
pub struct HistorySize {
    /// Number of records.
    pub records: usize,
    /// Bytes that they take in memory.
    pub bytes: usize,
    /// Number of records that were dropped from memory.
    pub dropped: u64,
}

impl History {
    /// Creates a history in memory.
    pub(in crate::config) fn memory() -> Self {
        Self(Place::Memory(Arc::default()))
    }

    /// Reads the state of a data directory, and changes nothing in it: the directory may still be in use.
    ///
    /// # Errors
    /// The state is damaged or cannot be read.
    pub(in crate::config) fn open(data: &Path) -> Result<(Self, Option<State>), HistoryError> {
        let directory = data.join(DIRECTORY);
        let path = directory.join(STATE);
        let failed = |cause: String| HistoryError {
            path: path.clone(),
            cause,
        };
        let state = match fs::read(&path) {
            Ok(bytes) => Some(read_state(&bytes).map_err(failed)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error.to_string())),
        };
        let disk = Disk {
            directory,
            first: Mutex::new(0),
        };
        Ok((Self(Place::Disk(Arc::new(disk))), state))
    }

    /// Removes what an earlier process left that is no part of the history: unfinished files, and records beyond the live generation.
    ///
    /// # Errors
    /// An I/O error.
    pub(in crate::config) fn tidy(&self, live: u64) -> io::Result<()> {
        let Place::Disk(disk) = &self.0 else {
            return Ok(());
        };
        create(&disk.directory)?;
        let mut oldest = live + 1;
        for entry in fs::read_dir(&disk.directory)? {
            let path = entry?.path();
            let unfinished = path.extension().is_some_and(|end| end == UNFINISHED);
            match number(&path) {
                Some(number) if number <= live => oldest = oldest.min(number),
                Some(_) => fs::remove_file(&path)?,
                None if unfinished => fs::remove_file(&path)?,
                None => {}
            }
        }
        *disk.first.lock() = oldest;
        Ok(())
    }

    /// Keeps a record, and then the state that follows from it, both durably. Drops the oldest records beyond the bounds.
    ///
    /// # Errors
    /// An I/O error: nothing has changed.
    pub(in crate::config) fn commit(
        &self,
        record: Option<&Record>,
        state: &State,
        bounds: &Editing,
    ) -> io::Result<()> {
        match &self.0 {
            Place::Memory(records) => {
                if let Some(record) = record {
                    let bytes = serde_json::to_vec(record)?;
                    add((record.number, bytes), &mut records.lock(), bounds);
                }
            }
            Place::Disk(disk) => {
                if let Some(record) = record {
                    let bytes = serde_json::to_vec(record)?;
                    write_durably(&disk.path(record.number), &mut bytes.as_slice())?;
                }
                let bytes = serde_json::to_vec(state)?;
                write_durably(&disk.directory.join(STATE), &mut bytes.as_slice())?;
                disk.drop_before((state.generation + 1).saturating_sub(wide(bounds.history)));
            }
        }
        Ok(())
    }

    /// Returns a record; `None` if it is not kept.
    ///
    /// # Errors
    /// The record is damaged or cannot be read.
    pub(in crate::config) fn record(&self, number: u64) -> Result<Option<Record>, RecordError> {
        let failed = |cause: String| RecordError {
            path: Path::new(DIRECTORY).join(name(number)),
            cause,
        };
        let bytes = match &self.0 {
            Place::Memory(records) => {
                let records = records.lock();
                let found = records.iter().find(|(known, _)| *known == number);
                found.map(|(_, bytes)| bytes.clone())
            }
            Place::Disk(disk) => match fs::read(disk.path(number)) {
                Ok(bytes) => Some(bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(failed(error.to_string())),
            },
        };
        let read = bytes.map(|bytes| serde_json::from_slice(&bytes));
        read.transpose().map_err(|error| failed(error.to_string()))
    }

    /// Returns the files with their numbers, for a back-up: first the state, so that the records that belong to it are on disk when they
    /// are opened. None without a data directory.
    ///
    /// # Errors
    /// An I/O error.
    pub(in crate::config) fn files(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let Place::Disk(disk) = &self.0 else {
            return Ok(Vec::new());
        };
        let mut files = vec![(STATE_NUMBER, disk.directory.join(STATE))];
        for entry in fs::read_dir(&disk.directory)? {
            let path = entry?.path();
            files.extend(number(&path).map(|number| (number, path)));
        }
        Ok(files)
    }

    /// Returns the number of the oldest record that is kept.
    pub(in crate::config) fn first(&self) -> u64 {
        match &self.0 {
            Place::Memory(records) => records.lock().front().map_or(0, |(number, _)| *number),
            Place::Disk(disk) => *disk.first.lock(),
        }
    }

    /// Returns whether the records outlive the process.
    pub(in crate::config) fn is_durable(&self) -> bool {
        matches!(self.0, Place::Disk(_))
    }

    /// Returns its size in memory.
    pub(in crate::config) fn size(&self) -> HistorySize {
        match &self.0 {
            Place::Memory(records) => {
                let records = records.lock();
                HistorySize {
                    records: records.len(),
                    bytes: bytes(&records),
                    dropped: records
                        .front()
                        .map_or(0, |(first, _)| first.saturating_sub(1)),
                }
            }
            Place::Disk(_) => HistorySize::default(),
        }
    }
}

/// Copies the shared configuration of a data directory to a new one: its history, overrides and plans. Returns false if there is none.
///
/// # Errors
/// An I/O error.
pub fn keep_history(from: &Path, to: &Path) -> io::Result<bool> {
    let (from, to) = (from.join(DIRECTORY), to.join(DIRECTORY));
    let entries = match fs::read_dir(&from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        entries => entries?,
    };
    create(&to)?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            write_durably(&to.join(entry.file_name()), &mut File::open(entry.path())?)?;
        }
    }
    Ok(true)
}

/// Writes a file of the shared configuration of another data directory, which has a number in [`Live::history_files`], to a new one.
///
/// [`Live::history_files`]: crate::config::Live::history_files
///
/// # Errors
/// An I/O error.
pub fn receive_history(data: &Path, number: u64, bytes: &mut dyn Read) -> io::Result<()> {
    let directory = data.join(DIRECTORY);
    create(&directory)?;
    let name = if number == STATE_NUMBER {
        STATE.to_owned()
    } else {
        name(number)
    };
    write_durably(&directory.join(name), bytes)
}

/// Adds a record to those in memory, and drops the oldest beyond the bounds.
fn add(record: (u64, Vec<u8>), records: &mut Written, bounds: &Editing) {
    records.push_back(record);
    let mut bytes = bytes(records);
    while records.len() > 1 && (records.len() > bounds.history || bytes > bounds.history_bytes) {
        let oldest = records.pop_front();
        bytes -= oldest.map_or(0, |(_, oldest)| oldest.capacity());
    }
}

/// Returns the bytes that records take.
fn bytes(records: &Written) -> usize {
    records.iter().map(|(_, bytes)| bytes.capacity()).sum()
}

/// Creates a directory that only its owner may read.
fn create(directory: &Path) -> io::Result<()> {
    let mut private = DirBuilder::new();
    private.recursive(true).mode(0o700).create(directory)
}

impl Disk {
    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(name(number))
    }

    /// Removes the records before a number. One that cannot be removed is tried again at the next change.
    fn drop_before(&self, number: u64) {
        let mut first = self.first.lock();
        while *first < number {
            match fs::remove_file(self.path(*first)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return,
                Ok(()) | Err(_) => *first += 1,
            }
        }
    }
}

fn read_state(bytes: &[u8]) -> Result<State, String> {
    let state: State = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if state.format == FORMAT {
        Ok(state)
    } else {
        Err(format!("format {} is not of this version", state.format))
    }
}

/// Returns the name of a record.
fn name(number: u64) -> String {
    format!("{number:020}.json")
}

/// Returns the number in the name of a record.
fn number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    let digits = name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| name.parse().ok())?
}

/// Replaces the content of a file, atomically and durably.
fn write_durably(path: &Path, bytes: &mut dyn Read) -> io::Result<()> {
    let unfinished = path.with_extension(UNFINISHED);
    let mut file = File::create(&unfinished)?;
    io::copy(bytes, &mut file)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    let parent = path.parent().unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}
