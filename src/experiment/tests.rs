//! The book as a whole: what counts, what a checkpoint holds, and what is found.

use super::*;
use crate::clock::{DAY, Time};
use crate::config::Metric;
use crate::random::Random;

fn plan(name: &str) -> Plan {
    Plan {
        name: name.to_owned(),
        layer: "l".to_owned(),
        range: [0, 5_000],
        scenes: vec!["feed".to_owned()],
        audience: None,
        primary: "orders_per_user".to_owned(),
        find: 0.03,
        guards: vec!["refund_share".to_owned()],
        control: 0,
        cap: 100.0,
        arms: vec![("as-is".to_owned(), 5_000), ("more".to_owned(), 10_000)],
    }
}

fn at(day: i64) -> Time {
    Time::default().plus(day * DAY)
}

fn did(what: What) -> Credit<'static> {
    Credit {
        at: at(20_001),
        scene: None,
        merchant: Some(7),
        what,
    }
}

fn arm_of(plan: &Plan, user: &str) -> usize {
    let part = place(&plan.name, user).part;
    plan.arms.partition_point(|(_, end)| *end <= part)
}

fn book(users: u32) -> Experiments {
    let mut book = Experiments::default();
    book.begin(plan("e"), at(20_000));
    let running = book.get_mut("e").unwrap();
    for user in (0..users).map(|number| format!("u-{number}")) {
        let arm = arm_of(&running.plan, &user);
        assert!(running.enrol(&user, arm, [1.0, 10.0]));
    }
    book
}

fn value(outcome: &Outcome, arm: usize, metric: Metric) -> (f64, f64) {
    let figure = outcome.arms[arm].figure(metric).unwrap();
    (figure.n, figure.d)
}

#[test]
fn only_enrolled_users_count_from_then_on() {
    let mut book = book(100);
    let before = Outcome::of(book.get("e").unwrap());
    book.credit("stranger", &did(What::Bought(5.0)));
    let early = Credit {
        at: at(19_999),
        ..did(What::Bought(5.0))
    };
    book.credit("u-1", &early);
    let elsewhere = Credit {
        scene: Some("search"),
        ..did(What::Clicked)
    };
    book.credit("u-1", &elsewhere);
    assert_eq!(Outcome::of(book.get("e").unwrap()), before);
    let arm = arm_of(&plan("e"), "u-1");
    for what in [
        What::Bought(500.0),
        What::Returned(30.0),
        What::Saw(0.5),
        What::Clicked,
    ] {
        book.credit("u-1", &did(what));
    }
    let found = Outcome::of(book.get("e").unwrap());
    let users = found.arms[arm].users;
    assert_eq!(value(&found, arm, Metric::OrdersPerUser), (1.0, users));
    assert_eq!(
        value(&found, arm, Metric::GmvPerUser),
        (70.0, users),
        "one event counts to the cap"
    );
    assert_eq!(value(&found, arm, Metric::RefundShare), (30.0, 100.0));
    assert_eq!(value(&found, arm, Metric::CtrByPlace), (1.0, 0.5));
    assert_eq!(value(&found, arm, Metric::Cvr), (1.0, 1.0));
    assert_eq!(found.arms[1 - arm], before.arms[1 - arm]);
}

#[test]
fn nobody_is_enrolled_twice() {
    let mut book = book(500);
    let running = book.get_mut("e").unwrap();
    assert_eq!(running.enrolled(), 500);
    assert!(!running.enrol("u-1", arm_of(&running.plan, "u-1"), [1.0, 1.0]));
    assert!(!running.enrol("new", 2, [0.0, 0.0]), "there is no such arm");
    let found = Outcome::of(running);
    assert!((found.arms.iter().map(|arm| arm.users).sum::<f64>() - 500.0).abs() < 1e-9);
    running.forget("u-1");
    assert!(!running.has(&place("e", "u-1")) && running.enrolled() == 499);
}

#[test]
fn a_grown_range_goes_on_and_other_terms_begin_anew() {
    let mut book = book(10);
    let mut grown = plan("e");
    (grown.range, grown.guards, grown.cap) = ([0, 6_000], Vec::new(), 3.0);
    book.begin(grown.clone(), at(20_005));
    let running = book.get("e").unwrap();
    assert_eq!((running.enrolled(), running.begun), (10, at(20_000)));
    assert_eq!(
        (running.plan.range, running.plan.cap.to_bits()),
        ([0, 6_000], 100_f64.to_bits())
    );
    grown.find = 0.5;
    book.begin(grown, at(20_006));
    assert_eq!(book.get("e").unwrap().enrolled(), 0);
    assert_eq!(book.ended().next().unwrap().at, at(20_006));
    for number in 0..100 {
        book.begin(plan(&format!("e{number}")), at(20_007));
        book.end(&format!("e{number}"), at(20_008));
    }
    assert_eq!((book.ended().count(), book.dropped), (64, 37));
}

#[test]
fn a_checkpoint_holds_the_book() {
    let mut book = book(300);
    book.begin(plan("f"), at(20_002));
    book.end("f", at(20_003));
    for number in 0..300 {
        book.credit(&format!("u-{number}"), &did(What::Saw(1.0)));
    }
    let mut again = Experiments::default();
    let stored = postcard::to_allocvec(&book.stored()).unwrap();
    again.restore(postcard::from_bytes(&stored).unwrap());
    let mut number = 0;
    while let Some((name, arm, (cells, seen))) = book.stored_arm(number) {
        again
            .get_mut(name)
            .unwrap()
            .restore_arm(arm, cells.to_vec(), seen);
        number += 1;
    }
    number = 0;
    while let Some(group) = book.stored_group(number) {
        let bytes = postcard::to_allocvec(&group).unwrap();
        again.restore_group(postcard::from_bytes(&bytes).unwrap());
        number += 1;
    }
    let [one, other] = [&book, &again].map(|book| book.get("e").unwrap());
    assert_eq!(Outcome::of(one), Outcome::of(other));
    assert_eq!(one.enrolled(), other.enrolled());
    assert!(other.has(&place("e", "u-17")) && book.ended().eq(again.ended()));
}

/// Returns an experiment of as many users, whose arm `more` buys `lift` times as much, and returns a share of what it buys.
fn shopped(users: u32, lift: f64, returned: f64) -> Experiments {
    let mut book = book(users);
    let mut dice = Random::new(7);
    for user in (0..users).map(|number| format!("u-{number}")) {
        let more = arm_of(&plan("e"), &user) == 1;
        let orders = if more { lift } else { 1.0 };
        if dice.unit() < 0.3 * orders {
            book.credit(&user, &did(What::Bought(10.0)));
            if dice.unit() < if more { returned } else { 0.1 } {
                book.credit(&user, &did(What::Returned(10.0)));
            }
        }
    }
    book
}

#[test]
fn a_verdict_comes_after_a_week_and_stays() {
    let better = shopped(20_000, 1.4, 0.1);
    let running = better.get("e").unwrap();
    let outcome = Outcome::of(running);
    let judge = |before: &Judgement, days| before.after(&running.plan, &outcome, days);
    let early = judge(&Judgement::default(), 6);
    assert_eq!(early.of(1), Verdict::Running);
    let found = judge(&early, 7);
    assert_eq!(found.of(1), Verdict::Better);
    let nothing = Outcome::of(shopped(20_000, 1.0, 0.1).get("e").unwrap());
    assert_eq!(
        found.after(&running.plan, &nothing, 8).of(1),
        Verdict::Better
    );
    assert_eq!(
        Judgement::default().after(&running.plan, &nothing, 8).of(1),
        Verdict::Running
    );
    let worse = Outcome::of(shopped(20_000, 0.7, 0.1).get("e").unwrap());
    assert_eq!(
        Judgement::default().after(&running.plan, &worse, 8).of(1),
        Verdict::Worse
    );
    let few = Outcome::of(shopped(500, 1.9, 0.1).get("e").unwrap());
    assert_eq!(
        Judgement::default().after(&running.plan, &few, 8).of(1),
        Verdict::Running
    );
}

#[test]
fn a_worse_guard_is_harm() {
    let harm = shopped(20_000, 1.4, 0.5);
    let running = harm.get("e").unwrap();
    let found = Judgement::default().after(&running.plan, &Outcome::of(running), 7);
    assert_eq!(
        (found.of(1), found.arms[1].harmed.as_slice()),
        (Verdict::Harm, &["refund_share".to_owned()][..])
    );
}

#[test]
fn a_wrong_sample_ratio_blocks() {
    let mut book = Experiments::default();
    book.begin(plan("e"), at(20_000));
    let running = book.get_mut("e").unwrap();
    for user in (0..8_000).map(|number| format!("u-{number}")) {
        let arm = arm_of(&running.plan, &user);
        // A bug loses a tenth of an arm.
        if arm == 0 || !place("e", &user).cell.is_multiple_of(10) {
            running.enrol(&user, arm, [0.0, 0.0]);
        }
    }
    let found = Judgement::default().after(&running.plan, &Outcome::of(running), 1);
    assert_eq!(found.of(1), Verdict::Blocked);
}

#[test]
fn a_few_users_do_not_block() {
    let mut book = Experiments::default();
    let arms = vec![("as-is".to_owned(), 200), ("more".to_owned(), 10_000)];
    book.begin(Plan { arms, ..plan("e") }, at(20_000));
    let running = book.get_mut("e").unwrap();
    for (user, arm) in [("a", 0), ("b", 1), ("c", 1)] {
        running.enrol(user, arm, [0.0, 0.0]);
    }
    let outcome = Outcome::of(running);
    assert!(outcome.ratio_p.unwrap() < 0.000_5);
    let found = Judgement::default().after(&running.plan, &outcome, 1);
    assert_eq!(found.of(1), Verdict::Running, "one of three is no wonder");
}
