//! Metrics of selections and audiences.

use prometheus_client::metrics::counter::Counter;

use super::metric::{Count, Each, metrics};

metrics! {
    /// Metrics of the selections and audiences of the live configuration.
    SelectionMetrics {
        items: Each<Count, 0> = "selection_items" by ("selection", []), "Items of a selection";
        bytes: Each<Count, 0> = "selection_bytes" by ("selection", []), "Estimated bytes that the items of a selection take";
        undecided_selections: Each<Counter, 0> = "selection_undecided" by ("selection", []),
            "Judgements of a selection that read a value which is not given, and count as false";
        undecided_audiences: Each<Counter, 0> = "audience_undecided" by ("audience", []),
            "Judgements of an audience that read a value which is not given, and count as false";
    }
}

impl SelectionMetrics {
    /// Returns the gauges of a selection: its items, and the bytes that they take.
    #[must_use]
    pub fn size(&self, selection: &str) -> (Count, Count) {
        (self.items.other(selection), self.bytes.other(selection))
    }

    /// Returns the counter of judgements of a selection without a value.
    #[must_use]
    pub fn undecided_selection(&self, name: &str) -> Counter {
        self.undecided_selections.other(name)
    }

    /// Returns the counter of judgements of an audience without a value.
    #[must_use]
    pub fn undecided_audience(&self, name: &str) -> Counter {
        self.undecided_audiences.other(name)
    }

    /// Removes the metrics of selections and audiences that are not in the live configuration.
    pub fn retain(&self, is_selection: impl Fn(&str) -> bool, is_audience: impl Fn(&str) -> bool) {
        self.items.retain(&is_selection);
        self.bytes.retain(&is_selection);
        self.undecided_selections.retain(&is_selection);
        self.undecided_audiences.retain(&is_audience);
    }
}
