//! Published cases of the slate.

use super::super::Win;
use super::super::decay::Decay;
use super::table::{Row, Scene, Table, slot};
use crate::config::Cap;
use crate::rule::By;

/// Creates a table from ids with merchant, own, score and whether the merchant is behind its plan.
fn table(rows: &[(&str, char, f32, f32, bool)]) -> Table {
    let rows = rows.iter().map(|&(id, merchant, own, score, behind)| Row {
        id: id.to_owned(),
        groups: [Some(u32::from(merchant)), None, None, None],
        own,
        score,
        behind,
        slots: vec![None],
        tags: Vec::new(),
    });
    Table::new(rows.collect())
}

fn plain(rows: &[(&str, char, f32)]) -> Table {
    let rows = rows
        .iter()
        .map(|&(id, merchant, own)| (id, merchant, own, own, false));
    table(&rows.collect::<Vec<_>>())
}

/// Puts candidates into the pool of the first slot, each with its score there.
fn pool(mut table: Table, scores: &[(&str, f32)]) -> Table {
    for row in &mut table.rows {
        let found = scores.iter().find(|(id, _)| *id == row.id);
        row.slots[0] = found.map(|(_, score)| *score);
    }
    Table::new(table.rows)
}

fn six() -> Table {
    plain(&[
        ("a1", 'A', 0.9),
        ("a2", 'A', 0.8),
        ("a3", 'A', 0.7),
        ("b1", 'B', 0.6),
        ("b2", 'B', 0.5),
        ("c1", 'C', 0.4),
    ])
}

fn cap(max: usize, window: Option<usize>) -> Cap {
    Cap {
        by: By::Merchant,
        max,
        window,
    }
}

fn capped(limit: usize, max: usize, window: Option<usize>) -> Scene {
    Scene {
        caps: vec![cap(max, window)],
        ..Scene::of(limit)
    }
}

/// A race: place, winner and runner-up, with their scores.
type Race<'t> = (usize, (&'t str, f32), Option<(&'t str, f32)>);

/// Returns the races of the first page.
fn races<'t>(table: &'t Table, scene: &Scene) -> Vec<Race<'t>> {
    let id = |(candidate, score): (usize, f32)| (table.rows[candidate].id.as_str(), score);
    let race = |win: &Win| (win.place, id(win.winner), win.runner_up.map(id));
    scene.pages(table, 1)[0].wins.iter().map(race).collect()
}

#[test]
fn a_cap_counts_the_page() {
    assert_eq!(
        capped(5, 2, None).ids(&six()),
        ["a1", "a2", "b1", "b2", "c1"]
    );
}

#[test]
fn a_cap_counts_sliding_windows() {
    let scene = capped(6, 1, Some(2));
    assert_eq!(scene.ids(&six()), ["a1", "b1", "a2", "b2", "a3", "c1"]);
}

#[test]
fn a_page_ends_where_nothing_fits() {
    let alone = plain(&[("a1", 'A', 0.9), ("a2", 'A', 0.8), ("a3", 'A', 0.7)]);
    let scene = capped(3, 2, None);
    assert_eq!(scene.ids(&alone), ["a1", "a2"]);
    assert_eq!(scene.pages(&alone, 1)[0].left, [(2, By::Merchant)]);
}

#[test]
fn decay_spreads_a_merchant() {
    let scene = Scene {
        decay: Some((0.5, 0.25)),
        ..Scene::of(6)
    };
    assert_eq!(scene.ids(&six()), ["a1", "b1", "a2", "c1", "b2", "a3"]);
    let mut decay = Decay::new((0.5, 0.25), 3);
    for share in [1.0, 0.625, 0.4375, 0.34375, 0.296_875] {
        assert!((decay.share(1) - share).abs() < 1e-6);
        decay.add(1);
    }
}

#[test]
fn support_helps_the_best_behind_its_plan() {
    let table = table(&[
        ("a1", 'A', 0.8, 0.8, false),
        ("b1", 'B', 0.78, 1.17, false),
        ("c1", 'C', 0.6, 0.6, false),
        ("n1", 'N', 0.5, 0.5, true),
        ("n2", 'O', 0.55, 0.55, true),
        ("n3", 'P', 0.2, 0.2, true),
        ("d1", 'D', 0.52, 0.52, false),
    ]);
    let scene = Scene {
        support: vec![3],
        ..Scene::of(5)
    };
    assert_eq!(scene.ids(&table), ["a1", "b1", "n2", "c1", "d1"]);
}

fn five() -> Table {
    plain(&[
        ("a1", 'A', 0.9),
        ("a2", 'A', 0.7),
        ("b1", 'B', 0.6),
        ("c1", 'C', 0.5),
        ("d1", 'D', 0.1),
    ])
}

#[test]
fn a_slot_names_winner_and_runner_up() {
    let table = pool(
        five(),
        &[("a2", 0.5), ("b1", 0.8), ("c1", 0.7), ("d1", 0.9)],
    );
    let scene = Scene {
        slots: vec![slot(&[2], true, 0.5)],
        ..Scene::of(4)
    };
    assert_eq!(scene.ids(&table), ["a1", "b1", "a2", "c1"]);
    assert_eq!(races(&table, &scene), [(2, ("b1", 0.8), Some(("c1", 0.7)))]);
}

#[test]
fn a_place_without_contenders_goes_back() {
    let table = pool(five(), &[("a2", 0.5)]);
    let scene = Scene {
        slots: vec![slot(&[2, 3], true, 0.5)],
        ..Scene::of(4)
    };
    assert_eq!(scene.ids(&table), ["a1", "a2", "b1", "c1"]);
    assert_eq!(races(&table, &scene), [(2, ("a2", 0.5), None)]);
}

#[test]
fn all_rules_act_together() {
    let table = pool(
        table(&[
            ("a1", 'A', 0.9, 0.9, false),
            ("a2", 'A', 0.85, 0.85, false),
            ("n1", 'N', 0.7, 0.7, true),
            ("b1", 'B', 0.8, 0.96, false),
            ("a3", 'A', 0.75, 0.75, false),
            ("c1", 'C', 0.6, 0.6, false),
            ("d1", 'D', 0.5, 0.5, false),
        ]),
        &[("c1", 0.4), ("d1", 0.6)],
    );
    let scene = Scene {
        slots: vec![slot(&[3], true, 0.5)],
        support: vec![5],
        ..capped(6, 2, None)
    };
    assert_eq!(scene.ids(&table), ["a1", "b1", "d1", "a2", "n1", "c1"]);
    assert_eq!(races(&table, &scene), [(3, ("d1", 0.6), Some(("c1", 0.4)))]);
}

#[test]
fn mmr_puts_what_is_alike_apart() {
    let mut table = six();
    for (row, tag) in table.rows.iter_mut().zip([1, 1, 2, 1, 3, 2]) {
        row.tags = vec![(tag, 1.0)];
    }
    let scene = Scene {
        lambda: Some(0.5),
        ..Scene::of(4)
    };
    assert_eq!(scene.ids(&table), ["a1", "a3", "b2", "a2"]);
}

#[test]
fn kept_items_are_released_where_nothing_fits() {
    let mut table = plain(&[("a1", 'A', 0.9), ("a2", 'A', 0.8), ("a3", 'A', 0.7)]);
    table.pins = vec!["a3".to_owned()];
    let scene = Scene {
        pins: vec![("a3".to_owned(), 3)],
        ..capped(3, 2, Some(3))
    };
    assert_eq!(scene.ids(&table), ["a1", "a2"]);
    let scene = Scene {
        pins: vec![("a3".to_owned(), 3)],
        ..capped(3, 1, Some(3))
    };
    assert_eq!(scene.ids(&table), ["a1"]);
}

#[test]
fn moves_name_the_rule_that_explains_them() {
    let table = pool(six(), &[("c1", 0.5)]);
    let scene = Scene {
        slots: vec![slot(&[2], true, 0.0)],
        ..capped(6, 1, Some(2))
    };
    let plan = scene.plan();
    let mut arranger = super::super::Arranger::new(&table, &plan, 6);
    let page = arranger.next(6);
    let moves: Vec<String> = arranger
        .moves(&page)
        .concat()
        .iter()
        .map(|each| format!("{} {}-{}", each.rule, each.from, each.to))
        .collect();
    assert_eq!(
        super::table::ids(&table, &page),
        ["a1", "c1", "a2", "b1", "a3", "b2"]
    );
    assert_eq!(
        moves,
        [
            "slot.slot 6-2",
            "displaced 2-3",
            "cap.merchant 3-5",
            "displaced 5-6"
        ]
    );
}

/// Returns the ids of the first pages.
fn pages(scene: &Scene, table: &Table, count: usize) -> Vec<Vec<String>> {
    let pages = scene.pages(table, count);
    pages
        .iter()
        .map(|page| super::table::ids(table, page))
        .collect()
}

#[test]
fn a_runner_gets_one_support_place_of_a_list() {
    let table = table(&[
        ("a1", 'A', 0.9, 0.9, false),
        ("n1", 'N', 0.8, 0.8, true),
        ("n2", 'N', 0.78, 0.78, true),
        ("b1", 'B', 0.77, 0.77, false),
        ("m1", 'M', 0.7, 0.7, true),
    ]);
    let scene = Scene {
        support: vec![2, 4],
        ..Scene::of(2)
    };
    let right = [["a1", "n1"], ["n2", "m1"]];
    assert_eq!(pages(&scene, &table, 2), right, "N has place 2");
    let scene = Scene {
        support: vec![2, 4],
        ..Scene::of(4)
    };
    assert_eq!(scene.ids(&table), right.concat(), "as on one page");
}

#[test]
fn a_slot_counts_what_it_won_on_earlier_pages() {
    let table = pool(
        plain(&[
            ("a1", 'A', 0.9),
            ("a2", 'A', 0.85),
            ("b1", 'B', 0.82),
            ("a3", 'A', 0.8),
            ("a4", 'A', 0.7),
            ("c1", 'C', 0.6),
        ]),
        &[("a3", 0.5), ("a4", 0.9), ("c1", 0.1)],
    );
    let scene = Scene {
        slots: vec![slot(&[2, 4, 6], true, 0.98)],
        ..Scene::of(2)
    };
    // Place 2 went back to the fill, which gave it to A; place 4 is won by A, so that A wins no other.
    let won = scene.pages(&table, 3);
    let won = won.iter().map(|page| page.won().collect::<Vec<_>>());
    let won: Vec<_> = won.collect();
    assert_eq!(won, [vec![], vec![(4, Some(0))], vec![(6, Some(0))]]);
    let all = [["a1", "a2"], ["b1", "a3"], ["a4", "c1"]];
    assert_eq!(pages(&scene, &table, 3), all);
}

#[test]
fn mmr_knows_what_stands_before_the_page() {
    let mut table = six();
    for (row, tag) in table.rows.iter_mut().zip([1, 1, 2, 1, 3, 2]) {
        row.tags = vec![(tag, 1.0)];
    }
    let scene = Scene {
        lambda: Some(0.5),
        ..Scene::of(2)
    };
    assert_eq!(pages(&scene, &table, 2), [["a1", "a3"], ["b2", "a2"]]);
}

#[test]
fn the_first_place_is_never_explained_by_a_lift() {
    let mut table = table(&[
        ("a1", 'A', 0.9, 0.9, false),
        ("b1", 'B', 0.8, 1.0, false),
        ("a2", 'A', 0.7, 0.7, false),
    ]);
    table.pins = vec!["a2".to_owned()];
    let scene = Scene {
        pins: vec![("a2".to_owned(), 2)],
        ..capped(3, 1, Some(2))
    };
    let plan = scene.plan();
    let mut arranger = super::super::Arranger::new(&table, &plan, 3);
    let page = arranger.next(3);
    assert_eq!(super::table::ids(&table, &page), ["b1", "a2"]);
    assert_eq!(arranger.moves(&page)[0][0].rule, "displaced");
}
