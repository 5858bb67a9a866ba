//! The form of a block, by its language.

use std::io::Write;
use std::process::{Command, Stdio};

use saima::cli::import::MapFile;
use saima::config::Config;
use serde_json::Value;

use super::block::Block;

/// Checks that a block of code is valid in its language.
///
/// # Errors
/// The fault, or an unknown language or comment.
pub(super) fn check(block: &Block) -> Result<(), String> {
    match (block.language.as_str(), block.comment.as_str()) {
        ("json", "") => json(&block.text)
            .map(drop)
            .map_err(|fault| fault.to_string()),
        ("toml", "") => Config::parse("block", &block.text)
            .map(drop)
            .map_err(|faults| faults.to_string()),
        ("toml", "map") => MapFile::parse(&block.text).map(drop),
        ("yaml", "") if block.text.contains('\t') => Err("YAML has no tabs".to_owned()),
        ("yaml" | "text" | "sql", "") => Ok(()),
        ("ini", "") => ini(&block.text),
        ("python", "") => read_by(
            "python3",
            &["-c", "import ast, sys; ast.parse(sys.stdin.read())"],
            block,
        ),
        ("sh", "" | "demo") => read_by("bash", &["-n"], block),
        ("sh", _) if block.is_not_run() => read_by("bash", &["-n"], block),
        (language, comment) => Err(format!(
            "the language is {language:?}, the comment {comment:?}"
        )),
    }
}

/// Parses one JSON value, or several in sequence.
pub(super) fn json(text: &str) -> serde_json::Result<Vec<Value>> {
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect()
}

fn ini(text: &str) -> Result<(), String> {
    let is_fine = |line: &str| {
        let section = line.starts_with('[') && line.ends_with(']');
        section || line.is_empty() || line.starts_with('#') || line.contains('=')
    };
    match text.lines().find(|line| !is_fine(line.trim())) {
        Some(line) => Err(format!("{line:?} is neither a section nor a setting")),
        None => Ok(()),
    }
}

fn read_by(program: &str, args: &[&str], block: &Block) -> Result<(), String> {
    let mut command = Command::new(program);
    command
        .args(args)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    child
        .stdin
        .take()
        .unwrap()
        .write_all(block.text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
