//! The rules of a scene, and pages, through the service.

use saima::random::Random;
use serde_json::{Value, json};

use super::{DAY, near};
use crate::service::{Service, ids};
use crate::siphash::lot;

/// Weighs the quality alone, and has a scene for each rule.
const CONFIG: &str = r#"
[selection.tea]
where = 'item.category == "tea"'
[selection.videos]
where = 'item.kind == "video"'
[audience.fresh]
where = '!user.known'
[audience.known]
where = 'user.known'
[[scene.hide.rules]]
name = "no videos"
rule = "hide"
select = "videos"
[[scene.boost.rules]]
name = "tea day"
rule = "boost"
select = "tea"
factor = 1.3
[[scene.pool.rules]]
name = "best tea"
rule = "slot"
places = [2]
select = "tea"
score = true
[[scene.fresh.rules]]
name = "no videos"
rule = "hide"
select = "videos"
audience = "fresh"
[[scene.known.rules]]
name = "no videos"
rule = "hide"
select = "videos"
audience = "known"
[scene.default]
limit = 4
weights = { quality = 1 }
[[scene.cap.rules]]
name = "shops"
rule = "cap"
by = "merchant"
max = 1
window = 2
[[scene.page.rules]]
name = "kinds"
rule = "cap"
by = "kind"
max = 1
[[scene.brands.rules]]
name = "categories"
rule = "cap"
by = "category"
max = 2
[[scene.creators.rules]]
name = "creators"
rule = "cap"
by = "creator"
max = 1
[[scene.decay.rules]]
name = "spread"
rule = "decay"
factor = 0.5
floor = 0.25
[[scene.mmr.rules]]
name = "mixed"
rule = "mmr"
lambda = 0.5
[[scene.pin.rules]]
name = "notice"
rule = "pin"
item = "c1"
place = 2
[[scene.slot.rules]]
name = "deal"
rule = "slot"
places = [2]
items = ["a2", "b1", "c1", "none"]
weights = { long_term_value = 1 }
[[scene.own.rules]]
name = "deal"
rule = "slot"
places = [2]
items = ["b2", "c1"]
score = true
[[scene.two.rules]]
name = "notice"
rule = "pin"
item = "c1"
place = 2
[[scene.two.rules]]
name = "shops"
rule = "cap"
by = "merchant"
max = 1
window = 2
[[scene.two.rules]]
name = "tea day"
rule = "boost"
select = "tea"
factor = 0.5
[[scene.over.rules]]
name = "past"
rule = "pin"
item = "c1"
place = 1
until = 2020-01-01T00:00:00Z
"#;

const ALL: [&str; 6] = ["a1", "a2", "a3", "b1", "b2", "c1"];

/// Starts a service with three merchants.
fn service() -> Service {
    let service = Service::with_config(CONFIG);
    let item = |(place, id): (usize, &&str)| {
        let merchant = &id[..1];
        let quality = 0.9 - 0.1 * f64::from(u32::try_from(place).unwrap());
        let kind = ["product", "video"][place % 2];
        let category = ["snack", "tea"][place / 4];
        let long_term = [0.1, 0.5, 0.2, 0.8, 0.3, 0.7][place];
        json!({
            "id": id, "merchant_id": merchant, "quality": quality, "kind": kind, "category": category, "long_term_value": long_term,
            "tags": [format!("t{}", place / 2)], "creator_id": format!("w{}", place / 2),
        })
    };
    let items: Vec<Value> = ALL.iter().enumerate().map(item).collect();
    service.items(&items);
    service
}

fn explained(service: &Service, scene: &str) -> Value {
    service.rank(&json!({"user_id": "u", "candidates": ALL, "scene": scene, "explain": true}))
}

fn shown(service: &Service, scene: &str) -> Vec<String> {
    ids(&explained(service, scene))
}

#[test]
fn each_rule_arranges_its_scene() {
    let service = service();
    for (scene, expected) in [
        ("default", ["a1", "a2", "a3", "b1"].as_slice()),
        ("cap", &["a1", "b1", "a2", "b2"]),
        ("page", &["a1", "a2"]),
        ("brands", &["a1", "a2", "b2", "c1"]),
        ("creators", &["a1", "a3", "b2"]),
        ("decay", &["a1", "b1", "a2", "c1"]),
        ("mmr", &["a1", "c1", "b1", "a2"]),
        ("pin", &["a1", "c1", "a2", "a3"]),
        ("slot", &["a1", "b1", "a2", "a3"]),
        ("own", &["a1", "b2", "a2", "a3"]),
        ("over", &["a1", "a2", "a3", "b1"]),
        ("hide", &["a1", "a3", "b2"]),
        ("boost", &["a1", "a2", "a3", "b2"]),
        ("pool", &["a1", "b2", "a2", "a3"]),
        ("fresh", &["a1", "a3", "b2"]),
        ("known", &["a1", "a2", "a3", "b1"]),
    ] {
        assert_eq!(shown(&service, scene), expected, "{scene}");
    }
}

#[test]
fn moves_slots_and_dropped_are_explained() {
    let service = service();
    let slot = explained(&service, "slot");
    assert_eq!(
        slot["slots"],
        json!([{"name": "deal", "place": 2, "winner": "b1", "winner_score": 0.8, "runner_up": "c1", "runner_up_score": 0.7}])
    );
    let moves: Vec<&Value> = slot["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["explain"]["moves"])
        .collect();
    assert_eq!(
        json!(moves),
        json!([
            [],
            [{"rule": "slot.deal", "from": 4, "to": 2}],
            [{"rule": "displaced", "from": 2, "to": 3}],
            [{"rule": "displaced", "from": 3, "to": 4}],
        ])
    );
    let cap = explained(&service, "cap");
    assert_eq!(
        cap["items"][2]["explain"]["moves"],
        json!([{"rule": "cap.merchant", "from": 2, "to": 3}])
    );
    let page = explained(&service, "page");
    let left: Vec<Value> = ["a3", "b1", "b2", "c1"]
        .iter()
        .map(|id| json!({"id": id, "rule": "cap.kind"}))
        .collect();
    assert_eq!(page["dropped"], json!(left));
    assert_eq!(page["slots"], json!([]));
    assert!(page.get("given_back").is_none());
    let plain = explained(&service, "over");
    assert!(plain.get("slots").is_none() && plain["items"][0]["explain"].get("moves").is_none());
    near(service.metric("saima_dropped_total{rule=\"cap\"} "), 4.0);
    near(service.metric("saima_rule_acts_total{rule=\"slot\"} "), 1.0);
    let race = |merchant: &str, result: &str| {
        let labels = format!("slot=\"deal\",merchant=\"{merchant}\",result=\"{result}\"");
        service.metric(&format!("saima_slot_races_total{{{labels}}} "))
    };
    near(race("b", "won"), 1.0);
    near(race("c", "second"), 1.0);
}

#[test]
fn reserved_places_that_nobody_won_are_explained() {
    let service = service();
    let ask = |candidates: &[&str]| {
        let request = json!({"user_id": "u", "candidates": candidates, "scene": "slot", "explain": true, "limit": 2});
        service.rank(&request)["given_back"].clone()
    };
    let back = |reason: &str| json!([{"rule": "slot.deal", "place": 2, "reason": reason}]);
    assert_eq!(ask(&["a1", "a3"]), back("no candidate is in its pool"));
    assert_eq!(ask(&["a1"]), Value::Null, "there is no place 2");
    assert_eq!(ask(&["a1", "a3", "c1"]), Value::Null);
    service.items(&[json!({"id": "c1", "merchant_id": "c", "quality": 0.1})]);
    let some = "of 1 contenders, each is worth too little, breaks a cap, has a place, or is of a merchant with a place of the slot";
    assert_eq!(ask(&["a1", "a3", "c1"]), back(some));
}

#[test]
fn a_boost_is_an_explained_factor() {
    let service = service();
    let boosted = explained(&service, "boost");
    let last = &boosted["items"][3];
    near(last["score"].as_f64().unwrap(), 0.65);
    let explain = &last["explain"];
    assert_eq!(
        explain["moves"],
        json!([{"rule": "lift", "from": 5, "to": 4}])
    );
    let factor = explain["factors"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&factor["name"], factor["factor"].as_f64()),
        (&json!("boost"), Some(1.3))
    );
    assert_eq!(factor["reason"], "tea day ×1.30; at most ×1.5 in all");
    let hidden = explained(&service, "hide");
    let rules: Vec<Value> = ["a2", "b1", "c1"]
        .iter()
        .map(|id| json!({"id": id, "rule": "hide"}))
        .collect();
    assert_eq!(hidden["dropped"], json!(rules));
}

/// Returns the worth of a page by these owns.
fn worth(own: [f64; 4]) -> f64 {
    let places = own.iter().zip(1..);
    places
        .map(|(own, place)| own / f64::from(1 + place).log2())
        .sum()
}

#[test]
fn each_rule_has_its_price() {
    let service = service();
    let ranked = |user: u32| {
        service.rank(&json!({"user_id": format!("u{user}"), "candidates": ALL, "scene": "two"}))
    };
    assert_eq!(ids(&ranked(0)), ["a1", "c1", "a2", "b1"]);
    let as_of = ranked(0)["as_of"].as_str().unwrap().to_owned();
    let day = saima::clock::Time::parse(&as_of)
        .unwrap()
        .millis()
        .div_euclid(DAY);
    let is_sampled = |user: &u32| lot(&format!("u{user}"), day, ALL[0]).is_multiple_of(128);
    let sampled: Vec<u32> = (0..2_000).filter(is_sampled).take(5).collect();
    let others = (0..2_000).filter(|user| !is_sampled(user)).take(20);
    others.chain(sampled).for_each(|user| drop(ranked(user)));
    let label =
        |rule: &str, name: &str| format!("{{scene=\"two\",rule=\"{rule}\",name=\"{name}\"}} ");
    let best = worth([0.9, 0.8, 0.7, 0.6]);
    let page = worth([0.9, 0.4, 0.8, 0.6]);
    for (rule, name, without) in [
        ("pin", "notice", [0.9, 0.6, 0.8, 0.5]),
        ("cap", "shops", [0.9, 0.4, 0.8, 0.7]),
        ("boost", "tea day", [0.9, 0.4, 0.8, 0.6]),
    ] {
        let price = service.metric(&format!("saima_rule_price{}", label(rule, name)));
        near(price, (worth(without) - page) / best);
        let pages = format!("saima_rule_price_pages_total{}", label(rule, name));
        near(service.metric(&pages), 5.0);
    }
}

#[test]
fn equal_requests_get_equal_bytes() {
    let service = service();
    for scene in ["cap", "decay", "mmr", "slot"] {
        let mut candidates = ALL.to_vec();
        let ask = |candidates: &[&str]| {
            let request = json!({"user_id": "u", "candidates": candidates, "scene": scene, "explain": true, "request_id": "r"});
            service.json("POST", "/rank", &request)
        };
        let first = ask(&candidates);
        assert_eq!(ask(&candidates).bytes, first.bytes);
        Random::new(7).shuffle(&mut candidates);
        assert_eq!(ask(&candidates).ok()["items"], first.ok()["items"]);
    }
}

/// Asks for a page.
fn page(service: &Service, scene: &str, id: &str, offset: usize, limit: usize) -> Value {
    let request = json!({"user_id": "u", "candidates": ALL, "scene": scene, "request_id": id, "offset": offset, "limit": limit});
    service.rank(&request)
}

#[test]
fn pages_are_one_list_without_repeats() {
    let service = service();
    for (scene, expected) in [
        ("default", ["a1", "a2", "a3", "b1", "b2", "c1"]),
        ("cap", ["a1", "b1", "a2", "b2", "a3", "c1"]),
        ("decay", ["a1", "b1", "a2", "c1", "b2", "a3"]),
    ] {
        let pages = [0, 2, 4, 6].map(|offset| page(&service, scene, scene, offset, 2));
        let all: Vec<String> = pages.iter().flat_map(ids).collect();
        assert_eq!(all, expected, "{scene}");
        assert!(pages.iter().all(|page| page.get("degraded").is_none()));
        assert_eq!(page(&service, scene, scene, 2, 2), pages[1]);
        // Forgotten, or answered elsewhere: arranged anew, and said.
        let anew = page(&service, scene, "elsewhere", 4, 2);
        assert_eq!(anew["degraded"], json!(["pages"]));
        assert_eq!(ids(&anew), ids(&pages[2]));
        assert_eq!(
            ids(&page(&service, scene, "elsewhere", 60, 2)),
            Vec::<String>::new()
        );
    }
}

#[test]
fn an_answered_page_stays_as_it_was() {
    let service = service();
    let ask = |body: &Value| service.json("POST", "/rank", body);
    let first = json!({"user_id": "u", "candidates": ALL, "request_id": "r", "limit": 2});
    let second =
        json!({"user_id": "u", "candidates": ALL, "request_id": "r", "limit": 2, "offset": 2});
    let (one, two) = (ask(&first), ask(&second));
    service.items(&[
        json!({"id": "c1", "quality": 1.0}),
        json!({"id": "a2", "quality": 0.95}),
    ]);
    assert_eq!(ask(&second).bytes, two.bytes);
    let mut again = first.clone();
    again["offset"] = json!(0);
    assert_eq!(ask(&again).bytes, one.bytes);
    let mut third = second.clone();
    third["offset"] = json!(4);
    assert_eq!(ids(&ask(&third).ok()), ["c1", "b2"]);
    // A request without an offset begins anew.
    assert_eq!(ids(&ask(&first).ok()), ["c1", "a2"]);
}

#[test]
fn a_page_of_another_list_is_refused() {
    let service = service();
    let first = json!({"user_id": "u", "candidates": ALL, "request_id": "r", "limit": 2});
    service.rank(&first);
    let refused = |key: &str, value: Value| {
        let mut request = first.clone();
        request["offset"] = json!(2);
        request[key] = value;
        let answer = service.json("POST", "/rank", &request);
        answer.problem(422)
    };
    for (key, value, path) in [
        ("offset", json!(1), "offset"),
        ("offset", json!(3), "offset"),
        ("user_id", json!("v"), "request_id"),
        ("scene", json!("cap"), "request_id"),
        ("offset", json!(10_001), "offset"),
        ("offset", json!(-1), "offset"),
    ] {
        assert_eq!(refused(key, value), [path], "{key}");
    }
}

#[test]
fn a_list_belongs_to_its_user_under_every_name() {
    let service = service();
    let ask = |user: &str, offset: usize| {
        let request = json!({"user_id": user, "candidates": ALL, "request_id": "r", "limit": 2, "offset": offset});
        service.json("POST", "/rank", &request)
    };
    service.events(&[super::did("visitor", "view", "c1", super::noon(0))]);
    let first = ask("visitor", 0).ok();
    let second = ask("visitor", 2).ok();
    // A stranger with the same id has a list of its own.
    ask("stranger", 0).ok();
    assert_eq!(ask("visitor", 0).ok(), first);
    let pair = json!({"from": "visitor", "into": "member"});
    service.json("POST", "/users/merge", &pair).ok();
    for user in ["member", "visitor"] {
        assert_eq!(ask(user, 2).ok(), second, "{user}");
    }
    let third = ask("member", 4).ok();
    assert_eq!(ids(&third), ["b2", "c1"]);
    assert!(third.get("degraded").is_none());
    assert_eq!(ask("visitor", 4).ok(), third);
    assert_eq!(ask("stranger", 4).problem(422), ["offset"]);
    assert_eq!(ask("third", 2).problem(422), ["request_id"]);
}

#[test]
fn a_batch_answers_the_pages_of_a_list_in_order() {
    let service = service();
    let page = |id: u32, offset: usize| json!({"user_id": "u", "candidates": ALL, "request_id": format!("r{id}"), "limit": 2, "offset": offset});
    for round in 0..10 {
        let mut requests: Vec<Value> = (0..8)
            .flat_map(|id| [0, 2, 4].map(|offset| page(100 * round + id, offset)))
            .collect();
        requests.insert(5, json!({"user_id": "u"}));
        let answer = service.json("POST", "/rank/batch", &json!({"requests": requests}));
        let mut results = answer.ok()["results"].as_array().unwrap().clone();
        assert_eq!(results.remove(5)["status"], 422);
        for (place, result) in results.iter().enumerate() {
            let right = [["a1", "a2"], ["a3", "b1"], ["b2", "c1"]][place % 3];
            assert_eq!(ids(result), right);
            assert!(result.get("degraded").is_none(), "{place}");
        }
    }
}

#[test]
fn forgotten_pages_are_counted() {
    let service = Service::with_config("[pages]\npages = 3\n");
    service.items(&[json!({"id": "a"}), json!({"id": "b"})]);
    let ask = |id: &str, offset: usize| {
        service.rank(&json!({"user_id": "u", "candidates": ["a", "b"], "request_id": id, "offset": offset, "limit": 1}))
    };
    for id in ["r1", "r2", "r3", "r4"] {
        ask(id, 0);
    }
    assert_eq!(ask("r1", 1)["degraded"], json!(["pages"]));
    assert!(ask("r2", 1).get("degraded").is_none());
    near(service.metric("saima_entries{structure=\"pages\"} "), 3.0);
    near(
        service.metric("saima_evictions_total{structure=\"pages\"} "),
        2.0,
    );
}
