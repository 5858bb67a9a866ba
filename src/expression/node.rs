//! The tree of a condition that is ready to be judged.

use std::cmp::Ordering;
use std::collections::HashSet;

use regex::Regex;

use super::functions::Function;
use super::value::Value;

/// A comparison by order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Two operands.
pub(super) type Pair = Box<(Node, Node)>;

/// One node.
#[derive(Debug)]
pub(super) enum Node {
    Constant(Value<'static>),
    /// A field by its number.
    Field(usize),
    /// A variable of a loop, counted from the outermost loop.
    Variable(usize),
    /// True if a field is given.
    Has(usize),
    /// True if a map has a name.
    HasName(Box<Node>, Box<str>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Pair),
    Or(Pair),
    If(Box<(Node, Node, Node)>),
    /// Equal, or unequal if the flag is false.
    Equal(bool, Pair),
    Compare(Comparison, Pair),
    Arithmetic(Operator, Pair),
    /// Membership in a list, or of a name in a map.
    In(Pair),
    /// Membership in a list of texts that the expression writes out.
    InTexts(Box<Node>, HashSet<Box<str>>),
    /// An element of a list, or the number of a name.
    Index(Pair),
    List(Box<[Node]>),
    Call(Function, Box<[Node]>),
    Matches(Box<Node>, Regex),
    Loop(Box<Loop>),
}

/// A loop over a list or the names of a map.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) range: Node,
    pub(super) body: Body,
}

/// What a loop does with each element.
#[derive(Debug)]
pub(super) enum Body {
    Any(Node),
    All(Node),
    One(Node),
    /// The elements for which the first node holds, changed by the second.
    Map(Option<Node>, Node),
}
