//! What users did with the items that decisions showed, from a file of events.
//!
//! An event with a `request_id` belongs to the decision of that id that showed its item at most 7 days before. One without belongs to the
//! newest decision that showed its item to its user at most 24 hours before, which is a guess.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Result, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::import;
use crate::clock::{DAY, Time};
use crate::decision::{Line, Reader, Record};
use crate::model::id_text;

/// Time after a decision within which an event of its request counts.
const OF_REQUEST: i64 = 7 * DAY;
/// Time after a decision within which an event of its user counts.
const OF_USER: i64 = DAY;
/// Kinds of events that are outcomes.
const KINDS: [&str; 6] = [
    "click",
    "favourite",
    "cart",
    "purchase",
    "refund",
    "dislike",
];

/// One thing that a user did with an item shown.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) item: String,
    pub(super) kind: String,
    pub(super) at: i64,
    pub(super) amount: Option<f64>,
    /// True if it is joined by user and item.
    pub(super) guess: bool,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    id: Option<Value>,
    user_id: Value,
    #[serde(default)]
    item_id: Option<Value>,
    kind: String,
    at: Value,
    #[serde(default)]
    amount: Option<f64>,
    #[serde(default)]
    request_id: Option<Value>,
}

/// Outcomes by request or user, and item.
type Index = HashMap<(String, String), Vec<Outcome>>;

/// The outcomes of a file of events.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    by_request: Index,
    by_user: Index,
    /// By user and item of the latter: the times of the decisions that showed the item to the user, ascending.
    shown: HashMap<(String, String), Vec<i64>>,
}

impl Outcomes {
    /// Reads a file of events, and the times of the decisions that they may belong to.
    pub(super) fn read(path: &Path, reader: &Reader) -> Result<Self> {
        let failed = |fault: String| anyhow!("{}: {fault}", path.display());
        let opened = import::open(path, |file| file).map_err(|fault| failed(fault.to_string()))?;
        let mut outcomes = Self::default();
        let mut known = HashSet::new();
        for line in import::values(opened.bytes) {
            let line = line.map_err(|fault| failed(fault.to_string()))?;
            let event: Event = serde_json::from_slice(&line.json)
                .map_err(|fault| anyhow!("{}:{}: {fault}", path.display(), line.number))?;
            // A repeated event counts once, as in the service.
            let id = event.id.as_ref().and_then(id_text);
            if id.is_none_or(|id| known.insert(id)) {
                outcomes.add(event, reader);
            }
        }
        outcomes.find_shown(reader)?;
        Ok(outcomes)
    }

    fn add(&mut self, event: Event, reader: &Reader) {
        let written = event.at.as_str().and_then(Time::parse);
        let at = written.map(Time::millis).or_else(|| event.at.as_i64());
        let item = event.item_id.as_ref().and_then(id_text);
        let user = id_text(&event.user_id);
        let (Some(at), Some(item), Some(user)) = (at, item, user) else {
            return;
        };
        if !KINDS.contains(&event.kind.as_str()) {
            return;
        }
        let request = event.request_id.as_ref().and_then(id_text);
        let outcome = Outcome {
            item: item.clone(),
            kind: event.kind,
            at,
            amount: event.amount,
            guess: request.is_none(),
        };
        let (index, by) = match request {
            Some(request) => (&mut self.by_request, request),
            None => (&mut self.by_user, reader.names().of(&user)),
        };
        index.entry((by, item)).or_default().push(outcome);
    }

    /// Finds the decisions that showed an item of an event without a request to its user.
    fn find_shown(&mut self, reader: &Reader) -> Result<()> {
        if self.by_user.is_empty() {
            return Ok(());
        }
        reader.read((i64::MIN, i64::MAX), |line| {
            if let Line::Record(record) = line
                && let Some(user) = &record.user
            {
                for (item, _) in &record.shown {
                    let key = (user.clone(), item.to_string());
                    if self.by_user.contains_key(&key) {
                        self.shown.entry(key).or_default().push(record.at);
                    }
                }
            }
            true
        })?;
        self.shown
            .values_mut()
            .for_each(|times| times.sort_unstable());
        Ok(())
    }

    /// Returns the outcomes of a decision.
    pub(super) fn of(&self, record: &Record) -> Vec<Outcome> {
        let mut found = Vec::new();
        for (item, _) in &record.shown {
            let key = (record.request_id.clone(), item.to_string());
            let own = self.by_request.get(&key).into_iter().flatten();
            let within = |it: &&Outcome| (0..=OF_REQUEST).contains(&(it.at - record.at));
            found.extend(own.filter(within).cloned());
            let Some(user) = &record.user else { continue };
            let key = (user.clone(), item.to_string());
            let shown = self.shown.get(&key).map_or(&[][..], Vec::as_slice);
            let is_newest = |it: &&Outcome| {
                let later = shown.partition_point(|at| *at <= it.at);
                later.checked_sub(1).and_then(|at| shown.get(at)) == Some(&record.at)
            };
            let guessed = self.by_user.get(&key).into_iter().flatten();
            let within = |it: &&Outcome| (0..=OF_USER).contains(&(it.at - record.at));
            found.extend(guessed.filter(within).filter(is_newest).cloned());
        }
        found.sort_by_key(|it| it.at);
        found
    }
}

impl Outcome {
    /// Returns the outcome as JSON.
    pub(super) fn shown(&self) -> Value {
        let mut value = json!({ "item": self.item, "kind": self.kind, "at": self.at });
        if let Some(amount) = self.amount {
            value["amount"] = amount.into();
        }
        if self.guess {
            value["guess"] = true.into();
        }
        value
    }
}
