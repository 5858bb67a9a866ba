//! A model in the service: it scores as its trees say, explains itself, and changes with its file; a bad file changes nothing.

use std::fs;

use parquet::file::reader::SerializedFileReader;
use parquet::record::{Field, Row};
use saima::forest::{self, Columns, Forest};
use serde_json::{Value, json};

use crate::service::{Service, ids, program};

macro_rules! model {
    ($name:literal) => {
        [
            include_str!(concat!("../models/", $name, ".txt")),
            include_str!(concat!("../models/", $name, ".csv")),
        ]
    };
}

const NUMERIC: [&str; 2] = model!("numeric");
const CATEGORICAL: [&str; 2] = model!("categorical");

const PLAIN: &str = "[scene.probe.weights]\naffinity.item = 1\norder_value = 1\n";
const WITH: &str = "[model.ctr]\nfile = 'm.txt'\ncheck = 'm.csv'\nnormaliser = 'identity'\nscale = 10\n\
                    [scene.feed.weights]\n\"model.ctr\" = 2\n[scene.probe.weights]\naffinity.item = 1\norder_value = 1\n";

/// Puts a model beside the configuration, the check first.
fn put(service: &Service, [model, csv]: [&str; 2]) {
    let folder = service.config_file().parent().unwrap();
    let check: String = csv
        .lines()
        .take(21)
        .map(|line| format!("{line}\n"))
        .collect();
    for (name, text) in [("m.csv", &*check), ("m.txt", model)] {
        fs::write(folder.join("fresh"), text).unwrap();
        fs::rename(folder.join("fresh"), folder.join(name)).unwrap();
    }
}

fn filled() -> Service {
    let service = Service::with_config(PLAIN);
    let items: Vec<Value> = (0..30)
        .map(|id| match id % 3 {
            0 => json!({"id": format!("i{id}")}),
            _ => json!({"id": format!("i{id}"), "price": id * id}),
        })
        .collect();
    service.items(&items);
    let events: Vec<Value> = (0..20)
        .map(|id| json!({"user_id": "u", "item_id": format!("i{id}"), "kind": "cart", "at": format!("2026-01-{:02}T15:30:00Z", 1 + id)}))
        .collect();
    service.events(&events);
    service
}

fn rank(service: &Service, user: &str, scene: &str) -> Value {
    let candidates: Vec<String> = (0..30).map(|id| format!("i{id}")).collect();
    service
        .rank(&json!({"user_id": user, "candidates": candidates, "scene": scene, "explain": true}))
}

/// Returns the parts of an item by the names of objectives.
fn part(ranking: &Value, id: &str, name: &str) -> Value {
    let items = ranking["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["id"] == id).unwrap();
    let parts = item["explain"]["objectives"].as_array().unwrap();
    parts
        .iter()
        .find(|part| part["name"] == name)
        .unwrap()
        .clone()
}

/// Returns the raw score of an item by the features that another scene explains.
fn expected(forest: &Forest, probe: &Value, id: &str) -> f64 {
    let mut columns = Columns::new(forest.features().len(), 1);
    for (place, name) in forest.features().enumerate() {
        let own = |name: &str, field: &str| {
            let part = part(probe, id, name);
            let missing = part.get("missing").is_some();
            if missing {
                f64::NAN
            } else {
                part[field].as_f64().unwrap()
            }
        };
        let x = match name {
            "hour" => 15.0,
            // 2026-01-20 is a Tuesday.
            "weekday" => 2.0,
            "candidates" => 30.0,
            other => match other.strip_suffix(".raw") {
                Some(name) => own(name, "raw"),
                None => own(other, "value"),
            },
        };
        columns.column(place).fill(x);
    }
    let mut raw = [0.0];
    forest.score(&columns, &mut raw);
    raw[0]
}

fn assert_scores(service: &Service, model: [&str; 2]) {
    let forest = forest::read(model[0], |_| Ok(())).unwrap();
    for user in ["u", "nobody"] {
        let (ranking, probe) = (rank(service, user, "feed"), rank(service, user, "probe"));
        assert_eq!(ids(&ranking).len(), 30);
        for id in ids(&ranking) {
            let found = part(&ranking, &id, "model.ctr");
            let raw = found["raw"].as_f64().unwrap();
            let expected = expected(&forest, &probe, &id);
            assert!(
                (raw - expected).abs() < 2e-6,
                "{user} {id}: {raw}, not {expected}"
            );
            let value = found["value"].as_f64().unwrap();
            assert!((value - (expected / 10.0).clamp(0.0, 1.0)).abs() < 2e-6);
            assert_eq!(
                found.get("clipped").is_some(),
                !(0.0..=10.0).contains(&expected)
            );
            let reason = found["reason"].as_str().unwrap();
            assert!(reason.starts_with("starts at "), "{reason}");
            assert!(reason.contains("affinity.item"), "{reason}");
        }
    }
}

fn generation(service: &Service) -> u64 {
    service.get("/config").ok()["generation"].as_u64().unwrap()
}

#[test]
fn a_model_scores_and_follows_its_file() {
    let service = filled();
    put(&service, NUMERIC);
    service.reconfigure(WITH);
    service.wait("the model is live", |service| generation(service) == 2);
    assert_scores(&service, NUMERIC);
    let shown = service.get("/config").ok();
    let view = &shown["models"][0];
    assert_eq!(
        (&view["name"], &view["trees"]),
        (&json!("model.ctr"), &json!(6))
    );
    assert_eq!(view["sha256"], shown["config"]["model"]["ctr"]["sha256"]);
    assert_eq!(view["features"][0], "affinity.item");
    let clipped = r#"saima_clipped_total{prediction="model.ctr"}"#;
    assert!(service.metric(clipped) >= 0.0);

    put(&service, CATEGORICAL);
    service.wait("the other model is live", |service| {
        generation(service) == 3
    });
    assert_scores(&service, CATEGORICAL);
}

#[test]
fn a_bad_model_keeps_the_old_generation() {
    let service = filled();
    put(&service, NUMERIC);
    service.reconfigure(WITH);
    service.wait("the model is live", |service| generation(service) == 2);
    let before = rank(&service, "u", "feed");
    let [good, csv] = NUMERIC;
    let left = good
        .lines()
        .find(|line| line.starts_with("left_child="))
        .unwrap();
    let raw = csv.lines().nth(3).unwrap();
    let (cells, _) = raw.rsplit_once(',').unwrap();
    for (number, [model, csv]) in (1..).zip([
        [&good[..3_000], csv],
        [&good.replace("version=v4", "version=v3"), csv],
        [
            &good.replacen(left, &left.replacen("=1 ", "=0 ", 1), 1),
            csv,
        ],
        [&good.replace("hour", "minute"), csv],
        [good, &csv.replacen(raw, &format!("{cells},1"), 1)],
        ["", csv],
    ]) {
        put(&service, [model, csv]);
        service.wait("the model is refused", |service| {
            service.metric("saima_config_refused_total") >= f64::from(number)
        });
        put(&service, NUMERIC);
        let after = rank(&service, "u", "feed");
        assert_eq!(after["items"], before["items"]);
        assert_eq!(after["generation"], 2);
    }
}

/// Runs the export of one query, and returns the rows as JSON.
fn exported(service: &Service) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let (queries, out) = (
        folder.path().join("q.ndjson"),
        folder.path().join("f.parquet"),
    );
    let candidates: Vec<String> = (0..30).map(|id| format!("i{id}")).collect();
    let query = json!({"user_id": "u", "candidates": candidates, "relevant": {"i4": 2.5}});
    fs::write(&queries, query.to_string()).unwrap();
    let mut command = program();
    command.args([
        "evaluate",
        "--json",
        "--scene",
        "feed",
        "--limit",
        "10",
        "--url",
        service.base(),
        "--export",
    ]);
    let output = command.arg(&out).arg(&queries).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let reader = SerializedFileReader::new(fs::File::open(out).unwrap()).unwrap();
    let object = |row: Row| -> Value {
        let members = row.get_column_iter();
        members
            .map(|(name, field)| (name.clone(), value(field)))
            .collect()
    };
    reader.into_iter().map(|row| object(row.unwrap())).collect()
}

fn value(field: &Field) -> Value {
    if let Field::Double(x) = field {
        json!(x)
    } else if let Field::Str(text) = field {
        json!(text)
    } else if let Field::Long(number) = field {
        json!(number)
    } else {
        Value::Null
    }
}

#[test]
fn exported_features_are_those_that_models_read() {
    let service = filled();
    put(&service, CATEGORICAL);
    service.reconfigure(WITH);
    service.wait("the model is live", |service| generation(service) == 2);
    let forest = forest::read(CATEGORICAL[0], |_| Ok(())).unwrap();
    let (rows, ranking) = (exported(&service), rank(&service, "u", "feed"));
    assert_eq!(rows.len(), 30, "all candidates, not only the page");
    for row in &rows {
        let id = row["item_id"].as_str().unwrap();
        assert_eq!((&row["user_id"], &row["query"]), (&json!("u"), &json!(0)));
        assert_eq!(row["label"], f64::from(u8::from(id == "i4")));
        assert_eq!(row["amount"], if id == "i4" { 2.5 } else { 0.0 });
        assert_eq!(row["user.events"], 20.0);
        let mut columns = Columns::new(forest.features().len(), 1);
        for (place, name) in forest.features().enumerate() {
            columns
                .column(place)
                .fill(row[name].as_f64().unwrap_or(f64::NAN));
        }
        let mut raw = [0.0];
        forest.score(&columns, &mut raw);
        let found = part(&ranking, id, "model.ctr")["raw"].as_f64().unwrap();
        assert!(
            (found - raw[0]).abs() < 1e-6,
            "{id}: {found}, not {}",
            raw[0]
        );
    }
    assert!(rows.iter().any(|row| row["order_value.raw"].is_null()));
}
