//! The rules of scenes in the names and units of the file.

use serde_json::{Map, Value, json};

use super::rule::{Cap, Pool, SceneRule, Seen, Slot, What};
use super::selection::SelectionId;
use super::settings::Config;

impl Config {
    fn selection_name(&self, id: SelectionId) -> &str {
        let selection = self.selections.get(id.index());
        selection.map_or("", |selection| &selection.name)
    }

    /// Returns a rule in the names and units of the file.
    pub(super) fn rule(&self, rule: &SceneRule) -> Value {
        let mut value = self.parameters(&rule.what);
        value.insert("name".to_owned(), rule.name.clone().into());
        value.insert("rule".to_owned(), rule.what.rule().row().name.into());
        let audience = rule.audience.and_then(|id| self.audiences.get(id.index()));
        let audience = audience.map(|audience| Value::from(&*audience.name));
        let [from, until] = [rule.from, rule.until].map(|at| at.map(|at| at.to_string().into()));
        for (key, given) in [("audience", audience), ("from", from), ("until", until)] {
            value.extend(given.map(|given: Value| (key.to_owned(), given)));
        }
        value.into()
    }

    fn parameters(&self, what: &What) -> Map<String, Value> {
        let value = match what {
            What::Hide { select } => json!({ "select": self.selection_name(*select) }),
            What::Seen(Seen {
                after,
                days,
                factor,
            }) => match factor {
                Some(factor) => json!({ "after": after, "days": days, "factor": factor }),
                None => json!({ "after": after, "days": days, "then": "hide" }),
            },
            What::Boost { select, factor } => {
                json!({ "select": self.selection_name(*select), "factor": factor })
            }
            What::Pin { item, place } => json!({ "item": item, "place": place }),
            What::Slot(slot) => self.slot(slot),
            What::Cap(Cap { by, max, window }) => {
                let mut value = json!({ "by": by.name(), "max": max });
                if let Some(window) = window {
                    value["window"] = (*window).into();
                }
                value
            }
            What::Decay { factor, floor } => json!({ "factor": factor, "floor": floor }),
            What::Mmr { lambda } => json!({ "lambda": lambda }),
        };
        if let Value::Object(value) = value {
            value
        } else {
            Map::new()
        }
    }

    fn slot(&self, slot: &Slot) -> Value {
        let mut value = json!({ "places": slot.places, "min": slot.min });
        match &slot.pool {
            Pool::Selection(id) => value["select"] = self.selection_name(*id).into(),
            Pool::Items(items) => value["items"] = json!(items),
        }
        match &slot.weights {
            None => value["score"] = true.into(),
            Some(weights) => {
                let weights = weights.iter();
                let named =
                    weights.map(|(each, weight)| (self.name(*each).to_owned(), (*weight).into()));
                value["weights"] = named.collect::<Map<_, _>>().into();
            }
        }
        value
    }
}
