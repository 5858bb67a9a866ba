//! Answers about logged decisions.

use compact_str::CompactString;

use super::Engine;
use super::preview::scene_of;
use crate::clock::Time;
use crate::decision::{Logged, Record};
use crate::model::view::{
    Lift, LoggedDecision, LoggedFactor, LoggedItem, LoggedMove, LoggedPart, LoggedReasons,
    Neighbour, OrNull, RuleCount,
};
use crate::rank::{Reach, Recorded, Replay};

impl Engine {
    /// Returns the newest logged decision of a request, with the candidate `item` if one is asked for; `None` if there is none.
    #[must_use]
    pub fn decision(&self, request_id: &str, item: Option<&str>) -> Option<LoggedDecision> {
        let logged = self.decisions.find(request_id)?;
        let record = &logged.record;
        let mut answer = shown(record);
        let found = || self.past_generation(record.generation);
        let own = logged.generation.clone().or_else(found);
        let own = own.as_ref().map(|generation| &generation.config);
        let recorded = own.and_then(|own| Recorded::new(record, self.key(record), own, Some(own)));
        let scene = own.and_then(|own| scene_of(own, record));
        match (&recorded, scene) {
            (Some(recorded), Some(scene)) => {
                let replay = Replay::new(recorded, scene);
                let past = Past::new(record, &replay);
                answer.items = past.items();
                answer.asked = item.and_then(|item| past.candidate(item));
            }
            _ => {
                answer.why = Some(why(&logged, own.is_some()));
                let known = answer.items.iter().find(|it| item == Some(it.id.as_str()));
                answer.asked = known.map(|it| LoggedItem {
                    id: it.id.clone(),
                    explain: None,
                    ..*it
                });
            }
        }
        Some(answer)
    }
}

/// Returns why a decision is not explained.
fn why(logged: &Logged, is_known: bool) -> String {
    if logged.record.whole.is_none() {
        "it was logged thin: only whole records are explained; see decisions.whole".to_owned()
    } else if is_known {
        "its scene is not in its configuration".to_owned()
    } else {
        let generation = logged.record.generation;
        format!("generation {generation} of the configuration is not known any more")
    }
}

/// Returns what was logged, without reasons.
fn shown(record: &Record) -> LoggedDecision {
    let time = |millis| Time::from_millis(millis).unwrap_or_default();
    let item = |((id, score), place): (&(CompactString, f32), usize)| LoggedItem {
        id: id.to_string(),
        place: OrNull(Some(place)),
        score: *score,
        explain: None,
    };
    let dropped = record.dropped.iter().map(|(rule, count)| RuleCount {
        rule: rule.clone(),
        count: *count,
    });
    LoggedDecision {
        request_id: record.request_id.clone(),
        at: time(record.at),
        as_of: time(record.as_of),
        user: OrNull(record.user.clone()),
        scene: record.scene.clone(),
        generation: record.generation,
        standings: record.standings,
        limit: record.limit,
        arms: record.arms.clone(),
        forced: record.forced,
        candidates: record.candidates,
        unknown: record.unknown,
        dropped: dropped.collect(),
        micros: record.micros,
        why: None,
        items: record.shown.iter().zip(1..).map(item).collect(),
        asked: None,
    }
}

/// A decision that was ranked again.
struct Past<'a> {
    record: &'a Record,
    replay: &'a Replay<'a>,
    /// Candidates and scores, by place.
    placed: Vec<(usize, f32)>,
    moves: Vec<Option<LoggedMove>>,
}

impl<'a> Past<'a> {
    fn new(record: &'a Record, replay: &'a Replay<'a>) -> Self {
        let page = replay.page(true);
        let moves = page.moves.into_iter().map(|it| {
            it.map(|it| LoggedMove {
                rule: it.rule,
                from: it.from,
                to: it.to,
            })
        });
        Self {
            record,
            replay,
            moves: moves.collect(),
            placed: page.placed,
        }
    }

    fn ids(&self) -> &'a [CompactString] {
        self.record.whole.as_ref().map_or(&[], |whole| &whole.ids)
    }

    /// Returns the page, explained.
    fn items(&self) -> Vec<LoggedItem> {
        (0..self.placed.len()).map(|index| self.at(index)).collect()
    }

    fn at(&self, index: usize) -> LoggedItem {
        let (candidate, score) = self.placed[index];
        let above = index.checked_sub(1).map(|above| self.placed[above]);
        let moved = self.moves.get(index).and_then(|it| {
            it.as_ref().map(|it| LoggedMove {
                rule: it.rule.clone(),
                ..*it
            })
        });
        LoggedItem {
            id: self.ids()[candidate].to_string(),
            place: OrNull(Some(index + 1)),
            score,
            explain: Some(LoggedReasons {
                moved,
                ..self.reasons(candidate, score, above)
            }),
        }
    }

    /// Returns a candidate by its id, shown or not.
    fn candidate(&self, id: &str) -> Option<LoggedItem> {
        let candidate = self.ids().iter().position(|it| it == id)?;
        let shown = self.placed.iter().position(|(it, _)| *it == candidate);
        if let Some(index) = shown {
            return Some(self.at(index));
        }
        let score = self.replay.explain(candidate).score;
        Some(LoggedItem {
            id: id.to_owned(),
            place: OrNull(None),
            score,
            explain: Some(self.reasons(candidate, score, self.placed.last().copied())),
        })
    }

    fn reasons(&self, candidate: usize, score: f32, above: Option<(usize, f32)>) -> LoggedReasons {
        let explained = self.replay.explain(candidate);
        let part = explained.parts.into_iter().map(|part| LoggedPart {
            name: part.name,
            value: part.value,
            missing: part.missing.then_some(true),
            weight: part.weight,
            contribution: part.contribution,
        });
        let factor = explained
            .factors
            .into_iter()
            .map(|(name, factor)| LoggedFactor {
                name: name.to_owned(),
                factor,
            });
        let lift = |it: Reach| Lift {
            name: it.name,
            value: OrNull(it.value),
            weight: OrNull(it.weight),
        };
        let above = above.map(|(above, other)| {
            let reach = if other > score {
                self.replay.reach(candidate, above)
            } else {
                Vec::new()
            };
            Neighbour {
                id: self.ids()[above].to_string(),
                score: other,
                gap: other - score,
                lift: reach.into_iter().map(lift).collect(),
            }
        });
        LoggedReasons {
            objectives: part.collect(),
            base: explained.base,
            factors: factor.collect(),
            moved: None,
            above: OrNull(above),
        }
    }
}
