//! Aversion: the factor by which negative histories and tags lower a score, so that what a user disliked stands below what the user
//! never saw.
//!
//! a = Π over item, merchant, creator of 1 − s·v(−h) for h < 0, with v the log scale of that history; times 1 − s·min(1, −cosine) where
//! the cosine of the tags is below 0; at least `min`. Only the parts that may differ from 1 are computed; see [`super::sides`].

use super::BLOCK;
use super::lookup::{Marks, Sums};
use super::resolve::Candidate;
use super::sides::{SIDES, Side, Sides};
use super::taste::Taste;
use super::view::View;
use crate::feature::{Bond, History, Profile, Space};
use crate::id::{ItemRow, MerchantRow, TagId};
use crate::model::FactorPart;
use crate::number::narrow;
use crate::race::{Kind, LogScale};

/// What one user may have a negative history with: marks of items and merchants, whose histories the taste holds, and the factors of creators.
#[derive(Debug, Default)]
pub(super) struct Factors {
    items: Marks,
    merchants: Marks,
    creators: Sums,
}

/// Returns 1 − s·v(−h); `None` if the history is not below 0.
fn factor(strength: f64, scale: LogScale, history: f64) -> Option<f64> {
    (history < 0.0).then(|| 1.0 - strength * f64::from(scale.value(-history)))
}

/// Returns a factor within its minimum.
#[inline(always)]
pub(super) fn at_least(least: f32, factor: f32) -> f32 {
    if factor < least { least } else { factor }
}

/// Returns marks of the rows whose learnt sum is below 0.
fn marks(history: &History) -> Marks {
    let mut marks = Marks::NONE;
    history.negative().for_each(|entry| marks.add(entry.key));
    marks
}

impl Factors {
    /// Loads what concerns a user whose taste is loaded.
    fn load(&mut self, sides: Sides, taste: &Taste, view: &View<'_>) {
        let Some(profile) = taste.user.and_then(|user| view.users.profile(user)) else {
            return;
        };
        if sides.has(Side::Item) {
            self.items = marks(profile.items());
        }
        if sides.has(Side::Merchant) {
            self.merchants = marks(profile.merchants());
        }
        if sides.has(Side::Creator) {
            self.load_creators(profile, view);
        }
    }

    fn load_creators(&mut self, profile: &Profile, view: &View<'_>) {
        let (strength, left) = (
            view.config.aversion.creator,
            profile.left(view.decay(), view.as_of),
        );
        let scale = view.standings.references.history[Kind::Merchant];
        self.creators.clear(profile.tags().negative().count());
        for entry in profile.tags().negative() {
            let tag = TagId(entry.key);
            if view.tags.bare_name(Space::Creator, tag).is_none() {
                continue;
            }
            let follows = profile.follows().any(|bond| bond == Bond::Creator(tag));
            let bond = if follows {
                view.config.profile.follow_bond
            } else {
                0.0
            };
            if let Some(factor) = factor(strength, scale, entry.weight * left + bond) {
                self.creators.add(entry.key, factor);
            }
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

    /// Fills in the factors of one block of candidates, given what [`Self::cosines`] returned of it.
    pub(super) fn fill(
        &self,
        block: &[Candidate<'_>],
        cosines: Option<&[f32]>,
        factors: &mut [f32],
    ) {
        factors.fill(1.0);
        self.multiply(self.sides, block, cosines, factors);
        let least = narrow(self.view.config.aversion.min);
        for factor in factors {
            *factor = at_least(least, *factor);
        }
    }

    /// Returns the factors of one block of candidates before the minimum.
    pub(super) fn unbounded(&self, block: &[Candidate<'_>]) -> Vec<f32> {
        let mut room = [0.0; BLOCK];
        let cosines = self.cosines(block, &mut room);
        let mut factors = vec![1.0; block.len()];
        self.multiply(self.sides, block, cosines, &mut factors);
        factors
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
        let marks = |side, marks| if sides.has(side) { marks } else { &Marks::NONE };
        let items = marks(Side::Item, &self.factors.items);
        let merchants = marks(Side::Merchant, &self.factors.merchants);
        for (candidate, factor) in block.iter().zip(factors) {
            let (item, merchant) = (candidate.row, candidate.item.merchant);
            let (is_item, is_merchant) = (items.may_have(item.0), merchants.may_have(merchant.0));
            if is_item | is_merchant {
                let item = is_item.then(|| self.item(item)).flatten();
                let merchant = is_merchant.then(|| self.merchant(merchant)).flatten();
                for part in [item, merchant] {
                    *factor *= part.map_or(1.0, narrow);
                }
            }
        }
    }

    /// Returns the factor of an item, if the user has a negative history with it.
    fn item(&self, item: ItemRow) -> Option<f64> {
        let scale = self.view.standings.references.history[Kind::Item];
        factor(
            self.view.config.aversion.item,
            scale,
            self.taste.items()(item)?,
        )
    }

    /// Returns the factor of a merchant, in the same way.
    fn merchant(&self, merchant: MerchantRow) -> Option<f64> {
        let scale = self.view.standings.references.history[Kind::Merchant];
        let history = self.taste.merchants()(merchant)?;
        factor(self.view.config.aversion.merchant, scale, history)
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
        self.fill(one, cosines, &mut whole);
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
