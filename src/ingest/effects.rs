//! The effects of facts, found before they are applied: what a dry run reports, and which fields an upsert would empty.
//!
//! Facts are compared with the state, which does not change, and with the facts before them in the same request. Nothing is created, so
//! a reader's lock is enough.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::event::{accept, repeated};
use super::read::Patch;
use super::{Accepted, EntityKind, Fact, Facts, Fate, Moment, Rejected};
use crate::clock::Time;
use crate::id::EventId;
use crate::model::{Event, EventKind, Repeat};
use crate::telemetry::FactKind;

/// What some facts do, or would do.
#[derive(Debug, Default)]
pub struct Effects {
    /// Number of entities that did not exist.
    pub created: usize,
    /// Number of entities whose declared fields change.
    pub changed: usize,
    /// Number of entities whose declared fields stay as they are.
    pub unchanged: usize,
    /// Number of entities that lose a field which was set.
    pub emptied: usize,
    /// How many entities lose each field.
    pub emptied_fields: BTreeMap<String, usize>,
    /// Events by kind, without repeats: their number, and their money.
    pub events: [(usize, f64); EventKind::ALL.len()],
    /// Time of the earliest and of the latest of them.
    pub times: Option<(Time, Time)>,
    /// Number of events, rejected ones included, of an item that is not in the catalogue.
    pub unknown_items: usize,
    /// Users who are not known yet.
    pub new_users: HashSet<Box<str>>,
    /// New ids that are not in Unicode normal form NFC.
    pub odd_ids: HashSet<(FactKind, Box<str>)>,
    /// The declared texts of the entities so far.
    declared: HashMap<Box<str>, Box<str>>,
    /// The ids of the events so far, with their contents.
    ids: HashMap<EventId, u32>,
}

impl Facts {
    /// Adds the effects of a fact. Returns the fate that it would have.
    ///
    /// # Errors
    /// Every reason why it would be rejected.
    pub fn foresee(&self, fact: &Fact<'_>, moment: &Moment<'_>, effects: &mut Effects) -> Fate {
        let fate = self.foresee_fate(fact, moment, effects)?;
        self.note_odd_ids(fact, &mut effects.odd_ids);
        Ok(fate)
    }

    fn foresee_fate(&self, fact: &Fact<'_>, moment: &Moment<'_>, effects: &mut Effects) -> Fate {
        match fact {
            Fact::Item(item, text) => self.compare(EntityKind::Item, &item.id, text, effects),
            Fact::Merchant(merchant, text) => {
                self.compare(EntityKind::Merchant, &merchant.id, text, effects);
            }
            Fact::User(user, text) => self.compare(EntityKind::User, &user.id, text, effects),
            Fact::Patch(patch) => self.foresee_patch(patch, effects)?,
            Fact::Event(event) | Fact::Late(event) => {
                return self.foresee_event(event, moment, effects);
            }
            Fact::Trace(_) | Fact::LateTrace(_) => {}
        }
        Ok(Accepted::Fresh)
    }

    fn compare(&self, kind: EntityKind, id: &str, text: &str, effects: &mut Effects) {
        let before = self.foreseen(kind, id, effects);
        let after = serde_json::from_str(text).unwrap_or_default();
        effects.replace(before.as_ref(), &after);
        effects.declared.insert(id.into(), text.into());
    }

    fn foresee_patch(&self, patch: &Patch, effects: &mut Effects) -> Result<(), Rejected> {
        let before = self.foreseen(patch.kind, &patch.id, effects);
        let text = patch.merged(before.clone())?;
        patch.check(&text)?;
        let is_same = before.as_ref() == serde_json::from_str(&text).ok().as_ref();
        *(if is_same {
            &mut effects.unchanged
        } else {
            &mut effects.changed
        }) += 1;
        effects.declared.insert(patch.id.as_str().into(), text);
        Ok(())
    }

    /// Returns the declared fields of an entity after the facts so far.
    fn foreseen(
        &self,
        kind: EntityKind,
        id: &str,
        effects: &Effects,
    ) -> Option<Map<String, Value>> {
        match effects.declared.get(id) {
            Some(text) => serde_json::from_str(text).ok(),
            None => self.declared(kind, id),
        }
    }

    fn foresee_event(&self, event: &Event<'_>, moment: &Moment<'_>, effects: &mut Effects) -> Fate {
        let id = self.id_of(event);
        let content = id.map_or(0, |_| event.content());
        let before = |id| {
            let known = self.books.seen.content(id);
            known.or_else(|| effects.ids.get(&id).copied())
        };
        if let Some(accepted) = id.and_then(before) {
            return Ok(repeated(event, Repeat::of(content, accepted)));
        }
        let item = self.known_item(event);
        effects.unknown_items += usize::from(event.item_id.is_some() && item.is_none());
        let mut faults = self.contradictions(event, item, self.purchase_of(event, id), moment);
        faults.extend(self.beyond_bounds(event, item, moment));
        accept(event, faults)?;
        effects.ids.extend(id.map(|id| (id, content)));
        let users = &self.books.users;
        if users.find(&self.books.hasher, &event.user_id).is_none() {
            effects.new_users.insert((&*event.user_id).into());
        }
        let money = item.map_or(event.amount, |item| self.money(event, item));
        let is_late = self.is_late(event, moment);
        effects.add(event, money.unwrap_or(0.0));
        Ok(if is_late {
            Accepted::Late
        } else {
            Accepted::Fresh
        })
    }
}

impl Effects {
    /// Adds an upsert by the fields before and after it.
    fn replace(&mut self, before: Option<&Map<String, Value>>, after: &Map<String, Value>) {
        let Some(before) = before else {
            self.created += 1;
            return;
        };
        if before == after {
            self.unchanged += 1;
            return;
        }
        self.changed += 1;
        let lost = before.keys().filter(|name| !after.contains_key(*name));
        let mut loses = false;
        for name in lost {
            loses = true;
            *self.emptied_fields.entry(name.clone()).or_default() += 1;
        }
        self.emptied += usize::from(loses);
    }

    /// Adds an event that counts.
    fn add(&mut self, event: &Event<'_>, money: f64) {
        let (count, sum) = &mut self.events[event.kind as usize];
        *count += 1;
        *sum += money;
        let (first, last) = self.times.unwrap_or((event.at, event.at));
        self.times = Some((first.min(event.at), last.max(event.at)));
    }
}
