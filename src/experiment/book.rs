//! The book: the running experiments, and the results of the last ones that ended.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::judgement::Judgement;
use super::named::Named;
use super::outcome::Outcome;
use super::plan::Plan;
use super::running::{Running, Stored, StoredArm};
use super::sums::Credit;
use crate::clock::{Day, Time};

/// Number of ended experiments of which the results stay.
const ENDED: usize = 64;
/// Number of cells of one group of users in a checkpoint.
const GROUP: usize = 10;
/// Number of groups.
const GROUPS: usize = 100;

/// The experiments.
#[derive(Clone, Debug, Default)]
pub struct Experiments {
    running: Named<Running>,
    ended: VecDeque<Ended>,
    /// Number of ended experiments that were dropped at the bound since the start.
    pub dropped: u64,
}

/// The results of an experiment that ended.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Ended {
    /// Its terms.
    pub plan: Plan,
    /// Its begin.
    pub begun: Time,
    /// Its end.
    pub at: Time,
    /// What was found.
    pub judgement: Judgement,
    /// Its results.
    pub outcome: Outcome,
}

/// The users of some cells of an experiment, as a checkpoint holds them.
#[derive(Debug, Deserialize, Serialize)]
pub struct Group {
    name: String,
    first: usize,
    cells: Vec<Vec<u32>>,
}

impl Experiments {
    /// Returns whether none runs, so that nothing counts.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Returns the running experiments, sorted by name.
    pub fn running(&self) -> impl Iterator<Item = &Running> {
        self.running.values()
    }

    /// Returns a running experiment.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Running> {
        self.running.get(name)
    }

    /// Returns a running experiment, given its place if all that are configured run.
    #[must_use]
    pub fn at(&self, place: usize, name: &str) -> Option<&Running> {
        self.running.at(place, name)
    }

    /// Returns a running experiment for a change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Running> {
        self.running.get_mut(name)
    }

    /// Returns the experiments that ended, the last one first.
    pub fn ended(&self) -> impl Iterator<Item = &Ended> {
        self.ended.iter()
    }

    /// Begins an experiment, or goes on with it under a grown range or other guards. A running one of the name with other terms ends.
    pub fn begin(&mut self, plan: Plan, at: Time) {
        if let Some(running) = self.running.get_mut(&plan.name)
            && running.plan.goes_on_as(&plan)
        {
            (running.plan.range, running.plan.guards) = (plan.range, plan.guards);
            return;
        }
        self.end(&plan.name, at);
        self.running
            .insert(plan.name.clone(), Running::new(plan, at));
    }

    /// Ends an experiment. Its results stay.
    pub fn end(&mut self, name: &str, at: Time) {
        let Some(running) = self.running.remove(name) else {
            return;
        };
        self.ended.push_front(Ended {
            outcome: Outcome::of(&running),
            begun: running.begun,
            at,
            judgement: running.judgement,
            plan: running.plan,
        });
        if self.ended.len() > ENDED {
            self.ended.pop_back();
            self.dropped += 1;
        }
    }

    /// Notes what was found of an experiment as a day ended.
    pub fn judge(&mut self, name: &str, day: Day, judgement: Judgement) {
        if let Some(running) = self.running.get_mut(name) {
            (running.judgement, running.judged) = (judgement, Some(day));
        }
    }

    /// Counts what a user did in every experiment in which the user is enrolled.
    pub fn credit(&mut self, user: &str, credit: &Credit<'_>) {
        for running in self.running.values_mut() {
            running.credit(user, credit);
        }
    }

    /// Forgets that a user is enrolled.
    pub fn forget(&mut self, user: &str) {
        self.running
            .values_mut()
            .for_each(|running| running.forget(user));
    }

    /// Forgets a merchant.
    pub fn forget_merchant(&mut self, merchant: u32) {
        for running in self.running.values_mut() {
            running.forget_merchant(merchant);
        }
    }

    /// Returns what a checkpoint holds beside the sums and the users.
    #[must_use]
    pub fn stored(&self) -> (Vec<Stored>, Vec<Ended>) {
        let running = self.running.values().map(Running::stored);
        (running.collect(), self.ended.iter().cloned().collect())
    }

    /// Restores it.
    pub fn restore(&mut self, (running, ended): (Vec<Stored>, Vec<Ended>)) {
        let running = running.into_iter().map(Running::from);
        self.running = running.map(|it| (it.plan.name.clone(), it)).collect();
        self.ended = ended.into();
    }

    /// Returns the arms of all experiments by their numbers, each with the name of its experiment and its own number.
    #[must_use]
    pub fn stored_arm(&self, number: usize) -> Option<(&str, usize, StoredArm<'_>)> {
        let all = self.running.values();
        let mut all = all.flat_map(|it| (0..it.plan.arms.len()).map(move |arm| (it, arm)));
        let (running, arm) = all.nth(number)?;
        Some((&running.plan.name, arm, running.stored_arm(arm)?))
    }

    /// Returns a group of users of all experiments by its number.
    #[must_use]
    pub fn stored_group(&self, number: usize) -> Option<Group> {
        let running = self.running.values().nth(number / GROUPS)?;
        let first = number % GROUPS * GROUP;
        let cells = (first..first + GROUP).filter_map(|cell| running.stored_users(cell));
        Some(Group {
            name: running.plan.name.clone(),
            first,
            cells: cells.map(<[u32]>::to_vec).collect(),
        })
    }

    /// Restores a group of users.
    pub fn restore_group(&mut self, group: Group) {
        if let Some(running) = self.running.get_mut(&group.name) {
            for (cell, users) in (group.first..).zip(group.cells) {
                running.restore_users(cell, users);
            }
        }
    }
}
