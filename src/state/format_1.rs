//! The head of format 1, which held the small parts of all books in one; still read, never written.

use serde::Deserialize;

use super::Books;
use super::seen::SeenImage;
use crate::feature::ItemsImage;
use crate::id::{MerchantRow, UserRow};
use crate::race::LedgerImage;

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
    pub(super) const CODES: [u8; 12] = [
        0x00, 0x01, 0x02, 0x03, 0x11, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25,
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
