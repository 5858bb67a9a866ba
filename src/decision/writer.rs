//! The writer: a thread that turns the queue into frames, begins a new file each hour, and keeps the files within their bounds.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::files::{self, Found};
use super::frame::{Frames, Packer};
use super::newest::Logged;
use super::reader::{Outline, is_gone};
use super::shared::Shared;
use crate::clock::{Clock, Time};
use crate::config::{Decisions, Live};

/// Time that a frame covers.
const SECOND: Duration = Duration::from_secs(1);
/// Interval between two looks at the files.
const TIDY: Duration = Duration::from_secs(60);
/// Interval between two times that the files are written without deleted users.
const REWRITE: Duration = Duration::from_secs(3_600);
/// Seconds of a day.
const DAY: u64 = 86_400;

/// State of the thread.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    live: Arc<Live>,
    folder: PathBuf,
    packer: Option<Packer>,
    open: Option<Open>,
    tidied: Option<SystemTime>,
    /// The newest deletion that the files are or were rewritten for, and when that began.
    rewritten: Option<(i64, SystemTime)>,
    /// Files that are still to be rewritten, one a round, so that the queue does not wait for all of them.
    rewriting: VecDeque<PathBuf>,
    /// True while nothing can be written.
    is_failing: bool,
    /// The number of records that had found no room in the queue when it was last told, and when that was.
    told: (u64, Option<SystemTime>),
}

/// The file that is written.
#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: File,
    hour: String,
    bytes: u64,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, live: Arc<Live>, folder: PathBuf) -> Self {
        Self {
            shared,
            live,
            folder,
            packer: None,
            open: None,
            tidied: None,
            rewritten: None,
            rewriting: VecDeque::new(),
            is_failing: false,
            told: (0, None),
        }
    }

    /// Writes what came within a second.
    pub(super) fn round(&mut self) -> ControlFlow<()> {
        let (records, bytes) = self.shared.queue.take(SECOND);
        let is_last = self.shared.queue.is_closing();
        let settings = self.live.load().config.decisions.clone();
        let (now, count) = (Clock::machine(), records.len());
        if let Err(error) = self.write((&records, bytes), &settings, now) {
            self.open = None;
            self.shared.lose(count);
            if !std::mem::replace(&mut self.is_failing, true) {
                tracing::error!("decisions are dropped: {error}");
            }
        } else if count > 0 && std::mem::take(&mut self.is_failing) {
            tracing::info!("decisions are logged again");
        }
        self.tell_dropped();
        if let Err(error) = self.tidy(&settings).and_then(|()| self.rewrite()) {
            tracing::warn!("cannot keep the decision log within its bounds: {error}");
        }
        if is_last {
            let _lost_with_the_power = self.open.take().map(|open| open.file.sync_all());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// Tells of records that found no room in the queue, once in a while.
    fn tell_dropped(&mut self) {
        let (told, at) = self.told;
        let dropped = self.shared.queue.dropped.load(Ordering::Relaxed);
        let now = SystemTime::now();
        let since = at.and_then(|at| now.duration_since(at).ok());
        if dropped > told && since.is_none_or(|since| since >= TIDY) {
            self.told = (dropped, Some(now));
            let more = dropped - told;
            tracing::warn!(
                "{more} decisions were not logged: they came faster than they can be written (decisions.queue_bytes)"
            );
        }
    }

    fn write(
        &mut self,
        (records, bytes): (&[Arc<Logged>], usize),
        settings: &Decisions,
        now: Time,
    ) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.shared.names.save().map_err(io::Error::other)?;
        let mut lines = Vec::with_capacity(bytes);
        for logged in records {
            logged.record.write(&mut lines);
            lines.push(b'\n');
        }
        let packer = match &mut self.packer {
            Some(packer) => packer,
            none => none.insert(Packer::new()?),
        };
        let frame = packer.pack(&lines)?;
        let hour = files::hour(now);
        let full = |open: &Open| open.hour != hour || open.bytes >= settings.file_bytes;
        if let Some(done) = self.open.take_if(|open| full(open)) {
            done.file.sync_all()?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let (path, file) = files::create(&self.folder, &hour)?;
                files::sync(&self.folder)?;
                let bytes = 0;
                none.insert(Open {
                    path,
                    file,
                    hour,
                    bytes,
                })
            }
        };
        open.file.write_all(&frame)?;
        open.bytes += frame.len() as u64;
        self.shared.wrote(records.len(), frame.len());
        Ok(())
    }

    /// Removes what is too old or too much, and what is known of deleted users.
    fn tidy(&mut self, settings: &Decisions) -> io::Result<()> {
        let now = SystemTime::now();
        let since = self.tidied.and_then(|last| now.duration_since(last).ok());
        if since.is_some_and(|since| since < TIDY) {
            return Ok(());
        }
        self.tidied = Some(now);
        let found = files::list(&self.folder)?;
        let current = self.open.as_ref().map(|open| open.path.clone());
        let mut bytes: u64 = found.iter().map(|it| it.bytes).sum();
        let oldest = Duration::from_secs(u64::from(settings.days) * DAY);
        let mut kept = Vec::new();
        for file in found {
            let age = now.duration_since(file.changed).unwrap_or_default();
            let is_open = current.as_ref() == Some(&file.path);
            if !is_open && (age > oldest || bytes > settings.disk_bytes) {
                fs::remove_file(&file.path)?;
                bytes -= file.bytes;
                self.shared.removed();
            } else {
                kept.push(file);
            }
        }
        self.shared.hold(kept.len(), bytes);
        let expired = Clock::machine().plus(-i64::from(settings.days) * crate::clock::DAY);
        self.shared
            .names
            .expire(expired.millis())
            .map_err(io::Error::other)?;
        self.plan(&kept, now)
    }

    /// Plans to write the files without the users who were deleted since the last time. The open file ends first.
    fn plan(&mut self, files: &[Found], now: SystemTime) -> io::Result<()> {
        self.shared.names.save().map_err(io::Error::other)?;
        let Some(newest) = self.shared.names.last_deletion() else {
            return Ok(());
        };
        let is_due = self.rewritten.is_none_or(|(known, begun)| {
            let rested = now.duration_since(begun).is_ok_and(|it| it >= REWRITE);
            known != newest && rested && self.rewriting.is_empty()
        });
        if !is_due {
            return Ok(());
        }
        if let Some(open) = self.open.take() {
            open.file.sync_all()?;
        }
        self.rewriting = files.iter().map(|file| file.path.clone()).collect();
        self.rewritten = Some((newest, now));
        Ok(())
    }

    /// Writes the next planned file without deleted users.
    fn rewrite(&mut self) -> io::Result<()> {
        let Some(path) = self.rewriting.pop_front() else {
            return Ok(());
        };
        match rewrite(&path, |outline| is_gone(&self.shared.names, outline)) {
            // Retention removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

/// Writes a file without the lines for which `is_gone` holds, if there are any. Damaged frames are left out then.
fn rewrite(path: &Path, is_gone: impl Fn(&Outline) -> bool) -> io::Result<()> {
    let (old, mut new, mut differs) = (fs::read(path)?, Vec::new(), false);
    let mut packer = Packer::new()?;
    for lines in Frames::new(&old).flatten() {
        let stays = |line: &&[u8]| match serde_json::from_slice(line) {
            Ok(outline) => !is_gone(&outline),
            Err(_) => true,
        };
        let kept: Vec<&[u8]> = lines
            .split_inclusive(|it| *it == b'\n')
            .filter(stays)
            .collect();
        let kept = kept.concat();
        differs |= kept.len() < lines.len();
        if !kept.is_empty() {
            new.extend(packer.pack(&kept)?);
        }
    }
    if !differs {
        return Ok(());
    }
    let changed = fs::metadata(path)?.modified()?;
    let unfinished = path.with_extension("part");
    let mut private = OpenOptions::new();
    let private = private.write(true).create(true).truncate(true).mode(0o600);
    let mut file = private.open(&unfinished)?;
    file.write_all(&new)?;
    // Retention goes on from the time of the records.
    file.set_modified(changed)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), files::sync)
}
