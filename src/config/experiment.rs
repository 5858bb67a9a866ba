//! `[experiments]` and `[experiment.*]`: which users get which arm, and what an arm sets of the scenes that it meets.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::DeValue;

use super::audience::{AudienceId, Audiences};
use super::check::{need, require_id};
use super::metric::Metric;
use super::rules::Names;
use super::scene::{Overlay, Raw, Scene, overlay};
use super::section::{Section, unknown};
use super::support::{distinct, scene};
use super::value::{self, Checked};
use crate::model::Limits;

/// Number of parts into which users are split: ranges and shares are in steps of one part.
pub const PARTS: u32 = 10_000;
/// The same, to compute with.
const PARTS_F64: f64 = 10_000.0;
/// Maximum number of experiments.
pub const MAX_EXPERIMENTS: usize = 16;
/// Maximum number of arms of an experiment.
pub const MAX_ARMS: usize = 8;
/// Maximum number of layers.
const MAX_LAYERS: usize = 8;

/// The experiments.
#[derive(Clone, Debug)]
pub struct Experiments {
    /// Maximum number of users who are enrolled in one experiment.
    pub max_users: usize,
    /// The users in no experiment, if any are held out.
    pub holdout: Option<Holdout>,
    /// The experiments, sorted by name; at most [`MAX_EXPERIMENTS`].
    pub each: Vec<Arc<Experiment>>,
}

/// The users in no experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdout {
    /// Number of parts of 10,000.
    pub parts: u32,
    /// Name of the draw: another one holds out other users.
    pub salt: String,
}

/// An experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// Its layer: the experiments of one layer exclude each other.
    pub layer: String,
    /// Its part of the layer, from the first of 10,000 parts to the one after its last.
    pub range: [u32; 2],
    /// Names of its scenes; empty: all.
    pub scenes: Vec<String>,
    /// Its audience; `None`: every user.
    pub audience: Option<AudienceId>,
    /// The metric that decides.
    pub primary: Metric,
    /// The smallest lift worth finding, above 0.
    pub find: f64,
    /// The metrics that must not get worse.
    pub guards: Vec<Metric>,
    /// Index of the arm that the others are compared with.
    pub control: usize,
    /// Maximum money of one event; `None`: the price reference of the standings at the start.
    pub gmv_cap: Option<f64>,
    /// The arms, in byte order of their names: 2 to [`MAX_ARMS`].
    pub arms: Vec<Arm>,
}

/// An arm of an experiment.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// Its share of the users.
    pub share: f64,
    /// The part of 10,000 after its last one.
    pub end: u32,
    /// What it sets of a scene.
    pub set: Overlay,
}

impl Experiments {
    /// Returns the experiment of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Experiment>> {
        self.each.iter().find(|each| each.name == name)
    }
}

impl Experiment {
    /// Returns whether it runs in a scene.
    #[must_use]
    pub fn meets(&self, scene: &str) -> bool {
        self.scenes.is_empty() || self.scenes.iter().any(|name| name == scene)
    }

    /// Returns whether a part of its layer, below 10,000, is its own. If it has the whole layer, the part is not asked for.
    #[must_use]
    pub fn has(&self, part: impl FnOnce() -> u32) -> bool {
        let [from, until] = self.range;
        self.range == [0, PARTS] || (from..until).contains(&part())
    }

    /// Returns the number of the arm of a name.
    #[must_use]
    pub fn arm(&self, name: &str) -> Option<usize> {
        self.arms.iter().position(|arm| arm.name == name)
    }

    /// Returns the number of the arm that a part of 10,000 falls into.
    #[must_use]
    pub fn arm_of(&self, part: u32) -> usize {
        self.arms.partition_point(|arm| arm.end <= part)
    }
}

/// An experiment with the sections of its arms, while the file is read.
pub(super) struct Given<'a> {
    pub(super) experiment: Experiment,
    pub(super) section: Section<'a>,
    /// What each arm sets.
    pub(super) arms: Vec<Raw<'a>>,
}

/// Reads `[experiments]`, without the experiments themselves.
pub(super) fn settings(s: &Section<'_>) -> (usize, Option<Holdout>) {
    let max_users = s.integer("max_users", 1_000..=100_000_000);
    let holdout = s.has("holdout").then(|| {
        s.within("holdout", |s| Holdout {
            parts: s.value("share", 0, parts),
            salt: s.text("salt", String::new(), id),
        })
    });
    (max_users, holdout)
}

/// Reads every experiment, sorted by name.
pub(super) fn read<'a>(
    all: &Section<'a>,
    scenes: &BTreeMap<String, Arc<Scene>>,
    (limits, names): (&Limits, Names<'_>),
) -> Vec<Given<'a>> {
    let known = all.names();
    if let Some(beyond) = known.iter().nth(MAX_EXPERIMENTS) {
        let message = format!("is one experiment too many; there may be {MAX_EXPERIMENTS}");
        all.fault(beyond, message);
    }
    let known = known.into_iter().take(MAX_EXPERIMENTS);
    let each: Vec<Given<'_>> = known
        .map(|name| one(all, name, scenes, (limits, names)))
        .collect();
    check_layers(&each);
    each
}

fn one<'a>(
    all: &Section<'a>,
    name: &str,
    scenes: &BTreeMap<String, Arc<Scene>>,
    (limits, names): (&Limits, Names<'_>),
) -> Given<'a> {
    require_id(all, name, "an experiment");
    let s = all.alone(name);
    let (arms, given) = arms(&s, (limits, names));
    let experiment = Experiment {
        name: name.to_owned(),
        layer: s.text("layer", String::new(), id),
        range: range(&s),
        scenes: if s.has("scenes") {
            s.list("scenes", |name| scene(name, scenes), listed)
        } else {
            Vec::new()
        },
        audience: audience(&s, names.audiences),
        primary: s.text("primary", Metric::OrdersPerUser, metric),
        find: s.number("find", 0.001..=1.0),
        guards: if s.has("guards") {
            s.list("guards", |given| metric(value::text(given)?), distinct)
        } else {
            Vec::new()
        },
        control: control(&s, &arms),
        gmv_cap: s
            .has("gmv_cap")
            .then(|| s.number("gmv_cap", 0.000_001..=1e12)),
        arms,
    };
    s.finish();
    Given {
        experiment,
        section: s,
        arms: given,
    }
}

fn id(text: &str) -> Checked<String> {
    let message = "must be an id: 1 to 128 bytes without control characters";
    need(crate::model::is_id(text), message).map(|()| text.to_owned())
}

fn metric(name: &str) -> Checked<Metric> {
    let known = Metric::all().map(Metric::name).collect::<Vec<_>>();
    Metric::named(name).ok_or_else(|| unknown("metric", name, known.into_iter()))
}

fn listed(scenes: &[String]) -> Checked<()> {
    need(!scenes.is_empty(), "must have at least one element")?;
    distinct(scenes)
}

fn audience(s: &Section<'_>, audiences: &Audiences) -> Option<AudienceId> {
    let name = s
        .has("audience")
        .then(|| s.text("audience", String::new(), |it| Ok(it.to_owned())));
    name.filter(|name| !name.is_empty())
        .and_then(|name| audiences.named(s, "audience", &name))
}

/// Reads a share from 0 to 1 in steps of a part.
fn parts(given: &DeValue<'_>) -> Checked<u32> {
    let share = value::number(given, &(0.0..=1.0))?;
    let parts = share * PARTS_F64;
    let rounded = parts.round();
    need((parts - rounded).abs() < 1e-6, "must be in steps of 0.0001")?;
    Ok(whole(rounded))
}

/// Returns a number from 0 to 10,000 as a whole one.
fn whole(parts: f64) -> u32 {
    let (mut low, mut high) = (0, PARTS);
    while low < high {
        let middle = u32::midpoint(low, high);
        if f64::from(middle) < parts {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn range(s: &Section<'_>) -> [u32; 2] {
    let list = s.list("range", parts, |list| {
        need(
            list.len() == 2,
            "must have two elements, such as [0.0, 0.2]",
        )?;
        need(list[0] < list[1], "must end after it begins")
    });
    match list[..] {
        [from, until] => [from, until],
        _ => [0, 0],
    }
}

/// Reads the arms, in byte order of their names.
fn arms<'a>(s: &Section<'a>, (limits, names): (&Limits, Names<'_>)) -> (Vec<Arm>, Vec<Raw<'a>>) {
    let all = s.section("arms");
    let known = all.names();
    if !(2..=MAX_ARMS).contains(&known.len()) {
        let message = format!("must be 2 to {MAX_ARMS} arms, not {}", known.len());
        s.fault("arms", message);
    }
    let (mut arms, mut given) = (Vec::new(), Vec::new());
    let mut sum = 0.0;
    for name in known.into_iter().take(MAX_ARMS) {
        require_id(&all, name, "an arm");
        let arm = all.section(name);
        let share = arm.number("share", 0.0001..=1.0);
        let raw = overlay(arm.section("set"), limits, names);
        arm.finish();
        sum += share;
        arms.push(Arm {
            name: name.to_owned(),
            share,
            end: whole((sum * PARTS_F64).round()),
            set: raw.overlay(),
        });
        given.push(raw);
    }
    if (sum - 1.0).abs() > 1e-9 && all.is_clean() {
        let sum = (sum * 1e9).round() / 1e9;
        s.fault("arms", format!("have shares that must sum to 1, not {sum}"));
    }
    if let Some(last) = arms.last_mut() {
        last.end = PARTS;
    }
    (arms, given)
}

fn control(s: &Section<'_>, arms: &[Arm]) -> usize {
    let known = arms.iter().map(|arm| arm.name.as_str());
    s.text("control", 0, |name| {
        let place = arms.iter().position(|arm| arm.name == name);
        place.ok_or_else(|| unknown("arm", name, known.clone()))
    })
}

/// Checks that there are not too many layers, and that the ranges of one layer are apart.
fn check_layers(each: &[Given<'_>]) {
    let mut layers: Vec<&str> = Vec::new();
    for (place, given) in each.iter().enumerate() {
        let (own, s) = (&given.experiment, &given.section);
        if !layers.contains(&own.layer.as_str()) {
            layers.push(&own.layer);
            if layers.len() == MAX_LAYERS + 1 {
                let message = format!("is one layer too many; there may be {MAX_LAYERS}");
                s.fault("layer", message);
            }
        }
        let earlier = each[..place].iter().map(|given| &given.experiment);
        let meets = |other: &&Experiment| {
            let [from, until] = other.range;
            other.layer == own.layer && own.range[0] < until && from < own.range[1]
        };
        if let Some(other) = earlier.into_iter().find(meets) {
            let [from, until] = other.range.map(share);
            let message = format!(
                "overlaps that of experiment.{}, [{from}, {until}], of the same layer",
                other.name
            );
            s.fault("range", message);
        }
    }
}

/// Returns parts as a share.
pub(super) fn share(parts: u32) -> f64 {
    f64::from(parts) / PARTS_F64
}
