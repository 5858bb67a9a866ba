//! The fast readers and the walk accept the same texts, and the walk reports the right paths.

use super::raw::depth;
use super::*;
use crate::allocator::linear::assert_linear;
use crate::model::schema::{self, Object, Shape};
use crate::model::{Contest, Event, Fault, Item, Limits, Merchant, User, Vocabulary};
use crate::random::Random;

fn one_in(dice: &mut Random, of: u32) -> bool {
    dice.below(of) == 0
}

fn pick<'a>(dice: &mut Random, of: &[&'a str]) -> &'a str {
    of[dice.index(of.len())]
}

fn vocabulary() -> Vocabulary {
    Vocabulary {
        recorded: false,
        limits: Limits {
            candidates: 4,
            tags: 3,
            query_bytes: 12,
            ..Limits::default()
        },
        scenes: vec!["default".to_owned(), "feed".to_owned()],
        predictions: vec!["pctr".to_owned(), "pcvr".to_owned()],
        experiments: [("one", "x"), ("other", "x"), ("third", "y")]
            .map(contest)
            .to_vec(),
    }
}

fn contest((name, layer): (&str, &str)) -> Contest {
    Contest {
        name: name.to_owned(),
        layer: layer.to_owned(),
        arms: vec!["1".to_owned(), "a".to_owned()],
    }
}

const ODD: [&str; 49] = [
    "999993599999",
    "1700000000",
    "7.0",
    "1e19",
    "1e20",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "0.5",
    "1e2",
    "1e999",
    "-1e999",
    "1e308",
    "1e-999",
    "90",
    "90.0000001",
    "1e6",
    "1000001",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "99999999999999999999999999",
    r#""""#,
    r#""a""#,
    r#""\u0000""#,
    r#""\ud800""#,
    r#""\ud83d\ude00""#,
    "\"\u{85}\"",
    r#""view""#,
    r#""feed""#,
    r#""2026-11-20T10:00:00Z""#,
    r#""2026-02-30T10:00:00Z""#,
    "[]",
    "{}",
    "[1]",
    r#"["a","b","c","d"]"#,
    r#"{"a":1}"#,
    r#"{"product":null}"#,
    r#"{"a":1,"b":2,"c":3,"d":4}"#,
    r#"{"\ud800":1}"#,
    r#"["a",["b"]]"#,
];

const IDS: [&str; 6] = [
    r#""u-1""#,
    "7",
    "-7",
    r#""店""#,
    r#""a b\n""#,
    r#""\u0041""#,
];
const NUMBERS: [&str; 6] = ["0", "0.25", "1", "1e0", "-0.0", "5E-1"];
const TIMES: [&str; 4] = [
    r#""2026-11-20T10:00:00Z""#,
    r#""2026-11-20T10:00:00.123456+08:00""#,
    "999993600000",
    r#""1969-12-31T23:59:59Z""#,
];

/// Returns a value that fits the shape most of the time.
fn value(dice: &mut Random, shape: &Shape) -> String {
    if one_in(dice, 12) {
        return odd(dice);
    }
    match shape {
        Shape::Id => pick(dice, &IDS).to_owned(),
        Shape::Ids(_) => list(dice, 3, |dice| pick(dice, &IDS).to_owned()),
        Shape::Text(_) => pick(dice, &[r#""""#, r#""a\tb""#, r#""玻尿酸""#]).to_owned(),
        Shape::Line(..) => pick(dice, &[r#""""#, r#""a\tb""#, r#""a""#, r#""玻尿酸""#]).to_owned(),
        Shape::Flag => pick(dice, &["true", "false"]).to_owned(),
        Shape::Number(..) => pick(dice, &NUMBERS).to_owned(),
        Shape::Whole(..) => pick(dice, &["1", "2", "50"]).to_owned(),
        Shape::Time => pick(dice, &TIMES).to_owned(),
        Shape::OneOf(names) => format!("\"{}\"", pick(dice, names)),
        Shape::Scene => pick(dice, &[r#""feed""#, r#""default""#]).to_owned(),
        Shape::Tags => tags(dice),
        Shape::Candidates => list(dice, 4, candidate),
        Shape::Predictions => predictions(dice),
        Shape::Arms => arms(dice),
        Shape::Object(inner) => object(dice, inner),
        Shape::AnyObject => map(dice, &[r#""a""#, r#""b""#], odd),
        Shape::Requests => list(dice, 2, odd),
    }
}

fn odd(dice: &mut Random) -> String {
    match dice.below(20) {
        0 => format!("\"{}\"", "x".repeat(128)),
        1 => format!("\"{}\"", "x".repeat(129)),
        2 => format!("{}{}", "[".repeat(40), "]".repeat(40)),
        _ => pick(dice, &ODD).to_owned(),
    }
}

fn list(dice: &mut Random, most: usize, mut each: impl FnMut(&mut Random) -> String) -> String {
    let count = dice.index(most + 1) + usize::from(one_in(dice, 8));
    let elements: Vec<String> = (0..count).map(|_| each(dice)).collect();
    format!("[{}]", elements.join(", "))
}

fn map(dice: &mut Random, names: &[&str], mut each: impl FnMut(&mut Random) -> String) -> String {
    let count = dice.index(4);
    let entry = |_| format!("{} : {}", pick(dice, names), each(dice));
    let entries: Vec<String> = (0..count).map(entry).collect();
    format!("{{{}}}", entries.join(","))
}

fn tags(dice: &mut Random) -> String {
    if one_in(dice, 3) {
        return list(dice, 3, |dice| pick(dice, &IDS).to_owned());
    }
    let names = [r#""a""#, r#""b""#, r#""1""#, r#""店""#, r#""""#];
    let count = 5 - usize::from(!one_in(dice, 6));
    map(dice, &names[..count], |dice| {
        value(dice, &schema::TAG_WEIGHT)
    })
}

fn predictions(dice: &mut Random) -> String {
    let names = [r#""pctr""#, r#""pcvr""#, r#""pctr""#, r#""none""#];
    let count = 4 - usize::from(!one_in(dice, 6));
    map(dice, &names[..count], |dice| {
        pick(dice, &["null", "0.5", "-3", "1e999", "0.5", "1e300"]).to_owned()
    })
}

fn arms(dice: &mut Random) -> String {
    let names = [r#""one""#, r#""third""#, r#""other""#, r#""none""#];
    let count = 4 - usize::from(!one_in(dice, 6));
    map(dice, &names[..count], |dice| {
        pick(dice, &["1", r#""a""#, r#""a""#, r#""b""#, "null", "1.0"]).to_owned()
    })
}

fn candidate(dice: &mut Random) -> String {
    match dice.below(4) {
        0 => object(dice, &schema::CANDIDATE),
        1 => odd(dice),
        _ => pick(dice, &IDS).to_owned(),
    }
}

fn object(dice: &mut Random, object: &Object) -> String {
    let mut entries = Vec::new();
    for field in object.fields {
        let chance = if field.required { 15 } else { 2 };
        if (field.required && !one_in(dice, chance)) || (!field.required && one_in(dice, chance)) {
            entries.push(format!("\"{}\":{}", field.name, value(dice, &field.shape)));
        }
    }
    if one_in(dice, 15) && !entries.is_empty() {
        entries.push(entries[dice.index(entries.len())].clone());
    }
    if one_in(dice, 15) {
        entries.push(format!(
            "{}:{}",
            pick(dice, &[r#""none""#, r#""\ud800""#]),
            odd(dice)
        ));
    }
    if one_in(dice, 30) {
        let values: Vec<String> = object
            .fields
            .iter()
            .map(|field| value(dice, &field.shape))
            .collect();
        return format!("[{}]", values.join(","));
    }
    format!(" {{{}}}", entries.join(","))
}

/// Returns a text that is an object most of the time, and broken otherwise.
fn text(dice: &mut Random, of: &Object) -> String {
    let mut text = object(dice, of);
    if one_in(dice, 20) {
        let place = dice.index(text.len());
        if text.is_char_boundary(place) {
            text.insert_str(
                place,
                pick(dice, &["}", ",", "\"", "\u{1}", "]", "[", "nul", " "]),
            );
        }
    }
    text
}

/// Compares both readings of many texts; returns how many were valid.
fn agree(of: &Object, fast: impl Fn(&str, &Vocabulary) -> bool) -> usize {
    let (mut dice, vocabulary) = (Random::new(7), vocabulary());
    (0..8_000)
        .filter(|_| {
            let text = text(&mut dice, of);
            let slow = syntax(&text).is_ok() && faults(&text, of, &vocabulary).is_empty();
            assert_eq!(
                fast(&text, &vocabulary),
                slow,
                "{text}: {:?}",
                faults(&text, of, &vocabulary)
            );
            slow
        })
        .count()
}

#[test]
fn both_readings_accept_the_same_texts() {
    let valid = [
        agree(&schema::RANK_REQUEST, |text, vocabulary| {
            request(text.as_bytes(), vocabulary).is_ok()
        }),
        agree(&schema::ITEM, |text, vocabulary| {
            entry::fact::<Item<'_>>(text, &schema::ITEM, vocabulary).is_some()
        }),
        agree(&schema::MERCHANT, |text, vocabulary| {
            entry::fact::<Merchant<'_>>(text, &schema::MERCHANT, vocabulary).is_some()
        }),
        agree(&schema::USER, |text, vocabulary| {
            entry::fact::<User<'_>>(text, &schema::USER, vocabulary).is_some()
        }),
        agree(&schema::EVENT, |text, vocabulary| {
            entry::fact::<Event<'_>>(text, &schema::EVENT, vocabulary).is_some()
        }),
    ];
    for valid in valid {
        assert!((300..7_700).contains(&valid), "{valid}");
    }
}

fn paths(text: &str, object: &Object) -> Vec<String> {
    faults(text, object, &vocabulary())
        .into_iter()
        .map(|fault| fault.path)
        .collect()
}

#[test]
fn every_fault_has_its_path() {
    let text = r#"{"candidates":["a",{"id":"","predictions":{"pctr":1e999,"ctr":1}},null],"scene":"none","limit":0,
        "limit":1,"context":{"lat":91,"query":"thirteen bytes"},"extra":1}"#;
    let expected = [
        "candidates[1].id",
        "candidates[1].predictions.pctr",
        "candidates[1].predictions.ctr",
        "candidates[2]",
        "scene",
        "limit",
        "limit",
        "context.lat",
        "context.query",
        "extra",
        "user_id",
    ];
    assert_eq!(paths(text, &schema::RANK_REQUEST), expected);
}

#[test]
fn a_huge_number_is_not_a_syntax_fault() {
    let text = r#"{"user_id":"u","candidates":[{"id":"i","predictions":{"pctr":1e999}}]}"#;
    let diagnosis = request(text.as_bytes(), &vocabulary()).unwrap_err();
    let fault = Fault::new("candidates[0].predictions.pctr", "must be finite");
    assert_eq!(diagnosis, Diagnosis::Invalid(vec![fault]));
}

#[test]
fn events_need_the_ids_of_their_kind() {
    let event = |rest: &str| {
        let text = format!(r#"{{"user_id":"u","at":1700000000000,{rest}}}"#);
        paths(&text, &schema::EVENT)
    };
    assert_eq!(event(r#""kind":"view""#), ["item_id"]);
    assert_eq!(
        event(r#""kind":"view","item_id":"i","creator_id":"c""#),
        ["creator_id"]
    );
    assert_eq!(event(r#""kind":"follow""#), ["merchant_id"]);
    assert_eq!(
        event(r#""kind":"follow","merchant_id":"m","creator_id":"c""#),
        ["creator_id"]
    );
    assert_eq!(
        event(r#""kind":"follow","merchant_id":"m","item_id":"i""#),
        ["item_id"]
    );
    assert_eq!(
        event(r#""kind":"view","item_id":"i","purchase_id":"p""#),
        ["purchase_id"]
    );
    assert_eq!(event(r#""kind":"watch""#), ["kind"]);
}

#[test]
fn a_name_twice_in_an_object_of_any_members_is_reported() {
    let text = r#"{"set":{"a":{"b":1,"b":2},"list":[{"c":1,"\u0063":1}],"a":3}}"#;
    let faults = faults(text, &schema::CONFIG_CHANGE, &vocabulary());
    let paths: Vec<_> = faults.iter().map(|fault| &*fault.path).collect();
    assert_eq!(paths, ["set.a.b", "set.list[0].c", "set.a"]);
}

#[test]
fn nesting_beyond_the_limit_is_reported() {
    let text = format!(
        r#"{{"id":"u","none":{}{}}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let faults = faults(&text, &schema::USER, &vocabulary());
    assert!(faults[0].message.contains("limits.nesting"), "{faults:?}");
    assert_eq!(faults[1].path, "none");
    assert_eq!(depth(r#"{"a":"[[[\"[","b":[1]}"#), 2);
}

#[test]
fn the_list_of_faults_is_bounded() {
    let most = vocabulary().limits.faults;
    let names: Vec<String> = (0..most + 500)
        .map(|name| format!("\"{name}\":0"))
        .collect();
    let text = format!("{{{}}}", names.join(","));
    let listed = faults(&text, &schema::USER, &vocabulary());
    assert_eq!(listed.len(), most + 1);
    // The missing id is one fault more.
    let last = Fault::new("", "there are 501 more faults, which are not listed");
    assert_eq!(listed[most], last);
    let mut room = 3;
    let (name, lines) = ("x".repeat(1 << 20), 5);
    for _ in 0..lines {
        let text = format!(r#"{{"id":"u","{name}":1}}"#);
        let rejected = line::<User<'_>>(&text, &schema::USER, &vocabulary(), &mut room);
        let (_, faults) = rejected.unwrap_err();
        assert!(faults.len() == 1 && faults[0].path.len() < 200);
    }
    assert_eq!(room, 0);
}

#[test]
fn a_patch_may_remove_tags() {
    let text = r#"{"id":"i","price":null,"tags":{"a":null,"b":1,"c":1,"d":1}}"#;
    assert_eq!(patch(text, &schema::ITEM, &vocabulary(), &mut 9), Ok(()));
    let text = r#"{"id":"i","price":-1,"none":null}"#;
    let (id, faults) = patch(text, &schema::ITEM, &vocabulary(), &mut 9).unwrap_err();
    assert_eq!(id.as_deref(), Some("i"));
    assert_eq!(
        faults.iter().map(|fault| &*fault.path).collect::<Vec<_>>(),
        ["price", "none"]
    );
}

#[test]
fn a_rejected_line_reports_its_id() {
    let (id, faults) = line::<User<'_>>(
        r#"{"region":1.5,"id":7}"#,
        &schema::USER,
        &vocabulary(),
        &mut 9,
    )
    .unwrap_err();
    assert_eq!((id.as_deref(), faults.len()), (Some("7"), 1));
}

#[test]
fn nesting_of_a_batch_is_checked_per_request() {
    let vocabulary = vocabulary();
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let text = format!(r#"{{"requests":[{deep}]}}"#);
    let parts = batch(text.as_bytes(), &vocabulary).unwrap();
    assert_eq!(faults(&text, &schema::BATCH_REQUEST, &vocabulary), []);
    let rejected = request(parts[0].get().as_bytes(), &vocabulary).unwrap_err();
    let message = rejected.into_faults().remove(0).message;
    assert!(message.contains("limits.nesting"), "{message}");
}

/// Reads a text in every way.
fn read_all(text: &str, of: &Object, vocabulary: &Vocabulary) {
    drop(quick(text, vocabulary));
    drop(entry::fact::<Item<'_>>(text, of, vocabulary));
    drop(entry::fact::<Event<'_>>(text, of, vocabulary));
    drop(batch(text.as_bytes(), vocabulary));
    drop(patch(text, of, vocabulary, &mut 9));
    drop(faults(text, of, vocabulary));
}

#[test]
fn twice_the_input_is_twice_the_work() {
    let many = |count: usize, each: &dyn Fn(usize) -> String| {
        (0..count).map(each).collect::<Vec<_>>().join(",")
    };
    type Text<'t> = &'t dyn Fn(usize, &dyn Fn(usize) -> String) -> String;
    let texts: [(Text<'_>, &Object); 8] = [
        (
            &|n, name| format!(r#"{{"user_id":"u","candidates":["a"],{}}}"#, many(n, name)),
            &schema::RANK_REQUEST,
        ),
        (
            &|n, name| {
                format!(
                    r#"{{"user_id":"u","candidates":[{{"id":"i","predictions":{{{}}}}}]}}"#,
                    many(n, name)
                )
            },
            &schema::RANK_REQUEST,
        ),
        (
            &|n, _| {
                format!(
                    r#"{{"user_id":"u","candidates":[{}]}}"#,
                    many(n, &|i| format!(r#""i{i}""#))
                )
            },
            &schema::RANK_REQUEST,
        ),
        (
            &|n, _| format!(r#"{{"requests":[{}]}}"#, many(n, &|_| "{}".to_owned())),
            &schema::BATCH_REQUEST,
        ),
        (
            &|n, name| format!(r#"{{"id":"i","tags":{{{}}}}}"#, many(n, name)),
            &schema::ITEM,
        ),
        (
            &|n, _| {
                format!(
                    r#"{{"id":"i","tags":[{}]}}"#,
                    many(n, &|i| format!(r#""t{i}""#))
                )
            },
            &schema::ITEM,
        ),
        (
            &|n, _| {
                format!(
                    r#"{{"id":"i","campaigns":[{}]}}"#,
                    many(n, &|i| format!(r#""c{i}""#))
                )
            },
            &schema::ITEM,
        ),
        (
            &|n, name| {
                format!(
                    r#"{{"user_id":"u","at":0,"kind":"view","item_id":"i",{}}}"#,
                    many(n, name)
                )
            },
            &schema::EVENT,
        ),
    ];
    let vocabulary = vocabulary();
    let names: [&dyn Fn(usize) -> String; 3] = [
        &|i| format!(r#""f{i:06}":1"#),
        &|i| format!(r#""f{i:06}":null"#),
        &|_| r#""pctr":1"#.to_owned(),
    ];
    for (text, of) in texts {
        for name in names {
            let work = |text: &String| read_all(text, of, &vocabulary);
            assert_linear(&text(2, name), 20_000, |count| text(count, name), work);
        }
    }
}

#[test]
fn words_of_other_languages_are_named() {
    for (text, expected) in [
        (
            r#"[{"id":"n","price":NaN}]"#,
            "JSON has no number NaN; write null",
        ),
        (r#"{"price":-Infinity}"#, "JSON has no number Infinity"),
        (r#"{"price":nan}"#, "JSON has no number nan"),
        ("{\"a\":1,\n\"b\": None}", "JSON has no None; write null"),
        (r#"{"a":True}"#, "JSON has true"),
        (r#"{"a":undefined}"#, "JSON has no undefined"),
        (r"{'id':1}", "JSON has texts in double quotes"),
        (r#"{"id":}"#, ""),
        (r#"{"id":nap}"#, ""),
        ("", ""),
        ("{\"é\":NaN}", "JSON has no number NaN"),
    ] {
        let message = entry::syntax(text).unwrap_err().message;
        let advice = message.split_once("; ").map_or("", |(_, advice)| advice);
        assert!(advice.starts_with(expected), "{text}: {message}");
        assert_eq!(advice.is_empty(), expected.is_empty(), "{text}: {message}");
    }
}
