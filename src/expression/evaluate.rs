//! Judging: the value of each node, from the leaves up.
//!
//! As CEL says, `&&` and `||` give a value if one side decides it, even if the other side has none; so do `all` and `exists`. Elsewhere
//! a part without a value leaves the whole without one.

use std::borrow::Cow;
use std::sync::Arc;

use super::node::{Body, Loop, Node, Operator};
use super::value::{Fields, Undecided, Value, weight};

/// Maximum number of steps of all loops of a condition, once judged.
const STEPS: usize = 10_000;
/// Maximum length of a text or a list that `+` makes.
const JOINED: usize = 1 << 16;

type Answer<'v> = Result<Value<'v>, Undecided>;

/// One judgement of a condition.
pub(super) struct Judgement<'v, F> {
    fields: &'v F,
    /// The variables of the loops around the current node.
    variables: Vec<Value<'v>>,
    steps: usize,
}

impl<'v, F: Fields> Judgement<'v, F> {
    pub(super) const fn new(fields: &'v F) -> Self {
        Self {
            fields,
            variables: Vec::new(),
            steps: 0,
        }
    }

    /// Returns the truth of a node.
    pub(super) fn truth(&mut self, node: &'v Node) -> Result<bool, Undecided> {
        match node {
            Node::And(pair) => self.decided(pair, false),
            Node::Or(pair) => self.decided(pair, true),
            Node::Not(value) => self.truth(value).map(|truth| !truth),
            Node::Has(field) => Ok(self.fields.get(*field).is_some()),
            Node::Equal(equal, pair) => {
                let (left, right) = self.pair(pair)?;
                Ok(left.equals(&right) == *equal)
            }
            Node::Compare(comparison, pair) => {
                let (left, right) = self.pair(pair)?;
                let order = left.order(&right).ok_or(Undecided)?;
                Ok(comparison.holds(order))
            }
            Node::InTexts(value, texts) => Ok(texts.contains(self.of(value)?.as_text()?)),
            Node::HasName(map, name) => {
                let Value::Weights(map) = self.of(map)? else {
                    return Err(Undecided);
                };
                Ok(weight(map, name).is_some())
            }
            Node::In(pair) => self.membership(pair),
            Node::Matches(value, pattern) => Ok(pattern.is_match(self.of(value)?.as_text()?)),
            Node::Constant(_)
            | Node::Field(_)
            | Node::Variable(_)
            | Node::Negate(_)
            | Node::If(_)
            | Node::Arithmetic(..)
            | Node::Index(_)
            | Node::List(_)
            | Node::Call(..)
            | Node::Loop(_) => self.of(node)?.truth(),
        }
    }

    /// Returns the value of a node.
    fn of(&mut self, node: &'v Node) -> Answer<'v> {
        match node {
            Node::Constant(value) => Ok(borrowed(value)),
            Node::Field(field) => self.fields.get(*field).ok_or(Undecided),
            Node::Variable(place) => self.variables.get(*place).cloned().ok_or(Undecided),
            Node::If(parts) => {
                let (test, yes, no) = &**parts;
                let chosen = if self.truth(test)? { yes } else { no };
                self.of(chosen)
            }
            Node::Negate(value) => negated(&self.of(value)?),
            Node::Arithmetic(operator, pair) => {
                let (left, right) = self.pair(pair)?;
                arithmetic(*operator, left, right)
            }
            Node::Index(pair) => self.index(pair),
            Node::List(elements) => {
                let elements = elements.iter().map(|element| self.of(element));
                elements.collect::<Result<_, _>>().map(Value::List)
            }
            Node::Call(function, args) => {
                let args: Vec<Value<'v>> = args
                    .iter()
                    .map(|arg| self.of(arg))
                    .collect::<Result<_, _>>()?;
                function.call(&args)
            }
            Node::Loop(looped) => self.looped(looped),
            Node::Not(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::Has(_)
            | Node::HasName(..)
            | Node::Equal(..)
            | Node::Compare(..)
            | Node::In(_)
            | Node::InTexts(..)
            | Node::Matches(..) => self.truth(node).map(Value::Bool),
        }
    }

    fn pair(
        &mut self,
        (left, right): &'v (Node, Node),
    ) -> Result<(Value<'v>, Value<'v>), Undecided> {
        Ok((self.of(left)?, self.of(right)?))
    }

    /// Returns `by` if one side is `by`, else the other truth; no value if a side has none and the other does not decide.
    fn decided(&mut self, (left, right): &'v (Node, Node), by: bool) -> Result<bool, Undecided> {
        let left = self.truth(left);
        if left == Ok(by) {
            return left;
        }
        match self.truth(right) {
            Ok(right) if right == by => Ok(by),
            Ok(_) => left,
            Err(undecided) => Err(undecided),
        }
    }

    fn membership(&mut self, pair: &'v (Node, Node)) -> Result<bool, Undecided> {
        let (value, within) = self.pair(pair)?;
        match &within {
            Value::List(list) => Ok(list.iter().any(|element| element.equals(&value))),
            Value::Weights(map) => Ok(weight(map, value.as_text()?).is_some()),
            Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Text(_) => Err(Undecided),
        }
    }

    fn index(&mut self, pair: &'v (Node, Node)) -> Answer<'v> {
        let (within, place) = self.pair(pair)?;
        match (&within, &place) {
            (Value::List(list), Value::Int(place)) => {
                let place = usize::try_from(*place).map_err(|_| Undecided)?;
                list.get(place).cloned().ok_or(Undecided)
            }
            (Value::Weights(map), Value::Text(name)) => {
                weight(map, name).map(Value::Double).ok_or(Undecided)
            }
            _ => Err(Undecided),
        }
    }

    fn looped(&mut self, looped: &'v Loop) -> Answer<'v> {
        let elements: Arc<[Value<'v>]> = match self.of(&looped.range)? {
            Value::List(list) => list,
            Value::Weights(map) => map.iter().map(|(name, _)| Value::text(name)).collect(),
            Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Text(_) => {
                return Err(Undecided);
            }
        };
        match &looped.body {
            Body::Any(holds) => self.any(&elements, holds, true),
            Body::All(holds) => self.any(&elements, holds, false),
            Body::One(holds) => {
                let mut found = 0;
                for element in elements.iter() {
                    found += usize::from(self.with(element, |it| it.truth(holds))?);
                }
                Ok(Value::Bool(found == 1))
            }
            Body::Map(guard, change) => self.map(&elements, guard.as_ref(), change),
        }
    }

    /// Returns `by` if the condition is `by` for an element, else the other truth.
    fn any(&mut self, elements: &[Value<'v>], holds: &'v Node, by: bool) -> Answer<'v> {
        let mut decided = Ok(!by);
        for element in elements {
            match self.with(element, |it| it.truth(holds)) {
                Ok(truth) if truth == by => return Ok(Value::Bool(by)),
                Ok(_) => {}
                Err(undecided) => decided = Err(undecided),
            }
            if self.steps > STEPS {
                return Err(Undecided);
            }
        }
        decided.map(Value::Bool)
    }

    fn map(
        &mut self,
        elements: &[Value<'v>],
        guard: Option<&'v Node>,
        change: &'v Node,
    ) -> Answer<'v> {
        let mut made = Vec::new();
        for element in elements {
            let kept = self.with(element, |it| {
                if guard.map_or(Ok(true), |guard| it.truth(guard))? {
                    it.of(change).map(Some)
                } else {
                    Ok(None)
                }
            });
            made.extend(kept?);
        }
        Ok(Value::List(made.into()))
    }

    /// Runs one step of a loop.
    fn with<T>(
        &mut self,
        element: &Value<'v>,
        step: impl FnOnce(&mut Self) -> Result<T, Undecided>,
    ) -> Result<T, Undecided> {
        self.steps += 1;
        if self.steps > STEPS {
            return Err(Undecided);
        }
        self.variables.push(element.clone());
        let result = step(self);
        self.variables.pop();
        result
    }
}

/// Returns a constant that borrows its text.
fn borrowed<'v>(value: &'v Value<'static>) -> Value<'v> {
    if let Value::Text(text) = value {
        return Value::text(text);
    }
    value.clone()
}

fn negated<'v>(value: &Value<'v>) -> Answer<'v> {
    match value {
        Value::Double(number) => Ok(Value::Double(-number)),
        Value::Int(whole) => whole.checked_neg().map(Value::Int).ok_or(Undecided),
        Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Weights(_) => Err(Undecided),
    }
}

fn arithmetic<'v>(operator: Operator, left: Value<'v>, right: Value<'v>) -> Answer<'v> {
    match (left, right) {
        (Value::Double(left), Value::Double(right)) => {
            let number = match operator {
                Operator::Add => left + right,
                Operator::Subtract => left - right,
                Operator::Multiply => left * right,
                Operator::Divide => left / right,
                Operator::Remainder => return Err(Undecided),
            };
            Ok(Value::Double(number))
        }
        (Value::Int(left), Value::Int(right)) => {
            let whole = match operator {
                Operator::Add => left.checked_add(right),
                Operator::Subtract => left.checked_sub(right),
                Operator::Multiply => left.checked_mul(right),
                Operator::Divide => left.checked_div(right),
                Operator::Remainder => left.checked_rem(right),
            };
            whole.map(Value::Int).ok_or(Undecided)
        }
        (Value::Text(left), Value::Text(right)) if operator == Operator::Add => {
            if left.len() + right.len() > JOINED {
                return Err(Undecided);
            }
            Ok(Value::Text(Cow::Owned(format!("{left}{right}"))))
        }
        (Value::List(left), Value::List(right)) if operator == Operator::Add => {
            if left.len() + right.len() > JOINED {
                return Err(Undecided);
            }
            Ok(Value::List(
                left.iter().chain(right.iter()).cloned().collect(),
            ))
        }
        _ => Err(Undecided),
    }
}
