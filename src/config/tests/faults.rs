//! All faults are found at once, each at its line; no text of a file can cause a panic.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Config, EMBEDDED};
use super::{assert_valid, parse};
use crate::allocator::linear::assert_linear;

/// Each faulty line ends in `#!` and a part of the message; a line with two faults has two.
const FAULTY: &str = r#"
zebra = 1                           #! unknown key
[servr]                             #! did you mean server?
[server]
listen = "localhost"                #! an address and a port
drain_seconds = inf                 #! a number from 0 to 3600, not inf
parallel_candidates = 1.5           #! a whole number from 1 to 1000000, not 1.5
drian_seconds = 1                   #! did you mean drain_seconds?
[tls]
certificate = ""                    #! the path of a file #! must be given too
key = "key.pem"
client_ca = "ca.pem"                #! must be "none" if certificate
handshake_seconds = 0               #! from 0.1 to 300, not 0
[store]
path = ""                           #! must be a directory, or "none"
unknown_items = "drop"              #! must be "reject" or "stub", not "drop"
event_ids = -1                      #! from 0 to 100000000, not -1
event_id_hours = "24"               #! not "24"
[clock]
mode = 3                            #! must be "wall" or "event", not 3
time_step_seconds = 86_401          #! from 1 to 86400
[limits]
limit = 100
body_bytes = 4096
unpacked_bytes = 2048               #! at least body_bytes, 4096
tags = 99999999999999999999         #! from 1 to 255
timeout_ms = 50                     #! at least 100, which is scene.default.timeout_ms
[profile]
half_life_days = 0                  #! from 0.01 to 36500, not 0
gains = 8                           #! must be a table, not 8
[profile.item_gains."bad\tname"]    #! must be an id
[profile.item_gains.furniture]
purchase = nan                      #! from -1000 to 1000, not nan
bought = 1                          #! unknown key
[scale]
price = true                        #! not true
[race]
utc_offset = "8:00"                 #! such as "+08:00"
lane = ["age", "category", "age"]   #! must not repeat
age_tiers_days = [30, 30]           #! must ascend
level = 0                           #! must not both be 0
growth = 0
[integrity]
min = 0.5
max = 0.4                           #! not below min
[support]
scenes = ["c", "home"]              #! "home": unknown scene; known:
places = [1, 11]                    #! from 2 to 1000000, not 1
kinds = ["shop"]                    #! must be "item" or "merchant" or "creator"
quotas = [200, 200]                 #! must ascend
floor = 2                           #! from 0 to 1, not 2
[tail]
scenes = { c = 1, feeed = 0.1 }     #! between 0 and 1, such as 0.1, not 1 #! unknown scene
boost = 0.9                         #! from 1 to 3, not 0.9
[campaign]
cap = 0.5                           #! from 1 to 10, not 0.5
[campaign.early]
scenes = []                         #! at least one element
from = 2026-11-11T16:00:00Z
until = 2026-11-10T16:00:00Z        #! must be after from, 2026-11-11T16:00:00Z
boost = 0.9                         #! from 1 to 3, not 0.9
[campaign.undated]
scenes = ["c"]
from = 2026-11-11T16:00:00          #! with its offset, such as
boost = 1.2
budget = 10                         #! needs from and until
bugdet = 10                         #! did you mean budget?
[market]
interval_seconds = 0                #! from 0.1 to 3600, not 0
[log]
level = "warning,saima=debug"       #! "warning" is not a level
format = "xml"                      #! must be "text" or "json"
[predictions]
bare = 1                            #! must be a table #! is missing
[predictions.odd]
normaliser = "lgo"                  #! must be "identity" or "log" or
reference = 3
[predictions.depth]
normaliser = "quantile"
points = [1, 3, 2]                  #! must ascend
scale = 2                           #! unknown key
[predictions.margin]
normaliser = "log"                  #!
[predictions.quality]               #! is the name of an objective
normaliser = "identity"
[selection.a]
where = 'item.pirce < 5 && merchant.goal == 1' #! did you mean item.price? #! never equal
[selection.b]
where = 'user.known'                #! a selection is a set of items and cannot read the user
when = 'true'                       #! unknown key
[selection.c]                       #! is missing
[selection."bad\tname"]             #! must be an id
where = 'true'
[audience.vip]
where = 'user.orders > 9'
[audience.odd]
where = 'item.price'                #! an audience is a set of users and cannot read items
[audience]
bare = 1                            #! must be a table #! is missing
[scene.a]
parent = "b"                        #! a cycle: a -> b -> a
[scene.b]
parent = "a"
weights = { race.growht = 1 }       #! did you mean race.growth?
[scene.c]
parent = "d"                        #! unknown scene; known: a, b,
weights = { race = {} }             #! unknown objective
limit = 101                         #! from 1 to 100 (limits.limit), not 101
timeout_ms = 0                      #! from 1 to 50 (limits.timeout_ms), not 0
[scene.e.weights_for]
vpi = { quality = 1 }               #! unknown audience; did you mean vip?
vip = { qualty = 1 }                #! unknown objective or prediction; did you mean quality?
[scene.default]
parent = "a"                        #! it has no parent
[scene.default.weights]             
"quality" = inf                     #! from -1000 to 1000, not inf
freshness = 1e-9                    #! at least 0.000001 away from it
nonsense = 1                        #! known: affinity.tags
race.level = 0.1
"race.level" = 0.1                  #! given twice
"#;

#[test]
fn all_faults_are_found_with_their_lines() {
    let faulty = FAULTY.replace("#!\n[predictions.quality]", "\n[predictions.quality]");
    let faults = parse(&faulty).unwrap_err();
    let mut left = faults.faults.clone();
    for (number, line) in faulty.lines().enumerate() {
        for expected in line.split("#!").skip(1) {
            let place = left.iter().position(|fault| {
                fault.line == number + 1 && fault.message.contains(expected.trim())
            });
            left.remove(
                place.unwrap_or_else(|| panic!("line {}: {expected}\n{faults}", number + 1)),
            );
        }
    }
    let margin = left
        .iter()
        .position(|fault| fault.path == "predictions.margin.reference");
    left.remove(margin.expect("a key that is not in the file has the line of its table"));
    assert!(left.is_empty(), "unexpected faults: {left:?}");
    assert!(faults.faults.is_sorted_by_key(|fault| fault.line));
}

#[test]
fn a_fault_shows_file_line_and_path() {
    let faults = parse("\n[race]\nlevel = -1").unwrap_err();
    let shown = "test.toml:3: race.level: must be a number from 0 to 1000, not -1";
    assert_eq!(faults.to_string(), shown);
    let path = std::path::Path::new("nowhere/saima.toml");
    let shown = Config::load(path).unwrap_err().to_string();
    assert!(
        shown.starts_with("nowhere/saima.toml: the file cannot be read"),
        "{shown}"
    );
}

/// No fault is added if another one may be the reason.
#[test]
fn a_scene_without_weights_is_a_fault() {
    let cases = [
        ("quality = 0", 1, "scene.default.weights"),
        ("qualty = 1", 2, "scene.default.weights.qualty"),
        ("quality = 1", 3, "scene.heir.weights"),
    ];
    for (default, line, path) in cases {
        let text = format!("[scene.default.weights]\n{default}\n[scene.heir.weights]\nquality = 0");
        let faults = parse(&text).unwrap_err().faults;
        let found: Vec<_> = faults
            .iter()
            .map(|each| (each.line, each.path.as_str()))
            .collect();
        assert_eq!(found, [(line, path)]);
    }
}

#[test]
fn invalid_text_is_a_fault_at_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saima.toml");
    std::fs::write(&path, b"# one\n# \xff\n").unwrap();
    let faults = Config::load(&path).unwrap_err().faults;
    assert_eq!((faults.len(), faults[0].line), (1, 2));
}

#[test]
fn all_syntax_errors_are_found_at_once() {
    let text = "[race]\nlevel = \ngrowth = = 1\n[log\n[x]\na = 1\na = 2\nq\n";
    let faults = parse(text).unwrap_err();
    let lines: BTreeSet<_> = faults.faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, BTreeSet::from([2, 3, 4, 7, 8]), "{faults}");
    assert!(faults.faults.iter().all(|fault| fault.path.is_empty()));
}

/// The file sets only the limit, so the fault is reported at the limit.
#[test]
fn a_default_above_a_limit_is_reported_there() {
    let faults = parse("[limits]\nlimit = 20").unwrap_err();
    let shown = "test.toml:2: limits.limit: must be at least 50, which is scene.default.limit";
    assert_eq!(faults.to_string(), shown);
    assert!(parse("[limits]\nlimit = 20\n[scene.default]\nlimit = 20").is_ok());
}

#[test]
fn utc_offsets_are_read_and_shown() {
    for (text, right) in [
        ("+08:00", 480),
        ("-03:30", -210),
        ("+14:00", 840),
        ("-00:00", 0),
    ] {
        let config = parse(&format!("[race]\nutc_offset = \"{text}\"")).unwrap();
        assert_eq!(config.race.utc_offset, right * 60_000);
        assert_valid(&config);
    }
    for text in [
        "", "+", "08:00", "+8:00", "+08:60", "+14:01", "+0800", "+-8:00", "é08:00",
    ] {
        let read = parse(&format!("[race]\nutc_offset = \"{text}\""));
        assert!(read.is_err(), "{text}");
    }
}

#[test]
fn every_section_rejects_an_unknown_key() {
    let headers = EMBEDDED
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with('['));
    for number in headers.map(|(number, _)| number + 1).chain([0]) {
        let mut lines: Vec<_> = EMBEDDED.lines().collect();
        lines.insert(number, "zzzzzzzz = 1");
        let faults = parse(&lines.join("\n")).unwrap_err().faults;
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].line, number + 1);
        assert!(faults[0].message.starts_with("unknown"), "{faults:?}");
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Delete,
    Repeat,
    Value(&'static str),
    Insert(usize, String),
    Cut(usize),
}

const VALUES: [&str; 26] = [
    "nan",
    "-inf",
    "inf",
    "-1",
    "0",
    "1",
    "-0.0",
    "1e400",
    "1e-300",
    "0x10",
    "true",
    "''",
    "\"x\"",
    "[]",
    "{}",
    "[[1]]",
    "{ a = { b = [1] } }",
    "99999999999999999999999999999999999999999999",
    "2020-01-01",
    "\"\\u0000\"",
    "[1, 2]",
    "[\"age\"]",
    "'''",
    "1000",
    "\"+01:00\"",
    "[nan, inf]",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        Just(Mutation::Delete),
        Just(Mutation::Repeat),
        select(VALUES.as_slice()).prop_map(Mutation::Value),
        (0..80usize, "[\\[\\]{}=.,\"'#a-z0-9é\\\\ -]{1,6}")
            .prop_map(|(at, s)| Mutation::Insert(at, s)),
        (0..80usize).prop_map(Mutation::Cut),
    ]
}

fn mutate(lines: &mut Vec<String>, at: usize, mutation: &Mutation) {
    let line = lines[at].clone();
    let boundary = |at: usize| {
        line.char_indices()
            .nth(at)
            .map_or(line.len(), |(place, _)| place)
    };
    match mutation {
        Mutation::Delete => {
            lines.remove(at);
        }
        Mutation::Repeat => lines.insert(at, line),
        Mutation::Value(value) => {
            let key = line.split(" = ").next().unwrap_or_default();
            lines[at] = format!("{key} = {value}");
        }
        Mutation::Insert(place, text) => lines[at].insert_str(boundary(*place), text),
        Mutation::Cut(place) => lines[at].truncate(boundary(*place)),
    }
}

proptest! {
    #![proptest_config(crate::tests::cases(400))]

    #[test]
    fn random_mistakes_are_accepted_or_reported_with_lines(
        mutations in prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..5),
    ) {
        let mut lines: Vec<String> =
            EMBEDDED.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        for (at, mutation) in &mutations {
            let at = at.index(lines.len());
            mutate(&mut lines, at, mutation);
        }
        match parse(&lines.join("\n")) {
            Ok(config) => assert_valid(&config),
            Err(faults) => {
                prop_assert!(!faults.faults.is_empty());
                for fault in &faults.faults {
                    prop_assert!((1..=lines.len() + 1).contains(&fault.line), "{faults}");
                    prop_assert!(!fault.message.is_empty());
                }
            }
        }
    }

    #[test]
    fn any_text_is_accepted_or_rejected(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }
}

#[test]
fn reading_a_configuration_takes_linear_time() {
    let cases: [(&str, &str, &str); 7] = [
        ("unknown keys", "", "k@ = 1\n"),
        ("unknown sections", "", "[section-@]\na = 1\n"),
        ("faulty values", "[predictions]\n", "p@ = 1\n"),
        ("scenes", "", "[scene.s@]\nlimit = 9\n"),
        ("faulty scenes", "", "[scene.s@]\nlimit = 0\nweights = 1\n"),
        ("weights", "[scene.default.weights]\n", "w@ = 1\n"),
        ("syntax errors", "", "= @\n"),
    ];
    for (what, start, part) in cases {
        let text = |count: usize| {
            let parts = (0..count).map(|number| part.replace('@', &format!("{number:05}")));
            start.to_owned() + &parts.collect::<String>()
        };
        assert_linear(what, 1_000, text, |text| drop(parse(text)));
    }
}

#[test]
fn many_support_places_are_rejected() {
    let text = |limit: u32, places: &str, more: &str| {
        format!(
            "[scene.feed]\nlimit = {limit}\n[support]\nscenes = [\"feed\"]\nplaces = {places}\n{more}"
        )
    };
    assert!(parse(&text(20, "[5, 11]", "")).is_ok());
    let faults = parse(&text(19, "[5, 11]", "")).unwrap_err().to_string();
    assert!(
        faults.contains("2 places are more than a tenth of 19"),
        "{faults}"
    );
    let uneven = parse(&text(20, "[5]", "days = [4, 5]\nbars = [1]")).unwrap_err();
    let found: Vec<&str> = uneven.faults.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(found, ["support.days", "support.bars"]);
}

#[test]
fn campaigns_and_shares_are_read_and_shown() {
    let text = "selection.snacks.where = 'true'\n[scene.feed]\n[tail]\nscenes = { feed = 0.1 }\n[campaign.double-11]\nfrom = 2026-11-10T16:00:00Z\n\
                until = \"2026-11-12T00:00:00+08:00\"\nselect = \"snacks\"\nscenes = [\"feed\"]\nboost = 1.3\nbudget = 30_000";
    let config = parse(text).unwrap();
    assert_valid(&config);
    let [campaign] = config.campaigns.each.as_slice() else {
        panic!("one campaign");
    };
    let days = campaign.until.unwrap().since(campaign.from.unwrap());
    assert_eq!(days, crate::clock::DAY);
    assert_eq!(campaign.budget, Some(30_000));
    assert_eq!(config.tail.scenes.get("feed"), Some(&0.1));
}
