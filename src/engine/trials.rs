//! Enrolment: who was answered under an arm, from ranking to the facts.
//!
//! Ranking never writes and never waits. A user who is answered under an arm for the first time leaves it through a bounded queue; if that
//! is full, the user is counted as left out, in all arms alike, and comes again with the next request. A thread applies the queue several
//! times a second and appends it to the journal. Events that arrive find the queue applied, so none of a user who was answered before is
//! lost. The same thread begins and ends experiments, and judges them as a day ends.

use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Engine;
use super::arms::Arms;
use super::enrolments::{Counts, Waiting};
use crate::config::{Config, Experiment, Generation};
use crate::experiment::{Judgement, Outcome, Plan, Running, Verdict, place};
use crate::ingest::{Facts, Record, TrialStep};

/// Interval at which the queue is applied.
const INTERVAL: Duration = Duration::from_millis(250);
/// Intervals after which the answers are counted.
const ANSWERS: u32 = 20;
/// Maximum number of users of one record of the journal.
const SLICE: usize = 512;

impl Engine {
    /// Notes an answer under arms. Call it while holding a reader's lock of the facts.
    pub(super) fn note_arms(
        &self,
        (config, arms): (&Config, &Arms),
        (user, facts): (&str, &Facts),
        arrived: Instant,
    ) {
        if !arms.forced && !arms.is_empty() {
            let experiments = &facts.books.experiments;
            self.enrolments
                .note((config, arms), (user, experiments), arrived.elapsed());
        }
    }

    /// Enrols the users who wait, and appends them to the journal. Call it while holding the lock of the facts.
    pub(super) fn enrol_waiting(&self, facts: &mut Facts, generation: &Generation) {
        if !self.enrolments.is_any() {
            return;
        }
        let mut waiting = self.enrolments.take();
        waiting.sort_by(|one, other| one.experiment.cmp(&other.experiment));
        let most = generation.config.experiments.max_users;
        let at = self.clock.now();
        for of_one in waiting.chunk_by(|one, other| one.experiment == other.experiment) {
            let name = of_one.first().map_or("", |first| &*first.experiment);
            for users in of_one.chunks(SLICE) {
                let Some(running) = facts.books.experiments.get(name) else {
                    break;
                };
                let room = most.saturating_sub(running.enrolled());
                let is_new = |it: &&Waiting| !running.has(&place(name, &it.user));
                let new = users.iter().filter(is_new).take(room);
                let users: Vec<(&str, u8)> = new.map(|it| (&*it.user, it.arm)).collect();
                if !users.is_empty() {
                    self.step(facts, generation, TrialStep::Enrol { at, name, users });
                }
            }
        }
    }

    /// Appends a step to the journal and applies it.
    fn step(&self, facts: &mut Facts, generation: &Generation, step: TrialStep<'_>) {
        // A journal that breaks is reported by its own thread.
        if self
            .append(generation, &Record::Trial(step.clone()))
            .is_ok()
        {
            facts.step_trial(step);
        }
    }

    /// Begins and ends experiments as the live configuration says, enrols who waits, and judges the experiments if a day has ended.
    pub(super) fn conduct(&self) {
        let generation = self.live.load();
        let config = &generation.config;
        self.follow_experiments(&generation);
        if self.enrolments.is_any() {
            self.enrol_waiting(&mut self.facts.write(), &generation);
        }
        let last_complete = self.last_complete(config);
        let is_due = |it: &&Running| {
            let begun = it.begun.day(config.race.utc_offset);
            begun <= last_complete && it.judged < Some(last_complete)
        };
        let due: Vec<(String, Running)> = {
            let facts = self.facts.read();
            let due = facts.books.experiments.running().filter(is_due);
            due.map(|it| (it.plan.name.clone(), it.clone())).collect()
        };
        for (name, running) in due {
            let begun = running.begun.day(config.race.utc_offset);
            let days = last_complete.since(begun);
            let outcome = Outcome::of(&running);
            let found = running.judgement.after(&running.plan, &outcome, days);
            tell(&running, &found);
            let judged = TrialStep::Judged {
                name: &name,
                day: last_complete,
                found,
            };
            drop(running);
            self.step(&mut self.facts.write(), &generation, judged);
        }
    }

    /// Begins and ends experiments as the live configuration says.
    fn follow_experiments(&self, generation: &Generation) {
        let config = &generation.config;
        let wanted = self.plans(config);
        let (ended, begun) = {
            let facts = self.facts.read();
            let experiments = &facts.books.experiments;
            let is_gone = |it: &&Running| config.experiments.named(&it.plan.name).is_none();
            let ended = experiments.running().filter(is_gone);
            let is_new = |plan: &Plan| {
                let running = experiments.get(&plan.name);
                running.is_none_or(|it| !plan.is_of(&it.plan))
            };
            let ended: Vec<String> = ended.map(|it| it.plan.name.clone()).collect();
            // Written and read again, a number may be another one in its last bit.
            let written = wanted.into_iter().filter(is_new).filter_map(|plan| {
                let text = plan.written();
                Some((Plan::read(&text)?, text))
            });
            let begun: Vec<_> = written.filter(|(plan, _)| is_new(plan)).collect();
            (ended, begun)
        };
        let at = self.clock.now();
        for name in &ended {
            tracing::info!(experiment = name, "an experiment ends");
            self.step(
                &mut self.facts.write(),
                generation,
                TrialStep::End { at, name },
            );
        }
        for (plan, text) in &begun {
            tracing::info!(
                experiment = plan.name,
                "an experiment begins, or goes on under a grown range or other guards"
            );
            let begin = TrialStep::Begin { at, plan: text };
            self.step(&mut self.facts.write(), generation, begin);
        }
        self.follow_counts(config);
    }

    /// Returns the plans of the configured experiments, as far as they can begin: the price reference comes with the first standings.
    fn plans(&self, config: &Config) -> Vec<Plan> {
        let standings = self.standings.load();
        let price = standings.references.price.reference();
        let each = config.experiments.each.iter();
        // On event time the clock begins with the first event.
        let has_begun = self.clock.has_begun();
        let is_ready = |it: &&Arc<Experiment>| standings.number > 0 || it.gmv_cap.is_some();
        let ready = each.filter(|it| has_begun && is_ready(it));
        let plans = ready.map(|experiment| {
            let audience = experiment.audience;
            let audience = audience.and_then(|id| config.audiences.get(id.index()));
            Plan::of(experiment, audience.map(|it| &*it.name), price)
        });
        plans.collect()
    }

    /// Gives each configured experiment its counts, and drops those of others.
    fn follow_counts(&self, config: &Config) {
        let known = self.enrolments.counts.load();
        let each = &config.experiments.each;
        let is_known = |it: &Arc<Experiment>| {
            let counts = known.get(&it.name);
            counts.is_some_and(|counts| counts.latency.len() == it.arms.len())
        };
        if known.len() == each.len() && each.iter().all(is_known) {
            return;
        }
        let counts = each.iter().map(|it| {
            let same = known.get(&it.name).filter(|_| is_known(it));
            let counts = same.cloned();
            let counts = counts.unwrap_or_else(|| Arc::new(Counts::new(it.arms.len())));
            (it.name.clone(), counts)
        });
        self.enrolments.counts.store(Arc::new(counts.collect()));
    }

    /// Counts the answers under arms since the last time, and appends them to the journal.
    pub(super) fn count_answers(&self) {
        let generation = self.live.load();
        for (name, counts) in self.enrolments.counts.load().iter() {
            let answers = counts.take();
            if !answers.is_empty() {
                let mut facts = self.facts.write();
                if facts.books.experiments.get(name).is_some() {
                    self.step(
                        &mut facts,
                        &generation,
                        TrialStep::Answered { name, answers },
                    );
                }
            }
        }
    }

    /// Applies everything that waits.
    pub(super) fn settle_experiments(&self) {
        self.conduct();
        self.count_answers();
    }
}

/// Tells of the verdicts that a day changed.
fn tell(running: &Running, found: &Judgement) {
    let experiment = &running.plan.name;
    for (number, (arm, _)) in running.plan.arms.iter().enumerate() {
        let (before, now) = (running.judgement.of(number), found.of(number));
        if before == now {
            continue;
        }
        let verdict = now.name();
        match now {
            Verdict::Harm | Verdict::Blocked => {
                tracing::warn!(experiment, arm, verdict, "an experiment needs attention");
            }
            Verdict::Running | Verdict::Better | Verdict::Worse => {
                tracing::info!(
                    experiment,
                    arm,
                    verdict,
                    "an arm of an experiment is judged"
                );
            }
        }
    }
}

/// Starts the thread that conducts the experiments. It ends with the engine.
pub(super) fn run(engine: &Arc<Engine>) {
    let weak: Weak<Engine> = Arc::downgrade(engine);
    let mut rounds = 0;
    let round = move || {
        std::thread::sleep(INTERVAL);
        let Some(engine) = weak.upgrade() else {
            return ControlFlow::Break(());
        };
        engine.conduct();
        rounds = (rounds + 1) % ANSWERS;
        if rounds == 0 {
            engine.count_answers();
        }
        ControlFlow::Continue(())
    };
    let _listed_as_failing = engine.threads.start("experiments", round);
}
