//! The catalogue keeps what was declared.

use super::*;
use crate::feature::{Merchants, Space, Tags};
use crate::id::{CreatorRow, IdHasher, MerchantRow, TagId};
use crate::number::narrow;
use proptest::prelude::*;

fn fields(tags: Vec<(TagId, f32)>) -> ItemFields {
    ItemFields {
        merchant: MerchantRow::NONE,
        category: TagId::NONE,
        region: TagId::NONE,
        price: None,
        listed_at: None,
        quality: None,
        long_term_value: None,
        available: true,
        tags,
    }
}

proptest! {
    #![proptest_config(crate::tests::cases(256))]

    #[test]
    fn tags_are_kept_exactly(all in prop::collection::vec(prop::collection::vec((1u32..40, 1i32..900), 0..20), 1..60)) {
        let (mut items, mut tags, mut merchants, hasher) = (Items::default(), Tags::default(), Merchants::default(), IdHasher::default());
        let given: Vec<Vec<(TagId, f32)>> =
            all.iter().map(|each| each.iter().map(|&(tag, weight)| (TagId(tag), narrow(f64::from(weight) / 7.0))).collect()).collect();
        for (n, each) in given.iter().enumerate() {
            let id = n.to_string();
            let hash = hasher.hash(&id);
            let row = items.create(hash, &id);
            items.declare(row, &fields(each.clone()), Box::default(), &mut tags, &mut merchants, &hasher);
        }
        for (n, each) in given.iter().enumerate() {
            let id = n.to_string();
            let row = items.find(hasher.hash(&id), &id).unwrap();
            prop_assert_eq!(items.find_by_hash(hasher.hash(&id)).map(|(row, _)| row), Some(row));
            let mut found = Vec::new();
            items.visit_tags(row, items.get(row), |tag, weight| found.push((tag, weight)));
            found.retain(|&(_, weight)| weight.abs() > 0.0);
            prop_assert_eq!(&found, each);
            prop_assert_eq!(items.get(row).has_tags(), !each.is_empty());
        }
    }
}

#[test]
fn kinds_and_creators_are_the_last_tags_of_their_spaces() {
    let (mut items, mut tags, hasher) = (Items::default(), Tags::default(), IdHasher::default());
    let mut merchants = Merchants::default();
    let mut tag = |space, name| tags.intern(&hasher, space, name).0;
    let plain = tag(Space::Plain, "video");
    let [first, video] = ["post", "video"].map(|name| tag(Space::Kind, name));
    let writer = tag(Space::Creator, "w");
    let unused = tag(Space::Kind, "live");
    for id in ["all", "none"] {
        items.create(hasher.hash(id), id);
    }
    let each = |found: &[TagId]| fields(found.iter().map(|tag| (*tag, 1.0)).collect());
    let [all, none] = ["all", "none"].map(|id| items.find(hasher.hash(id), id).unwrap());
    let carried = each(&[first, writer, plain, video]);
    for (row, fields) in [(all, &carried), (none, &each(&[plain]))] {
        items.declare(
            row,
            fields,
            Box::default(),
            &mut tags,
            &mut merchants,
            &hasher,
        );
    }
    let of = |row, tags: &Tags| {
        let item = items.get(row);
        (items.kind(row, item, tags), items.creator(row, item, tags))
    };
    assert_eq!(of(all, &tags), (Some(video), writer.into()));
    assert_eq!(of(none, &tags), (None, CreatorRow::NONE));
    // What is read from a checkpoint knows the spaces too.
    let mut read = Tags::default();
    read.restore(tags.carriers().iter().copied().collect());
    for number in 0..tags.len() {
        read.read_row(tags.name(TagId::at(number)).into(), &hasher);
    }
    assert_eq!(of(all, &read), (Some(video), writer.into()));
    // A number that goes to a tag of another space is no kind any more.
    let items = &mut Items::default();
    items.create(hasher.hash("i"), "i");
    let row = items.find(hasher.hash("i"), "i").unwrap();
    tags.free(&hasher, unused);
    tags.release(1);
    assert_eq!(tags.intern(&hasher, Space::Plain, "new").0, unused);
    let fields = each(&[unused]);
    items.declare(
        row,
        &fields,
        Box::default(),
        &mut tags,
        &mut merchants,
        &hasher,
    );
    assert_eq!(items.kind(row, items.get(row), &tags), None);
}
