//! A slice of rows, judged outside of the lock for writing.

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
    /// The rows, ascending.
    pub(super) judged: Vec<ItemRow>,
    /// The members among them, by the place of the selection.
    pub(super) members: Vec<(usize, Vec<ItemRow>)>,
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
        let mut members = vec![Vec::new(); places.len()];
        let mut undecided = vec![0; places.len()];
        for row in rows {
            judged.push(row);
            let Some(item) = judge.item(row) else {
                continue;
            };
            for (number, place) in places.iter().enumerate() {
                let Some(selection) = list.get(*place) else {
                    continue;
                };
                match selection.condition.holds(&item) {
                    Ok(true) => members[number].push(row),
                    Ok(false) => {}
                    Err(_) => undecided[number] += 1,
                }
            }
        }
        Self {
            judged,
            members: places.iter().copied().zip(members).collect(),
            undecided: places.iter().copied().zip(undecided).collect(),
        }
    }
}
