//! Runs an import: reads facts and sends them in batches.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;

use super::args::{Args, Target};
use super::error::ImportError;
use super::guess::guess;
use super::json::mapped;
use super::mapping::Mapping;
use super::report::Report;
use super::rows::{Line, ReadError, lines};
use super::source::{Shape, open, shape};
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
    let mut import = Import {
        client: Client::new(&args.service)?,
        target: args.into,
        batch: Batch::new(args.lines()),
        row: 0,
        report: Report::new(args)?,
    };
    let outcome = args
        .files
        .iter()
        .try_for_each(|path| import.file(path, args.format, mapping.as_ref()));
    import.report.finish()?;
    outcome.map(|()| import.report.exit_code())
}

/// An import in progress.
struct Import {
    client: Client,
    target: Target,
    batch: Batch,
    /// Number of the next row of a table. It continues through all files, because ids made of it must not repeat.
    row: u64,
    report: Report,
}

impl Import {
    fn file(
        &mut self,
        path: &Path,
        format: Option<Shape>,
        mapping: Option<&Mapping>,
    ) -> Result<(), ImportError> {
        self.report.begin(path);
        let bar = self.report.bar.clone();
        let opened = open(path, |file| bar.wrap_read(file))
            .map_err(|fault| ImportError::file(path, fault))?;
        let named = format.or(shape(path)).unwrap_or(opened.looks);
        let shape = named.or_list(opened.looks);
        let mut row = self.row;
        for line in facts(opened.bytes, path, shape, mapping, &mut row)? {
            match line {
                Ok(line) => self.add(line)?,
                Err(ReadError::Row { line, message }) => self.report.bad_row(line, message)?,
                Err(ReadError::Note(note)) => self.report.note(&note),
                Err(fault @ ReadError::File(_)) => return Err(ImportError::file(path, fault)),
            }
        }
        self.row = row;
        self.flush()
    }

    fn add(&mut self, line: Line) -> Result<(), ImportError> {
        if !self.batch.fits(&line) {
            self.flush()?;
        }
        self.batch.push(&line);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        if self.batch.numbers.is_empty() {
            return Ok(());
        }
        let (method, path) = self.target.route();
        let answer = self
            .client
            .send(method, path, &self.batch.body, Format::Lines)?;
        self.report.batch(answer, &self.batch.numbers)?;
        self.batch.clear();
        Ok(())
    }
}

type Facts<'f> = Box<dyn Iterator<Item = Result<Line, ReadError>> + 'f>;

fn facts<'f>(
    file: Box<dyn BufRead + 'f>,
    path: &Path,
    shape: Shape,
    mapping: Option<&Mapping>,
    row: &'f mut u64,
) -> Result<Facts<'f>, ImportError> {
    let fault = |fault: ReadError| ImportError::file(path, fault);
    Ok(match (shape.separator(), mapping) {
        (Some(separator), Some(mapping)) => {
            Box::new(table(file, separator, mapping, row).map_err(fault)?)
        }
        (Some(_), None) => return Err(ImportError::NoMap(path.display().to_string())),
        (None, Some(mapping)) => Box::new(mapped(plain(file, shape), mapping, row).map_err(fault)?),
        (None, None) => plain(file, shape),
    })
}

/// Returns the values of a file of JSON, as lines.
fn plain<'f>(file: Box<dyn BufRead + 'f>, shape: Shape) -> Facts<'f> {
    if shape == Shape::Json {
        return Box::new(values(file));
    }
    Box::new(lines(file))
}

/// The lines of one request, each with its line number in the file.
struct Batch {
    lines: usize,
    body: Vec<u8>,
    numbers: Vec<u64>,
}

impl Batch {
    const fn new(lines: usize) -> Self {
        Self {
            lines,
            body: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Returns true if the line fits. A line that is too long for any batch is sent alone, and the service rejects it.
    fn fits(&self, line: &Line) -> bool {
        let bytes = self.body.len() + line.json.len() + 1;
        self.numbers.is_empty() || (self.numbers.len() < self.lines && bytes <= BATCH_BYTES)
    }

    fn push(&mut self, line: &Line) {
        self.body.extend_from_slice(&line.json);
        self.body.push(b'\n');
        self.numbers.push(line.number);
    }

    fn clear(&mut self) {
        self.body.clear();
        self.numbers.clear();
    }
}
