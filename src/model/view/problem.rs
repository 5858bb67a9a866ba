//! The problem: the answer of every request that fails.

use super::define::view;
use crate::model::Fault;

view! {
    /// A problem as in RFC 9457.
    pub struct Problem<'p> {
        /// URN of the kind of problem.
        pub r#type: String,
        /// The kind of problem in words.
        pub title: &'p str,
        /// The HTTP status.
        pub status: u16,
        /// The cause of this problem, in a sentence.
        pub detail: &'p str,
        /// The request's id, which the log also contains.
        pub request_id: &'p str,
        /// Every fault found.
        pub errors: &'p [Fault],
    }
}
