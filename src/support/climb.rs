//! The judgement of a runner: whether it climbs, stays or leaves the ladder.

use super::gate::Evidence;
use super::rung::{End, Left, Rung};
use super::stage::Stages;
use crate::clock::Time;
use crate::config::Config;
use crate::number::{DAY_MILLIS, real, span};

/// The rules of the ladder, with the quotas of this replica.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    quotas: Vec<u64>,
    days: Vec<f64>,
    bars: Vec<f64>,
    integrity: f64,
    /// Milliseconds after the declared start in which a runner may climb.
    length: f64,
}

/// What is known of a runner at the moment of its judgement.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// The declared start.
    pub since: Option<Time>,
    /// Its integrity, in [0, 1].
    pub integrity: f64,
    /// Exposures since it entered.
    pub served: f64,
    /// Its evidence.
    pub evidence: Evidence,
    /// The usual rate of newcomers.
    pub usual: f64,
}

impl Rules {
    /// Returns the rules of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let support = &config.support;
        let part = |quota: &u64| quota.div_ceil(config.market.replicas);
        Self {
            quotas: support.quotas.iter().map(part).collect(),
            days: support.days.clone(),
            bars: support.bars.clone(),
            integrity: support.integrity,
            length: support.length() * DAY_MILLIS,
        }
    }

    /// Returns the stages.
    #[must_use]
    pub fn stages(&self) -> Stages<'_> {
        Stages {
            quotas: &self.quotas,
            days: &self.days,
        }
    }

    /// Returns the bar at the end of a stage; `None` for the last.
    #[must_use]
    pub fn bar(&self, stage: usize) -> Option<f64> {
        self.bars.get(stage).copied()
    }

    /// Returns whether a runner that started at an instant, of that integrity, may be on the ladder.
    #[must_use]
    pub fn admits(&self, since: Time, integrity: f64, now: Time) -> bool {
        let age = span(now.since(since));
        (0.0..=self.length).contains(&age) && integrity >= self.integrity
    }

    /// Returns the next state of a runner. A runner that was served several quotas at once passes several gates.
    #[must_use]
    pub fn judge(&self, rung: &Rung, of: &Situation, now: Time) -> Rung {
        let mut next = *rung;
        if !rung.climbs() {
            return next;
        }
        let why = self.leaves(rung, of, now);
        next.end = why.map(|why| of.left(why, now));
        while next.climbs()
            && let Some(quota) = self.stages().quota(next.stage.into())
            && of.served >= real(quota)
        {
            self.pass(&mut next, of, now);
        }
        if next.stage == 0 && !next.climbs() {
            next.first.get_or_insert(of.evidence);
        }
        next
    }

    /// Returns the reason to leave that needs no quota.
    fn leaves(&self, rung: &Rung, of: &Situation, now: Time) -> Option<End> {
        let since = of.since.unwrap_or(rung.entered);
        if of.integrity < self.integrity {
            return Some(End::Integrity);
        }
        (span(now.since(since)) > self.length).then_some(End::Time)
    }

    /// Judges a runner that was served the quota of its stage.
    fn pass(&self, next: &mut Rung, of: &Situation, now: Time) {
        if next.stage == 0 {
            next.first = Some(of.evidence);
        }
        match self.bar(next.stage.into()) {
            None => next.end = Some(of.left(End::Graduated, now)),
            Some(bar) if of.evidence.climbs(of.usual, bar) => {
                next.stage += 1;
                next.staged = now;
                next.at_start = of.served;
            }
            Some(_) => next.end = Some(of.left(End::Evidence, now)),
        }
    }
}

impl Situation {
    const fn left(&self, why: End, at: Time) -> Left {
        Left {
            why,
            at,
            served: self.served,
            evidence: self.evidence,
            usual: Some(self.usual),
        }
    }
}
