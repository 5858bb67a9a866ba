//! The book: learns from exposures, clicks and purchases, and answers what was shown.

use std::collections::BTreeMap;

use super::amount::Amount;
use super::day::{DayExposures, Entry};
use super::days::{DAYS, Days};
use super::evidence::{Clicks, Evidence, is_evidence};
use super::hours::Hours;
use super::scenes::Scenes;
use super::shown::{Placement, Shown};
use super::trial::Trial;
use super::visits::Visits;
use crate::clock::{Day, Time};
use crate::id::{RunnerKey, SceneId};

/// All exposures.
#[derive(Debug, Default)]
pub struct Exposure {
    pub(super) scenes: Scenes,
    pub(super) days: Days,
    pub(super) visits: Visits,
    pub(super) hours: Hours,
    pub(super) trials: BTreeMap<RunnerKey, Trial>,
    pub(super) evidence: Evidence,
}

impl Exposure {
    /// Returns the number of a scene of the configuration, which gets one if it has none.
    pub fn intern(&mut self, scene: &str) -> SceneId {
        self.scenes.intern(scene)
    }

    /// Returns the number of a scene; `None` if nothing was shown in it.
    #[must_use]
    pub fn scene(&self, name: &str) -> Option<SceneId> {
        self.scenes.find(name)
    }

    /// Returns the name of a scene; empty for [`SceneId::OTHER`].
    #[must_use]
    pub fn scene_name(&self, scene: SceneId) -> &str {
        self.scenes.name(scene)
    }

    /// Counts an impression, whose place has that weight; keeps at most `most` amounts by runner, scene and day.
    pub fn show(&mut self, shown: &Shown, weight: f64, most: usize) {
        self.count(shown, Amount::ONE, most);
        for (runner, last) in shown.named() {
            if let Some(trial) = self.trial_mut(runner) {
                trial.show(shown.at, Amount::ONE, weight, last);
            }
        }
        let weigh = |last| {
            if is_evidence(last, shown.at) {
                weight
            } else {
                0.0
            }
        };
        let weighed = shown.named().map(|(runner, last)| (runner, weigh(last)));
        self.evidence.show(shown.at, weighed);
    }

    /// Counts the places that answers gave an item; keeps at most `most` amounts by runner, scene and day.
    pub fn place(&mut self, shown: &Shown, placed: &Placement, most: usize) {
        self.count(shown, placed.amount, most);
        let evidence = || {
            let pairs = shown.runners.iter().zip(placed.evidence);
            pairs.filter_map(|(runner, weight)| Some(((*runner)?, weight.exposures())))
        };
        for (runner, weight) in evidence() {
            if let Some(trial) = self.trial_mut(runner) {
                trial.place(shown.at, placed.amount, weight);
            }
        }
        self.evidence.show(shown.at, evidence());
    }

    fn count(&mut self, shown: &Shown, amount: Amount, most: usize) {
        let runners = shown.runners.iter().filter_map(|runner| *runner);
        self.hours.add(shown.at, shown.scene, amount);
        self.days.add(shown.day, shown.scene, runners, amount, most);
    }

    /// Counts a click.
    pub fn click(&mut self, shown: &Shown) {
        for (runner, last) in shown.named() {
            if let Some(trial) = self.trial_mut(runner) {
                trial.click(shown.at, last);
            }
            self.evidence.click(runner, last, shown.at);
        }
    }

    /// Counts a purchase.
    pub fn buy(&mut self, shown: &Shown) {
        if let Some((item, last)) = shown.named().next() {
            self.evidence.buy(item, last, shown.at);
        }
    }

    fn trial_mut(&mut self, runner: RunnerKey) -> Option<&mut Trial> {
        if self.trials.is_empty() {
            return None;
        }
        self.trials.get_mut(&runner)
    }

    /// Begins to watch a runner, unless it is watched already; at most `most` runners are. Returns whether it is watched.
    ///
    /// A user who clicked on the runner since `since`, before this call, is not counted any more.
    pub fn begin(&mut self, runner: RunnerKey, since: Time, most: usize) -> bool {
        let is_room = self.trials.len() < most;
        if is_room {
            self.trials.entry(runner).or_insert(Trial::new(since));
        }
        self.trials.contains_key(&runner)
    }

    /// Ends the watch of a runner.
    pub fn end(&mut self, runner: RunnerKey) {
        self.trials.remove(&runner);
    }

    /// Returns what a watched runner got since its start.
    #[must_use]
    pub fn trial(&self, runner: RunnerKey) -> Option<&Trial> {
        self.trials.get(&runner)
    }

    /// Returns the watched runners.
    pub fn trials(&self) -> impl Iterator<Item = (RunnerKey, &Trial)> {
        self.trials.iter().map(|(runner, trial)| (*runner, trial))
    }

    /// Returns the exposure of a runner in a scene on a day.
    #[must_use]
    pub fn on(&self, runner: RunnerKey, scene: SceneId, day: Day) -> Amount {
        let day = self.days.days.get(&day);
        day.map(|it| it.get(runner, scene)).unwrap_or_default()
    }

    /// Returns the exposures of a runner by day and scene, oldest first, without those of 0.
    pub fn history(&self, runner: RunnerKey) -> impl Iterator<Item = (Day, SceneId, Amount)> {
        let days = self.days.days.iter();
        let all = days.flat_map(move |(day, exposures)| {
            let scenes = exposures.scenes();
            scenes.map(move |scene| (*day, scene, exposures.get(runner, scene)))
        });
        all.filter(|(_, _, amount)| *amount > Amount::default())
    }

    /// Returns the exposures of a scene on a day.
    #[must_use]
    pub fn total(&self, scene: SceneId, day: Day) -> Amount {
        let day = self.days.days.get(&day);
        day.map(|it| it.total(scene)).unwrap_or_default()
    }

    /// Returns every amount of a day, in no order.
    pub fn amounts(&self, day: Day) -> impl Iterator<Item = (RunnerKey, SceneId, Amount)> {
        let entries = self.days.days.get(&day).into_iter();
        let entries = entries.flat_map(DayExposures::entries);
        entries.map(|entry: &Entry| (entry.key(), entry.scene(), entry.amount()))
    }

    /// Returns the days of which something is kept, oldest first.
    pub fn days(&self) -> impl Iterator<Item = Day> {
        self.days.days.keys().copied()
    }

    /// Returns the exposures of a scene in the last 24 hours of the clock, the present one included.
    #[must_use]
    pub fn last_day(&self, scene: SceneId, now: Time) -> Amount {
        self.hours.day(scene, now)
    }

    /// Returns the evidence of a runner at an instant.
    #[must_use]
    pub fn clicks(&self, runner: RunnerKey, at: Time) -> Clicks {
        self.evidence.get(runner, at)
    }

    /// Returns the evidence of all runners, shared until the next event changes it.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        self.evidence.clone()
    }

    /// Forgets a runner.
    pub fn forget(&mut self, runner: RunnerKey) {
        self.days.forget(runner);
        self.visits.0.forget(runner);
        self.evidence.forget(runner);
        self.trials.remove(&runner);
    }

    /// Drops the days before the window that ends with the last complete day, and the names of scenes without exposures.
    pub fn expire(&mut self, last_complete: Day) {
        self.days.expire(last_complete, DAYS);
        self.visits.expire(last_complete);
        let days = &self.days.days;
        self.scenes.retain(|scene| {
            let mut days = days.values();
            days.any(|day| day.total(scene) > Amount::default())
        });
    }

    /// Returns the number of amounts, their bytes, and how many were dropped at the bound.
    #[must_use]
    pub fn amounts_size(&self) -> (usize, usize, u64) {
        (self.days.len(), self.days.bytes(), self.days.evicted)
    }

    /// Returns the number of rows of evidence, and their bytes.
    #[must_use]
    pub fn evidence_size(&self) -> (usize, usize) {
        (self.evidence.len(), self.evidence.bytes())
    }
}
