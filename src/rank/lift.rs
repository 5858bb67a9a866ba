//! Lifts: bounded factors after own. Score = own × min(Π factors, cap), with `cap` of `[campaign]`.
//!
//! A lift of f can only pass what is worth less than f times its own, so its bound is its relevance floor. The first place is never lifted.

use super::view::View;
use crate::config::SelectionId;
use crate::id::ItemRow;
use crate::model::FactorPart;
use crate::number::narrow;

/// A rule `boost`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boost<'a> {
    /// Name of the rule.
    pub(super) name: &'a str,
    /// The items.
    pub(super) selection: SelectionId,
    /// The factor.
    pub(super) factor: f64,
}

/// The lifts of one request.
#[derive(Debug)]
pub(super) struct Lifts<'a> {
    view: &'a View<'a>,
    boosts: Vec<Boost<'a>>,
}

impl<'a> Lifts<'a> {
    /// Creates the lifts of a request; `None` if nothing lifts.
    pub(super) fn new(view: &'a View<'a>, boosts: Vec<Boost<'a>>) -> Option<Self> {
        (!boosts.is_empty()).then_some(Self { view, boosts })
    }

    /// Returns the factor of an item.
    pub(super) fn of(&self, item: ItemRow) -> f32 {
        let factors = self.boosts(item).map(|boost| boost.factor);
        narrow(factors.product::<f64>().min(self.view.config.campaigns.cap))
    }

    /// Returns the boosts of an item.
    fn boosts(&self, item: ItemRow) -> impl Iterator<Item = &Boost<'a>> {
        let boosts = self.boosts.iter();
        boosts.filter(move |boost| self.view.selections.has(boost.selection, item))
    }

    /// Returns the factor of an item with its reason, if a boost applies to it.
    pub(super) fn explain(&self, item: ItemRow) -> Option<FactorPart> {
        let shown = |boost: &Boost<'_>| format!("{} ×{:.2}", boost.name, boost.factor);
        let shown: Vec<String> = self.boosts(item).map(shown).collect();
        (!shown.is_empty()).then(|| FactorPart {
            name: "boost",
            factor: self.of(item),
            reason: format!(
                "{}; at most ×{} in all",
                shown.join(", "),
                self.view.config.campaigns.cap
            ),
        })
    }
}
