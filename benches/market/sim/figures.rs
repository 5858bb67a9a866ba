//! What is measured: what newcomers, the tail, cheats and the campaign got, and what it costs.

use super::service::Said;
use super::visit::{Memory, Sight, attention, chance};
use super::world::{Kind, Person, World, count};

/// Level under which a shop belongs to the tail.
const BELOW: f64 = 0.6;
/// Clicks that a shop is given before it is judged.
const PRIOR: f64 = 4.0;
/// Exposures that each newcomer is promised.
const PROMISED: f64 = 200.0;

/// Counts of a run.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Exposures by shop.
    exposures: Vec<f64>,
    /// Exposures by day, and those of the tail.
    days: Vec<[f64; 2]>,
    /// Users who clicked on a shop, and weighted exposures until each one's first click.
    evidence: Vec<[f64; 2]>,
    /// Exposures of the enrolled in the campaign's days.
    campaign: f64,
    campaign_days: [usize; 2],
    /// Shops of the tail today.
    tail: Vec<bool>,
    enrolled: Vec<bool>,
    /// Expected clicks and sales of users.
    expected: [f64; 2],
}

/// The figures of a run.
#[derive(Debug)]
pub(crate) struct Figures {
    /// Share of the best fifth of the newcomers that their clicks name.
    pub(crate) found: f64,
    /// Share of newcomers with 200 exposures.
    pub(crate) promised: f64,
    /// Share of the exposures that went to newcomers.
    pub(crate) newcomers: f64,
    /// Share of the exposures that went to wash traders.
    pub(crate) wash: f64,
    /// Share of the exposures that went to the tail, from the second week on.
    pub(crate) tail: f64,
    /// The same by day, from the first on.
    pub(crate) tail_days: Vec<f64>,
    /// Inequality of the exposures of shops.
    pub(crate) gini: f64,
    /// Exposures of the enrolled in the campaign's days, of its budget: as counted here, and as the service says.
    pub(crate) campaign: [f64; 2],
    /// Expected clicks of users, and sales.
    pub(crate) expected: [f64; 2],
    /// Exposures by shop.
    pub(crate) exposures: Vec<f64>,
    /// Users who clicked, by shop.
    pub(crate) clickers: Vec<f64>,
    /// What the service says of each shop in the end.
    pub(crate) said: Vec<Said>,
}

impl Tally {
    pub(crate) fn new(world: &World) -> Self {
        let shops = world.shops.len();
        Self {
            exposures: vec![0.0; shops],
            days: Vec::new(),
            evidence: vec![[0.0; 2]; shops],
            campaign: 0.0,
            campaign_days: world.campaign(),
            tail: Vec::new(),
            enrolled: world.shops.iter().map(|shop| shop.is_enrolled).collect(),
            expected: [0.0; 2],
        }
    }

    /// Begins a day with the levels of the shops.
    pub(crate) fn begin_day(&mut self, levels: Vec<f64>) {
        self.tail = levels.into_iter().map(|level| level < BELOW).collect();
        self.days.push([0.0; 2]);
    }

    /// Adds what is expected of a page: clicks, and sales.
    pub(crate) fn page(
        &mut self,
        world: &World,
        (person, memory): (&Person, &Memory),
        page: &[usize],
    ) {
        if person.boss.is_some() {
            return;
        }
        for (place, item) in page.iter().enumerate() {
            let [seen, attention] = attention(place + 1);
            let clicks = seen * attention * chance(world, person, memory, *item);
            let good = &world.goods[*item];
            self.expected[0] += clicks;
            self.expected[1] += clicks * good.conversion * good.price;
        }
    }

    /// Counts an item of a shop that a user saw, who has not clicked on the shop before if `is_first`.
    pub(crate) fn sight(&mut self, (shop, day): (usize, usize), sight: &Sight, is_first: bool) {
        self.exposures[shop] += 1.0;
        if let Some([all, tail]) = self.days.last_mut() {
            *all += 1.0;
            *tail += if self.tail[shop] { 1.0 } else { 0.0 };
        }
        if is_first {
            self.evidence[shop][0] += if sight.clicked { 1.0 } else { 0.0 };
            self.evidence[shop][1] += 1.0 / (1.0 + count(sight.place)).log2();
        }
        let [from, until] = self.campaign_days;
        if self.enrolled[shop] && (from..until).contains(&day) {
            self.campaign += 1.0;
        }
    }

    /// Returns the figures.
    pub(crate) fn figures(self, world: &World, said: Vec<Said>, used: f64) -> Figures {
        let all: f64 = self.exposures.iter().sum();
        let share = |counts: &dyn Fn(usize) -> bool| -> f64 {
            let some = (0..self.exposures.len()).filter(|shop| counts(*shop));
            some.map(|shop| self.exposures[shop]).sum::<f64>() / all
        };
        let new = world.newcomers();
        let promised = new.iter().filter(|shop| self.exposures[**shop] >= PROMISED);
        let weeks = self.days.iter().skip(7);
        let [shown, tail] = weeks.fold([0.0; 2], |sum, day| [sum[0] + day[0], sum[1] + day[1]]);
        let budget = count(world.budget());
        Figures {
            found: found(&new, &self.evidence),
            promised: count(promised.count()) / count(new.len()),
            newcomers: share(&|shop| world.shops[shop].is_new),
            wash: share(&|shop| world.shops[shop].kind == Kind::Wash),
            tail: tail / shown,
            tail_days: self.days.iter().map(|[all, tail]| tail / all).collect(),
            gini: gini(&self.exposures),
            campaign: [self.campaign / budget, used / budget],
            expected: self.expected,
            clickers: self
                .evidence
                .iter()
                .map(|[clickers, _]| *clickers)
                .collect(),
            exposures: self.exposures,
            said,
        }
    }
}

/// Returns which share of the best fifth of the newcomers is the best fifth by clicks, too. Newcomers are given best first.
fn found(newcomers: &[usize], evidence: &[[f64; 2]]) -> f64 {
    let best = newcomers.len() / 5;
    let sum = |part: usize| {
        newcomers
            .iter()
            .map(|shop| evidence[*shop][part])
            .sum::<f64>()
    };
    let usual = sum(0) / sum(1).max(1.0);
    let rate = |shop: usize| {
        let [clickers, weight] = evidence[shop];
        (PRIOR + clickers) / (PRIOR + weight * usual)
    };
    let mut order = newcomers.to_vec();
    // Equal rates stay in an order that says nothing of the truth.
    order.sort_unstable();
    order.sort_by(|a, b| rate(*b).total_cmp(&rate(*a)));
    let found = order[..best]
        .iter()
        .filter(|shop| newcomers[..best].contains(shop));
    count(found.count()) / count(best)
}

/// Returns the Gini coefficient.
fn gini(amounts: &[f64]) -> f64 {
    let mut sorted = amounts.to_vec();
    sorted.sort_by(f64::total_cmp);
    let length = count(sorted.len());
    let weighed = sorted.iter().enumerate();
    let sum: f64 = weighed
        .map(|(rank, amount)| (2.0 * count(rank + 1) - length - 1.0) * amount)
        .sum();
    sum / (length * sorted.iter().sum::<f64>())
}
