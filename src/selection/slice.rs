//! A slice of rows, judged outside of the lock for writing.

use roaring::RoaringBitmap;

use crate::config::Selection;
use crate::expression::Fields;
use crate::id::ItemRow;

/// Reads items for conditions.
pub trait Judge {
    /// An item.
    type Item<'j>: Fields
    where
        Self: 'j;

    /// Returns the item of a row; `None` if no item is declared there.
    fn item(&self, row: ItemRow) -> Option<Self::Item<'_>>;
}

/// The judgement of some rows.
#[derive(Debug)]
pub struct Slice {
    /// The rows.
    pub(super) judged: RoaringBitmap,
    /// The members among them, by the place of the selection.
    pub(super) members: Vec<(usize, RoaringBitmap)>,
    /// Number of judgements without a value, by the place of the selection.
    pub(super) undecided: Vec<(usize, u64)>,
}

impl Slice {
    /// Judges rows, ascending, for the selections in some places of a list.
    pub fn judge(
        list: &[Selection],
        places: &[usize],
        rows: impl Iterator<Item = ItemRow>,
        judge: &impl Judge,
    ) -> Self {
        let mut judged = Vec::new();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); places.len()];
        let mut undecided = vec![0; places.len()];
        for row in rows {
            judged.push(row.0);
            let Some(item) = judge.item(row) else {
                continue;
            };
            for (number, place) in places.iter().enumerate() {
                let Some(selection) = list.get(*place) else {
                    continue;
                };
                match selection.condition.holds(&item) {
                    Ok(true) => members[number].push(row.0),
                    Ok(false) => {}
                    Err(_) => undecided[number] += 1,
                }
            }
        }
        let members = members.into_iter().map(RoaringBitmap::from_iter);
        Self {
            judged: judged.into_iter().collect(),
            members: places.iter().copied().zip(members).collect(),
            undecided: places.iter().copied().zip(undecided).collect(),
        }
    }
}
