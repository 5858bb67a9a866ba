//! The catalogue keeps what was declared.

use super::*;
use crate::feature::{Merchants, Tags};
use crate::id::{IdHasher, MerchantRow, TagId};
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
