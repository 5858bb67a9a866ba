//! Checks that several sections share.

use super::section::Section;
use super::value::Checked;
use crate::model::is_id;

/// Returns the message as an error unless the condition holds.
pub(super) fn need(condition: bool, message: &str) -> Checked<()> {
    condition.then_some(()).ok_or_else(|| message.to_owned())
}

/// Checks that each element is greater than the one before it.
pub(super) fn ascending<T: PartialOrd>(list: &[T]) -> Checked<()> {
    let ascends = list.is_sorted_by(|one, next| one < next);
    need(ascends, "must ascend, each element above the one before")
}

/// Reports a fault if a name that requests or facts use is not a valid id.
pub(super) fn require_id(s: &Section<'_>, name: &str, what: &str) {
    if !is_id(name) {
        let right = "must be an id: 1 to 128 bytes without control characters";
        s.fault(name, format!("the name of {what} {right}"));
    }
}
