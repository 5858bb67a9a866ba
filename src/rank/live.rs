//! The rules of the scene that are live for one request: those that are in their time.

use super::blend::Weights;
use super::slate::Plan;
use super::view::View;
use crate::config::SceneRule;
use crate::objective::Needs;

/// The live rules of one request, sorted by what they do.
#[derive(Debug)]
pub(super) struct Live<'a> {
    /// The rules that arrange.
    pub(super) plan: Plan<'a>,
    /// The weights of each slot of the plan that has its own.
    pub(super) weights: Vec<Option<Weights>>,
}

impl<'a> Live<'a> {
    /// Returns the live rules; `None` if there are none.
    pub(super) fn of(view: &'a View<'a>) -> Option<Self> {
        let mut rules = view
            .scene
            .rules
            .iter()
            .filter(|rule| is_live(rule, view))
            .peekable();
        rules.peek()?;
        let mut plan = Plan::default();
        rules.for_each(|rule| plan.add(rule));
        let weights = plan.slots.iter().map(|(_, slot)| slot.weights.as_ref());
        let weights = weights.map(|own| own.map(|own| Weights::new(own.clone())));
        Some(Self {
            weights: weights.collect(),
            plan,
        })
    }

    /// Returns the parts of the profile that the slots read.
    pub(super) fn needs(&self) -> Needs {
        let weights = self.weights.iter().flatten();
        weights.fold(Needs::NOTHING, |needs, weights| needs.and(weights.needs()))
    }
}

/// Returns whether a rule is in its time.
fn is_live(rule: &SceneRule, view: &View<'_>) -> bool {
    let at = view.as_of;
    rule.from.is_none_or(|from| from <= at) && rule.until.is_none_or(|until| at < until)
}
