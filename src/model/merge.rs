//! The body of `POST /users/merge`.

use serde::Deserialize;

use super::id::Id;

/// A merge of two users.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest<'a> {
    /// The id that becomes another name.
    #[serde(borrow)]
    pub from: Id<'a>,
    /// The user whose name it becomes.
    #[serde(borrow)]
    pub into: Id<'a>,
}
