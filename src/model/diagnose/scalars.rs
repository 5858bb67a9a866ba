//! Checks of single values: ids, texts, numbers, times, names.

use serde_json::value::RawValue;

use super::raw::{Kind, kind};
use super::walk::Walk;
use crate::clock::Time;
use crate::model::schema::{self, Bound};
use crate::model::whole::Whole;
use crate::model::{Id, is_id};
use crate::number::wide;

impl Walk<'_> {
    pub(super) fn id(&mut self, raw: &RawValue) {
        match kind(raw) {
            Kind::Text => {
                if let Some(text) = self.unicode(raw) {
                    self.id_text(&text);
                }
            }
            Kind::Number => self.check(serde_json::from_str::<Id<'_>>(raw.get()).is_ok(), || {
                "must be a string or an integer of 64 bits".to_owned()
            }),
            Kind::Null | Kind::Flag | Kind::List | Kind::Object => {
                self.fault("must be a string or an integer");
            }
        }
    }

    pub(super) fn id_text(&mut self, text: &str) {
        if text.is_empty() {
            self.fault("must not be empty");
        } else if text.len() > schema::ID_BYTES {
            self.fault(format!("must have at most {} bytes", schema::ID_BYTES));
        } else {
            self.check(is_id(text), || {
                "must not contain control characters".to_owned()
            });
        }
    }

    /// Returns the text of a JSON string; reports half of a surrogate pair.
    fn unicode(&mut self, raw: &RawValue) -> Option<String> {
        let text = serde_json::from_str(raw.get()).ok();
        self.check(text.is_some(), || "must be text in Unicode".to_owned());
        text
    }

    pub(super) fn text(&mut self, raw: &RawValue, bound: Bound) {
        let _bounded = self.bounded(raw, bound);
    }

    pub(super) fn line(&mut self, raw: &RawValue, least: u64, bound: Bound) {
        let Some(text) = self.bounded(raw, bound) else {
            return;
        };
        self.check(wide(text.len()) >= least, || "must not be empty".to_owned());
        self.check(!text.contains(char::is_control), || {
            "must not contain control characters".to_owned()
        });
    }

    /// Returns a text; reports one that has too many bytes.
    fn bounded(&mut self, raw: &RawValue, bound: Bound) -> Option<String> {
        if kind(raw) != Kind::Text {
            self.fault("must be a string");
            return None;
        }
        let most = bound.most(&self.vocabulary.limits);
        let text = self.unicode(raw)?;
        self.check(wide(text.len()) <= most, || {
            format!("must have at most {most} bytes{}", bound.named())
        });
        Some(text)
    }

    pub(super) fn number(&mut self, raw: &RawValue, low: f64, high: f64) {
        if kind(raw) != Kind::Number {
            return self.fault("must be a number");
        }
        match serde_json::from_str::<f64>(raw.get()) {
            Err(_) => self.fault("must be finite"),
            Ok(number) => self.check((low..=high).contains(&number), || {
                format!("must lie between {low} and {high}")
            }),
        }
    }

    pub(super) fn whole_number(&mut self, raw: &RawValue, low: u64, bound: Bound) {
        let high = bound.most(&self.vocabulary.limits);
        let number = serde_json::from_str::<Whole<u64>>(raw.get()).map(|whole| whole.0);
        self.check(
            number.is_ok_and(|number| (low..=high).contains(&number)),
            || {
                format!(
                    "must be a whole number from {low} to {high}{}",
                    bound.named()
                )
            },
        );
    }

    pub(super) fn time(&mut self, raw: &RawValue) {
        match serde_json::from_str::<Time>(raw.get()) {
            Err(_) => self.fault(
                "must be an RFC 3339 time or epoch milliseconds, within the years 0000 to 9999",
            ),
            Ok(time) if kind(raw) == Kind::Number && time < Time::LIKELY => {
                self.check(self.vocabulary.recorded, || {
                    "looks like epoch seconds; a number is a time in milliseconds, from 2001-09-09 on".to_owned()
                });
            }
            Ok(_) => {}
        }
    }

    pub(super) fn one_of(&mut self, raw: &RawValue, names: &[&str]) {
        let name = serde_json::from_str::<String>(raw.get());
        self.check(name.is_ok_and(|name| names.contains(&&*name)), || {
            format!("must be one of {}", names.join(", "))
        });
    }

    pub(super) fn scene(&mut self, raw: &RawValue) {
        let known = serde_json::from_str::<Id<'_>>(raw.get())
            .is_ok_and(|scene| self.vocabulary.has_scene(&scene));
        self.check(known, || {
            format!(
                "must be a scene of the configuration: {}",
                schema::listed(&self.vocabulary.scenes)
            )
        });
    }
}
