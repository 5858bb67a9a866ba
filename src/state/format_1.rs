//! Parts that have another shape today; still read, never written: of format 1 the head, which held the small parts of all books, and the
//! users, whose declared and learnt fields were one record; of later versions what users bought, of which only the number was held.

use serde::Deserialize;

use super::Books;
use super::encode::each;
use super::seen::SeenImage;
use crate::feature::{ItemsImage, Profile, User};
use crate::id::{MerchantRow, UserRow};
use crate::race::LedgerImage;

/// Code of the users' records.
pub(super) const USERS: u8 = 0x00;

/// Code of what users bought, by number alone. The days and the money are not in it, so its code of today counts as missing.
pub(super) const NUMBERS: u8 = 0x29;

/// Codes of today whose content the users' records hold.
pub(super) const CODES_OF_USERS: [u8; 2] = [0x26, 0x27];

/// The fields of the head of format 1 that belong to books; its other fields follow.
#[derive(Debug, Deserialize)]
pub struct Format1 {
    tags: Vec<u32>,
    items: ItemsImage,
    free_merchants: Vec<MerchantRow>,
    free_users: Vec<UserRow>,
    sales: LedgerImage,
    seen: SeenImage,
}

impl Format1 {
    /// Codes of today whose content the head or the other parts of format 1 hold.
    pub(super) const CODES: [u8; 13] = [
        0x01, 0x02, 0x03, 0x11, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
    ];

    pub(super) fn restore(self, books: &mut Books) {
        books.tags.restore(self.tags);
        books.items.restore(self.items);
        books.merchants.restore(self.free_merchants);
        books.users.restore(self.free_users);
        books.sales.restore(self.sales);
        books.seen.restore(self.seen);
    }
}

/// Restores a part of users' records.
pub(super) fn restore_users(books: &mut Books, bytes: &[u8]) -> Result<(), postcard::Error> {
    each(bytes, |(user, profile): (User, Profile)| {
        books.users.read_whole(user, profile, &books.hasher);
    })
}
