//! One runner's days and weeks: trusted money and effective buyers, from its sales.
//!
//! The order of the steps matters. First the sum that one buyer spends in a calendar week is capped by what is usual in the lane, so that
//! a few accounts or one giant order have little effect. Then the buyers of each day are winsorised, and its money is scaled with them.
//! Integrity comes last. A buyer counts once in a calendar week, on the first day with a purchase that was not refunded in full.

use super::group::Sale;
use super::growth::Trend;
use super::median::{median, median_money};
use super::strangers::{CAP, Excess, FREE};
use super::trade::Trades;
use super::window::{RECENT, WEEKS, WINDOW, Window, whole_weeks};
use super::winsor::{NEVER_CLIPPED, winsorised};
use crate::id::UserRow;
use crate::money::Money;
use crate::number::narrow;

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
    /// Effective buyers of each whole week, oldest first; 0 in the weeks beyond the history.
    pub(super) weekly: [f32; WEEKS],
    /// The trend of the weekly effective buyers, from three whole weeks on.
    pub(super) trend: Option<Trend>,
    /// The median amount of the purchases with a price that were not refunded in full.
    pub(super) order: Option<Money>,
    /// Its trade, if its kind has reports.
    pub(super) trades: Trades,
}

/// Splits a runner's sales, sorted by buyer and day, into the calendar weeks of each buyer.
pub(super) fn buyer_weeks(sales: &[Sale]) -> impl Iterator<Item = &[Sale]> {
    sales.chunk_by(|a, b| a.buyer == b.buyer && a.week == b.week)
}

/// Returns the sum of some sales, after refunds.
pub(super) fn spent(sales: &[Sale]) -> Money {
    sales.iter().map(|sale| sale.net).sum()
}

/// Returns the day on which a buyer counts for a calendar week; `None` if everything was refunded.
pub(super) fn counted(week: &[Sale]) -> Option<usize> {
    let kept = week.iter().find(|sale| !sale.refunded);
    kept.map(|sale| usize::from(sale.day))
}

/// Returns true if the runner is a seller: if it has a sale in its whole weeks that was not refunded in full.
pub(super) fn sells(sales: &[Sale], opening: u8) -> bool {
    let whole = whole_weeks(opening);
    let is_kept = |sale: &Sale| !sale.refunded && whole.contains(&usize::from(sale.day));
    sales.iter().any(is_kept)
}

/// The buyers of one calendar week.
#[derive(Clone, Copy, Debug)]
struct Week {
    buyers: u32,
    /// The strangers among them.
    strangers: u32,
    /// The weight of each stranger as a buyer.
    weight: f64,
    /// Capped money of the strangers.
    spent: Money,
    /// Maximum of the strangers' money.
    most: Money,
}

impl Default for Week {
    fn default() -> Self {
        Self {
            buyers: 0,
            strangers: 0,
            weight: 1.0,
            spent: Money::ZERO,
            most: Money::MAX,
        }
    }
}

impl Week {
    /// Returns what counts of a buyer's money.
    fn trusted(&self, spent: Money, is_stranger: bool) -> Money {
        // The week comes first: few weeks have too much, which a branch predictor learns; strangers come in no order.
        if self.spent > self.most && is_stranger {
            spent.portion(self.most, self.spent)
        } else {
            spent
        }
    }

    /// Bounds the strangers, given the usual number of the runner and what is usual in its lane.
    fn bound(&mut self, own: f64, usual: f64, spend: Money) {
        let others = self.buyers - self.strangers;
        if let Some(excess) = Excess::of(others, self.strangers, own, usual) {
            self.weight = excess.buyers / f64::from(self.strangers);
            self.most = spend.scaled(excess.spends);
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
    /// What counts of the money; at last scaled like the day's buyers.
    gmv: [Money; WINDOW],
    /// Counted buyers, the strangers by weight.
    raw: [f64; WINDOW],
    /// Counted strangers.
    strangers: [u32; WINDOW],
    /// By calendar week.
    weeks: [Week; WEEKS + 1],
    /// Effective buyers.
    buyers: [f64; WINDOW],
    /// Each buyer of a share-capped runner, with the sum that counts.
    spends: Vec<(UserRow, Money)>,
    amounts: Vec<Money>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            gmv: [Money::ZERO; WINDOW],
            raw: [0.0; WINDOW],
            strangers: [0; WINDOW],
            weeks: [Week::default(); WEEKS + 1],
            buyers: [0.0; WINDOW],
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
        self.count(sales);
        self.weigh(sales, &terms.bounds, window);
        self.add_up(sales, terms);
        for (day, refund) in unlinked {
            self.gmv[day] = self.gmv[day].less(refund);
        }
        self.trust(terms);
        let whole = whole_weeks(terms.opening);
        let (weekly, weeks) = self.weekly(whole.start);
        Run {
            weekly_gmv: self.weekly_gmv(whole.start, terms),
            buyers: self.buyers[RECENT].iter().sum(),
            weekly: weekly.map(narrow),
            trend: Trend::of(&weekly[..weeks]),
            order: terms.with_order.then(|| self.order(sales)).flatten(),
            trades: Trades::default(),
        }
    }

    /// Counts the buyers of each day and week.
    fn count(&mut self, sales: &[Sale]) {
        self.raw.fill(0.0);
        self.strangers.fill(0);
        self.weeks.fill(Week::default());
        for bought in buyer_weeks(sales) {
            if let Some(day) = counted(bought) {
                let week = &mut self.weeks[usize::from(bought[0].week)];
                let stranger = u32::from(bought[0].stranger);
                self.raw[day] += 1.0;
                self.strangers[day] += stranger;
                week.buyers += 1;
                week.strangers += stranger;
            }
        }
    }

    /// Bounds the strangers of each week by what is usual; those of a week with too many weigh less as buyers of their day.
    fn weigh(&mut self, sales: &[Sale], bounds: &Bounds, window: &Window) {
        let Some(usual) = bounds.strangers else {
            return;
        };
        let is_free = |week: &Week| f64::from(week.strangers) <= FREE;
        if self.weeks.iter().all(is_free) {
            return;
        }
        let mut own = self.weeks.map(|week| f64::from(week.strangers));
        let own = median(&mut own).unwrap_or(0.0);
        for week in &mut self.weeks {
            week.bound(own, usual, bounds.spend.unwrap_or_default());
        }
        for bought in buyer_weeks(sales).filter(|bought| bought[0].stranger) {
            let week = &mut self.weeks[usize::from(bought[0].week)];
            week.spent = week.spent.plus(bounds.capped(spent(bought)));
        }
        for (place, (raw, strangers)) in (0..).zip(self.raw.iter_mut().zip(self.strangers)) {
            let week = self.weeks[usize::from(window.week(place))];
            let strangers = f64::from(strangers);
            *raw = (*raw - strangers) + week.weight * strangers;
        }
    }

    /// Sums up the money that counts by day and, for a share-capped runner, by buyer.
    fn add_up(&mut self, sales: &[Sale], terms: &Terms) {
        self.gmv.fill(Money::ZERO);
        self.spends.clear();
        for bought in buyer_weeks(sales) {
            let counts = self.add_week(bought, &terms.bounds);
            if terms.share_capped {
                self.add_spend(bought[0].buyer, counts);
            }
        }
    }

    fn add_spend(&mut self, buyer: UserRow, counts: Money) {
        match self.spends.last_mut() {
            Some((last, spend)) if *last == buyer => *spend = spend.plus(counts),
            _ => self.spends.push((buyer, counts)),
        }
    }

    /// Adds one buyer's calendar week and returns the sum that counts. Its days share that sum in proportion, without a remainder.
    fn add_week(&mut self, bought: &[Sale], bounds: &Bounds) -> Money {
        let sum = spent(bought);
        let week = &self.weeks[usize::from(bought[0].week)];
        let counts = week.trusted(bounds.capped(sum), bought[0].stranger);
        let (mut spent, mut before) = (Money::ZERO, Money::ZERO);
        for sale in bought {
            spent = spent.plus(sale.net);
            let so_far = if counts == sum {
                spent
            } else {
                counts.portion(spent, sum)
            };
            let day = usize::from(sale.day);
            self.gmv[day] = self.gmv[day].plus(so_far.less(before));
            before = so_far;
        }
        counts
    }

    /// Computes the effective buyers of each day, and scales its money like them.
    fn trust(&mut self, terms: &Terms) {
        for (buyers, raw) in self.buyers.iter_mut().zip(&self.raw) {
            *buyers = raw * terms.integrity;
        }
        let opening = usize::from(terms.opening).min(WINDOW);
        let history = &self.raw[opening..];
        for (day, raw) in history.iter().enumerate() {
            if *raw > NEVER_CLIPPED {
                let clipped = winsorised(history, day);
                self.buyers[opening + day] = clipped * terms.integrity;
                if clipped < *raw {
                    self.gmv[opening + day] = self.gmv[opening + day].scaled(clipped / raw);
                }
            }
        }
    }

    /// Returns the mean weekly GMV. Sums and means are exact, so that equal money gives equal figures.
    fn weekly_gmv(&self, first: usize, terms: &Terms) -> f64 {
        let weeks = ((WINDOW - first) / 7).max(1);
        let trusted: Money = self.gmv[first..].iter().copied().sum();
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
        let total: Money = self.spends.iter().map(|(_, spend)| *spend).sum();
        if total == Money::ZERO {
            return trusted;
        }
        let most = total.portion(SHARE, TENTHS);
        let kept: Money = self.spends.iter().map(|(_, spend)| *spend.min(&most)).sum();
        trusted.portion(kept, total)
    }

    /// Returns the effective buyers of each whole week from a day on, and the number of those weeks.
    fn weekly(&self, first: usize) -> ([f64; WEEKS], usize) {
        let mut weeks = [0.0; WEEKS];
        let days = self.buyers[first..].chunks_exact(7);
        let count = days.len();
        for (week, days) in weeks.iter_mut().zip(days) {
            *week = days.iter().sum();
        }
        (weeks, count)
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
