//! The changes that people make over the API: edits, rollbacks, and plans kept by the clock.

use std::io;
use std::sync::Arc;

use serde_json::Value;

use super::caution::{cautions, far};
use super::change::{Change, ChangeError, Changed, Moment, PlanOutcome};
use super::fault::{ConfigFault, line_of};
use super::live::{Event, Live, state};
use super::settings::Config;
use super::shared::{
    Author, ChangeSource, Desk, Due, Edit, Failed, Key, Next, Plan, Record, RecordError, Step,
    differences,
};
use super::succession::{held_by_running, keep_until_restart, one_way};
use crate::clock::Time;

/// Makes a configuration ready, and then live by its second argument.
type Ready<'p> = dyn Fn(&Config, &mut dyn FnMut()) + 'p;

impl Live {
    /// Edits the overrides, at once or by a plan. `expected` is the generation that the caller has seen.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing has changed.
    pub fn change(
        &self,
        change: &Change,
        expected: u64,
        moment: Moment,
        prepare: &Ready<'_>,
    ) -> Result<Changed, ChangeError> {
        let mut desk = self.desk.lock();
        self.check(&desk, expected)?;
        let changed = self.edit(&mut desk, change, moment, prepare);
        changed.map_err(|error| placed(error, &change.edit))
    }

    fn edit(
        &self,
        desk: &mut Desk,
        change: &Change,
        moment: Moment,
        prepare: &Ready<'_>,
    ) -> Result<Changed, ChangeError> {
        let Change {
            edit,
            by,
            from,
            until,
        } = change;
        let later = from.filter(|from| *from > moment.now);
        let begin = later.unwrap_or(moment.now).max(from.unwrap_or(moment.now));
        if until.is_some_and(|until| until <= begin) {
            let message = "must be later than now, and than `from`";
            return Err(ChangeError::fault("until", message));
        }
        let (steps, next) = desk.edited(edit, by, moment.wall)?;
        if later.is_some() || until.is_some() {
            self.check_plan(&next.config, until.is_some())?;
        }
        let mut plans = desk.plans.clone();
        let mut warnings = self.warnings(&next.config);
        warnings.extend(far(later, moment.now));
        let plan = if later.is_some() || until.is_some() {
            let plan = self.plan(desk, steps, change, moment)?;
            plans.push(plan.clone());
            Some(plan.id)
        } else {
            None
        };
        let (generation, diff) = if later.is_some() {
            self.keep(desk, plans, plan)?;
            let live = self.load();
            let diff = differences(&live.config.effective(), &next.config.effective());
            (live, diff)
        } else {
            if let Some(plan) = plans.last_mut().filter(|_| plan.is_some()) {
                plan.note(&desk.overrides, &next.overrides);
            }
            desk.next_plan += u64::from(plan.is_some());
            let event = event(ChangeSource::Api, by, moment.wall, plans);
            let changed = self.succeed(desk, next, event, prepare);
            desk.next_plan -= u64::from(plan.is_some() && changed.is_err());
            changed?
        };
        Ok(Changed {
            generation,
            diff,
            warnings,
            plan,
            left: Vec::new(),
        })
    }

    /// Returns what is valid in a configuration that somebody wants to be live, but probably not meant.
    fn warnings(&self, next: &Config) -> Vec<ConfigFault> {
        let mut warnings = next.warnings.clone();
        let live = self.load().config.effective();
        warnings.extend(cautions(&live, &next.effective()));
        warnings
    }

    /// Checks that a running service can go to a configuration, and back from it if the plan ends.
    fn check_plan(&self, next: &Config, ends: bool) -> Result<(), Vec<ConfigFault>> {
        let mut faults = self.faults(next);
        if faults.is_empty() && ends {
            let live = self.load().config.effective();
            faults = one_way(&live, &next.effective());
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    /// Returns the plan of a change.
    fn plan(
        &self,
        desk: &Desk,
        steps: Vec<Step>,
        change: &Change,
        moment: Moment,
    ) -> Result<Plan, ChangeError> {
        let most = desk.file.editing.plans;
        if desk.plans.len() >= most {
            let message = format!("there are {most} planned changes already (config.plans)");
            return Err(ChangeError::fault("", message));
        }
        if steps.is_empty() {
            return Err(ChangeError::fault("", "the planned change changes nothing"));
        }
        let plan = Plan {
            id: desk.next_plan,
            from: change.from.unwrap_or(moment.now).max(moment.now),
            until: change.until,
            at: moment.wall,
            by: change.by.clone(),
            steps,
            applied: None,
            failed: None,
        };
        let clash = |other: &Plan| {
            let key = plan.clashes(other)?;
            Some(ConfigFault {
                line: 0,
                path: key.to_string(),
                message: format!(
                    "the planned change {} changes it {}",
                    other.id,
                    other.times()
                ),
            })
        };
        let faults: Vec<ConfigFault> = desk.plans.iter().filter_map(clash).collect();
        if faults.is_empty() {
            Ok(plan)
        } else {
            Err(ChangeError::Invalid(faults))
        }
    }

    /// Keeps other planned changes. `added` is the number of a new one.
    fn keep(&self, desk: &mut Desk, plans: Vec<Plan>, added: Option<u64>) -> io::Result<()> {
        let before = (desk.plans.clone(), desk.next_plan);
        desk.plans = plans;
        desk.next_plan = added.map_or(desk.next_plan, |id| id + 1);
        let state = state(desk, self.peek().number);
        let kept = self.history.commit(None, &state, &desk.file.editing);
        if kept.is_err() {
            (desk.plans, desk.next_plan) = before;
        }
        self.plans.store(Arc::new(desk.plans.clone()));
        kept
    }

    /// Goes back to the configuration of a generation that is kept, as a new generation. Keys that cannot go back stay, and are named.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing has changed.
    pub fn roll_back(
        &self,
        to: u64,
        by: &Author,
        expected: u64,
        moment: Moment,
        prepare: &Ready<'_>,
    ) -> Result<Changed, ChangeError> {
        let mut desk = self.desk.lock();
        self.check(&desk, expected)?;
        let record = self.kept(to)?;
        let live = self.load().config.effective();
        let (wanted, left) = reachable(record.effective, &live);
        // Another version may have written it: missing keys are those of the present defaults.
        let wanted = desk.read_view(&wanted)?.effective();
        let next = desk.moved(&wanted, by, moment.wall)?;
        let warnings = self.warnings(&next.config);
        let event = event(ChangeSource::Rollback, by, moment.wall, desk.plans.clone());
        let (generation, diff) = self.succeed(&mut desk, next, event, prepare)?;
        Ok(Changed {
            generation,
            diff,
            warnings,
            plan: None,
            left,
        })
    }

    /// Cancels a planned change; one that is applied is taken back. If it is over and cannot be taken back, what it set stays.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing has changed.
    pub fn cancel(
        &self,
        id: u64,
        by: &Author,
        moment: Moment,
        prepare: &Ready<'_>,
    ) -> Result<(), ChangeError> {
        let mut desk = self.desk.lock();
        if !desk.file.editing.edits {
            return Err(ChangeError::Off);
        }
        let plan = desk.plans.iter().find(|plan| plan.id == id).cloned();
        let plan = plan.ok_or(ChangeError::NoPlan(id))?;
        let rest = without(&desk.plans, id);
        if !plan.is_applied() {
            return Ok(self.keep(&mut desk, rest, None)?);
        }
        let back = taken_back(&desk, &plan).map_err(ChangeError::from);
        let back = back.and_then(|next| {
            let event = event(ChangeSource::Plan, by, moment.wall, rest.clone());
            self.succeed(&mut desk, next, event, prepare)
        });
        match back {
            Err(ChangeError::Invalid(_)) if plan.is_over(moment.now) => {
                Ok(self.keep(&mut desk, rest, None)?)
            }
            back => back.map(drop),
        }
    }

    /// Returns the planned changes.
    #[must_use]
    pub fn plans(&self) -> Arc<Vec<Plan>> {
        self.plans.load_full()
    }

    /// Returns whether something is due for a planned change. Nothing is while only the file changes the configuration.
    #[must_use]
    pub fn is_due(&self, now: Time) -> bool {
        let live = self.peek();
        let plans = self.plans.load();
        live.config.editing.edits
            && plans
                .iter()
                .any(|plan| plan.due(now, live.number).is_some())
    }

    /// Applies the planned changes whose time has come, and takes those back whose time is over; none while only the file changes the
    /// configuration.
    pub fn keep_plans(&self, moment: Moment, prepare: &Ready<'_>) -> Vec<PlanOutcome> {
        let mut desk = self.desk.lock();
        if !desk.file.editing.edits {
            return Vec::new();
        }
        let ids: Vec<u64> = desk.plans.iter().map(|plan| plan.id).collect();
        // What is over goes first, so that it makes room for what begins.
        let mut outcomes = Vec::new();
        for wanted in [Due::TakeBack, Due::Missed, Due::Apply] {
            for id in &ids {
                let plan = desk.plans.iter().find(|plan| plan.id == *id).cloned();
                let number = self.peek().number;
                let Some(plan) = plan.filter(|it| it.due(moment.now, number) == Some(wanted))
                else {
                    continue;
                };
                let result = self.carry_out(&mut desk, plan, wanted, moment, prepare);
                if let Err(error) = &result {
                    let reason = error.shown();
                    // A full disk may have room soon: it is tried again, whatever generation is live.
                    let of_disk = matches!(error, ChangeError::Storage(_));
                    let generation = if of_disk { 0 } else { number };
                    let failed = desk.plans.iter_mut().find(|plan| plan.id == *id);
                    if let Some(plan) = failed {
                        plan.failed = Some(Failed { generation, reason });
                    }
                    self.plans.store(Arc::new(desk.plans.clone()));
                }
                let what = match wanted {
                    Due::Apply => "applied",
                    Due::TakeBack => "taken back",
                    Due::Missed => "missed",
                };
                outcomes.push(PlanOutcome {
                    id: *id,
                    what,
                    result,
                });
            }
        }
        outcomes
    }

    fn carry_out(
        &self,
        desk: &mut Desk,
        mut plan: Plan,
        due: Due,
        moment: Moment,
        prepare: &Ready<'_>,
    ) -> Result<u64, ChangeError> {
        let mut plans = without(&desk.plans, plan.id);
        let by = plan.by.clone();
        let next = match due {
            Due::Missed => {
                self.keep(desk, plans, None)?;
                return Ok(self.peek().number);
            }
            Due::TakeBack => taken_back(desk, &plan)?,
            Due::Apply => {
                let next = desk.planned(&plan, moment.wall)?;
                if plan.until.is_some() {
                    plan.note(&desk.overrides, &next.overrides);
                    plan.failed = None;
                    plans.push(plan);
                }
                next
            }
        };
        let event = event(ChangeSource::Plan, &by, moment.wall, plans);
        let (generation, _) = self.succeed(desk, next, event, prepare)?;
        Ok(generation.number)
    }

    /// Checks that the API may change this generation.
    fn check(&self, desk: &Desk, expected: u64) -> Result<(), ChangeError> {
        if !desk.file.editing.edits {
            return Err(ChangeError::Off);
        }
        match self.peek().number {
            live if live == expected => Ok(()),
            live => Err(ChangeError::Stale { live }),
        }
    }

    /// Returns the overrides as TOML to commit to the file.
    #[must_use]
    pub fn overrides_to_commit(&self) -> String {
        let desk = self.desk.lock();
        desk.to_commit(&self.load().config)
    }

    /// Returns the record of a generation that is kept.
    ///
    /// # Errors
    /// [`ChangeError::NoGeneration`] if it is not, [`ChangeError::Unreadable`] if its record cannot be read.
    pub fn kept(&self, number: u64) -> Result<Record, ChangeError> {
        let record = self.history.record(number)?;
        record.ok_or_else(|| ChangeError::NoGeneration {
            number,
            first: self.history.first().max(1),
            live: self.peek().number,
        })
    }

    /// Returns the configuration of a generation; `None` if it is not kept, or cannot be read any more.
    #[must_use]
    pub fn past(&self, number: u64) -> Option<Config> {
        let record = self.history.record(number).ok().flatten()?;
        self.desk.lock().read_view(&record.effective).ok()
    }

    /// Returns the newest records, at most `limit`, from the one before `after`; and those among them that cannot be read.
    #[must_use]
    pub fn records(&self, limit: usize, after: Option<u64>) -> (Vec<Record>, Vec<RecordError>) {
        let newest = self.peek().number;
        let last = after.map_or(newest, |after| after.saturating_sub(1).min(newest));
        let (mut records, mut unreadable) = (Vec::new(), Vec::new());
        for number in (self.history.first().max(1)..=last).rev() {
            if records.len() == limit {
                break;
            }
            match self.history.record(number) {
                Ok(record) => records.extend(record),
                Err(error) => unreadable.push(error),
            }
        }
        (records, unreadable)
    }
}

fn event(source: ChangeSource, by: &Author, at: Time, plans: Vec<Plan>) -> Event {
    let by = by.clone();
    Event {
        source,
        by,
        at,
        plans,
    }
}

fn without(plans: &[Plan], id: u64) -> Vec<Plan> {
    plans.iter().filter(|plan| plan.id != id).cloned().collect()
}

fn taken_back(desk: &Desk, plan: &Plan) -> Result<Next, Vec<ConfigFault>> {
    let mut overrides = desk.overrides.clone();
    plan.take_back(&mut overrides);
    desk.merge(overrides)
}

/// Adds the lines of a text to faults of single keys.
fn placed(error: ChangeError, edit: &Edit) -> ChangeError {
    match (error, edit) {
        (ChangeError::Invalid(mut faults), Edit::Toml(text)) => {
            for fault in faults.iter_mut().filter(|fault| fault.line == 0) {
                fault.line = line_of(text, &fault.path);
            }
            ChangeError::Invalid(faults)
        }
        (error, _) => error,
    }
}

/// Returns the part of a view that a running service can go back to, and the keys that stay as they are live: those that need a restart,
/// those that only the file sets, the hashes of files, and those that a running experiment holds.
fn reachable(mut view: Value, live: &Value) -> (Value, Vec<String>) {
    let mut left = keep_until_restart(&mut view, live);
    if view["config"] != live["config"] {
        left.push("config".to_owned());
        view["config"] = live["config"].clone();
    }
    let models: Vec<String> = view["model"]
        .as_object()
        .map_or_else(Vec::new, |models| models.keys().cloned().collect());
    for name in models {
        let key = Key::of(["model", &*name, "sha256"]);
        let (old, new) = (key.get(&view), key.get(live));
        if let Some(new) = new.filter(|new| old != Some(*new)) {
            left.push(key.to_string());
            let new = new.clone();
            view["model"][&name]["sha256"] = new;
        }
    }
    for (key, _) in held_by_running(live, &view) {
        left.push(key.to_string());
        key.lay(&mut view, key.get(live));
    }
    (view, left)
}
