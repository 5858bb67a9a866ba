//! `GET /race` and its objectives in edge cases.

use serde_json::{Value, json};

use super::{DAY, FIRST, bought, end_of_window, near, noon, weighing};
use crate::service::Service;

fn shop(service: &Service, id: &str, category: &str) {
    let since = noon(0) - 200 * DAY;
    service.merchants(&[json!({"id": id, "category": category, "joined_at": since})]);
    service.items(&[json!({"id": format!("{id}-item"), "merchant_id": id, "category": category, "listed_at": since})]);
}

/// Sends one purchase of the shop's item on each day of the window.
fn sells(service: &Service, id: &str) {
    let orders: Vec<Value> = (0..84)
        .map(|day| {
            bought(
                &format!("{id}-{day}"),
                &format!("{id}-buyer-{day}"),
                &format!("{id}-item"),
                noon(day),
                100.0,
            )
        })
        .collect();
    service.events(&orders);
}

#[test]
fn an_empty_store_answers_every_request() {
    let service = Service::launch(None, &[], &[]);
    let ranking = service.rank(&json!({"user_id": "u", "candidates": ["a", "b"], "explain": true}));
    assert_eq!(
        (&ranking["items"], &ranking["unknown"], &ranking["dropped"]),
        (&json!([]), &json!(["a", "b"]), &json!([]))
    );
    for kind in ["merchant", "item"] {
        let board = service.get(&format!("/race?kind={kind}")).ok();
        assert_eq!(
            (
                &board["size"],
                &board["runners"],
                &board["kind"],
                &board["lane"]
            ),
            (&json!(0), &json!([]), &json!(kind), &Value::Null)
        );
    }
    service.get("/race?lane=beauty").problem(404);
    service.get("/race?kind=user").problem(404);
    assert!(service.get("/config").ok()["generation"].is_u64());
    assert_eq!(service.get("/readyz").status, 200);
    assert_eq!(service.delete("/items/a"), 404);
    assert!(service.rebuild() > ranking["standings"].as_u64().unwrap());
}

#[test]
fn lane_of_one_and_merchant_without_sales() {
    let service = Service::start();
    shop(&service, "one", "lonely");
    shop(&service, "none", "lonely too");
    sells(&service, "one");
    end_of_window(&service);
    near(service.value("u", "one-item", "race.level"), 0.5);
    near(
        service.objective("u", "one-item", "race.level")["raw"]
            .as_f64()
            .unwrap(),
        700.0,
    );
    near(
        service.objective("u", "one-item", "item.level")["raw"]
            .as_f64()
            .unwrap(),
        28.0,
    );
    near(service.value("u", "one-item", "race.growth"), 0.0);
    for name in ["race.level", "race.growth", "item.level", "item.growth"] {
        near(service.value("u", "none-item", name), 0.0);
    }
    let board = service.get("/race?lane=lonely").ok();
    assert_eq!(
        (&board["size"], &board["lane"]),
        (&json!(1), &json!("lonely"))
    );
    let runner = &board["runners"][0];
    near(runner["level"].as_f64().unwrap(), 0.5);
    near(runner["score"].as_f64().unwrap(), 0.3);
    near(runner["weekly_gmv"].as_f64().unwrap(), 700.0);
    assert_eq!(
        (&runner["standing"], &runner["weeks"], &runner["newcomer"]),
        (&json!(1), &json!(12), &json!(false))
    );
    for field in ["growth", "slope", "lower"] {
        assert!(runner[field].is_number(), "{runner}");
    }
    let none = service.get("/race?lane=lonely%20too&kind=merchant").ok();
    assert_eq!(
        (
            &none["runners"][0]["weekly_gmv"],
            &none["runners"][0]["newcomer"]
        ),
        (&json!(0.0), &json!(true))
    );
    let all = service.get("/race").ok();
    assert_eq!(
        (&all["size"], all["runners"].as_array().unwrap().len()),
        (&json!(3), 3)
    );
    assert_eq!(all["runners"][0]["id"], "one");
    assert_eq!(
        service.get("/race?limit=1").ok()["runners"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn boards_come_in_pages() {
    let service = Service::start();
    for shop_id in ["a", "b", "c", "d", "e"] {
        shop(&service, shop_id, "lane");
    }
    service.rebuild();
    let whole = service.get("/race").ok();
    let whole = whole["runners"].as_array().unwrap();
    assert_eq!(whole.len(), 5);
    let mut path = "/race?limit=2".to_owned();
    for page in whole.chunks(2) {
        let board = service.get(&path).ok();
        assert_eq!(board["runners"].as_array().unwrap(), page);
        let last = page.last().unwrap()["id"].as_str().unwrap();
        path = format!("/race?limit=2&after={last}");
    }
    assert_eq!(service.get(&path).ok()["runners"], json!([]));
    service.get("/race?after=nobody").problem(404);
}

#[test]
fn only_complete_days_count() {
    let service = Service::start();
    shop(&service, "a", "c");
    sells(&service, "a");
    service.rebuild();
    let before = service.get("/race").ok();
    end_of_window(&service);
    let after = service.get("/race").ok();
    assert_ne!(before["runners"], after["runners"]);
    service.events(&[bought(
        "today",
        "new",
        "a-item",
        FIRST + 84 * DAY + 1,
        100.0,
    )]);
    service.rebuild();
    let today = service.get("/race").ok();
    assert_eq!(today["runners"], after["runners"]);
    assert!(today["standings"].as_u64() > after["standings"].as_u64());
}

#[test]
fn a_day_ends_by_the_configured_time_zone() {
    let service = Service::with_config("[race]\nutc_offset = \"+08:00\"\n");
    shop(&service, "a", "c");
    // 15:59:59.999 UTC is the last millisecond of the day at +08:00.
    let end = FIRST + 83 * DAY + 16 * 3_600_000;
    service.events(&[bought("in", "u", "a-item", end - 1, 100.0)]);
    let buyers = || {
        service.rebuild();
        service.objective("u", "a-item", "item.level")["raw"]
            .as_f64()
            .unwrap()
    };
    near(buyers(), 0.0);
    service.events(&[bought("out", "v", "a-item", end, 100.0)]);
    near(buyers(), 1.0);
}

#[test]
fn standings_follow_changes_without_a_rebuild_call() {
    let service = Service::with_config("[race]\ninterval_seconds = 0.05\n");
    shop(&service, "a", "c");
    sells(&service, "a");
    end_of_window(&service);
    let level = |service: &Service| {
        service.objective("u", "a-item", "race.level")["raw"]
            .as_f64()
            .unwrap()
    };
    near(level(&service), 700.0);
    service.send_facts(
        "PATCH",
        "/merchants",
        &[json!({"id": "a", "integrity": 0.5})],
    );
    service.wait("integrity applies to the whole window", |service| {
        (level(service) - 350.0).abs() < 1e-3
    });
    let growth = service.get("/race").ok()["runners"][0]["growth"]
        .as_f64()
        .unwrap();
    near(growth, 0.0);
    service.events(&[json!({"user_id": "a-buyer-40", "item_id": "a-item", "kind": "refund", "purchase_id": "a-40", "at": noon(83)})]);
    service.wait("the refund of a past day has an effect", |service| {
        level(service) < 349.0
    });
    shop(&service, "b", "new lane");
    service.wait("the new lane appears", |service| {
        service.get("/race?lane=new%20lane").status == 200
    });
}

#[test]
fn level_and_growth_have_configured_weights() {
    let config = format!(
        "{}[race]\nlevel = 0\ngrowth = 2\n",
        weighing("race.growth = 1")
    );
    let service = Service::with_config(&config);
    shop(&service, "up", "c");
    let mut orders = Vec::new();
    for (week, count) in (0..12).zip((1..13).map(|week| week * 10)) {
        for one in 0..count {
            let id = format!("{week}-{one}");
            orders.push(bought(&id, &id, "up-item", noon(week * 7 + one % 7), 100.0));
        }
    }
    service.events(&orders);
    end_of_window(&service);
    let runner = service.get("/race").ok()["runners"][0].clone();
    assert_eq!(runner["id"], "up");
    let growth = runner["growth"].as_f64().unwrap();
    assert!(growth > 0.4, "{runner}");
    near(runner["score"].as_f64().unwrap(), 2.0 * growth);
    near(service.value("u", "up-item", "race.growth"), growth);
    let lower = runner["lower"].as_f64().unwrap();
    near(
        service.objective("u", "up-item", "race.growth")["raw"]
            .as_f64()
            .unwrap(),
        lower,
    );
    near(1.0 - (-lower / 0.15).exp(), growth);
}

#[test]
fn entities_show_what_the_race_learnt() {
    let service = Service::start();
    for id in ["a", "b", "c"] {
        shop(&service, id, "toys");
    }
    sells(&service, "b");
    end_of_window(&service);
    let learnt = service.get("/merchants/b").ok()["learnt"].clone();
    let board = service.get("/race?lane=toys").ok()["runners"].clone();
    assert_eq!(
        (&learnt["lane"], &learnt["standing"]),
        (&json!("toys"), &json!(1))
    );
    for name in ["score", "level", "growth", "lower", "weekly_gmv"] {
        assert_eq!(learnt[name], board[0][name], "{name}");
    }
    assert_eq!(learnt["weekly"], json!(vec![7.0; 12]));
    assert_eq!(
        (&learnt["order_value"], &learnt["integrity"]),
        (&Value::Null, &json!(1.0))
    );
    let last = board[2]["id"].as_str().unwrap();
    let learnt = service.get(&format!("/merchants/{last}")).ok()["learnt"].clone();
    assert_eq!(
        (&learnt["standing"], &learnt["weekly"]),
        (&json!(3), &json!(vec![0.0; 12]))
    );
    assert_eq!(
        service.get("/items/b-item").ok()["learnt"]["order_value"],
        100.0
    );

    let around = service
        .get(&format!("/race?lane=toys&limit=2&id={last}"))
        .ok();
    assert_eq!(around["runners"], json!([board[2]]));
    let around = service.get("/race?lane=toys&limit=2&id=b").ok();
    assert_eq!(around["runners"], json!([board[0], board[1]]));
    service.get("/race?lane=toys&id=nobody").problem(404);
    let pages = ["/race?id=nobody&after=b", "/race?after=b"].map(|page| service.get(page).ok());
    assert_eq!(pages[0], pages[1]);
    let lanes = service.get("/race/lanes").ok()["lanes"].clone();
    let toys = |kind: &str| json!({"kind": kind, "lane": "toys", "size": 3});
    assert_eq!(lanes, json!([toys("item"), toys("merchant")]));
}
