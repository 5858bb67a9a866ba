//! The functions that an expression may call, with the types of their arguments.

use crate::expression::{Scope, Signature, Type};

use Type::{Any, Bool, Constant, Double, Int, Map, Text, Time};

/// The name of `number` with its style, which [`super::rewrite`] adds.
pub(super) const NUMBER: &str = "$number";
/// The name of `time` with its formats.
pub(super) const TIME: &str = "$time";
/// The name of `matches` with its pattern.
pub(super) const MATCHES: &str = "$matches";
/// The variable that counts a step of a loop. It is true until there were too many.
pub(super) const STEP: &str = "$step";

/// Every function. A list fits `Any`; `size` and `split` are refined in [`check`](crate::expression::check).
pub(super) static FUNCTIONS: [Signature; 18] = [
    Signature {
        name: "abs",
        forms: &[(&[Double], Double), (&[Int], Int)],
    },
    Signature {
        name: "bool",
        forms: &[(&[Text], Bool), (&[Bool], Bool)],
    },
    Signature {
        name: "contains",
        forms: &[(&[Text, Text], Bool)],
    },
    Signature {
        name: "double",
        forms: &[(&[Double], Double), (&[Int], Double), (&[Text], Double)],
    },
    Signature {
        name: "endsWith",
        forms: &[(&[Text, Text], Bool)],
    },
    Signature {
        name: "int",
        forms: &[
            (&[Double], Int),
            (&[Int], Int),
            (&[Time], Int),
            (&[Text], Int),
        ],
    },
    Signature {
        name: "lower",
        forms: &[(&[Text], Text)],
    },
    Signature {
        name: "path",
        forms: &[(&[Map, Text], Any)],
    },
    Signature {
        name: "size",
        forms: &[(&[Text], Int), (&[Map], Int)],
    },
    Signature {
        name: "split",
        forms: &[(&[Text, Text], Any)],
    },
    Signature {
        name: "startsWith",
        forms: &[(&[Text, Text], Bool)],
    },
    Signature {
        name: "string",
        forms: &[
            (&[Text], Text),
            (&[Double], Text),
            (&[Int], Text),
            (&[Bool], Text),
        ],
    },
    Signature {
        name: "trim",
        forms: &[(&[Text], Text)],
    },
    Signature {
        name: "number",
        forms: &[(&[Text], Double), (&[Text, Text], Double)],
    },
    Signature {
        name: "time",
        forms: &[(&[Text, Text], Time), (&[Text, Text, Text], Time)],
    },
    Signature {
        name: NUMBER,
        forms: &[
            (&[Text, Constant], Double),
            (&[Double, Constant], Double),
            (&[Int, Constant], Double),
        ],
    },
    Signature {
        name: TIME,
        forms: &[
            (&[Text, Constant], Time),
            (&[Double, Constant], Time),
            (&[Int, Constant], Time),
        ],
    },
    Signature {
        name: MATCHES,
        forms: &[(&[Text, Constant], Bool)],
    },
];

/// The names of an expression whose columns have one type.
pub(super) struct Columns(pub(super) Type);

impl Scope for Columns {
    fn variable(&self, name: &str) -> Type {
        if name == STEP {
            Type::Bool
        } else if name.starts_with("$c") {
            Type::Constant
        } else {
            self.0.clone()
        }
    }

    fn function(&self, name: &str) -> Option<&'static Signature> {
        signature(name)
    }

    fn text_hint(&self) -> &'static str {
        "; number(…) reads a number from a text"
    }
}

pub(super) fn signature(name: &str) -> Option<&'static Signature> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Returns the names that a map may call.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    let names = FUNCTIONS.iter().map(|function| function.name);
    names
        .filter(|name| !name.starts_with('$'))
        .chain(["matches", "has"])
}
