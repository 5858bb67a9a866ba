//! The content of an event as a number, which tells a repeat from another event with the same id.
//!
//! Fields count as they were read: the order of the fields, blanks and the spelling of numbers and times do not matter, and null is
//! absent. An absent field adds nothing, so that a field which a later version adds leaves all earlier numbers as they are. The numbers
//! are stored: an equal event must give an equal number in every version.

use super::fact::Event;
use crate::random::STEP;

/// Sum of a content in progress, by 128-bit products folded to 64 bits. Nothing is gained by forging one: a repeat changes nothing.
struct Sum(u64);

impl Sum {
    #[inline]
    fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(STEP);
        let folded = (product ^ (product >> u64::BITS)) & u128::from(u64::MAX);
        self.0 = u64::try_from(folded).unwrap_or_default();
    }

    /// Adds a field, by its permanent number, and the number of bytes or the value that follows.
    #[inline]
    fn field(&mut self, field: u64, value: Option<u64>) {
        if let Some(value) = value {
            self.word(field);
            self.word(value);
        }
    }

    #[inline]
    fn text(&mut self, field: u64, text: Option<&str>) {
        let Some(text) = text else { return };
        self.field(field, Some(text.len() as u64));
        let (words, rest) = text.as_bytes().as_chunks();
        words
            .iter()
            .for_each(|word| self.word(u64::from_le_bytes(*word)));
        self.word(match text.as_bytes().last_chunk() {
            // The last bytes of eight are the rest.
            Some(last) if !rest.is_empty() => {
                u64::from_le_bytes(*last) >> (u64::BITS as usize - 8 * rest.len())
            }
            Some(_) => 0,
            None => (rest.iter().rev()).fold(0, |word, byte| word << 8 | u64::from(*byte)),
        });
    }

    #[inline]
    fn number(&mut self, field: u64, number: Option<f64>) {
        // −0 and 0 are equal.
        self.field(field, number.map(|number| (number + 0.0).to_bits()));
    }
}

impl Event<'_> {
    /// Returns the number of the content without the id, never 0. Two contents that differ share one with a chance of 2⁻³².
    #[must_use]
    pub fn content(&self) -> u32 {
        let mut sum = Sum(STEP);
        sum.text(1, Some(&self.user_id));
        sum.text(2, self.item_id.as_deref());
        sum.text(3, self.merchant_id.as_deref());
        sum.text(4, self.creator_id.as_deref());
        sum.text(5, Some(self.kind.name()));
        sum.field(6, Some(self.at.millis().cast_unsigned()));
        sum.number(7, self.quantity);
        sum.number(8, self.amount);
        sum.text(9, self.purchase_id.as_deref());
        sum.text(10, self.request_id.as_deref());
        sum.field(11, self.position.map(u64::from));
        sum.text(12, self.scene.as_deref());
        u32::try_from(sum.0 >> u32::BITS).unwrap_or(u32::MAX).max(1)
    }
}

/// The content of a repeat, beside that of the event which was accepted under its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The same.
    Same,
    /// Another.
    Other,
    /// Not known: the id was stored by a version that kept no contents.
    Unknown,
}

impl Repeat {
    /// Label values in the metrics, in the order of the discriminants.
    pub const NAMES: [&'static str; 3] = ["same", "other", "unknown"];

    /// Compares a content with the one that was accepted, 0 if that is not known.
    #[must_use]
    pub const fn of(content: u32, accepted: u32) -> Self {
        match accepted {
            0 => Self::Unknown,
            _ if accepted == content => Self::Same,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(json: &str) -> u32 {
        serde_json::from_str::<Event<'_>>(json).unwrap().content()
    }

    const EVENT: &str = r#"{"id":"e","user_id":"u","item_id":"i","kind":"view","at":"2026-11-20T10:00:00Z","amount":129.0,"position":3}"#;

    #[test]
    fn the_spelling_of_an_event_does_not_matter() {
        let spelt = r#" { "position": 3.0, "amount": 1.29e2, "at": 1795168800000, "scene": null, "kind": "view",
            "item_id": "\u0069", "id": "other", "user_id": "u" }"#;
        assert_eq!(content(EVENT), content(spelt));
    }

    #[test]
    fn the_content_of_an_event_is_permanent() {
        assert_eq!(content(EVENT), 3_469_599_433);
    }

    #[test]
    fn every_field_changes_the_content() {
        let changed = |field: &str, value: &str| {
            let mut event: serde_json::Value = serde_json::from_str(EVENT).unwrap();
            event[field] = serde_json::from_str(value).unwrap();
            content(&event.to_string())
        };
        let mut contents = vec![content(EVENT)];
        for (field, value) in [
            ("user_id", "\"v\""),
            ("user_id", "\"u\\u0020\""),
            ("item_id", "null"),
            ("item_id", "\"12345678\""),
            ("item_id", "\"123456780\""),
            ("merchant_id", "\"i\""),
            ("creator_id", "\"i\""),
            ("kind", "\"refund\""),
            ("at", "1795168800001"),
            ("quantity", "1"),
            ("quantity", "0"),
            ("amount", "null"),
            ("purchase_id", "\"e\""),
            ("request_id", "\"e\""),
            ("position", "0"),
            ("scene", "\"e\""),
        ] {
            contents.push(changed(field, value));
        }
        let count = contents.len();
        contents.sort_unstable();
        contents.dedup();
        assert_eq!(contents.len(), count);
    }
}
