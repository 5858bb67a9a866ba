//! Lifts: bounded factors after own. Score = own × min(campaigns × boosts, cap) × tail, with `cap` of `[campaign]`.
//!
//! A lift of f can only pass what is worth less than f times its own, so its bound is its relevance floor. The first place is never lifted.

use super::ground::Ground;
use super::lever::Lever;
use super::members::Members;
use super::score::Scores;
use super::view::View;
use crate::config::{Campaign, SelectionId};
use crate::id::ItemRow;
use crate::model::FactorPart;
use crate::number::narrow;
use crate::support::{Help, Spent, campaign_factor, strength};

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

/// A live campaign for this user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flown<'a> {
    pub(super) campaign: &'a Campaign,
    pub(super) spent: Spent,
    /// Its credit.
    pub(super) credit: f64,
    /// The items that it lifts.
    pub(super) items: SelectionId,
}

/// The lifts of one request.
#[derive(Clone, Debug)]
pub(super) struct Lifts<'a> {
    ground: Ground<'a>,
    boosts: Vec<Boost<'a>>,
    campaigns: Vec<Flown<'a>>,
    /// Credit and factor of the long tail; `None` if it is not lifted.
    tail: Option<(f64, f64)>,
}

impl<'a> Lifts<'a> {
    /// Creates the lifts of a request; `None` if nothing lifts.
    pub(super) fn new(
        view: &'a View<'a>,
        boosts: Vec<Boost<'a>>,
        members: &Members<'_>,
    ) -> Option<Self> {
        let help = view.market.help(&view.scene.name);
        let campaigns = help.map_or_else(Vec::new, |help| campaigns(view, help, members));
        let tail = help.map_or(0.0, |help| help.tail);
        Self::of(Ground::Live(view), boosts, (campaigns, tail))
    }

    /// Does the same, given the campaigns that lift and the credit of the long tail.
    pub(super) fn of(
        ground: Ground<'a>,
        boosts: Vec<Boost<'a>>,
        (campaigns, tail): (Vec<Flown<'a>>, f64),
    ) -> Option<Self> {
        let tail = Some(tail).filter(|credit| *credit > 0.0);
        let boost = ground.config().tail.boost;
        let lifts = Self {
            ground,
            boosts,
            campaigns,
            tail: tail.map(|credit| (credit, strength(credit, boost))),
        };
        lifts.or_none()
    }

    /// Returns the lifts; `None` if nothing lifts.
    fn or_none(self) -> Option<Self> {
        let promotes = !self.boosts.is_empty() || !self.campaigns.is_empty();
        (promotes || self.tail.is_some()).then_some(self)
    }

    /// Returns what lifts.
    pub(super) fn levers(&self) -> impl Iterator<Item = Lever<'a>> {
        let boosts = self.boosts.iter().map(|boost| Lever::boost(boost.name));
        let campaigns = self.campaigns.iter();
        let campaigns = campaigns.map(|flown| Lever::campaign(&flown.campaign.name));
        let tail = self.tail.map(|_| Lever::TAIL);
        boosts.chain(campaigns).chain(tail)
    }

    /// Returns the lifts without one; `None` if nothing is left.
    pub(super) fn without(&self, lever: Lever<'_>) -> Option<Self> {
        let mut rest = self.clone();
        rest.boosts
            .retain(|boost| Lever::boost(boost.name) != lever);
        rest.campaigns
            .retain(|flown| Lever::campaign(&flown.campaign.name) != lever);
        rest.tail = rest.tail.filter(|_| lever != Lever::TAIL);
        rest.or_none()
    }

    /// Returns the scores of all candidates.
    pub(super) fn scores(&self, own: &Scores) -> Vec<f32> {
        let candidates = own.candidates.iter().zip(&own.scores);
        candidates
            .map(|((row, _), own)| own * self.factor(*row))
            .collect()
    }

    /// Returns the factor of an item.
    pub(super) fn factor(&self, item: ItemRow) -> f32 {
        narrow(self.promoted(item).1 * self.tail(item).map_or(1.0, |(_, factor)| factor))
    }

    /// Returns the factor of the campaigns of an item, and that of campaigns and boosts together; the cap bounds both.
    fn promoted(&self, item: ItemRow) -> (f64, f64) {
        let cap = self.ground.config().campaigns.cap;
        let each = self.campaigns(item);
        let each = each.map(|it| (it.campaign.boost, it.credit));
        let campaigns = campaign_factor(each, cap);
        let boosts: f64 = self.boosts(item).map(|boost| boost.factor).product();
        (campaigns, (campaigns * boosts).min(cap))
    }

    /// Returns the boosts of an item.
    fn boosts(&self, item: ItemRow) -> impl Iterator<Item = &Boost<'a>> {
        let boosts = self.boosts.iter();
        boosts.filter(move |boost| self.ground.has(boost.selection, item))
    }

    /// Returns the campaigns of an item.
    fn campaigns(&self, item: ItemRow) -> impl Iterator<Item = &Flown<'a>> {
        let has = move |it: &&Flown<'a>| self.ground.has(it.items, item);
        self.campaigns.iter().filter(move |it| has(it))
    }

    /// Returns the credit and the factor of the long tail, if the item's merchant belongs to it.
    fn tail(&self, item: ItemRow) -> Option<(f64, f64)> {
        let tail = self.tail?;
        let level = self.ground.level(item)?;
        (level < self.ground.config().tail.below).then_some(tail)
    }

    /// Returns the factors of an item with their reasons.
    pub(super) fn explain(&self, item: ItemRow) -> Vec<FactorPart> {
        let (campaigns, promoted) = self.promoted(item);
        let shown: Vec<String> = self.campaigns(item).map(Flown::shown).collect();
        let campaign = (!shown.is_empty()).then(|| FactorPart {
            name: "campaign",
            factor: narrow(campaigns),
            reason: shown.join("; "),
        });
        let shown = |boost: &Boost<'_>| format!("{} ×{:.2}", boost.name, boost.factor);
        let shown: Vec<String> = self.boosts(item).map(shown).collect();
        let boost = (!shown.is_empty()).then(|| FactorPart {
            name: "boost",
            factor: narrow(promoted / campaigns),
            reason: format!(
                "{}; at most ×{} in all",
                shown.join(", "),
                self.ground.config().campaigns.cap
            ),
        });
        let below = self.ground.config().tail.below;
        let tail = self.tail(item).map(|(credit, factor)| FactorPart {
            name: "tail",
            factor: narrow(factor),
            reason: format!(
                "the merchant's level is under {below}; {:.0} % of strength",
                credit * 100.0
            ),
        });
        campaign.into_iter().chain(boost).chain(tail).collect()
    }
}

/// Returns the campaigns that lift for this user: those of the snapshot, as the configuration has them, which may be a newer one.
pub(super) fn campaigns<'a>(view: &View<'a>, help: &Help, members: &Members<'_>) -> Vec<Flown<'a>> {
    let flown = |name: &String| {
        let campaign = view.config.campaigns.named(name)?;
        let spent = view.market.campaigns.get(name)?;
        let applies = campaign.scenes.contains(&view.scene.name)
            && campaign.users.is_none_or(|users| members.has(users));
        applies.then_some(Flown {
            campaign,
            spent: *spent,
            credit: spent.credit,
            items: campaign.items,
        })
    };
    help.campaigns.iter().filter_map(flown).collect()
}

impl Flown<'_> {
    /// Returns the campaign in words: "double-11 ×1.30, 41 % of strength: 1,700 of 2,143 due by now".
    fn shown(&self) -> String {
        let name = format!("{} ×{:.2}", self.campaign.name, self.campaign.boost);
        let Some(due) = self.spent.due else {
            return name;
        };
        let (used, due) = (grouped(self.spent.used), grouped(due));
        format!(
            "{name}, {:.0} % of strength: {used} of {due} due by now",
            self.credit * 100.0
        )
    }
}

/// Returns a count, rounded, with a comma between thousands.
pub(super) fn grouped(count: f64) -> String {
    let digits = format!("{:.0}", count.max(0.0));
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (count, text) in [
            (0.0, "0"),
            (999.4, "999"),
            (999.5, "1,000"),
            (2_142.857, "2,143"),
            (1e6, "1,000,000"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }
}
