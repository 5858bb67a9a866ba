//! The code of the guide to experiments gives users the arms that the service gives them.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use saima::config::Config;
use saima::experiment::{is_held, is_in_range, place};
use serde_json::Value;

use super::block::{Block, Page, pages};

const IDS: usize = 2_000;

/// Runs Python on the ids, a JSON list, and returns what it prints as JSON.
fn python(code: &str, ids: &[String]) -> Value {
    let mut child = Command::new("python3")
        .args(["-c", code])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(ids).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn block<'p>(blocks: &'p [Block], language: &str) -> &'p str {
    let found = blocks.iter().find(|block| block.language == language);
    &found.unwrap().text
}

#[test]
fn python_and_sql_find_the_same_arms() {
    let pages = pages();
    let guide = pages
        .iter()
        .find(|page| page.path.ends_with("experiments.md"));
    let blocks = guide.map(Page::blocks).unwrap();
    let config = Config::parse("guide", block(&blocks, "toml")).unwrap();
    let experiment = config.experiments.named("growth-up").unwrap();
    let holdout = config.experiments.holdout.as_ref().unwrap();
    let mut ids: Vec<String> = (0..IDS).map(|number| format!("u-{number}")).collect();
    ids.extend([
        "用户1".to_owned(),
        "x".repeat(128),
        "a'b\"c".to_owned(),
        "1001".to_owned(),
    ]);
    let right: BTreeMap<&str, (String, u32)> = ids
        .iter()
        .map(|id| {
            let at = place("growth-up", id);
            let arm = if is_held(holdout, id) {
                "held"
            } else if is_in_range(experiment, id) {
                &experiment.arms[experiment.arm_of(at.part)].name
            } else {
                "other"
            };
            (id.as_str(), (arm.to_owned(), at.cell))
        })
        .collect();
    for arm in ["held", "other", "as-is", "more"] {
        assert!(right.values().any(|(name, _)| name == arm), "{arm}");
    }

    let own = block(&blocks, "python");
    assert!(own.lines().count() <= 30);
    let by_python = python(
        &format!(
            "{own}\nimport json, sys\nprint(json.dumps({{id: assignment(id) for id in json.load(sys.stdin)}}))"
        ),
        &ids,
    );
    let by_sql = python(
        &format!(
            "import hashlib, json, sqlite3, sys\ndb = sqlite3.connect(':memory:')\n\
             db.create_function('sha256', 1, lambda text: hashlib.sha256(text.encode()).hexdigest())\n\
             db.execute('CREATE TABLE users(id TEXT)')\ndb.executemany('INSERT INTO users VALUES (?)', [[id] for id in json.load(sys.stdin)])\n\
             print(json.dumps(dict(db.execute({:?}).fetchall())))",
            block(&blocks, "sql")
        ),
        &ids,
    );
    for (id, (arm, cell)) in right {
        assert_eq!(by_python[id], serde_json::json!([arm, cell]), "{id}");
        assert_eq!(by_sql[id], arm, "{id}");
    }
}
