//! A condition over a table of fields, from its text to its judgement.

use std::fmt;
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr};

use super::check::{Scope, check};
use super::compile::Compiler;
use super::depth::parts;
use super::evaluate::Judgement;
use super::fault::Fault;
use super::fields::{Placing, Table};
use super::functions::signature;
use super::node::Node;
use super::parsed::Parsed;
use super::signature::Signature;
use super::types::Type;
use super::value::{Fields, Undecided};

/// What `has` takes.
const HAS: &str = "has takes a field, such as has(item.price)";

/// A condition over a table of fields. Its copies share one tree.
#[derive(Clone)]
pub struct Predicate {
    text: Arc<str>,
    root: Arc<Node>,
    /// The fields that it reads, a bit each.
    reads: u64,
}

impl Predicate {
    /// Reads a condition. A table has at most 64 fields.
    ///
    /// # Errors
    /// Every fault, with the line of the expression and a caret under the place.
    pub fn new(text: &str, table: &Table) -> Result<Self, Vec<String>> {
        let mut parsed = Parsed::new(text, HAS)?;
        let mut placing = Placing::new(table);
        placing.walk(&mut parsed.tree);
        parsed.check_depth()?;
        let mut faults = placing.faults;
        match check(&parsed.tree, &Names(table)) {
            Ok(found) if !found.fits(&Type::Bool) => faults.push(Fault {
                node: parsed.tree.id,
                message: format!("must give true or false, not {found}"),
            }),
            Ok(_) => {}
            Err(more) => faults.extend(more),
        }
        if !faults.is_empty() {
            return Err(parsed.shown(&faults));
        }
        let root = Compiler::default().compile(&parsed.tree);
        let root = root.map_err(|fault| parsed.shown(&[fault]))?;
        let mut reads = 0;
        fields(&parsed.tree, &mut reads);
        Ok(Self {
            text: text.into(),
            root: Arc::new(root),
            reads,
        })
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether the condition reads a field, by its number.
    #[must_use]
    pub const fn reads(&self, field: usize) -> bool {
        field < 64 && self.reads & (1 << field) != 0
    }

    /// Judges the condition.
    ///
    /// # Errors
    /// The condition has no value, which counts as false.
    pub fn holds(&self, fields: &impl Fields) -> Result<bool, Undecided> {
        Judgement::new(fields).truth(&self.root)
    }
}

impl PartialEq for Predicate {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Predicate").field(&self.text).finish()
    }
}

/// The names of a condition.
struct Names<'t>(&'t Table);

impl Scope for Names<'_> {
    fn variable(&self, name: &str) -> Type {
        let number = name.strip_prefix('$').and_then(|it| it.parse().ok());
        let field = number.and_then(|number: usize| self.0.fields.get(number));
        field.map_or(Type::Any, |field| field.kind.of_expression())
    }

    fn function(&self, name: &str) -> Option<&'static Signature> {
        signature(name)
    }
}

/// Adds the bits of the fields that a tree reads.
fn fields(tree: &IdedExpr, reads: &mut u64) {
    let mut open = vec![tree];
    while let Some(node) = open.pop() {
        if let Expr::Ident(name) = &node.expr
            && let Some(number) = name.strip_prefix('$').and_then(|it| it.parse::<u32>().ok())
        {
            *reads |= 1_u64.checked_shl(number).unwrap_or(0);
        }
        parts(node, &mut |part| open.push(part));
    }
}
