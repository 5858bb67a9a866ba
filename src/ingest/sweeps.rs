//! The progress of sweeps: when one is due, and which names facts use while one runs.

use crate::feature::{Learned, Named};
use crate::id::{ItemRow, MerchantRow, TagId};

/// Number of changes after which a sweep is due, beside an eighth of the names. Below the room for unknown items and merchants.
const CHANGES: u64 = 512;

/// Progress of sweeps.
#[derive(Debug, Default)]
pub(super) struct Sweeps {
    /// Names that facts used since the running sweep began; `None` if none runs.
    used: Option<Named>,
    /// Number of changes since the last sweep that may have added a name or taken the last use of one.
    changes: u64,
}

impl Sweeps {
    /// Returns whether enough changed since the last sweep, if there are `names` names.
    pub(super) fn are_due(&self, names: usize) -> bool {
        self.changes > CHANGES + names as u64 / 8
    }

    /// Begins a sweep.
    pub(super) fn begin(&mut self) {
        self.used = Some(Named::default());
        self.changes = 0;
    }

    /// Returns the names that facts used since the running sweep began.
    pub(super) fn used(&self) -> Option<&Named> {
        self.used.as_ref()
    }

    /// Ends the sweep.
    pub(super) fn end(&mut self) {
        self.used = None;
    }

    /// Notes a change that may have taken the last use of a name.
    pub(super) fn note(&mut self) {
        self.changes += 1;
    }

    /// Notes the use of a tag by a fact.
    pub(super) fn tag(&mut self, tag: TagId, is_new: bool) {
        self.changes += u64::from(is_new);
        if let Some(used) = &mut self.used {
            used.tag(tag);
        }
    }

    /// Notes the use of a merchant by a fact.
    pub(super) fn merchant(&mut self, merchant: MerchantRow, is_new: bool) {
        self.changes += u64::from(is_new);
        if let Some(used) = &mut self.used {
            used.merchant(merchant);
        }
    }

    /// Notes the use of an item by a fact.
    pub(super) fn item(&mut self, item: ItemRow) {
        self.changes += 1;
        if let Some(used) = &mut self.used {
            used.item(item);
        }
    }

    /// Notes what an event lets its user learn of.
    pub(super) fn learnt(&mut self, event: &Learned<'_>) {
        let Some(used) = &mut self.used else { return };
        event.tags.iter().for_each(|(tag, _)| used.tag(*tag));
        event.bond.into_iter().for_each(|bond| used.bond(bond));
        used.user(event.buyer);
        used.tag(event.creator.into());
        used.item(event.item);
        used.merchant(event.merchant);
    }
}
