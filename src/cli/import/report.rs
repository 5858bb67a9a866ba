//! The report of an import: its progress, each reject with file and line, and the totals.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use super::args::Args;
use super::error::ImportError;
use crate::cli::client::ReportedFault;

const BAR: &str = "{prefix} {bar:30} {bytes}/{total_bytes}  {msg}  {elapsed}";

/// The answer of the service to a batch.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    accepted: u64,
    #[serde(default)]
    repeated: u64,
    #[serde(default)]
    late: u64,
    rejected_count: u64,
    rejected: Vec<Rejected>,
}

/// A rejected line of a batch.
#[derive(Debug, Deserialize)]
struct Rejected {
    index: usize,
    #[serde(default)]
    id: Option<serde_json::Value>,
    errors: Vec<ReportedFault>,
}

/// The totals of an import and its rejects.
pub(super) struct Report {
    pub(super) bar: ProgressBar,
    accepted: u64,
    repeated: u64,
    late: u64,
    rejected: u64,
    shown: usize,
    show: usize,
    /// The current file.
    path: PathBuf,
    rejects: Option<(PathBuf, BufWriter<File>)>,
}

/// A reject, as written to `--rejects`.
#[derive(Serialize)]
struct Reject<'a> {
    file: String,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a serde_json::Value>,
    errors: &'a [ReportedFault],
}

impl Report {
    pub(super) fn new(args: &Args) -> Result<Self, ImportError> {
        let rejects = args.rejects.as_ref().map(|path| create(path)).transpose()?;
        Ok(Self {
            bar: bar(&args.files),
            accepted: 0,
            repeated: 0,
            late: 0,
            rejected: 0,
            shown: 0,
            show: args.show,
            path: PathBuf::new(),
            rejects,
        })
    }

    /// Begins the next file.
    pub(super) fn begin(&mut self, path: &Path) {
        self.path = path.to_owned();
        let name = path.file_name().unwrap_or(path.as_os_str());
        self.bar.set_prefix(name.to_string_lossy().into_owned());
    }

    /// Reports a row that is not a valid fact.
    pub(super) fn bad_row(&mut self, line: u64, message: String) -> Result<(), ImportError> {
        self.rejected += 1;
        let path = String::new();
        self.reject(line, None, &[ReportedFault { path, message }])
    }

    /// Reports the answer to a batch, given the line numbers of its lines.
    pub(super) fn batch(&mut self, answer: Answer, numbers: &[u64]) -> Result<(), ImportError> {
        self.accepted += answer.accepted;
        self.repeated += answer.repeated;
        self.late += answer.late;
        self.rejected += answer.rejected_count;
        for Rejected { index, id, errors } in &answer.rejected {
            let line = numbers.get(*index).copied().unwrap_or_default();
            self.reject(line, id.as_ref(), errors)?;
        }
        self.bar.set_message(self.totals());
        Ok(())
    }

    fn reject(
        &mut self,
        line: u64,
        id: Option<&serde_json::Value>,
        errors: &[ReportedFault],
    ) -> Result<(), ImportError> {
        let file = self.path.display().to_string();
        if self.shown < self.show {
            self.shown += 1;
            let description = describe(&file, line, id, errors);
            self.bar.suspend(|| eprintln!("{description}"));
        }
        self.write(&Reject {
            file,
            line,
            id,
            errors,
        })
    }

    fn write(&mut self, reject: &Reject<'_>) -> Result<(), ImportError> {
        let Some((path, file)) = &mut self.rejects else {
            return Ok(());
        };
        serde_json::to_writer(&mut *file, reject)
            .map_err(std::io::Error::from)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|fault| ImportError::file(path, fault))
    }

    /// Shows something that the user should know about the current file.
    pub(super) fn note(&self, note: &str) {
        let file = self.path.display();
        self.bar.suspend(|| eprintln!("{file}: {note}"));
    }

    /// Ends the report; also called if the import stopped early.
    pub(super) fn finish(&mut self) -> Result<(), ImportError> {
        self.bar.finish_and_clear();
        let hidden = self.rejected
            - self
                .rejected
                .min(u64::try_from(self.shown).unwrap_or(u64::MAX));
        if hidden > 0 {
            eprintln!("… and {hidden} more rejects");
        }
        println!("{}", self.totals());
        match &mut self.rejects {
            Some((path, file)) => file.flush().map_err(|fault| ImportError::file(path, fault)),
            None => Ok(()),
        }
    }

    /// Returns the totals in one line.
    pub(super) fn totals(&self) -> String {
        format!(
            "{} accepted ({} repeated, {} late), {} rejected",
            self.accepted, self.repeated, self.late, self.rejected
        )
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::from(self.rejected > 0))
    }
}

fn create(path: &Path) -> Result<(PathBuf, BufWriter<File>), ImportError> {
    let file = File::create(path).map_err(|fault| ImportError::file(path, fault))?;
    Ok((path.to_owned(), BufWriter::new(file)))
}

/// Returns a progress bar over the compressed bytes of all files. It is hidden if standard error is not a terminal.
fn bar(files: &[PathBuf]) -> ProgressBar {
    let bytes = files
        .iter()
        .filter_map(|path| fs::metadata(path).ok())
        .map(|file| file.len())
        .sum();
    let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(bytes).with_style(style)
}

/// Describes a reject in one line, such as `items.csv:12: i-9: price: must be finite`.
fn describe(
    file: &str,
    line: u64,
    id: Option<&serde_json::Value>,
    errors: &[ReportedFault],
) -> String {
    let id = match id {
        Some(serde_json::Value::String(id)) => format!("{id}: "),
        Some(id) if !id.is_null() => format!("{id}: "),
        _ => String::new(),
    };
    let faults: Vec<String> = errors.iter().map(ReportedFault::to_string).collect();
    format!("{file}:{line}: {id}{}", faults.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reject_is_reported_in_one_line() {
        let errors = [
            ReportedFault {
                path: "price".to_owned(),
                message: "must be finite".to_owned(),
            },
            ReportedFault {
                path: String::new(),
                message: "odd".to_owned(),
            },
        ];
        assert_eq!(
            describe("a.csv", 3, Some(&json!("i-9")), &errors),
            "a.csv:3: i-9: price: must be finite; odd"
        );
        assert_eq!(
            describe("a.csv", 3, Some(&json!(null)), &errors[1..]),
            "a.csv:3: odd"
        );
    }
}
