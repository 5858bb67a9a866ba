//! The engine's metrics.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counted::Counted;
use super::{Engine, EntityKind, Fate, Operation};
use crate::clock::SECOND;
use crate::config::{Config, ConfigFaults, Generation, Scene, SceneRule, Weighed};
use crate::model::{ArmOf, Decision, EventKind, Given};
use crate::race::runner::TABLE;
use crate::race::{Standings, WINDOW};
use crate::rule::{self, Rule};
use crate::support::Market;
use crate::telemetry::{FactKind, Size, raise};

impl Engine {
    /// Counts the candidates of a decision: in total, unknown ones, those hidden by each rule, and those without data for each objective.
    pub(super) fn observe_ranking(&self, config: &Config, scene: &Scene, decision: &Decision<'_>) {
        self.observe_support(config, scene, decision);
        let counted = Counted::of(scene, decision);
        self.observe_scene(scene, decision, &counted);
        let to = &self.telemetry.ranking;
        to.candidates.inc_by(counted.candidates);
        if counted.unknown > 0 {
            to.unknown_candidates.inc_by(counted.unknown);
        }
        if decision.scene_asked.is_some() {
            to.retired_scene.inc();
        }
        for (row, fired) in &counted.fired {
            to.fired(row.rule).inc_by(*fired);
            if row.effect == rule::Effect::Hides {
                to.dropped(row.rule).inc_by(*fired);
            }
        }
        if decision.arranged {
            to.dropped(Rule::Cap).inc_by(counted.left);
            decision.slots.iter().for_each(|race| to.slots.count(race));
        }
        if decision.undecided != 0 {
            self.observe_audiences(config, decision.undecided);
        }
        for &(weighed, missing) in &counted.missing {
            match weighed {
                Weighed::Own(objective) => {
                    to.missing(objective).inc_by(missing);
                }
                Weighed::Prediction(_) | Weighed::Model(_) => {
                    to.missing_prediction(config.name(weighed)).inc_by(missing);
                }
            }
        }
    }

    /// Counts a decision for its scene, and for each of its arms.
    fn observe_scene(&self, scene: &Scene, decision: &Decision<'_>, counted: &Counted) {
        counted.add_to(&self.telemetry.scenes.of(&scene.name).rankings);
        let arms = decision.arms.iter().filter(|_| !decision.forced);
        for ArmOf { experiment, arm } in arms {
            counted.add_to(&self.telemetry.arms.of(&scene.name, experiment, arm));
        }
    }

    /// Counts the audiences of a decision whose condition read what is not given.
    fn observe_audiences(&self, config: &Config, undecided: u64) {
        let audiences = config.audiences.iter().enumerate();
        for (_, audience) in audiences.filter(|(place, _)| undecided & (1 << place) != 0) {
            let to = &self.telemetry.selections;
            to.undecided_audience(&audience.name).inc();
        }
    }

    /// Counts the places for newcomers that a newcomer got, and those that were given back although newcomers are behind plan.
    fn observe_support(&self, config: &Config, scene: &Scene, decision: &Decision<'_>) {
        if let Some(price) = &decision.price {
            let to = &self.telemetry.market;
            to.price(&scene.name, 1, price.share);
            to.prices.add(&scene.name, &price.levers);
        }
        let market = self.markets.live.load();
        if !market.help(&scene.name).is_some_and(|help| help.support) {
            return;
        }
        let page = decision.start + 1..=decision.start + decision.placed.len();
        let places = config.support.places.iter();
        let kept = places.filter(|place| page.contains(*place)).count();
        let placed = decision.fired[Rule::Support as usize];
        let to = &self.telemetry.market;
        to.supported.inc_by(placed as u64);
        to.starved.inc_by(kept.saturating_sub(placed) as u64);
    }

    /// Counts the numbers of predictions and models of a request.
    pub(super) fn observe_numbers(&self, generation: &Generation, given: &[Given], now: Instant) {
        let named = given.iter().zip(generation.config.numbered());
        for (given, name) in named.filter(|(given, _)| given.clipped > 0) {
            let to = self.telemetry.ranking.clipped(name);
            to.inc_by(given.clipped);
        }
        self.numbers.note(generation, given, now);
    }

    /// Counts the accepted and rejected lines of a slice.
    pub(super) fn observe_facts(&self, operation: Operation, fates: &[Fate]) {
        let kind = match operation {
            Operation::Events => FactKind::Event,
            Operation::Upsert(EntityKind::Item) | Operation::Patch(EntityKind::Item) => {
                FactKind::Item
            }
            Operation::Upsert(EntityKind::Merchant) | Operation::Patch(EntityKind::Merchant) => {
                FactKind::Merchant
            }
            Operation::Upsert(EntityKind::User) | Operation::Patch(EntityKind::User) => {
                FactKind::User
            }
        };
        let rejected = fates.iter().filter(|fate| fate.is_err()).count();
        self.telemetry
            .facts
            .accepted(kind)
            .inc_by((fates.len() - rejected) as u64);
        self.telemetry.facts.rejected(kind).inc_by(rejected as u64);
    }

    /// Returns the reason why the race looks back fewer days than it should, if it does.
    #[must_use]
    pub fn short_race(&self) -> Option<String> {
        short_race(&self.standings.load())
    }

    /// Logs that other standings look back fewer days than they should, once.
    pub(super) fn observe_days(&self, next: &Standings) {
        if let Some(reason) = short_race(next)
            && self.standings.load().days != next.days
        {
            tracing::warn!("{reason}");
        }
    }

    /// Records a rebuild.
    pub(super) fn observe_rebuild(&self, number: u64, took: Duration) {
        self.telemetry.standings.number.set(number);
        self.telemetry.standings.duration.set(took.as_secs_f64());
        tracing::debug!(number, seconds = took.as_secs_f64(), "standings rebuilt");
    }

    /// Records a snapshot of the market.
    pub(super) fn observe_market(&self, config: &Config, market: &Market, took: Duration) {
        let to = &self.telemetry.market;
        to.number.set(market.number);
        to.duration.set(took.as_secs_f64());
        let campaigns = config.campaigns.each.iter().map(|it| &*it.name);
        let campaigns: HashSet<&str> = campaigns.collect();
        let named = |name: &str| campaigns.contains(name);
        let live = |name: &str| config.scenes.get(name).is_some_and(|scene| !scene.retired);
        to.retain(live, named);
        let is_campaign = |rule: &str, name: &str| rule == "campaign" && named(name);
        to.prices.retain(|scene, rule, name| {
            live(scene) && (is_campaign(rule, name) || is_rule(config, scene, (rule, name)))
        });
        let facts = self.facts.read();
        for scene in config.scenes.keys().filter(|scene| live(scene)) {
            to.tail(scene, facts.books.pace.credit(scene));
            to.price(scene, 0, 0.0);
        }
        for (campaign, spent) in &market.campaigns {
            to.campaign(campaign, spent.used, spent.credit);
        }
    }

    /// Records a written checkpoint.
    pub(super) fn observe_checkpoint(&self, sequence: u64, took: Duration) {
        self.telemetry.journal.checkpoint.set(sequence);
        let seconds = took.as_secs_f64();
        self.telemetry.journal.checkpoint_duration.set(seconds);
        tracing::info!(sequence, seconds, "checkpoint written");
    }

    /// Logs, counts and remembers the outcome of a changed configuration file.
    pub fn observe_reload(&self, result: &Result<u64, ConfigFaults>) {
        // A conflict with overrides is told by itself, and ends with them.
        let found = result.as_ref().err();
        let found = found.filter(|_| self.live.conflict().is_empty());
        *self.rejected.lock() = found.map(|found| {
            let first = found.faults.first();
            let first = first.map_or_else(String::new, |fault| fault.shown(&found.file));
            format!("{} faults, the first: {first}", found.faults.len())
        });
        match result {
            Ok(generation) => {
                tracing::info!(generation, "the changed configuration is live");
                for warning in &self.generation().config.warnings {
                    tracing::warn!(key = warning.path, "{}", warning.message);
                }
            }
            Err(faults) => {
                self.telemetry.configuration.rejected.inc();
                tracing::error!(
                    "the changed configuration is invalid and was rejected; the previous one stays live:\n{faults}"
                );
            }
        }
    }

    /// Updates the gauges, and the counters whose totals the facts hold. Call it before a scrape.
    pub fn measure(&self) {
        let _one_at_a_time = self.sizes.measuring.lock();
        let to = &self.telemetry;
        let standings = Arc::clone(&self.standings.load());
        let generation = self.generation();
        to.configuration.generation.set(generation.number);
        let config = &generation.config;
        let is_prediction = |name: &str| config.numbered().any(|it| it == name);
        let is_scene = |name: &str| config.scenes.contains_key(name);
        to.scenes.retain(is_scene);
        to.arms.retain(|scene, experiment, arm| {
            let experiment = config.experiments.named(experiment);
            is_scene(scene) && experiment.is_some_and(|it| it.arm(arm).is_some())
        });
        to.ranking.retain(is_scene, is_prediction);
        // Every declared prediction and model is exported from the start.
        let shares = self.numbers.shares(generation.number);
        for (place, name) in config.numbered().enumerate() {
            let _exported = to.ranking.clipped(name);
            let share = shares.get(place).copied().unwrap_or(0.0);
            to.ranking.clipped_share(name).set(share);
        }
        to.standings
            .age
            .set(seconds(self.clock.now().since(standings.as_of)));
        to.standings.days.set(standings.days as u64);
        to.standings.ahead.set(seconds(self.clock.ahead()));
        let runners: usize = TABLE.iter().map(|row| standings.size(row.kind)).sum();
        let size = Size {
            entries: runners,
            bytes: standings.bytes(),
            evicted: 0,
        };
        to.memory.report("standings", size);
        to.memory.report("pages", self.pages.size());
        self.threads.failures(|thread, failures| {
            raise(&to.threads.failures.with([thread]), failures);
        });
        if let Some(kept) = &self.kept {
            to.journal.sequence.set(kept.journal.durable_sequence());
            to.journal.bytes.set(kept.journal.bytes());
            to.journal.broken.set(kept.journal.check().is_err().into());
        }
        self.measure_edits();
        self.decisions.measure(&to.decisions, &to.memory);
        self.measure_selections(config);
        self.measure_blind(config);
        self.measure_experiments();
        self.measure_facts();
    }

    fn measure_selections(&self, config: &Config) {
        let to = &self.telemetry.selections;
        let selections = config.selections.iter().map(|it| &*it.name);
        let selections: HashSet<&str> = selections.collect();
        let is_selection = |name: &str| selections.contains(name);
        let is_audience = |name: &str| config.audiences.iter().any(|it| it.name == name);
        to.retain(is_selection, is_audience);
        // Every audience is exported from the start.
        for audience in config.audiences.iter() {
            let _exported = to.undecided_audience(&audience.name);
        }
        let facts = self.facts.read();
        for (selection, items, bytes, undecided) in facts.selections.of(&config.selections).sizes()
        {
            let size = to.size(&selection.name);
            size.0.set(items);
            size.1.set(bytes as u64);
            raise(&to.undecided_selection(&selection.name), undecided);
        }
    }

    fn measure_facts(&self) {
        let facts = self.facts.read();
        let (sales, to) = (facts.books.sales.counts(), &self.telemetry);
        facts.books.sizes(|name, mut size| {
            size.bytes += self.sizes.walked(name);
            size.entries += self.sizes.walked_entries(name);
            to.memory.report(name, size);
        });
        facts
            .derived
            .sizes(|name, size| to.memory.report(name, size));
        to.memory.report("departed_buyers", facts.departed_buyers());
        to.memory.report("placements", self.placements.size());
        to.memory.report("enrolments", self.enrolments.size());
        for kind in EventKind::ALL {
            raise(to.facts.events(kind), facts.counts.events[kind as usize]);
            raise(to.facts.late_events(kind), facts.counts.late[kind as usize]);
        }
        for (repeat, count) in facts.counts.repeats.iter().enumerate() {
            raise(to.facts.repeated(repeat), *count);
        }
        for (kind, count) in facts.counts.odd_ids.iter().enumerate() {
            raise(to.facts.not_normalised(kind), *count);
        }
        let generation = self.generation();
        facts.by_scene.each(|scene, counts| {
            if generation.config.scenes.contains_key(scene) {
                to.scenes.of(scene).set_events(&counts.events, counts.gmv);
            }
        });
        raise(&to.facts.unknown_merchants, facts.counts.bare_merchants);
        raise(&to.facts.beyond_bounds, facts.counts.beyond_bounds);
        raise(&to.facts.late_sales, sales.late);
        raise(&to.facts.mismatched_refunds, sales.mismatched);
    }
}

/// Returns whether a scene of the configuration may have a price for a rule or a target.
fn is_rule(config: &Config, scene: &str, (rule, name): (&str, &str)) -> bool {
    if name.is_empty() {
        return true;
    }
    let named = |it: &SceneRule| it.name == name && it.what.rule().row().name == rule;
    config.rules_of(scene).any(named)
}

fn short_race(standings: &Standings) -> Option<String> {
    let days = standings.days;
    let reason = || {
        format!(
            "the race looks back {days} of {WINDOW} days, because more purchases came than store.purchases holds; \
             `saima rebuild` under a larger bound learns them again"
        )
    };
    (standings.number > 0 && days < WINDOW).then(reason)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an age in milliseconds is exact in an f64"
)]
fn seconds(millis: i64) -> f64 {
    millis as f64 / SECOND as f64
}
