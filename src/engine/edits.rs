//! Changes of the configuration over the API, and the thread that applies planned changes and takes them back.

use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use super::Engine;
use crate::config::{
    Author, Change, ChangeError, ChangeSource, Changed, Config, ConfigFault, Edit, Live, Moment,
};
use crate::telemetry::Size;

/// Interval between looks whether a planned change is due.
const LOOK: Duration = Duration::from_millis(50);
/// Pause after one that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the thread; it ends with the engine.
pub(super) fn run(engine: &Arc<Engine>) {
    let threads = engine.threads.clone();
    let engine = Arc::downgrade(engine);
    let _listed_as_failing = threads.start("plans", move || round(&engine));
}

fn round(engine: &Weak<Engine>) -> ControlFlow<()> {
    let Some(engine) = engine.upgrade() else {
        return ControlFlow::Break(());
    };
    let well = engine.keep_plans();
    drop(engine);
    thread::sleep(if well { LOOK } else { PAUSE });
    ControlFlow::Continue(())
}

impl Engine {
    /// Returns the live configuration with its history, overrides and planned changes.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Returns what the configuration would be after an edit, without making it live.
    ///
    /// # Errors
    /// Every fault that [`Self::change_config`] would report.
    pub fn propose(&self, edit: &Edit) -> Result<Config, Vec<ConfigFault>> {
        self.live.propose(edit)
    }

    /// Edits the overrides, at once or by a plan. `expected` is the generation that the caller has seen.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing has changed.
    pub fn change_config(&self, change: &Change, expected: u64) -> Result<Changed, ChangeError> {
        let ready = |config: &Config, go_live: &mut dyn FnMut()| self.prepare(config, go_live);
        let changed = self.live.change(change, expected, self.moment(), &ready)?;
        if let Some(plan) = changed.plan {
            let (author, reason) = (change.by.author.as_deref(), change.by.reason.as_deref());
            tracing::info!(plan, author, reason, "configuration change planned");
        } else {
            self.observe_change(ChangeSource::Api, changed.generation.number, &change.by);
        }
        Ok(changed)
    }

    /// Goes back to the configuration of an earlier generation.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing has changed.
    pub fn roll_back_config(
        &self,
        to: u64,
        by: &Author,
        expected: u64,
    ) -> Result<Changed, ChangeError> {
        let ready = |config: &Config, go_live: &mut dyn FnMut()| self.prepare(config, go_live);
        let moment = self.moment();
        let changed = self.live.roll_back(to, by, expected, moment, &ready)?;
        self.observe_change(ChangeSource::Rollback, changed.generation.number, by);
        Ok(changed)
    }

    /// Cancels a planned change; one that is applied is taken back.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing has changed.
    pub fn cancel_plan(&self, id: u64, by: &Author) -> Result<(), ChangeError> {
        let ready = |config: &Config, go_live: &mut dyn FnMut()| self.prepare(config, go_live);
        self.live.cancel(id, by, self.moment(), &ready)?;
        tracing::info!(plan = id, author = by.author, "planned change cancelled");
        Ok(())
    }

    /// Applies the planned changes that are due, and takes those back whose time is over. Returns false if one failed.
    pub fn keep_plans(&self) -> bool {
        let moment = self.moment();
        if !self.live.is_due(moment.now) {
            return true;
        }
        let ready = |config: &Config, go_live: &mut dyn FnMut()| self.prepare(config, go_live);
        let mut well = true;
        for outcome in self.live.keep_plans(moment, &ready) {
            let (plan, what) = (outcome.id, outcome.what);
            let to = &self.telemetry.configuration;
            match outcome.result {
                Ok(generation) if what == "missed" => {
                    to.plan_failures.inc();
                    tracing::warn!(
                        plan,
                        generation,
                        "the time of the planned change passed before it could be applied"
                    );
                }
                Ok(generation) => {
                    to.changes.with([ChangeSource::Plan.name()]).inc();
                    tracing::info!(plan, generation, "planned change {what}");
                }
                Err(error) => {
                    well = false;
                    to.plan_failures.inc();
                    tracing::error!(
                        plan,
                        "the planned change could not be {what}: {}",
                        error.shown()
                    );
                }
            }
        }
        well
    }

    /// Returns what is wrong with the shared configuration, in words.
    #[must_use]
    pub fn config_reasons(&self) -> Vec<String> {
        let conflict = self.live.conflict();
        let conflict = conflict.first().map(|fault| {
            let (count, first) = (conflict.len(), fault.shown("config"));
            format!(
                "the configuration file under the overrides cannot go live ({count} faults, the first: {first}); the last good \
                 generation stays live"
            )
        });
        let rejected = self.rejected.lock().clone();
        let rejected = rejected.map(|faults| {
            format!(
                "the changed configuration file is rejected, and the service does not start with it; the last good one stays live: {faults}"
            )
        });
        let plans = self.live.plans();
        let failed = plans.iter().filter_map(|plan| {
            let reason = plan.failure()?;
            let (id, due) = (
                plan.id,
                if plan.is_applied() {
                    "taken back"
                } else {
                    "applied"
                },
            );
            Some(format!(
                "the planned change {id} could not be {due}: {reason}"
            ))
        });
        conflict.into_iter().chain(rejected).chain(failed).collect()
    }

    /// Sets the metrics of the shared configuration.
    pub(super) fn measure_edits(&self) {
        let to = &self.telemetry.configuration;
        for source in [
            ChangeSource::Api,
            ChangeSource::Plan,
            ChangeSource::Rollback,
        ] {
            // Exported from the start.
            let _exported = to.changes.with([source.name()]);
        }
        to.overrides.set(self.generation().overrides.len() as u64);
        to.plans.set(self.live.plans().len() as u64);
        to.conflict.set((!self.live.conflict().is_empty()).into());
        let history = self.live.history_size();
        let size = Size {
            entries: history.records,
            bytes: history.bytes,
            evicted: history.dropped,
        };
        self.telemetry.memory.report("config_history", size);
    }

    fn moment(&self) -> Moment {
        Moment {
            now: self.clock.now(),
            wall: self.clock.wall(),
        }
    }

    fn observe_change(&self, source: ChangeSource, generation: u64, by: &Author) {
        let source = source.name();
        self.telemetry.configuration.changes.with([source]).inc();
        let (author, reason) = (by.author.as_deref(), by.reason.as_deref());
        tracing::info!(generation, source, author, reason, "configuration changed");
    }
}
