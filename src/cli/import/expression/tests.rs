//! Tests of expressions: values, faults with their places, and bounds.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::cursor::Cursor;
use super::super::mapping::Mapping;
use super::super::settings::Settings;
use super::super::source::COMMA;
use super::super::style::Style;
use super::super::table::table;
use super::super::target::Target;
use super::super::written::section as section_of;
use super::Expression;
use crate::allocator::linear::assert_linear;

/// Reads a table of one row with an expression for the field `x`.
fn value(cel: &str, header: &str, row: &str) -> Result<Value, String> {
    let section = format!("x = {{ cel = {} }}", toml::Value::from(cel));
    let settings = Settings::default();
    let (fact, faults) = section_of(&section.parse().unwrap(), &settings);
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    let mapping = Mapping {
        target: Target::Items,
        settings,
        facts: vec![fact],
    };
    let text = format!("{header}\n{row}\n");
    let cursor = Cursor::default();
    let mut rows =
        table(text.as_bytes(), COMMA, &mapping, &cursor).map_err(|fault| fault.to_string())?;
    let line = rows.next().unwrap().map_err(|fault| fault.to_string())?;
    let fact: Value = serde_json::from_slice(&line.json).unwrap();
    Ok(fact.get("x").cloned().unwrap_or_default())
}

fn faults(cel: &str) -> String {
    Expression::new(cel, &Style::default(), false)
        .unwrap_err()
        .join("\n")
}

#[test]
fn expressions_give_values() {
    let header = "a,Unit price,Quantity,at,tags,empty";
    let row = " Ab ,2.5,-4,2026-11-20 08:00:00,red; blue;;,";
    for (cel, expected) in [
        (
            "number(row[\"Unit price\"]) * number(row.Quantity)",
            json!(-10),
        ),
        (
            "number(row.Quantity) < 0.0 ? \"refund\" : \"purchase\"",
            json!("refund"),
        ),
        ("abs(number(row.Quantity))", json!(4)),
        ("number(row.Quantity).abs() / 3.0", json!(4.0 / 3.0)),
        ("lower(trim(row.a)) + \"-\" + row.Quantity", json!("ab--4")),
        ("row.a.trim().lower()", json!("ab")),
        ("split(row.tags, \";\")", json!(["red", "blue"])),
        ("row.tags.split(\";\")[1]", json!("blue")),
        (
            "row.tags.split(\";\").map(t, \"t:\" + t)",
            json!(["t:red", "t:blue"]),
        ),
        (
            "row.tags.split(\";\").filter(t, t != \"red\")",
            json!(["blue"]),
        ),
        (
            "row.tags.split(\";\").exists(t, t.startsWith(\"bl\"))",
            json!(true),
        ),
        ("row.tags.split(\";\").all(t, size(t) > 3)", json!(false)),
        (
            "row.tags.split(\";\").exists_one(t, t == \"red\")",
            json!(true),
        ),
        ("size(row.tags.split(\";\"))", json!(2)),
        (
            "time(row.at, \"%F %T\", \"+08:00\")",
            json!(1_795_132_800_000_i64),
        ),
        (
            "time(row.at, \"%F %T\", \"+08:00\") + 1000",
            json!(1_795_132_801_000_i64),
        ),
        (
            "time(\"1999-12-31\", \"%F\", \"+00:00\")",
            json!("1999-12-31T00:00:00Z"),
        ),
        ("number(\"1.234,5\", \"1.234,5\")", json!(1234.5)),
        ("has(row.empty)", json!(false)),
        ("has(row.a) && !has(row.empty)", json!(true)),
        ("row.empty == \"\" ? null : row.a", Value::Null),
        ("row.empty", Value::Null),
        ("row.a.matches(\"^ A\")", json!(true)),
        ("matches(row.a, \"^A\")", json!(false)),
        ("row.a in [\"x\", \" Ab \"]", json!(true)),
        ("int(number(row.Quantity)) % 3", json!(-1)),
        ("path(row, \"Quantity\")", json!("-4")),
        ("string(number(row.Quantity))", json!("-4")),
        ("[number(row.Quantity), 0.5]", json!([-4, 0.5])),
    ] {
        assert_eq!(value(cel, header, row), Ok(expected), "{cel}");
    }
}

#[test]
fn a_fault_of_a_row_rejects_the_row() {
    for (cel, expected) in [
        (
            "number(row.a)",
            "line 2: x: number: \"z\" is not a finite number",
        ),
        (
            "1.0 / (number(row.b) - 1.0)",
            "line 2: x: the result is not a finite number",
        ),
        (
            "time(row.a, \"epoch_s\")",
            "line 2: x: time: \"z\" is not a time in this format",
        ),
        (
            "time(row.b, \"epoch_ms\")",
            "line 2: x: time: \"1\" is not a time in this format",
        ),
        ("row.a.split(\"y\")[3]", "line 2: x: "),
        (
            "split(row.a, row.c)",
            "line 2: x: split: the separator must not be empty",
        ),
    ] {
        let fault = value(cel, "a,b,c", "z,1,").unwrap_err();
        assert!(fault.starts_with(expected), "{cel}: {fault}");
    }
}

#[test]
fn faults_show_their_place() {
    for (cel, expected) in [
        (
            "number(row.a",
            "missing ')' at '<EOF>'\n    number(row.a\n                ^",
        ),
        (
            "1.0 + ",
            "mismatched input '<EOF>'\n    1.0 + \n          ^",
        ),
        (
            "nummber(row.a)",
            "nummber: unknown function; did you mean number?\n    nummber(row.a)\n           ^",
        ),
        (
            "price * 2.0",
            "unknown name price; a column is row.price or row[\"price\"]\n    price * 2.0\n    ^",
        ),
        (
            "\"量\" + 数",
            "token recognition error at: '数'\n    \"量\" + 数\n           ^",
        ),
        ("number(row.a, \"1,5\")", "a style is one of"),
        ("time(row.a, \"%F\")", "format: the text has no offset"),
        ("time(row.a, row.b)", "time takes a value, a format"),
        (
            "row.a.matches(\"(\")",
            "unclosed group\n    row.a.matches(\"(\")\n                  ^",
        ),
        (
            "size(row)",
            "row stands for all columns; write row.name or row[\"name\"]\n    size(row)\n         ^",
        ),
        (
            "number(row.a) + 2",
            "+ takes two numbers of one type; write 2.0 instead of 2, or double(…)\n    number(row.a) + 2\n                  ^",
        ),
        (
            "number(row.a) ? 1 : 2",
            "the condition before ? must be a truth value, not a number (double)",
        ),
        ("-\"a\"", "- takes a number, not a text"),
        (
            "number(row.a) == \"1\"",
            "a number (double) is never equal to a text; number(…)",
        ),
        ("abs(\"1\")", "abs does not take a text"),
        ("{\"a\": 1}", "a map is not the value of a field"),
        ("b\"x\"", "bytes and unsigned numbers are not used here"),
    ] {
        let reported = faults(cel);
        assert!(reported.starts_with(expected), "{cel}:\n{reported}");
    }
    let long = format!("\"{}\"", "x".repeat(5_000));
    assert!(faults(&long).contains("longer than"));
    let deep = "(".repeat(200) + "1" + &")".repeat(200);
    assert!(!faults(&deep).is_empty());
    let chain = "row.a".to_owned() + &" + row.a".repeat(400);
    assert!(faults(&chain).contains("nested more than"));
    let condition = Expression::new("1.0 + 2.0", &Style::default(), true).unwrap_err();
    assert!(
        condition[0].starts_with("must give true or false, not a number"),
        "{condition:?}"
    );
}

#[test]
fn columns_of_a_table_are_texts() {
    for (cel, expected) in [
        (
            "row.b + row.Unit",
            "x: the table has no column \"Unit\"; did you mean \"Units\"?\n    row.b + row.Unit\n               ^\nx: ",
        ),
        (
            "row.b * 2.0",
            "x: a text * a number (double) has no value; number(…) reads a number from a text\n    row.b * 2.0\n          ^",
        ),
        (
            "row.Units < 1",
            "x: a text and a whole number (int) have no order; number(…)",
        ),
        (
            "row.Units && true",
            "x: the left side must be a truth value, not a text",
        ),
        (
            "row[\"no\"]",
            "x: the table has no column \"no\"\n    row[\"no\"]\n        ^",
        ),
        (
            "row.Units.all(x, true)",
            "x: a loop goes over a list, not over a text",
        ),
    ] {
        let fault = value(cel, "Units,b", "1,2").unwrap_err();
        let expected = expected.strip_suffix("\nx: ").unwrap_or(expected);
        assert!(fault.starts_with(expected), "{cel}:\n{fault}");
    }
}

#[test]
fn loops_are_bounded() {
    let list = "row.a.split(\"|\")";
    let many = vec!["x"; 300].join("|");
    for cel in [
        format!(
            "{list}.map(a, {list}.map(b, {list}.filter(c, c == b))).exists(l, l.exists(k, k.exists(m, m == a)))"
        ),
        format!("{list}.all(a, {list}.all(b, {list}.all(c, c == b)))"),
        format!("{list}.exists(a, {list}.exists_one(b, b == a))"),
        format!("size({list}.filter(a, size({list}.filter(b, a == b)) > 0))"),
    ] {
        let started = std::time::Instant::now();
        let fault = value(&cel, "a", &many).unwrap_err();
        assert!(
            fault.contains("more than 10000 steps") || fault.contains("unknown name a"),
            "{cel}: {fault}"
        );
        assert!(started.elapsed().as_secs() < 20, "{cel}");
    }
    let mut doubled = "[row.a]".to_owned();
    for _ in 0..20 {
        doubled.push_str(".map(x, x + x)");
    }
    let fault = value(&doubled, "a", "0123456789").unwrap_err();
    assert!(!fault.is_empty(), "{fault}");
}

#[test]
fn an_expression_takes_time_proportional_to_the_row() {
    let row = |parts| vec!["x"; parts].join("|");
    assert_linear("split", 2_000, row, |row| {
        let read = value("size(row.a.split(\"|\"))", "a", row);
        assert!(read.is_ok(), "{read:?}");
    });
}

proptest! {
    #![proptest_config(crate::tests::cases(256))]

    #[test]
    fn no_expression_causes_a_panic(parts in prop::collection::vec(prop::sample::select(vec![
        "row", ".a", "[\"b\"]", "number(", "time(", "has(", ")", "(", "\"%F\"", ",", "+", "*", "?", ":", "1", "2.0", "[", "]", "{", "}",
        ".map(x,", ".all(", "x", "!", "-", "==", "in", "&&", "null", "'", "玻", ".", "$0", "@", "b\"x\"", "1u", "matches(", "path(",
    ]), 1..12)) {
        let _ = value(&parts.concat(), "a,b", "1,x");
        let _ = value(&parts.join(" "), "a,b", "1,x");
    }
}
