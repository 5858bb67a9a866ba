//! The ladders at one instant: who enters, who climbs, who leaves, and the figures of all.

use std::collections::HashMap;

use compact_str::CompactString;

use super::creators::{self, Starts};
use super::exposure::{rate_of_all, trial};
use crate::clock::{DAY, Time};
use crate::config::Generation;
use crate::engine::Engine;
use crate::id::{ItemRow, MerchantRow};
use crate::ingest::Record;
use crate::number::span;
use crate::race::{Kind, LaneId, Standings, runner};
use crate::state::Books;
use crate::support::{Climb, Climbers, Evidence, Rules, Rung, Situation, Step, usual_rate};

/// Users who must have clicked on newcomers of a lane before it has a usual rate of its own.
const OWN_RATE: f64 = 50.0;

/// A step that is not applied yet.
struct Next {
    id: CompactString,
    owner: CompactString,
    rung: Rung,
}

impl Engine {
    /// Judges every ladder that is on, applies the steps, and returns the figures by kind.
    pub(super) fn climb(&self, generation: &Generation, now: Time) -> Vec<Climbers> {
        let support = &generation.config.support;
        // Before the first event the wall clock may stand in for an event clock: whoever entered by it would be ahead of all exposures.
        if support.scenes.is_empty() || !self.clock.has_begun() {
            return Vec::new();
        }
        let rules = Rules::of(&generation.config);
        let kinds = runner::TABLE.iter();
        kinds
            .map(|row| match support.kinds.contains(&row.name) {
                true => self.climb_kind(row.kind, (generation, &rules), now),
                false => Climbers::default(),
            })
            .collect()
    }

    fn climb_kind(
        &self,
        kind: Kind,
        (generation, rules): (&Generation, &Rules),
        now: Time,
    ) -> Climbers {
        let starts = match kind {
            Kind::Creator => self.starts(&generation.config),
            Kind::Item | Kind::Merchant => Starts::default(),
        };
        let entrants = self.entrants(kind, &starts, (rules, now));
        let mut steps: Vec<Next> = entrants
            .into_iter()
            .map(|entrant| Next {
                id: entrant.id,
                owner: entrant.owner,
                rung: Rung::entering(now),
            })
            .collect();
        let standings = self.standings.load();
        {
            let facts = self.facts.read();
            let rates = Rates::of(&facts.books, kind, &standings, now);
            steps.extend(judged(&facts.books, (rules, &starts), &rates, now));
        }
        self.take_steps(generation, kind, &steps);
        let facts = self.facts.read();
        let rates = Rates::of(&facts.books, kind, &standings, now);
        let rungs = facts.books.ladders[kind].rungs();
        let figures = rungs.map(|(row, rung)| {
            let trial = trial(&facts.books, kind, row);
            (
                row,
                figures(rung, rules, trial, (rates.of_runner(row), now)),
            )
        });
        Climbers::new(figures.collect())
    }

    /// Applies steps and appends them to the journal.
    fn take_steps(&self, generation: &Generation, kind: Kind, steps: &[Next]) {
        if steps.is_empty() || self.check_journal().is_err() {
            return;
        }
        let steps = steps.iter().map(|next| Step {
            id: &next.id,
            owner: &next.owner,
            rung: next.rung,
        });
        let (kind, steps) = (kind.row().name, steps.collect::<Vec<_>>());
        let mut facts = self.facts.write();
        facts.climb(kind, &steps);
        let usual = steps
            .iter()
            .filter_map(|step| Some((step.id, step.rung.end?.usual?)));
        let rates: Vec<(&str, f64)> = usual.collect();
        // A journal that breaks is reported by its own thread.
        let _broken = self.append(generation, &Record::Ladder { kind, steps });
        if !rates.is_empty() {
            let _broken = self.append(generation, &Record::Usual { kind, rates });
        }
    }
}

/// Returns the id and the owner of a runner; an item and a creator are their own.
pub(super) fn names(books: &Books, kind: Kind, row: u32) -> Option<(&str, &str)> {
    match kind {
        Kind::Item => {
            let id = books.items.id(ItemRow(row));
            Some((id, id))
        }
        Kind::Merchant => {
            let merchant = books.merchants.get(MerchantRow(row))?;
            Some((merchant.id(), merchant.owner()))
        }
        Kind::Creator => {
            let id = creators::name(books, row)?;
            Some((id, id))
        }
    }
}

/// Returns the steps of the runners on a ladder whose state changes, or whose owner does: the new owner is remembered too.
fn judged(
    books: &Books,
    (rules, starts): (&Rules, &Starts),
    rates: &Rates<'_>,
    now: Time,
) -> Vec<Next> {
    let kind = rates.kind;
    let ladder = &books.ladders[kind];
    let climbing = ladder.rungs().filter(|(_, rung)| rung.climbs());
    let next = |(row, rung): (u32, &Rung)| {
        let (since, integrity) = declared(books, kind, row, starts);
        let (served, evidence) = trial(books, kind, row);
        let situation = Situation {
            since,
            integrity,
            served,
            evidence,
            usual: rates.of_runner(row),
        };
        let next = rules.judge(rung, &situation, now);
        let (id, owner) = names(books, kind, row)?;
        (next != *rung || !ladder.knows(owner, now)).then(|| Next {
            id: id.into(),
            owner: owner.into(),
            rung: next,
        })
    };
    climbing.filter_map(next).collect()
}

/// Returns the start and the integrity of a runner.
fn declared(books: &Books, kind: Kind, row: u32, starts: &Starts) -> (Option<Time>, f64) {
    match kind {
        Kind::Item => {
            let item = books.items.get(ItemRow(row));
            let integrity = books.merchants.integrity(item.merchant);
            (item.listed_at(), integrity.into())
        }
        Kind::Merchant => {
            let row = MerchantRow(row);
            let since = books.merchants.get(row).and_then(|it| it.joined_at);
            (since, books.merchants.integrity(row).into())
        }
        Kind::Creator => (starts.since(row), creators::INTEGRITY),
    }
}

/// Returns the figures of a runner, with those of its end if it left.
fn figures(
    rung: &Rung,
    rules: &Rules,
    (served, evidence): (f64, Evidence),
    (usual, now): (f64, Time),
) -> Climb {
    let end = rung.end.as_ref();
    let (at, served, evidence) = end.map_or((now, served, evidence), |left| {
        (left.at, left.served, left.evidence)
    });
    let usual = end.and_then(|left| left.usual).unwrap_or(usual);
    let (stage, stages) = (usize::from(rung.stage), rules.stages());
    let days = span(at.since(rung.staged)) / span(DAY);
    let plan = stages.plan(stage, served, rung.at_start, days);
    Climb {
        stage: rung.stage.saturating_add(1),
        served,
        quota: stages.quota(stage).unwrap_or(0),
        due: plan.due,
        credit: if rung.climbs() { plan.credit } else { 0.0 },
        evidence,
        usual,
        bar: rules.bar(stage),
        end: end.map(|left| left.why),
    }
}

/// The usual rates of newcomers of one kind: of all of them, and of each lane in which enough is known.
struct Rates<'s> {
    kind: Kind,
    standings: &'s Standings,
    of_all: f64,
    of_lane: HashMap<LaneId, f64>,
}

impl<'s> Rates<'s> {
    fn of(books: &Books, kind: Kind, standings: &'s Standings, now: Time) -> Self {
        let mut sum = Evidence::default();
        let mut lanes = HashMap::<LaneId, Evidence>::new();
        for (row, rung) in books.ladders[kind].rungs() {
            let first = rung.first_stage(trial(books, kind, row).1, now);
            sum.add(first, 1.0);
            let lane = standings.lane(kind, row);
            lanes.entry(lane).or_default().add(first, 1.0);
        }
        let all = rate_of_all(books, now);
        lanes.retain(|lane, evidence| *lane != LaneId::NONE && evidence.clickers >= OWN_RATE);
        let rate = |(lane, evidence)| (lane, usual_rate(evidence, all));
        Self {
            kind,
            standings,
            of_all: usual_rate(sum, all),
            of_lane: lanes.into_iter().map(rate).collect(),
        }
    }

    /// Returns the usual rate of the newcomers that a runner is compared with.
    fn of_runner(&self, row: u32) -> f64 {
        let lane = self.standings.lane(self.kind, row);
        self.of_lane.get(&lane).copied().unwrap_or(self.of_all)
    }
}
