//! An expression as written: its text, its tree, and the place of each node in the text.

use cel::ParseError;
use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::Parser;

use super::depth::depth;
use super::fault::Fault;

/// Maximum length of an expression.
const BYTES: usize = 4_096;
/// Maximum depth of an expression: the crate `cel` takes some 50 KB of stack for each level.
const DEPTH: u16 = 28;

/// A parsed expression.
#[derive(Debug)]
pub struct Parsed {
    /// The text.
    pub text: String,
    /// The tree.
    pub tree: IdedExpr,
    places: SourceInfo,
}

impl Parsed {
    /// Parses an expression. `usage` says what `has` takes here.
    ///
    /// # Errors
    /// Every fault of the syntax, with a caret under its place; an expression that is too long or too deep.
    pub fn new(text: &str, usage: &str) -> Result<Self, Vec<String>> {
        if text.len() > BYTES {
            return Err(vec![format!("the expression is longer than {BYTES} bytes")]);
        }
        let parser = Parser::new().max_recursion_depth(DEPTH);
        let parsed = parser.parse_with_source_info(text);
        let (tree, places) = parsed.map_err(|faults| {
            let faults = &faults.errors;
            // What is reported beside it follows from it.
            if faults
                .iter()
                .any(|fault| fault.msg.contains("ecursion limit"))
            {
                return vec![too_deep()];
            }
            let faults = faults.iter().map(|fault| syntax(text, fault, usage));
            faults.collect::<Vec<_>>()
        })?;
        let parsed = Self {
            text: text.to_owned(),
            tree,
            places,
        };
        parsed.check_depth().map(|()| parsed)
    }

    /// Checks the depth, again after the tree was changed.
    ///
    /// # Errors
    /// The tree is too deep.
    pub fn check_depth(&self) -> Result<(), Vec<String>> {
        if depth(&self.tree) > DEPTH {
            return Err(vec![too_deep()]);
        }
        Ok(())
    }

    /// Returns the messages of faults, each with the line of the expression and a caret under the place.
    #[must_use]
    pub fn shown(&self, faults: &[Fault]) -> Vec<String> {
        let faults = faults.iter();
        faults
            .map(|fault| self.show(fault.node, &fault.message))
            .collect()
    }

    /// Returns a message about a node, with the line of the expression and a caret under the place.
    #[must_use]
    pub fn show(&self, node: u64, message: &str) -> String {
        let start = self.places.offset_for(node).map_or(0, |(start, _)| start);
        caret(&self.text, usize::try_from(start).unwrap_or(0), message)
    }
}

/// Returns the fault of an expression that is too deep.
fn too_deep() -> String {
    format!("the expression is nested more than {DEPTH} deep")
}

/// Returns a fault of the syntax with a caret under its place.
fn syntax(text: &str, fault: &ParseError, usage: &str) -> String {
    let (line, column) = (
        usize::try_from(fault.pos.0).unwrap_or(1).max(1),
        usize::try_from(fault.pos.1).unwrap_or(1),
    );
    let before = text
        .split_inclusive('\n')
        .take(line - 1)
        .map(|line| line.chars().count());
    let message = fault.msg.split(" expecting ").next().unwrap_or_default();
    let message = match message.trim_start_matches("Syntax error: ") {
        "invalid argument to has() macro" => usage,
        message => message,
    };
    caret(
        text,
        before.sum::<usize>() + column.saturating_sub(1),
        message,
    )
}

/// Returns a message, the line of an expression at which a character stands, and a caret under that character.
fn caret(text: &str, at: usize, message: &str) -> String {
    let before: String = text.chars().take(at).collect();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let indent: String = before[start..]
        .chars()
        .map(|char| if char.is_ascii() { " " } else { "  " })
        .collect();
    format!("{message}\n    {line}\n    {indent}^")
}
