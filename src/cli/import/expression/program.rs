//! An expression of a map, from its text to what runs on a row.

use std::sync::Arc;

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::Parser;
use cel::{Env, ParseError};

use super::check::Checker;
use super::depth::depth;
use super::functions::{Constant, environment};
use super::given::{Data, Given};
use super::result::Outcome;
use super::rewrite::{Column, Fault, Rewriter};
use super::run::run;
use super::types::Type;
use crate::cli::import::style::Style;

/// Maximum length of an expression.
const BYTES: usize = 4_096;
/// Maximum depth of an expression: the crate takes some 50 KB of stack for each level.
const DEPTH: u16 = 28;

/// An expression. `C` identifies a column, by name or by position in the header.
#[derive(Clone, Debug)]
pub(in crate::cli::import) struct Expression<C = String> {
    program: Arc<Program>,
    columns: Vec<C>,
    found: Type,
}

#[derive(Debug)]
struct Program {
    text: String,
    style: Style,
    tree: IdedExpr,
    places: SourceInfo,
    columns: Vec<Column>,
    constants: Vec<Constant>,
    environment: Shared,
}

/// The functions of all expressions.
struct Shared(Arc<Env>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl<C: PartialEq> PartialEq for Expression<C> {
    fn eq(&self, other: &Self) -> bool {
        let same =
            self.program.text == other.program.text && self.program.style == other.program.style;
        same && self.columns == other.columns
    }
}

impl Expression {
    /// Reads an expression. `condition` says that it must give true or false.
    ///
    /// # Errors
    /// Every fault, with a caret under its place.
    pub(in crate::cli::import) fn new(
        text: &str,
        style: &Style,
        condition: bool,
    ) -> Result<Self, Vec<String>> {
        if text.len() > BYTES {
            return Err(vec![format!("the expression is longer than {BYTES} bytes")]);
        }
        let parser = Parser::new().max_recursion_depth(DEPTH);
        let parsed = parser.parse_with_source_info(text);
        let (mut tree, places) = parsed.map_err(|faults| {
            faults
                .errors
                .iter()
                .map(|fault| syntax(text, fault))
                .collect::<Vec<_>>()
        })?;
        let deep = || vec![format!("the expression is nested more than {DEPTH} deep")];
        if depth(&tree) > DEPTH {
            return Err(deep());
        }
        let mut rewriter = Rewriter::new(style);
        rewriter.walk(&mut tree);
        if depth(&tree) > DEPTH {
            return Err(deep());
        }
        let Rewriter {
            columns,
            constants,
            faults,
            ..
        } = rewriter;
        let environment = Shared(environment().map_err(|fault| vec![fault])?);
        let mut program = Program {
            text: text.to_owned(),
            style: style.clone(),
            tree,
            places,
            columns,
            constants,
            environment,
        };
        if !faults.is_empty() {
            return Err(program.shown(&faults));
        }
        let found = program.check(Type::Any, condition)?;
        let columns = program
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        program.columns.shrink_to_fit();
        let program = Arc::new(program);
        Ok(Self {
            program,
            columns,
            found,
        })
    }

    /// Returns the expression with positions instead of names, checked for one kind of file. `place` returns the position of a
    /// column, given its name and where the expression names it.
    ///
    /// # Errors
    /// Every value of a wrong type, with a caret under its place.
    pub(in crate::cli::import) fn bind(
        &self,
        data: Data,
        condition: bool,
        mut place: impl FnMut(&str, &dyn Fn(&str) -> String) -> usize,
    ) -> Result<Expression<usize>, Vec<String>> {
        let column = match data {
            Data::Table => Type::Text,
            Data::Json => Type::Json,
        };
        let found = self.program.check(column, condition)?;
        let columns = self.program.columns.iter().map(|column| {
            place(&column.name, &|message| {
                self.program.show(column.node, message)
            })
        });
        let columns = columns.collect();
        let program = Arc::clone(&self.program);
        Ok(Expression {
            program,
            columns,
            found,
        })
    }
}

impl<C> Expression<C> {
    /// Returns the type of the result, as far as it is known.
    pub(in crate::cli::import) const fn gives(&self) -> &Type {
        &self.found
    }
}

impl Expression<usize> {
    /// Runs the expression on a row, given its columns.
    pub(in crate::cli::import) fn run<'r>(
        &'r self,
        column: impl Fn(usize) -> Given<'r> + Send + Sync,
    ) -> Result<Outcome, String> {
        self.evaluate(column, |value| Outcome::read(value, &self.found))
    }

    /// Runs a condition on a row.
    pub(in crate::cli::import) fn holds<'r>(
        &'r self,
        column: impl Fn(usize) -> Given<'r> + Send + Sync,
    ) -> Result<bool, String> {
        self.evaluate(column, Outcome::truth)
    }

    fn evaluate<'r, T>(
        &'r self,
        column: impl Fn(usize) -> Given<'r> + Send + Sync,
        read: impl FnOnce(&dyn cel::common::value::Val) -> Result<T, String>,
    ) -> Result<T, String> {
        let Program {
            tree,
            constants,
            environment,
            ..
        } = &*self.program;
        let column = |place: usize| {
            self.columns
                .get(place)
                .map_or(Given::Text(""), |place| column(*place))
        };
        run(tree, &environment.0, constants, column, read)
    }
}

impl Program {
    fn check(&self, column: Type, condition: bool) -> Result<Type, Vec<String>> {
        let found = Checker::check(&self.tree, column).map_err(|faults| self.shown(&faults))?;
        let fault = if condition && !found.fits(&Type::Bool) {
            Some(format!("must give true or false, not {found}"))
        } else if matches!(found, Type::Map | Type::Constant) {
            Some(format!("{found} is not the value of a field"))
        } else {
            None
        };
        match fault {
            Some(message) => Err(vec![self.show(self.tree.id, &message)]),
            None => Ok(found),
        }
    }

    fn shown(&self, faults: &[Fault]) -> Vec<String> {
        faults
            .iter()
            .map(|fault| self.show(fault.node, &fault.message))
            .collect()
    }

    fn show(&self, node: u64, message: &str) -> String {
        let start = self.places.offset_for(node).map_or(0, |(start, _)| start);
        caret(&self.text, usize::try_from(start).unwrap_or(0), message)
    }
}

/// Returns a fault of the syntax with a caret under its place.
fn syntax(text: &str, fault: &ParseError) -> String {
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
        "invalid argument to has() macro" => {
            "has takes row.name; for another name, write row[\"the name\"] != \"\""
        }
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
