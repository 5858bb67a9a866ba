//! Refunds in profiles against a plain model: whatever the order of events, and after a checkpoint.

use std::collections::BTreeMap;

use super::*;
use crate::clock::{DAY, HOUR};
use crate::feature::{Decay, History, Space};
use crate::id::{ItemRow, MerchantRow, TagId};
use crate::random::Random;

const DAYS: f64 = 60.0;

/// One event of a user with an item: a purchase, a refund of one, or a refund without a purchase.
#[derive(Clone, Debug)]
enum Deal {
    Buy {
        hour: i64,
        amount: Option<u32>,
    },
    /// Refunds the purchase of that number, by its buyer or by a stranger.
    Return {
        of: usize,
        hour: i64,
        amount: Option<u32>,
        is_stranger: bool,
    },
    Unlinked {
        item: u8,
        hour: i64,
        amount: Option<u32>,
    },
    View {
        item: u8,
        hour: i64,
    },
}

fn deal() -> impl Strategy<Value = Deal> {
    let hour = || 0i64..24 * 50;
    let amount = || prop::option::of(0..150u32);
    prop_oneof![
        4 => (hour(), amount()).prop_map(|(hour, amount)| Deal::Buy { hour, amount }),
        4 => (0..12usize, hour(), amount(), prop::bool::weighted(0.2))
            .prop_map(|(of, hour, amount, is_stranger)| Deal::Return { of, hour, amount, is_stranger }),
        2 => (0..3u8, hour(), amount()).prop_map(|(item, hour, amount)| Deal::Unlinked { item, hour, amount }),
        1 => (0..3u8, hour()).prop_map(|(item, hour)| Deal::View { item, hour }),
    ]
}

/// Returns settings under which a purchase counts for the history with its item, as every other event does.
fn config() -> Config {
    Config::parse("test", "[profile.gains_for_item]\npurchase = 8\n").unwrap()
}

/// The price of every item.
const PRICE: u32 = 100;

fn start() -> Time {
    Time::parse("2025-11-01T00:00:00Z").unwrap()
}

/// Returns the events of one user, and what is left of each item's purchases and views at `now`.
fn events(deals: &[Deal], now: Time) -> (Vec<Value>, BTreeMap<u8, [f64; 2]>) {
    let at = |hour: i64| start().plus(hour * HOUR);
    #[expect(clippy::cast_precision_loss, reason = "a few weeks in milliseconds")]
    let left = |hour: i64| (-(now.since(at(hour)) as f64 / DAY as f64 / DAYS)).exp2();
    let mut events = Vec::new();
    let mut bought: BTreeMap<usize, (u8, i64, f64, f64, bool)> = BTreeMap::new();
    let mut sums: BTreeMap<u8, [f64; 3]> = BTreeMap::new();
    for (number, deal) in deals.iter().enumerate() {
        let item = u8::try_from(number % 3).unwrap();
        if let Deal::Buy { hour, amount } = deal {
            let paid = f64::from(amount.unwrap_or(PRICE));
            bought.insert(number, (item, *hour, paid, 0.0, false));
            events.push(json!({"id": format!("p{number}"), "user_id": "u", "item_id": format!("i{item}"), "kind": "purchase", "at": at(*hour), "amount": amount}));
        }
    }
    for deal in deals {
        match deal {
            Deal::Buy { .. } => {}
            Deal::Return {
                of,
                hour,
                amount,
                is_stranger,
            } => {
                let item = of % 3;
                let user = if *is_stranger { "v" } else { "u" };
                events.push(json!({"user_id": user, "item_id": format!("i{item}"), "kind": "refund", "at": at(*hour), "purchase_id": format!("p{of}"), "amount": amount}));
                if let (Some(sale), false) = (bought.get_mut(of), is_stranger) {
                    sale.3 += amount.map_or(f64::INFINITY, f64::from);
                    sale.4 = true;
                }
            }
            Deal::Unlinked { item, hour, amount } => {
                let share = amount.map_or(1.0, |amount| f64::from(amount) / f64::from(PRICE));
                sums.entry(*item).or_default()[1] += share.min(1.0) * left(*hour);
                events.push(json!({"user_id": "u", "item_id": format!("i{item}"), "kind": "refund", "at": at(*hour), "amount": amount}));
            }
            Deal::View { item, hour } => {
                sums.entry(*item).or_default()[2] += left(*hour);
                events.push(json!({"user_id": "u", "item_id": format!("i{item}"), "kind": "view", "at": at(*hour)}));
            }
        }
    }
    for (item, hour, paid, refunded, is_refunded) in bought.into_values() {
        let share = if paid > 0.0 {
            (refunded / paid).min(1.0)
        } else {
            f64::from(u8::from(is_refunded))
        };
        sums.entry(item).or_default()[0] += (1.0 - share) * left(hour);
    }
    let kept = sums.into_iter();
    (
        events,
        kept.map(|(item, [sold, back, views])| (item, [(sold - back).max(0.0), views]))
            .collect(),
    )
}

/// Returns the number of purchases kept, the money of them, and the first and last hour of each item, by the events of one user.
fn kept_of(deals: &[Deal]) -> BTreeMap<u8, (i32, f64, [i64; 2])> {
    let mut kept: BTreeMap<u8, (i32, f64, [i64; 2])> = BTreeMap::new();
    for (number, deal) in deals.iter().enumerate() {
        match deal {
            Deal::Buy { hour, amount } => {
                let refund = |deal: &Deal| {
                    let Deal::Return {
                        of,
                        amount,
                        is_stranger: false,
                        ..
                    } = deal
                    else {
                        return None;
                    };
                    let amount = amount.map_or(f64::INFINITY, f64::from);
                    (*of == number).then_some(amount)
                };
                let refunds = deals.iter().filter_map(refund);
                let (paid, refunds) =
                    (amount.map_or(100.0, f64::from), refunds.collect::<Vec<_>>());
                let back: f64 = refunds.iter().sum();
                let is_kept = refunds.is_empty() || paid > back;
                let item = kept.entry(u8::try_from(number % 3).unwrap());
                let (count, sum, [first, last]) = item.or_insert((0, 0.0, [i64::MAX, i64::MIN]));
                *count += i32::from(is_kept);
                *sum += (paid - back).max(0.0);
                (*first, *last) = ((*first).min(*hour), (*last).max(*hour));
            }
            Deal::Unlinked { item, amount, .. } => {
                let amount = amount.unwrap_or(PRICE);
                let (count, sum, _) = kept.entry(*item).or_insert((0, 0.0, [i64::MAX, i64::MIN]));
                *count -= i32::from(amount >= PRICE);
                *sum -= f64::from(amount);
            }
            Deal::Return { .. } | Deal::View { .. } => {}
        }
    }
    kept.retain(|_, (count, _, _)| *count > 0);
    kept
}

/// Compares what is known of the purchases of the user `u` with what was kept.
fn compare_kept(facts: &Facts, deals: &[Deal], now: Time) -> Result<(), TestCaseError> {
    let books = &facts.books;
    let row = books.users.find(&books.hasher, "u").unwrap();
    let (bought, decay) = (
        books.users.figures.bought.get(row).unwrap(),
        Decay::new(DAYS * crate::number::DAY_MILLIS),
    );
    let expected = kept_of(deals);
    prop_assert_eq!(bought.kept().count(), expected.len());
    for (item, place) in bought.kept() {
        let number: u8 = books.items.id(item)[1..].parse().unwrap();
        let (count, sum, hours) = expected[&number];
        let got = bought.purchases(place, decay, now).unwrap();
        near(got.count, f64::from(count), "count")?;
        near(got.sum, sum.max(0.0), "money")?;
        #[expect(clippy::cast_precision_loss, reason = "a few weeks in milliseconds")]
        let ages = hours.map(|hour| now.since(start().plus(hour * HOUR)) as f64 / DAY as f64);
        near(got.first, ages[0], "first")?;
        near(got.last, ages[1], "last")?;
    }
    Ok(())
}

/// Returns the learnt sums of the user `u` with items, merchants and the items' tags, by name.
fn learnt(facts: &Facts, now: Time) -> BTreeMap<String, f64> {
    let books = &facts.books;
    let row = books.users.find(&books.hasher, "u").unwrap();
    let profile = books.users.profile(row).unwrap();
    let left = profile.left(Decay::new(DAYS * crate::number::DAY_MILLIS), now);
    let items = profile
        .items()
        .entries()
        .map(|it| (books.items.id(ItemRow(it.key)).to_owned(), it.weight));
    let merchant = |key| {
        books
            .merchants
            .get(MerchantRow(key))
            .unwrap()
            .id()
            .to_owned()
    };
    let merchants = profile
        .merchants()
        .entries()
        .map(|it| (merchant(it.key), it.weight));
    let tags = profile.tags().entries().filter_map(|it| {
        let name = books.tags.bare_name(Space::Category, TagId(it.key))?;
        Some((format!("category:{name}"), it.weight))
    });
    let all = items.chain(merchants).chain(tags);
    all.map(|(name, weight)| (name, weight * left)).collect()
}

fn told(config: &Config, events: &[Value]) -> Facts {
    let mut facts = Facts::new(config);
    for item in 0..3 {
        let item = json!({"id": format!("i{item}"), "merchant_id": "m", "category": "c", "price": PRICE, "tags": {"x": 0.5}});
        send(
            &mut facts,
            config,
            Operation::Upsert(EntityKind::Item),
            &item,
        )
        .unwrap();
    }
    for event in events {
        send(&mut facts, config, Operation::Events, event).unwrap();
    }
    facts
}

fn near(got: f64, expected: f64, what: &str) -> Result<(), TestCaseError> {
    prop_assert!(
        (got - expected).abs() <= 1e-9 * (1.0 + expected.abs()),
        "{what}: {got} is not {expected}"
    );
    Ok(())
}

proptest! {
    #![proptest_config(crate::tests::cases(128))]

    #[test]
    fn refunds_take_back_their_share_in_any_order(
        deals in prop::collection::vec(deal(), 1..14),
        order in any::<prop::sample::Index>(),
    ) {
        let config = config();
        let now = Time::parse("2026-01-01T00:00:00Z").unwrap();
        let (mut events, kept) = events(&deals, now);
        if events.iter().all(|event| event["user_id"] == "v") {
            return Ok(());
        }
        let turn = order.index(events.len());
        for _ in 0..3 {
            let facts = told(&config, &events);
            let learnt = learnt(&facts, now);
            let mut whole = 0.0;
            for (item, [sold, views]) in &kept {
                let gains = 8.0 * sold + views;
                whole += gains;
                near(learnt.get(&format!("i{item}")).copied().unwrap_or(0.0), gains, "item")?;
            }
            compare_kept(&facts, &deals, now)?;
            near(learnt.get("m").copied().unwrap_or(0.0), whole, "merchant")?;
            near(learnt.get("category:c").copied().unwrap_or(0.0), whole, "tag")?;
            events.rotate_left(turn);
            events.reverse();
        }
    }
}

/// A partial refund after a checkpoint finds the time of its purchase and what was refunded of it.
#[test]
fn a_checkpoint_keeps_what_can_be_returned() {
    let config = config();
    let now = Time::parse("2026-01-01T00:00:00Z").unwrap();
    let buy = |id: &str, amount: u32| json!({"id": id, "user_id": "u", "item_id": "i0", "kind": "purchase", "at": start().plus(7 * HOUR + 1), "amount": amount});
    let back = |id: &str, amount: u32| json!({"user_id": "u", "item_id": "i0", "kind": "refund", "at": start().plus(DAY), "purchase_id": id, "amount": amount});
    let mut facts = told(
        &config,
        &[
            buy("p", 100),
            back("p", 30),
            buy("free", 0),
            back("free", 0),
        ],
    );
    let mut restored = Restored::new(&config);
    let mut image = facts.freeze(config.terms());
    let mut part = Vec::new();
    while image.next(&facts, &mut part) {
        restored.part(&part).unwrap();
        part.clear();
    }
    let mut facts = restored.facts;
    let send = |facts: &mut Facts, event: &Value| {
        super::send(facts, &config, Operation::Events, event).unwrap()
    };
    for (amount, share) in [(20, 0.5), (500, 0.0), (5, 0.0)] {
        send(&mut facts, &back("p", amount));
        send(&mut facts, &back("free", 0));
        #[expect(clippy::cast_precision_loss, reason = "a few weeks in milliseconds")]
        let age = now.since(start().plus(7 * HOUR + 1)) as f64 / DAY as f64;
        let expected = 8.0 * share * (-age / DAYS).exp2();
        assert!((learnt(&facts, now)["i0"] - expected).abs() < 1e-9);
    }
}

#[test]
fn a_chain_of_merges_is_one_step_for_the_race() {
    let config = Config::embedded();
    let now = Time::parse("2026-01-01T00:00:00Z").unwrap();
    let events: Vec<Value> = (0..6)
        .map(|user| json!({"user_id": format!("u{user}"), "item_id": "i0", "kind": "purchase", "at": now}))
        .collect();
    let mut facts = told(&config, &events);
    for user in 0..5 {
        let [from, into] = [user, user + 1].map(|user| format!("u{user}"));
        facts.merge(&from, &into, &moment(&config));
    }
    let books = &facts.books;
    let last = books.users.find(&books.hasher, "u5").unwrap();
    let pairs: Vec<_> = books.users.names.buyers().pairs().collect();
    assert_eq!(pairs.len(), 5);
    assert!(pairs.into_iter().all(|(_, buyer)| buyer == last));
}

#[test]
fn a_merged_user_returns_earlier_purchases() {
    let config = config();
    let now = Time::parse("2026-01-01T00:00:00Z").unwrap();
    let event = |user: &str, kind: &str, id: &str, purchase: Option<&str>| json!({"id": id, "user_id": user, "item_id": "i0", "kind": kind, "at": now, "purchase_id": purchase, "amount": 50});
    let both = [
        event("u", "purchase", "p", None),
        event("w", "view", "v", None),
    ];
    let mut facts = told(&config, &both);
    facts.merge("u", "w", &moment(&config));
    assert!((learnt(&facts, now)["i0"] - 9.0).abs() < 1e-9);
    let refund = event("w", "refund", "r", Some("p"));
    send(&mut facts, &config, Operation::Events, &refund).unwrap();
    assert!((learnt(&facts, now)["i0"] - 1.0).abs() < 1e-9);
}

proptest! {
    #![proptest_config(crate::tests::cases(128))]

    /// A rest of 1e-17 would be a dislike: a cosine does not depend on the size of what was learnt.
    #[test]
    fn purchases_refunded_in_parts_leave_nothing(
        sales in prop::array::uniform3((1u32..500, 1u32..9, 0i64..24 * 50)),
        half_life in prop::sample::select(vec![60, 4]),
        seed in any::<u64>(),
    ) {
        let text = format!("[profile]\nhalf_life_days = {half_life}\n[profile.gains_for_item]\npurchase = 8\n");
        let config = Config::parse("test", &text).unwrap();
        let now = Time::parse("2026-01-01T00:00:00Z").unwrap();
        let mut events = Vec::new();
        for (sale, (cents, parts, hour)) in sales.into_iter().enumerate() {
            let (user, purchase) = (["u", "v", "u"][sale], format!("p{sale}"));
            let at = start().plus(hour * HOUR + 7_919 * i64::from(cents));
            let money = |cents: u32| f64::from(cents) / 100.0;
            events.push(json!({"id": purchase, "user_id": user, "item_id": "i0", "kind": "purchase", "at": at, "amount": money(cents * parts)}));
            let refund = json!({"user_id": user, "item_id": "i0", "kind": "refund", "at": at, "purchase_id": purchase, "amount": money(cents)});
            events.extend(std::iter::repeat_n(refund, parts as usize));
        }
        let mut random = Random::new(seed);
        for place in (1..events.len()).rev() {
            let other = random.below(u32::try_from(place).unwrap() + 1);
            events.swap(place, other as usize);
        }
        let sums = |facts: &Facts| -> Vec<f64> {
            let books = &facts.books;
            let row = books.users.find(&books.hasher, "u").unwrap();
            let profile = books.users.profile(row).unwrap();
            let histories = [profile.items(), profile.merchants(), profile.tags()];
            let entries = histories.into_iter().flat_map(History::entries);
            entries.map(|entry| entry.weight).collect()
        };
        let nothing = |facts: &Facts| sums(facts).iter().all(|sum| sum.abs() <= 0.0);
        let mut facts = told(&config, &events);
        prop_assert!(nothing(&facts), "{:?}", sums(&facts));
        facts.merge("v", "u", &moment(&config));
        prop_assert!(nothing(&facts), "merged: {:?}", sums(&facts));
        let more = json!({"user_id": "u", "item_id": "i0", "kind": "refund", "at": now, "amount": PRICE});
        send(&mut facts, &config, Operation::Events, &more).unwrap();
        prop_assert!(nothing(&facts), "nothing is left to take: {:?}", sums(&facts));
    }
}
