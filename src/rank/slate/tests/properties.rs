//! Properties of random slates, each on seeded cases; and a second, plain fill that looks at every candidate for every place.

use std::collections::BTreeSet;

use super::super::{Arranged, Group, Why};
use super::table::{Row, Scene, Table, ids, slot};
use crate::config::Cap;
use crate::random::Random;
use crate::rule::By;

/// Number of cases of each property.
const CASES: u64 = 500;

fn some<T>(random: &mut Random, value: T) -> Option<T> {
    (random.below(4) > 0).then_some(value)
}

fn level(random: &mut Random) -> f32 {
    // A few levels only, so that there are ties.
    [0.0, 0.2, 0.4, 0.5, 0.55, 0.6, 0.9, 1.0][random.index(8)]
}

fn row(random: &mut Random, number: usize, lifts: bool) -> Row {
    let own = level(random);
    let lift = if lifts {
        [0.5, 1.0, 1.0, 1.2, 1.5][random.index(5)]
    } else {
        1.0
    };
    let groups = [(); 4].map(|()| {
        let group = random.below(5);
        some(random, group)
    });
    let slots = [(); 2].map(|()| {
        let score = level(random);
        some(random, score)
    });
    let tag = random.below(4);
    Row {
        id: format!("i{number:02}"),
        groups,
        own,
        score: own * lift,
        behind: random.below(4) == 0,
        slots: slots.to_vec(),
        tags: vec![(tag, 0.8), (tag + 4, 0.6)],
    }
}

fn table(random: &mut Random, lifts: bool) -> Table {
    let rows = 1 + random.index(30);
    let rows = (0..rows).map(|number| row(random, number, lifts));
    Table::new(rows.collect())
}

fn cap(random: &mut Random) -> Cap {
    let window = 1 + random.index(8);
    Cap {
        by: By::ALL[random.index(4)].1,
        max: 1 + random.index(3),
        window: some(random, window),
    }
}

/// Creates a scene of up to every rule but those that `only_fill` leaves out.
fn scene(random: &mut Random, table: &mut Table, only_fill: bool) -> Scene {
    let mut scene = Scene::of(1 + random.index(table.rows.len() + 3));
    scene.caps = (0..random.index(3)).map(|_| cap(random)).collect();
    let decay = (
        [0.0, 0.5, 0.85, 1.0][random.index(4)],
        [0.0, 0.25, 1.0][random.index(3)],
    );
    scene.decay = some(random, decay).filter(|_| random.below(2) == 0);
    if only_fill {
        return scene;
    }
    scene.lambda = some(random, 0.7).filter(|_| random.below(3) == 0);
    let mut places: Vec<usize> = (1..=12).collect();
    random.shuffle(&mut places);
    let mut take = |count: usize| places.split_off(places.len() - count);
    scene.support = take(random.index(3));
    scene.slots = (0..2)
        .map(|_| slot(&take(1 + random.index(2)), random.below(2) == 0, 0.5))
        .collect();
    scene.pins = take(random.index(2))
        .into_iter()
        .map(|place| (format!("i{:02}", random.index(40)), place))
        .collect();
    table.pins = scene.pins.iter().map(|(item, _)| item.clone()).collect();
    scene
}

/// Runs a property on random tables and scenes.
fn each(lifts: bool, only_fill: bool, property: impl Fn(&Table, &Scene, u64)) {
    for seed in 0..CASES {
        let mut random = Random::new(seed);
        let mut table = table(&mut random, lifts);
        let scene = scene(&mut random, &mut table, only_fill);
        property(&table, &scene, seed);
    }
}

/// Returns the groups of what stands on some pages, place by place.
fn groups(table: &Table, pages: &[Arranged], by: By) -> Vec<Group> {
    let held = pages.iter().flat_map(|page| &page.held);
    held.map(|held| table.rows[held.candidate].group(by))
        .collect()
}

/// Returns the largest count of one group in so many places in a row.
fn most(groups: &[Group], window: usize) -> usize {
    let windows = groups.windows(window.min(groups.len()).max(1));
    let count = |window: &[Group]| {
        let of = |group: &Group| window.iter().filter(|other| *other == group).count();
        window.iter().map(of).max().unwrap_or_default()
    };
    windows.map(count).max().unwrap_or_default()
}

fn kept(scene: &Scene) -> BTreeSet<usize> {
    let slots = scene.slots.iter().flat_map(|slot| slot.places.clone());
    let pins = scene.pins.iter().map(|(_, place)| *place);
    slots.chain(pins).chain(scene.support.clone()).collect()
}

#[test]
fn nothing_is_lost_and_nothing_stands_twice() {
    each(true, false, |table, scene, seed| {
        let page = &scene.pages(table, 1)[0];
        let held = page.held.iter().map(|held| held.candidate);
        let left = page.left.iter().map(|(candidate, _)| *candidate);
        let all: BTreeSet<usize> = held.clone().chain(left).collect();
        assert_eq!(all.len(), page.held.len() + page.left.len(), "{seed}");
        let most = scene.limit.min(table.rows.len());
        assert!(page.held.len() <= most, "{seed}");
        if page.held.len() < most {
            assert_eq!(all.len(), table.rows.len(), "{seed}");
            assert!(!scene.caps.is_empty(), "{seed}");
        }
    });
}

#[test]
fn no_cap_is_exceeded() {
    each(true, false, |table, scene, seed| {
        let pages = scene.pages(table, 3);
        for cap in &scene.caps {
            match cap.window {
                Some(window) => {
                    let all = groups(table, &pages, cap.by);
                    assert!(most(&all, window) <= cap.max, "{seed}");
                }
                None => pages.iter().for_each(|page| {
                    let here = groups(table, std::slice::from_ref(page), cap.by);
                    assert!(most(&here, here.len()) <= cap.max, "{seed}");
                }),
            }
        }
    });
}

#[test]
fn the_first_place_has_the_best_own() {
    each(true, false, |table, scene, seed| {
        if !scene.caps.is_empty() || kept(scene).contains(&1) {
            return;
        }
        let page = &scene.pages(table, 1)[0];
        let first = table.own[page.held[0].candidate];
        let kept: BTreeSet<usize> = kept(scene);
        let free = page
            .held
            .iter()
            .zip(1..)
            .filter(|(_, place)| !kept.contains(place));
        let mut free = free.map(|(held, _)| table.own[held.candidate]);
        assert!(free.all(|own| own <= first), "{seed}");
    });
    each(true, true, |table, scene, seed| {
        let best = table.own.iter().copied().fold(0.0, f32::max);
        let first = scene.pages(table, 1)[0].held[0].candidate;
        assert!(table.own[first] >= best, "{seed}");
    });
}

#[test]
fn a_lift_never_passes_much_better_ones() {
    for seed in 0..CASES {
        let mut random = Random::new(seed);
        let mut rows = table(&mut random, true).rows;
        rows.iter_mut()
            .for_each(|row| row.score = row.score.max(row.own));
        let table = Table::new(rows);
        let scene = Scene::of(1 + random.index(table.rows.len()));
        let shown = &scene.pages(&table, 1)[0].held;
        let shown: Vec<&Row> = shown
            .iter()
            .map(|held| &table.rows[held.candidate])
            .collect();
        for (place, above) in shown.iter().enumerate().skip(1) {
            // own × lift = score
            let mut below = shown[place + 1..].iter();
            assert!(below.all(|below| below.own <= above.score), "{seed}");
        }
    }
}

#[test]
fn without_rules_the_order_is_by_own() {
    for seed in 0..CASES {
        let table = table(&mut Random::new(seed), false);
        let mut sorted: Vec<&Row> = table.rows.iter().collect();
        sorted.sort_by(|a, b| b.own.total_cmp(&a.own).then_with(|| a.lot().cmp(&b.lot())));
        let limit = 1 + usize::try_from(seed).unwrap() % table.rows.len();
        let expected: Vec<String> = sorted
            .iter()
            .take(limit)
            .map(|row| row.id.clone())
            .collect();
        assert_eq!(Scene::of(limit).ids(&table), expected, "{seed}");
    }
}

#[test]
fn permuted_candidates_give_the_same_pages() {
    each(true, false, |table, scene, seed| {
        let mut rows = table.rows.clone();
        Random::new(seed).shuffle(&mut rows);
        let permuted = Table {
            pins: table.pins.clone(),
            ..Table::new(rows)
        };
        let [one, other] = [table, &permuted].map(|table| {
            let pages = scene.pages(table, 3);
            pages
                .iter()
                .map(|page| ids(table, page))
                .collect::<Vec<_>>()
        });
        assert_eq!(one, other, "{seed}");
    });
}

#[test]
fn pages_never_repeat_a_candidate() {
    each(true, false, |table, scene, seed| {
        let pages = scene.pages(table, 40);
        let all = pages.iter().flat_map(|page| ids(table, page));
        let all: Vec<String> = all.collect();
        let distinct: BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "{seed}");
        assert_eq!(all.len(), pages.last().unwrap().start, "{seed}");
    });
}

#[test]
fn remembered_pages_go_on_like_arranged_ones() {
    each(true, false, |table, scene, seed| {
        let pages = scene.pages(table, 2);
        let is_shown = |row: &Row| ids(table, &pages[0]).contains(&row.id);
        let shown = ids(table, &pages[0]);
        let find = |id: &String| table.rows.iter().find(|row| row.id == *id).unwrap().clone();
        let why = (1..=shown.len()).map(|place| {
            let mut won = pages[0].won();
            let slot = won.find(|won| won.0 == place)?.1;
            Some(slot.map_or(Why::Support, Why::Slot))
        });
        let rest = table.rows.iter().filter(|row| !is_shown(row)).cloned();
        let rest = Table {
            past: shown.iter().map(find).zip(why).collect(),
            pins: table.pins.clone(),
            ..Table::new(rest.collect())
        };
        assert_eq!(scene.ids(&rest), ids(table, &pages[1]), "{seed}");
    });
}

/// Fills a page by its definition, for scenes without kept places.
fn plain(table: &Table, scene: &Scene) -> Vec<String> {
    let mut page: Vec<&Row> = Vec::new();
    while page.len() < scene.limit {
        let place = page.len() + 1;
        let fits = |row: &&&Row| {
            scene.caps.iter().all(|cap| {
                let from = cap.window.map_or(0, |window| place.saturating_sub(window));
                let group = row.group(cap.by);
                page[from..]
                    .iter()
                    .filter(|held| held.group(cap.by) == group)
                    .count()
                    < cap.max
            })
        };
        let counts = |row: &Row| {
            let merchant = row.group(By::Merchant);
            let places = page
                .iter()
                .filter(|held| held.group(By::Merchant) == merchant)
                .count();
            let share = scene.decay.map_or(1.0, |(factor, floor)| {
                (1.0 - floor) * factor.powi(i32::try_from(places).unwrap()) + floor
            });
            f64::from(row.score) * share
        };
        let free: Vec<&Row> = table
            .rows
            .iter()
            .filter(|row| page.iter().all(|held| held.id != row.id))
            .collect();
        let worth = |row: &Row| {
            if place == 1 {
                f64::from(row.own)
            } else {
                counts(row)
            }
        };
        let by_score = |a: &&&Row, b: &&&Row| {
            let by_lot = b.lot().cmp(&a.lot());
            let by_score = a.score.total_cmp(&b.score).then(by_lot);
            if place == 1 { by_lot } else { by_score }
        };
        let best = free
            .iter()
            .filter(fits)
            .max_by(|a, b| worth(a).total_cmp(&worth(b)).then_with(|| by_score(a, b)));
        let Some(best) = best else {
            break;
        };
        page.push(best);
    }
    page.iter().map(|row| row.id.clone()).collect()
}

#[test]
fn the_fill_is_the_greedy_one() {
    each(true, true, |table, scene, seed| {
        assert_eq!(scene.ids(table), plain(table, scene), "{seed}");
    });
}
