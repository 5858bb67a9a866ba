//! Checks the types of a rewritten expression, as far as they are known.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators,
};

use super::arithmetic::{arithmetic, hint};
use super::fault::Fault;
use super::signature::{ADD, Signature};
use super::types::Type;

/// The names that an expression may use.
pub trait Scope {
    /// Returns the type of a variable whose name begins with `$`.
    fn variable(&self, name: &str) -> Type;

    /// Returns the signature of a function.
    fn function(&self, name: &str) -> Option<&'static Signature>;

    /// Returns what a fault adds if a text stands where a number should.
    fn text_hint(&self) -> &'static str {
        ""
    }
}

/// Checks the types of an expression within a scope.
struct Checker<'s> {
    scope: &'s dyn Scope,
    faults: Vec<Fault>,
    /// The variables of the loops around the current node.
    variables: Vec<(String, Type)>,
}

/// Returns the type of an expression.
///
/// # Errors
/// Every value of a wrong type.
pub fn check(node: &IdedExpr, scope: &dyn Scope) -> Result<Type, Vec<Fault>> {
    let mut checker = Checker {
        scope,
        faults: Vec::new(),
        variables: Vec::new(),
    };
    let found = checker.of(node);
    if checker.faults.is_empty() {
        Ok(found)
    } else {
        Err(checker.faults)
    }
}

impl Checker<'_> {
    fn fault(&mut self, node: u64, message: String) -> Type {
        self.faults.push(Fault { node, message });
        Type::Any
    }

    fn of(&mut self, node: &IdedExpr) -> Type {
        match &node.expr {
            Expr::Literal(literal) => of_literal(literal),
            Expr::Ident(name) => self.of_variable(name),
            Expr::Call(call) => self.of_call(node.id, call),
            Expr::Comprehension(looped) => self.of_loop(looped),
            Expr::List(list) => {
                let types = list.elements.iter().map(|element| self.of(element));
                let element = types.reduce(Type::or).unwrap_or(Type::Any);
                Type::List(Box::new(element))
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.wanted(&entry.key, &Type::Text, "a key");
                        self.of(&entry.value);
                    }
                }
                Type::Map
            }
            Expr::Select(select) => {
                let (map, field) = (self.of(&select.operand), &select.field);
                if !map.fits(&Type::Map) {
                    return self.fault(node.id, format!("{map} has no .{field}"));
                }
                if select.test { Type::Bool } else { map.part() }
            }
            Expr::Struct(_) | Expr::Unspecified => Type::Any,
        }
    }

    fn of_variable(&self, name: &str) -> Type {
        if name.starts_with('$') {
            return self.scope.variable(name);
        }
        let mut variables = self.variables.iter().rev();
        let found = variables.find(|(variable, _)| variable == name);
        found.map_or(Type::Any, |(_, found)| found.clone())
    }

    fn wanted(&mut self, node: &IdedExpr, wanted: &Type, what: &str) -> Type {
        let found = self.of(node);
        if !found.fits(wanted) {
            self.fault(node.id, format!("{what} must be {wanted}, not {found}"));
        }
        found
    }

    fn of_call(&mut self, node: u64, call: &CallExpr) -> Type {
        use operators as op;
        let args: Vec<&IdedExpr> = call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect();
        match (call.func_name.as_str(), args.as_slice()) {
            (op::CONDITIONAL, [test, yes, no]) => {
                self.wanted(test, &Type::Bool, "the condition before ?");
                let (yes, no) = (self.of(yes), self.of(no));
                yes.or(no)
            }
            (op::LOGICAL_AND | op::LOGICAL_OR, [left, right]) => {
                self.wanted(left, &Type::Bool, "the left side");
                self.wanted(right, &Type::Bool, "the right side");
                Type::Bool
            }
            (op::LOGICAL_NOT | op::NOT_STRICTLY_FALSE, [value]) => {
                self.wanted(value, &Type::Bool, "the value after !");
                Type::Bool
            }
            (op::NEGATE, [value]) => {
                let found = self.of(value);
                if found.has("-") && found != Type::Time {
                    return found;
                }
                let hint = hint(&found, &found, self.scope.text_hint());
                self.fault(node, format!("- takes a number, not {found}{hint}"))
            }
            (op::EQUALS | op::NOT_EQUALS, [left, right]) => self.of_equality(node, left, right),
            (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, [left, right]) => {
                self.of_comparison(node, left, right)
            }
            (op::IN, [value, list]) => self.of_membership(node, value, list),
            (op::INDEX, [list, place]) => self.of_index(node, list, place),
            (op::ADD | ADD, [left, right]) => self.of_arithmetic(node, "+", left, right),
            (op::SUBSTRACT, [left, right]) => self.of_arithmetic(node, "-", left, right),
            (op::MULTIPLY, [left, right]) => self.of_arithmetic(node, "*", left, right),
            (op::DIVIDE, [left, right]) => self.of_arithmetic(node, "/", left, right),
            (op::MODULO, [left, right]) => self.of_arithmetic(node, "%", left, right),
            (name, args) => self.of_function(node, name, args),
        }
    }

    fn of_equality(&mut self, node: u64, left: &IdedExpr, right: &IdedExpr) -> Type {
        let (left, right) = (self.of(left), self.of(right));
        if !left.compares(&right) && left != Type::Null && right != Type::Null {
            let hint = hint(&left, &right, self.scope.text_hint());
            return self.fault(node, format!("{left} is never equal to {right}{hint}"));
        }
        Type::Bool
    }

    fn of_comparison(&mut self, node: u64, left: &IdedExpr, right: &IdedExpr) -> Type {
        let (left, right) = (self.of(left), self.of(right));
        if !left.compares(&right) {
            let hint = hint(&left, &right, self.scope.text_hint());
            return self.fault(node, format!("{left} and {right} have no order{hint}"));
        }
        Type::Bool
    }

    fn of_membership(&mut self, node: u64, value: &IdedExpr, list: &IdedExpr) -> Type {
        let (value, list) = (self.of(value), self.of(list));
        if let Type::List(element) = &list {
            if !value.compares(element) {
                return self.fault(node, format!("{value} is never in a list of {element}"));
            }
        } else if !list.fits(&Type::Map) {
            return self.fault(node, format!("in takes a list, not {list}"));
        } else if list == Type::Weights && !value.fits(&Type::Text) {
            return self.fault(node, format!("{value} is never a key of a map"));
        }
        Type::Bool
    }

    fn of_index(&mut self, node: u64, list: &IdedExpr, place: &IdedExpr) -> Type {
        let list = self.of(list);
        if let Type::List(element) = list {
            self.wanted(place, &Type::Int, "the place in a list");
            return *element;
        }
        if !list.fits(&Type::Map) {
            return self.fault(node, format!("{list} has no parts"));
        }
        if matches!(list, Type::Map | Type::Weights) {
            self.wanted(place, &Type::Text, "a key");
        } else {
            self.of(place);
        }
        list.part()
    }

    fn of_arithmetic(&mut self, node: u64, sign: &str, left: &IdedExpr, right: &IdedExpr) -> Type {
        let (left, right) = (self.of(left), self.of(right));
        let hint = self.scope.text_hint();
        arithmetic(sign, &left, &right, hint).unwrap_or_else(|fault| self.fault(node, fault))
    }

    fn of_function(&mut self, node: u64, name: &str, args: &[&IdedExpr]) -> Type {
        let found: Vec<Type> = args.iter().map(|argument| self.of(argument)).collect();
        let Some(function) = self.scope.function(name) else {
            return Type::Any;
        };
        let name = name.trim_start_matches('$');
        match (name, found.as_slice()) {
            ("size", [Type::List(_)]) => return Type::Int,
            ("split", [value, mark]) if value.fits(&Type::Text) && mark.fits(&Type::Text) => {
                return Type::List(Box::new(Type::Text));
            }
            _ => {}
        }
        let fits = |form: &&(&[Type], Type)| {
            form.0.len() == found.len()
                && found
                    .iter()
                    .zip(form.0)
                    .all(|(found, wanted)| found.fits(wanted))
        };
        let mut forms = function.forms.iter().filter(fits).map(|form| &form.1);
        if let Some(first) = forms.next() {
            return if forms.all(|other| other == first) {
                first.clone()
            } else {
                Type::Any
            };
        }
        let found: Vec<String> = found
            .iter()
            .filter(|found| **found != Type::Constant)
            .map(Type::to_string)
            .collect();
        self.fault(node, format!("{name} does not take {}", found.join(", ")))
    }

    fn of_loop(&mut self, looped: &ComprehensionExpr) -> Type {
        let range = self.of(&looped.iter_range);
        let element = if let Type::List(element) = range {
            *element
        } else if matches!(range, Type::Map | Type::Weights) {
            Type::Text
        } else if range.is_open() {
            range
        } else {
            let message = format!("a loop goes over a list, not over {range}");
            self.fault(looped.iter_range.id, message)
        };
        let sum = self.of(&looped.accu_init);
        let outer = self.variables.len();
        self.variables.push((looped.iter_var.clone(), element));
        self.variables.push((looped.accu_var.clone(), sum));
        self.of(&looped.loop_cond);
        let sum = self.of(&looped.loop_step);
        self.variables.push((looped.accu_var.clone(), sum));
        let found = self.of(&looped.result);
        self.variables.truncate(outer);
        found
    }
}

const fn of_literal(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::Text,
        LiteralValue::Bytes(_) | LiteralValue::UInt(_) => Type::Any,
    }
}
