//! Sums over the tags of an item.

use wide::f32x4;

use super::super::tags::Tags;
use super::catalogue::Items;
use super::line::Item;
use super::palette::{BLANK, TAG_MASK};
use crate::bits::Bits;
use crate::id::{CreatorRow, ItemRow, TagId};

impl Items {
    /// Calls `visit` for each tag of an item, with its weight.
    pub fn visit_tags(&self, row: ItemRow, item: &Item, mut visit: impl FnMut(TagId, f32)) {
        if item.spilled() {
            let spilled = self.details(row).spilled.iter().flatten();
            return spilled.for_each(|&(tag, weight)| visit(tag, weight));
        }
        for packed in item.tags.into_iter().filter(|&packed| packed != BLANK) {
            let [weight, _] = self.palette.weight(packed);
            visit(TagId(packed & TAG_MASK), weight);
        }
    }

    /// Returns the creator of an item: the last of its tags in the creators' name space, because `creator_id` comes after the declared tags.
    #[inline]
    #[must_use]
    pub fn creator(&self, row: ItemRow, item: &Item, tags: &Tags) -> CreatorRow {
        let [creators, _] = tags.marks();
        let creator = self.last_of(creators, row, item);
        creator.map_or(CreatorRow::NONE, CreatorRow::from)
    }

    /// Returns the kind of an item: the last of its tags in the name space of kinds.
    #[must_use]
    pub fn kind(&self, row: ItemRow, item: &Item, tags: &Tags) -> Option<TagId> {
        let [_, kinds] = tags.marks();
        self.last_of(kinds, row, item)
    }

    /// Returns the last tag of an item that lies in a set.
    #[inline]
    fn last_of(&self, set: &Bits, row: ItemRow, item: &Item) -> Option<TagId> {
        let mut last = None;
        if !set.is_empty() {
            self.visit_tags(row, item, |tag, _| {
                if set.has(tag.index()) {
                    last = Some(tag);
                }
            });
        }
        last
    }

    /// Returns Σ w·a and Σ w²·b over the tags of an item, with w a tag's weight and (a, b) the entry of `table` at its number.
    ///
    /// The table begins with (0, 0); its length is a power of two above every tag's number. Free slots of a line count as tag 0 of
    /// weight 0: a loop of constant length is faster than one that ends early.
    #[inline(always)]
    #[must_use]
    pub fn sums(&self, row: ItemRow, item: &Item, table: &[[f32; 2]]) -> [f32; 2] {
        if item.spilled() {
            let spilled = self.details(row).spilled.iter().flatten();
            let terms =
                spilled.map(|&(tag, w)| [w * table[tag.index()][0], w * w * table[tag.index()][1]]);
            return terms.fold([0.0; 2], add);
        }
        let table = &table[..=(table.len() - 1).min(TAG_MASK as usize)];
        let last = table.len() - 1;
        let two = |one: u32, other: u32| {
            let ([a, b], [c, d]) = (self.palette.weight(one), self.palette.weight(other));
            let ([e, f], [g, h]) = (table[one as usize & last], table[other as usize & last]);
            (f32x4::new([a, b, c, d]), f32x4::new([e, f, g, h]))
        };
        let (pairs, rest) = item.tags.as_chunks::<2>();
        let mut sums = f32x4::ZERO;
        for &[one, other] in pairs {
            let (weights, values) = two(one, other);
            sums = weights.mul_add(values, sums);
        }
        for &one in rest {
            let (weights, values) = two(one, BLANK);
            sums = weights.mul_add(values, sums);
        }
        let [a, b, c, d] = sums.to_array();
        [a + c, b + d]
    }
}

fn add(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] + b[0], a[1] + b[1]]
}
