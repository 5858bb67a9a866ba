//! Tests of proposed maps: they are valid, and read the file that they were made for.

use std::path::Path;

use super::super::map::MapFile;
use super::guess;

fn guessed(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let map = guess(&path).unwrap();
    MapFile::parse(&map).unwrap_or_else(|fault| panic!("{fault}\n{map}"));
    map
}

#[test]
fn an_unknown_table_has_a_map_by_its_names() {
    let text = "Kunde;SKU;Aktion;Datum;Betrag;Farbe\n7;a;pv;20.11.2026 10:00;1.299,50 €;rot\n8;b;buy;21.11.2026 11:30;9,90 €;blau\n8;b;xyz;21.11.2026 11:30;;\n";
    let map = guessed("sales.csv", text.as_bytes());
    for part in [
        "separator = \";\"",
        "decimal = \",\"",
        "thousands = \".\"",
        "currency = [\"€\"]",
        "[events]",
        "user_id = \"Kunde\"",
        "item_id = \"SKU\"",
        "at = { column = \"Datum\", type = \"time\", format = \"%d.%m.%Y %H:%M\", offset = \"+00:00\" } # unsure: in which zone",
        "amount = { column = \"Betrag\", type = \"number\" }",
        "id = { row = true",
        "kind = { column = \"Aktion\", values = { \"pv\" = \"view\", \"buy\" = \"purchase\" } } # unsure: which kinds are \"xyz\"?",
        "# not used: \"Farbe\"",
    ] {
        assert!(map.contains(part), "{part} in\n{map}");
    }
}

#[test]
fn kinds_and_formats_are_recognised() {
    let text = "用户,商品ID,行为,时间,数量\n1,2,pv,1795000000,1\n1,3,buy,1795000100,2\n1,4,foo,1795000100,2\n";
    let map = guessed("a.csv", text.as_bytes());
    for part in [
        "user_id = \"用户\"",
        "item_id = \"商品ID\"",
        "\"pv\" = \"view\", \"buy\" = \"purchase\"",
        "which kinds are \"foo\"?",
        "format = \"epoch_s\"",
    ] {
        assert!(map.contains(part), "{part} in\n{map}");
    }
    let (packed, ..) = encoding_rs::GB18030.encode(text);
    assert!(guessed("a.csv", &packed).contains("encoding = \"gb18030\" # unsure"));
    let items = guessed(
        "b.tsv",
        b"sku\tname\tprice\tstock\tlabels\na\tLamp\t12.5\t3\tx|y\nb\tChair\t9\t0\tz\n",
    );
    for part in [
        "[items]",
        "id = \"sku\"",
        "title = \"name\"",
        "price = { column = \"price\", type = \"number\" }",
        "split = \"|\"",
        "# unsure: when can it be bought?",
    ] {
        assert!(items.contains(part), "{part} in\n{items}");
    }
}

#[test]
fn objects_have_a_map_by_their_paths() {
    let text = "{\"who\":{\"user\":\"u\"},\"ts\":1795000000000,\"event\":\"click\",\"lines\":[{\"product_id\":\"p\",\"qty\":2}]}\n";
    let map = guessed("a.ndjson", text.as_bytes());
    for part in [
        "unfold = \"lines\" # unsure",
        "user_id = \"who.user\"",
        "item_id = \"lines.product_id\"",
        "format = \"epoch_ms\"",
        "\"click\" = \"click\"",
    ] {
        assert!(map.contains(part), "{part} in\n{map}");
    }
}

#[test]
fn a_known_export_has_its_ready_map() {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/maps/data"));
    for (file, expected) in [
        ("shopify-orders.csv", "shopify-orders"),
        ("shopify-products.csv", "shopify-products"),
        ("woocommerce.csv", "woocommerce"),
        ("merchant-center.txt", "merchant-center"),
        ("recbole.inter", "recbole"),
        ("retailrocket-events.csv", "retailrocket"),
        ("kaggle-ecommerce.csv", "kaggle-ecommerce"),
        ("online-retail.csv", "online-retail"),
        ("segment.ndjson", "segment"),
        ("ga4.ndjson", "ga4"),
        ("metarank.jsonl", "metarank"),
        ("gorse-feedback.jsonl", "gorse"),
        ("personalize-interactions.csv", "personalize"),
        ("olist-sales.csv", "olist"),
    ] {
        let map = guess(&data.join(file)).unwrap();
        assert!(
            map.contains(&format!("ready map {expected}.toml")),
            "{file}:\n{map}"
        );
    }
    assert!(
        guess(&data.join("taobao.csv"))
            .unwrap()
            .contains("header = false # unsure")
    );
}

#[test]
fn a_file_without_rows_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    for text in ["", "a,b\n"] {
        std::fs::write(&path, text).unwrap();
        assert!(guess(&path).is_err(), "{text:?}");
    }
}
