//! The sum of the effects of all batches: what a rehearsal reports, and the fields that an import empties.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::Deserialize;

use crate::model::Event;

/// The effects of a batch, as the service answers them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Effects {
    created: u64,
    changed: u64,
    unchanged: u64,
    emptied: u64,
    emptied_fields: Vec<Emptied>,
    kinds: Vec<KindOfEvents>,
    first: Option<String>,
    last: Option<String>,
    new_users: u64,
    unknown_items: u64,
}

#[derive(Debug, Deserialize)]
struct Emptied {
    field: String,
    entities: u64,
}

#[derive(Debug, Deserialize)]
struct KindOfEvents {
    kind: String,
    events: u64,
    money: f64,
}

impl Effects {
    /// Leaves out events whose item the rehearsal would bring.
    pub(super) fn leave_out(&mut self, unknown_items: u64) {
        self.unknown_items = self.unknown_items.saturating_sub(unknown_items);
    }
}

/// The effects of all batches.
#[derive(Debug, Default)]
pub(super) struct Foreseen {
    sum: Effects,
    emptied: BTreeMap<String, u64>,
    kinds: BTreeMap<String, (u64, f64)>,
}

impl Foreseen {
    pub(super) fn add(&mut self, effects: Effects) {
        let sum = &mut self.sum;
        sum.created += effects.created;
        sum.changed += effects.changed;
        sum.unchanged += effects.unchanged;
        sum.emptied += effects.emptied;
        sum.new_users += effects.new_users;
        sum.unknown_items += effects.unknown_items;
        // Equal forms of RFC 3339 in UTC: their order is that of the instants, to the second.
        let earlier = [sum.first.take(), effects.first];
        sum.first = earlier.into_iter().flatten().min();
        sum.last = sum.last.take().max(effects.last);
        for field in effects.emptied_fields {
            *self.emptied.entry(field.field).or_default() += field.entities;
        }
        for kind in effects.kinds {
            let (events, money) = self.kinds.entry(kind.kind).or_default();
            *events += kind.events;
            *money += kind.money;
        }
    }

    /// Adds an event whose item the rehearsal would bring.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        let (events, money) = self.kinds.entry(event.kind.name().to_owned()).or_default();
        *events += 1;
        *money += event.amount.unwrap_or(0.0);
        let at = Some(event.at.to_string());
        self.sum.first = [self.sum.first.take(), at.clone()]
            .into_iter()
            .flatten()
            .min();
        self.sum.last = self.sum.last.take().max(at);
    }

    /// Describes the fields that entities lost, or would lose.
    pub(super) fn emptied(&self, lost: &str) -> Option<String> {
        let fields = self.emptied.iter();
        let fields: Vec<String> = fields
            .map(|(field, entities)| format!("{field} ({entities})"))
            .collect();
        (self.sum.emptied > 0).then(|| {
            format!(
                "{} {lost} fields that were set: {}. --patch keeps what a file does not give.",
                self.sum.emptied,
                fields.join(", ")
            )
        })
    }
}

impl Display for Foreseen {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let events: u64 = self.kinds.values().map(|(events, _)| events).sum();
        for (kind, (count, money)) in &self.kinds {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a share is shown with one digit"
            )]
            let share = 100.0 * *count as f64 / events as f64;
            let money = if *money > 0.0 {
                format!(", money {money:.2}")
            } else {
                String::new()
            };
            writeln!(f, "{count:>12}  {kind}, {share:.1} %{money}")?;
        }
        if let (Some(first), Some(last)) = (&self.sum.first, &self.sum.last) {
            writeln!(f, "from {first} to {last}")?;
        }
        for (count, what) in [
            (self.sum.created, "would be created"),
            (self.sum.changed, "would change"),
            (self.sum.unchanged, "would stay as they are"),
            (self.sum.new_users, "users would be created by their events"),
            (
                self.sum.unknown_items,
                "events of items that are not in the catalogue",
            ),
        ] {
            if count > 0 {
                writeln!(f, "{count:>12}  {what}")?;
            }
        }
        Ok(())
    }
}
