//! Metrics of facts.

use prometheus_client::metrics::counter::Counter;

use super::metric::{Each, metrics};
use crate::model::{EventKind, Repeat};

/// Kind of a fact, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactKind {
    /// An upsert, a patch or a deletion of an item.
    Item,
    /// An upsert, a patch or a deletion of a merchant.
    Merchant,
    /// An upsert, a patch or a deletion of a user.
    User,
    /// An event.
    Event,
}

impl FactKind {
    /// Label values, in the order of the discriminants.
    pub const NAMES: [&'static str; 4] = ["item", "merchant", "user", "event"];
}

metrics! {
    /// Metrics of facts.
    FactMetrics {
        events: Each<Counter, { EventKind::NAMES.len() }> = "events" by ("kind", EventKind::NAMES), "Accepted events by kind";
        late_events: Each<Counter, { EventKind::NAMES.len() }> = "late_events" by ("kind", EventKind::NAMES), "Accepted events older than the race's window, by kind";
        accepted: Each<Counter, { FactKind::NAMES.len() }> = "facts_accepted" by ("kind", FactKind::NAMES), "Accepted facts";
        rejected: Each<Counter, { FactKind::NAMES.len() }> = "facts_rejected" by ("kind", FactKind::NAMES), "Rejected facts";
        repeated_events: Each<Counter, { Repeat::NAMES.len() }> = "repeated_events" by ("content", Repeat::NAMES), "Events that repeat the id of an earlier event, by their content beside the earlier one's";
        ids_not_normalised: Each<Counter, { FactKind::NAMES.len() }> = "ids_not_normalised" by ("kind", FactKind::NAMES), "New ids that are not in Unicode normal form NFC";
        pub unknown_merchants: Counter = "unknown_merchants", "Items and events that name an undeclared merchant";
        pub beyond_bounds: Counter = "beyond_bounds", "Events rejected because no more unknown items or merchants are kept";
        pub late_sales: Counter = "late_sales", "Purchases and unlinked refunds of days that had left the window";
        pub mismatched_refunds: Counter = "mismatched_refunds", "Refunds that contradict their purchase";
    }
}

impl FactMetrics {
    /// Returns the counter of events of a kind.
    #[must_use]
    pub fn events(&self, kind: EventKind) -> &Counter {
        &self.events[kind as usize]
    }

    /// Returns the counter of late events of a kind.
    #[must_use]
    pub fn late_events(&self, kind: EventKind) -> &Counter {
        &self.late_events[kind as usize]
    }

    /// Returns the counter of repeated events.
    #[must_use]
    pub fn repeated(&self, repeat: usize) -> &Counter {
        &self.repeated_events[repeat]
    }

    /// Returns the counter of new ids that are not in NFC, of things of a kind.
    #[must_use]
    pub fn not_normalised(&self, kind: usize) -> &Counter {
        &self.ids_not_normalised[kind]
    }

    /// Returns the counter of accepted facts of a kind.
    #[must_use]
    pub fn accepted(&self, kind: FactKind) -> &Counter {
        &self.accepted[kind as usize]
    }

    /// Returns the counter of rejected facts of a kind.
    #[must_use]
    pub fn rejected(&self, kind: FactKind) -> &Counter {
        &self.rejected[kind as usize]
    }
}
