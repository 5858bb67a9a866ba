//! The visitors against sets of users.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::{Exposure, Shown, Side};
use crate::clock::{Day, HOUR, Time};
use crate::id::{CreatorRow, KeyOf, LastClick, MerchantRow, RunnerKey, SceneId};

const OFFSET: i64 = 8 * HOUR;
const LAST: i32 = 60;

fn runner(number: u32) -> Option<RunnerKey> {
    RunnerKey::new(KeyOf::Merchant(MerchantRow(number)))
}

/// Clicks of users on merchants by hour, each with the user's last click on that merchant.
fn book(clicks: &BTreeSet<(i64, u32, u32)>) -> Exposure {
    let (mut book, mut last) = (Exposure::default(), BTreeMap::new());
    for &(hour, user, merchant) in clicks {
        let at = Time::default().plus(hour * HOUR);
        let before = last.insert((user, merchant), LastClick::at(at));
        let click = Shown {
            at,
            day: at.day(OFFSET),
            scene: SceneId::OTHER,
            runners: [
                None,
                runner(merchant),
                RunnerKey::new(KeyOf::Creator(CreatorRow(merchant))),
            ],
            last: [before.unwrap_or(LastClick::NEVER); Side::COUNT],
        };
        book.visit(&click, OFFSET, 100_000);
    }
    book
}

fn distinct(clicks: &BTreeSet<(i64, u32, u32)>, merchant: u32, days: [i32; 2]) -> u64 {
    let day = |hour: i64| Time::default().plus(hour * HOUR).day(OFFSET);
    let mine = clicks.iter().filter(|(hour, _, of)| {
        *of == merchant && (Day(days[0])..=Day(days[1])).contains(&day(*hour))
    });
    let users: BTreeSet<u32> = mine.map(|(_, user, _)| *user).collect();
    users.len() as u64
}

proptest! {
    #![proptest_config(crate::tests::cases(256))]

    #[test]
    fn visitors_are_the_distinct_users(
        clicks in prop::collection::btree_set((24..24 * 61i64, 0..6u32, 0..3u32), 0..200),
        last in 20..=LAST,
    ) {
        let mut book = book(&clicks);
        let mut restored = Exposure::default();
        for part in (0..).map_while(|part| book.visits.image().part(part)) {
            let stored = postcard::to_allocvec(&part).unwrap();
            restored.restore_visits(postcard::from_bytes(&stored).unwrap());
        }
        prop_assert_eq!(restored.visits_size().0, book.visits_size().0);
        book.visits.expire(Day(last));
        for book in [&book, &restored] {
            let found = book.visits(Day(last)).visitors();
            for merchant in 0..3 {
                let right = [[last - 27, last], [last - 55, last - 28]]
                    .map(|days| distinct(&clicks, merchant, days));
                let of = |key: Option<RunnerKey>| found.get(&key.unwrap()).copied().unwrap_or_default();
                prop_assert_eq!(of(runner(merchant)), right);
                prop_assert_eq!(of(RunnerKey::new(KeyOf::Creator(CreatorRow(merchant)))), right);
            }
        }
    }
}

#[test]
fn the_forgotten_have_no_visitors_and_the_bound_holds() {
    let clicks: BTreeSet<_> = (0..50).map(|hour| (24 * hour + 30, 1, 0)).collect();
    let mut book = book(&clicks);
    book.forget(runner(0).unwrap());
    let left = book.visits(Day(LAST)).visitors();
    assert!(!left.contains_key(&runner(0).unwrap()) && left.len() == 1);
    let click = Shown {
        at: Time::default(),
        day: Day(LAST),
        scene: SceneId::OTHER,
        runners: [None, runner(5), None],
        last: [LastClick::NEVER; Side::COUNT],
    };
    book.visit(&click, 0, 10);
    assert!(book.visits_size().0 <= 10 && book.visits_size().2 > 0);
    let late = Shown {
        last: [LastClick::UNKNOWN; Side::COUNT],
        ..click
    };
    book.visit(&late, 0, 10);
    assert_eq!(
        book.visits(Day(LAST)).visitors()[&runner(5).unwrap()],
        [1, 0]
    );
}
