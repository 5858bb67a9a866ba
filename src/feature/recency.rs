//! The users in the order in which they were last seen: a list linked through their records of presence, so that each step takes constant
//! time and an event touches no further cache line.
//!
//! The links are not stored: a checkpoint holds the position of each user, and [`Recency::link`] restores the order from them.

use super::figure::Records;
use super::presence::Presence;
use crate::clock::Day;
use crate::id::UserRow;

/// The order in which rows were last touched.
#[derive(Debug, Default)]
pub(super) struct Recency {
    earliest: UserRow,
    latest: UserRow,
    /// Number of touches, which is the position of the latest one.
    touches: u64,
}

impl Recency {
    /// Returns the row that was touched least recently.
    pub(super) fn earliest(&self) -> Option<UserRow> {
        self.earliest.some()
    }

    /// Returns the number of touches.
    pub(super) fn touches(&self) -> u64 {
        self.touches
    }

    /// Returns the rows that were touched after a number of touches, the latest first.
    pub(super) fn since(
        &self,
        records: &Records<Presence>,
        touches: u64,
    ) -> impl Iterator<Item = UserRow> {
        let earlier = |row: &UserRow| records.get(*row)?.earlier.some();
        let rows = std::iter::successors(self.latest.some(), earlier);
        rows.take_while(move |row| records.get(*row).is_some_and(|it| it.touch > touches))
    }

    /// Moves a row to the end; adds it if it is not in the list.
    pub(super) fn touch(&mut self, records: &mut Records<Presence>, row: UserRow, day: Day) {
        self.touches += 1;
        let presence = records.get_mut(row);
        (presence.touch, presence.day) = (self.touches, Some(day));
        if row != self.latest {
            self.unlink(records, row);
            self.append(records, row);
        }
    }

    /// Appends a row that is not in the list.
    fn append(&mut self, records: &mut Records<Presence>, row: UserRow) {
        if let Some(added) = records.unstored(row) {
            (added.earlier, added.later) = (self.latest, UserRow::NONE);
        }
        match records.unstored(self.latest) {
            Some(latest) => latest.later = row,
            None => self.earliest = row,
        }
        self.latest = row;
    }

    /// Removes a row, if it is in the list.
    pub(super) fn remove(&mut self, records: &mut Records<Presence>, row: UserRow) {
        self.unlink(records, row);
        if let Some(removed) = records.unstored(row) {
            (removed.earlier, removed.later) = (UserRow::NONE, UserRow::NONE);
        }
    }

    /// Links the neighbours of a row with each other, if it is in the list.
    fn unlink(&mut self, records: &mut Records<Presence>, row: UserRow) {
        let Some(&Presence { earlier, later, .. }) = records.get(row) else {
            return;
        };
        match records.unstored(earlier) {
            Some(earlier) => earlier.later = later,
            None if self.earliest == row => self.earliest = later,
            None => return,
        }
        match records.unstored(later) {
            Some(later) => later.earlier = earlier,
            None => self.latest = earlier,
        }
    }

    /// Builds the list from the position of the last touch of each row.
    pub(super) fn link(&mut self, records: &mut Records<Presence>, mut rows: Vec<(u64, UserRow)>) {
        rows.sort_unstable();
        *self = Self {
            touches: rows.last().map_or(0, |(touch, _)| *touch),
            ..Self::default()
        };
        for (_, row) in rows {
            records.get_mut(row);
            self.append(records, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(recency: &Recency, records: &Records<Presence>) -> Vec<u32> {
        let next = |row: &UserRow| records.get(*row)?.later.some();
        let rows = std::iter::successors(recency.earliest(), next);
        rows.map(|row| row.0).collect()
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn the_list_follows_its_model(steps in prop::collection::vec((0u32..12, 0u8..4), 0..120)) {
            let (mut recency, mut records, mut model) = (Recency::default(), Records::default(), Vec::new());
            for (row, step) in steps {
                model.retain(|known| *known != row);
                if step == 0 {
                    recency.remove(&mut records, UserRow(row));
                } else {
                    recency.touch(&mut records, UserRow(row), Day(0));
                    model.push(row);
                }
                prop_assert_eq!(&rows(&recency, &records), &model);
                prop_assert_eq!(recency.latest.some(), model.last().map(|row| UserRow(*row)));
                let half = recency.touches() / 2;
                let later = model.iter().filter(|row| records.get(UserRow(**row)).unwrap().touch > half);
                let since: Vec<u32> = recency.since(&records, half).map(|row| row.0).collect();
                prop_assert_eq!(since, later.rev().copied().collect::<Vec<_>>());
            }
            let touch = |row: &u32| (records.get(UserRow(*row)).unwrap().touch, UserRow(*row));
            let order = model.iter().rev().map(touch).collect();
            let (mut recency, mut again) = (Recency::default(), Records::<Presence>::default());
            recency.link(&mut again, order);
            prop_assert_eq!(rows(&recency, &again), model);
        }
    }
}
