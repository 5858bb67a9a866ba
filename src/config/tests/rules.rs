//! Rules of scenes: what they are read as, how they are inherited, and every refusal.

use super::super::{AudienceId, Cap, Config, Pool, Seen, SelectionId, What};
use super::{assert_valid, parse};
use crate::clock::Time;
use crate::rule::By;

const RULES: &str = r#"
[selection.snacks]
where = 'item.category == "snack"'
[audience.fresh]
where = '!user.known'
[scene.feed]
limit = 30
[[scene.feed.rules]]
name = "shops"
rule = "cap"
by = "merchant"
max = 4
window = 20
[[scene.feed.rules]]
name = "deal"
rule = "slot"
places = [3, 9]
items = ["i1", "i2"]
weights = { order_value = 1.0 }
from = 2026-11-10T16:00:00Z
until = 2026-11-11T16:00:00+08:00
[[scene.feed.rules]]
name = "later deal"
rule = "slot"
places = [3]
items = ["i3"]
score = true
min = 0.25
from = "2026-11-11T08:00:00Z"
[[scene.feed.rules]]
name = "spread"
rule = "decay"
factor = 0.85
floor = 0.5
[[scene.feed.rules]]
name = "mixed"
rule = "mmr"
lambda = 0.7
[[scene.feed.rules]]
name = "notice"
rule = "pin"
item = "i9"
place = 1
audience = "fresh"
[[scene.feed.rules]]
name = "no snacks"
rule = "hide"
select = "snacks"
audience = "fresh"
[[scene.feed.rules]]
name = "snack day"
rule = "boost"
select = "snacks"
factor = 1.3
[[scene.feed.rules]]
name = "best snack"
rule = "slot"
places = [5]
select = "snacks"
score = true
[[scene.feed.rules]]
name = "tired"
rule = "seen"
after = 3
days = 7
factor = 0.5
[[scene.feed.rules]]
name = "worn"
rule = "seen"
after = 6
days = 2
then = "hide"
[scene.live]
parent = "feed"
[scene.bare]
parent = "feed"
rules = []
[scene.own]
parent = "feed"
rules = [{ name = "one", rule = "cap", by = "kind", max = 1 }]
"#;

fn whats(config: &Config, scene: &str) -> Vec<What> {
    let rules = config.scenes[scene].rules.iter();
    rules.map(|rule| rule.what.clone()).collect()
}

#[test]
fn rules_are_read_in_their_order() {
    let config = parse(RULES).unwrap();
    assert_valid(&config);
    let rules = &config.scenes["feed"].rules;
    let names: Vec<&str> = rules.iter().map(|rule| &*rule.name).collect();
    assert_eq!(
        names,
        [
            "shops",
            "deal",
            "later deal",
            "spread",
            "mixed",
            "notice",
            "no snacks",
            "snack day",
            "best snack",
            "tired",
            "worn"
        ]
    );
    let cap = Cap {
        by: By::Merchant,
        max: 4,
        window: Some(20),
    };
    assert_eq!(rules[0].what, What::Cap(cap));
    let What::Slot(slot) = &rules[1].what else {
        panic!("{:?}", rules[1]);
    };
    assert_eq!(slot.places, [3, 9]);
    assert_eq!(
        slot.pool,
        Pool::Items(vec!["i1".to_owned(), "i2".to_owned()])
    );
    assert_eq!(slot.weights.as_ref().unwrap().len(), 1);
    assert!((slot.min - 0.5).abs() < 1e-9);
    let select = SelectionId(0);
    assert_eq!(rules[5].audience, Some(AudienceId(0)));
    assert_eq!(rules[6].what, What::Hide { select });
    let factor = 1.3;
    assert_eq!(rules[7].what, What::Boost { select, factor });
    let seen = |after, days, factor| {
        What::Seen(Seen {
            after,
            days,
            factor,
        })
    };
    assert_eq!(rules[9].what, seen(3, 7, Some(0.5)));
    assert_eq!(rules[10].what, seen(6, 2, None));
    assert_eq!(rules[1].until, Time::parse("2026-11-11T08:00:00Z"));
    assert_eq!(rules[1].until, rules[2].from);
    assert!(!rules[1].meets(&rules[2]) && rules[1].meets(&rules[0]));
}

#[test]
fn own_rules_replace_the_inherited_list() {
    let config = parse(RULES).unwrap();
    assert_eq!(whats(&config, "live"), whats(&config, "feed"));
    assert_eq!(whats(&config, "bare"), []);
    let one = Cap {
        by: By::Kind,
        max: 1,
        window: None,
    };
    assert_eq!(whats(&config, "own"), [What::Cap(one)]);
    assert_eq!(whats(&config, "default"), []);
    let over = Config::parse_over(RULES, "over.toml", "[scene.feed]\nlimit = 40").unwrap();
    assert_eq!(whats(&over, "feed"), whats(&config, "feed"));
}

/// Each faulty line ends in `#!` and a part of the message; a line with two faults has two.
const FAULTY: &str = r#"
[selection.snacks]
where = 'item.category == "snack"'
[audience.fresh]
where = '!user.known'
[scene.feed]
limit = 10
[[scene.feed.rules]]
name = "hidden"
rule = "hide"
select = "snaks"                    #! unknown selection; did you mean snacks?
audience = "frsh"                   #! unknown audience; did you mean fresh?
[[scene.feed.rules]]
name = "lifted"
rule = "boost"
select = "snacks"
factor = 3.1                        #! from 0.2 to 3, not 3.1
[[scene.feed.rules]]
name = "both"
rule = "slot"
places = [2]
select = "snacks"
items = ["x"]                       #! must not be given beside `select`
score = true
[[scene.feed.rules]]
name = "a"
rule = "cup"                        #! unknown rule; did you mean cap?
[[scene.feed.rules]]
rule = "cap"
name = ""                           #! must be an id
by = "shop"                         #! must be "merchant" or "category"
max = 0                             #! from 1 to 1000000, not 0
window = 0                          #! from 1 to 1000000, not 0
factor = 1                          #! unknown key
[[scene.feed.rules]]
name = "b"
rule = "decay"
factor = 1.5                        #! from 0 to 1, not 1.5
floor = -1                          #! from 0 to 1, not -1
from = 2026-01-02T00:00:00Z
until = 2026-01-02T00:00:00Z        #! must be after `from`
[[scene.feed.rules]]
name = "b"                          #! another rule of the scene is named "b" too
rule = "mmr"
lambda = 2                          #! from 0 to 1, not 2
until = 2026-01-02                  #! a time with its offset
[[scene.feed.rules]]
name = "c"
rule = "slot"
places = [0]                        #! each element must be a whole number from 1
items = []                          #! must not be empty
score = true                        #! not both
weights = { race.growht = 1 }       #! did you mean race.growth?
min = 2                             #! from 0 to 1, not 2
[[scene.feed.rules]]
name = "d"
rule = "slot"
places = [4, 5]
items = ["x", "x"]                  #! must not repeat
score = true
[[scene.feed.rules]]
name = "e"
rule = "pin"
item = ""                           #! must be an id
place = 5                           #! place 5 is kept by "d" too
[[scene.feed.rules]]
name = "f"
rule = "pin"
item = "x"
place = 11                          #! place 11 lies beyond the scene's limit, 10
[[scene.feed.rules]]
name = "g"
rule = "slot"
places = []                         #! must not be empty
items = ["x"]
weights = { quality = 0 }           #! at least one weight must not be 0
[[scene.feed.rules]]
name = "i"
rule = "seen"
after = 0                           #! from 1 to 16, not 0
days = 85                           #! from 1 to 84, not 85
then = "show"                       #! must be "hide"
[[scene.feed.rules]]
name = "j"
rule = "seen"
after = 17                          #! from 1 to 16, not 17
days = 0                            #! from 1 to 84, not 0
then = "hide"
factor = 1.5                        #! not both #! from 0 to 1, not 1.5
[scene.list]
rules = [1]                         #! must be a table, not 1
[scene.text]
rules = "cap"                       #! must be a list of tables, not "cap"
[scene.deep]
limit = 20
[[scene.deep.rules]]
name = "h"
rule = "pin"
item = "x"
place = 15
[scene.short]
parent = "deep"
limit = 12                          #! the inherited rule h keeps place 15
"#;

#[test]
fn every_fault_of_the_rules_is_reported() {
    let faults = parse(FAULTY).unwrap_err().faults;
    let mut expected = Vec::new();
    for (line, text) in FAULTY.lines().enumerate() {
        let parts = text.split("#!").skip(1);
        expected.extend(parts.map(|part| (line + 1, part.trim())));
    }
    let shown: Vec<String> = faults
        .iter()
        .map(|fault| format!("{} {} {}", fault.line, fault.path, fault.message))
        .collect();
    for (line, part) in &expected {
        let found = faults
            .iter()
            .any(|fault| fault.line == *line && fault.message.contains(part));
        assert!(found, "{line}: {part}\n{}", shown.join("\n"));
    }
    assert_eq!(faults.len(), expected.len(), "{}", shown.join("\n"));
    assert!(
        faults
            .iter()
            .any(|fault| fault.path == "scene.feed.rules[4].max")
    );
}

/// Returns the text of a scene with rules, each with its own keys.
fn with_rules(rules: &[&str]) -> String {
    let head = "[selection.s]\nwhere = 'item.price < 5.0'\n[selection.t]\nwhere = 'item.price < 6.0'\n\
                [audience.a]\nwhere = '!user.known'\n[audience.b]\nwhere = 'user.known'\n[scene.feed]\nlimit = 20\n";
    let rules = rules.iter().enumerate().map(|(number, keys)| {
        format!(
            "[[scene.feed.rules]]\nname = \"r{number}\"\n{}\n",
            keys.replace("; ", "\n")
        )
    });
    head.to_owned() + &rules.collect::<String>()
}

#[test]
fn rules_that_contradict_each_other_are_refused() {
    let (decay, mmr) = (
        "rule = \"decay\"; factor = 0.5",
        "rule = \"mmr\"; lambda = 0.5",
    );
    let pin = |place: u32| format!("rule = \"pin\"; item = \"x\"; place = {place}");
    let for_a = |rule: &str| format!("{rule}; audience = \"a\"");
    let for_b = |rule: &str| format!("{rule}; audience = \"b\"");
    let until = |rule: &str| format!("{rule}; until = 2026-01-01T00:00:00Z");
    let from = |rule: &str| format!("{rule}; from = 2026-01-01T00:00:00Z");
    let message = "for the same users at the same time, and only the first counts";
    let cases = [
        (vec![decay.to_owned(), decay.to_owned()], Some("rule")),
        (vec![mmr.to_owned(), for_a(mmr)], Some("rule")),
        (vec![for_a(mmr), mmr.to_owned()], None),
        (vec![for_a(decay), for_b(decay)], None),
        (vec![for_a(decay), for_a(decay)], Some("rule")),
        (vec![until(decay), from(decay)], None),
        (vec![decay.to_owned(), mmr.to_owned()], None),
        (vec![pin(2), pin(3)], Some("item")),
        (vec![for_a(&pin(2)), for_b(&pin(3))], None),
    ];
    for (rules, key) in cases {
        let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
        let read = parse(&with_rules(&rules));
        let Some(key) = key else {
            assert_valid(&read.unwrap());
            continue;
        };
        let faults = read.unwrap_err().faults;
        assert_eq!(faults.len(), 1, "{rules:?}: {faults:?}");
        assert_eq!(faults[0].path, format!("scene.feed.rules[1].{key}"));
        assert!(faults[0].message.contains(message), "{faults:?}");
    }
}

/// Each line that ends in `#!` has a warning with that part of the message, and no other line has one.
const USELESS: &str = r#"
[selection.s]
where = 'item.price < 5.0'
[audience.a]
where = '!user.known'
[scene.feed]
limit = 20
[[scene.feed.rules]]
name = "lifted"
rule = "boost"                      #! never acts: the rule "hidden" hides its items
select = "s"
factor = 1.2
audience = "a"
[[scene.feed.rules]]
name = "raced"
rule = "slot"                       #! never acts: the rule "hidden"
places = [11]
select = "s"
score = true
[[scene.feed.rules]]
name = "hidden"
rule = "hide"
select = "s"
[[scene.feed.rules]]
name = "hidden again"
rule = "hide"                       #! never acts: the rule "hidden"
select = "s"
[[scene.feed.rules]]
name = "worn"
rule = "seen"
after = 3
days = 7
then = "hide"
[[scene.feed.rules]]
name = "tired"
rule = "seen"                       #! never acts: the rule "worn"
after = 4
days = 7
factor = 0.5
[[scene.feed.rules]]
name = "fresh"
rule = "seen"
after = 2
days = 7
factor = 0.5
[[scene.feed.rules]]
name = "wide"
rule = "cap"
by = "kind"
max = 4                             #! never acts: 4 places in a row hold at most 4
window = 4
[[scene.feed.rules]]
name = "deal"
rule = "pin"
item = "x"
place = 5
until = 2026-01-01T00:00:00Z
[support]
scenes = ["feed"]
places = [5, 30]                    #! place 5 of the scene feed is kept by its rule "deal" #! place 30 lies beyond the limit
[campaign]
cap = 1.5
[campaign.big]
scenes = ["feed"]
boost = 2.0                         #! is 2, but all campaigns of an item together multiply by at most 1.5
"#;

#[test]
fn what_never_acts_is_a_warning() {
    let warnings = parse(USELESS).unwrap().warnings;
    let mut expected = 0;
    for (line, text) in (1..).zip(USELESS.lines()) {
        for part in text.split("#!").skip(1).map(str::trim) {
            let mut here = warnings.iter().filter(|it| it.line == line);
            assert!(
                here.any(|it| it.message.contains(part)),
                "{line}: {part}\n{warnings:#?}"
            );
            expected += 1;
        }
    }
    assert_eq!(warnings.len(), expected, "{warnings:#?}");
    assert_eq!(warnings[0].path, "scene.feed.rules[0].rule");
}

#[test]
fn a_selection_named_like_that_of_a_campaign_is_refused() {
    let text = "[scene.feed]\n[selection.\"campaign.x\"]\nwhere = 'item.price < 5.0'\n[campaign.x]\nscenes = [\"feed\"]\nboost = 1.2\n";
    let faults = parse(text).unwrap_err().faults;
    assert_eq!((faults.len(), faults[0].line), (1, 4), "{faults:?}");
    assert!(faults[0].message.contains("\"campaign.x\""), "{faults:?}");
    assert_valid(&parse(&format!("{text}select = \"campaign.x\"")).unwrap());
}

#[test]
fn the_largest_count_of_a_live_rule_is_remembered() {
    let rule = |after: usize| {
        format!(
            "rules = [{{ name = \"s\", rule = \"seen\", after = {after}, days = 9, factor = 0.1 }}]"
        )
    };
    let text = |retired: bool| {
        format!(
            "[scene.a]\n{}\n[scene.b]\n{}\nretired = {retired}",
            rule(3),
            rule(5)
        )
    };
    for (text, count) in [("".to_owned(), 0), (text(false), 5), (text(true), 3)] {
        let config = parse(&text).unwrap();
        assert_eq!(config.sights, count);
        let again = Config::of_terms(&config.terms()).unwrap();
        assert_eq!((again.sights, again.terms()), (count, config.terms()));
    }
}

#[test]
fn a_slot_needs_something_to_go_by() {
    let text =
        "[[scene.default.rules]]\nname = \"s\"\nrule = \"slot\"\nplaces = [2]\nitems = [\"x\"]\n";
    let faults = parse(text).unwrap_err().faults;
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].path, "scene.default.rules[0]");
    assert_eq!(faults[0].line, 1);
}

#[test]
fn the_number_of_rules_is_bounded() {
    let rule = |number: usize| {
        format!(
            "[[scene.default.rules]]\nname = \"r{number}\"\nrule = \"cap\"\nby = \"kind\"\nmax = 1\n"
        )
    };
    let text = |count: usize| (0..count).map(rule).collect::<String>();
    assert_valid(&parse(&text(100)).unwrap());
    let faults = parse(&text(102)).unwrap_err().faults;
    assert_eq!(faults.len(), 1);
    assert!(faults[0].message.contains("may have 100"), "{faults:?}");
}
