//! Records of the journal: the accepted lines as they were sent, and the settings under which they were learnt.
//!
//! The text itself is stored, not the parsed fact: it stays readable as long as the wire contract holds, and can be learnt again under
//! other settings. A variant is stored as its position here, so append new ones at the end.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::read::fact;
use super::{
    Alias, EntityKind, Evicted, Fact, Facts, Moment, Operation, Rejected, Trace, TrialStep, read,
};
use crate::binary::append;
use crate::clock::{Day, Time};
use crate::config::{Config, ConfigFaults};
use crate::exposure::Placement;
use crate::feature::Decay;
use crate::model::id_text;
use crate::model::{Event, Vocabulary, schema};
use crate::support::{Goals, PaceStep, Step};

/// One record of the journal.
#[derive(Debug, Deserialize, Serialize)]
pub enum Record<'a> {
    /// Settings under which the facts that follow are learnt: sections of a configuration, as TOML.
    Terms(&'a str),
    /// Lines accepted under one hold of the lock.
    Lines {
        /// The operation on the lines.
        operation: Operation,
        /// The machine's clock at that moment.
        wall: Time,
        /// The lines as they were sent.
        #[serde(borrow)]
        lines: Vec<&'a str>,
    },
    /// A deletion.
    Deletion {
        /// The kind of the entity.
        kind: EntityKind,
        /// The id of the entity.
        id: &'a str,
        /// The last complete day.
        last_complete: Day,
    },
    /// Nothing: the record was lost or erased.
    Lost,
    /// Events accepted under one hold of the lock, some of them late, or by users who were deleted since.
    Anonymised {
        /// The machine's clock at that moment.
        wall: Time,
        /// The lines, or the traces that remain of them.
        #[serde(borrow)]
        lines: Vec<Line<'a>>,
    },
    /// The deletion of a user whose id is erased.
    Departure {
        /// Number of the deletion, which is the buyer in the traces of the user's events.
        number: u64,
        /// The last complete day.
        last_complete: Day,
    },
    /// Users evicted at a bound.
    Eviction {
        /// The users.
        #[serde(borrow)]
        users: Vec<Evicted<'a>>,
        /// The last complete day.
        last_complete: Day,
    },
    /// A merge of two users.
    Merge {
        /// The machine's clock at that moment.
        wall: Time,
        /// The id that becomes another name.
        from: &'a str,
        /// The user whose name it becomes.
        into: &'a str,
    },
    /// The deletion of a user who has several names.
    Forgetting {
        /// The ids of the user.
        #[serde(borrow)]
        ids: Vec<&'a str>,
        /// The last complete day.
        last_complete: Day,
    },
    /// Places that answers gave items, where those count as exposure.
    Placed {
        /// The time at which they count.
        at: Time,
        /// The scene.
        scene: &'a str,
        /// The items.
        #[serde(borrow)]
        items: Vec<(&'a str, Placement)>,
    },
    /// Steps of runners on the ladder, as the market's snapshot judged them.
    Ladder {
        /// Name of the kind of runners.
        kind: &'a str,
        /// The steps.
        #[serde(borrow)]
        steps: Vec<Step<'a>>,
    },
    /// The deletion of what was learnt of a creator.
    Creator {
        /// The creator's id.
        id: &'a str,
    },
    /// A step of shares and budgets.
    Pace(PaceStep),
    /// The usual rates of newcomers against which runners that left the ladder were compared last.
    Usual {
        /// Name of the kind of runners.
        kind: &'a str,
        /// The runners, by id, with the rates.
        #[serde(borrow)]
        rates: Vec<(&'a str, f64)>,
    },
    /// A step of an experiment.
    Trial(#[serde(borrow)] TrialStep<'a>),
}

/// An event of an anonymised record.
#[derive(Debug, Deserialize, Serialize)]
pub enum Line<'a> {
    /// The line as it was sent.
    Whole(&'a str),
    /// The trace that remains of the event.
    Trace(#[serde(borrow)] Trace<'a>),
    /// The line of an event that was late when it arrived. If its user is deleted, at most the refund of a purchase remains.
    Late(&'a str),
    /// The trace that remains of it.
    LateTrace(#[serde(borrow)] Trace<'a>),
}

/// The reason why a record cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The bytes are not a record.
    #[error("the record is invalid, or of a kind that this version does not know")]
    Bytes,
    /// The settings are no longer valid.
    #[error("its settings cannot be read: {0}")]
    Terms(ConfigFaults),
}

impl<'a> Record<'a> {
    /// Reads a record.
    ///
    /// # Errors
    /// The bytes are not a record.
    pub fn read(content: &'a [u8]) -> Result<Self, Unreadable> {
        postcard::from_bytes(content).map_err(|_| Unreadable::Bytes)
    }

    /// Appends this record.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        append(self, bytes);
    }
}

impl<'a> Record<'a> {
    /// Returns the bytes of this record without the users who have an alias, except for what is `needed` of their traces, or `None` if it
    /// does not mention them.
    #[must_use]
    pub fn without(
        self,
        alias: impl Fn(&str) -> Option<Alias>,
        needed: impl Fn(Trace<'a>) -> Option<Trace<'a>>,
    ) -> Option<Vec<u8>> {
        let rest = match self {
            Self::Lines {
                operation: Operation::Events,
                wall,
                lines,
            } => {
                let lines = lines.into_iter().map(Line::Whole).collect();
                anonymised(lines, alias, needed).map(|lines| Self::Anonymised { wall, lines })
            }
            Self::Anonymised { wall, lines } => {
                anonymised(lines, alias, needed).map(|lines| Self::Anonymised { wall, lines })
            }
            Self::Lines {
                operation,
                wall,
                mut lines,
            } => {
                let before = lines.len();
                let is_gone = |user: String| alias(&user).is_some();
                lines.retain(|line| !user_of(operation, line).is_some_and(is_gone));
                (lines.len() < before).then_some(Self::Lines {
                    operation,
                    wall,
                    lines,
                })
            }
            Self::Deletion {
                kind: EntityKind::User,
                id,
                last_complete,
            } => departure(&[id], alias, last_complete),
            Self::Eviction {
                users,
                last_complete,
            } => erased(users, alias).map(|users| Self::Eviction {
                users,
                last_complete,
            }),
            // What was learnt under one name is not kept without the other.
            Self::Merge { from, into, .. } => {
                let is_gone = alias(from).is_some() || alias(into).is_some();
                is_gone.then_some(Self::Lost)
            }
            Self::Forgetting { ids, last_complete } => departure(&ids, alias, last_complete),
            // The sums and the steps name no user.
            Self::Placed { .. } | Self::Ladder { .. } | Self::Usual { .. } => None,
            Self::Creator { .. } | Self::Pace(_) => None,
            Self::Trial(step) => step.without(alias).map(Self::Trial),
            Self::Deletion { .. } | Self::Departure { .. } | Self::Terms(_) | Self::Lost => None,
        };
        let mut bytes = Vec::new();
        rest?.write(&mut bytes);
        Some(bytes)
    }
}

/// Returns the record of a deletion without the ids of the user, if one has an alias.
fn departure<'a>(
    ids: &[&str],
    alias: impl Fn(&str) -> Option<Alias>,
    last_complete: Day,
) -> Option<Record<'a>> {
    let alias = ids.iter().find_map(|id| alias(id))?;
    Some(Record::Departure {
        number: alias.number,
        last_complete,
    })
}

/// Replaces the ids of users who have an alias by the numbers of their deletions; returns `None` if there are none.
fn erased<'a>(
    mut users: Vec<Evicted<'a>>,
    alias: impl Fn(&str) -> Option<Alias>,
) -> Option<Vec<Evicted<'a>>> {
    let mut changed = false;
    for user in &mut users {
        if let Evicted::Named(id) = user
            && let Some(alias) = alias(id)
        {
            *user = Evicted::Erased(alias.number);
            changed = true;
        }
    }
    changed.then_some(users)
}

/// Replaces the events of users who have an alias by their traces; returns `None` if there are none.
fn anonymised<'a>(
    lines: Vec<Line<'a>>,
    alias: impl Fn(&str) -> Option<Alias>,
    needed: impl Fn(Trace<'a>) -> Option<Trace<'a>>,
) -> Option<Vec<Line<'a>>> {
    let mut changed = false;
    let left = lines.into_iter().filter_map(|line| {
        let (Line::Whole(text) | Line::Late(text)) = line else {
            return Some(line);
        };
        let Some(alias) = user_of(Operation::Events, text).and_then(|user| alias(&user)) else {
            return Some(line);
        };
        changed = true;
        let trace = Trace::of(serde_json::from_str::<Event<'a>>(text).ok()?, &alias);
        if matches!(line, Line::Late(_)) {
            return trace.refunds().then_some(Line::LateTrace(trace));
        }
        needed(trace).map(Line::Trace)
    });
    let left = left.collect();
    changed.then_some(left)
}

impl<'a> Line<'a> {
    fn read(self, vocabulary: &Vocabulary) -> Result<Fact<'a>, Rejected> {
        match self {
            Self::Whole(text) => read(Operation::Events, text, vocabulary),
            Self::Trace(trace) => Ok(Fact::Trace(trace)),
            Self::LateTrace(trace) => Ok(Fact::LateTrace(trace)),
            Self::Late(text) => {
                fact::<Event<'a>>(text, &schema::EVENT, vocabulary, &mut 1).map(Fact::Late)
            }
        }
    }
}

/// Returns the user whom a line is about.
pub(super) fn user_of(operation: Operation, line: &str) -> Option<String> {
    let name = match operation {
        Operation::Events => "user_id",
        Operation::Upsert(EntityKind::User) | Operation::Patch(EntityKind::User) => "id",
        Operation::Upsert(_) | Operation::Patch(_) => return None,
    };
    id_text(serde_json::from_str::<Value>(line).ok()?.get(name)?)
}

impl Facts {
    /// Applies a record again, under the settings `terms`, which a record may change. Returns how many of its lines are no longer valid.
    ///
    /// # Errors
    /// The settings cannot be read.
    pub fn redo(&mut self, record: Record<'_>, terms: &mut Config) -> Result<usize, Unreadable> {
        match record {
            Record::Terms(text) => {
                let next = Config::of_terms(text).map_err(Unreadable::Terms)?;
                self.change_terms(terms, &next);
                *terms = next;
            }
            Record::Lines {
                operation,
                wall,
                lines,
            } => {
                let vocabulary = &terms.vocabulary;
                let lines = lines.into_iter();
                let read = lines.map(|line| read(operation, line, vocabulary));
                return Ok(self.redo_all(read.collect(), terms, wall));
            }
            Record::Anonymised { wall, lines } => {
                let read = lines.into_iter().map(|line| line.read(&terms.vocabulary));
                return Ok(self.redo_all(read.collect(), terms, wall));
            }
            Record::Deletion {
                kind,
                id,
                last_complete,
            } => self.delete_whole(kind, id, last_complete),
            Record::Departure {
                number,
                last_complete,
            } => self.depart(number, last_complete),
            Record::Eviction {
                users,
                last_complete,
            } => (users.iter()).for_each(|user| self.evict_again(user, last_complete)),
            Record::Merge { wall, from, into } => {
                let config = &*terms;
                self.merge_again(from, into, &Moment { config, wall });
            }
            Record::Forgetting { ids, last_complete } => self.delete_named(&ids, last_complete),
            Record::Placed { at, scene, items } => self.place(at, scene, &items, terms),
            Record::Ladder { kind, steps } => self.climb(kind, &steps),
            Record::Creator { id } => self.delete_creator(id),
            Record::Pace(step) => self.books.pace.redo(step),
            Record::Trial(step) => self.step_trial(step),
            Record::Usual { kind, rates } => self.note_usual(kind, &rates),
            Record::Lost => {}
        }
        Ok(0)
    }

    /// Forgets what is remembered for a rule or an objective that no scene has.
    pub fn forget_unused(&mut self, config: &Config) {
        let figures = &mut self.books.users.figures;
        if config.sights == 0 {
            figures.sights.forget_all();
        }
        if !config.goals {
            figures.custom.forget_all();
            self.books.goals = Goals::default();
        }
    }

    /// Returns whether [`Self::forget_unused`] has anything to forget.
    #[must_use]
    pub fn has_unused(&self, config: &Config) -> bool {
        let figures = &self.books.users.figures;
        let goals = || figures.custom.is_any() || self.books.goals.size().0 > 0;
        config.sights == 0 && figures.sights.is_any() || !config.goals && goals()
    }

    /// Continues under other settings. Learnt sums keep their value at the time of the latest event, and decay with the new half-life from
    /// then on.
    pub fn change_terms(&mut self, from: &Config, to: &Config) {
        self.forget_unused(to);
        let [from, to] = [from, to].map(|config| Decay::new(config.profile.half_life));
        if let (true, Some(at)) = (from != to, self.latest) {
            self.books.change_decay(from, to, at);
        }
    }

    /// Applies lines again. Returns how many are no longer valid.
    fn redo_all(
        &mut self,
        read: Vec<Result<Fact<'_>, Rejected>>,
        config: &Config,
        wall: Time,
    ) -> usize {
        let fates = self.apply_all(read, &Moment { config, wall });
        fates.into_iter().filter(Result::is_err).count()
    }

    /// Deletes a user who has several names.
    fn delete_named(&mut self, ids: &[&str], last_complete: Day) {
        for id in ids {
            if self.books.users.find(&self.books.hasher, id).is_some() {
                self.delete_whole(EntityKind::User, id, last_complete);
            }
        }
    }

    /// Deletes an entity and forgets it at once.
    fn delete_whole(&mut self, kind: EntityKind, id: &str, last_complete: Day) {
        if let Some(retired) = self.delete(kind, id, last_complete) {
            self.leave(retired, 0..self.books.items.rows());
            self.forget(retired, 0..self.books.users.rows());
            self.retire(retired);
        }
    }
}
