//! Support: which candidates have a runner that is behind the plan of its stage, and why.

use super::lift::grouped;
use super::slate::Group;
use super::view::View;
use crate::feature::Item;
use crate::id::ItemRow;
use crate::race::{Kind, PerKind};
use crate::support::{Climb, Climbers};

/// The runners that are behind the plan of their stage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind<'a> {
    view: &'a View<'a>,
    /// `None` if none of the kind is behind.
    climbers: PerKind<Option<&'a Climbers>>,
}

impl<'a> Behind<'a> {
    /// Returns the runners of a snapshot that are behind their plan.
    pub(super) fn new(view: &'a View<'a>) -> Self {
        let of = |kind: Kind| view.market.climbers(kind as usize);
        Self {
            view,
            climbers: PerKind::from_fn(|kind| of(kind).filter(|it| it.any_behind())),
        }
    }

    /// Returns the kind and the row of the runner of an item that is behind its plan: its merchant, else its creator, else the item
    /// itself; `None` if none is.
    #[inline(always)]
    pub(super) fn of(&self, row: ItemRow, item: &Item) -> Option<(Kind, u32)> {
        let merchant = item.merchant.0;
        if self.has(Kind::Merchant, merchant) {
            return Some((Kind::Merchant, merchant));
        }
        if self.climbers[Kind::Creator].is_some() {
            return self.creator_or_item(row, item);
        }
        self.has(Kind::Item, row.0).then_some((Kind::Item, row.0))
    }

    /// Returns that runner as a group.
    #[inline(always)]
    pub(super) fn group(&self, row: ItemRow, item: &Item) -> Option<Group> {
        let (kind, row) = self.of(row, item)?;
        Some(match kind {
            Kind::Merchant => Group::of(row),
            Kind::Creator => Group::of_creator(row),
            Kind::Item => Group::alone(ItemRow(row)),
        })
    }

    /// Returns the runner of an item whose merchant is not behind. Its creator takes a walk over its tags.
    fn creator_or_item(&self, row: ItemRow, item: &Item) -> Option<(Kind, u32)> {
        let creator = self.view.items.creator(row, item, self.view.tags).0;
        let creator = self.has(Kind::Creator, creator).then_some(creator);
        let creator = creator.map(|creator| (Kind::Creator, creator));
        creator.or_else(|| self.has(Kind::Item, row.0).then_some((Kind::Item, row.0)))
    }

    /// Returns whether a runner is behind its plan; false for no runner.
    #[inline(always)]
    fn has(&self, kind: Kind, row: u32) -> bool {
        self.climbers[kind].is_some_and(|it| it.is_behind(row))
    }
}

/// Returns why an item is supported: "stage 2, 412 of 1,000, 60 % behind plan".
pub(super) fn reason(view: &View<'_>, item: ItemRow) -> Option<String> {
    let (kind, row) = Behind::new(view).of(item, view.items.get(item))?;
    let climb: &Climb = view.market.climbers(kind as usize)?.get(row)?;
    Some(format!(
        "stage {}, {} of {}, {:.0} % behind plan",
        climb.stage,
        grouped(climb.served),
        grouped(crate::number::real(climb.quota)),
        climb.credit * 100.0
    ))
}
