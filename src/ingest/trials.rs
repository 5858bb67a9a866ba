//! Experiments in the facts: their begin and end, enrolment, and what enrolled users do.

use serde::{Deserialize, Serialize};

use super::{Alias, Facts, Moment};
use crate::clock::{Day, Time};
use crate::experiment::{Credit, Judgement, Plan, What};
use crate::exposure::weight;
use crate::feature::Learned;
use crate::model::{Event, EventKind};
use crate::money::Money;

/// A step of an experiment, as the journal holds it. A variant is stored as its position here, so append new ones at the end.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum TrialStep<'a> {
    /// Its begin, or its going on under other terms.
    Begin {
        /// The time.
        at: Time,
        /// The terms, as JSON.
        plan: &'a str,
    },
    /// Its end.
    End {
        /// The time.
        at: Time,
        /// Its name.
        name: &'a str,
    },
    /// The enrolment of users.
    Enrol {
        /// The time.
        at: Time,
        /// Name of the experiment.
        name: &'a str,
        /// The users, by id, with the numbers of their arms.
        #[serde(borrow)]
        users: Vec<(&'a str, u8)>,
    },
    /// Answers under arms.
    Answered {
        /// Name of the experiment.
        name: &'a str,
        /// The number of an arm, a cell, and the answers to its users.
        answers: Vec<(u8, u16, u32)>,
    },
    /// What was found as a day ended.
    Judged {
        /// Name of the experiment.
        name: &'a str,
        /// The day.
        day: Day,
        /// What was found so far.
        found: Judgement,
    },
}

impl TrialStep<'_> {
    /// Returns the step without the users who have an alias; `None` if it does not mention them.
    pub(super) fn without(self, alias: impl Fn(&str) -> Option<Alias>) -> Option<Self> {
        let Self::Enrol {
            at,
            name,
            mut users,
        } = self
        else {
            return None;
        };
        let before = users.len();
        users.retain(|(id, _)| alias(id).is_none());
        (users.len() < before).then_some(Self::Enrol { at, name, users })
    }

    /// Adds the id of every user whom [`Self::without`] would look up.
    pub(super) fn users(&self, add: &mut dyn FnMut(&str)) {
        if let Self::Enrol { users, .. } = self {
            users.iter().for_each(|(id, _)| add(id));
        }
    }
}

impl Facts {
    /// Applies a step of an experiment.
    pub fn step_trial(&mut self, step: TrialStep<'_>) {
        let experiments = &mut self.books.experiments;
        match step {
            TrialStep::Begin { at, plan } => {
                if let Some(plan) = Plan::read(plan) {
                    experiments.begin(plan, at);
                }
            }
            TrialStep::End { at, name } => experiments.end(name, at),
            TrialStep::Enrol { at, name, users } => {
                for (id, arm) in users {
                    self.enrol(name, (id, arm), at);
                }
            }
            TrialStep::Answered { name, answers } => {
                if let Some(running) = experiments.get_mut(name) {
                    for (arm, cell, answers) in answers {
                        running.answered(arm.into(), cell.into(), answers);
                    }
                }
            }
            TrialStep::Judged { name, day, found } => experiments.judge(name, day, found),
        }
    }

    fn enrol(&mut self, name: &str, (id, arm): (&str, u8), at: Time) {
        let books = &mut self.books;
        if let Some(running) = books.experiments.get_mut(name) {
            let row = books.users.find(&books.hasher, id);
            let past = row.and_then(|row| books.users.figures.past.get(row));
            let before = past.copied().unwrap_or_default().at(at);
            running.enrol(id, arm.into(), before);
        }
    }

    /// Counts an event for the experiments in which its user is enrolled.
    pub(super) fn credit(&mut self, event: &Event<'_>, learned: &Learned<'_>, moment: &Moment<'_>) {
        if self.books.experiments.is_idle() || learned.late {
            return;
        }
        let scene = event.scene.as_deref();
        let answering = |name| moment.config.answering(name).map_or(name, |it| &*it.name);
        let books = &mut self.books;
        let Some(user) = learned.user.some().and_then(|row| books.users.get(row)) else {
            return;
        };
        for what in what(learned).into_iter().flatten() {
            let credit = Credit {
                at: event.at,
                scene: scene.map(answering),
                merchant: learned.merchant.some().map(|merchant| merchant.0),
                what,
            };
            books.experiments.credit(user.id(), &credit);
        }
    }
}

/// Returns what a user did, if it counts for experiments. A refund of a purchase counts what it takes of it; one that came before the
/// purchase counts as that comes.
fn what(event: &Learned<'_>) -> [Option<What>; 2] {
    let settled = event.trade.map(|trade| Money(trade.money));
    let one = match event.kind {
        EventKind::Purchase => {
            let worth = event.worth.unwrap_or_default();
            let before = settled.map_or(0, |net| worth.0 - net.0);
            let before = (before > 0).then(|| What::Returned(Money(before).units()));
            return [Some(What::Bought(worth.units())), before];
        }
        EventKind::Refund => {
            let taken = settled.map(|net| Money(-net.0)).filter(|taken| taken.0 > 0);
            let own = || event.amount.or(taken).or(event.worth);
            let money = if event.purchase.is_some() {
                taken
            } else {
                own()
            };
            money.map(|money| What::Returned(money.units()))
        }
        EventKind::Impression => Some(What::Saw(weight(event.place))),
        EventKind::Click => Some(What::Clicked),
        EventKind::View
        | EventKind::Favourite
        | EventKind::Cart
        | EventKind::Share
        | EventKind::Follow
        | EventKind::Unfollow
        | EventKind::Dislike
        | EventKind::RemoveFromCart => None,
    };
    [one, None]
}
