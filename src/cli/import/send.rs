//! Runs an import: reads facts and sends them in batches.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use memchr::memmem;

use super::args::Args;
use super::cursor::Cursor;
use super::error::ImportError;
use super::guess::guess;
use super::json::mapped;
use super::mapping::Mapping;
use super::progress::{Mark, Progress};
use super::rejects::Rejects;
use super::report::{Origin, Report};
use super::rows::{Line, ReadError, lines};
use super::source::{Shape, is_standard_input, open, shape};
use super::table::table;
use super::values::values;
use crate::cli::client::{Client, Format};

/// Maximum bytes of a batch: below the default limit of a service for one body.
const BATCH_BYTES: usize = 7 << 20;
/// Runs the command. Exit code 0: everything was accepted; 1: something was rejected.
///
/// # Errors
/// [`ImportError`] for an error that stops the import.
pub fn run(args: &Args) -> Result<ExitCode, ImportError> {
    if let Some(path) = &args.guess {
        let map = guess(path).map_err(|fault| ImportError::file(path, fault))?;
        print!("{map}");
        return Ok(ExitCode::SUCCESS);
    }
    let mapping = args.mapping()?;
    args.check(mapping.as_ref())?;
    let (method, path) = args.route();
    let mark = Mark::new(format!("{method} {path}"));
    let first = args.files.first().filter(|_| !args.dry_run);
    let progress = Progress::open(first.map(PathBuf::as_path), &mark.sends, args.resume)?;
    let encoding = mapping
        .as_ref()
        .and_then(|mapping| mapping.settings.encoding);
    let bytes = progress.earlier.as_ref().map_or(0, |mark| mark.rejects);
    let rejects = args.rejects.as_deref();
    let rejects = rejects.map(|path| Rejects::create(path, encoding, bytes));
    let rejects = rejects.transpose()?;
    let mut import = Import {
        client: Client::new(&args.service)?,
        route: (method, path),
        batch: Batch::new(args.lines()),
        cursor: Rc::new(Cursor::new(rejects.is_some())),
        report: Report::new(args, rejects),
        acknowledged: mark.clone(),
        read: mark,
        progress,
        without_id: 0,
    };
    let outcome = import.files(&args.files, args.format, mapping.as_ref());
    import.end(&outcome)?;
    outcome.map(|()| import.report.exit_code())
}

/// An import in progress.
struct Import {
    client: Client,
    route: (&'static str, String),
    batch: Batch,
    cursor: Rc<Cursor>,
    report: Report,
    progress: Progress,
    /// Number of facts without id.
    without_id: u64,
    /// What was read, and what of it was acknowledged.
    read: Mark,
    acknowledged: Mark,
}

impl Import {
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
        let bar = self.report.bar.clone();
        let opened = open(path, |file| bar.wrap_read(file))
            .map_err(|fault| ImportError::file(path, fault))?;
        let named = format.or(shape(path)).unwrap_or(opened.looks);
        let shape = named.or_list(opened.looks);
        let cursor = Rc::clone(&self.cursor);
        for line in facts(opened.bytes, path, shape, mapping, &cursor)? {
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
        if memmem::find(&line.json, b"\"id\"").is_none() {
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
        self.report.bad_row(&self.cursor, &origin, message)
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
            let answer = self.client.send(method, path, body, Format::Lines)?;
            let origins = &self.batch.origins;
            self.report.batch(answer, &self.cursor, origins)?;
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
            ids => eprintln!("blanks around {ids} ids were removed"),
        }
        if self.without_id > 0 && self.route.1.starts_with("/events") {
            let count = self.without_id;
            eprintln!("{count} events have no id; sent again, they count again");
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
        eprintln!(
            "the import broke off: {file} is acknowledged up to line {line}, {} in all",
            mark.totals.line()
        );
        if let Some(origin) = self.batch.origins.first() {
            let file = self.read.file.display();
            let (first, last) = (origin.line, self.read.line);
            eprintln!(
                "lines {first} to {last} of {file} may have been applied too; events without ids count twice if they are sent again"
            );
        }
        match self.progress.keep(mark) {
            Some(Ok(_)) => eprintln!("go on by the same command with --resume"),
            Some(Err(fault)) => eprintln!("--resume is not possible: {fault}"),
            None => {}
        }
        Ok(())
    }
}

type Facts<'f> = Box<dyn Iterator<Item = Result<Line, ReadError>> + 'f>;

fn facts<'f>(
    file: Box<dyn BufRead + 'f>,
    path: &Path,
    shape: Shape,
    mapping: Option<&Mapping>,
    cursor: &'f Cursor,
) -> Result<Facts<'f>, ImportError> {
    let fault = |fault: ReadError| ImportError::file(path, fault);
    let values = match (shape, shape.separator(), mapping) {
        (_, Some(separator), Some(mapping)) => {
            let rows = table(file, separator, mapping, cursor).map_err(fault)?;
            return Ok(Box::new(rows));
        }
        (_, Some(_), None) => return Err(ImportError::NoMap(path.display().to_string())),
        (Shape::Parquet, ..) => columns(path).map_err(|fault| ImportError::file(path, fault))?,
        (Shape::Json, ..) => Box::new(values(file)),
        _ => Box::new(lines(file)),
    };
    let values = cursor.watch(values, mapping.is_some());
    Ok(match mapping {
        Some(mapping) => Box::new(mapped(values, mapping, cursor).map_err(fault)?),
        None => values,
    })
}

/// Returns the rows of a Parquet file, as lines of JSON.
#[cfg(feature = "parquet")]
fn columns<'f>(path: &Path) -> Result<Facts<'f>, String> {
    if is_standard_input(path) {
        return Err("a Parquet file cannot be read from standard input; give its path".to_owned());
    }
    Ok(Box::new(super::parquet::rows(path)?))
}

/// Returns what to do instead, because this program does not read Parquet files.
#[cfg(not(feature = "parquet"))]
fn columns<'f>(_: &Path) -> Result<Facts<'f>, String> {
    Err(
        "this program is built without the feature parquet; save the file as CSV or NDJSON"
            .to_owned(),
    )
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
