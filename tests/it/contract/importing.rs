//! `saima import` through the service: rejects that can be sent again, imports that break off, and files in parts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{FIRST, HOUR};
use crate::service::{Service, program};

const MAP: &str = "\
[items]
id = 'id'
merchant_id = 'shop'
price = { column = 'price', type = 'number' }
[events]
id = { row = true, prefix = 'e' }
user_id = 'user'
item_id = 'item'
kind = 'kind'
at = { column = 'at', type = 'time', format = 'epoch_ms' }
amount = { column = 'amount', type = 'number' }
";
const HEADER: &str = "user,item,kind,at,amount\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("map.toml", MAP)].iter().chain(files) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Imports files of a folder. Returns the exit code, and what was printed.
fn import(service: &Service, folder: &Path, into: &str, args: &[&str]) -> (i32, String) {
    let mut command = program();
    command.current_dir(folder);
    command.args([
        "import",
        "--url",
        service.base(),
        "--into",
        into,
        "--map",
        "map.toml",
    ]);
    let output = command.args(args).output().unwrap();
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    (output.status.code().unwrap(), texts.concat())
}

fn with_items() -> Service {
    let service = Service::start();
    let item = |n: usize| json!({"id": format!("i{n}"), "merchant_id": format!("m{}", n % 3), "tags": ["t"], "price": 5});
    service.items(&(0..7).map(item).collect::<Vec<_>>());
    service
}

/// Returns the rows of an export, without header.
fn rows(count: i64) -> Vec<String> {
    let row = |n: i64| {
        let kind = ["view", "purchase", "cart", "refund"][usize::try_from(n % 4).unwrap()];
        let amount = if n % 2 == 1 {
            (n % 9 + 1).to_string()
        } else {
            String::new()
        };
        format!(
            "u{},i{},{kind},{},{amount}\n",
            n % 11,
            n % 7,
            FIRST + n * 13 * HOUR
        )
    };
    (0..count).map(row).collect()
}

/// Returns what the service has learnt.
fn learnt(service: &Service) -> String {
    service.rebuild();
    let mut all = String::new();
    let mut race = service.get("/race").ok();
    race["standings"] = Value::Null;
    writeln!(all, "{race}").unwrap();
    for user in 0..11 {
        writeln!(all, "{}", service.get(&format!("/users/u{user}")).ok()).unwrap();
    }
    let mut ranking = service.rank(&json!({"user_id": "u1", "request_id": "r", "candidates": ["i0", "i1", "i2", "i3"], "explain": true}));
    ranking["standings"] = Value::Null;
    writeln!(all, "{ranking}").unwrap();
    all
}

#[test]
fn corrected_rejects_are_sent_again() {
    let whole = format!("{HEADER}{}", rows(20).concat());
    let broken = whole
        .replacen(",purchase,", ",buy,", 1)
        .replacen("u2,", "u2;", 1)
        .replacen("i4,cart", "i99,cart", 1);
    let folder = folder(&[("whole.csv", &whole), ("broken.csv", &broken)]);
    let expected = with_items();
    assert_eq!(
        import(&expected, folder.path(), "events", &["whole.csv"]).0,
        0
    );
    let service = with_items();
    let args = ["--rejects", "bad.csv", "broken.csv"];
    let (code, printed) = import(&service, folder.path(), "events", &args);
    assert_eq!(code, 1, "{printed}");
    let bad = fs::read_to_string(folder.path().join("bad.csv")).unwrap();
    assert!(bad.starts_with(HEADER), "{bad}");
    let notes = bad.lines().filter(|line| line.starts_with("# saima: row "));
    assert_eq!(notes.count(), bad.lines().count() / 2, "{bad}");
    let mended = bad
        .replace(",buy,", ",purchase,")
        .replace("u2;", "u2,")
        .replace("i99,cart", "i4,cart");
    fs::write(folder.path().join("bad.csv"), mended).unwrap();
    let (code, printed) = import(&service, folder.path(), "events", &["bad.csv"]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("(0 repeated"), "{printed}");
    assert_eq!(learnt(&service), learnt(&expected));
    let (_, printed) = import(&service, folder.path(), "events", &["whole.csv"]);
    assert!(printed.contains("20 accepted (20 repeated"), "{printed}");
}

#[test]
fn repeats_with_other_content_are_named() {
    let first = format!("{HEADER}{}", rows(12).concat());
    let other = first.replace("cart", "view");
    let folder = folder(&[("first.csv", &first), ("other.csv", &other)]);
    let service = with_items();
    import(&service, folder.path(), "events", &["first.csv"]);
    let before = learnt(&service);
    for args in [&["--dry-run", "other.csv"][..], &["other.csv"]] {
        let (code, printed) = import(&service, folder.path(), "events", args);
        assert_eq!(code, 0, "{printed}");
        let named = "3      of them with other content: e2, e6, e10\n";
        assert!(printed.contains(named), "{printed}");
    }
    assert_eq!(learnt(&service), before);
}

#[test]
fn a_rehearsal_reports_and_changes_nothing() {
    let service = with_items();
    let text = format!("{HEADER}{}u1,none,view,{FIRST},\n", rows(8).concat());
    let folder = folder(&[
        ("a.csv", &text),
        ("prices.csv", "id,shop,price\ni0,,7\ni9,m,7\n"),
    ]);
    let (code, printed) = import(&service, folder.path(), "events", &["--dry-run", "a.csv"]);
    assert_eq!(code, 1);
    for part in [
        "2  view, 25.0 %",
        "2  purchase, 25.0 %, money 8.00",
        "1  events of items that are not in the catalogue",
        "1    item_id: there is no item",
        "dry run, nothing was changed: 8 accepted (0 repeated, 0 late), 1 rejected",
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    service.get("/users/u1").problem(404);
    for (args, lost) in [
        (&["--dry-run", "prices.csv"][..], "would lose"),
        (&["prices.csv"], "lost"),
    ] {
        let (_, printed) = import(&service, folder.path(), "items", args);
        let line =
            format!("1 {lost} fields that were set: merchant_id (1), tags (1). --patch keeps");
        assert!(printed.contains(&line), "{printed}");
    }
}

#[test]
fn a_patch_keeps_what_a_file_does_not_give() {
    let service = with_items();
    let folder = folder(&[("stock.csv", "id,shop,price\n i0 ,,7\ni1,NULL,\n")]);
    let map = format!("[file]\nnull = 'NULL'\n{MAP}");
    fs::write(folder.path().join("map.toml"), map).unwrap();
    let (code, printed) = import(&service, folder.path(), "items", &["--patch", "stock.csv"]);
    assert_eq!(code, 0, "{printed}");
    assert!(
        printed.contains("blanks around 1 ids and names"),
        "{printed}"
    );
    let item = |id: &str| {
        let mut shown = service.get(&format!("/items/{id}")).ok();
        shown.as_object_mut().unwrap().remove("learnt");
        shown
    };
    assert_eq!(
        item("i0"),
        json!({"id": "i0", "merchant_id": "m0", "tags": {"t": 1.0}, "price": 7.0})
    );
    assert_eq!(
        item("i1"),
        json!({"id": "i1", "tags": {"t": 1.0}, "price": 5})
    );
    let (code, _) = import(&service, folder.path(), "events", &["--patch", "stock.csv"]);
    assert_eq!(code, 1);
}

#[test]
fn an_import_that_broke_off_goes_on() {
    let text = format!("{HEADER}{}", rows(50).concat());
    let broken = text.clone() + "u1,\"i1\n";
    let folder = folder(&[("a.csv", &broken), ("whole.csv", &text)]);
    let expected = with_items();
    import(&expected, folder.path(), "events", &["whole.csv"]);
    let service = with_items();
    let args = ["--batch", "10", "a.csv"];
    let (code, printed) = import(&service, folder.path(), "events", &args);
    assert_eq!(code, 1, "{printed}");
    assert!(
        printed.contains("acknowledged up to line 41, 40 accepted"),
        "{printed}"
    );
    assert!(printed.contains("--resume"), "{printed}");
    let resume = |text: &str| {
        fs::write(folder.path().join("a.csv"), text).unwrap();
        import(
            &service,
            folder.path(),
            "events",
            &["--resume", "--batch", "10", "a.csv"],
        )
    };
    let (code, printed) = resume(&text.replacen("view", "cart", 1));
    assert_eq!(code, 1);
    assert!(printed.contains("changed before line 41"), "{printed}");
    let (code, printed) = resume(&text);
    assert_eq!(code, 0, "{printed}");
    assert!(
        printed.contains("50 accepted (0 repeated, 0 late), 0 rejected"),
        "{printed}"
    );
    assert_eq!(learnt(&service), learnt(&expected));
    let (code, printed) = resume(&text);
    assert_eq!(code, 1);
    assert!(
        printed.contains("no import of these files broke off"),
        "{printed}"
    );
}

#[test]
fn a_file_in_parts_gives_the_same_store() {
    let rows = rows(60);
    let whole = format!("{HEADER}{}", rows.concat());
    let shuffled: String = (0..60).map(|n| rows[n * 23 % 60].as_str()).collect();
    let keyed = MAP.replace(
        "{ row = true, prefix = 'e' }",
        "{ columns = ['user', 'at'], join = '-' }",
    );
    let folder = folder(&[
        ("whole.csv", &whole),
        ("shuffled.csv", &format!("{HEADER}{shuffled}")),
    ]);
    fs::write(folder.path().join("keyed.toml"), &keyed).unwrap();
    let expected = with_items();
    import(&expected, folder.path(), "events", &["whole.csv"]);
    let expected = learnt(&expected);
    // A row that is cut in its last column cannot be told from a whole one.
    let can_be_told = |cut: &usize| {
        let last = whole[..*cut].rsplit('\n').next().unwrap();
        last.matches(',').count() < HEADER.matches(',').count()
    };
    let cuts = [0, 10, HEADER.len(), 200, 333, 777, whole.len() - 3];
    let cuts: Vec<usize> = cuts.into_iter().filter(can_be_told).collect();
    assert!(cuts.len() >= 5, "{cuts:?}");
    for cut in cuts {
        fs::write(folder.path().join("cut.csv"), &whole[..cut]).unwrap();
        let service = with_items();
        import(&service, folder.path(), "events", &["cut.csv"]);
        import(&service, folder.path(), "events", &["whole.csv"]);
        assert_eq!(learnt(&service), expected, "cut at {cut}");
    }
    for half in [1, 30, 59] {
        let service = with_items();
        for (name, part) in [("first.csv", &rows[..half]), ("second.csv", &rows[half..])] {
            fs::write(
                folder.path().join(name),
                format!("{HEADER}{}", part.concat()),
            )
            .unwrap();
            let args = ["--map", "keyed.toml", name];
            let (code, printed) = imported(&service, folder.path(), &args);
            assert_eq!(code, 0, "{printed}");
        }
        assert_eq!(learnt(&service), expected, "split at {half}");
    }
    let service = with_items();
    import(&service, folder.path(), "events", &["shuffled.csv"]);
    assert_eq!(learnt(&service), expected, "in another order");
}

fn imported(service: &Service, folder: &Path, args: &[&str]) -> (i32, String) {
    let mut command = program();
    command.current_dir(folder);
    command.args(["import", "--url", service.base(), "--into", "events"]);
    let output = command.args(args).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), printed)
}

#[test]
fn one_command_sends_items_before_events() {
    let rows = "o1,u1,i50,2,3.5\no1,u1,i51,1,\no2,u2,i50,x,3.5\n";
    let folder = folder(&[("orders.csv", &format!("order,user,sku,qty,price\n{rows}"))]);
    let map = "\
[items]
id = 'sku'
price = { column = 'price', type = 'number' }
[events]
id = { columns = ['order', 'sku'], join = '-' }
user_id = 'user'
item_id = 'sku'
kind = { constant = 'purchase' }
at = { constant = '2026-11-20T10:00:00Z' }
quantity = { column = 'qty', type = 'number' }
amount = { cel = 'has(row.price) ? number(row.price) * number(row.qty) : null' }
";
    fs::write(folder.path().join("map.toml"), map).unwrap();
    let service = Service::start();
    let run = |args: &[&str]| {
        let mut command = program();
        command.current_dir(folder.path());
        command.args(["import", "--url", service.base(), "--map", "map.toml"]);
        let output = command.args(args).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let printed = run(&["--dry-run", "orders.csv"]);
    for part in [
        "items:\n           3  accepted",
        "events:\n           2  accepted",
        "2  purchase, 100.0 %, money 7.00",
        "from 2026-11-20T10:00:00Z to",
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    assert!(!printed.contains("not in the catalogue"), "{printed}");
    service.get("/items/i50").problem(404);
    let printed = run(&["--rejects", "bad.csv", "orders.csv"]);
    assert!(
        printed.contains("bad.events.csv: the rejected rows"),
        "{printed}"
    );
    assert!(!printed.contains("bad.items.csv"), "{printed}");
    assert!(
        printed.contains("2 accepted (0 repeated, 0 late), 1 rejected"),
        "{printed}"
    );
    assert_eq!(service.get("/items/i50").ok()["price"], json!(3.5));
    let bad = fs::read_to_string(folder.path().join("bad.events.csv")).unwrap();
    fs::write(
        folder.path().join("bad.events.csv"),
        bad.replace(",x,", ",1,"),
    )
    .unwrap();
    let printed = run(&["--into", "events", "bad.events.csv"]);
    assert!(printed.contains("1 accepted (0 repeated"), "{printed}");
}

#[test]
fn odd_ids_and_objects_are_noted() {
    let text = "{\"id\":\"cafe\u{301}\"}\n{\"id\":\"x\",\"colour\":1,\"size\":2}\n";
    let folder = folder(&[("odd.ndjson", text)]);
    let service = Service::start();
    let mut command = program();
    command.current_dir(folder.path());
    command.args([
        "import",
        "--url",
        service.base(),
        "--into",
        "items",
        "odd.ndjson",
    ]);
    let output = command.output().unwrap();
    let printed = [output.stderr, output.stdout].map(|text| String::from_utf8(text).unwrap());
    let printed = printed.concat();
    for part in [
        "new ids not in Unicode normal form NFC",
        "colour: is not a field of Item; its fields are id",
        "; size: is not a field of Item\n",
        "`saima import --guess FILE` proposes a map",
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
}
