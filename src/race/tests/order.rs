//! The same facts give the same standings, in any order and on any number of threads.

use super::*;

#[derive(Clone, Copy)]
enum Fact {
    Purchase(Day, Purchase),
    Refund(Refund),
    Unlinked(Day, u32, Money),
    Seen(Day, u32),
}

fn facts(random: &mut Random) -> Vec<Fact> {
    let mut facts = Vec::new();
    for id in 1..3_000 {
        let item = random.below(60) * random.below(2);
        let amount = (3.0 + 2.0 * random.normal()).exp();
        let buyer = random.below(400);
        let purchase = bought(id, buyer, Some(item), Some(item % 40), amount);
        facts.push(Fact::Purchase(day(random, 95), purchase));
        match random.below(10) {
            0 => facts.push(Fact::Refund(returned(&purchase, None))),
            1 => facts.extend(
                [0.3, 0.7].map(|share| Fact::Refund(returned(&purchase, Some(share * amount)))),
            ),
            2 => facts.push(Fact::Unlinked(day(random, 84), item, purchase.amount)),
            3 => facts.push(Fact::Seen(day(random, 90), item)),
            _ => {}
        }
    }
    facts
}

/// Builds standings from the facts, with the buyers renumbered by `buyers`.
fn standings(facts: &[Fact], buyers: &[u32]) -> Standings {
    let mut market = Market::new(40, 60);
    market.ledger = Ledger::new(10_000);
    for row in 0..60 {
        market.runs_item(row).start = None;
        market.runs_item(row).lane = LaneId(u32::from(row % 2 == 0));
    }
    for lane in ["odd", "even"] {
        market.lanes.intern(lane);
    }
    for fact in facts {
        apply(&mut market.ledger, *fact, buyers);
    }
    market.build()
}

fn apply(ledger: &mut Ledger, fact: Fact, buyers: &[u32]) {
    let renamed = |buyer: UserRow| UserRow(buyers[buyer.index()]);
    match fact {
        Fact::Purchase(day, mut purchase) => {
            purchase.buyer = renamed(purchase.buyer);
            ledger.purchase(day, purchase);
        }
        Fact::Refund(mut refund) => {
            refund.buyer = renamed(refund.buyer);
            ledger.refund(refund);
        }
        Fact::Unlinked(day, item, sum) => {
            ledger.refund_unlinked(day, both(item, item % 40), sum);
        }
        Fact::Seen(day, item) => ledger.seen(only(ItemRow(item)), day),
    }
}

fn all(standings: &Standings) -> Vec<Option<Standing>> {
    let items = (0..60).map(|row| standings.standing(ItemRow(row)));
    let merchants = (0..40).map(|row| standings.standing(MerchantRow(row)));
    items.chain(merchants).collect()
}

#[test]
fn standings_ignore_fact_order_and_buyer_numbers() {
    let mut random = Random::new(11);
    let mut facts = facts(&mut random);
    let mut buyers: Vec<u32> = (0..400).collect();
    let expected = all(&standings(&facts, &buyers));
    assert!(expected.iter().flatten().any(|one| one.weekly_gmv > 0.0));
    for _ in 0..5 {
        random.shuffle(&mut facts);
        random.shuffle(&mut buyers);
        assert_eq!(all(&standings(&facts, &buyers)), expected);
    }
}

#[test]
fn standings_ignore_the_number_of_threads() {
    let facts = facts(&mut Random::new(12));
    let buyers: Vec<u32> = (0..400).collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| all(&standings(&facts, &buyers)))
    };
    assert_eq!(on(1), on(4));
}
