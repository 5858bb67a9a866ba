//! The line of an item: what ranking reads of it, in one cache line.

use super::details::ItemFields;
use super::palette::{BLANK, TAGS};
use crate::clock::{SECOND, Time};
use crate::id::{Hash, MerchantRow};
use crate::number::narrow;

/// Flags in the lowest bits of the check.
const AVAILABLE: u64 = 1;
const STUB: u64 = 2;
const SPILLED: u64 = 4;
const FLAGS: u64 = AVAILABLE | STUB | SPILLED;
/// Listing time of an item that has none.
const UNLISTED: u32 = u32::MAX;

/// The fields of one item that ranking reads.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Item {
    /// 61 bits of the id's hash, and the flags.
    pub(super) check: u64,
    pub(super) tags: [u32; TAGS],
    /// The merchant that sells it.
    pub merchant: MerchantRow,
    /// ln(1 + price); NaN without a price.
    pub ln_price: f32,
    /// Time of its listing, in seconds since 1970.
    pub(super) listed_at: u32,
}

const _: () = assert!(size_of::<Item>() == 64, "one cache line");

impl Item {
    /// The line of a row without an item.
    pub(super) const FREE: Self = Self {
        check: STUB,
        tags: [BLANK; TAGS],
        merchant: MerchantRow::NONE,
        ln_price: f32::NAN,
        listed_at: UNLISTED,
    };

    /// Creates the line of an item that is not declared yet.
    pub(super) fn undeclared(hash: Hash) -> Self {
        Self::FREE.with(hash, STUB)
    }

    /// Returns the line with other hash and flags.
    pub(super) fn with(self, hash: Hash, flags: u64) -> Self {
        Self {
            check: (hash.check() & !FLAGS) | flags,
            ..self
        }
    }

    /// Replaces the declared fields; `packed` is `None` if the tags are spilled.
    pub(super) fn declare(&mut self, fields: &ItemFields, packed: Option<[u32; TAGS]>) {
        let available = if fields.available { AVAILABLE } else { 0 };
        let spilled = if packed.is_none() { SPILLED } else { 0 };
        *self = Self {
            check: (self.check & !FLAGS) | available | spilled,
            tags: packed.unwrap_or([BLANK; TAGS]),
            merchant: fields.merchant,
            ln_price: fields.price.map_or(f32::NAN, |price| narrow(price.ln_1p())),
            listed_at: fields.listed_at.map_or(UNLISTED, whole_seconds),
        };
    }

    /// Marks the item as not declared.
    pub(super) fn withdraw(&mut self) {
        self.check |= STUB;
    }

    /// Returns the flags, without the hash.
    pub(super) fn flags(&self) -> u64 {
        self.check & FLAGS
    }

    /// Returns whether this is very likely the item whose id has that hash.
    #[inline(always)]
    #[must_use]
    pub fn is(&self, hash: Hash) -> bool {
        (self.check ^ hash.check()) & !FLAGS == 0
    }

    /// Returns whether the item is available.
    #[inline(always)]
    #[must_use]
    pub fn available(&self) -> bool {
        self.check & AVAILABLE != 0
    }

    /// Returns whether the item is known from events only and not declared, or the row is free.
    #[inline(always)]
    #[must_use]
    pub fn stub(&self) -> bool {
        self.check & STUB != 0
    }

    /// Returns whether the tags don't fit the line and are kept beside it.
    #[inline(always)]
    pub(super) fn spilled(&self) -> bool {
        self.check & SPILLED != 0
    }

    /// Returns whether the item has any tag.
    #[inline(always)]
    #[must_use]
    pub fn has_tags(&self) -> bool {
        self.tags[0] != BLANK || self.spilled()
    }

    /// Returns the time of listing, to the second.
    #[inline(always)]
    #[must_use]
    pub fn listed_at(&self) -> Option<Time> {
        if self.listed_at == UNLISTED {
            None
        } else {
            Time::from_millis(i64::from(self.listed_at) * SECOND)
        }
    }
}

/// Returns the seconds since 1970 of a time, which is clamped to 1970 to 2106.
fn whole_seconds(at: Time) -> u32 {
    u32::try_from(
        at.millis()
            .div_euclid(SECOND)
            .clamp(0, i64::from(UNLISTED - 1)),
    )
    .unwrap_or(UNLISTED)
}
