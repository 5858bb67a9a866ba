//! The answer of the bulk routes.

use super::define::view;
use crate::clock::Time;
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
        /// Number of repeats whose content differs from that of the event which was accepted under their id. Absent if there is none.
        pub repeats_count: Option<usize>,
        /// These repeats, at most the first 1,000. Absent if there is none.
        pub repeats: Option<Vec<Repeat>>,
        /// Number of ids that are new and not in Unicode normal form NFC; another spelling of one is another id. Absent if there is none.
        pub ids_not_normalised: Option<u64>,
        /// What the objects do, or would do. Absent unless it is asked for by `effects` or `dry_run`.
        pub effects: Option<Effects>,
    }

    /// What accepted objects do, or would do. Objects of one request count in their order.
    pub struct Effects {
        /// Number of entities that did not exist. 0 for events.
        pub created: usize,
        /// Number of entities whose declared fields change.
        pub changed: usize,
        /// Number of entities whose declared fields stay as they are.
        pub unchanged: usize,
        /// Number of entities that lose a field which was set, because an upsert does not give it.
        pub emptied: usize,
        /// The fields that they lose.
        pub emptied_fields: Vec<EmptiedField>,
        /// Events by kind, without repeats.
        pub kinds: Vec<KindOfEvents>,
        /// Time of the earliest of them.
        pub first: Option<Time>,
        /// Time of the latest of them.
        pub last: Option<Time>,
        /// Number of users whom the events create.
        pub new_users: usize,
        /// Number of events, rejected ones included, of an item that is not in the catalogue.
        pub unknown_items: usize,
    }

    /// A field that upserts empty.
    pub struct EmptiedField {
        /// Name of the field.
        pub field: String,
        /// Number of entities that lose it.
        pub entities: usize,
    }

    /// The events of one kind.
    pub struct KindOfEvents {
        /// The kind.
        pub kind: &'static str,
        /// Number of events.
        pub events: usize,
        /// Sum of their money: amounts, and for purchases and refunds without amount the listed price × quantity.
        pub money: f64,
    }

    /// An event of a bulk request that repeats an id with other content.
    pub struct Repeat {
        /// Its index in the array or its line number, from 0; blank lines count.
        pub index: usize,
        /// Its id.
        pub id: String,
        /// Says that it differs from the event which was accepted, and changes nothing.
        pub message: &'static str,
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
