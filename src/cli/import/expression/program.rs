//! An expression of a map, from its text to what runs on a row.

use std::sync::Arc;

use cel::Env;

use super::functions::{Constant, environment};
use super::given::{Data, Given};
use super::result::Outcome;
use super::rewrite::{Column, Rewriter};
use super::run::run;
use super::signature::Columns;
use crate::cli::import::style::Style;
use crate::expression::{Parsed, Type, check};

/// What `has` takes.
const HAS: &str = "has takes row.name; for another name, write row[\"the name\"] != \"\"";

/// An expression. `C` identifies a column, by name or by position in the header.
#[derive(Clone, Debug)]
pub(in crate::cli::import) struct Expression<C = String> {
    program: Arc<Program>,
    columns: Vec<C>,
    found: Type,
}

#[derive(Debug)]
struct Program {
    parsed: Parsed,
    style: Style,
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
        let same = self.program.parsed.text == other.program.parsed.text
            && self.program.style == other.program.style;
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
        let mut parsed = Parsed::new(text, HAS)?;
        let mut rewriter = Rewriter::new(style);
        rewriter.walk(&mut parsed.tree);
        parsed.check_depth()?;
        let Rewriter {
            columns,
            constants,
            faults,
            ..
        } = rewriter;
        let environment = Shared(environment().map_err(|fault| vec![fault])?);
        let mut program = Program {
            parsed,
            style: style.clone(),
            columns,
            constants,
            environment,
        };
        if !faults.is_empty() {
            return Err(program.parsed.shown(&faults));
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
                self.program.parsed.show(column.node, message)
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

impl<C: PartialEq> Expression<C> {
    /// Returns true if the expression names a column.
    pub(in crate::cli::import) fn reads(&self, column: &C) -> bool {
        self.columns.contains(column)
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
            parsed,
            constants,
            environment,
            ..
        } = &*self.program;
        let column = |place: usize| {
            self.columns
                .get(place)
                .map_or(Given::Text(""), |place| column(*place))
        };
        run(&parsed.tree, &environment.0, constants, column, read)
    }
}

impl Program {
    fn check(&self, column: Type, condition: bool) -> Result<Type, Vec<String>> {
        let parsed = &self.parsed;
        let found =
            check(&parsed.tree, &Columns(column)).map_err(|faults| parsed.shown(&faults))?;
        let fault = if condition && !found.fits(&Type::Bool) {
            Some(format!("must give true or false, not {found}"))
        } else if matches!(found, Type::Map | Type::Constant) {
            Some(format!("{found} is not the value of a field"))
        } else {
            None
        };
        match fault {
            Some(message) => Err(vec![parsed.show(parsed.tree.id, &message)]),
            None => Ok(found),
        }
    }
}
