//! The author of a change.

use serde::{Deserialize, Serialize};

/// Who changed something, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Name of the token, subject of the client certificate, or the name that the caller gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// True if the caller gave the name, and nothing proves it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub claimed: bool,
    /// The reason, in the author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}
