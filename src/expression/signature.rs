//! The form of a table of functions.

use super::types::Type;

/// A function, also callable on its first argument: `trim(x)` is `x.trim()`.
#[derive(Debug)]
pub struct Signature {
    /// Name of the function.
    pub name: &'static str,
    /// The types of the arguments and of the result, for each form.
    pub forms: &'static [(&'static [Type], Type)],
}

/// The name of `+` in a loop, where it must not double a text again and again.
pub const ADD: &str = "$add";

/// Functions that CEL calls on their first argument only.
const MEMBERS: [&str; 3] = ["contains", "endsWith", "startsWith"];

/// Moves the value that a function is called on to the place where it is looked for.
pub fn settle(call: &mut cel::common::ast::CallExpr) {
    if MEMBERS.contains(&call.func_name.as_str()) {
        if call.target.is_none() && !call.args.is_empty() {
            call.target = Some(Box::new(call.args.remove(0)));
        }
    } else if let Some(target) = call.target.take() {
        call.args.insert(0, *target);
    }
}
