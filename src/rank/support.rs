//! Support: which candidates have a runner that is behind the plan of its stage, and why.

use super::lift::grouped;
use super::view::View;
use crate::id::ItemRow;
use crate::race::Kind;
use crate::support::Climb;

/// Returns the kind of the runner of an item that is behind its plan: its merchant, else the item itself; `None` if neither is.
pub(super) fn behind(view: &View<'_>, item: ItemRow) -> Option<Kind> {
    let is_behind = |kind: Kind, row: u32| {
        let climbers = view.market.climbers(kind as usize);
        climbers.is_some_and(|climbers| climbers.is_behind(row))
    };
    let merchant = view.items.get(item).merchant.some();
    if merchant.is_some_and(|merchant| is_behind(Kind::Merchant, merchant.0)) {
        return Some(Kind::Merchant);
    }
    is_behind(Kind::Item, item.0).then_some(Kind::Item)
}

/// Returns why an item is supported: "stage 2, 412 of 1,000, 60 % behind plan".
pub(super) fn reason(view: &View<'_>, item: ItemRow) -> Option<String> {
    let kind = behind(view, item)?;
    let row = match kind {
        Kind::Merchant => view.items.get(item).merchant.0,
        Kind::Item | Kind::Creator => item.0,
    };
    let climb: &Climb = view.market.climbers(kind as usize)?.get(row)?;
    Some(format!(
        "stage {}, {} of {}, {:.0} % behind plan",
        climb.stage,
        grouped(climb.served),
        grouped(crate::number::real(climb.quota)),
        climb.credit * 100.0
    ))
}
