//! Aversion: the factor by which negative histories and tags lower a score, so that what a user disliked stands below what the user
//! never saw.
//!
//! a = Π over item, merchant, creator of 1 − s·v(−h) for h < 0, with v the log scale of that history; times 1 − s·min(1, −cosine) where
//! the cosine of the tags is below 0; at least `min`. Only the parts that may differ from 1 are computed; see [`super::sides`].

use super::BLOCK;
use super::lookup::{NOTHING, Sums};
use super::resolve::Candidate;
use super::sides::{SIDES, Side, Sides};
use super::taste::Taste;
use super::view::View;
use crate::feature::{Bond, History, Space};
use crate::id::{ItemRow, MerchantRow, TagId};
use crate::model::FactorPart;
use crate::number::narrow;
use crate::race::{Kind, LogScale};

/// The factors of one user, by what the user has a negative history with.
#[derive(Debug, Default)]
pub(super) struct Factors {
    items: Sums,
    merchants: Sums,
    creators: Sums,
}

/// Returns 1 − s·v(−h); `None` if the history is not below 0.
fn factor(strength: f64, scale: LogScale, history: f64) -> Option<f64> {
    (history < 0.0).then(|| 1.0 - strength * f64::from(scale.value(-history)))
}

impl Factors {
    /// Loads the factors of a user whose taste is loaded.
    fn load(&mut self, sides: Sides, taste: &Taste, view: &View<'_>) {
        let Some(profile) = taste.user.and_then(|user| view.users.profile(user)) else {
            return;
        };
        let settings = &view.config.aversion;
        let scales = &view.standings.references.history;
        if sides.has(Side::Item) {
            let history = taste.items();
            fill(&mut self.items, profile.items(), |row, _| {
                factor(settings.item, scales[Kind::Item], history(ItemRow(row))?)
            });
        }
        let scale = scales[Kind::Merchant];
        if sides.has(Side::Merchant) {
            let history = taste.merchants();
            fill(&mut self.merchants, profile.merchants(), |row, _| {
                factor(settings.merchant, scale, history(MerchantRow(row))?)
            });
        }
        if sides.has(Side::Creator) {
            let left = profile.left(view.decay(), view.as_of);
            fill(&mut self.creators, profile.tags(), |row, weight| {
                let tag = TagId(row);
                view.tags.bare_name(Space::Creator, tag)?;
                let follows = profile.follows().any(|bond| bond == Bond::Creator(tag));
                let bond = if follows {
                    view.config.profile.follow_bond
                } else {
                    0.0
                };
                factor(settings.creator, scale, weight * left + bond)
            });
        }
    }
}

/// Replaces a table by the factors of the rows of a history whose learnt sum is below 0, from the row and that sum.
fn fill(table: &mut Sums, history: &History, factor: impl Fn(u32, f64) -> Option<f64>) {
    let negative = || history.entries().filter(|entry| entry.weight < 0.0);
    table.clear(negative().count());
    for entry in negative() {
        if let Some(factor) = factor(entry.key, entry.weight) {
            table.add(entry.key, factor);
        }
    }
}

/// The aversion of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aversion<'a> {
    view: &'a View<'a>,
    taste: &'a Taste,
    factors: &'a Factors,
    sides: Sides,
}

impl<'a> Aversion<'a> {
    /// Creates the aversion of a user whose taste is loaded; `None` if the factor is 1 for every candidate.
    pub(super) fn new(
        sides: Sides,
        taste: &'a Taste,
        factors: &'a mut Factors,
        view: &'a View<'a>,
    ) -> Option<Self> {
        if sides == Sides::NONE {
            return None;
        }
        factors.load(sides, taste, view);
        Some(Self {
            view,
            taste,
            factors,
            sides,
        })
    }

    /// Returns the cosines of the user's and the candidates' tags, if they are part of the factor.
    pub(super) fn cosines<'r>(
        &self,
        block: &[Candidate<'_>],
        room: &'r mut [f32; BLOCK],
    ) -> Option<&'r [f32]> {
        if !self.sides.has(Side::Tags) {
            return None;
        }
        let (cosine, cosines) = (self.taste.cosine(self.view.items), &mut room[..block.len()]);
        for (candidate, out) in block.iter().zip(&mut *cosines) {
            *out = cosine(candidate.row, candidate.item);
        }
        Some(cosines)
    }

    /// Multiplies the scores of one block of candidates by their factors, given what [`Self::cosines`] returned of it.
    pub(super) fn apply(
        &self,
        block: &[Candidate<'_>],
        cosines: Option<&[f32]>,
        scores: &mut [f32],
    ) {
        let mut room = [1.0; BLOCK];
        let factors = &mut room[..block.len()];
        self.multiply(self.sides, block, cosines, factors);
        let least = narrow(self.view.config.aversion.min);
        for (score, factor) in scores.iter_mut().zip(factors) {
            *score *= if *factor < least { least } else { *factor };
        }
    }

    /// Multiplies factors of candidates by some parts.
    fn multiply(
        &self,
        sides: Sides,
        block: &[Candidate<'_>],
        cosines: Option<&[f32]>,
        factors: &mut [f32],
    ) {
        if sides.has(Side::Item) || sides.has(Side::Merchant) {
            self.multiply_histories(sides, block, factors);
        }
        if sides.has(Side::Creator) && !self.factors.creators.is_empty() {
            self.multiply_creators(block, factors);
        }
        if let Some(cosines) = cosines.filter(|_| sides.has(Side::Tags)) {
            let strength = narrow(self.view.config.aversion.tags);
            for (cosine, factor) in cosines.iter().zip(factors) {
                // Without tags the cosine is NaN, which is not below 0.
                let against = if *cosine < 0.0 { -cosine } else { 0.0 };
                *factor *= 1.0 - strength * against;
            }
        }
    }

    /// Multiplies factors by those of items and merchants, which nearly all candidates lack.
    fn multiply_histories(&self, sides: Sides, block: &[Candidate<'_>], factors: &mut [f32]) {
        let table = |side, table| if sides.has(side) { table } else { &NOTHING };
        let items = table(Side::Item, &self.factors.items);
        let merchants = table(Side::Merchant, &self.factors.merchants);
        let (may_item, may_merchant) = (items.sieve(), merchants.sieve());
        for (candidate, factor) in block.iter().zip(factors) {
            let (item, merchant) = (candidate.row.0, candidate.item.merchant.0);
            if may_item(item) | may_merchant(merchant) {
                for (sums, row) in [(items, item), (merchants, merchant)] {
                    let found = sums.sieve()(row).then(|| sums.reader()(row)).flatten();
                    *factor *= found.map_or(1.0, narrow);
                }
            }
        }
    }

    fn multiply_creators(&self, block: &[Candidate<'_>], factors: &mut [f32]) {
        let (items, creators) = (self.view.items, self.factors.creators.reader());
        for (candidate, factor) in block.iter().zip(factors) {
            let mut product = 1.0;
            items.visit_tags(candidate.row, candidate.item, |tag, _| {
                product *= creators(tag.0).unwrap_or(1.0);
            });
            *factor *= narrow(product);
        }
    }

    /// Returns the factor of a candidate with its reason, if it is not 1.
    pub(super) fn explain(&self, candidate: &Candidate<'_>) -> Option<FactorPart> {
        let one = std::slice::from_ref(candidate);
        let (mut whole, mut room) = ([1.0], [0.0; BLOCK]);
        let cosines = self.cosines(one, &mut room);
        self.apply(one, cosines, &mut whole);
        let [factor] = whole;
        if factor >= 1.0 {
            return None;
        }
        let parts = SIDES.map(|(side, name)| {
            let mut part = [1.0];
            self.multiply(self.sides.only(side), one, cosines, &mut part);
            (name, part[0])
        });
        let lower = parts.into_iter().filter(|(_, part)| *part < 1.0);
        let lower: Vec<String> = lower
            .map(|(name, part)| format!("{name} {part:.6}"))
            .collect();
        Some(FactorPart {
            name: "aversion",
            factor,
            reason: format!("the user turned away from it: {}", lower.join(", ")),
        })
    }
}
