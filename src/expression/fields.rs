//! The fields that a condition may read, and how names in an expression become their numbers.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};
use regex::{Regex, RegexBuilder};

use super::constant::text;
use super::fault::Fault;
use super::functions::{HAS, MATCHES, names, signature};
use super::signature::settle;
use super::types::Type;
use crate::spelling::{nearest, unknown};

/// Maximum size of a compiled pattern of `matches`.
const PATTERN_BYTES: usize = 1 << 20;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number with a fraction.
    Double,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A map from names to numbers with a fraction.
    Weights,
}

impl Kind {
    /// Returns the type for the check.
    pub(super) fn of_expression(self) -> Type {
        match self {
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Double => Type::Double,
            Self::Text => Type::Text,
            Self::Texts => Type::List(Box::new(Type::Text)),
            Self::Weights => Type::Weights,
        }
    }

    /// Returns its name in the docs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Double => "double",
            Self::Text => "string",
            Self::Texts => "list of strings",
            Self::Weights => "map of doubles",
        }
    }
}

/// A field that a condition may read.
#[derive(Debug)]
pub struct Field {
    /// Its name with that of its group, such as `item.price`.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its meaning, for the docs.
    pub doc: &'static str,
}

/// The fields of one kind of condition. The number of a field is its place.
#[derive(Debug)]
pub struct Table {
    /// The fields.
    pub fields: &'static [Field],
    /// Groups that conditions of another kind read, each with a message that says so.
    pub elsewhere: &'static [(&'static str, &'static str)],
}

impl Table {
    /// Returns the number of a field.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    fn has_group(&self, name: &str) -> bool {
        let mut groups = self.fields.iter().map(Field::group);
        groups.any(|group| group == name)
    }
}

impl Field {
    fn group(&self) -> &'static str {
        self.name.split('.').next().unwrap_or_default()
    }

    fn last(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or_default()
    }
}

/// Puts the number of each field in place of its name: `$3` for `item.price`. An unknown name becomes `$?`, of any type, so that one
/// mistake gives one fault.
pub(super) struct Placing<'t> {
    table: &'t Table,
    pub(super) faults: Vec<Fault>,
    /// The variables of the loops around the current node.
    bound: Vec<String>,
}

impl<'t> Placing<'t> {
    pub(super) const fn new(table: &'t Table) -> Self {
        Self {
            table,
            faults: Vec::new(),
            bound: Vec::new(),
        }
    }

    fn fault(&mut self, node: u64, message: impl Into<String>) {
        let message = message.into();
        self.faults.push(Fault { node, message });
    }

    pub(super) fn walk(&mut self, node: &mut IdedExpr) {
        if let Some(named) = self.named(node) {
            let test = matches!(&node.expr, Expr::Select(select) if select.test);
            let field = self.placed(&named, node.id);
            node.expr = if test { has(node.id, field) } else { field };
            return;
        }
        match &mut node.expr {
            Expr::Select(select) => self.walk(&mut select.operand),
            Expr::Call(call) => self.walk_call(node.id, call),
            Expr::Comprehension(looped) => self.walk_loop(looped),
            Expr::List(list) => {
                let elements = list.elements.iter_mut();
                elements.for_each(|element| self.walk(element));
            }
            Expr::Ident(name) if name.starts_with('@') || self.bound.contains(name) => {}
            Expr::Ident(name) => {
                let name = std::mem::take(name);
                let message = self.unknown_name(&name);
                node.expr = self.nothing(node.id, message);
            }
            Expr::Literal(LiteralValue::Bytes(_) | LiteralValue::UInt(_)) => {
                self.fault(node.id, "bytes and unsigned numbers are not used here");
            }
            Expr::Literal(LiteralValue::Null) => {
                let message = "null is not used here; has(…) says whether a field is given";
                node.expr = self.nothing(node.id, message.to_owned());
            }
            Expr::Literal(_) => {}
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                node.expr = self.nothing(node.id, "a map is not used here".to_owned());
            }
        }
    }

    /// Returns the group and the name of a field, if a node names one: `item.price`, `has(item.price)` or `item["price"]`.
    fn named(&self, node: &IdedExpr) -> Option<(String, String)> {
        let (operand, field) = if let Expr::Select(select) = &node.expr {
            (&*select.operand, select.field.as_str())
        } else if let Expr::Call(call) = &node.expr
            && call.func_name == operators::INDEX
        {
            (call.args.first()?, text(call.args.get(1)?)?)
        } else {
            return None;
        };
        let Expr::Ident(group) = &operand.expr else {
            return None;
        };
        let elsewhere = self.table.elsewhere.iter().any(|(other, _)| other == group);
        let is_group = elsewhere || self.table.has_group(group);
        let named = is_group && !self.bound.contains(group);
        named.then(|| (group.clone(), field.to_owned()))
    }

    /// Returns the variable of a field.
    fn placed(&mut self, (group, field): &(String, String), node: u64) -> Expr {
        let name = format!("{group}.{field}");
        if let Some(number) = self.table.number(&name) {
            return Expr::Ident(format!("${number}"));
        }
        let mut elsewhere = self.table.elsewhere.iter();
        let message = match elsewhere.find(|(other, _)| other == group) {
            Some((_, message)) => (*message).to_owned(),
            None => self.unknown_field(&name, group),
        };
        self.nothing(node, message)
    }

    /// Reports a fault and returns a variable of any type.
    fn nothing(&mut self, node: u64, message: String) -> Expr {
        self.fault(node, message);
        Expr::Ident("$?".to_owned())
    }

    fn unknown_field(&self, name: &str, group: &str) -> String {
        let fields = self.table.fields.iter();
        let known = fields
            .filter(|field| field.group() == group)
            .map(|field| field.name);
        // Compared without the group, which is right, so that a short name is not like any other.
        let last = name.rsplit('.').next().unwrap_or_default();
        let lasts = known.clone().filter_map(|known| known.rsplit('.').next());
        match nearest(last, lasts) {
            Some(nearest) => format!("{name}: unknown field; did you mean {group}.{nearest}?"),
            None => format!("{name}: {}", unknown("field", name, known)),
        }
    }

    fn unknown_name(&self, name: &str) -> String {
        if self.table.has_group(name) {
            return format!("{name} stands for several fields; name one of them, as in {name}.id");
        }
        let mut elsewhere = self.table.elsewhere.iter();
        if let Some((_, message)) = elsewhere.find(|(other, _)| *other == name) {
            return (*message).to_owned();
        }
        let fields = self.table.fields;
        let meant = fields.iter().find(|field| field.last() == name);
        match meant {
            Some(field) => format!("unknown name {name}; did you mean {}?", field.name),
            None => {
                let mut groups: Vec<&str> = fields.iter().map(Field::group).collect();
                groups.dedup();
                let groups: Vec<String> = groups.iter().map(|group| format!("{group}.…")).collect();
                format!(
                    "unknown name {name}; a condition reads {}",
                    groups.join(" and ")
                )
            }
        }
    }

    fn walk_call(&mut self, node: u64, call: &mut CallExpr) {
        if call
            .func_name
            .starts_with(|first: char| first.is_ascii_alphabetic())
        {
            self.check_function(node, call);
        }
        let target = call.target.as_deref_mut().into_iter();
        for argument in target.chain(&mut call.args) {
            self.walk(argument);
        }
    }

    /// Checks the name of a function and a pattern, and moves the value it is called on to where it is looked for.
    fn check_function(&mut self, node: u64, call: &mut CallExpr) {
        let name = call.func_name.as_str();
        if signature(name).is_none() {
            let message = format!("{name}: {}", unknown("function", name, names()));
            return self.fault(node, message);
        }
        settle(call);
        if call.func_name != MATCHES {
            return;
        }
        let Some(place) = call.args.get(1) else {
            return;
        };
        if let Err(message) = pattern(place) {
            self.fault(place.id, message);
        }
    }

    fn walk_loop(&mut self, looped: &mut ComprehensionExpr) {
        self.walk(&mut looped.iter_range);
        self.walk(&mut looped.accu_init);
        let outer = self.bound.len();
        self.bound.push(looped.iter_var.clone());
        for part in [
            &mut looped.loop_cond,
            &mut looped.loop_step,
            &mut looped.result,
        ] {
            self.walk(part);
        }
        self.bound.truncate(outer);
    }
}

/// Returns the test that a field is given.
fn has(node: u64, field: Expr) -> Expr {
    Expr::Call(CallExpr {
        func_name: HAS.to_owned(),
        target: None,
        args: vec![IdedExpr {
            id: node,
            expr: field,
        }],
    })
}

/// Compiles the pattern of `matches`.
pub(super) fn pattern(node: &IdedExpr) -> Result<Regex, String> {
    let Some(pattern) = text(node) else {
        let usage =
            "matches takes a value and a pattern in quotes, as in item.id.matches(\"^A[0-9]+$\")";
        return Err(usage.to_owned());
    };
    let read = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
    read.map_err(|fault| {
        let fault = fault.to_string();
        let message = fault.lines().last().unwrap_or_default();
        message.trim_start_matches("error: ").to_owned()
    })
}
