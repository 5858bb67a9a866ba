//! The users in the order in which they were last seen: a list linked through the rows, so that each step takes constant time.
//!
//! The links are not stored: a checkpoint holds the position of each user, and [`Recency::link`] restores the order from them.

use super::column::Column;
use crate::id::UserRow;
use crate::prefetch::prefetch;

/// Neighbours of a row in the list.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    earlier: UserRow,
    later: UserRow,
}

/// The order in which rows were last touched.
#[derive(Debug, Default)]
pub(super) struct Recency {
    links: Column<Link>,
    earliest: UserRow,
    latest: UserRow,
    /// Number of touches, which is the position of the latest one.
    pub(super) touches: u64,
}

impl Recency {
    /// Returns the row that was touched least recently.
    pub(super) fn earliest(&self) -> Option<UserRow> {
        self.earliest.some()
    }

    /// Prefetches the links of a row.
    pub(super) fn prefetch(&self, row: UserRow) {
        self.links.get(row.index()).into_iter().for_each(prefetch);
    }

    /// Moves a row to the end; adds it if it is not in the list. Returns the position of this touch.
    pub(super) fn touch(&mut self, row: UserRow) -> u64 {
        self.touches += 1;
        if row != self.latest {
            self.remove(row);
            self.append(row);
        }
        self.touches
    }

    /// Appends a row that is not in the list.
    fn append(&mut self, row: UserRow) {
        while self.links.len() <= row.index() {
            self.links.push(Link::default());
        }
        self.links[row.index()] = Link {
            earlier: self.latest,
            later: UserRow::NONE,
        };
        match self.latest.some() {
            Some(latest) => self.links[latest.index()].later = row,
            None => self.earliest = row,
        }
        self.latest = row;
    }

    /// Removes a row, if it is in the list.
    pub(super) fn remove(&mut self, row: UserRow) {
        let Some(&Link { earlier, later }) = self.links.get(row.index()) else {
            return;
        };
        match earlier.some() {
            Some(earlier) => self.links[earlier.index()].later = later,
            None if self.earliest == row => self.earliest = later,
            None => return,
        }
        match later.some() {
            Some(later) => self.links[later.index()].earlier = earlier,
            None => self.latest = earlier,
        }
        self.links[row.index()] = Link::default();
    }

    /// Builds the list from the position of the last touch of each row.
    pub(super) fn link(&mut self, mut rows: Vec<(u64, UserRow)>) {
        rows.sort_unstable();
        *self = Self {
            touches: rows.last().map_or(0, |(touch, _)| *touch),
            ..Self::default()
        };
        rows.into_iter().for_each(|(_, row)| self.append(row));
    }

    /// Returns the bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.links.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(recency: &Recency) -> Vec<u32> {
        let next = |row: &UserRow| recency.links[row.index()].later.some();
        let rows = std::iter::successors(recency.earliest(), next);
        rows.map(|row| row.0).collect()
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn the_list_follows_its_model(steps in prop::collection::vec((0u32..12, 0u8..4), 0..120)) {
            let (mut recency, mut model, mut touches) = (Recency::default(), Vec::new(), [0; 12]);
            for (row, step) in steps {
                model.retain(|known| *known != row);
                if step == 0 {
                    recency.remove(UserRow(row));
                } else {
                    touches[row as usize] = recency.touch(UserRow(row));
                    model.push(row);
                }
                prop_assert_eq!(&rows(&recency), &model);
                prop_assert_eq!(recency.latest.some(), model.last().map(|row| UserRow(*row)));
            }
            let mut again = Recency::default();
            again.link(model.iter().rev().map(|row| (touches[*row as usize], UserRow(*row))).collect());
            prop_assert_eq!(rows(&again), model);
        }
    }
}
