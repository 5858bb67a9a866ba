//! Models against LightGBM, whose own raw scores `tests/models/make.py` wrote beside them, and files that are not models.

use proptest::prelude::*;

use super::{Columns, Fault, Forest, ROWS, check, read};

const NAMES: [&str; 6] = [
    "affinity.item",
    "affinity.item.raw",
    "order_value.raw",
    "hour",
    "weekday",
    "candidates",
];

macro_rules! models {
    ($($name:literal),+) => {
        [$(($name, include_str!(concat!("../../tests/models/", $name, ".txt")), include_str!(concat!("../../tests/models/", $name, ".csv")))),+]
    };
}

/// Models and their rows.
const MODELS: [(&str, &str, &str); 7] = models!(
    "numeric",
    "nan",
    "zero",
    "categorical",
    "onehot",
    "binary",
    "constant"
);

fn known(name: &str) -> Result<(), String> {
    let is_known = NAMES.contains(&name);
    is_known.then_some(()).ok_or_else(|| "unknown".to_owned())
}

fn forest(text: &str) -> Result<Forest, Fault> {
    read(text, known)
}

/// Returns the features of each row, by the names of the file, and the raw score.
fn rows(csv: &str) -> Vec<([f64; 6], f64)> {
    let lines = csv.lines().skip(1);
    let row = |line: &str| {
        let mut cells: Vec<f64> = line
            .split(',')
            .map(|cell| {
                if cell.is_empty() {
                    f64::NAN
                } else {
                    cell.parse().unwrap()
                }
            })
            .collect();
        let raw = cells.pop().unwrap();
        (cells.try_into().unwrap(), raw)
    };
    lines.map(row).collect()
}

/// Returns the features that the trees read.
fn read_of(forest: &Forest, row: &[f64; 6]) -> Vec<f64> {
    let place = |name| NAMES.iter().position(|known| *known == name).unwrap();
    forest.features().map(|name| row[place(name)]).collect()
}

fn scores(forest: &Forest, rows: &[[f64; 6]]) -> Vec<f64> {
    let mut columns = Columns::new(forest.features().len(), rows.len());
    for (number, row) in rows.iter().enumerate() {
        for (feature, x) in read_of(forest, row).into_iter().enumerate() {
            columns.column(feature)[number] = x;
        }
    }
    let mut raws = vec![f64::NAN; rows.len()];
    forest.score(&columns, &mut raws);
    raws
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9
}

#[test]
fn raw_scores_are_those_of_lightgbm() {
    for (name, text, csv) in MODELS {
        let (forest, rows) = (forest(text).unwrap(), rows(csv));
        assert_eq!(rows.len(), 120);
        let features: Vec<_> = rows.iter().map(|(features, _)| *features).collect();
        // More than a block, so that the second begins within the rows.
        let many: Vec<_> = features.iter().cycle().take(300).copied().collect();
        let found = scores(&forest, &many);
        for (place, found) in found.iter().enumerate() {
            let (row, expected) = &rows[place % rows.len()];
            assert!(
                near(*found, *expected),
                "{name}: {found}, not {expected}, of {row:?}"
            );
        }
    }
}

#[test]
fn explained_parts_add_up_to_the_score() {
    for (name, text, csv) in MODELS {
        let forest = forest(text).unwrap();
        for (row, raw) in rows(csv) {
            let explained = forest.explain(&read_of(&forest, &row));
            let sum = explained.start + explained.parts.iter().sum::<f64>();
            assert!(near(sum, raw), "{name}: {sum}, not {raw}");
        }
    }
}

#[test]
fn a_check_compares_twenty_rows() {
    for (name, text, csv) in MODELS {
        let forest = forest(text).unwrap();
        let lines: Vec<&str> = csv.lines().take(ROWS + 1).collect();
        let rejected = |lines: &[&str]| check(&forest, &lines.join("\n")).unwrap_err();
        assert_eq!(check(&forest, &lines.join("\n")), Ok(()), "{name}");
        assert_eq!(check(&forest, &(lines.join("\r\n") + "\n")), Ok(()));
        assert!(rejected(&lines[..20]).message.contains("cut short"));
        assert_eq!(
            rejected(csv.lines().collect::<Vec<_>>().as_slice()).line,
            22
        );
        let (cells, raw) = lines[7].rsplit_once(',').unwrap();
        let raw: f64 = raw.parse().unwrap();
        let off = format!("{cells},{}", raw + 1e-8 * raw.abs().max(1.0));
        let fault = rejected(&[&lines[..7], &[off.as_str()], &lines[8..]].concat());
        assert_eq!(fault.line, 8, "{name}: {fault}");
        assert!(fault.message.contains("but the model gives"), "{fault}");
        let short = lines[2].trim_start_matches(|it| it != ',');
        let fault = rejected(&[&lines[..2], &[&short[1..]], &lines[3..]].concat());
        assert_eq!((fault.line, fault.message.contains("cells")), (3, true));
        let head = lines[0].replace("hour", "hours");
        let fault = rejected(&[&[head.as_str()], &lines[1..]].concat());
        assert_eq!(fault.line, 1);
    }
    assert_eq!(
        check(&forest(MODELS[0].1).unwrap(), "").unwrap_err().line,
        1
    );
}

/// Returns a model with a text in place of the first occurrence of another.
fn with(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old}");
    text.replacen(old, new, 1)
}

#[test]
fn other_kinds_of_models_are_rejected() {
    for (text, line, message) in [
        (
            include_str!("../../tests/models/linear.txt"),
            27,
            "linear_tree=false",
        ),
        (
            include_str!("../../tests/models/averaged.txt"),
            8,
            "averaged",
        ),
        (
            include_str!("../../tests/models/classes.txt"),
            3,
            "num_class must be 1",
        ),
        (
            include_str!("../../tests/models/wide.txt"),
            13,
            "num_leaves must be a whole number from 1 to 64",
        ),
        (
            include_str!("../../tests/models/pandas.txt"),
            165,
            "categories of pandas",
        ),
        ("", 1, "first line"),
        ("a,b\n1,2\n", 1, "first line"),
    ] {
        let fault = forest(text).unwrap_err();
        assert!(fault.message.contains(message), "{fault}, not {message}");
        assert_eq!(fault.line, line, "{fault}");
    }
}

/// Returns the first line of a text that begins with a key.
fn first<'t>(key: &str, text: &'t str) -> &'t str {
    text.lines().find(|line| line.starts_with(key)).unwrap()
}

fn assert_rejected(text: &str, line: usize, message: &str) {
    let fault = forest(text).unwrap_err();
    assert!(fault.message.contains(message), "{fault}, not {message}");
    assert_eq!(fault.line, line, "{fault}");
}

#[test]
fn each_fault_has_its_line() {
    let numeric = MODELS[0].1;
    for (old, new, line, message) in [
        ("version=v4", "version=v3", 2, "version must be v4"),
        ("version=v4\n", "", 1, "version is missing"),
        ("weekday", "weather", 8, "\"weather\": unknown"),
        ("weekday", "hour", 8, "named twice"),
        ("feature_idx=5", "feature_idx=6", 8, "6 features are named"),
        ("Tree=1", "Tree=2", 31, "must be Tree=1"),
        ("num_leaves=15", "num_leaves=14", 15, "must have 13 numbers"),
        ("num_leaves=15", "num_leaves=0", 13, "from 1 to 64"),
        ("num_leaves=15", "num_leaves=15\nnum_leaves=15", 14, "twice"),
        ("threshold=", "threshold=nan ", 17, "finite"),
        ("leaf_value=", "leaf_value=1e999 ", 21, "finite"),
        ("leaf_value=", "leaf_value=1e101 ", 21, "at most 1e100"),
        ("internal_value=", "internal_value=inf ", 24, "finite"),
        ("split_feature=", "split_feature=6 ", 15, "from 0 to 5"),
        ("left_child=", "left_child=14 ", 19, "from -15 to 13"),
        ("right_child=", "right_child=-16 ", 20, "from -15 to 13"),
        ("left_child=1 ", "left_child=0 ", 19, "form a cycle"),
        (
            "left_child=1 ",
            "left_child=-1 ",
            19,
            "node 1 cannot be reached",
        ),
        ("decision_type=2", "decision_type=12", 18, "from 0 to 11"),
        ("decision_type=2", "decision_type=1", 17, "does not have"),
        ("is_linear=0", "is_linear=1", 27, "linear_tree=false"),
        ("end of trees", "", 259, "cut short"),
        ("tree_sizes=", "tree_sizes=1 ", 126, "6 trees"),
    ] {
        assert_rejected(&with(numeric, old, new), line, message);
    }
}

#[test]
fn faults_of_sets_have_their_lines() {
    let sets = MODELS[3].1;
    let words = first("cat_threshold", sets);
    let fewer = words.rsplit_once(' ').unwrap().0;
    assert_rejected(&with(sets, words, fewer), 28, "it has fewer");
    let large = "cat_threshold=4294967296 ";
    assert_rejected(&with(sets, "cat_threshold=", large), 28, "to 4294967295");
    for bounds in ["=1", "=0 9"] {
        let bounds = format!("cat_boundaries{bounds}");
        let text = with(sets, "cat_boundaries=0", &bounds);
        assert_eq!(forest(&text).unwrap_err().line, 27);
    }
}

#[test]
fn more_than_500_trees_are_rejected() {
    let text = MODELS[6].1;
    let (head, rest) = text.split_once("tree_sizes=242").unwrap();
    let (_, rest) = rest.split_once("Tree=0\n").unwrap();
    let (tree, tail) = rest.split_once("end of trees").unwrap();
    let many = |count: usize| {
        let trees: String = (0..count)
            .map(|place| format!("Tree={place}\n{tree}"))
            .collect();
        forest(&format!("{head}\n{trees}end of trees{tail}"))
    };
    assert_eq!(many(500).unwrap().trees(), 500);
    let fault = many(501).unwrap_err();
    assert!(fault.message.contains("at most 500"), "{fault}");
}

/// Returns a random change of a text.
fn mutation() -> impl Strategy<Value = (usize, Change, prop::sample::Index, prop::sample::Index)> {
    let change = prop_oneof![
        Just(Change::Cut),
        Just(Change::Swap),
        Just(Change::Digit),
        Just(Change::Byte)
    ];
    (
        0..MODELS.len(),
        change,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    )
}

#[derive(Clone, Copy, Debug)]
enum Change {
    /// Everything from a place on.
    Cut,
    /// Two lines.
    Swap,
    /// A digit of the trees.
    Digit,
    /// Any character.
    Byte,
}

fn changed(
    text: &str,
    change: Change,
    one: prop::sample::Index,
    other: prop::sample::Index,
) -> String {
    let digits: Vec<usize> = (0..text.len())
        .filter(|at| text.as_bytes()[*at].is_ascii_digit())
        .collect();
    match change {
        Change::Cut => text[..one.index(text.len())].to_owned(),
        Change::Swap => {
            let mut lines: Vec<&str> = text.lines().collect();
            let count = lines.len();
            lines.swap(one.index(count), other.index(count));
            lines.join("\n")
        }
        Change::Digit => {
            let at = digits[one.index(digits.len())];
            let digit = char::from_digit(u32::try_from(other.index(10)).unwrap(), 10).unwrap();
            format!("{}{digit}{}", &text[..at], &text[at + 1..])
        }
        Change::Byte => {
            let at = one.index(text.len());
            let byte = [b'\n', b' ', b'-', b'=', b'e', b'.', b'9', b'0'][other.index(8)];
            format!("{}{}{}", &text[..at], char::from(byte), &text[at + 1..])
        }
    }
}

proptest! {
    #![proptest_config(crate::tests::cases(512))]

    #[test]
    fn a_changed_model_is_rejected_or_finite((model, change, one, other) in mutation()) {
        let (_, text, csv) = MODELS[model];
        let text = changed(text, change, one, other);
        let lines = text.lines().count();
        match forest(&text) {
            Ok(forest) => {
                let values = forest.branches.iter().map(|branch| branch.value);
                let largest = values.chain(forest.leaves.iter().copied()).fold(1.0, |most: f64, it| most.max(it.abs()));
                let rows: Vec<_> = rows(csv).into_iter().map(|(row, _)| row).collect();
                for (row, raw) in rows.iter().zip(scores(&forest, &rows)) {
                    prop_assert!(raw.is_finite());
                    let explained = forest.explain(&read_of(&forest, row));
                    let sum = explained.start + explained.parts.iter().sum::<f64>();
                    prop_assert!((sum - raw).abs() <= 1e-9 * largest, "{sum} {raw}");
                }
                let _no_panic = check(&forest, csv);
            }
            Err(fault) => prop_assert!((1..=lines.max(1)).contains(&fault.line), "{fault} of {lines} lines"),
        }
        let (good, rows) = (forest(MODELS[model].1).unwrap(), changed(csv, change, one, other));
        let _no_panic = check(&good, &rows);
    }

    #[test]
    fn any_text_after_the_head_is_read(tail in "[ -~\n]{0,400}") {
        let (head, _) = MODELS[0].1.split_once("Tree=0").unwrap();
        let text = [head, &tail].concat();
        prop_assert!(forest(&text).is_err());
        let _no_panic = forest(&tail);
    }
}
