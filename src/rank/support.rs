//! Support: which candidates have a runner that is behind the plan of its stage, and why.

use super::lift::grouped;
use super::view::View;
use crate::id::ItemRow;
use crate::race::Kind;
use crate::support::Climb;

/// Returns the kind and the row of the runner of an item that is behind its plan: its merchant, else its creator, else the item itself;
/// `None` if none is.
pub(super) fn behind(view: &View<'_>, row: ItemRow) -> Option<(Kind, u32)> {
    let item = view.items.get(row);
    let climbers = |kind: Kind| view.market.climbers(kind as usize);
    let is_behind = |kind: Kind, row: &u32| climbers(kind).is_some_and(|it| it.is_behind(*row));
    let merchant = item.merchant.some().map(|merchant| merchant.0);
    if let Some(merchant) = merchant.filter(|row| is_behind(Kind::Merchant, row)) {
        return Some((Kind::Merchant, merchant));
    }
    // The creator of an item takes a walk over its tags.
    if climbers(Kind::Creator).is_some_and(|it| !it.is_empty()) {
        let creator = view.items.creator(row, item, view.tags).some();
        let creator = creator.map(|creator| creator.0);
        if let Some(creator) = creator.filter(|row| is_behind(Kind::Creator, row)) {
            return Some((Kind::Creator, creator));
        }
    }
    is_behind(Kind::Item, &row.0).then_some((Kind::Item, row.0))
}

/// Returns why an item is supported: "stage 2, 412 of 1,000, 60 % behind plan".
pub(super) fn reason(view: &View<'_>, item: ItemRow) -> Option<String> {
    let (kind, row) = behind(view, item)?;
    let climb: &Climb = view.market.climbers(kind as usize)?.get(row)?;
    Some(format!(
        "stage {}, {} of {}, {:.0} % behind plan",
        climb.stage,
        grouped(climb.served),
        grouped(crate::number::real(climb.quota)),
        climb.credit * 100.0
    ))
}
