//! Checks everything that can be checked before the first batch is sent: the arguments, every file, and its header under every section.

use std::fs;
use std::path::Path;

use indicatif::ProgressBar;

use super::args::Args;
use super::cursor::Cursor;
use super::error::ImportError;
use super::pass::Pass;
use super::read::facts;
use super::source::{Shape, is_standard_input, open, shape};
use super::target::Target;

/// What to do if a file is no match for a section of the map.
const KINDS: &str =
    "\n--into names the sections of the map that these files are for, such as --into items";

/// Checks the files of a command, for each kind of facts that they are sent as.
///
/// # Errors
/// Every fault.
pub(super) fn check(args: &Args, passes: &[Pass]) -> Result<(), ImportError> {
    if args.patch && passes.iter().any(|pass| pass.target == Target::Events) {
        return Err(ImportError::PatchOfEvents);
    }
    let (mut faults, mut advice) = (Vec::new(), "");
    faults.extend(rejects(args));
    for path in &args.files {
        match can_be_read_again(args, path) {
            Ok(true) => {
                for pass in passes {
                    match head(args, path, pass) {
                        Err(fault) if passes.len() > 1 => {
                            advice = KINDS;
                            let (section, fault) = (pass.target.name(), Box::new(fault));
                            faults.push(ImportError::Section { section, fault });
                        }
                        Err(fault) => faults.push(fault),
                        Ok(()) => {}
                    }
                }
            }
            Ok(false) if passes.len() > 1 => {
                faults.push(ImportError::ReadOnce(path.display().to_string()));
            }
            Ok(false) => {}
            Err(fault) => faults.push(fault),
        }
    }
    match faults.len() {
        0 => Ok(()),
        1 if advice.is_empty() => Err(faults.remove(0)),
        _ => Err(ImportError::several(&faults, advice)),
    }
}

/// Returns the fault of a file of rejects whose name does not fit the rows of the first input.
fn rejects(args: &Args) -> Option<ImportError> {
    let (path, input) = (args.rejects.as_ref()?, args.files.first()?);
    let (named, input) = (shape(path)?, args.format.or(shape(input))?);
    let is_table = |shape: Shape| shape.separator().is_some();
    let ending = match (is_table(input), named) {
        (true, named) if !is_table(named) => "are a table; name the file .csv or as the input",
        (false, named) if named != Shape::Lines => "are lines of JSON; name the file .ndjson",
        _ => return None,
    };
    Some(ImportError::file(
        path,
        format!("the rejected rows {ending}"),
    ))
}

/// Returns true for a file, false for standard input or a pipe.
fn can_be_read_again(args: &Args, path: &Path) -> Result<bool, ImportError> {
    if is_standard_input(path) {
        return Ok(false);
    }
    let named = args.format.or(shape(path));
    if named.is_none() && !path.exists() {
        return Err(ImportError::Shape(path.display().to_string()));
    }
    let file = fs::metadata(path).map_err(|fault| ImportError::file(path, fault))?;
    if !file.is_file() {
        return Ok(false);
    }
    open(path, |file| file).map_err(|fault| ImportError::file(path, fault))?;
    match named {
        Some(_) => Ok(true),
        None => Err(ImportError::Shape(path.display().to_string())),
    }
}

/// Reads a file up to its first row.
fn head(args: &Args, path: &Path, pass: &Pass) -> Result<(), ImportError> {
    let cursor = Cursor::default();
    let bar = ProgressBar::hidden();
    facts(path, args.format, pass.mapping.as_ref(), &cursor, bar).map(drop)
}
