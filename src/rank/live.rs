//! The rules of the scene that are live for one request, in their time and for an audience that the user belongs to; and the help of the
//! traffic targets.

use super::blend::Weights;
use super::lever::Lever;
use super::lift::{Boost, Lifts};
use super::members::Members;
use super::slate::{Plan, Support};
use super::view::View;
use crate::clock::Time;
use crate::config::{AudienceId, Config, SceneRule, Seen, SelectionId, What};
use crate::objective::Needs;

/// The live rules of one request, sorted by what they do.
#[derive(Debug)]
pub(super) struct Live<'a> {
    /// Selections that are hidden.
    pub(super) hidden: Vec<SelectionId>,
    /// Limits of impressions without a click, with the names of their rules.
    pub(super) seen: Vec<(&'a str, &'a Seen)>,
    /// `None` if nothing lifts.
    pub(super) lifts: Option<Lifts<'a>>,
    /// The rules of the plan.
    rules: Vec<&'a SceneRule>,
    /// The rules that arrange.
    pub(super) plan: Plan<'a>,
    /// The weights of each slot of the plan that has its own.
    pub(super) weights: Vec<Option<Weights>>,
    /// True if places differ from the order of the scores.
    pub(super) arranges: bool,
}

impl<'a> Live<'a> {
    /// Returns the live rules and the help of the traffic targets; `None` if there are none.
    pub(super) fn of(view: &'a View<'a>, members: &Members<'_>) -> Option<Self> {
        let help = view.market.help(&view.scene.name);
        if view.scene.rules.is_empty() && help.is_none() {
            return None;
        }
        let rules = view.scene.rules.iter();
        let has = |audience| members.has(audience);
        let rules = rules
            .filter(|rule| is_live(rule, view.as_of, has))
            .collect();
        let lifts = |boosts| Lifts::new(view, boosts, members);
        let supports = help.is_some_and(|help| help.support);
        Self::new(rules, lifts, supports.then(|| support(view.config)))
    }

    /// Sorts rules that are live; `lifts` returns the lifts, given the boosts among them. With `support`, places are kept for newcomers.
    /// `None` if there is nothing.
    pub(super) fn new(
        rules: Vec<&'a SceneRule>,
        lifts: impl FnOnce(Vec<Boost<'a>>) -> Option<Lifts<'a>>,
        support: Option<Support<'a>>,
    ) -> Option<Self> {
        let (mut hidden, mut seen, mut boosts) = (Vec::new(), Vec::new(), Vec::new());
        let mut arranging = Vec::new();
        for &rule in &rules {
            match &rule.what {
                What::Hide { select } => hidden.push(*select),
                What::Seen(limit) => seen.push((&*rule.name, limit)),
                What::Boost { select, factor } => boosts.push(Boost {
                    name: &rule.name,
                    selection: *select,
                    factor: *factor,
                }),
                What::Pin { .. }
                | What::Slot(_)
                | What::Cap(_)
                | What::Decay { .. }
                | What::Mmr { .. } => arranging.push(rule),
            }
        }
        let hidden_or_seen = hidden.len() + seen.len();
        let lifts = lifts(boosts);
        if rules.is_empty() && lifts.is_none() && support.is_none() {
            return None;
        }
        let supports = support.is_some();
        Some(Self {
            hidden,
            seen,
            arranges: rules.len() > hidden_or_seen || lifts.is_some() || supports,
            ..Self::arranging(arranging, support.unwrap_or_default(), lifts)
        })
    }

    /// Returns what arranges the places.
    fn arranging(
        rules: Vec<&'a SceneRule>,
        support: Support<'a>,
        lifts: Option<Lifts<'a>>,
    ) -> Self {
        let mut plan = Plan::default();
        plan.support = support;
        rules.iter().for_each(|rule| plan.add(rule));
        let weights = plan.slots.iter().map(|(_, slot)| slot.weights.as_ref());
        Self {
            weights: weights
                .map(|own| own.map(|own| Weights::new(own.clone())))
                .collect(),
            arranges: true,
            hidden: Vec::new(),
            seen: Vec::new(),
            rules,
            plan,
            lifts,
        }
    }

    /// Returns what moves candidates away from the order by own.
    pub(super) fn levers(&self) -> impl Iterator<Item = Lever<'a>> {
        let rules = self.rules.iter().map(|rule| Lever::rule(rule));
        let supports = !self.plan.support.places.is_empty();
        let lifts = self.lifts.iter().flat_map(Lifts::levers);
        rules.chain(supports.then_some(Lever::SUPPORT)).chain(lifts)
    }

    /// Returns what arranges the places without one lever. Nothing is hidden: the candidates are scored already.
    pub(super) fn without(&self, lever: Lever<'_>) -> Self {
        let rules = self.rules.iter().copied();
        let rules = rules.filter(|rule| Lever::rule(rule) != lever);
        let support = if lever == Lever::SUPPORT {
            Support::default()
        } else {
            self.plan.support
        };
        let lifts = self.lifts.as_ref().and_then(|lifts| lifts.without(lever));
        Self::arranging(rules.collect(), support, lifts)
    }

    /// Returns the parts of the profile that the slots read.
    pub(super) fn needs(&self, config: &Config) -> Needs {
        let weights = self.weights.iter().flatten();
        weights.fold(Needs::NOTHING, |needs, weights| {
            needs.and(weights.needs(config))
        })
    }
}

/// Returns whether a rule is in its time, and for this user, given whether the user belongs to an audience.
pub(super) fn is_live(rule: &SceneRule, as_of: Time, has: impl Fn(AudienceId) -> bool) -> bool {
    rule.is_live(as_of) && rule.audience.is_none_or(has)
}

/// Returns the places for runners that are behind their plan.
pub(super) fn support(config: &Config) -> Support<'_> {
    let settings = &config.support;
    Support {
        places: &settings.places,
        min: settings.floor,
    }
}
