//! Tests of the rows of tables.

use super::super::map::MapFile;
use super::super::source::COMMA;
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(map: &str, csv: &str) -> Vec<Result<(u64, Value), String>> {
    let mapping = MapFile::parse(map).unwrap().target("items").unwrap();
    table(csv.as_bytes(), COMMA, &mapping, &Cursor::default())
        .unwrap()
        .map(|line| match line {
            Ok(line) => Ok((line.number, serde_json::from_slice(&line.json).unwrap())),
            Err(fault) => Err(fault.to_string()),
        })
        .collect()
}

#[test]
fn every_kind_of_source_gives_values() {
    let map = r#"
        [items]
        id = { column = "sku", prefix = "i" }
        brand = { row = true, prefix = "r" }
        kind = { constant = "product" }
        price = { column = "price", type = "number" }
        title = { columns = ["name", "size"], join = " " }
        category = { column = "dep", default = "other" }
        tags = [{ column = "labels", split = "|" }, { column = "dep", prefix = "d:" }, "name"]
        campaigns = { column = "labels", split = "|" }
    "#;
    let csv = "sku,price,name,size,dep,labels,ignored\n1,2.5,\"a \"\"b\"\"\",9 OZ,food,x | y||,z\n2,,c,,,,\n";
    assert_eq!(
        read(map, csv),
        [
            Ok((
                2,
                json!({"id": "i1", "brand": "r0", "kind": "product", "price": 2.5, "title": "a \"b\" 9 OZ", "category": "food",
                "tags": ["x", "y", "d:food", "a \"b\""], "campaigns": ["x", "y"]})
            )),
            Ok((
                3,
                json!({"id": "i2", "brand": "r1", "kind": "product", "title": "c", "category": "other", "tags": ["c"]})
            )),
        ]
    );
}

#[test]
fn a_table_is_read_as_the_map_says() {
    let fields = "[items]\nid = 'id'\nprice = { column = 'price', type = 'number' }";
    let expected = json!({"id": "a", "price": 1299.5});
    for (file, text) in [
        (
            "separator = ';'\ndecimal = ','\nthousands = '.'",
            "id;price\na;1.299,5\n",
        ),
        (
            "currency = ['USD', '¥']\nthousands = ','",
            "id,price\na,\"¥1,299.5\"\n",
        ),
        ("skip = 2", "Report of May\n\nid,price\na,1299.5\n"),
        ("header = ['id', 'price']", "a,1299.5\n"),
        ("header = ['id', 'price']\nskip = 1", "id,id\na,1299.5\n"),
        (
            "separator = '\t'\nencoding = 'gbk'",
            "id\tprice\na\t1299.5\n",
        ),
    ] {
        let rows = read(
            &format!("[file]\n{}\n{fields}", file.replace("'\t'", "\"\\t\"")),
            text,
        );
        let line = text.lines().count() as u64;
        assert_eq!(rows, [Ok((line, expected.clone()))], "{file}");
    }
}

#[test]
fn columns_without_header_have_numbers() {
    let map = "[file]\nheader = false\nnull = ['NULL', '-']\n[items]\nid = '2'\ntitle = { first = ['3', '1'] }";
    let rows = read(map, "a,b,NULL\nc,d, - \ne,-,f\ng,h\n");
    assert_eq!(rows[0], Ok((1, json!({"id": "b", "title": "a"}))));
    assert_eq!(rows[1], Ok((2, json!({"id": "d", "title": "c"}))));
    assert_eq!(rows[2], Ok((3, json!({"title": "f"}))));
    assert_eq!(
        rows[3],
        Err("line 4: the row has 2 columns, the header 3".to_owned())
    );
}

#[test]
fn an_unclosed_quote_names_its_line() {
    let map = "[items]\nid = 'id'\ntitle = 't'";
    let rows = read(map, "id,t\na,x\n\"b\nb\",\"y\nc,z\nd,z\n");
    assert_eq!(rows[0], Ok((2, json!({"id": "a", "title": "x"}))));
    let fault = rows[1].as_ref().unwrap_err();
    assert!(
        fault.starts_with("line 4: the quote that opens there is not closed before the end"),
        "{fault}"
    );
    let endless = format!("id,t\na,\"x\n{}", "b,y\n".repeat(400_000));
    let fault = read(map, &endless).remove(0).unwrap_err();
    assert!(
        fault.starts_with("line 2: the quote that opens there is not closed within"),
        "{fault}"
    );
    let swallowed = read(map, "id,t\na,\"x\nb,\"y\n");
    assert!(
        swallowed[0].as_ref().unwrap_err().starts_with("line 2"),
        "{swallowed:?}"
    );
    for (quote, text) in [("false", "id,t\na,\"x\n"), ("\"'\"", "id,t\na,'\"x'\n")] {
        let rows = read(&format!("[file]\nquote = {quote}\n{map}"), text);
        assert_eq!(
            rows,
            [Ok((2, json!({"id": "a", "title": "\"x"})))],
            "{quote}"
        );
    }
}

#[test]
fn a_last_row_needs_no_line_break() {
    let map = "[items]\nid = 'id'\ntitle = { cel = 'row.t' }";
    let rows = read(map, "id,t\na,x\nb,y");
    assert_eq!(rows[1], Ok((3, json!({"id": "b", "title": "y"}))));
    let note = rows[2].as_ref().unwrap_err();
    assert!(
        note.starts_with("line 3: the last row has no line break"),
        "{note}"
    );
    assert_eq!(rows.len(), 3);
    let unused = read("[items]\nid = 'id'", "id,t\na,x\nb,y");
    assert_eq!(unused.len(), 2, "nothing is read of the last column");
    let cut = read(map, "id,t\na,x\nb");
    assert_eq!(
        cut[1].as_ref().unwrap_err(),
        "line 3: the row has 1 columns, the header 2; the file ends there without a line break, so it may be cut short"
    );
}

#[test]
fn a_first_line_may_say_the_separator() {
    let map = "[items]\nid = 'id'\nprice = { column = 'p', type = 'number' }";
    let expected = [Ok((3, json!({"id": "a", "price": 1.0})))];
    for first in ["sep=;\n", "sep=;\r\n", "\u{feff}\"sep=;\"\r\n"] {
        assert_eq!(
            read(map, &format!("{first}id;p\na;1\n")),
            expected,
            "{first:?}"
        );
    }
    let skipped = format!("[file]\nskip = 1\nseparator = ';'\n{map}");
    assert_eq!(read(&skipped, "sep=;\nid;p\na;1\n"), expected);
    let header = read(
        &format!("[file]\nheader = ['id', 'p']\n{map}"),
        "sep=|\na|1\n",
    );
    assert_eq!(header, [Ok((2, json!({"id": "a", "price": 1.0})))]);
}

#[test]
fn a_row_reports_all_its_faults() {
    let map = "[items]\nid = { row = true }\nprice = { column = 'a', type = 'number' }\nquality = { column = 'b', type = 'number' }";
    let fault = read(map, "a,b\nx,y\n").remove(0).unwrap_err();
    assert_eq!(
        fault,
        "line 2: price: \"x\" is not a finite number; quality: \"y\" is not a finite number"
    );
}

#[test]
fn a_row_makes_no_fact_or_several() {
    let map = r#"
        [[items]]
        when = 'row.a != "x"'
        id = { row = true, prefix = "a" }
        [[items]]
        when = { cel = "row.b == '1'" }
        id = { row = true, prefix = "b" }
        price = { column = "c", type = "number" }
    "#;
    let rows = read(map, "a,b,c\nx,0,1\ny,0,1\ny,1,2\nx,1,2\ny,1,z\n");
    let facts: Vec<_> = rows
        .into_iter()
        .map(|row| row.map(|(line, fact)| (line, fact["id"].clone())))
        .collect();
    let bad = Err("line 6: price: \"z\" is not a finite number".to_owned());
    let fact = |line, id: &str| Ok((line, json!(id)));
    assert_eq!(
        facts,
        [
            fact(3, "a1"),
            fact(4, "a2"),
            fact(4, "b2"),
            fact(5, "b3"),
            bad
        ]
    );
}

#[test]
fn a_header_of_numbers_is_noted() {
    let rows = read("[items]\nid = '1'", "1,pv\n2,buy\n");
    assert!(rows[0].as_ref().unwrap_err().contains("set header = false"));
    assert_eq!(rows[1], Ok((2, json!({"id": "2"}))));
}

#[test]
fn words_become_values() {
    let map = r#"
        [items]
        id = { row = true }
        available = { column = "stock", values = { "in stock" = true, sold_out = false } }
        kind = { column = "stock", values = { sold_out = "" }, else = "product" }
        tags = { column = "labels", split = "|", prefix = "t:", values = { r = "red" }, else = "other" }
    "#;
    let rows = read(map, "stock,labels\n in stock ,r|x\nsold_out,\n,\nsoon,\n");
    let expected =
        json!({"id": "0", "available": true, "kind": "product", "tags": ["t:red", "t:other"]});
    assert_eq!(rows[0], Ok((2, expected)));
    assert_eq!(rows[1], Ok((3, json!({"id": "1", "available": false}))));
    assert_eq!(rows[2], Ok((4, json!({"id": "2"}))));
    let fault = "line 5: available: \"soon\" is not in values (in stock, sold_out)";
    assert_eq!(rows[3], Err(fault.to_owned()));
}

#[test]
fn the_first_text_that_is_not_empty_counts() {
    let map = "[items]\nid = { row = true }\nprice = { first = ['sale', 'price'], type = 'number', default = 0 }";
    let rows = read(map, "price,sale\n2,1\n3, \n,\n");
    let prices = [
        json!({"id": "0", "price": 1.0}),
        json!({"id": "1", "price": 3.0}),
        json!({"id": "2", "price": 0}),
    ];
    let read: Vec<Value> = rows.into_iter().map(|row| row.unwrap().1).collect();
    assert_eq!(read, prices);
}

#[test]
fn a_bad_row_is_reported_and_skipped() {
    let map = "[items]\nid = 'id'\nprice = { column = 'price', type = 'number' }";
    let rows = read(map, "id,price\na,1\nb,cheap\nc\nd,4\n");
    assert_eq!(
        rows[1],
        Err("line 3: price: \"cheap\" is not a finite number".to_owned())
    );
    assert!(rows[2].as_ref().unwrap_err().starts_with("line 4: "));
    assert_eq!(rows[3], Ok((5, json!({"id": "d", "price": 4.0}))));
}

#[test]
fn lines_are_numbered_whatever_their_ends() {
    let map = "[items]\nid = 'id'\nbrand = { row = true }";
    for end in ["\n", "\r\n"] {
        for blank in ["", end] {
            let rows = [
                "id,x",
                "a,1",
                "b",
                "\"c\n\nc\",3",
                "d,4,5",
                "\"e\r\ne\",5",
                "f,6",
            ];
            let text = rows.map(|row| format!("{row}{end}{blank}")).concat();
            let read: Vec<_> = read(map, &text)
                .into_iter()
                .map(|row| match row {
                    Ok((line, fact)) => (line, fact["brand"].as_str().unwrap().to_owned()),
                    Err(fault) => (0, fault),
                })
                .collect();
            let extra = u64::from(!blank.is_empty());
            let line = |line: u64, row: u64| line + row * extra;
            let width = |number, columns| {
                (
                    0,
                    format!("line {number}: the row has {columns} columns, the header 2"),
                )
            };
            let row = |line, number: &str| (line, number.to_owned());
            assert_eq!(
                read,
                [
                    row(line(2, 1), "0"),
                    width(line(3, 2), 1),
                    row(line(4, 3), "2"),
                    width(line(7, 4), 3),
                    row(line(8, 5), "4"),
                    row(line(10, 6), "5"),
                ],
                "{text:?}"
            );
        }
    }
}

#[test]
fn a_row_in_another_encoding_keeps_its_number() {
    let mapping = MapFile::parse("[items]\nid = { row = true }\ntitle = 't'").unwrap();
    let rows = table(
        &b"t\na\nx\xff\nb\n"[..],
        COMMA,
        &mapping.target("items").unwrap(),
        &Cursor::default(),
    )
    .unwrap()
    .map(|row| row.map(|line| String::from_utf8(line.json).unwrap()))
    .map(|row| row.map_err(|fault| fault.to_string()))
    .collect::<Vec<_>>();
    assert_eq!(
        rows[1],
        Err("line 3: column 1 (t): byte 2 is not UTF-8; set encoding in [file] of the map, such as gb18030".to_owned())
    );
    assert_eq!(rows[2], Ok("{\"id\":\"2\",\"title\":\"b\"}".to_owned()));
}

#[test]
fn a_missing_column_is_reported_first() {
    let mapping = MapFile::parse("[items]\nid = 'sku'")
        .unwrap()
        .target("items")
        .unwrap();
    assert!(
        matches!(table("id\n1\n".as_bytes(), COMMA, &mapping, &Cursor::default()), Err(ReadError::File(fault)) if fault.contains("sku"))
    );
}

proptest! {
    #![proptest_config(crate::tests::cases(256))]

    #[test]
    fn any_cell_text_survives_json(texts in prop::collection::vec("\\PC{1,20}", 1..8)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["t"]).unwrap();
        for text in &texts {
            writer.write_record([text]).unwrap();
        }
        let csv = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let rows = read("[items]\nid = { row = true }\ntitle = 't'", &csv);
        for (row, text) in rows.iter().zip(&texts) {
            let expected = Some(text).filter(|text| !text.trim().is_empty());
            prop_assert_eq!(row.as_ref().unwrap().1["title"].as_str(), expected.map(String::as_str));
        }
        prop_assert_eq!(rows.len(), texts.len());
    }
}
