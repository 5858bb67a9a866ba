//! The ladder: who enters, who climbs, who leaves.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::clock::{DAY, Time};
use crate::config::Config;
use crate::support::{End, Entrant, Evidence, Groups, Ladder, Rules, Rung, Situation, Step};

fn day(days: i64) -> Time {
    Time::default().plus(20_000 * DAY + days * DAY)
}

fn entrant(row: u32, id: &str, owner: &str) -> Entrant {
    Entrant {
        row,
        id: id.into(),
        owner: owner.into(),
        since: day(0),
        group: None,
    }
}

fn no_groups() -> Groups {
    Groups::new(usize::MAX, [])
}

fn enter(ladder: &mut Ladder, row: u32, (id, owner): (&str, &str), at: Time) {
    let rung = Rung::entering(at);
    ladder.step(Some(row), &Step { id, owner, rung });
}

fn admitted(ladder: &Ladder, entrants: &[Entrant], now: Time) -> Vec<u32> {
    let entrants = ladder.admit(entrants.to_vec(), (&no_groups(), BTreeSet::new()), now);
    entrants.into_iter().map(|entrant| entrant.row).collect()
}

#[test]
fn an_owner_enters_once_in_365_days() {
    let mut ladder = Ladder::new(10, 10);
    let shops = [
        entrant(1, "a", "o"),
        entrant(2, "b", "o"),
        entrant(3, "c", "c"),
    ];
    assert_eq!(
        admitted(&ladder, &shops, day(0)),
        [1, 3],
        "of two shops one"
    );
    enter(&mut ladder, 1, ("a", "o"), day(0));
    // The shop is deleted and registered again, under its id, its owner, or an owner of its id.
    ladder.forget(1);
    assert!(ladder.get(1).is_none());
    let again = [
        entrant(4, "a", "x"),
        entrant(5, "d", "o"),
        entrant(6, "e", "a"),
    ];
    assert!(admitted(&ladder, &again, day(365)).is_empty());
    assert_eq!(admitted(&ladder, &again, day(366)), [4, 5]);
    ladder.expire(day(366));
    assert!(ladder.is_empty());
}

#[test]
fn three_items_of_a_merchant_climb_at_once() {
    let ladder = Ladder::new(10, 10);
    let items = |count: u32| -> Vec<Entrant> {
        let item = |row: u32| Entrant {
            group: Some(7),
            ..entrant(row, &format!("i{row}"), &format!("i{row}"))
        };
        (0..count).map(item).collect()
    };
    let count = |climbing: &[u32]| {
        let groups = Groups::new(3, climbing.iter().copied());
        ladder
            .admit(items(5), (&groups, BTreeSet::new()), day(0))
            .len()
    };
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&[7, 7, 8]), 1);
    assert_eq!(count(&[7, 7, 7]), 0);
}

#[test]
fn a_full_ladder_forgets_those_who_left_first() {
    let mut ladder = Ladder::new(2, 3);
    enter(&mut ladder, 1, ("a", "a"), day(0));
    enter(&mut ladder, 2, ("b", "b"), day(0));
    assert!(admitted(&ladder, &[entrant(3, "c", "c")], day(1)).is_empty());
    let rung = rules().judge(&Rung::entering(day(0)), &situation(0.0, 0.0, 0.2), day(1));
    assert_eq!(rung.end.map(|left| left.why), Some(End::Integrity));
    let (id, owner) = ("b", "b");
    ladder.step(Some(2), &Step { id, owner, rung });
    assert_eq!(admitted(&ladder, &[entrant(3, "c", "c")], day(1)), [3]);
    enter(&mut ladder, 3, ("c", "o"), day(1));
    assert!(ladder.get(2).is_none() && ladder.get(1).is_some());
    assert_eq!(ladder.size()[..2], [2, 3]);
    assert_eq!(ladder.evicted, 2, "a runner and a name");
}

#[test]
fn a_stored_ladder_is_restored() {
    let mut ladder = Ladder::new(10, 10);
    enter(&mut ladder, 3, ("a", "o"), day(0));
    enter(&mut ladder, 5, ("b", "b"), day(1));
    let bytes = postcard::to_allocvec(&ladder.image()).unwrap();
    let mut again = Ladder::new(10, 10);
    again.restore(postcard::from_bytes(&bytes).unwrap());
    assert!(again.rungs().eq(ladder.rungs()));
    assert!(again.knows("o", day(2)) && again.knows("b", day(2)));
    again.expire(day(400));
    assert!(!again.knows("o", day(2)));
}

fn rules() -> Rules {
    Rules::of(&Config::embedded())
}

/// A runner that joined on day 0 and was seen by users who click at a rate, in units of the usual one.
fn situation(served: f64, rate: f64, integrity: f64) -> Situation {
    let weight = served / 2.0;
    Situation {
        since: Some(day(0)),
        integrity,
        served,
        evidence: Evidence {
            clickers: weight * 0.1 * rate,
            weight,
        },
        usual: 0.1,
    }
}

#[test]
fn newcomers_climb_by_evidence() {
    let enters = Rung::entering(day(0));
    let judge = |served, rate| rules().judge(&enters, &situation(served, rate, 1.0), day(3));
    assert_eq!(judge(199.0, 0.0), enters, "the quota is not served yet");
    let climbed = judge(200.0, 1.5);
    assert_eq!(
        (climbed.stage, climbed.staged, climbed.end),
        (1, day(3), None)
    );
    assert!((climbed.at_start - 200.0).abs() < 1e-9 && climbed.first.is_some());
    let left = judge(200.0, 0.2);
    assert_eq!(left.end.map(|left| left.why), Some(End::Evidence));
    assert_eq!(judge(3_500.0, 3.0).stage, 3, "three gates at once");
    let last = judge(40_000.0, 3.0);
    assert_eq!(last.end.map(|left| left.why), Some(End::Graduated));
    assert_eq!(
        rules().judge(&last, &situation(0.0, 0.0, 0.0), day(9)),
        last,
        "for good"
    );
}

#[test]
fn time_and_distrust_end_the_climb() {
    let enters = Rung::entering(day(0));
    let why = |integrity, at| {
        let rung = rules().judge(&enters, &situation(10.0, 1.0, integrity), at);
        rung.end.map(|left| left.why)
    };
    assert_eq!(why(0.5, day(30)), None);
    assert_eq!(why(0.5, day(31)), Some(End::Time));
    assert_eq!(why(0.49, day(1)), Some(End::Integrity));
    assert!(rules().admits(day(0), 0.5, day(30)) && !rules().admits(day(0), 0.5, day(31)));
    assert!(!rules().admits(day(1), 0.5, day(0)), "not before it joined");
}

#[test]
fn quotas_are_split_over_replicas() {
    let mut config = Config::embedded();
    config.market.replicas = 4;
    assert_eq!(Rules::of(&config).stages().quota(0), Some(50));
}

proptest! {
    #![proptest_config(crate::tests::cases(200))]

    #[test]
    fn who_enters_does_not_depend_on_order(
        names in prop::collection::vec((0u8..6, 0u8..6, 0i64..4), 1..12),
        seed in any::<u64>(),
    ) {
        let mut entrants: Vec<Entrant> = Vec::new();
        for (row, (id, owner, since)) in (0..).zip(names) {
            let id = format!("{id}-{row}");
            entrants.push(Entrant { since: day(since), ..entrant(row, &id, &owner.to_string()) });
        }
        let ladder = Ladder::new(4, 100);
        let right = admitted(&ladder, &entrants, day(9));
        let mut shuffled = entrants.clone();
        crate::random::Random::new(seed).shuffle(&mut shuffled);
        prop_assert_eq!(admitted(&ladder, &shuffled, day(9)), right.clone());
        prop_assert!(right.len() <= 4);
    }
}
