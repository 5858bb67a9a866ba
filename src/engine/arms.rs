//! The arms of experiments under which a request is answered.

use std::cell::LazyCell;
use std::sync::Arc;

use compact_str::CompactString;

use super::pages::Held;
use crate::config::{AudienceId, Config, Experiment, Scene, TrialLayer, Trials};
use crate::experiment::{Place, is_held, layer_part, place};
use crate::feature::Users;
use crate::id::IdHasher;
use crate::model::{ArmOf, RankRequest};
use crate::rank::{Members, View};

/// The arms under which a request is answered.
#[derive(Debug, Default)]
pub(super) struct Arms {
    /// The experiments by their numbers, with the number of the arm and the user's place.
    held: Vec<(usize, usize, Place)>,
    /// True if the request names them, so that nothing counts.
    pub(super) forced: bool,
}

/// The user of a request, as experiments see one.
struct Person<'a, F> {
    /// The user's id, which a merge does not change.
    id: &'a str,
    /// Whether the user belongs to an audience.
    belongs: F,
}

/// Returns the arms of a request, and its scene under them; `None` if no experiment runs in the scene and the request names no arm.
/// `before` are the arms of the pages before, if they are known.
pub(super) fn arms<'c>(
    view: &View<'_>,
    (config, scene): (&'c Config, &'c Scene),
    (request, before): (&RankRequest<'_>, Option<&Held>),
) -> Option<(Arms, &'c Scene)> {
    if config.trials.is_empty() && request.arms.is_none() {
        return None;
    }
    let Some(trials) = config.trials.get(&scene.name) else {
        let forced = request.arms.is_some() || before.is_some_and(|before| before.forced);
        return forced.then(|| (Arms::none_forced(), scene));
    };
    let members = Members::new(view, request);
    let person = Person {
        id: id_of(request, (view.users, view.hasher)),
        belongs: |audience| members.has(audience),
    };
    let arms = Arms::of(config, trials, (request, before), &person);
    let scene = arms.scene(trials).map_or(scene, |scene| scene);
    Some((arms, scene))
}

/// Returns the id of the user of a request, whichever of the user's names it gives.
pub(super) fn id_of<'u>(
    request: &'u RankRequest<'_>,
    (users, hasher): (&'u Users, &IdHasher),
) -> &'u str {
    let row = users.find(hasher, &request.user_id);
    let user = row.and_then(|row| users.get(row));
    user.map_or(&*request.user_id, |user| user.id())
}

impl Arms {
    /// Returns the arms of a request for a scene in which experiments run: those that it names, those of the pages before, or the user's
    /// own.
    fn of<F: Fn(AudienceId) -> bool>(
        config: &Config,
        trials: &Trials,
        (request, before): (&RankRequest<'_>, Option<&Held>),
        person: &Person<'_, F>,
    ) -> Self {
        let named = |name: &str, arm: &str| {
            let numbers = trials.layers.iter().flat_map(|layer| &layer.experiments);
            let mut found = numbers.filter_map(|trial| {
                let experiment = config.experiments.each.get(trial.number)?;
                let arm = (experiment.name == name).then(|| experiment.arm(arm))??;
                Some((trial.number, arm, place(name, person.id)))
            });
            found.next()
        };
        if let Some(arms) = &request.arms {
            return Self {
                held: arms
                    .0
                    .iter()
                    .filter_map(|(name, arm)| named(name, arm))
                    .collect(),
                forced: true,
            };
        }
        let held = match before {
            Some(before) => before
                .arms
                .iter()
                .filter_map(|it| named(&it.experiment, &it.arm))
                .collect(),
            None => own(config, trials, person),
        };
        Self {
            held,
            forced: before.is_some_and(|before| before.forced),
        }
    }

    /// Returns no arms, by the wish of the request.
    fn none_forced() -> Self {
        Self {
            held: Vec::new(),
            forced: true,
        }
    }

    /// Returns whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Returns the scene under them.
    fn scene<'t>(&self, trials: &'t Trials) -> Option<&'t Arc<Scene>> {
        trials.under(self.held.iter().map(|(number, arm, _)| (*number, *arm)))
    }

    /// Returns their names.
    pub(super) fn names(&self, config: &Config) -> Vec<ArmOf> {
        let names = self.each(config).map(|(_, experiment, arm, _)| ArmOf {
            experiment: CompactString::from(&experiment.name),
            arm: experiment
                .arms
                .get(arm)
                .map_or_else(CompactString::default, |it| (&it.name).into()),
        });
        names.collect()
    }

    /// Returns each experiment, after its number, with the number of the arm and the user's place.
    pub(super) fn each<'c>(
        &self,
        config: &'c Config,
    ) -> impl Iterator<Item = (usize, &'c Experiment, usize, Place)> {
        self.held.iter().filter_map(|(number, arm, place)| {
            let experiment = config.experiments.each.get(*number)?;
            Some((*number, &**experiment, *arm, *place))
        })
    }
}

/// Returns the arms that a user has.
fn own<F: Fn(AudienceId) -> bool>(
    config: &Config,
    trials: &Trials,
    person: &Person<'_, F>,
) -> Vec<(usize, usize, Place)> {
    let experiments = &config.experiments;
    let holdout = experiments.holdout.as_ref();
    if holdout.is_some_and(|holdout| is_held(holdout, person.id)) {
        return Vec::new();
    }
    let of_layer = |layer: &TrialLayer| {
        let part = LazyCell::new(|| layer_part(&layer.name, person.id));
        let found = layer.experiments.iter().find_map(|trial| {
            let experiment = experiments.each.get(trial.number)?;
            let is_in = experiment.has(|| *part);
            is_in.then_some((trial.number, experiment))
        });
        let (number, experiment) = found?;
        let belongs = experiment.audience.is_none_or(|id| (person.belongs)(id));
        belongs.then(|| {
            let place = place(&experiment.name, person.id);
            (number, experiment.arm_of(place.part), place)
        })
    };
    trials.layers.iter().filter_map(of_layer).collect()
}
