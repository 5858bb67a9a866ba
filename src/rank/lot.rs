//! The order of equal scores: by lot, another lot for each user and day, so that no id can be made to win.
//!
//! The lot of an id is SipHash-2-4 of its bytes under the key (k0, k1): k0 is SipHash-2-4 of the user id's bytes under the key (0, 0),
//! and k1 is the number of the day. Smaller lots come first; equal lots are ordered by the bytes of the id. A fixed order of ids would
//! let a shop win every tie by trying names.

use std::cell::OnceCell;
use std::cmp::Ordering;

use siphasher::sip::SipHasher24;

use crate::clock::Day;

/// The lots of one user on one day. The key is computed with the first lot: most requests have no ties.
#[derive(Debug)]
pub struct Lots<'a> {
    user: &'a str,
    day: Day,
    hasher: OnceCell<SipHasher24>,
}

impl<'a> Lots<'a> {
    /// Creates the lots of a user on a day; a board that belongs to no user has the empty one.
    #[must_use]
    pub const fn new(user: &'a str, day: Day) -> Self {
        Self {
            user,
            day,
            hasher: OnceCell::new(),
        }
    }

    /// Creates the lots of a user on a day, given the user's key.
    #[must_use]
    pub fn keyed(user: u64, day: Day) -> Self {
        let day_number = i64::from(day.0).cast_unsigned();
        Self {
            user: "",
            day,
            hasher: OnceCell::from(SipHasher24::new_with_keys(user, day_number)),
        }
    }

    /// Returns the key of a user: k0.
    #[must_use]
    pub fn user_key(user: &str) -> u64 {
        SipHasher24::new_with_keys(0, 0).hash(user.as_bytes())
    }

    /// Returns the sort key of an id: its lot, then its bytes.
    #[must_use]
    pub fn key<'i>(&self, id: &'i str) -> (u64, &'i str) {
        (self.lot(id), id)
    }

    /// Compares two ids of equal score.
    #[must_use]
    pub fn compare(&self, a: &str, b: &str) -> Ordering {
        self.key(a).cmp(&self.key(b))
    }

    fn lot(&self, id: &str) -> u64 {
        let hasher = self.hasher.get_or_init(|| {
            let user = Self::user_key(self.user);
            SipHasher24::new_with_keys(user, i64::from(self.day.0).cast_unsigned())
        });
        hasher.hash(id.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_match_the_published_vectors() {
        let lots = Lots::new("u-1001", Day(20_782));
        let vectors = [
            ("i-1", 0xef7b_2218_4b3b_6c68),
            ("i-2", 0x0459_7e76_8722_102f),
            ("玻尿酸", 0xbffd_8bdc_024d_ef31),
        ];
        for (id, lot) in vectors {
            assert_eq!(lots.lot(id), lot, "{id}");
        }
        assert_eq!(lots.compare("i-1", "i-2"), Ordering::Greater);
        assert_eq!(lots.compare("i-1", "i-1"), Ordering::Equal);
        let board = Lots::new("", Day(20_782));
        assert_eq!(board.lot("i-1"), 0xad2b_8d6e_9d6f_f711);
    }
}
