//! The objective `text`: judged queries against a reference BM25, and what changes, restarts and bad input do.

use serde_json::{Value, json};

use super::near;
use crate::service::{Service, ids};

const ITEMS: &str = include_str!("../search/items.tsv");
const QUERIES: &str = include_str!("../search/queries.tsv");
const TEXT: &str = "[scene.default.weights]\ntext = 1\n";

/// The mean NDCG@10 of a reference BM25 on the same words, as `tests/it/search/bm25s_ndcg.py` prints it.
const REFERENCE: f64 = 0.9852;

/// Returns the fields of each line.
fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split('\t').collect())
}

fn catalogue() -> Vec<Value> {
    let item = |fields: Vec<&str>| {
        let tags: Vec<&str> = fields[4].split(',').collect();
        json!({"id": fields[0], "title": fields[1], "brand": fields[2], "category": fields[3], "tags": tags})
    };
    lines(ITEMS).map(item).collect()
}

fn request(query: &str) -> Value {
    let items: Vec<&str> = lines(ITEMS).map(|fields| fields[0]).collect();
    json!({"user_id": "u", "candidates": items, "limit": 100, "explain": true, "context": {"query": query}})
}

fn searched(service: &Service, query: &str) -> Value {
    service.rank(&request(query))
}

/// Returns the part `text` of the explanation of an item.
fn part(ranking: &Value, item: &str) -> Value {
    let mut items = ranking["items"].as_array().unwrap().iter();
    let found = items.find(|it| it["id"] == item).unwrap();
    let mut parts = found["explain"]["objectives"].as_array().unwrap().iter();
    parts.find(|it| it["name"] == "text").unwrap().clone()
}

fn value(ranking: &Value, item: &str) -> f64 {
    part(ranking, item)["value"].as_f64().unwrap()
}

/// Returns the NDCG@10 of an order, with these gains.
fn ndcg(order: &[&str], gains: &[(&str, f64)]) -> f64 {
    let discounted = |gains: &mut dyn Iterator<Item = f64>| -> f64 {
        let places = gains.take(10).zip(0_u32..);
        places
            .map(|(gain, place)| gain / f64::from(place + 2).log2())
            .sum()
    };
    let gain = |id: &&str| {
        gains
            .iter()
            .find(|(item, _)| item == id)
            .map_or(0.0, |it| it.1)
    };
    let mut ideal: Vec<f64> = gains.iter().map(|it| it.1).collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    discounted(&mut order.iter().map(gain)) / discounted(&mut ideal.into_iter())
}

/// Writes the words of the catalogue and of the queries, for the reference.
fn write_words() {
    let split = |text: &str| {
        let mut found = Vec::new();
        saima::derived::words(text, |word| found.push(word.to_owned()));
        found
    };
    let items = lines(ITEMS)
        .map(|fields| json!({"id": fields[0], "words": split(&fields[1..].join("\n"))}));
    let queries =
        lines(QUERIES).map(|fields| json!({"words": split(fields[0]), "judged": fields[1]}));
    let words = json!({"items": items.collect::<Vec<_>>(), "queries": queries.collect::<Vec<_>>()});
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/search-words.json");
    std::fs::write(file, words.to_string()).unwrap();
}

#[test]
fn judged_queries_rank_at_least_as_bm25_does() {
    write_words();
    let service = Service::with_config(TEXT);
    service.items(&catalogue());
    service.rebuild();
    let quality = |fields: Vec<&str>| {
        let gain = |judged: &'static str| {
            let (item, gain) = judged.split_once(':').unwrap();
            (item, gain.parse().unwrap())
        };
        let gains: Vec<(&str, f64)> = QUERIES
            .lines()
            .find_map(|line| line.strip_prefix(fields[0])?.strip_prefix('\t'))
            .unwrap()
            .split(' ')
            .map(gain)
            .collect();
        let order = ids(&searched(&service, fields[0]));
        ndcg(
            &order.iter().map(String::as_str).collect::<Vec<_>>(),
            &gains,
        )
    };
    let each: Vec<f64> = lines(QUERIES).map(quality).collect();
    assert_eq!(each.len(), 40);
    let mean = each.iter().sum::<f64>() / 40.0;
    println!("NDCG@10 {mean:.4}");
    assert!(mean >= REFERENCE, "{mean} is below {REFERENCE}: {each:?}");
}

/// The value of the item whose only text is the query approaches 1 with the count; here it is BM25F by hand.
#[test]
fn a_value_is_bm25f_over_its_upper_bound() {
    let service = Service::with_config(TEXT);
    service.items(&[
        json!({"id": "a", "title": "red tea", "brand": "Tea House", "category": "tea", "tags": ["gift"]}),
        json!({"id": "b", "title": "coffee", "tags": {"tea": -1.0}}),
        json!({"id": "none"}),
    ]);
    service.rebuild();
    let ask = |query: &str| {
        service.rank(&json!({"user_id": "u", "candidates": ["a", "b", "none"], "explain": true, "context": {"query": query}}))
    };
    let ranking = ask("TEA coffee");
    // Lengths: 3 + 3 + 2 + 2 + 2 + 1 = 13 and 3, on average 8. Both words are in one of the two texts.
    let idf = 1.0 + (3.0_f64 / 2.0).ln();
    let score =
        |count: f64, length: f64| idf * 2.2 * count / (count + 1.2 * (0.25 + 0.75 * length / 8.0));
    near(
        part(&ranking, "a")["raw"].as_f64().unwrap(),
        score(7.0, 13.0),
    );
    near(value(&ranking, "a"), score(7.0, 13.0) / (2.0 * 2.2 * idf));
    near(value(&ranking, "b"), score(3.0, 3.0) / (2.0 * 2.2 * idf));
    assert_eq!(
        part(&ranking, "a")["reason"],
        "has 1 of 2 words of the query: tea"
    );
    assert_eq!(part(&ranking, "none")["missing"], true);
    near(value(&ranking, "none"), 0.0);
    // Without a query nothing is missing.
    for query in [None, Some(""), Some("!? 🎁 \u{7}\u{0}")] {
        let context = json!({"query": query});
        let ranking = service.rank(&json!({"user_id": "u", "candidates": ["a", "none"], "explain": true, "context": context}));
        for item in ["a", "none"] {
            near(value(&ranking, item), 0.0);
            assert_eq!(part(&ranking, item)["missing"], Value::Null);
        }
    }
    assert!(service.metric("saima_entries{structure=\"item_texts\"}") > 1.0);
    assert!(service.metric("saima_missing_total{objective=\"text\"}") > 0.0);
}

fn launch(config: &str, data: &std::path::Path) -> Service {
    let data = data.to_str().unwrap();
    Service::launch(Some(config), &["--clock", "event", "--data", data], &[])
}

#[test]
fn values_are_the_same_after_changes_restarts_and_in_any_order() {
    let data = tempfile::tempdir().unwrap();
    let service = launch("", data.path());
    let mut items = catalogue();
    service.items(&items);
    assert!(
        service.metric("saima_bytes{structure=\"item_texts\"}") < 1.0,
        "nothing is kept that nothing reads"
    );
    service.reconfigure(TEXT);
    service.wait("the change is live", |it| {
        it.metric("saima_config_generation ") > 1.0
    });
    let query = "玻尿酸 coffee 手机壳 men";
    assert!(value(&searched(&service, query), "s1") > 0.0);

    // A change is seen at once; of a patch that touches no text, nothing is.
    let patch = |lines: &[Value]| service.send_facts("PATCH", "/items", lines);
    let before = value(&searched(&service, query), "s1");
    patch(&[json!({"id": "s1", "price": 5})]);
    near(value(&searched(&service, query), "s1"), before);
    patch(&[
        json!({"id": "s1", "title": "手机壳"}),
        json!({"id": "f9", "title": null, "category": null, "tags": null, "brand": null}),
    ]);
    assert_eq!(
        part(&searched(&service, query), "s1")["reason"],
        "has 2 of 6 words of the query: 手机, 壳"
    );
    assert_eq!(part(&searched(&service, query), "f9")["missing"], true);
    assert_eq!(service.delete("/items/p1"), 204);
    service.rebuild();
    let right = searched(&service, query)["items"].clone();
    service.rebuild();
    assert_eq!(searched(&service, query)["items"], right);
    drop(service);
    let again = launch(TEXT, data.path());
    again.rebuild();
    assert_eq!(searched(&again, query)["items"], right, "after a restart");

    // The same catalogue in the opposite order, in words declared at once.
    let other = Service::with_config(TEXT);
    items.retain(|item| item["id"] != "p1");
    items.reverse();
    for item in &mut items {
        match item["id"].as_str() {
            Some("s1") => item["title"] = "手机壳".into(),
            Some("f9") => *item = json!({"id": "f9"}),
            _ => {}
        }
    }
    for item in &items {
        other.items(std::slice::from_ref(item));
    }
    other.rebuild();
    assert_eq!(searched(&other, query)["items"], right, "in another order");
}

#[test]
fn odd_queries_and_titles_do_no_harm() {
    let service = Service::with_config(TEXT);
    let mut items = catalogue();
    items.push(json!({"id": "emoji", "title": "🧴🎁✨"}));
    items.push(json!({"id": "control", "title": "a\u{1}b\u{7f}\u{200b}"}));
    items.push(json!({"id": "long", "title": "x".repeat(4_096), "tags": ["的", "the"]}));
    items.push(
        json!({"id": "many", "title": (0..700).map(|n| format!("w{n} ")).collect::<String>()}),
    );
    service.items(&items);
    service.rebuild();
    let faults = service
        .json("POST", "/rank", &request(&"面".repeat(10_000)))
        .problem(422);
    assert_eq!(faults, ["context.query"]);
    for query in [
        "的 了 和 是",
        "the of and",
        "\u{1}\u{2}\u{1f}",
        "🧴🎁",
        &"a ".repeat(512),
        &"面膜".repeat(170),
    ] {
        let ranking = service.rank(&json!({"user_id": "u", "candidates": ["emoji", "control", "long", "many", "s1"], "explain": true, "context": {"query": query}}));
        for item in ["emoji", "control", "long", "many", "s1"] {
            assert!((0.0..=1.0).contains(&value(&ranking, item)), "{query}");
        }
    }
    assert!(service.metric("saima_evictions_total{structure=\"item_texts\"}") > 571.0);
    let last = |query: &str| {
        value(&service.rank(&json!({"user_id": "u", "candidates": ["many"], "explain": true, "context": {"query": query}})), "many")
    };
    assert!(last("w127") > 0.0);
    near(last("w128"), 0.0);
}

/// The scene that the reference configuration shows works as it stands there.
#[test]
fn the_scene_of_the_reference_configuration_searches() {
    let (_, shown) = saima::config::EMBEDDED
        .split_once("# [scene.search]\n")
        .unwrap();
    let shown = shown.lines().map_while(|line| line.strip_prefix("# "));
    let config = format!("[scene.search]\n{}\n", shown.collect::<Vec<_>>().join("\n"));
    let service = Service::with_config(&config);
    service.items(&catalogue());
    service.rebuild();
    let mut request = request("gift box of red tea 红茶礼盒");
    request["scene"] = "search".into();
    let ranking = service.rank(&request);
    assert_eq!(ids(&ranking)[0], "f1");
    request["scene"] = "default".into();
    let parts = &service.rank(&request)["items"][0]["explain"]["objectives"];
    assert!(
        parts
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["name"] != "text")
    );
}
