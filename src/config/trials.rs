//! The scenes under the arms of experiments: every combination that a request may meet is compiled with the generation.
//!
//! Layers that meet in a scene set different keys, so the order in which arms are laid over it does not matter. An arm that sets nothing
//! is the scene itself and adds no combination.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::experiment::{Arm, Given};
use super::rules::Names;
use super::scene::{Key, Raw, Raws, Scene, under};

/// Maximum number of combinations of one scene.
const MAX_COMBINATIONS: usize = 256;

/// The experiments that run in a scene, and the scene under each combination of their arms.
#[derive(Clone, Debug)]
pub struct Trials {
    /// The experiments by layer.
    pub layers: Vec<TrialLayer>,
    /// The scene under the combinations; the first is the scene itself.
    scenes: Vec<Arc<Scene>>,
}

/// The experiments of one layer that run in a scene.
#[derive(Clone, Debug)]
pub struct TrialLayer {
    /// Name of the layer.
    pub name: String,
    /// The experiments, each with its number in the configuration.
    pub experiments: Vec<Trial>,
}

/// An experiment that runs in a scene.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its number in the configuration.
    pub number: usize,
    /// What each arm adds to the number of the combination.
    offsets: Vec<usize>,
}

impl Trials {
    /// Returns the scene under some arms, each by the number of its experiment and its own; at most one of a layer.
    pub fn under(&self, arms: impl Iterator<Item = (usize, usize)>) -> Option<&Arc<Scene>> {
        let offsets = arms.map(|(number, arm)| {
            let trials = self.layers.iter().flat_map(|layer| &layer.experiments);
            let mut of = trials.filter(|trial| trial.number == number);
            let found = of.next().and_then(|trial| trial.offsets.get(arm));
            found.copied().unwrap_or(0)
        });
        self.scenes.get(offsets.sum::<usize>())
    }

    /// Returns the scene under every combination, itself included.
    pub fn scenes(&self) -> impl Iterator<Item = &Scene> {
        self.scenes.iter().map(|scene| &**scene)
    }
}

/// Compiles the scenes in which experiments run, by name. Reports combinations that are not valid.
pub(super) fn compile(
    given: &[Given<'_>],
    scenes: &BTreeMap<String, Arc<Scene>>,
    (raws, names): (&Raws<'_, '_>, Names<'_>),
) -> BTreeMap<String, Trials> {
    let is_clean = given.iter().all(|given| given.section.is_clean())
        && raws.values().all(|raw| raw.section.is_clean());
    if !is_clean || !are_apart(given, scenes) {
        return BTreeMap::new();
    }
    let live = scenes.iter().filter(|(_, scene)| !scene.retired);
    let compiled = live.filter_map(|(name, scene)| {
        let trials = of_scene((name, scene), given, (raws, names))?;
        Some((name.clone(), trials))
    });
    compiled.collect()
}

/// Checks that layers which meet in a scene set different keys.
fn are_apart(given: &[Given<'_>], scenes: &BTreeMap<String, Arc<Scene>>) -> bool {
    let mut apart = true;
    for (place, later) in given.iter().enumerate() {
        for earlier in &given[..place] {
            let (one, other) = (&earlier.experiment, &later.experiment);
            let meets = |name: &&String| one.meets(name) && other.meets(name);
            let scene = scenes.keys().find(meets);
            if let Some(scene) = scene.filter(|_| one.layer != other.layer) {
                apart &= check_pair(earlier, later, scene);
            }
        }
    }
    apart
}

/// Reports the first key that arms of two experiments set.
fn check_pair(earlier: &Given<'_>, later: &Given<'_>, scene: &str) -> bool {
    let keys: Vec<Key> = earlier
        .experiment
        .arms
        .iter()
        .flat_map(|arm| arm.set.keys())
        .collect();
    for (arm, raw) in later.experiment.arms.iter().zip(&later.arms) {
        let again = arm.set.keys().into_iter().find(|key| keys.contains(key));
        if let Some(key) = again {
            let key = match key {
                Key::Limit => "limit",
                Key::Timeout => "timeout_ms",
                Key::Rules => "rules",
                Key::Weight(_) => "weights",
                Key::WeightFor(..) => "weights_for",
            };
            let message = format!(
                "sets what an arm of experiment.{} sets too, in another layer, and both meet in the scene {scene}",
                earlier.experiment.name
            );
            raw.section.fault(key, message);
            return false;
        }
    }
    true
}

/// Compiles a scene; `None` if no experiment runs in it, or at a fault.
fn of_scene(
    (name, scene): (&str, &Arc<Scene>),
    given: &[Given<'_>],
    (raws, names): (&Raws<'_, '_>, Names<'_>),
) -> Option<Trials> {
    let mut numbers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let numbered = given.iter().enumerate();
    for (number, each) in numbered.filter(|(_, each)| each.experiment.meets(name)) {
        let layer = numbers.entry(&each.experiment.layer).or_default();
        layer.push(number);
    }
    check_count(name, &numbers, given)?;
    let mut combinations: Vec<Vec<&Raw<'_>>> = vec![Vec::new()];
    let layers = numbers.into_iter().map(|(layer, numbers)| {
        let below = combinations.clone();
        let each = numbers.into_iter().map(|number| Trial {
            number,
            offsets: offsets(&given[number], &below, &mut combinations),
        });
        TrialLayer {
            name: layer.to_owned(),
            experiments: each.collect(),
        }
    });
    let layers = layers.collect();
    let under = combinations
        .iter()
        .skip(1)
        .map(|arms| under(name, raws, arms, names).map(Arc::new));
    let scenes = [Some(Arc::clone(scene))].into_iter().chain(under);
    let scenes = scenes.collect::<Option<_>>()?;
    Some(Trials { layers, scenes })
}

/// Adds the combinations of the arms of an experiment with those of the layers before. Returns what each arm adds to their number.
fn offsets<'g, 'a>(
    given: &'g Given<'a>,
    below: &[Vec<&'g Raw<'a>>],
    combinations: &mut Vec<Vec<&'g Raw<'a>>>,
) -> Vec<usize> {
    let arms = given.experiment.arms.iter().zip(&given.arms);
    let offset = |(arm, raw): (&Arm, &'g Raw<'a>)| {
        if arm.set.is_empty() {
            return 0;
        }
        let offset = combinations.len();
        let with_arm = below
            .iter()
            .map(|arms| arms.iter().copied().chain([raw]).collect());
        combinations.extend(with_arm);
        offset
    };
    arms.map(offset).collect()
}

/// Reports too many combinations of arms in a scene, and returns `None` then and if there is no experiment.
fn check_count(
    name: &str,
    numbers: &BTreeMap<&str, Vec<usize>>,
    given: &[Given<'_>],
) -> Option<()> {
    let last = *numbers.values().next_back()?.last()?;
    let sets = |number: &usize| {
        let arms = &given[*number].experiment.arms;
        arms.iter().filter(|arm| !arm.set.is_empty()).count()
    };
    let counts = numbers
        .values()
        .map(|layer| 1 + layer.iter().map(sets).sum::<usize>());
    let combinations = counts.fold(1_usize, usize::saturating_mul);
    if combinations <= MAX_COMBINATIONS {
        return Some(());
    }
    let message = format!(
        "makes {combinations} combinations of arms in the scene {name}; there may be {MAX_COMBINATIONS}"
    );
    given[last].section.fault("", message);
    None
}
