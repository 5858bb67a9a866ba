//! The book against plain models: counts in any order, bounds, forgetting, and images.

mod visits;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Amount, DAYS, ENOUGH, Exposure, ExposureImage, Placement, Shown, Side};
use crate::clock::{DAY, Day, HOUR, SECOND, Time};
use crate::id::{CreatorRow, ItemRow, KeyOf, LastClick, MerchantRow, RunnerKey, SceneId};

const MANY: usize = 1_000_000;

fn item(row: u32) -> RunnerKey {
    RunnerKey::new(KeyOf::Item(ItemRow(row))).unwrap()
}

fn merchant(row: u32) -> RunnerKey {
    RunnerKey::new(KeyOf::Merchant(MerchantRow(row))).unwrap()
}

fn at(day: i32, hour: i64) -> Time {
    Time::default().plus(i64::from(day) * DAY + hour * HOUR)
}

/// Returns an impression of an item, its merchant and its creator to a user who did not click.
fn impression(day: i32, scene: u16, row: u32) -> Shown {
    Shown {
        at: at(day, i64::from(row) % 24),
        day: Day(day),
        scene: SceneId(scene),
        runners: [
            Some(item(row)),
            Some(merchant(row % 3)),
            RunnerKey::new(KeyOf::Creator(CreatorRow(1 + row % 2))),
        ],
        last: [LastClick::NEVER; Side::COUNT],
    }
}

/// The exposures of one runner: day, scene and units.
type History = Vec<(Day, SceneId, u64)>;

/// What a book answers about a few runners, scenes and days.
fn answers(book: &Exposure) -> Vec<(RunnerKey, History)> {
    let all = (0..20).map(item).chain((0..3).map(merchant));
    let whole = |(day, scene, amount): (Day, SceneId, Amount)| (day, scene, amount.units());
    all.map(|runner| (runner, book.history(runner).map(whole).collect()))
        .collect()
}

fn restored(image: &ExposureImage) -> Exposure {
    let stored = postcard::to_allocvec(&image.small).unwrap();
    let mut book = Exposure::default();
    book.restore(postcard::from_bytes(&stored).unwrap());
    for part in (0..).map_while(|part| image.amounts(part)) {
        let stored = postcard::to_allocvec(&part).unwrap();
        book.restore_amounts(postcard::from_bytes(&stored).unwrap());
    }
    for side in 0..Side::COUNT {
        for rows in (0..).map_while(|part| image.evidence(side, part)) {
            book.restore_evidence(side, rows.to_vec());
        }
    }
    book
}

fn impressions() -> impl Strategy<Value = Vec<(i32, u16, u32)>> {
    prop::collection::vec((0..90i32, 0..4u16, 0..20u32), 0..300)
}

proptest! {
    #![proptest_config(crate::tests::cases(256))]

    #[test]
    fn counts_depend_on_no_order(mut events in impressions(), seed in any::<u64>()) {
        let mut books = [Exposure::default(), Exposure::default()];
        let mut model = BTreeMap::<(u32, u16, i32), f64>::new();
        for &(day, scene, row) in &events {
            books[0].show(&impression(day, scene, row), 0.5, MANY);
            *model.entry((row, scene, day)).or_default() += 1.0;
        }
        crate::random::Random::new(seed).shuffle(&mut events);
        for &(day, scene, row) in &events {
            books[1].show(&impression(day, scene, row), 0.5, MANY);
        }
        prop_assert_eq!(answers(&books[0]), answers(&books[1]));
        for ((row, scene, day), count) in model {
            let found = books[0].on(item(row), SceneId(scene), Day(day)).exposures();
            prop_assert!((found - count).abs() < 1e-12);
        }
        for day in 0..90 {
            let sums = books.each_ref().map(|book| {
                let items = book.amounts(Day(day)).filter(|(runner, ..)| *runner < merchant(0));
                items.map(|(_, _, amount)| amount).sum::<Amount>()
            });
            let totals = (0..4).map(|scene| books[0].total(SceneId(scene), Day(day)));
            prop_assert_eq!(sums, [totals.sum::<Amount>(); 2]);
            let now = at(day, 23);
            for scene in (0..4).map(SceneId) {
                prop_assert_eq!(books[0].last_day(scene, now), books[1].last_day(scene, now));
            }
        }
        let close = |runner| {
            let [one, other] = books.each_ref().map(|book| book.clicks(runner, at(90, 0)).weight);
            (one - other).abs() <= 1e-9 * (1.0 + one)
        };
        prop_assert!((0..20).map(item).all(close));
    }

    #[test]
    fn an_image_stays_as_it_was(events in impressions(), more in impressions()) {
        let mut book = Exposure::default();
        let feed = book.intern("feed");
        prop_assert!(book.begin(item(1), at(10, 0), 5));
        for &(day, scene, row) in &events {
            book.show(&impression(day, scene, row), 0.5, MANY);
        }
        let (before, image) = (answers(&book), book.image());
        let evidence = book.clicks(item(3), at(90, 0));
        let trial = *book.trial(item(1)).unwrap();
        for &(day, scene, row) in &more {
            book.show(&impression(day, scene, row), 0.5, MANY);
        }
        book.forget(item(1));
        let restored = restored(&image);
        prop_assert_eq!(answers(&restored), before);
        prop_assert_eq!(restored.clicks(item(3), at(90, 0)), evidence);
        prop_assert_eq!(restored.trial(item(1)), Some(&trial));
        prop_assert_eq!(restored.scene("feed"), Some(feed));
        prop_assert_eq!(restored.amounts_size().0, image_entries(&image));
    }

    #[test]
    fn a_forgotten_runner_leaves_nothing(events in impressions()) {
        let mut book = Exposure::default();
        for &(day, scene, row) in &events {
            book.show(&impression(day, scene, row), 0.5, MANY);
        }
        let others: Vec<_> = answers(&book).into_iter().filter(|(it, _)| *it != item(7)).collect();
        book.forget(item(7));
        let left: Vec<_> = answers(&book).into_iter().filter(|(it, _)| *it != item(7)).collect();
        prop_assert_eq!(left, others);
        prop_assert_eq!(book.history(item(7)).count(), 0);
        prop_assert!(book.clicks(item(7), at(90, 0)).weight <= 0.0);
        let entries: usize = (0..90).map(|day| book.amounts(Day(day)).count()).sum();
        prop_assert_eq!(book.amounts_size().0, entries);
    }

    #[test]
    fn the_bound_drops_the_oldest_days(events in impressions(), most in 3usize..200) {
        let mut book = Exposure::default();
        for &(day, scene, row) in &events {
            book.show(&impression(day, scene, row), 0.5, most);
            prop_assert!(book.amounts_size().0 <= most);
        }
        let mut whole = Exposure::default();
        events.iter().for_each(|&(day, scene, row)| whole.show(&impression(day, scene, row), 0.5, MANY));
        if book.amounts_size().2 == 0 {
            prop_assert_eq!(answers(&book), answers(&whole));
        }
    }
}

fn image_entries(image: &ExposureImage) -> usize {
    let parts = (0..).map_while(|part| image.amounts(part));
    parts.map(|part| part.len()).sum()
}

#[test]
fn days_before_the_window_leave() {
    let mut book = Exposure::default();
    let (feed, home) = (book.intern("feed"), book.intern("home"));
    for day in 0..=DAYS {
        let scene = if day == 0 { home } else { feed };
        book.show(&impression(day, scene.0, 5), 1.0, MANY);
    }
    book.expire(Day(DAYS - 1));
    assert_eq!(book.days().next(), Some(Day(0)), "the window is 84 days");
    book.expire(Day(DAYS));
    assert_eq!(book.days().next(), Some(Day(1)));
    assert_eq!(book.history(item(5)).count(), 84);
    assert_eq!(book.scene("home"), None, "its number is free again");
    assert_eq!(book.scene("feed"), Some(feed));
    assert_eq!(book.intern("other"), home);
}

#[test]
fn evidence_halves_in_28_days() {
    let mut book = Exposure::default();
    book.show(&impression(0, 1, 5), 0.5, MANY);
    book.click(&impression(0, 1, 5));
    let now = at(0, 5);
    for (days, left) in [(0, 1.0), (28, 0.5), (56, 0.25)] {
        let clicks = book.clicks(item(5), now.plus(days * DAY));
        assert!((clicks.weight - 0.5 * left).abs() < 1e-9);
        assert!((clicks.clickers - left).abs() < 1e-9);
    }
    // Far beyond the reach of one landmark.
    let later = Shown {
        at: now.plus(28 * 40 * DAY),
        ..impression(0, 1, 5)
    };
    book.show(&later, 0.5, MANY);
    let clicks = book.clicks(item(5), later.at);
    assert!((clicks.weight - 0.5).abs() < 1e-9, "{}", clicks.weight);
}

#[test]
fn a_trial_counts_from_its_start_on() {
    let mut book = Exposure::default();
    let start = at(10, 0);
    assert!(book.begin(item(5), start, 1));
    assert!(!book.begin(item(6), start, 1), "there is no room");
    assert!(book.begin(item(5), at(20, 0), 1), "it goes on");
    book.show(&impression(9, 1, 5), 1.0, MANY);
    book.show(&impression(10, 1, 5), 0.5, MANY);
    book.show(&impression(11, 2, 5), 0.25, MANY);
    let clicked = |seconds: i64| {
        let last = LastClick::at(start.plus(seconds * SECOND));
        Shown {
            last: [last; Side::COUNT],
            ..impression(12, 1, 5)
        }
    };
    // The user clicked before the start, which does not count, and after it, which does.
    book.show(&clicked(-1), 0.125, MANY);
    book.click(&clicked(-1));
    book.show(&clicked(1), 1.0, MANY);
    book.click(&clicked(1));
    let trial = book.trial(item(5)).unwrap();
    assert!((trial.served.exposures() - 4.0).abs() < 1e-9);
    assert!((trial.weight - 0.875).abs() < 1e-9);
    assert_eq!(trial.clickers, 1);
    book.end(item(5));
    assert_eq!(book.trials().count(), 0);
}

#[test]
fn enough_clickers_freeze_a_trial() {
    let mut book = Exposure::default();
    book.begin(item(5), at(0, 0), 1);
    for _ in 0..ENOUGH + 5 {
        book.show(&impression(1, 1, 5), 1.0, MANY);
        book.click(&impression(1, 1, 5));
    }
    let trial = book.trial(item(5)).unwrap();
    assert_eq!(trial.clickers, ENOUGH);
    assert!((trial.weight - f64::from(ENOUGH)).abs() < 1e-9);
    assert!((trial.served.exposures() - f64::from(ENOUGH + 5)).abs() < 1e-9);
}

#[test]
fn placed_items_count_their_weights() {
    let mut book = Exposure::default();
    book.begin(item(5), at(0, 0), 1);
    let weight = |weight: f64| Amount::of(weight);
    let placed = Placement {
        amount: weight(1.5 / 2.0),
        evidence: [weight(0.5), weight(0.25), weight(0.0)],
    };
    book.place(&impression(1, 1, 5), &placed, MANY);
    assert!((book.on(item(5), SceneId(1), Day(1)).exposures() - 0.75).abs() < 1e-6);
    let found = book.clicks(item(5), impression(1, 1, 5).at).weight;
    assert!((found - 0.5).abs() < 1e-6);
    let found = book.clicks(merchant(2), impression(1, 1, 5).at).weight;
    assert!((found - 0.25).abs() < 1e-6);
    let trial = book.trial(item(5)).unwrap();
    assert!((trial.served.exposures() - 0.75).abs() < 1e-6 && (trial.weight - 0.5).abs() < 1e-6);
}
