//! The figures by which experiments are judged, as a table: each is one sum by user over another.

/// A figure of an arm: a ratio of two sums over its users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Purchases by user.
    OrdersPerUser,
    /// Money of purchases, less refunds, by user.
    GmvPerUser,
    /// Clicks by impression.
    Ctr,
    /// Purchases by click.
    Cvr,
    /// Clicks by the attention that the places of the impressions get.
    CtrByPlace,
    /// Answers by user.
    RequestsPerUser,
    /// Refunded money by money of purchases.
    RefundShare,
}

/// A row of the table.
struct Row {
    metric: Metric,
    name: &'static str,
    /// True if more of it is worse.
    is_bad: bool,
}

const fn row(metric: Metric, name: &'static str, is_bad: bool) -> Row {
    Row {
        metric,
        name,
        is_bad,
    }
}

const TABLE: [Row; 7] = [
    row(Metric::OrdersPerUser, "orders_per_user", false),
    row(Metric::GmvPerUser, "gmv_per_user", false),
    row(Metric::Ctr, "ctr", false),
    row(Metric::Cvr, "cvr", false),
    row(Metric::CtrByPlace, "ctr_by_place", false),
    row(Metric::RequestsPerUser, "requests_per_user", false),
    row(Metric::RefundShare, "refund_share", true),
];

impl Metric {
    /// Returns every metric, in the order of answers.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.metric)
    }

    /// Returns the metric of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut rows = TABLE.iter();
        rows.find(|row| row.name == name).map(|row| row.metric)
    }

    /// Returns its name in the configuration and in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        let mut rows = TABLE.iter();
        rows.find(|row| row.metric == self)
            .map_or("", |row| row.name)
    }

    /// Returns whether more of it is worse.
    #[must_use]
    pub fn is_bad(self) -> bool {
        TABLE.iter().any(|row| row.metric == self && row.is_bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_name() {
        for metric in Metric::all() {
            assert_eq!(Metric::named(metric.name()), Some(metric));
        }
        assert_eq!(Metric::all().filter(|it| it.is_bad()).count(), 1);
        assert_eq!(Metric::named("gmv"), None);
    }
}
