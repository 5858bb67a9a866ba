//! Checks of rules over several fields of an object.

use serde_json::value::RawValue;

use super::walk::Walk;
use crate::model::EventKind;
use crate::model::schema::{Field, Rule};

/// The fault of a change that has both `set` and `toml`, or neither.
pub const EITHER: &str = "must have either `set` or `toml`";
/// The fault of a preview that has several of them, or none.
pub const ONE_DRAFT: &str = "must have one of `set`, `toml` and `file`";

impl Walk<'_> {
    pub(super) fn rule(&mut self, rule: Rule, given: &[(&'static Field, &RawValue)]) {
        let of = |name: &str| given.iter().find(|(field, _)| field.name == name);
        let has = |name: &str| of(name).is_some();
        match rule {
            Rule::DefaultScene => {
                let known = has("scene") || self.vocabulary.has_scene("default");
                self.within("scene", |walk| {
                    walk.check(known, || {
                        "is required: there is no scene `default`".to_owned()
                    });
                });
            }
            Rule::Target => {
                let kind = of("kind").and_then(|(_, raw)| serde_json::from_str(raw.get()).ok());
                if let Some(kind) = kind {
                    self.target(kind, has);
                }
            }
            Rule::Edit => self.check(has("set") != has("toml"), || EITHER.to_owned()),
            Rule::Draft => {
                let given = ["set", "toml", "file"].into_iter().filter(|name| has(name));
                self.check(given.count() == 1, || ONE_DRAFT.to_owned());
            }
        }
    }

    /// Checks which ids an event of that kind names.
    fn target(&mut self, kind: EventKind, has: impl Fn(&str) -> bool) {
        let wrong: [(&str, bool, &str); 6] = [
            (
                "item_id",
                kind.is_bond() && has("item_id"),
                "must not be given: a follow names a merchant or a creator",
            ),
            (
                "creator_id",
                kind.is_bond() && has("creator_id") && has("merchant_id"),
                "must not be given beside merchant_id",
            ),
            (
                "merchant_id",
                kind.is_bond() && !has("creator_id") && !has("merchant_id"),
                "is required, or a creator_id",
            ),
            (
                "creator_id",
                !kind.is_bond() && has("creator_id"),
                "is only for follow and unfollow",
            ),
            (
                "item_id",
                !kind.is_bond() && !has("item_id") && !has("merchant_id"),
                "is required, or a merchant_id",
            ),
            (
                "purchase_id",
                kind != EventKind::Refund && has("purchase_id"),
                "is only for refund",
            ),
        ];
        for (name, _, message) in wrong.iter().filter(|(_, wrong, _)| *wrong) {
            self.within(name, |walk| walk.fault(*message));
        }
    }
}
