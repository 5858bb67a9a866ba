//! Reports: the revenue of merchants and creators as a product, what they were shown, and what moved them.

use std::collections::{BTreeMap, BTreeSet};

use saima::random::Random;
use serde_json::{Value, json};

use super::{DAY, FIRST, bought, did, end_of_window, near, noon};
use crate::service::{Answer, Service};
use crate::siphash::lot;

const CONFIG: &str = r#"
[selection.videos]
where = 'item.kind == "video"'
[[scene.feed.rules]]
name = "shops"
rule = "cap"
by = "merchant"
max = 1
[[scene.feed.rules]]
name = "deal"
rule = "slot"
places = [1]
items = ["a1", "b1"]
score = true
[[scene.feed.rules]]
name = "no videos"
rule = "hide"
select = "videos"
[tail]
scenes = { feed = 0.2 }
[campaign.sale]
scenes = ["feed"]
boost = 1.3
[market]
interval_seconds = 0.1
"#;

const USERS: u32 = 25;

fn shops() -> Vec<Value> {
    let item = |id: &str, kind: &str, available: bool| {
        json!({
            "id": id, "merchant_id": &id[..1], "creator_id": format!("c-{}", &id[..1]), "kind": kind, "available": available,
            "listed_at": FIRST, "price": 5, "campaigns": if id == "a1" { vec!["sale"] } else { vec![] },
        })
    };
    vec![
        item("a1", "product", true),
        item("a2", "product", true),
        item("a3", "video", true),
        item("a4", "product", false),
        item("b1", "product", true),
        item("c1", "product", true),
    ]
}

/// The figures of one merchant in one window, from the events themselves.
#[derive(Default)]
struct Sold {
    clicked: BTreeSet<u32>,
    buyers: BTreeSet<u32>,
    orders: u32,
    gmv: f64,
}

impl Sold {
    fn figures(&self) -> BTreeMap<&str, Option<f64>> {
        let count = |set: &BTreeSet<u32>| f64::from(u32::try_from(set.len()).unwrap());
        let (buyers, orders) = (count(&self.buyers), f64::from(self.orders));
        let visitors = count(&self.clicked).max(buyers);
        let per = |a: f64, b: f64| (b > 0.0).then(|| a / b);
        [
            ("visitors", Some(visitors)),
            ("buyers_per_visitor", per(buyers, visitors)),
            ("orders_per_buyer", per(orders, buyers)),
            ("gmv_per_order", per(self.gmv, orders)),
            ("gmv", Some(self.gmv)),
            ("buyers", Some(buyers)),
            ("orders", Some(orders)),
        ]
        .into()
    }
}

/// Sends clicks, purchases and refunds at random in the last 70 days. Returns what was sold, by merchant and window, 0 for the last.
fn trade(service: &Service) -> BTreeMap<(String, usize), Sold> {
    let (mut random, mut events) = (Random::new(3), Vec::new());
    let mut sold = BTreeMap::<(String, usize), Sold>::new();
    let mut times: Vec<i64> = (0..600)
        .map(|_| FIRST + 14 * DAY + i64::from(random.below(70 * 1_440)) * 60_000)
        .collect();
    times.sort_unstable();
    for (number, at) in times.into_iter().enumerate() {
        let (item, user) = (
            ["a1", "a2", "b1"][random.below(3) as usize],
            random.below(USERS),
        );
        let name = format!("u{user}");
        let back = 83 - (at - FIRST) / DAY;
        let window = usize::try_from(back / 28).unwrap();
        let sums = sold.entry((item[..1].to_owned(), window)).or_default();
        if random.below(3) > 0 {
            events.push(did(&name, "click", item, at));
            sums.clicked.insert(user);
            continue;
        }
        let (id, amount) = (format!("p{number}"), f64::from(random.below(100)) + 0.25);
        events.push(bought(&id, &name, item, at, amount));
        let back = [0.0, 0.0, 0.0, amount / 4.0, amount][random.below(5) as usize];
        if back > 0.0 {
            let refund = json!({"user_id": name, "item_id": item, "kind": "refund", "at": at + 1, "purchase_id": id, "amount": back});
            events.push(refund);
        }
        if back < amount {
            sums.buyers.insert(user);
            sums.orders += 1;
            sums.gmv += amount - back;
        }
    }
    service.events(&events);
    end_of_window(service);
    sold
}

fn report(service: &Service, path: &str) -> Value {
    service.get(path).ok()
}

fn reading(service: &Service, accept: &str) -> Answer {
    service.send("GET", "/merchants/a/report", &[("Accept", accept)], b"")
}

#[test]
fn the_product_of_the_figures_is_the_gmv() {
    let service = Service::with_config(CONFIG);
    service.items(&shops());
    let sold = trade(&service);
    for merchant in ["a", "b"] {
        let revenue = report(&service, &format!("/merchants/{merchant}/report"))["revenue"].clone();
        let of_creator =
            report(&service, &format!("/creators/c-{merchant}/report"))["revenue"].clone();
        for (window, when) in ["now", "before"].into_iter().enumerate() {
            let right = sold[&(merchant.to_owned(), window)].figures();
            for (figure, right) in right {
                let found = revenue[figure][when].as_f64();
                near(found.unwrap(), right.unwrap());
                assert_eq!(of_creator[figure][when], revenue[figure][when], "{figure}");
            }
            let of = |figure: &str| revenue[figure][when].as_f64().unwrap();
            let product = of("visitors")
                * of("buyers_per_visitor")
                * of("orders_per_buyer")
                * of("gmv_per_order");
            assert!((product - of("gmv")).abs() <= 1e-12 * product, "{product}");
            assert!(product > 100.0);
        }
        let gmv = &revenue["gmv"];
        let [now, before] = ["now", "before"].map(|when| gmv[when].as_f64().unwrap());
        near(gmv["trend"].as_f64().unwrap(), now / before - 1.0);
    }
    let of = |merchant: &str| {
        report(&service, &format!("/merchants/{merchant}/report"))["revenue"].clone()
    };
    let [a, b, c] = ["a", "b", "c"].map(of);
    // The watched merchant of the last event is the fourth rival; it sold as little as c.
    assert_eq!(a["rivals"], 4);
    assert_eq!(c["gmv"]["percentile"], 0.25);
    let [first, second] = if a["gmv"]["now"].as_f64() > b["gmv"]["now"].as_f64() {
        [&a, &b]
    } else {
        [&b, &a]
    };
    assert_eq!(
        (&first["gmv"]["percentile"], &second["gmv"]["percentile"]),
        (&json!(0.875), &json!(0.625))
    );
    assert_eq!(
        c["gmv_per_order"],
        json!({"now": null, "before": null, "trend": null, "percentile": null})
    );
    service.get("/merchants/none/report").problem(404);
    service.get("/creators/none/report").problem(404);
}

#[test]
fn exposures_slots_and_reasons_are_reported() {
    let service = Service::with_config(CONFIG);
    service.items(&shops());
    service.merchants(&[json!({"id": "a", "integrity": 0.5})]);
    let shown = |item: &str, day: i64| {
        let mut event = did("u", "impression", item, noon(day));
        event["scene"] = "feed".into();
        event
    };
    service.events(&[
        shown("a1", 83),
        shown("a2", 83),
        shown("a1", 60),
        shown("a1", 50),
        shown("b1", 83),
    ]);
    end_of_window(&service);
    for user in 0..5 {
        service.rank(&json!({"user_id": format!("u{user}"), "candidates": ["a1", "a2", "b1", "c1"], "scene": "feed"}));
    }
    let report = report(&service, "/merchants/a/report");
    let exposure = &report["exposure"];
    assert_eq!(
        (
            &exposure["exposures"],
            &exposure["before"],
            &exposure["trend"]
        ),
        (&json!(3.0), &json!(1.0), &json!(2.0))
    );
    let scene = &exposure["scenes"][0];
    let days: Vec<f64> = scene["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_f64().unwrap())
        .collect();
    assert_eq!((scene["scene"].as_str(), days.len()), (Some("feed"), 28));
    assert_eq!(
        (days[27], days[4], days.iter().sum::<f64>()),
        (2.0, 1.0, 3.0)
    );
    assert_eq!(report["items"], json!({"all": 4, "available": 3}));
    assert_eq!(
        (
            &report["tail"]["member"],
            &report["tail"]["shares"][0]["target"]
        ),
        (&json!(true), &json!(0.2))
    );
    let slot = &report["slots"][0];
    assert_eq!(slot["slot"], "deal");
    assert_eq!(
        slot["won"].as_u64().unwrap() + slot["second"].as_u64().unwrap(),
        5
    );
    let campaign = &report["campaigns"][0];
    assert_eq!(
        (&campaign["name"], &campaign["live"]),
        (&json!("sale"), &json!(true))
    );
    let said = |side: &str, what: &str| {
        let reasons = report[side].as_array().unwrap().iter();
        let found = reasons.filter(|reason| reason["what"] == what);
        found
            .map(|reason| reason["text"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    for (side, what, text) in [
        ("hurt", "integrity", "0.5"),
        ("hurt", "availability", "1 of its 4 items"),
        (
            "hurt",
            "cap",
            "at most 1 of 50 places are its in the scene feed, by the rule shops",
        ),
        (
            "hurt",
            "hide",
            "1 of its 3 available items are hidden in the scene feed, by the rule no videos",
        ),
        (
            "helped",
            "campaign",
            "the campaign sale lifts by up to 1.3 at 100 % of its strength in feed",
        ),
    ] {
        assert!(said(side, what).contains(text), "{side} {what}: {report}");
    }
    let other = service.get("/merchants/c/report").ok();
    assert_eq!(
        (&other["campaigns"], &other["slots"]),
        (&json!([]), &json!([]))
    );
    assert!(
        service
            .get("/creators/c-a/report")
            .ok()
            .get("tail")
            .is_none()
    );
}

#[test]
fn a_report_says_what_rules_cost() {
    let service = Service::with_config(CONFIG);
    service.items(&shops());
    let shown = |item: &str, day: i64| {
        let mut shown = did("u1", "impression", item, noon(day));
        shown["scene"] = json!("feed");
        shown
    };
    service.events(&[shown("a1", 83)]);
    end_of_window(&service);
    assert_eq!(report(&service, "/merchants/a/report")["prices"], json!([]));
    let ranked = |user: u32| {
        service.rank(&json!({"user_id": format!("u{user}"), "candidates": ["a1", "a2", "b1", "c1"], "scene": "feed"}))
    };
    let as_of = ranked(0)["as_of"].as_str().unwrap().to_owned();
    let day = saima::clock::Time::parse(&as_of)
        .unwrap()
        .millis()
        .div_euclid(DAY);
    let is_sampled = |user: &u32| lot(&format!("u{user}"), day, "a1").is_multiple_of(128);
    (0..2_000)
        .filter(is_sampled)
        .take(3)
        .for_each(|user| drop(ranked(user)));
    let answer = report(&service, "/merchants/a/report");
    let prices = answer["prices"].as_array().unwrap();
    let cap = prices.iter().find(|it| it["rule"] == "cap").unwrap();
    assert_eq!(
        (&cap["scene"], &cap["name"], &cap["pages"]),
        (&json!("feed"), &json!("shops"), &json!(3))
    );
    let metric = service.metric("saima_rule_price{scene=\"feed\",rule=\"cap\",name=\"shops\"} ");
    near(cap["price"].as_f64().unwrap(), metric);
    let hurt = answer["hurt"].to_string();
    assert!(
        hurt.contains("by the rule shops; the rule costs the first pages there"),
        "{hurt}"
    );
    let text = reading(&service, "text/markdown").text();
    assert!(
        text.contains("## What rules cost") && text.contains("| feed | cap shops | "),
        "{text}"
    );
    // What no user was shown is in no scene.
    assert_eq!(report(&service, "/merchants/c/report")["prices"], json!([]));
}

#[test]
fn a_report_is_json_or_markdown_as_asked() {
    let service = Service::with_config(CONFIG);
    service.items(&shops());
    trade(&service);
    let json = reading(&service, "*/*");
    assert_eq!(json.media.as_deref(), Some("application/json"));
    let revenue = json.ok()["revenue"].clone();
    let markdown = reading(&service, "text/markdown, application/json;q=0.9");
    assert_eq!(
        (markdown.status, markdown.media.as_deref()),
        (200, Some("text/markdown; charset=utf-8"))
    );
    let text = markdown.text();
    assert!(text.starts_with("# Merchant a\n"), "{text}");
    let row = text
        .lines()
        .find(|line| line.starts_with("| visitors |"))
        .unwrap();
    let visitors = revenue["visitors"]["now"].as_f64().unwrap();
    assert!(
        row.starts_with(&format!("| visitors | {visitors} |")),
        "{row}"
    );
    for heading in [
        "## Revenue",
        "## Race",
        "## What helped",
        "## What hurt",
        "## Exposure",
        "## Campaigns",
    ] {
        assert!(
            text.lines().any(|line| line == heading),
            "{heading}: {text}"
        );
    }
    assert_eq!(reading(&service, "text/html").problem(406), [""]);
    let document = service.get("/openapi.json").ok();
    let answers = &document["paths"]["/merchants/{id}/report"]["get"]["responses"];
    let media: Vec<&String> = answers["200"]["content"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(media, ["application/json", "text/markdown"]);
    assert!(answers["406"].is_object());
}
