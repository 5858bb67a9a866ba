//! The decision log as rankings fill it.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::Engine;
use crate::clock::Time;
use crate::config::{Generation, LoggedUsers};
use crate::decision::{Record, VERSION, Whole};
use crate::model::{Decision, Dropped, RankRequest};
use crate::rank::Lots;

/// Starts the writer, and reads the newest records of the files.
pub(super) fn run(engine: &Arc<Engine>) {
    engine.decisions.start(&engine.live, &engine.threads);
    let (weak, mut is_done) = (Arc::downgrade(engine), false);
    let recall = move || {
        if let Some(engine) = weak.upgrade().filter(|_| !is_done) {
            is_done = true;
            engine.recall_decisions();
        }
        ControlFlow::Break(())
    };
    let _listed_as_failing = engine.threads.start("recall", recall);
}

impl Engine {
    /// Reads the newest whole records of the files into memory.
    fn recall_decisions(&self) {
        let most = self.live.load().config.decisions.memory_bytes;
        let mut known = HashMap::new();
        self.decisions.recall(most, |number| {
            let found = || self.past_generation(number);
            known.entry(number).or_insert_with(found).clone()
        });
    }

    /// Returns a generation by its number; `None` if it is not known any more.
    pub(super) fn past_generation(&self, number: u64) -> Option<Arc<Generation>> {
        let live = self.live.load();
        if live.number == number {
            return Some(live);
        }
        let config = self.live.past(number)?;
        let overrides = Arc::default();
        Some(Arc::new(Generation {
            number,
            config,
            overrides,
        }))
    }

    /// Logs the decision on a request, with the columns of a whole record.
    pub(super) fn log_decision(
        &self,
        generation: &Arc<Generation>,
        request: &RankRequest<'_>,
        decision: &Decision<'_>,
        of: (&str, Time, Duration, Option<Whole>),
    ) {
        let record = self.record_of(generation, request, decision, of);
        self.decisions.put(record, Arc::clone(generation));
    }

    /// Returns the record of a decision, with the columns of a whole one.
    pub(super) fn record_of(
        &self,
        generation: &Generation,
        request: &RankRequest<'_>,
        decision: &Decision<'_>,
        (id, now, took, whole): (&str, Time, Duration, Option<Whole>),
    ) -> Record {
        let names = self.decisions.names();
        let config = &generation.config;
        let is_named = config.decisions.users == LoggedUsers::Pseudonym;
        let context = request.context.as_ref();
        let given = |field: Option<&crate::model::Id<'_>>| field.map(|it| it.to_string());
        let arms = decision.arms.iter();
        let arms = arms.map(|it| (it.experiment.as_str(), it.arm.as_str()));
        let scene = config.answering_under(&decision.scene, arms);
        let limit = request.limit.or(scene.map(|scene| scene.limit));
        let at = now.millis();
        let seal = |mut whole: Whole| {
            let key = names.seal(Lots::user_key(&request.user_id), id, at);
            whole.inputs.lot = format!("{key:016x}");
            whole
        };
        Record {
            v: VERSION,
            at,
            as_of: decision.as_of.millis(),
            request_id: id.to_owned(),
            user: is_named.then(|| names.of(&request.user_id)),
            scene: decision.scene.clone(),
            generation: decision.generation,
            standings: decision.standings,
            limit: limit.unwrap_or_default(),
            region: given(context.and_then(|it| it.region.as_ref())),
            device: given(context.and_then(|it| it.device.as_ref())),
            candidates: decision.asked,
            unknown: decision.unknown.len(),
            dropped: dropped(&decision.dropped),
            shown: decision
                .placed
                .iter()
                .map(|it| (it.id.into(), it.score))
                .collect(),
            moves: decision
                .moves
                .iter()
                .map(|it| (it.from, it.to, (&it.rule).into()))
                .collect(),
            micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            whole: whole.map(seal),
            arms: decision
                .arms
                .iter()
                .map(|it| (it.experiment.to_string(), it.arm.to_string()))
                .collect(),
            forced: decision.forced,
        }
    }

    /// Forgets the decisions on a deleted user, by all its ids.
    pub(super) fn forget_decisions(&self, id: &str, others: &[String]) {
        let ids = others.iter().map(String::as_str).chain([id]);
        self.decisions.forget(ids, self.clock.now().millis());
    }
}

/// Returns the number of candidates that each rule dropped.
fn dropped(all: &[Dropped<'_>]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for Dropped { rule, by, .. } in all {
        let rule = rule.row().name;
        let name = by.map_or_else(|| rule.to_owned(), |by| format!("{rule}.{}", by.name()));
        *counts.entry(name).or_default() += 1;
    }
    counts
}
