//! Sweeps beside facts: a state that is swept gives the same answers as one that never is, and keeps no name that nothing uses.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{EntityKind, Facts, Operation, mark_creators, mark_sold};
use super::{delete, send};
use crate::chunked::Chunked;
use crate::clock::Day;
use crate::config::{Config, UnknownItems};
use crate::feature::{Bond, Named};
use crate::id::{CreatorRow, ItemRow, MerchantRow, TagId};

#[derive(Clone, Debug)]
enum Step {
    Item(u8, Vec<u8>),
    User(u8, Vec<u8>),
    Merchant(u8, u8),
    Event(u8, u8, &'static str),
    Follow(u8, u8, bool),
    Creator(u8, u8),
    DeleteItem(u8),
    DeleteUser(u8),
    DeleteMerchant(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let tags = || prop::collection::vec(0u8..12, 0..3);
    let kind = prop::sample::select(vec!["view", "purchase"]);
    prop_oneof![
        3 => (0u8..5, tags()).prop_map(|(id, tags)| Step::Item(id, tags)),
        2 => (0u8..4, tags()).prop_map(|(id, tags)| Step::User(id, tags)),
        1 => (0u8..4, 0u8..3).prop_map(|(id, region)| Step::Merchant(id, region)),
        4 => (0u8..4, 0u8..5, kind).prop_map(|(user, item, kind)| Step::Event(user, item, kind)),
        2 => (0u8..4, 0u8..8, any::<bool>()).prop_map(|(user, merchant, holds)| Step::Follow(user, merchant, holds)),
        1 => (0u8..4, 0u8..4).prop_map(|(user, creator)| Step::Creator(user, creator)),
        2 => (0u8..5).prop_map(Step::DeleteItem),
        2 => (0u8..4).prop_map(Step::DeleteUser),
        1 => (0u8..4).prop_map(Step::DeleteMerchant),
    ]
}

fn apply(facts: &mut Facts, config: &Config, step: &Step) {
    let at = "2025-11-01T00:00:00Z";
    let names = |tags: &[u8]| -> Vec<String> { tags.iter().map(|tag| format!("t{tag}")).collect() };
    let upsert = Operation::Upsert;
    let (operation, fact) = match step {
        Step::Item(id, tags) => (
            upsert(EntityKind::Item),
            json!({"id": format!("i{id}"), "merchant_id": format!("m{}", id % 3), "category": format!("c{}", tags.len()), "creator_id": format!("c{}", tags.len() * 2), "region": format!("r{id}"), "tags": names(tags)}),
        ),
        Step::User(id, tags) => (
            upsert(EntityKind::User),
            json!({"id": format!("u{id}"), "tags": names(tags)}),
        ),
        Step::Merchant(id, region) => (
            upsert(EntityKind::Merchant),
            json!({"id": format!("m{id}"), "region": format!("r{region}")}),
        ),
        Step::Event(user, item, kind) => (
            Operation::Events,
            json!({"user_id": format!("u{user}"), "item_id": format!("i{item}"), "kind": kind, "at": at, "amount": 2}),
        ),
        Step::Follow(user, merchant, holds) => (
            Operation::Events,
            json!({"user_id": format!("u{user}"), "merchant_id": format!("m{merchant}"), "kind": if *holds { "follow" } else { "unfollow" }, "at": at}),
        ),
        Step::Creator(user, creator) => (
            Operation::Events,
            json!({"user_id": format!("u{user}"), "creator_id": format!("c{creator}"), "kind": "follow", "at": at}),
        ),
        Step::DeleteItem(id) => return remove(facts, EntityKind::Item, &format!("i{id}")),
        Step::DeleteUser(id) => return remove(facts, EntityKind::User, &format!("u{id}")),
        Step::DeleteMerchant(id) => return remove(facts, EntityKind::Merchant, &format!("m{id}")),
    };
    // An event for an item that is not there is rejected in both states.
    let _fate = send(facts, config, operation, &fact);
}

fn remove(facts: &mut Facts, kind: EntityKind, id: &str) {
    let _existed = delete(facts, kind, id);
}

/// Returns all that the state knows, by names.
fn known(facts: &Facts) -> BTreeMap<String, Value> {
    let books = &facts.books;
    let tag = |tag: u32| books.tags.name(TagId(tag)).to_owned();
    let merchant = |row: u32| {
        books
            .merchants
            .get(MerchantRow(row))
            .unwrap()
            .id()
            .to_owned()
    };
    let mut known = BTreeMap::new();
    let mut sold: BTreeMap<String, usize> = BTreeMap::new();
    for purchase in books.sales.purchases().iter().flat_map(Chunked::iter) {
        let creator = purchase.creator().some();
        let name = creator.map(|creator| tag(creator.0));
        *sold.entry(name.unwrap_or_default()).or_default() += 1;
    }
    known.insert("sold".to_owned(), json!(sold));
    for id in (0..5).map(|id| format!("i{id}")) {
        let row = books.items.find(books.hasher.hash(&id), &id);
        if let Some(row) = row.filter(|row| !books.items.get(*row).stub()) {
            let mut tags = BTreeSet::new();
            books.items.visit_tags(row, books.items.get(row), |it, _| {
                tags.insert(tag(it.0));
            });
            let details = books.items.details(row);
            let places = [details.category, details.region].map(|it| tag(it.0));
            known.insert(id, json!([tags, places]));
        }
    }
    for id in (0..4).map(|id| format!("u{id}")) {
        let Some(row) = books.users.find(&books.hasher, &id) else {
            continue;
        };
        let user = books.users.get(row).unwrap();
        let declared: BTreeSet<String> = user.tags.iter().map(|(it, _)| tag(it.0)).collect();
        let profile = books.users.profile(row).unwrap();
        let tags = profile.tags().entries();
        let tags: BTreeMap<String, f64> = tags.map(|it| (tag(it.key), it.weight)).collect();
        let items = profile.items().entries();
        let item = |row| books.items.id(ItemRow(row)).to_owned();
        let items: BTreeMap<String, f64> = items.map(|it| (item(it.key), it.weight)).collect();
        let merchants = profile.merchants().entries();
        let merchants: BTreeMap<String, f64> =
            merchants.map(|it| (merchant(it.key), it.weight)).collect();
        let follows = profile.follows().map(|bond| match bond {
            Bond::Merchant(row) => merchant(row.0),
            Bond::Creator(it) => tag(it.0),
        });
        let follows: BTreeSet<String> = follows.collect();
        known.insert(id, json!([declared, tags, items, merchants, follows]));
    }
    known
}

/// Returns the names that a whole walk finds, and those that the tags hold.
fn names(facts: &Facts) -> (BTreeSet<String>, BTreeSet<String>) {
    let (books, mut named) = (&facts.books, Named::default());
    facts.mark_users(0..books.users.rows(), &mut named);
    facts.mark_items(0..books.items.rows(), &mut named);
    facts.mark_merchants(0..books.merchants.rows(), &mut named);
    mark_creators(&books.sales.purchases(), &mut named);
    let all = (1..books.tags.len()).map(TagId::at);
    let (mut used, mut held) = (BTreeSet::new(), BTreeSet::new());
    for tag in all {
        let name = books.tags.name(tag).to_owned();
        if named.has_tag(tag) || books.tags.carriers_of(tag) > 0 {
            assert_ne!(name, "", "a freed tag is still used");
            used.insert(name.clone());
        }
        held.extend(Some(name).filter(|name| !name.is_empty()));
    }
    (used, held)
}

/// Sweeps in slices of two rows, with a step after each.
pub(super) fn sweep<'s>(facts: &mut Facts, between: impl FnMut(&mut Facts) + 's) {
    sweep_beyond(facts, 0, between);
}

/// Does the same, but keeps the history of up to a number of creators.
fn sweep_beyond<'s>(facts: &mut Facts, creators: usize, mut between: impl FnMut(&mut Facts) + 's) {
    let mut named = Named::default();
    facts.begin_sweep();
    let rows = {
        let books = &facts.books;
        [
            books.users.rows(),
            books.items.rows(),
            books.merchants.rows(),
        ]
    };
    for start in (0..rows[0]).step_by(2) {
        facts.mark_users(start..start + 2, &mut named);
        between(facts);
    }
    for start in (0..rows[1]).step_by(2) {
        facts.mark_items(start..start + 2, &mut named);
        between(facts);
    }
    facts.mark_merchants(0..rows[2], &mut named);
    between(facts);
    mark_creators(&facts.books.sales.purchases(), &mut named);
    between(facts);
    for start in (0..facts.books.tags.len()).step_by(8) {
        facts.free_tags(start..start + 8, &named, creators);
        between(facts);
    }
    mark_sold(&facts.books.sales.purchases(), &mut named);
    if facts.has_idle_buyers() {
        facts.free_buyers(&named);
    }
    facts.free_items(0..rows[1], &named, usize::MAX);
    facts.free_merchants(0..rows[2], &named, usize::MAX);
    facts.end_sweep(true);
}

proptest! {
    #![proptest_config(crate::tests::cases(192))]

    #[test]
    fn a_swept_state_gives_the_same_answers(rounds in prop::collection::vec((prop::collection::vec(step(), 1..12), any::<bool>()), 1..10)) {
        let mut config = Config::embedded();
        config.store.unknown_items = UnknownItems::Stub;
        let (mut swept, mut plain) = (Facts::new(&config), Facts::new(&config));
        for (steps, release) in rounds {
            let mut left = steps.iter();
            sweep(&mut swept, |facts| {
                if let Some(step) = left.next() {
                    apply(facts, &config, step);
                }
            });
            left.for_each(|step| apply(&mut swept, &config, step));
            steps.iter().for_each(|step| apply(&mut plain, &config, step));
            prop_assert_eq!(known(&swept), known(&plain));
            if release {
                swept.release(swept.retired());
            }
        }
        sweep(&mut swept, |_| {});
        let (used, held) = names(&swept);
        prop_assert_eq!(&used, &held);
        prop_assert_eq!(swept.books.tags.in_use(), held.len());
        prop_assert_eq!(known(&swept), known(&plain));
    }
}

/// Returns the first day of every creator who has one.
fn first_days(facts: &Facts) -> BTreeMap<String, Day> {
    let tags = (1..facts.books.tags.len()).map(TagId::at);
    let creators = tags.filter(|tag| facts.books.tags.is_creator(*tag));
    let first_day = |tag: TagId| {
        let day = facts.books.sales.first_day(CreatorRow::from(tag))?;
        Some((facts.books.tags.name(tag).to_owned(), day))
    };
    creators.filter_map(first_day).collect()
}

proptest! {
    #![proptest_config(crate::tests::cases(96))]

    #[test]
    fn a_sweep_keeps_the_history_of_creators(rounds in prop::collection::vec(prop::collection::vec(step(), 1..12), 1..10)) {
        let mut config = Config::embedded();
        config.store.unknown_items = UnknownItems::Stub;
        let (mut swept, mut plain) = (Facts::new(&config), Facts::new(&config));
        for steps in rounds {
            let mut left = steps.iter();
            sweep_beyond(&mut swept, usize::MAX, |facts| {
                if let Some(step) = left.next() {
                    apply(facts, &config, step);
                }
            });
            left.for_each(|step| apply(&mut swept, &config, step));
            steps.iter().for_each(|step| apply(&mut plain, &config, step));
            swept.release(swept.retired());
            prop_assert_eq!(first_days(&swept), first_days(&plain));
        }
        prop_assert_eq!(swept.books.tags.creators_evicted, 0);
        sweep(&mut swept, |_| {});
        prop_assert_eq!(names(&swept).0, names(&swept).1);
    }
}

#[test]
fn churn_of_names_takes_no_memory() {
    let config = Config::embedded();
    let mut facts = Facts::new(&config);
    for round in 0..50 {
        for user in 0..4 {
            let tags: Vec<String> = (0..10).map(|tag| format!("{round}-{user}-{tag}")).collect();
            let user = json!({"id": format!("u{user}"), "tags": tags});
            let upsert = Operation::Upsert(EntityKind::User);
            send(&mut facts, &config, upsert, &user).unwrap();
        }
        for n in 0..50 {
            let event = json!({"user_id": "u0", "merchant_id": format!("m{round}-{n}"), "kind": "impression", "at": 1_760_000_000_000_i64});
            send(&mut facts, &config, Operation::Events, &event).unwrap();
        }
        sweep(&mut facts, |_| {});
        facts.release(facts.retired());
        assert_eq!(facts.books.tags.in_use(), 40, "round {round}");
        assert!(facts.books.tags.len() <= 81);
        assert_eq!(facts.books.merchants.bare(), 0);
        assert!(facts.books.merchants.rows() <= 100);
    }
}

#[test]
fn a_freed_number_waits_for_new_standings() {
    let config = Config::embedded();
    let mut facts = Facts::new(&config);
    let user = |tag: &str| json!({"id": "u", "tags": [tag]});
    let upsert = Operation::Upsert(EntityKind::User);
    for tag in ["first", "second"] {
        send(&mut facts, &config, upsert, &user(tag)).unwrap();
    }
    sweep(&mut facts, |_| {});
    send(&mut facts, &config, upsert, &user("third")).unwrap();
    assert_eq!(
        facts.books.tags.len(),
        4,
        "the number of \"first\" is retired"
    );
    facts.release(facts.retired());
    send(&mut facts, &config, upsert, &user("fourth")).unwrap();
    assert_eq!(facts.books.tags.len(), 4);
}

#[test]
fn a_checkpoint_keeps_names_as_they_were() {
    let config = Config::embedded();
    let mut facts = Facts::new(&config);
    let user = json!({"id": "u", "tags": ["old"]});
    let upsert = Operation::Upsert(EntityKind::User);
    send(&mut facts, &config, upsert, &user).unwrap();
    let mut image = facts.freeze(config.terms());
    delete(&mut facts, EntityKind::User, "u");
    sweep(&mut facts, |_| {});
    let (mut restored, mut part) = (super::Restored::new(&config), Vec::new());
    while image.next(&facts, &mut part) {
        restored.part(&part).unwrap();
        part.clear();
    }
    facts.thaw_all();
    assert_eq!(names(&restored.facts).0, BTreeSet::from(["old".to_owned()]));
    sweep(&mut facts, |_| {});
    assert_eq!(facts.books.tags.in_use(), 0);
    let mut again = super::Restored::new(&config);
    let mut image = facts.freeze(config.terms());
    part.clear();
    while image.next(&facts, &mut part) {
        assert!(!part.windows(3).any(|it| it == b"old"));
        again.part(&part).unwrap();
        part.clear();
    }
    assert_eq!(again.facts.books.tags.in_use(), 0);
    let (tag, is_new) = {
        let books = &mut again.facts.books;
        books
            .tags
            .intern(&books.hasher, crate::feature::Space::Plain, "new")
    };
    assert_eq!((tag, is_new), (TagId(1), true));
}
