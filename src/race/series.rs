//! One runner's days: from its sales to trusted money, effective buyers, and weeks.
//!
//! The order of the steps matters. What one buyer spends in a calendar week is capped first, against the sums that are usual in the
//! lane, so that five accounts or one giant order move nothing; then the day's buyers are winsorised and its money scaled alike; then
//! comes integrity. A buyer counts once a calendar week, on the first day on which something bought was kept.

use super::group::Sale;
use super::growth::Trend;
use super::median::median_money;
use super::money::Money;
use super::window::{RECENT, WEEKS, WINDOW, Window, whole_weeks};
use super::winsor::winsorised;

/// The share of a merchant's money that one buyer may make up.
const SHARE: f64 = 0.3;

/// What the series of one runner depends on besides its sales.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The place at which its history opens.
    pub(super) opening: u8,
    /// The most that a buyer's calendar week counts to; `None`: all of it.
    pub(super) cap: Option<Money>,
    /// How far its sales can be trusted, in [0, 1].
    pub(super) integrity: f64,
    /// Whether one buyer may make up only so much of its money.
    pub(super) share_capped: bool,
    /// Whether the usual worth of an order is asked for.
    pub(super) with_order: bool,
}

/// What a runner's series come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Run {
    /// Trusted mean weekly GMV over the whole weeks, in units; 0 without a whole week.
    pub(super) weekly_gmv: f64,
    /// Effective buyers of the last 28 days.
    pub(super) buyers: f64,
    /// The trend of the weekly effective buyers, from three whole weeks on.
    pub(super) trend: Option<Trend>,
    /// The median amount of the purchases that were kept and cost something.
    pub(super) order: Option<Money>,
}

/// A runner's sales of one buyer in one calendar week each; the sales are sorted by buyer, then by day.
pub(super) fn buyer_weeks<'s>(
    sales: &'s [Sale],
    window: &'s Window,
) -> impl Iterator<Item = &'s [Sale]> {
    sales.chunk_by(|a, b| a.buyer == b.buyer && window.week(a.day) == window.week(b.day))
}

/// The money left of some sales.
pub(super) fn spent(sales: &[Sale]) -> Money {
    sales.iter().map(|sale| sale.net).sum()
}

/// The day on which a buyer counts for a calendar week.
fn counted(week: &[Sale]) -> Option<usize> {
    let kept = week.iter().find(|sale| !sale.refunded);
    kept.map(|sale| usize::from(sale.day))
}

/// Whether a buyer counts on a day of the whole weeks: the runner is a seller then.
pub(super) fn sells(sales: &[Sale], opening: u8, window: &Window) -> bool {
    let whole = whole_weeks(opening);
    buyer_weeks(sales, window)
        .filter_map(counted)
        .any(|day| whole.contains(&day))
}

/// Room to compute one runner's series in, used again for the next.
#[derive(Debug)]
pub(super) struct Scratch {
    gmv: [Money; WINDOW],
    raw: [u32; WINDOW],
    /// Effective buyers.
    buyers: [f64; WINDOW],
    /// Trusted GMV in units.
    trusted: [f64; WINDOW],
    /// What each buyer spent, capped.
    spends: Vec<Money>,
    amounts: Vec<Money>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            gmv: [Money::ZERO; WINDOW],
            raw: [0; WINDOW],
            buyers: [0.0; WINDOW],
            trusted: [0.0; WINDOW],
            spends: Vec::new(),
            amounts: Vec::new(),
        }
    }
}

impl Scratch {
    /// Computes one runner's series from its sales, sorted by buyer and day, and its refunds that name no purchase.
    pub(super) fn run(
        &mut self,
        sales: &[Sale],
        unlinked: impl Iterator<Item = (usize, Money)>,
        terms: &Terms,
        window: &Window,
    ) -> Run {
        self.add_up(sales, terms, window);
        for (day, refund) in unlinked {
            self.gmv[day] = self.gmv[day].less(refund);
        }
        self.trust(terms);
        let whole = whole_weeks(terms.opening);
        Run {
            weekly_gmv: self.weekly_gmv(whole.start, terms),
            buyers: self.buyers[RECENT].iter().sum(),
            trend: self.trend(whole.start),
            order: terms.with_order.then(|| self.order(sales)).flatten(),
        }
    }

    /// Raw buyers and capped money by day, and capped money by buyer.
    fn add_up(&mut self, sales: &[Sale], terms: &Terms, window: &Window) {
        self.gmv.fill(Money::ZERO);
        self.raw.fill(0);
        self.spends.clear();
        for buyer in sales.chunk_by(|a, b| a.buyer == b.buyer) {
            let weeks = buyer_weeks(buyer, window);
            let spend = weeks.map(|week| self.add_week(week, terms.cap)).sum();
            self.spends.push(spend);
        }
    }

    /// Adds one buyer's calendar week; what of its money counts. Each sale is scaled by itself to whole millionths, so that the sums
    /// stay exact.
    fn add_week(&mut self, week: &[Sale], cap: Option<Money>) -> Money {
        if let Some(day) = counted(week) {
            self.raw[day] += 1;
        }
        let sum = spent(week);
        let share = cap
            .filter(|cap| sum > *cap)
            .map_or(1.0, |cap| cap.share_of(sum));
        let counts = |sale: &Sale| {
            if share < 1.0 {
                sale.net.scaled(share)
            } else {
                sale.net
            }
        };
        for sale in week {
            let day = usize::from(sale.day);
            self.gmv[day] = self.gmv[day].plus(counts(sale));
        }
        week.iter().map(counts).sum()
    }

    /// Effective buyers and trusted money of each day of the history.
    fn trust(&mut self, terms: &Terms) {
        let opening = usize::from(terms.opening).min(WINDOW);
        self.buyers[..opening].fill(0.0);
        self.trusted[..opening].fill(0.0);
        let history = &self.raw[opening..];
        for (day, raw) in history.iter().enumerate() {
            let clipped = winsorised(history, day);
            let share = if *raw == 0 {
                1.0
            } else {
                clipped / f64::from(*raw)
            };
            let gmv = self.gmv[opening + day].units();
            self.buyers[opening + day] = clipped * terms.integrity;
            self.trusted[opening + day] = gmv * share * terms.integrity;
        }
    }

    fn weekly_gmv(&mut self, first: usize, terms: &Terms) -> f64 {
        let weeks = ((WINDOW - first) / 7).max(1) as f64;
        // An empty sum would be -0.
        let mean = (0.0 + self.trusted[first..].iter().sum::<f64>()) / weeks;
        if terms.share_capped {
            mean * self.share_kept()
        } else {
            mean
        }
    }

    /// Σ min(x_b, 0.3·X) / X for what each buyer spent, x_b, and their total X.
    fn share_kept(&self) -> f64 {
        let total: Money = self.spends.iter().copied().sum();
        if total == Money::ZERO {
            return 1.0;
        }
        let most = total.scaled(SHARE);
        let kept: Money = self.spends.iter().map(|spend| *spend.min(&most)).sum();
        kept.share_of(total)
    }

    fn trend(&self, first: usize) -> Option<Trend> {
        let mut weeks = [0.0; WEEKS];
        let days = self.buyers[first..].chunks_exact(7);
        let count = days.len();
        for (week, days) in weeks.iter_mut().zip(days) {
            *week = days.iter().sum();
        }
        Trend::of(&weeks[..count])
    }

    fn order(&mut self, sales: &[Sale]) -> Option<Money> {
        let kept = sales
            .iter()
            .filter(|sale| !sale.refunded && sale.amount > Money::ZERO);
        self.amounts.clear();
        self.amounts.extend(kept.map(|sale| sale.amount));
        median_money(&mut self.amounts)
    }
}
