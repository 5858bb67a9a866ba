//! The report of an import: its progress, each reject with file and line, and the totals.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use super::args::Args;
use super::error::ImportError;
use super::foreseen::{Effects, Foreseen};
use super::rejects::Rejects;
use super::target::Target;
use super::totals::Totals;
use crate::cli::client::ReportedFault;
use crate::cli::output::{print, print_line, tell};
use crate::model::Event;

/// Begins the fault of an event of an unknown item.
const UNKNOWN_ITEM: &str = "there is no item";
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
    #[serde(default)]
    repeats_count: u64,
    #[serde(default)]
    repeats: Vec<Repeat>,
    #[serde(default)]
    ids_not_normalised: u64,
    effects: Option<Effects>,
}

impl Answer {
    /// Returns the positions of the rejected lines.
    pub(super) fn rejected(&self) -> impl Iterator<Item = usize> {
        self.rejected.iter().map(|reject| reject.index)
    }
}

/// A line of a batch that repeats an id with other content.
#[derive(Debug, Deserialize)]
struct Repeat {
    id: String,
}

/// A rejected line of a batch.
#[derive(Debug, Deserialize)]
struct Rejected {
    index: usize,
    #[serde(default)]
    id: Option<serde_json::Value>,
    errors: Vec<ReportedFault>,
}

/// The origin of a fact in the files.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The line on which its row begins.
    pub(super) line: u64,
    /// Number and text of its row, if rejects are written.
    pub(super) row: Option<(u64, Rc<[u8]>)>,
}

/// The totals of an import and its rejects.
pub(super) struct Report {
    pub(super) bar: ProgressBar,
    pub(super) totals: Totals,
    foreseen: Foreseen,
    is_rehearsal: bool,
    /// The kind of facts, if it is one of several.
    kind: Option<Target>,
    shown: usize,
    show: usize,
    begun: Instant,
    /// The current file.
    path: PathBuf,
    rejects: Option<Rejects>,
}

impl Report {
    pub(super) fn new(args: &Args, kind: Option<Target>, rejects: Option<Rejects>) -> Self {
        Self {
            bar: bar(&args.files),
            totals: Totals::default(),
            foreseen: Foreseen::default(),
            is_rehearsal: args.dry_run,
            kind,
            shown: 0,
            show: args.show,
            begun: Instant::now(),
            path: PathBuf::new(),
            rejects,
        }
    }

    /// Begins the next file.
    pub(super) fn begin(&mut self, path: &Path) {
        self.path = path.to_owned();
        let name = path.file_name().unwrap_or(path.as_os_str());
        self.bar.set_prefix(name.to_string_lossy().into_owned());
    }

    /// Notes the lines before the first row of the current file.
    pub(super) fn head(&mut self, head: Vec<u8>) {
        if let Some(rejects) = &mut self.rejects {
            rejects.head(head);
        }
    }

    /// Reports a row that is not a valid fact.
    pub(super) fn bad_row(&mut self, origin: &Origin, message: String) -> Result<(), ImportError> {
        self.totals.rejected += 1;
        let path = String::new();
        self.reject(
            origin,
            None,
            &[ReportedFault {
                path,
                message,
                line: None,
            }],
        )
    }

    /// Counts rejected events as accepted if only their item is unknown, and the rehearsal would bring it: `event` reads such an event,
    /// and whether it is a repeat.
    pub(super) fn forgive<'l>(
        &mut self,
        answer: &mut Answer,
        mut event: impl FnMut(usize) -> Option<(Event<'l>, bool)>,
    ) {
        let foreseen = &mut self.foreseen;
        let is_unknown = |fault: &ReportedFault| {
            fault.path == "item_id" && fault.message.starts_with(UNKNOWN_ITEM)
        };
        let (mut forgiven, mut repeated) = (0, 0);
        answer.rejected.retain(|reject| {
            let only = reject.errors.len() == 1 && reject.errors.iter().all(is_unknown);
            let Some((event, repeats)) = only.then(|| event(reject.index)).flatten() else {
                return true;
            };
            forgiven += 1;
            repeated += u64::from(repeats);
            if !repeats {
                foreseen.event(&event);
            }
            false
        });
        if let Some(effects) = &mut answer.effects {
            effects.leave_out(forgiven);
        }
        answer.accepted += forgiven;
        answer.repeated += repeated;
        answer.rejected_count = answer.rejected_count.saturating_sub(forgiven);
    }

    /// Reports the answer to a batch, given the origins of its lines.
    pub(super) fn batch(&mut self, answer: Answer, origins: &[Origin]) -> Result<(), ImportError> {
        self.totals.accepted += answer.accepted;
        self.totals.repeated += answer.repeated;
        self.totals.late += answer.late;
        self.totals.rejected += answer.rejected_count;
        self.totals.not_normalised += answer.ids_not_normalised;
        let altered = answer.repeats.into_iter().map(|repeat| repeat.id);
        self.totals.altered(answer.repeats_count, altered);
        for Rejected { index, id, errors } in &answer.rejected {
            if let Some(origin) = origins.get(*index) {
                self.reject(origin, id.as_ref(), errors)?;
            }
        }
        self.foreseen.add(answer.effects.unwrap_or_default());
        let speed = self.speed();
        self.bar
            .set_message(format!("{}, {speed} rows/s", self.totals.line()));
        Ok(())
    }

    fn speed(&self) -> u64 {
        let rows = self.totals.accepted + self.totals.rejected;
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        rows.saturating_mul(1_000) / millis.max(1)
    }

    fn reject(
        &mut self,
        origin: &Origin,
        id: Option<&serde_json::Value>,
        errors: &[ReportedFault],
    ) -> Result<(), ImportError> {
        if let Some(first) = errors.first() {
            self.totals.reason(&first.path, &first.message);
        }
        let file = self.path.display().to_string();
        let line = origin.line;
        if self.shown < self.show {
            self.shown += 1;
            let description = describe(&file, line, id, errors);
            self.bar.suspend(|| tell(description));
        }
        let (Some(rejects), Some((row, text))) = (&mut self.rejects, &origin.row) else {
            return Ok(());
        };
        let faults: Vec<String> = errors.iter().map(ReportedFault::to_string).collect();
        let place = format!("line {line} of {file}: {}", faults.join("; "));
        rejects.write((*row, text), (&file, &place))
    }

    /// Shows something that the user should know about the current file.
    pub(super) fn note(&self, note: &str) {
        let file = self.path.display();
        self.bar.suspend(|| tell(format_args!("{file}: {note}")));
    }

    /// Writes the rejects so far. Returns the sizes of their files.
    pub(super) fn flush(&mut self) -> Result<Vec<u64>, ImportError> {
        let rejects = self.rejects.as_mut();
        rejects.map_or(Ok(Vec::new()), Rejects::flush)
    }

    /// Ends the report; also called if the import stopped early.
    pub(super) fn finish(&mut self) -> Result<(), ImportError> {
        self.bar.finish_and_clear();
        let hidden = self.totals.rejected
            - self
                .totals
                .rejected
                .min(u64::try_from(self.shown).unwrap_or(u64::MAX));
        if hidden > 0 {
            tell(format_args!("… and {hidden} more rejects"));
        }
        if let Some(kind) = self.kind {
            print_line(format_args!("{}:", kind.name()))?;
        }
        print(&self.totals)?;
        if self.is_rehearsal {
            print(&self.foreseen)?;
        }
        let lost = if self.is_rehearsal {
            "would lose"
        } else {
            "lost"
        };
        if let Some(emptied) = self.foreseen.emptied(lost) {
            print_line(emptied)?;
        }
        self.flush()?;
        if let Some(rejects) = self.rejects.as_ref().filter(|_| self.totals.rejected > 0) {
            let into = self
                .kind
                .map_or(String::new(), |kind| format!(" and --into {}", kind.name()));
            print_line(format_args!(
                "{}: the rejected rows; correct them there, and import that file with the same map{into}",
                rejects.paths().join(", ")
            ))?;
        }
        let speed = self.speed();
        if self.is_rehearsal {
            print_line(format_args!(
                "dry run, nothing was changed: {}",
                self.totals.line()
            ))?;
        } else {
            print_line(format_args!("{speed} rows/s"))?;
            print_line(self.totals.line())?;
        }
        Ok(())
    }
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
                line: None,
            },
            ReportedFault {
                path: String::new(),
                message: "odd".to_owned(),
                line: None,
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
