//! Answers about experiments.

use super::Engine;
use super::enrolments::Counts;
use crate::clock::Time;
use crate::config::{Config, Experiment as Configured, PARTS};
use crate::experiment::{
    ArmOutcome, ArmTotals, Ended, Figure, Judgement, Outcome, Plan, Running, Verdict, is_held,
    is_in_range, layer_part, place,
};
use crate::model::view::{ArmMetric, Assignment, Experiment, ExperimentArm, Experiments, OrNull};
use crate::number::counted;
use crate::rank::Members;
use crate::telemetry::ArmCounts;

/// The verdicts of arms, the most important one first.
const VERDICTS: [Verdict; 5] = [
    Verdict::Blocked,
    Verdict::Harm,
    Verdict::Better,
    Verdict::Worse,
    Verdict::Running,
];

/// What an answer is made of.
struct Shown<'a> {
    plan: &'a Plan,
    judgement: &'a Judgement,
    outcome: &'a Outcome,
    begun: Time,
    ended: Option<Time>,
}

impl Engine {
    /// Returns the experiments with their results.
    #[must_use]
    pub fn experiments(&self) -> Experiments {
        let generation = self.generation();
        let config = &generation.config;
        let configured = config.experiments.each.iter();
        let mut experiments: Vec<Experiment> = configured
            .map(|each| self.configured_experiment(config, each))
            .collect();
        experiments.extend(self.ending(config));
        let facts = self.facts.read();
        experiments.extend(facts.books.experiments.ended().map(of_ended));
        Experiments { experiments }
    }

    /// Returns an experiment with its results: that of the live configuration, or the last one that ended.
    #[must_use]
    pub fn experiment(&self, name: &str) -> Option<Experiment> {
        let generation = self.generation();
        if let Some(each) = generation.config.experiments.named(name) {
            return Some(self.configured_experiment(&generation.config, each));
        }
        let mut ending = self.ending(&generation.config).into_iter();
        ending.find(|it| it.name == name).or_else(|| {
            let facts = self.facts.read();
            let mut ended = facts.books.experiments.ended();
            ended.find(|it| it.plan.name == name).map(of_ended)
        })
    }

    /// Returns the experiments that the live configuration no longer has, and that end in a moment.
    fn ending(&self, config: &Config) -> Vec<Experiment> {
        let is_ending = |it: &&Running| config.experiments.named(&it.plan.name).is_none();
        let ending: Vec<Running> = {
            let facts = self.facts.read();
            let running = facts.books.experiments.running();
            running.filter(is_ending).cloned().collect()
        };
        let ending = ending.iter();
        ending
            .map(|it| self.running_experiment(config, it))
            .collect()
    }

    fn configured_experiment(&self, config: &Config, each: &Configured) -> Experiment {
        let running = self.facts.read().books.experiments.get(&each.name).cloned();
        match running {
            Some(running) => self.running_experiment(config, &running),
            None => self.waiting_experiment(config, each),
        }
    }

    fn running_experiment(&self, config: &Config, running: &Running) -> Experiment {
        let outcome = Outcome::of(running);
        let shown = Shown {
            plan: &running.plan,
            judgement: &running.judgement,
            outcome: &outcome,
            begun: running.begun,
            ended: None,
        };
        let mut shown = shown.view();
        let offset = config.race.utc_offset;
        shown.judged = running.judged.map(|day| day.start(offset));
        shown.full = running.enrolled() >= config.experiments.max_users;
        if let Some(counts) = self.enrolments.counts(&running.plan.name) {
            add_latency(&mut shown, &counts);
        }
        shown
    }

    fn waiting_experiment(&self, config: &Config, each: &Configured) -> Experiment {
        let audience = each.audience;
        let audience = audience.and_then(|id| config.audiences.get(id.index()));
        let cap = each.gmv_cap;
        let plan = Plan::of(each, audience.map(|it| &*it.name), cap.unwrap_or(f64::MAX));
        let none = Running::new(plan, Time::default());
        let shown = Shown {
            plan: &none.plan,
            judgement: &none.judgement,
            outcome: &Outcome::of(&none),
            begun: none.begun,
            ended: None,
        };
        Experiment {
            state: "waiting",
            begun: OrNull(None),
            gmv_cap: OrNull(cap),
            ..shown.view()
        }
    }

    /// Returns the place of a user in an experiment of the live configuration.
    #[must_use]
    pub fn assignment(&self, name: &str, user: &str) -> Option<Assignment> {
        let generation = self.generation();
        let config = &generation.config;
        let experiment = config.experiments.named(name)?;
        let scene = config.answering(crate::model::DEFAULT_SCENE)?;
        let facts = self.facts.read();
        let (standings, market) = (self.standings.load(), self.markets.live.load());
        let view = self.view(&generation, scene, (&standings, &market), &facts);
        let row = view.users.find(view.hasher, user);
        let id = row.and_then(|row| view.users.get(row));
        let id = id.map_or(user, |it| it.id());
        let members = Members::of(&view, user, None);
        let (at, holdout) = (place(name, id), config.experiments.holdout.as_ref());
        let held = holdout.is_some_and(|holdout| is_held(holdout, id));
        let in_range = is_in_range(experiment, id);
        let in_audience = experiment.audience.map(|audience| members.has(audience));
        let arm = experiment.arms.get(experiment.arm_of(at.part));
        let running = facts.books.experiments.get(name);
        Some(Assignment {
            experiment: name.to_owned(),
            user: id.to_owned(),
            held,
            part: layer_part(&experiment.layer, id),
            in_range,
            in_audience: OrNull(in_audience),
            arm_part: at.part,
            arm: arm.map_or_else(String::new, |arm| arm.name.clone()),
            cell: at.cell,
            takes_part: !held && in_range && in_audience != Some(false),
            enrolled: running.is_some_and(|running| running.has(&at)),
        })
    }

    /// Sets the metrics of running experiments.
    pub(super) fn measure_experiments(&self) {
        let generation = self.generation();
        let facts = self.facts.read();
        let mut arms = Vec::new();
        // Every configured arm is exported from the start.
        for each in &generation.config.experiments.each {
            let running = facts.books.experiments.get(&each.name);
            let counts: Vec<ArmTotals> = running.map_or_else(Vec::new, |it| it.counts().collect());
            let all = each.arms.iter().enumerate();
            arms.extend(all.map(|(place, arm)| {
                let counts = counts.get(place).copied().unwrap_or_default();
                (each.name.as_str(), arm.name.as_str(), counts)
            }));
        }
        self.telemetry
            .experiments
            .report(arms.into_iter().map(|(experiment, arm, counts)| ArmCounts {
                experiment,
                arm,
                users: counts.users,
                answers: counts.answers,
                events: [counts.impressions, counts.clicks, counts.orders],
                gmv: counts.gmv,
            }));
    }
}

fn of_ended(ended: &Ended) -> Experiment {
    let shown = Shown {
        plan: &ended.plan,
        judgement: &ended.judgement,
        outcome: &ended.outcome,
        begun: ended.begun,
        ended: Some(ended.at),
    };
    shown.view()
}

fn add_latency(shown: &mut Experiment, counts: &Counts) {
    for (arm, latency) in shown.arms.iter_mut().zip(&counts.latency) {
        let millis = |q| Some(digits(latency.quantile(q)?.as_secs_f64() * 1e3));
        (arm.latency_p50_ms, arm.latency_p99_ms) = (millis(0.5), millis(0.99));
    }
}

impl Shown<'_> {
    fn view(&self) -> Experiment {
        let (plan, shares) = (self.plan, self.plan.shares());
        let each = self
            .outcome
            .arms
            .iter()
            .zip(&plan.arms)
            .zip(shares)
            .enumerate();
        let arms = each.map(|(number, ((outcome, (name, _)), share))| {
            self.arm(number, (name, share), outcome)
        });
        let verdicts: Vec<Verdict> = (0..plan.arms.len())
            .filter(|arm| *arm != plan.control)
            .map(|arm| self.judgement.of(arm))
            .collect();
        let verdict = VERDICTS.into_iter().find(|it| verdicts.contains(it));
        let control = plan.arms.get(plan.control);
        let users: f64 = self.outcome.arms.iter().map(|arm| arm.users).sum();
        Experiment {
            name: plan.name.clone(),
            state: if self.ended.is_some() {
                "ended"
            } else {
                "running"
            },
            verdict: verdict.unwrap_or(Verdict::Running).name(),
            layer: plan.layer.clone(),
            range: plan
                .range
                .map(|part| f64::from(part) / f64::from(PARTS))
                .to_vec(),
            scenes: plan.scenes.clone(),
            audience: OrNull(plan.audience.clone()),
            primary: plan.primary.clone(),
            find: plan.find,
            guards: plan.guards.clone(),
            control: control.map_or_else(String::new, |(name, _)| name.clone()),
            gmv_cap: OrNull(Some(plan.cap)),
            begun: OrNull(Some(self.begun)),
            ended: self.ended,
            judged: None,
            users: counted(users),
            full: false,
            sample_ratio_p: OrNull(self.outcome.ratio_p.map(digits)),
            progress: OrNull(self.outcome.needed.map(counted)),
            arms: arms.collect(),
        }
    }

    fn arm(
        &self,
        number: usize,
        (name, share): (&str, f64),
        outcome: &ArmOutcome,
    ) -> ExperimentArm {
        let found = self.judgement.arms.get(number);
        let is_control = number == self.plan.control;
        ExperimentArm {
            name: name.to_owned(),
            share,
            users: counted(outcome.users),
            verdict: if is_control {
                "control"
            } else {
                self.judgement.of(number).name()
            },
            harmed: found.map(|found| found.harmed.clone()).unwrap_or_default(),
            latency_p50_ms: None,
            latency_p99_ms: None,
            gini: OrNull(outcome.gini.map(digits)),
            metrics: outcome.figures.iter().map(metric).collect(),
        }
    }
}

fn metric(figure: &Figure) -> ArmMetric {
    let (lift, value) = (figure.lift.as_ref(), figure.n / figure.d);
    ArmMetric {
        name: figure.metric.clone(),
        value: OrNull(value.is_finite().then(|| digits(value))),
        numerator: digits(figure.n),
        denominator: digits(figure.d),
        lift: lift.map(|it| digits(it.lift)),
        low: lift.map(|it| digits(it.low)),
        high: lift.map(|it| digits(it.high)),
        se: lift.map(|it| digits(it.error)),
        variance_cut: lift.and_then(|it| it.cut).map(digits),
    }
}

/// Returns a figure with six digits after the point.
fn digits(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}
