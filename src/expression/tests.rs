//! Conditions: golden truths, faults with their places, bounds, and random conditions against the crate's own interpreter.

use std::borrow::Cow;
use std::collections::HashMap;

use cel::{Context, Program, Value as Judged};
use proptest::prelude::*;
use proptest::sample::select;

use super::{Field, Fields, Kind, Predicate, Table, Undecided, Value};
use crate::allocator::linear::assert_linear;

static TABLE: Table = Table {
    fields: &[
        field("item.id", Kind::Text),
        field("item.price", Kind::Double),
        field("item.days", Kind::Int),
        field("item.open", Kind::Bool),
        field("item.tags", Kind::Weights),
        field("item.names", Kind::Texts),
        field("shop.id", Kind::Text),
        field("shop.days", Kind::Int),
    ],
    elsewhere: &[("user", "this condition cannot read the user")],
};

const fn field(name: &'static str, kind: Kind) -> Field {
    let doc = "A field.";
    Field { name, kind, doc }
}

/// Values of the fields of [`TABLE`].
#[derive(Clone, Debug, Default)]
struct Record {
    id: Option<&'static str>,
    price: Option<f64>,
    days: Option<i64>,
    open: Option<bool>,
    tags: Vec<(Cow<'static, str>, f64)>,
    names: Vec<&'static str>,
    shop: Option<(&'static str, i64)>,
}

impl Fields for Record {
    fn get(&self, field: usize) -> Option<Value<'_>> {
        match field {
            0 => self.id.map(Value::text),
            1 => self.price.map(Value::Double),
            2 => self.days.map(Value::Int),
            3 => self.open.map(Value::Bool),
            4 => Some(Value::Weights(&self.tags)),
            5 => Some(Value::texts(self.names.iter().copied())),
            6 => self.shop.map(|(id, _)| Value::text(id)),
            7 => self.shop.map(|(_, days)| Value::Int(days)),
            _ => None,
        }
    }
}

fn record() -> Record {
    Record {
        id: Some("tea-1"),
        price: Some(12.5),
        days: Some(3),
        open: Some(true),
        tags: vec![("green".into(), 0.5), ("hot".into(), 2.0)],
        names: vec!["sale", "spring"],
        shop: None,
    }
}

fn judged(text: &str, record: &Record) -> Result<bool, Undecided> {
    let condition = Predicate::new(text, &TABLE).unwrap_or_else(|faults| panic!("{faults:?}"));
    condition.holds(record)
}

#[test]
fn conditions_have_golden_truths() {
    for (text, truth) in [
        ("true", Ok(true)),
        ("item.price < 50", Ok(true)),
        ("item.price * 2.0 == 25.0 && item.open", Ok(true)),
        ("item.price == 12.5 ? item.days == 3 : false", Ok(true)),
        ("item.days % 2 == 1 && -item.days < 0", Ok(true)),
        ("item.id in ['tea-1', 'tea-2']", Ok(true)),
        ("item.id in item.names", Ok(false)),
        ("'green' in item.tags && !('red' in item.tags)", Ok(true)),
        ("item.tags['hot'] > 1.5 && item.tags.green < 1.0", Ok(true)),
        ("item.tags.red > 0.0", Err(Undecided)),
        ("has(item.tags.green) && !has(item.tags.red)", Ok(true)),
        ("has(item.price) && !has(shop.id)", Ok(true)),
        ("item[\"price\"] > 12.0", Ok(true)),
        ("shop.days < 5", Err(Undecided)),
        ("!(shop.days < 5)", Err(Undecided)),
        ("shop.days < 5 || item.open", Ok(true)),
        ("item.open || shop.days < 5", Ok(true)),
        ("shop.days < 5 && item.days > 9", Ok(false)),
        ("shop.days < 5 && item.open", Err(Undecided)),
        ("item.days / 0 == 1", Err(Undecided)),
        ("item.names.exists(n, n.startsWith('sp'))", Ok(true)),
        ("item.names.all(n, size(n) > 4)", Ok(false)),
        ("item.names.exists_one(n, n == 'sale')", Ok(true)),
        ("size(item.names.filter(n, n.contains('a'))) == 1", Ok(true)),
        ("'sale!' in item.names.map(n, n + '!')", Ok(true)),
        ("item.tags.exists(t, item.tags[t] > 1.9)", Ok(true)),
        ("['red', 'hot'].exists(t, item.tags[t] > 1.9)", Ok(true)),
        ("['red', 'hot'].all(t, item.tags[t] > 1.9)", Err(Undecided)),
        ("item.id.matches('^tea-[0-9]+$')", Ok(true)),
        ("item.id.endsWith('-1') && lower('AB') == 'ab'", Ok(true)),
        (
            "abs(item.price - 20.0) < 8.0 && int(item.price) == 12",
            Ok(true),
        ),
        ("double(item.days) / 2.0 == 1.5", Ok(true)),
        (
            "item.names[1] == 'spring' && item.names == ['sale', 'spring']",
            Ok(true),
        ),
        ("item.names[2] == 'spring'", Err(Undecided)),
        ("'it\\'s' == \"it's\" && size('茶叶') == 2", Ok(true)),
    ] {
        assert_eq!(judged(text, &record()), truth, "{text}");
    }
}

#[test]
fn faults_show_their_place_and_what_is_meant() {
    for (text, expected) in [
        (
            "item.pirce < 5.0",
            "item.pirce: unknown field; did you mean item.price?\n    item.pirce < 5.0\n        ^",
        ),
        (
            "item.zzzzzzzz == 1",
            "item.zzzzzzzz: unknown field; known: item.id, item.price",
        ),
        (
            "price < 5.0",
            "unknown name price; did you mean item.price?",
        ),
        (
            "cost < 5.0",
            "unknown name cost; a condition reads item.… and shop.…",
        ),
        (
            "size(item) > 1",
            "item stands for several fields; name one of them, as in item.id",
        ),
        (
            "user.id == 'x'",
            "this condition cannot read the user\n    user.id == 'x'\n        ^",
        ),
        ("user == 'x'", "this condition cannot read the user"),
        (
            "item.price < 'x'",
            "a number (double) and a text have no order",
        ),
        (
            "item.price == 'x'",
            "a number (double) is never equal to a text",
        ),
        (
            "item.price * 2 > 1.0",
            "* takes two numbers of one type; write 2.0 instead of 2",
        ),
        (
            "item.price",
            "must give true or false, not a number (double)",
        ),
        ("item.tags", "must give true or false, not a map of numbers"),
        (
            "item.tags.green",
            "must give true or false, not a number (double)",
        ),
        (
            "item.tags['a'] == 'b'",
            "a number (double) is never equal to a text",
        ),
        (
            "1 in item.tags",
            "a whole number (int) is never a key of a map",
        ),
        (
            "item.names.exists(n, n > 1)",
            "a text and a whole number (int) have no order",
        ),
        (
            "item.id in [1, 2]",
            "a text is never in a list of a whole number (int)",
        ),
        (
            "item.price == null",
            "null is not used here; has(…) says whether a field is given",
        ),
        (
            "itm.price < 1.0",
            "unknown name itm; a condition reads item.… and shop.…",
        ),
        (
            "item.id.match('x')",
            "match: unknown function; did you mean matches?",
        ),
        (
            "item.id.matches(item.id)",
            "matches takes a value and a pattern in quotes",
        ),
        ("item.id.matches('(')", "unclosed group"),
        ("has(item)", "has takes a field, such as has(item.price)"),
        ("item.open &&", "mismatched input"),
        ("{'a': 1} == {'a': 1}", "a map is not used here"),
        (
            "b'x' == b'x'",
            "bytes and unsigned numbers are not used here",
        ),
        ("", "mismatched input"),
    ] {
        let faults = Predicate::new(text, &TABLE).unwrap_err().join("\n");
        assert!(faults.starts_with(expected), "{text}:\n{faults}");
    }
    let several = "item.pirce < 5.0 && item.price < 'x' && itme.id == ''";
    assert_eq!(Predicate::new(several, &TABLE).unwrap_err().len(), 3);
}

#[test]
fn loops_of_a_condition_are_bounded() {
    let list = format!("[{}]", vec!["'x'"; 300].join(","));
    for text in [
        format!("{list}.all(a, ['x','y'].all(b, a == a && item.names.all(c, c != b)))"),
        format!("{list}.all(a, item.names.all(b, item.names.all(c, true)))"),
        format!("size({list}.map(a, item.names.map(b, item.names))) > 0"),
    ] {
        let names = vec!["n"; 200];
        let record = Record { names, ..record() };
        assert_eq!(judged(&text, &record), Err(Undecided), "{text}");
    }
    let doubled = format!("size(item.id{}) > 0", ".map(x, x + x)".repeat(0));
    assert_eq!(judged(&doubled, &record()), Ok(true));
    let chain = format!("size([item.id]{}[0]) > 0", ".map(x, x + x)".repeat(20));
    assert_eq!(judged(&chain, &record()), Err(Undecided));
}

#[test]
fn reading_a_condition_takes_linear_time() {
    let text = |parts: usize| format!("item.id in [{}]", vec!["'x'"; parts].join(","));
    assert_linear("list", 60, text, |text| {
        assert!(Predicate::new(text, &TABLE).is_ok());
    });
}

/// Returns the truth of a condition by the interpreter of the crate, which reads maps instead of numbered fields.
fn reference(text: &str, record: &Record) -> Result<bool, Undecided> {
    let mut item = HashMap::<String, Judged>::new();
    let mut put = |name: &str, value: Option<Judged>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    put("id", record.id.map(Judged::from));
    put("price", record.price.map(Judged::Float));
    put("days", record.days.map(Judged::Int));
    put("open", record.open.map(Judged::Bool));
    let tags = record.tags.iter();
    let tags: HashMap<String, Judged> = tags
        .map(|(name, weight)| (name.to_string(), Judged::Float(*weight)))
        .collect();
    put("tags", Some(tags.into()));
    put("names", Some(record.names.clone().into()));
    let mut shop = HashMap::<String, Judged>::new();
    if let Some((id, days)) = record.shop {
        shop.insert("id".to_owned(), id.into());
        shop.insert("days".to_owned(), Judged::Int(days));
    }
    let mut context = Context::default();
    context.add_variable_from_value("item", Judged::from(item));
    context.add_variable_from_value("shop", Judged::from(shop));
    let program = Program::compile(text).unwrap();
    match program.execute(&context) {
        Ok(Judged::Bool(truth)) => Ok(truth),
        _ => Err(Undecided),
    }
}

const NAMES: [&str; 4] = ["a", "b", "ab", "茶"];

fn records() -> impl Strategy<Value = Record> {
    let name = || select(NAMES.to_vec());
    let tags = prop::collection::btree_map(name(), -2i32..3, 0..3);
    let shop = prop::option::of((name(), -3i64..4));
    (
        prop::option::of(name()),
        prop::option::of(-3i32..4),
        prop::option::of(-3i64..4),
        prop::option::of(any::<bool>()),
        tags,
        prop::collection::vec(name(), 0..4),
        shop,
    )
        .prop_map(|(id, price, days, open, tags, names, shop)| Record {
            id,
            price: price.map(|price| f64::from(price) / 2.0),
            days,
            open,
            tags: tags
                .into_iter()
                .map(|(name, weight)| (name.into(), f64::from(weight) / 2.0))
                .collect(),
            names,
            shop,
        })
}

/// Writes random texts, numbers and truths that pass the check of types.
fn texts() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        select(NAMES.to_vec()).prop_map(|name| format!("'{name}'")),
        Just("item.id".to_owned()),
        Just("shop.id".to_owned()),
        (0..4).prop_map(|place| format!("item.names[{place}]")),
    ];
    leaf.prop_recursive(1, 4, 2, |part| {
        (part.clone(), part).prop_map(|(one, other)| format!("({one} + {other})"))
    })
    .boxed()
}

fn wholes() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (-3i64..4).prop_map(|whole| whole.to_string()),
        Just("item.days".to_owned()),
        Just("shop.days".to_owned()),
        texts().prop_map(|text| format!("size({text})")),
        Just("size(item.names)".to_owned()),
        Just("size(item.tags)".to_owned()),
    ];
    leaf.prop_recursive(2, 6, 2, |part| {
        let sign = select(vec!["+", "-", "*", "/", "%"]);
        (part.clone(), sign, part).prop_map(|(one, sign, other)| format!("({one} {sign} {other})"))
    })
    .boxed()
}

fn numbers() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (-3i32..4).prop_map(|number| format!("{:?}", f64::from(number) / 2.0)),
        Just("item.price".to_owned()),
        select(NAMES.to_vec()).prop_map(|name| format!("item.tags['{name}']")),
        wholes().prop_map(|whole| format!("double({whole})")),
    ];
    leaf.prop_recursive(2, 6, 2, |part| {
        let sign = select(vec!["+", "-", "*"]);
        (part.clone(), sign, part).prop_map(|(one, sign, other)| format!("({one} {sign} {other})"))
    })
    .boxed()
}

fn conditions() -> BoxedStrategy<String> {
    let compare = || select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        select(vec![
            "true",
            "false",
            "item.open",
            "has(item.id)",
            "has(item.price)",
            "has(shop.id)"
        ])
        .prop_map(str::to_owned),
        (numbers(), compare(), numbers()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
        (wholes(), compare(), wholes()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
        (texts(), compare(), texts()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
        texts().prop_map(|text| format!("{text} in ['a', 'ab']")),
        texts().prop_map(|text| format!("{text} in item.names")),
        texts().prop_map(|text| format!("{text} in item.tags")),
        (texts(), texts()).prop_map(|(a, b)| format!("{a}.contains({b})")),
        (texts(), texts()).prop_map(|(a, b)| format!("{a}.startsWith({b})")),
        select(NAMES.to_vec())
            .prop_map(|name| format!("has(item.tags.{}_)", name.replace('茶', "x"))),
    ];
    leaf.prop_recursive(3, 24, 3, move |part| {
        let list = select(vec!["item.names", "['a', 'b']", "item.tags"]);
        let kind = select(vec!["all", "exists", "exists_one"]);
        let inner = prop_oneof![
            part.clone(),
            compare().prop_map(|sign| format!("v {sign} 'ab'")),
            Just("item.tags[v] > 0.0".to_owned()),
            Just("v in item.names".to_owned()),
        ];
        prop_oneof![
            (part.clone(), part.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (part.clone(), part.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            part.clone().prop_map(|a| format!("!({a})")),
            (part.clone(), part.clone(), part.clone())
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (list.clone(), kind, inner.clone())
                .prop_map(|(list, kind, inner)| format!("{list}.{kind}(v, {inner})")),
            (list, inner).prop_map(|(list, inner)| format!("size({list}.filter(v, {inner})) > 0")),
        ]
    })
    .boxed()
}

proptest! {
    #![proptest_config(crate::tests::cases(500))]

    #[test]
    fn conditions_agree_with_the_interpreter(text in conditions(), records in prop::collection::vec(records(), 1..4)) {
        let Ok(condition) = Predicate::new(&text, &TABLE) else {
            // Only what is nested too deep is rejected.
            let faults = Predicate::new(&text, &TABLE).unwrap_err();
            prop_assert!(faults[0].contains("deep"), "{}: {:?}", text, faults);
            return Ok(());
        };
        for record in records {
            prop_assert_eq!(condition.holds(&record), reference(&text, &record), "{}: {:?}", text, record);
        }
    }

    #[test]
    fn no_condition_causes_a_panic(parts in prop::collection::vec(select(vec![
        "item", ".price", ".tags", "['a']", "has(", ")", "(", "'茶'", ",", "+", "*", "?", ":", "1", "2.0", "[", "]", "{", "}", "-", "%",
        ".map(x,", ".all(", "x", "!", "==", "in", "&&", "null", "'", ".", "$0", "@", "b'x'", "1u", "matches(", "user", "size(", ">",
        "9223372036854775807", "$?", "item.days", "@result", "$has(",
    ]), 1..12)) {
        for text in [parts.concat(), parts.join(" ")] {
            if let Ok(condition) = Predicate::new(&text, &TABLE) {
                let _ = condition.holds(&record());
            }
        }
    }
}

#[test]
fn a_deep_expression_is_refused_in_plain_words() {
    for deep in [
        "(".repeat(60) + "1" + &")".repeat(60),
        "[".repeat(60) + "1" + &"]".repeat(60),
    ] {
        let faults = Predicate::new(&format!("{deep} == 1"), &TABLE).unwrap_err();
        assert_eq!(faults, ["the expression is nested more than 28 deep"]);
    }
}
