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
    let local = text
        .replace("1795000000", "2026-11-20 10:00:00")
        .replace("1795000100", "2026-11-20 10:01:00");
    let (packed, ..) = encoding_rs::GB18030.encode(&local);
    assert!(guessed("a.csv", &packed).contains("offset = \"+08:00\" } # unsure: in which zone"));
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
        "# unsure: can it be bought while there are pieces?",
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
        ("segment-batch.json", "segment-batch"),
        ("taobao.csv", "taobao"),
    ] {
        let map = guess(&data.join(file)).unwrap();
        assert!(
            map.contains(&format!("ready map {expected}.toml")),
            "{file}:\n{map}"
        );
    }
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

/// Checks that each map has all its parts.
fn assert_parts(cases: &[(&str, &str, &[&str])]) {
    for (name, text, parts) in cases {
        let map = guessed(name, text.as_bytes());
        for part in *parts {
            assert!(map.contains(part), "{part} in\n{map}");
        }
    }
}

#[test]
fn exports_of_orders_make_items_and_sales() {
    assert_parts(&[
        (
            "magento.csv",
            "\"ID\",\"Purchase Date\",\"Status\",\"Customer Email\",\"SKU\",\"Qty Ordered\",\"Row Total\"\n\
             \"012\",\"Nov 20, 2026, 10:03:12 AM\",\"Complete\",\"Ann@x.test\",\"A-1\",\"2\",\"$1,268.00\"\n\
             \"013\",\"Nov 21, 2026, 1:13:12 PM\",\"Canceled\",\"bo@x.test\",\"A-2\",\"1\",\"$45.00\"\n",
            &[
                "when = '!(row[\"Status\"] in [\"Canceled\"])'",
                "user_id = { cel = 'row[\"Customer Email\"].trim().lower()' }",
                "format = \"%b %d, %Y, %I:%M:%S %p\"",
                "amount = { column = \"Row Total\", type = \"number\" }",
                "currency = [\"$\"]",
            ],
        ),
        (
            "etsy.csv",
            "Sale Date,Item Name,Buyer,Quantity,Price,Order ID,Transaction ID,SKU\n11/20/26,Mug,ann,2,18.50,3001,9001,MUG\n",
            &[
                "[items]\nid = \"SKU\"\ntitle = \"Item Name\"\nprice = { column = \"Price\"",
                "id = \"Transaction ID\"",
                "amount = { cel = 'number(row[\"Price\"]) * number(row[\"Quantity\"])' }",
                "format = \"%m/%d/%y\"",
            ],
        ),
        (
            "amazon.txt",
            "amazon-order-id\tmerchant-order-id\tpurchase-date\torder-status\tsku\tquantity\titem-price\tbuyer-email\n\
             111-1\t111-1\t2026-11-20T10:00:00+00:00\tShipped\tSK-1\t2\t25.98\tq@m.test\n",
            &[
                "id = { columns = [\"amazon-order-id\", \"sku\"], join = \"-\" }",
                "amount = { column = \"item-price\"",
                "unsure: are all of \"Shipped\" sales?",
                "# not used: \"merchant-order-id\"",
            ],
        ),
        (
            "tmall.csv",
            "订单编号,买家会员名,宝贝标题,商品编号,买家实际支付金额,订单状态,订单创建时间\n\
             =\"3301\",小王,精华,=\"6001\",￥129.00,交易成功,2026-11-20 10:00:00\n=\"3302\",小李,面膜,=\"6002\",￥9.50,交易关闭,2026/11/21 9:05\n",
            &[
                "in [\"交易关闭\"])'",
                "format = [\"%Y-%m-%d %H:%M:%S\", \"%Y/%m/%d %H:%M\"]",
                "title = \"宝贝标题\"",
                "currency = [\"￥\"]",
            ],
        ),
    ]);
}

#[test]
fn times_and_ids_are_recognised() {
    assert_parts(&[
        (
            "a.csv",
            "customer,sku,week\n7,A,2026-W47\n",
            &["cel = 'time(row[\"week\"] + \"-1\", \"%G-W%V-%u\""],
        ),
        (
            "a.csv",
            "customer,sku,week\n7,A,2026-W47-5\n",
            &["format = \"%G-W%V-%u\""],
        ),
        (
            "a.csv",
            "customer,sku,date\n7,A,13/11/2026\n8,B,02/11/2026\n",
            &["format = \"%d/%m/%Y\""],
        ),
        (
            "a.csv",
            "customer,sku,date\n7,A,11/10/2026\n",
            &["does the month come first?"],
        ),
        (
            "a.csv",
            "customer,sku,date\n7,A,20261120\n",
            &["format = \"%Y%m%d\""],
        ),
        (
            "a.csv",
            "customer,sku,date\n7,A,20261120093000\n",
            &["format = \"%Y%m%d%H%M%S\""],
        ),
        (
            "a.csv",
            "customer,sku,date,revenue\n7,A,20261120,\"1,234\"\n",
            &["is the mark in these numbers a decimal one?"],
        ),
        (
            "july.csv",
            ",user_id,item_id,rating,timestamp\n0,17.0,3.0,5.0,1795168800.0\n",
            &[
                "'row[\"user_id\"].split(\".\")[0]'",
                "? \"favourite\"",
                "epoch_s",
                "prefix = \"july-\"",
            ],
        ),
        (
            "a.csv",
            "7,A,view,1795168800\n8,B,buy,1795168801\n",
            &[
                "header = false",
                "user_id = \"1\" # unsure",
                "\"buy\" = \"purchase\"",
            ],
        ),
        (
            "a.csv",
            "sep=;\r\nKunde;SKU;Datum\r\n7;A;20.11.2026\r\n",
            &["separator = \";\"", "user_id = \"Kunde\""],
        ),
        (
            "a.csv",
            "seller_id,shop name,opened\nm1,Nine,2026-01-05\n",
            &["[merchants]\nid = \"seller_id\"", "joined_at ="],
        ),
        (
            "a.csv",
            "customer_id,country\nc1,DE\n",
            &["[users]\nid = \"customer_id\""],
        ),
    ]);
    let utf_16: Vec<u8> = "user_id\titem_id\ttimestamp\n7\tA\t2026-11-20T10:00:00Z\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (mark, encoding) in [(&b"\xff\xfe"[..], false), (b"", true)] {
        let map = guessed("a.tsv", &[mark, &utf_16].concat());
        assert!(map.contains("format = \"rfc3339\""), "{map}");
        assert_eq!(map.contains("encoding = \"utf-16le\""), encoding, "{map}");
    }
}

#[test]
fn nested_lists_are_unfolded() {
    let text = r#"{"order":{"id":"o","customer":{"id":"c"},"at":"2026-11-20T10:00:00Z","notes":[{"x":1}],"parcels":[{"lines":[{"variant":{"sku":"s"},"qty":2,"unit":{"amount":"2.50"}}]}]}}"#;
    let lines = r#"{"parcels":[{"lines":[{"sku":"s","customer_id":"c","at":1795168800000}]}]}"#;
    assert_parts(&[
        (
            "a.ndjson",
            text,
            &[
                "unfold = [\"order.parcels\", \"order.parcels.lines\"]",
                "item_id = \"order.parcels.lines.variant.sku\"",
            ],
        ),
        (
            "b.ndjson",
            lines,
            &[
                "unfold = [\"parcels\", \"parcels.lines\"]",
                "item_id = \"parcels.lines.sku\"",
            ],
        ),
    ]);
}
