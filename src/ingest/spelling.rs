//! Ids that are not in Unicode normal form NFC. Two spellings of one text are two ids, so that an entity may exist twice unnoticed;
//! such ids are accepted and counted.

use std::collections::HashSet;

use unicode_normalization::{IsNormalized, is_nfc, is_nfc_quick};

use super::{Fact, Facts};
use crate::model::Event;
use crate::telemetry::FactKind;

/// The ids of a fact, each with the kind of what it names.
type Ids<'f> = [Option<(FactKind, &'f str)>; 4];

/// Returns true if an id is not in NFC. ASCII always is.
fn is_odd(id: &str) -> bool {
    !id.is_ascii()
        && match is_nfc_quick(id.chars()) {
            IsNormalized::Yes => false,
            IsNormalized::No => true,
            IsNormalized::Maybe => !is_nfc(id),
        }
}

fn ids<'f>(fact: &'f Fact<'_>) -> Ids<'f> {
    match fact {
        Fact::Item(item, _) => [
            Some((FactKind::Item, &item.id)),
            item.merchant_id
                .as_deref()
                .map(|id| (FactKind::Merchant, id)),
            None,
            None,
        ],
        Fact::Merchant(merchant, _) => [Some((FactKind::Merchant, &merchant.id)), None, None, None],
        Fact::User(user, _) => [Some((FactKind::User, &user.id)), None, None, None],
        Fact::Event(event) | Fact::Late(event) => ids_of_event(event),
        Fact::Patch(_) | Fact::Trace(_) | Fact::LateTrace(_) => [None; 4],
    }
}

fn ids_of_event<'f>(event: &'f Event<'_>) -> Ids<'f> {
    let named = [
        (FactKind::User, Some(&*event.user_id)),
        (FactKind::Item, event.item_id.as_deref()),
        (FactKind::Merchant, event.merchant_id.as_deref()),
        (FactKind::Event, event.id.as_deref()),
    ];
    named.map(|(kind, id)| id.map(|id| (kind, id)))
}

impl Facts {
    /// Returns the ids of a fact that are not in NFC, if nothing of that id is known yet.
    fn odd_ids<'f>(&self, fact: &'f Fact<'_>) -> impl Iterator<Item = (FactKind, &'f str)> {
        let ids = ids(fact).into_iter().flatten();
        ids.filter(|(kind, id)| is_odd(id) && !self.knows(*kind, id))
    }

    fn knows(&self, kind: FactKind, id: &str) -> bool {
        let books = &self.books;
        match kind {
            FactKind::Item => books.items.find(books.hasher.hash(id), id).is_some(),
            FactKind::Merchant => books.merchants.find(&books.hasher, id).is_some(),
            FactKind::User => books.users.find(&books.hasher, id).is_some(),
            FactKind::Event => books.seen.has(books.seen.hash(id)),
        }
    }

    /// Counts a new id if it is not in NFC.
    pub(super) fn note_spelling(&mut self, kind: FactKind, id: &str) {
        self.counts.odd_ids[kind as usize] += u64::from(is_odd(id));
    }

    /// Notes the ids that a fact would bring and that are not in NFC.
    pub(super) fn note_odd_ids(&self, fact: &Fact<'_>, odd: &mut HashSet<(FactKind, Box<str>)>) {
        odd.extend(self.odd_ids(fact).map(|(kind, id)| (kind, id.into())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_other_normal_forms_are_odd() {
        for id in ["caf\u{e9}", "玻尿酸", "\u{ac00}", "ascii", "", "\u{1f9f4}"] {
            assert!(!is_odd(id), "{id}");
        }
        for id in ["cafe\u{301}", "\u{1100}\u{1161}", "\u{212b}", "\u{f900}"] {
            assert!(is_odd(id), "{id}");
        }
    }
}
