//! From the checked tree of the parser to the tree that is judged.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, operators};

use super::constant::{constant, text};
use super::fault::Fault;
use super::fields::pattern;
use super::functions::{Function, HAS, MATCHES};
use super::node::{Body, Comparison, Loop, Node, Operator};

/// Compiles an expression whose names and types were checked.
#[derive(Default)]
pub(super) struct Compiler {
    /// The variables of the loops around the current node.
    variables: Vec<String>,
}

type Compiled<T = Node> = Result<T, Fault>;

fn unused<T>(node: u64, message: &str) -> Compiled<T> {
    let message = message.to_owned();
    Err(Fault { node, message })
}

impl Compiler {
    /// Compiles a node.
    ///
    /// # Errors
    /// The first form that conditions do not have.
    pub(super) fn compile(&mut self, node: &IdedExpr) -> Compiled {
        match &node.expr {
            Expr::Literal(_) => match constant(node) {
                Some(value) => Ok(Node::Constant(value)),
                None => unused(node.id, "this literal is not used here"),
            },
            Expr::Ident(name) => self.variable(node.id, name),
            Expr::Call(call) => self.call(node.id, call),
            Expr::Comprehension(looped) => self.looped(node.id, looped),
            Expr::List(list) => self.list(list),
            Expr::Select(select) => {
                let map = Box::new(self.compile(&select.operand)?);
                if select.test {
                    return Ok(Node::HasName(map, select.field.as_str().into()));
                }
                let name = Node::Constant(super::value::Value::Text(select.field.clone().into()));
                Ok(Node::Index(Box::new((*map, name))))
            }
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                unused(node.id, "a map is not used here")
            }
        }
    }

    fn variable(&self, node: u64, name: &str) -> Compiled {
        if let Some(field) = field(name) {
            return Ok(Node::Field(field));
        }
        let mut places = (0..self.variables.len()).rev();
        match places.find(|place| self.variables[*place] == name) {
            Some(place) => Ok(Node::Variable(place)),
            None => unused(node, "this name is not used here"),
        }
    }

    fn pair(&mut self, left: &IdedExpr, right: &IdedExpr) -> Compiled<Box<(Node, Node)>> {
        Ok(Box::new((self.compile(left)?, self.compile(right)?)))
    }

    fn one(&mut self, node: &IdedExpr) -> Compiled<Box<Node>> {
        self.compile(node).map(Box::new)
    }

    fn all<'n>(&mut self, nodes: impl IntoIterator<Item = &'n IdedExpr>) -> Compiled<Box<[Node]>> {
        let nodes = nodes.into_iter().map(|node| self.compile(node));
        nodes.collect()
    }

    fn list(&mut self, list: &ListExpr) -> Compiled {
        self.all(&list.elements).map(Node::List)
    }

    fn call(&mut self, node: u64, call: &CallExpr) -> Compiled {
        use operators as op;
        let target = call.target.as_deref().into_iter();
        let args: Vec<&IdedExpr> = target.chain(&call.args).collect();
        match (call.func_name.as_str(), args.as_slice()) {
            (op::CONDITIONAL, [test, yes, no]) => {
                let parts = (self.compile(test)?, self.compile(yes)?, self.compile(no)?);
                Ok(Node::If(Box::new(parts)))
            }
            (op::LOGICAL_AND, [left, right]) => self.pair(left, right).map(Node::And),
            (op::LOGICAL_OR, [left, right]) => self.pair(left, right).map(Node::Or),
            (op::LOGICAL_NOT, [value]) => self.one(value).map(Node::Not),
            (op::NEGATE, [value]) => self.one(value).map(Node::Negate),
            (op::INDEX, [list, place]) => self.pair(list, place).map(Node::Index),
            (op::IN, [value, list]) => self.membership(value, list),
            (HAS, [value]) => {
                if let Node::Field(field) = self.compile(value)? {
                    return Ok(Node::Has(field));
                }
                unused(node, "has takes a field")
            }
            (MATCHES, [value, place]) => {
                let pattern = pattern(place).map_err(|message| Fault {
                    node: place.id,
                    message,
                })?;
                Ok(Node::Matches(self.one(value)?, pattern))
            }
            (name, [left, right]) if operator(name).is_some() => self.binary(name, left, right),
            (name, args) => {
                let args = self.all(args.iter().copied())?;
                match Function::named(name) {
                    Some(function) => Ok(Node::Call(function, args)),
                    None => unused(node, "this operator is not used here"),
                }
            }
        }
    }

    fn binary(&mut self, name: &str, left: &IdedExpr, right: &IdedExpr) -> Compiled {
        let pair = self.pair(left, right)?;
        Ok(match operator(name) {
            Some(Binary::Equal(equal)) => Node::Equal(equal, pair),
            Some(Binary::Compare(comparison)) => Node::Compare(comparison, pair),
            Some(Binary::Arithmetic(operator)) => Node::Arithmetic(operator, pair),
            None => return unused(left.id, "this operator is not used here"),
        })
    }

    /// Compiles `value in list`. A list of texts that is written out becomes a set.
    fn membership(&mut self, value: &IdedExpr, list: &IdedExpr) -> Compiled {
        if let Expr::List(list) = &list.expr {
            let texts: Option<_> = list.elements.iter().map(text).collect();
            let texts: Option<Vec<&str>> = texts;
            if let Some(texts) = texts {
                let texts = texts.into_iter().map(Box::from).collect();
                return Ok(Node::InTexts(self.one(value)?, texts));
            }
        }
        self.pair(value, list).map(Node::In)
    }

    fn looped(&mut self, node: u64, looped: &ComprehensionExpr) -> Compiled {
        let range = self.compile(&looped.iter_range)?;
        self.variables.push(looped.iter_var.clone());
        let body = self.body(node, looped);
        self.variables.pop();
        body.map(|body| Node::Loop(Box::new(Loop { range, body })))
    }

    /// Compiles the step of a loop, by the form that each kind of loop has.
    fn body(&mut self, node: u64, looped: &ComprehensionExpr) -> Compiled<Body> {
        let Expr::Call(step) = &looped.loop_step.expr else {
            return unused(node, "a loop of this form is not used here");
        };
        match (step.func_name.as_str(), step.args.as_slice()) {
            (operators::LOGICAL_OR, [_, holds]) => self.compile(holds).map(Body::Any),
            (operators::LOGICAL_AND, [_, holds]) => self.compile(holds).map(Body::All),
            (operators::ADD, [_, added]) => {
                let element = element(added).map(|element| self.compile(element));
                let form = || unused(node, "a loop of this form is not used here");
                element.unwrap_or_else(form).map(|it| Body::Map(None, it))
            }
            (operators::CONDITIONAL, [guard, step, _]) => {
                let Expr::Call(add) = &step.expr else {
                    return unused(node, "a loop of this form is not used here");
                };
                let guard = self.compile(guard)?;
                match add.args.get(1).and_then(element) {
                    Some(element) => Ok(Body::Map(Some(guard), self.compile(element)?)),
                    None => Ok(Body::One(guard)),
                }
            }
            _ => unused(node, "a loop of this form is not used here"),
        }
    }
}

/// Returns the number of a field from its variable.
fn field(name: &str) -> Option<usize> {
    name.strip_prefix('$')?.parse().ok()
}

/// Returns the only element of a list that is written out.
fn element(node: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::List(list) = &node.expr else {
        return None;
    };
    list.elements.first()
}

/// An operator between two values.
enum Binary {
    Equal(bool),
    Compare(Comparison),
    Arithmetic(Operator),
}

fn operator(name: &str) -> Option<Binary> {
    use operators as op;
    Some(match name {
        op::EQUALS => Binary::Equal(true),
        op::NOT_EQUALS => Binary::Equal(false),
        op::LESS => Binary::Compare(Comparison::Less),
        op::LESS_EQUALS => Binary::Compare(Comparison::LessOrEqual),
        op::GREATER => Binary::Compare(Comparison::Greater),
        op::GREATER_EQUALS => Binary::Compare(Comparison::GreaterOrEqual),
        op::ADD => Binary::Arithmetic(Operator::Add),
        op::SUBSTRACT => Binary::Arithmetic(Operator::Subtract),
        op::MULTIPLY => Binary::Arithmetic(Operator::Multiply),
        op::DIVIDE => Binary::Arithmetic(Operator::Divide),
        op::MODULO => Binary::Arithmetic(Operator::Remainder),
        _ => return None,
    })
}
