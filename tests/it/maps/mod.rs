//! Each ready map in `config/maps/` on a small file of the shape that it is for.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::service::{Service, program};

/// Items that are not in the catalogue count, as in data that has none.
const CONFIG: &str = "[store]\nunknown_items = \"stub\"\n";

/// An import: kind of facts, map, file, and how many facts are accepted.
type Import = (&'static str, &'static str, &'static str, u64);

/// The imports in order: items before events.
const IMPORTS: [Import; 28] = [
    ("items", "personalize", "personalize-items.csv", 2),
    ("users", "personalize", "personalize-users.csv", 2),
    ("events", "personalize", "personalize-interactions.csv", 4),
    ("items", "gorse", "gorse-items.jsonl", 2),
    ("users", "gorse", "gorse-users.jsonl", 1),
    ("events", "gorse", "gorse-feedback.jsonl", 2),
    ("items", "metarank", "metarank.jsonl", 1),
    ("users", "metarank", "metarank.jsonl", 1),
    ("events", "metarank", "metarank.jsonl", 1),
    ("events", "metarank-impressions", "metarank.jsonl", 2),
    ("items", "recbole", "recbole-items.tsv", 2),
    ("events", "recbole", "recbole.inter", 3),
    ("items", "merchant-center", "merchant-center.txt", 2),
    ("merchants", "shopify-products", "shopify-products.csv", 2),
    ("items", "shopify-products", "shopify-products.csv", 2),
    ("items", "shopify-orders", "shopify-orders.csv", 3),
    ("events", "shopify-orders", "shopify-orders.csv", 2),
    ("items", "woocommerce", "woocommerce.csv", 3),
    ("merchants", "olist", "olist-sellers.csv", 1),
    ("items", "olist", "olist-products.csv", 1),
    ("events", "olist", "olist-sales.csv", 2),
    ("items", "retailrocket", "retailrocket-properties.csv", 1),
    ("events", "retailrocket", "retailrocket-events.csv", 3),
    ("items", "taobao", "taobao.csv", 4),
    ("events", "taobao", "taobao.csv", 4),
    ("items", "kaggle-ecommerce", "kaggle-ecommerce.csv", 4),
    ("events", "kaggle-ecommerce", "kaggle-ecommerce.csv", 4),
    ("items", "online-retail", "online-retail.csv", 2),
];

/// Imports with lists or refunds, after the others.
const LAST: [Import; 4] = [
    ("events", "online-retail", "online-retail.csv", 2),
    ("events", "segment", "segment.ndjson", 3),
    ("events", "segment-batch", "segment-batch.json", 3),
    ("events", "ga4", "ga4.ndjson", 3),
];

fn maps() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/maps"))
}

/// Imports a file by a ready map, and returns the last line of the output.
fn import(service: &Service, (into, map, file, _): Import) -> String {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/maps/data"));
    let mut command = program();
    command.args(["import", "--url", service.base(), "--into", into, "--map"]);
    command.arg(maps().join(format!("{map}.toml")));
    let output = command.arg(data.join(file)).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{map} {file}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_map_reads_its_shape() {
    let service = Service::with_config(CONFIG);
    for of in IMPORTS.into_iter().chain(LAST) {
        let said = import(&service, of);
        let (_, map, file, accepted) = of;
        let expected = format!("{accepted} accepted");
        assert!(said.contains(&expected), "{map} {file}: {said}");
    }
    for (path, expected) in [
        (
            "/items/73",
            json!({"category": "Toys", "price": 12.5, "tags": {"Wood": 1.0, "Baby": 1.0}}),
        ),
        (
            "/items/tv-1",
            json!({"category": "tv", "available": true, "title": "A television"}),
        ),
        ("/items/tv-2", json!({"available": false})),
        (
            "/items/product1",
            json!({"title": "Nice jeans", "price": 25.5, "category": "jeans", "available": true}),
        ),
        (
            "/items/661",
            json!({"title": "James", "category": "Animation"}),
        ),
        (
            "/items/00017",
            json!({"price": 15.0, "available": true, "category": "Home & Garden", "brand": "Acme"}),
        ),
        (
            "/items/00018",
            json!({"price": 999.0, "available": false, "category": "Home"}),
        ),
        (
            "/items/glow-serum",
            json!({"price": 1299.0, "merchant_id": "Nine", "category": "Serum", "available": true}),
        ),
        (
            "/items/mask",
            json!({"price": 9.5, "category": "Health & Beauty", "available": false}),
        ),
        (
            "/items/woo-beanie",
            json!({"price": 18.0, "available": true, "category": "Clothing > Accessories"}),
        ),
        (
            "/items/woo-hoodie",
            json!({"price": 45.0, "available": false}),
        ),
        ("/items/47", json!({"title": "Cap", "available": false})),
        (
            "/items/1e9e8ef04dbc",
            json!({"merchant_id": "3442f8959a84", "category": "perfumaria"}),
        ),
        ("/items/355908", json!({"category": "1338"})),
        ("/items/2268318", json!({"category": "2520377"})),
        (
            "/items/3900821",
            json!({"category": "appliances", "merchant_id": "aqua", "price": 33.2}),
        ),
        (
            "/items/44600062",
            json!({"category": "2103807459595387724"}),
        ),
        (
            "/items/85123A",
            json!({"price": 2.55, "title": "WHITE HANGING HEART"}),
        ),
    ] {
        let found = service.get(path).ok();
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(found.get(field), Some(value), "{path} {field}: {found}");
        }
    }
    for user in [
        "35",
        "anna",
        "user1",
        "a%40x.test",
        "871766c5855e",
        "992329",
        "1",
        "554748717",
        "17850",
        "u1",
        "a1",
        "7",
    ] {
        let found = service.get(&format!("/users/{user}")).ok();
        assert!(found.get("id").is_some(), "{user}: {found}");
    }
}

#[test]
fn every_map_is_tried() {
    let tried: BTreeSet<&str> = IMPORTS.iter().chain(&LAST).map(|of| of.1).collect();
    for entry in std::fs::read_dir(maps()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = name.strip_suffix(".toml").unwrap();
        assert!(
            tried.contains(name) || name == "retailrocket-available",
            "{name}"
        );
    }
}
