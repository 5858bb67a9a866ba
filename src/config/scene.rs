//! `[scene.*]`: each scene inherits what it does not set from its parent, weight by weight, up to `default`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::answered::Answered;
use super::asked::LastAsked;
use super::audience::AudienceId;
use super::check::require_id;
use super::model::Model;
use super::rule::{SceneRule, What};
use super::rules::{self, Given, Names};
use super::section::{Section, unknown};
use super::weights::{Order, Weighed, Weights, listed, weighed, weights};
use crate::model::Limits;
use crate::objective::{Objective, Objectives};

/// A place in the app with its own weights and limits.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Name of the scene.
    pub name: String,
    /// Name of the scene that it inherits from; `None` for the root.
    pub parent: Option<String>,
    /// Maximum number of items returned if the request sets no limit.
    pub limit: usize,
    /// Time within which scoring must begin if the request sets none.
    pub timeout: Duration,
    /// Objectives of weight ≠ 0 in the table's order, then predictions and models by name; never empty.
    pub weights: Vec<(Weighed, f64)>,
    /// Its rules, in the order written.
    pub rules: Vec<SceneRule>,
    /// Weights for audiences, 0 included, laid over the others in this order.
    pub weights_for: Vec<(AudienceId, Vec<(Weighed, f64)>)>,
    /// Everything that the scene weighs for anyone, in the same order as the weights.
    pub weighed: Vec<Weighed>,
    /// The objectives that the models read which it weighs for anyone, or in a slot.
    pub modelled: Vec<Objective>,
    /// True if requests for it are answered by the scene `default`.
    pub retired: bool,
    /// The last request for it.
    pub asked: LastAsked,
    /// The places that its answers filled.
    pub answered: Answered,
}

impl Scene {
    /// Returns the objectives that it weighs for anyone, or that a slot or a model reads.
    #[must_use]
    pub fn objectives(&self) -> Objectives {
        let weighed = self.weighed.iter().copied().chain(slots(&self.rules));
        let own = weighed.filter_map(|weighed| match weighed {
            Weighed::Own(own) => Some(own),
            Weighed::Prediction(_) | Weighed::Model(_) => None,
        });
        own.chain(self.modelled.iter().copied()).collect()
    }

    /// Returns whether it weighs the goals of merchants, and is not retired.
    pub(super) fn weighs_goals(&self) -> bool {
        !self.retired && self.objectives().has(Objective::Goal)
    }

    /// Returns the most impressions of one item that a rule of the scene counts; 0 if none does, or if the scene is retired.
    pub(super) fn sights(&self) -> usize {
        let rules = self.rules.iter().filter(|_| !self.retired);
        let after = rules.filter_map(|rule| {
            let What::Seen(seen) = &rule.what else {
                return None;
            };
            Some(seen.after)
        });
        after.max().unwrap_or(0)
    }
}

/// Returns what the slots of some rules weigh.
fn slots(rules: &[SceneRule]) -> impl Iterator<Item = Weighed> {
    let slots = rules.iter().filter_map(|rule| {
        let What::Slot(slot) = &rule.what else {
            return None;
        };
        slot.weights.as_deref()
    });
    slots.flatten().map(|(weighed, _)| *weighed)
}

/// Returns the objectives that the models read which are weighed.
fn modelled(weighed: impl Iterator<Item = Weighed>, models: &[Model]) -> Vec<Objective> {
    let mut objectives = Vec::new();
    for weighed in weighed {
        let Weighed::Model(number) = weighed else {
            continue;
        };
        for own in models.get(number).into_iter().flat_map(Model::objectives) {
            if !objectives.contains(&own) {
                objectives.push(own);
            }
        }
    }
    objectives
}

/// The root of all scenes.
const ROOT: &str = "default";
/// The keys that one scene, or an arm of an experiment, itself sets.
pub(super) struct Raw<'a> {
    pub(super) section: Section<'a>,
    parent: Option<String>,
    limit: Option<u64>,
    timeout_ms: Option<u64>,
    weights: Option<Weights>,
    rules: Option<Vec<Given<'a>>>,
    weights_for: Vec<(AudienceId, Weights)>,
    retired: bool,
}

/// The keys that every scene itself sets, by name.
pub(super) type Raws<'n, 'a> = BTreeMap<&'n str, Raw<'a>>;

/// Reads the keys that every scene itself sets.
pub(super) fn raws<'a>(root: &Section<'a>, limits: &Limits, names: Names<'_>) -> Raws<'a, 'a> {
    let raws: Raws<'_, '_> = root.within("scene", |all| {
        let scenes = all.names().into_iter();
        scenes
            .map(|name| (name, raw(all, name, root, limits, names)))
            .collect()
    });
    for (name, raw) in &raws {
        check_parent(name, raw, &raws);
    }
    raws
}

/// Returns every scene, by name, inheritance resolved.
pub(super) fn scenes(raws: &Raws<'_, '_>, names: Names<'_>) -> BTreeMap<String, Arc<Scene>> {
    let resolved = raws
        .keys()
        .map(|name| (*name, resolve(name, raws, &[], names)));
    resolved
        .inspect(|(name, scene)| check_weights(name, scene, raws, names))
        .inspect(|(name, scene)| check_places(name, scene, raws))
        .map(|(name, scene)| (name.to_owned(), Arc::new(scene)))
        .collect()
}

/// What an arm of an experiment sets of a scene.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// Maximum number of items returned if the request sets no limit.
    pub limit: Option<u64>,
    /// Milliseconds within which scoring must begin if the request sets none.
    pub timeout_ms: Option<u64>,
    /// Weights laid over those of the scene, 0 included.
    pub weights: Vec<(Weighed, f64)>,
    /// The rules, in place of those of the scene.
    pub rules: Option<Vec<SceneRule>>,
    /// Weights for audiences, 0 included, laid over those of the scene.
    pub weights_for: Vec<(AudienceId, Vec<(Weighed, f64)>)>,
}

impl Overlay {
    /// Returns whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let sets_number = self.limit.is_some() || self.timeout_ms.is_some();
        !sets_number
            && self.weights.is_empty()
            && self.rules.is_none()
            && self.weights_for.is_empty()
    }

    /// Returns the keys that it sets, each weight on its own, by the numbers of what they name.
    pub(super) fn keys(&self) -> Vec<Key> {
        let set = [
            (self.limit.is_some(), Key::Limit),
            (self.timeout_ms.is_some(), Key::Timeout),
            (self.rules.is_some(), Key::Rules),
        ];
        let set = set
            .into_iter()
            .filter(|(is_set, _)| *is_set)
            .map(|(_, key)| key);
        let weights = self
            .weights
            .iter()
            .map(|(weighed, _)| Key::Weight(*weighed));
        let of_audiences = self.weights_for.iter().flat_map(|(audience, weights)| {
            let weights = weights.iter();
            weights.map(|(weighed, _)| Key::WeightFor(*audience, *weighed))
        });
        set.chain(weights).chain(of_audiences).collect()
    }
}

/// A key of a scene that an arm sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Limit,
    Timeout,
    Rules,
    Weight(Weighed),
    WeightFor(AudienceId, Weighed),
}

/// Reads what an arm sets of a scene.
pub(super) fn overlay<'a>(s: Section<'a>, limits: &Limits, names: Names<'_>) -> Raw<'a> {
    let most = u64::try_from(limits.limit).unwrap_or(u64::MAX);
    let up_to = |key: &str, most| {
        let limit = format!("limits.{key}");
        s.has(key).then(|| s.integer_up_to(key, most, &limit))
    };
    for key in ["parent", "retired"] {
        if s.has(key) {
            s.fault(
                key,
                "cannot be set by an arm, which is laid over the scene as it is",
            );
        }
    }
    let raw = Raw {
        parent: None,
        limit: up_to("limit", most),
        timeout_ms: up_to("timeout_ms", limits.timeout_ms),
        retired: false,
        weights: s
            .has("weights")
            .then(|| weights(&s.section("weights"), names.known)),
        rules: rules::rules(&s, names),
        weights_for: s.within("weights_for", |all| weights_for(all, names)),
        section: s,
    };
    raw.section.finish();
    raw
}

impl Raw<'_> {
    /// Returns what an arm sets.
    pub(super) fn overlay(&self) -> Overlay {
        let rules = self.rules.as_ref();
        let audiences = self.weights_for.iter();
        Overlay {
            limit: self.limit,
            timeout_ms: self.timeout_ms,
            weights: listed(self.weights.clone().unwrap_or_default()),
            rules: rules.map(|rules| rules.iter().map(|given| given.rule.clone()).collect()),
            weights_for: audiences
                .map(|(audience, weights)| (*audience, listed(weights.clone())))
                .collect(),
        }
    }
}

/// Returns a scene under arms, which set different keys. Reports at the last arm what they break together; `None` then.
pub(super) fn under(
    name: &str,
    raws: &Raws<'_, '_>,
    arms: &[&Raw<'_>],
    names: Names<'_>,
) -> Option<Scene> {
    let scene = resolve(name, raws, arms, names);
    let last = arms.last()?;
    let line = line(name, raws, arms);
    let is_zero = |weights: &Weights| weights.values().all(|weight| weight.abs() <= 0.0);
    let own = weights_of(&line);
    let of_audience = |(_, over): &(AudienceId, Weights)| {
        let mut weights = own.clone();
        weights.extend(over);
        is_zero(&weights)
    };
    if is_zero(&own) || weights_for_of(&line).iter().any(of_audience) {
        let message = format!("leaves no weight other than 0 in the scene {name}");
        last.section.fault("weights", message);
        return None;
    }
    let beyond = scene.rules.iter().find_map(|rule| {
        let place = rule.what.places().iter().max()?;
        (*place > scene.limit).then_some((&rule.name, place))
    });
    let Some((rule, place)) = beyond else {
        return Some(scene);
    };
    let key = if last.limit.is_some() {
        "limit"
    } else {
        "rules"
    };
    let limit = scene.limit;
    let message = format!(
        "the rule {rule} keeps place {place}, beyond the limit of the scene {name}, {limit}"
    );
    last.section.fault(key, message);
    None
}

fn raw<'a>(
    all: &Section<'a>,
    name: &str,
    root: &Section<'_>,
    limits: &Limits,
    names: Names<'_>,
) -> Raw<'a> {
    require_id(all, name, "a scene");
    let s = all.section(name);
    let most = u64::try_from(limits.limit).unwrap_or(u64::MAX);
    let raw = Raw {
        parent: parent(&s, name),
        limit: bounded(&s, name, root, "limit", most),
        timeout_ms: bounded(&s, name, root, "timeout_ms", limits.timeout_ms),
        retired: s.flag("retired"),
        weights: s
            .has("weights")
            .then(|| weights(&s.without_embedded("weights"), names.known)),
        rules: rules::rules(&s, names),
        weights_for: s.within("weights_for", |all| weights_for(all, names)),
        section: s,
    };
    if raw.retired && name == ROOT {
        let message = "default answers the requests of retired scenes; it cannot be retired itself";
        raw.section.fault("retired", message);
    }
    raw.section.finish();
    raw
}

fn parent(s: &Section<'_>, name: &str) -> Option<String> {
    match (name == ROOT, s.has("parent")) {
        (true, true) => {
            s.fault(
                "parent",
                "default is the root of all scenes; it has no parent",
            );
            None
        }
        (true, false) => None,
        (false, true) => Some(s.text("parent", ROOT.to_owned(), |text| Ok(text.to_owned()))),
        (false, false) => Some(ROOT.to_owned()),
    }
}

/// Reads the weights for audiences, in the order in which the audiences are written.
fn weights_for(all: &Section<'_>, names: Names<'_>) -> Vec<(AudienceId, Weights)> {
    let written = all.written().into_iter();
    written
        .filter_map(|name| {
            let weights = weights(&all.section(name), names.known);
            let audience = names.audiences.named(all, name, name)?;
            Some((audience, weights))
        })
        .collect()
}

/// Returns the names of a scene, its parent and so on, up to the root, a missing scene or the first repeat.
fn lineage<'r>(name: &'r str, raws: &'r Raws<'_, '_>) -> Vec<&'r str> {
    let mut line = vec![name];
    let mut next = raws.get(name);
    while let Some(parent) = next.and_then(|raw| raw.parent.as_deref())
        && !line.contains(&parent)
        && raws.contains_key(parent)
    {
        line.push(parent);
        next = raws.get(parent);
    }
    line
}

/// Checks that the parent exists and does not descend from the scene. Of a cycle, only the first name gets a fault.
fn check_parent(name: &str, raw: &Raw<'_>, raws: &Raws<'_, '_>) {
    let Some(parent) = raw.parent.as_deref() else {
        return;
    };
    if !raws.contains_key(parent) {
        let scenes = raws.keys().copied().filter(|scene| *scene != name);
        raw.section
            .fault("parent", unknown("scene", parent, scenes));
        return;
    }
    let line = lineage(name, raws);
    let last = line.last().and_then(|last| raws.get(last));
    let closes = last.and_then(|last| last.parent.as_deref()) == Some(name);
    if closes && line.iter().min() == Some(&name) {
        let cycle = line.join(" -> ");
        let message = format!("parents form a cycle: {cycle} -> {name}");
        raw.section.fault("parent", message);
    }
}

/// Returns what some arms and a scene set, then its parent and so on.
fn line<'r, 'a>(name: &str, raws: &'r Raws<'_, 'a>, arms: &[&'r Raw<'a>]) -> Vec<&'r Raw<'a>> {
    let scenes = lineage(name, raws).into_iter();
    let scenes = scenes.filter_map(|name| raws.get(name));
    arms.iter().copied().chain(scenes).collect()
}

/// Reads a whole number from 1 to `most`, the value of the same key in `[limits]`. If a default exceeds it, the fault is at the limit.
fn bounded(s: &Section<'_>, name: &str, root: &Section<'_>, key: &str, most: u64) -> Option<u64> {
    if s.gives(key) {
        return Some(s.integer_up_to(key, most, &format!("limits.{key}")));
    }
    let default = s.has(key).then(|| s.integer(key, 1..=u64::MAX))?;
    if default > most {
        let message = format!("must be at least {default}, which is scene.{name}.{key}");
        root.section("limits").fault(key, message);
    }
    Some(default)
}

/// Reports a scene whose own weights leave no weight other than 0: such a scene cannot order anything.
///
/// If the scene or an ancestor has another fault, such as a misspelt objective, that may be the reason, and nothing is added.
fn check_weights(name: &str, scene: &Scene, raws: &Raws<'_, '_>, names: Names<'_>) {
    let clean = |name: &&str| raws[name].section.is_clean();
    let own = raws.get(name).filter(|raw| raw.weights.is_some());
    if let Some(raw) = own
        && scene.weights.is_empty()
        && lineage(name, raws).iter().all(clean)
    {
        let message = "at least one weight must not be 0";
        raw.section.fault("weights", message);
    }
    if !lineage(name, raws).iter().all(clean) {
        return;
    }
    for (audience, over) in raws.get(name).iter().flat_map(|raw| &raw.weights_for) {
        let mut weights = weights_of(&line(name, raws, &[]));
        weights.extend(over);
        if weights.values().all(|weight| weight.abs() <= 0.0) {
            let all = raws[name].section.section("weights_for");
            let audience = &names.audiences.list[audience.index()].name;
            all.fault(audience, "at least one weight must not be 0");
        }
    }
}

/// Returns the weights of a line, zeros included.
fn weights_of(line: &[&Raw<'_>]) -> Weights {
    let all = line.iter().rev().filter_map(|raw| raw.weights.as_ref());
    all.flatten()
        .map(|(order, weight)| (*order, *weight))
        .collect()
}

/// Returns the weights of a line for audiences. An audience that an ancestor names too keeps its place there.
fn weights_for_of(line: &[&Raw<'_>]) -> Vec<(AudienceId, Weights)> {
    let mut all: Vec<(AudienceId, Weights)> = Vec::new();
    let written = line.iter().rev().flat_map(|raw| &raw.weights_for);
    for (audience, weights) in written {
        match all.iter_mut().find(|(known, _)| known == audience) {
            Some((_, known)) => known.extend(weights),
            None => all.push((*audience, weights.clone())),
        }
    }
    all
}

/// Reports places that lie beyond a scene's limit: at the rule, or at the scene if it inherits the rule.
fn check_places(name: &str, scene: &Scene, raws: &Raws<'_, '_>) {
    let Some(raw) = raws.get(name) else {
        return;
    };
    if let Some(own) = &raw.rules {
        own.iter().for_each(|given| given.check_limit(scene.limit));
        return;
    }
    let mut kept = scene.rules.iter();
    let beyond = kept.find_map(|rule| {
        let place = rule.what.places().iter().max()?;
        (*place > scene.limit).then_some((&rule.name, place))
    });
    if let Some((rule, place)) = beyond {
        let limit = scene.limit;
        let message = format!(
            "is {limit}, but the inherited rule {rule} keeps place {place}; raise it, or set the scene's own rules"
        );
        raw.section.fault("limit", message);
    }
}

/// Applies the keys of the lineage, the root first, then those of arms.
fn resolve(name: &str, raws: &Raws<'_, '_>, arms: &[&Raw<'_>], names: Names<'_>) -> Scene {
    let (mut limit, mut timeout_ms) = (1, 1);
    let line = line(name, raws, arms);
    let own_rules = line.iter().find_map(|raw| raw.rules.as_ref());
    let own_rules = own_rules.map(|rules| rules.iter().map(|given| given.rule.clone()).collect());
    let rules: Vec<SceneRule> = own_rules.unwrap_or_default();
    for raw in line.iter().rev() {
        limit = raw.limit.unwrap_or(limit);
        timeout_ms = raw.timeout_ms.unwrap_or(timeout_ms);
    }
    let weights = weights_of(&line);
    let weights_for = weights_for_of(&line);
    let over = weights_for.iter().flat_map(|(_, weights)| weights.keys());
    let own = weights.iter().filter(|(_, weight)| weight.abs() > 0.0);
    let all: BTreeSet<Order> = own.map(|(order, _)| order).chain(over).copied().collect();
    let weighed_by = all.iter().map(|order| order.weighed());
    Scene {
        name: name.to_owned(),
        parent: raws.get(name).and_then(|raw| raw.parent.clone()),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        timeout: Duration::from_millis(timeout_ms),
        retired: raws.get(name).is_some_and(|raw| raw.retired),
        asked: LastAsked::default(),
        answered: Answered::default(),
        weights: weighed(weights),
        weights_for: weights_for
            .into_iter()
            .map(|(audience, weights)| (audience, listed(weights)))
            .collect(),
        modelled: modelled(weighed_by.chain(slots(&rules)), names.known.models),
        weighed: all.into_iter().map(Order::weighed).collect(),
        rules,
    }
}
