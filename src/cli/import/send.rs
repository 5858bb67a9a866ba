//! Runs an import: reads facts and sends them in batches.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use memchr::memmem;

use super::args::Args;
use super::brought::Brought;
use super::check::check;
use super::cursor::Cursor;
use super::error::ImportError;
use super::guess::guess;
use super::mapping::Mapping;
use super::pass::Pass;
use super::progress::{Mark, Progress};
use super::read::facts;
use super::rejects::{Rejects, of_kind};
use super::report::{Answer, Origin, Report};
use super::rows::{Line, ReadError};
use super::source::Shape;
use super::target::Target;
use crate::cli::client::{Client, Format};
use crate::cli::output::{print, tell};

/// Maximum bytes of a batch: below the default limit of a service for one body.
const BATCH_BYTES: usize = 7 << 20;

/// A part of the fault of a field that a fact does not have.
const UNKNOWN_FIELD: &str = "is not a field of";

/// Runs the command. Exit code 0: everything was accepted; 1: something was rejected.
///
/// # Errors
/// [`ImportError`] for an error that stops the import.
pub fn run(args: &Args) -> Result<ExitCode, ImportError> {
    if let Some(path) = &args.guess {
        let map = guess(path).map_err(|fault| ImportError::file(path, fault))?;
        print(map)?;
        return Ok(ExitCode::SUCCESS);
    }
    let passes = Pass::all(args)?;
    check(args, &passes)?;
    let client = Client::new(&args.service)?;
    let mut brought = (args.dry_run && passes.len() > 1).then(Brought::default);
    let begins = begins(args, &passes)?;
    let mut code = ExitCode::SUCCESS;
    for (place, pass) in passes.iter().enumerate().skip(begins) {
        let kind = (passes.len() > 1).then_some(pass.target);
        let resumes = args.resume && place == begins;
        let mut import = Import::open(args, &client, (pass, kind), resumes)?;
        import.brought = brought.as_mut();
        let outcome = import.files(&args.files, args.format, pass.mapping.as_ref());
        import.end(&outcome)?;
        outcome?;
        if import.report.totals.rejected > 0 {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// Returns the place of the pass with which a command begins: the first, or the one that broke off.
fn begins(args: &Args, passes: &[Pass]) -> Result<usize, ImportError> {
    let Some(first) = args.files.first().filter(|_| args.resume) else {
        return Ok(0);
    };
    let sends = Progress::sends(first)?;
    let is_that = |pass: &Pass| sends == sending(&pass.route(args));
    let place = passes.iter().position(is_that).unwrap_or(0);
    for pass in &passes[..place] {
        tell(format_args!(
            "{} were acknowledged before",
            pass.target.name()
        ));
    }
    Ok(place)
}

fn sending((method, path): &(&'static str, String)) -> String {
    format!("{method} {path}")
}

/// An import in progress.
struct Import<'a> {
    client: &'a Client,
    route: (&'static str, String),
    batch: Batch,
    cursor: Rc<Cursor>,
    report: Report,
    progress: Progress,
    /// Number of facts without id.
    without_id: u64,
    /// Finds the field `id` of a fact.
    id: memmem::Finder<'static>,
    is_mapped: bool,
    /// The items of a rehearsal of several kinds.
    brought: Option<&'a mut Brought>,
    /// What was read, and what of it was acknowledged.
    read: Mark,
    acknowledged: Mark,
}

impl<'a> Import<'a> {
    /// Begins a pass. `kind` names it if it is one of several.
    fn open(
        args: &Args,
        client: &'a Client,
        (pass, kind): (&Pass, Option<Target>),
        resumes: bool,
    ) -> Result<Self, ImportError> {
        let route = pass.route(args);
        let mark = Mark::new(sending(&route));
        let first = args.files.first().filter(|_| !args.dry_run);
        let progress = Progress::open(first.map(PathBuf::as_path), &mark.sends, resumes)?;
        let encoding = pass
            .mapping
            .as_ref()
            .and_then(|mapping| mapping.settings.encoding);
        let written = progress.earlier.as_ref().map(|mark| mark.rejects.clone());
        let rejects = args.rejects.as_deref().map(|path| match kind {
            Some(kind) => of_kind(path, kind.name()),
            None => path.to_owned(),
        });
        let rejects = rejects
            .map(|path| Rejects::create(path, encoding, written.unwrap_or_default()))
            .transpose()?;
        Ok(Self {
            client,
            route,
            batch: Batch::new(args.lines()),
            cursor: Rc::new(Cursor::new(rejects.is_some())),
            report: Report::new(args, kind, rejects),
            acknowledged: mark.clone(),
            read: mark,
            progress,
            without_id: 0,
            id: memmem::Finder::new(b"\"id\""),
            is_mapped: pass.mapping.is_some(),
            brought: None,
        })
    }

    fn files(
        &mut self,
        files: &[PathBuf],
        format: Option<Shape>,
        mapping: Option<&Mapping>,
    ) -> Result<(), ImportError> {
        for path in files {
            self.file(path, format, mapping)?;
        }
        match self.progress.earlier {
            Some(_) => Err(self.progress.changed()),
            None => Ok(()),
        }
    }

    fn file(
        &mut self,
        path: &Path,
        format: Option<Shape>,
        mapping: Option<&Mapping>,
    ) -> Result<(), ImportError> {
        self.report.begin(path);
        path.clone_into(&mut self.read.file);
        self.read.line = 0;
        let (cursor, bar) = (Rc::clone(&self.cursor), self.report.bar.clone());
        let facts = facts(path, format, mapping, &cursor, bar)?;
        self.report.head(cursor.head());
        for line in facts {
            match line {
                Ok(line) => self.add(&line)?,
                Err(ReadError::Row { line, message }) => self.bad_row(line, message)?,
                Err(ReadError::Note(note)) => self.report.note(&note),
                Err(fault @ ReadError::File(_)) => return Err(ImportError::file(path, fault)),
            }
        }
        self.flush()
    }

    fn add(&mut self, line: &Line) -> Result<(), ImportError> {
        if !self.batch.fits(line) {
            self.flush()?;
        }
        self.read.add(line.number, &line.json);
        if self.passes()? {
            return Ok(());
        }
        if self.id.find(&line.json).is_none() {
            self.without_id += 1;
        }
        let origin = self.origin(line.number);
        self.batch.push(line, origin);
        Ok(())
    }

    fn bad_row(&mut self, line: u64, message: String) -> Result<(), ImportError> {
        self.read.add(line, message.as_bytes());
        if self.passes()? {
            return Ok(());
        }
        let origin = self.origin(line);
        self.report.bad_row(&origin, message)
    }

    /// Returns true if what was read last was acknowledged by an earlier import.
    fn passes(&mut self) -> Result<bool, ImportError> {
        let is_resuming = self.progress.earlier.is_some();
        let passes = self.progress.passes(&mut self.read)?;
        if is_resuming && self.progress.earlier.is_none() {
            self.report.totals = self.read.totals.clone();
            self.acknowledged = self.read.clone();
        }
        Ok(passes)
    }

    fn origin(&self, line: u64) -> Origin {
        let row = self.cursor.keeps().then(|| self.cursor.origin());
        Origin { line, row }
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        if !self.batch.origins.is_empty() {
            let (method, path) = &self.route;
            let body = &self.batch.body;
            let mut answer: Answer = self.client.send(method, path, body, Format::Lines)?;
            if let Some(brought) = &mut self.brought {
                let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
                rehearse(brought, &mut self.report, &mut answer, &lines, path);
            }
            let origins = &self.batch.origins;
            self.report.batch(answer, origins)?;
            self.batch.clear();
        }
        if self.progress.earlier.is_some() {
            return Ok(());
        }
        self.read.rejects = self.report.flush()?;
        self.read.totals = self.report.totals.clone();
        self.acknowledged = self.read.clone();
        // If it cannot be kept, that matters only if the import breaks off.
        let _kept = self.progress.keep(&self.acknowledged);
        Ok(())
    }

    /// Ends the report, and says how to go on if the import broke off.
    fn end(&mut self, outcome: &Result<(), ImportError>) -> Result<(), ImportError> {
        match self.cursor.trimmed() {
            0 => {}
            ids => tell(format_args!(
                "blanks around {ids} ids and names were removed"
            )),
        }
        if !self.is_mapped && self.report.totals.has_reason(UNKNOWN_FIELD) {
            tell(format_args!(
                "without --map, JSON is sent as it is; for objects of another form, `saima import --guess FILE` proposes a map"
            ));
        }
        if self.without_id > 0 && self.route.1.starts_with("/events") {
            let count = self.without_id;
            tell(format_args!(
                "{count} events have no id; sent again, they count again"
            ));
        }
        self.report.finish()?;
        if outcome.is_ok() {
            self.progress.remove();
            return Ok(());
        }
        let mark = &self.acknowledged;
        if mark.rows == 0 {
            return Ok(());
        }
        let (file, line) = (mark.file.display(), mark.line);
        tell(format_args!(
            "the import broke off: {file} is acknowledged up to line {line}, {} in all",
            mark.totals.line()
        ));
        if let Some(origin) = self.batch.origins.first() {
            let file = self.read.file.display();
            let (first, last) = (origin.line, self.read.line);
            tell(format_args!(
                "lines {first} to {last} of {file} may have been applied too; events without ids count twice if they are sent again"
            ));
        }
        match self.progress.keep(mark) {
            Some(Ok(_)) => tell(format_args!("go on by the same command with --resume")),
            Some(Err(fault)) => tell(format_args!("--resume is not possible: {fault}")),
            None => {}
        }
        Ok(())
    }
}

/// Remembers the items that a rehearsal would bring, and counts events of them as the import would.
fn rehearse(
    brought: &mut Brought,
    report: &mut Report,
    answer: &mut Answer,
    lines: &[&[u8]],
    path: &str,
) {
    if path.starts_with(Target::Events.path()) {
        let line = |place: usize| lines.get(place).copied().unwrap_or_default();
        report.forgive(answer, |place| brought.event(line(place)));
    } else if path.starts_with(Target::Items.path()) {
        let rejected: BTreeSet<usize> = answer.rejected().collect();
        let lines = lines.iter().enumerate();
        let accepted = lines.filter(|(place, _)| !rejected.contains(place));
        accepted.for_each(|(_, line)| brought.add(line));
    }
}

/// The lines of one request, each with its origin.
struct Batch {
    lines: usize,
    body: Vec<u8>,
    origins: Vec<Origin>,
}

impl Batch {
    const fn new(lines: usize) -> Self {
        Self {
            lines,
            body: Vec::new(),
            origins: Vec::new(),
        }
    }

    /// Returns true if the line fits. A line that is too long for any batch is sent alone, and the service rejects it.
    fn fits(&self, line: &Line) -> bool {
        let bytes = self.body.len() + line.json.len() + 1;
        self.origins.is_empty() || (self.origins.len() < self.lines && bytes <= BATCH_BYTES)
    }

    fn push(&mut self, line: &Line, origin: Origin) {
        self.body.extend_from_slice(&line.json);
        self.body.push(b'\n');
        self.origins.push(origin);
    }

    fn clear(&mut self) {
        self.body.clear();
        self.origins.clear();
    }
}
