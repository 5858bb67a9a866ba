//! One runner's days and weeks: trusted money and effective buyers, from its sales.
//!
//! The order of the steps matters. First the sum that one buyer spends in a calendar week is capped by what is usual in the lane, so that
//! a few accounts or one giant order have little effect. Then the buyers of each day are winsorised, and its money is scaled with them.
//! Integrity comes last. A buyer counts once in a calendar week, on the first day with a purchase that was not refunded in full.

use super::group::Sale;
use super::growth::Trend;
use super::median::{median, median_money};
use super::strangers::{CAP, Excess, Tally};
use super::window::{RECENT, WEEKS, WINDOW, Window, whole_weeks};
use super::winsor::winsorised;
use crate::money::Money;

/// Maximum tenths of one buyer in the money of a share-capped runner.
const SHARE: Money = Money(3);
const TENTHS: Money = Money(10);
/// Least common multiple of 1 … 12: the mean of so many weeks is a whole number of these parts of a millionth.
const PARTS: i32 = 27_720;

/// What is usual in a lane, which bounds what counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    /// The median sum of a buyer's calendar week; `None` if nobody spends.
    pub(super) spend: Option<Money>,
    /// The usual share of strangers among the buyers; `None`: strangers count like others.
    pub(super) strangers: Option<f64>,
}

/// The terms of one runner's series, besides its sales.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The place of the first day of its history.
    pub(super) opening: u8,
    /// What is usual in its lane.
    pub(super) bounds: Bounds,
    /// The share of its sales that is trusted, in [0, 1].
    pub(super) integrity: f64,
    /// True if one buyer makes up at most three tenths of its money.
    pub(super) share_capped: bool,
    /// True to compute the usual value of an order.
    pub(super) with_order: bool,
}

/// The figures of a runner's series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Run {
    /// Trusted mean weekly GMV over the whole weeks, in units; 0 without a whole week.
    pub(super) weekly_gmv: f64,
    /// Effective buyers of the last 28 days.
    pub(super) buyers: f64,
    /// The trend of the weekly effective buyers, from three whole weeks on.
    pub(super) trend: Option<Trend>,
    /// The median amount of the purchases with a price that were not refunded in full.
    pub(super) order: Option<Money>,
}

/// Splits a runner's sales, sorted by buyer and day, into the calendar weeks of each buyer.
pub(super) fn buyer_weeks<'s>(
    sales: &'s [Sale],
    window: &'s Window,
) -> impl Iterator<Item = &'s [Sale]> {
    sales.chunk_by(|a, b| a.buyer == b.buyer && window.week(a.day) == window.week(b.day))
}

/// Returns the sum of some sales, after refunds.
pub(super) fn spent(sales: &[Sale]) -> Money {
    sales.iter().map(|sale| sale.net).sum()
}

/// Returns the day on which a buyer counts for a calendar week; `None` if everything was refunded.
fn counted(week: &[Sale]) -> Option<usize> {
    let kept = week.iter().find(|sale| !sale.refunded);
    kept.map(|sale| usize::from(sale.day))
}

/// Counts the buyers of some sales, sorted by buyer and day, once for each calendar week.
pub(super) fn tally(sales: &[Sale], window: &Window) -> Tally {
    let weeks = buyer_weeks(sales, window).filter(|week| counted(week).is_some());
    weeks.fold(Tally::default(), |tally, week| Tally {
        buyers: tally.buyers + 1,
        strangers: tally.strangers + u32::from(week[0].stranger),
    })
}

/// Returns true if the runner is a seller: if it has a sale in its whole weeks that was not refunded in full.
pub(super) fn sells(sales: &[Sale], opening: u8) -> bool {
    let whole = whole_weeks(opening);
    let is_kept = |sale: &Sale| !sale.refunded && whole.contains(&usize::from(sale.day));
    sales.iter().any(is_kept)
}

/// The buyers of one calendar week.
#[derive(Clone, Copy, Debug, Default)]
struct Week {
    others: u32,
    strangers: u32,
    /// Capped money of the strangers.
    spent: Money,
    /// What counts of the strangers; `None`: everything.
    excess: Option<Excess>,
    /// Maximum of the strangers' money.
    most: Money,
}

impl Week {
    /// Returns the weight of each stranger as a buyer.
    fn weight(&self) -> f64 {
        let excess = self.excess.as_ref();
        excess.map_or(1.0, |excess| excess.buyers / f64::from(self.strangers))
    }

    /// Returns what counts of a stranger's money.
    fn trusted(&self, spent: Money) -> Money {
        if self.excess.is_some() && self.spent > self.most {
            spent.portion(self.most, self.spent)
        } else {
            spent
        }
    }
}

impl Bounds {
    /// Returns the sum that counts of a buyer's calendar week: at most [`CAP`] × the usual sum.
    fn capped(&self, sum: Money) -> Money {
        let most = self.spend.map(|usual| Money(usual.0.saturating_mul(CAP)));
        most.map_or(sum, |most| most.min(sum))
    }
}

/// Buffers for the series of one runner, reused for the next.
#[derive(Debug)]
pub(super) struct Scratch {
    gmv: [Money; WINDOW],
    /// Counted buyers who are no strangers.
    others: [u32; WINDOW],
    /// Counted strangers.
    strangers: [u32; WINDOW],
    /// By calendar week.
    weeks: [Week; WEEKS + 1],
    /// Buyers by weight.
    raw: [f64; WINDOW],
    /// Effective buyers.
    buyers: [f64; WINDOW],
    /// GMV scaled like the day's buyers.
    trusted: [Money; WINDOW],
    /// The capped sum of each buyer.
    spends: Vec<Money>,
    amounts: Vec<Money>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            gmv: [Money::ZERO; WINDOW],
            others: [0; WINDOW],
            strangers: [0; WINDOW],
            weeks: [Week::default(); WEEKS + 1],
            raw: [0.0; WINDOW],
            buyers: [0.0; WINDOW],
            trusted: [Money::ZERO; WINDOW],
            spends: Vec::new(),
            amounts: Vec::new(),
        }
    }
}

impl Scratch {
    /// Computes the series of one runner from its sales, sorted by buyer and day, and its refunds that name no purchase.
    pub(super) fn run(
        &mut self,
        sales: &[Sale],
        unlinked: impl Iterator<Item = (usize, Money)>,
        terms: &Terms,
        window: &Window,
    ) -> Run {
        self.count(sales, &terms.bounds, window);
        self.weigh(&terms.bounds, window);
        self.add_up(sales, &terms.bounds, window);
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

    /// Counts the buyers of each day and week, and the strangers' money.
    fn count(&mut self, sales: &[Sale], bounds: &Bounds, window: &Window) {
        self.others.fill(0);
        self.strangers.fill(0);
        self.weeks.fill(Week::default());
        for bought in buyer_weeks(sales, window) {
            let week = &mut self.weeks[window.week(bought[0].day)];
            let is_stranger = bought[0].stranger;
            if is_stranger {
                week.spent = week.spent.plus(bounds.capped(spent(bought)));
            }
            let Some(day) = counted(bought) else {
                continue;
            };
            if is_stranger {
                self.strangers[day] += 1;
                week.strangers += 1;
            } else {
                self.others[day] += 1;
                week.others += 1;
            }
        }
    }

    /// Bounds the strangers of each week by what is usual, and sums up the buyers of each day by weight.
    fn weigh(&mut self, bounds: &Bounds, window: &Window) {
        let mut own = self.weeks.map(|week| f64::from(week.strangers));
        let own = median(&mut own).unwrap_or(0.0);
        for week in &mut self.weeks {
            let excess = |usual| Excess::of(week.others, week.strangers, own, usual);
            week.excess = bounds.strangers.and_then(excess);
            let spend = bounds.spend.unwrap_or_default();
            week.most = week
                .excess
                .map_or(Money::MAX, |excess| spend.scaled(excess.spends));
        }
        for (place, raw) in (0..).zip(&mut self.raw) {
            let weight = self.weeks[window.week(place)].weight();
            let place = usize::from(place);
            *raw = f64::from(self.others[place]) + weight * f64::from(self.strangers[place]);
        }
    }

    /// Sums up the money that counts, by day and by buyer.
    fn add_up(&mut self, sales: &[Sale], bounds: &Bounds, window: &Window) {
        self.gmv.fill(Money::ZERO);
        self.spends.clear();
        for buyer in sales.chunk_by(|a, b| a.buyer == b.buyer) {
            let weeks = buyer_weeks(buyer, window);
            let spend = weeks.map(|week| self.add_week(week, bounds, window)).sum();
            self.spends.push(spend);
        }
    }

    /// Adds one buyer's calendar week and returns the sum that counts. Its days share that sum in proportion, without a remainder.
    fn add_week(&mut self, bought: &[Sale], bounds: &Bounds, window: &Window) -> Money {
        let sum = spent(bought);
        let mut counts = bounds.capped(sum);
        if bought[0].stranger {
            counts = self.weeks[window.week(bought[0].day)].trusted(counts);
        }
        let (mut spent, mut before) = (Money::ZERO, Money::ZERO);
        for sale in bought {
            spent = spent.plus(sale.net);
            let so_far = counts.portion(spent, sum);
            let day = usize::from(sale.day);
            self.gmv[day] = self.gmv[day].plus(so_far.less(before));
            before = so_far;
        }
        counts
    }

    /// Computes effective buyers and trusted money of each day of the history.
    fn trust(&mut self, terms: &Terms) {
        let opening = usize::from(terms.opening).min(WINDOW);
        self.buyers[..opening].fill(0.0);
        self.trusted[..opening].fill(Money::ZERO);
        let history = &self.raw[opening..];
        for (day, raw) in history.iter().enumerate() {
            let clipped = winsorised(history, day);
            let (all, gmv) = (*raw, self.gmv[opening + day]);
            self.buyers[opening + day] = clipped * terms.integrity;
            self.trusted[opening + day] = if clipped < all {
                gmv.scaled(clipped / all)
            } else {
                gmv
            };
        }
    }

    /// Returns the mean weekly GMV. Sums and means are exact, so that equal money gives equal figures.
    fn weekly_gmv(&self, first: usize, terms: &Terms) -> f64 {
        let weeks = ((WINDOW - first) / 7).max(1);
        let trusted: Money = self.trusted[first..].iter().copied().sum();
        let kept = if terms.share_capped {
            self.share_kept(trusted)
        } else {
            trusted
        };
        let parts = i128::from(kept.0) * i128::from(PARTS) / weeks as i128;
        (parts as f64 * terms.integrity).round() / f64::from(PARTS) / Money::MICROS
    }

    /// Returns `trusted` × Σ min(x_b, 0.3·X) / X, for the sum x_b of each buyer and their total X.
    fn share_kept(&self, trusted: Money) -> Money {
        let total: Money = self.spends.iter().copied().sum();
        if total == Money::ZERO {
            return trusted;
        }
        let most = total.portion(SHARE, TENTHS);
        let kept: Money = self.spends.iter().map(|spend| *spend.min(&most)).sum();
        trusted.portion(kept, total)
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
