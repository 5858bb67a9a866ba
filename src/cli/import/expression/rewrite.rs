//! Rewrites a parsed expression: columns become numbers, patterns become constants, and loops are counted.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators,
};

use super::constants::{constant, literal};
use super::functions::Constant;
use super::loops::{call, counted};
use super::signature::{names, signature};
use crate::cli::import::style::Style;
use crate::expression::{ADD, Fault, settle};
use crate::spelling::unknown;

/// The variable that stands for the columns.
const ROW: &str = "row";

/// A column that an expression names, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) node: u64,
}

/// What was found in an expression while it was rewritten.
pub(super) struct Rewriter<'s> {
    style: &'s Style,
    pub(super) columns: Vec<Column>,
    pub(super) constants: Vec<Constant>,
    pub(super) faults: Vec<Fault>,
    /// The variables of the loops around the current node.
    bound: Vec<String>,
}

impl<'s> Rewriter<'s> {
    pub(super) const fn new(style: &'s Style) -> Self {
        Self {
            style,
            columns: Vec::new(),
            constants: Vec::new(),
            faults: Vec::new(),
            bound: Vec::new(),
        }
    }

    fn fault(&mut self, node: u64, message: impl Into<String>) {
        let message = message.into();
        self.faults.push(Fault { node, message });
    }

    pub(super) fn walk(&mut self, node: &mut IdedExpr) {
        if let Some((names, place)) = self.column(node) {
            if names.is_empty() {
                let message = "row stands for all columns; write row.name or row[\"name\"]";
                self.fault(place, message);
            } else {
                node.expr = self.placed(names.join("."), place);
            }
            return;
        }
        match &mut node.expr {
            Expr::Select(select) => {
                if let Some(given) =
                    given(node.id, select).filter(|given| self.column(given).is_some())
                {
                    node.expr = has(given);
                    self.walk_call(node);
                } else {
                    self.walk(&mut select.operand);
                }
            }
            Expr::Call(_) => self.walk_call(node),
            Expr::Comprehension(looped) => self.walk_loop(node.id, looped),
            Expr::List(list) => {
                let elements = list.elements.iter_mut();
                elements.for_each(|element| self.walk(element));
            }
            Expr::Map(map) => {
                for entry in &mut map.entries {
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        self.walk(&mut entry.key);
                        self.walk(&mut entry.value);
                    }
                }
            }
            Expr::Ident(name) if name.starts_with('$') || self.bound.contains(name) => {}
            Expr::Ident(name) => {
                let message =
                    format!("unknown name {name}; a column is row.{name} or row[\"{name}\"]");
                self.fault(node.id, message);
            }
            Expr::Literal(LiteralValue::Bytes(_) | LiteralValue::UInt(_)) => {
                self.fault(node.id, "bytes and unsigned numbers are not used here");
            }
            Expr::Literal(_) => {}
            Expr::Struct(_) | Expr::Unspecified => {
                self.fault(node.id, "is not an expression of a map");
            }
        }
    }

    /// Returns the names behind `row`, and where the last one is written, if a node is a column.
    fn column(&self, node: &IdedExpr) -> Option<(Vec<String>, u64)> {
        if let Expr::Ident(name) = &node.expr {
            let is_row = name == ROW && !self.bound.contains(name);
            return is_row.then(|| (Vec::new(), node.id));
        }
        if let Expr::Select(select) = &node.expr {
            let (mut names, _) = self.column(&select.operand).filter(|_| !select.test)?;
            names.push(select.field.clone());
            return Some((names, node.id));
        }
        let Expr::Call(call) = &node.expr else {
            return None;
        };
        match call.args.as_slice() {
            [row, name] if call.func_name == operators::INDEX => {
                let (mut names, _) = self.column(row)?;
                names.push(literal(name)?.to_owned());
                Some((names, name.id))
            }
            _ => None,
        }
    }

    /// Returns the variable of a column.
    fn placed(&mut self, name: String, node: u64) -> Expr {
        let known = self.columns.iter().position(|column| column.name == name);
        let place = known.unwrap_or(self.columns.len());
        if known.is_none() {
            self.columns.push(Column { name, node });
        }
        Expr::Ident(format!("${place}"))
    }

    fn walk_call(&mut self, node: &mut IdedExpr) {
        let id = node.id;
        if let Some(expr) = self.path(node) {
            node.expr = expr;
            return;
        }
        let Expr::Call(call) = &mut node.expr else {
            return;
        };
        if call.func_name == operators::ADD {
            if self.sums(call) {
                ADD.clone_into(&mut call.func_name);
            }
        } else if call
            .func_name
            .starts_with(|first: char| first.is_ascii_alphabetic())
        {
            self.named(id, call);
        }
        let target = call.target.as_deref_mut().into_iter();
        for argument in target.chain(&mut call.args) {
            self.walk(argument);
        }
    }

    /// Checks the name of a function, and moves the value it is called on to where it is looked for.
    fn named(&mut self, node: u64, call: &mut CallExpr) {
        let name = call.func_name.as_str();
        if name != "matches" && signature(name).is_none() {
            let message = format!("{name}: {}", unknown("function", name, names()));
            return self.fault(node, message);
        }
        settle(call);
        match constant(node, call, self.style) {
            Some(Ok((name, constant))) => {
                let expr = Expr::Ident(format!("$c{}", self.constants.len()));
                self.constants.push(constant);
                name.clone_into(&mut call.func_name);
                call.args.truncate(1);
                call.args.push(IdedExpr { id: node, expr });
            }
            Some(Err(faults)) => {
                for (node, message) in faults {
                    self.fault(node, message);
                }
            }
            None => {}
        }
    }

    /// Returns true for a sum in a loop, except for that by which a loop makes its list.
    fn sums(&self, call: &CallExpr) -> bool {
        let own =
            |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if name.starts_with('@'));
        !self.bound.is_empty() && !call.args.iter().any(own)
    }

    /// Returns the column of `path(row.a, "b.c")`.
    fn path(&mut self, node: &IdedExpr) -> Option<Expr> {
        let Expr::Call(call) = &node.expr else {
            return None;
        };
        let mut values = call.target.as_deref().into_iter().chain(&call.args);
        let (value, path) = (values.next()?, values.next()?);
        if call.func_name != "path" || values.next().is_some() {
            return None;
        }
        let (mut names, _) = self.column(value)?;
        names.push(literal(path)?.to_owned());
        Some(self.placed(names.join("."), path.id))
    }

    fn walk_loop(&mut self, node: u64, looped: &mut ComprehensionExpr) {
        self.walk(&mut looped.iter_range);
        self.walk(&mut looped.accu_init);
        let outer = self.bound.len();
        let variables = [looped.iter_var.clone(), looped.accu_var.clone()];
        self.bound.extend(variables);
        for part in [
            &mut looped.loop_cond,
            &mut looped.loop_step,
            &mut looped.result,
        ] {
            self.walk(part);
        }
        self.bound.truncate(outer);
        if !counted(node, looped) {
            self.fault(node, "a loop of this form is not used in a map");
        }
    }
}

/// Returns the value that `has` asks for, if a node is its test.
fn given(id: u64, select: &SelectExpr) -> Option<IdedExpr> {
    let expr = Expr::Select(SelectExpr {
        test: false,
        ..select.clone()
    });
    select.test.then_some(IdedExpr { id, expr })
}

/// Returns the test that a column is given: neither null nor an empty text.
fn has(column: IdedExpr) -> Expr {
    let id = column.id;
    let not = |value| {
        let expr = Expr::Literal(value);
        let args = vec![column.clone(), IdedExpr { id, expr }];
        call(id, operators::NOT_EQUALS, args)
    };
    let empty = LiteralValue::String("".into());
    let tests = vec![not(LiteralValue::Null), not(empty)];
    call(id, operators::LOGICAL_AND, tests).expr
}
