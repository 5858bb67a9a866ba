//! The answer of the bulk routes.

use super::define::view;
use crate::model::Fault;

view! {
    /// The result of a bulk request.
    #[derive(Default)]
    pub struct BulkReply {
        /// Number of objects accepted.
        pub accepted: usize,
        /// Number of them that repeat the id of an earlier event, and change nothing.
        pub repeated: usize,
        /// Number of them that are late: events older than the race's window, which open no history and teach no profile.
        pub late: usize,
        /// Number of objects rejected.
        pub rejected_count: usize,
        /// The rejected objects, at most the first 1,000.
        pub rejected: Vec<Rejected>,
    }

    /// An object of a bulk request that was rejected.
    pub struct Rejected {
        /// Its index in the array or its line number, from 0; blank lines count.
        pub index: usize,
        /// Its id. Absent if the id cannot be read.
        pub id: Option<String>,
        /// Every fault found.
        pub errors: Vec<Fault>,
    }
}
