//! The sums of a cell, and what an event adds to them.

use crate::clock::Time;
use crate::config::Metric;

/// A sum over the users of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// Users.
    Users,
    /// Decayed purchases of the users at enrolment.
    PastOrders,
    /// Decayed money of these.
    PastMoney,
    /// Purchases.
    Orders,
    /// Money of purchases less refunds.
    Net,
    /// Money of purchases.
    Sold,
    /// Refunded money.
    Refunded,
    /// Impressions.
    Impressions,
    /// The attention that the places of the impressions get.
    Attention,
    /// Clicks.
    Clicks,
    /// Answers.
    Answers,
}

/// Number of sums of a cell.
pub const SUMS: usize = 11;

/// The sums of a cell: what its users did, each kind at its place.
pub type Sums = [f64; SUMS];

/// Returns the total of one sum.
pub(super) fn total(cells: &[Sums], sum: Sum) -> f64 {
    cells.iter().map(|sums| sums[sum as usize]).sum()
}

/// Returns the sums of which a metric is the ratio.
pub(super) const fn ratio(metric: Metric) -> [Sum; 2] {
    match metric {
        Metric::OrdersPerUser => [Sum::Orders, Sum::Users],
        Metric::GmvPerUser => [Sum::Net, Sum::Users],
        Metric::Ctr => [Sum::Clicks, Sum::Impressions],
        Metric::Cvr => [Sum::Orders, Sum::Clicks],
        Metric::CtrByPlace => [Sum::Clicks, Sum::Attention],
        Metric::RequestsPerUser => [Sum::Answers, Sum::Users],
        Metric::RefundShare => [Sum::Refunded, Sum::Sold],
    }
}

/// Returns the sum of what users did before, if a metric has one.
pub(super) const fn before(metric: Metric) -> Option<Sum> {
    match metric {
        Metric::OrdersPerUser => Some(Sum::PastOrders),
        Metric::GmvPerUser => Some(Sum::PastMoney),
        Metric::Ctr
        | Metric::Cvr
        | Metric::CtrByPlace
        | Metric::RequestsPerUser
        | Metric::RefundShare => None,
    }
}

/// An event of a user, as experiments count it.
#[derive(Clone, Copy, Debug)]
pub struct Credit<'a> {
    /// Its time.
    pub at: Time,
    /// The scene of an impression or a click, if it names one.
    pub scene: Option<&'a str>,
    /// Number of the merchant's row; `None` if there is none.
    pub merchant: Option<u32>,
    /// What the user did.
    pub what: What,
}

/// What a user did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A purchase, with its money.
    Bought(f64),
    /// A refund, with its money.
    Returned(f64),
    /// An impression, with the attention that its place gets.
    Saw(f64),
    /// A click.
    Clicked,
}

impl What {
    /// Adds it to the sums of a cell, its money up to a cap.
    pub(super) fn add(self, sums: &mut Sums, cap: f64) {
        let mut add = |sum: Sum, number: f64| sums[sum as usize] += number;
        match self {
            Self::Bought(money) => {
                let money = money.min(cap);
                add(Sum::Orders, 1.0);
                add(Sum::Net, money);
                add(Sum::Sold, money);
            }
            Self::Returned(money) => {
                let money = money.min(cap);
                add(Sum::Net, -money);
                add(Sum::Refunded, money);
            }
            Self::Saw(attention) => {
                add(Sum::Impressions, 1.0);
                add(Sum::Attention, attention);
            }
            Self::Clicked => add(Sum::Clicks, 1.0),
        }
    }

    /// Returns whether it happens in a scene.
    pub(super) const fn has_scene(self) -> bool {
        matches!(self, Self::Saw(_) | Self::Clicked)
    }
}
