//! Campaigns at a time: what is live, and what conflicts.

use serde_json::{Value, json};

use super::{DAY, did, noon};
use crate::service::Service;

const CONFIG: &str = r#"
[selection.snacks]
where = 'item.category == "snack"'
[selection.cheap]
where = 'item.price < 5.0'
[scene.feed]
limit = 20
[support]
scenes = ["feed"]
places = [5, 11]
[[scene.feed.rules]]
name = "deal"
rule = "slot"
places = [3, 5]
select = "cheap"
score = true
until = 2025-08-01T00:00:00Z
[[scene.feed.rules]]
name = "cheap day"
rule = "boost"
select = "cheap"
factor = 1.2
[campaign.snack-day]
scenes = ["feed"]
select = "snacks"
boost = 1.3
budget = 10
from = 2025-07-01T00:00:00Z
until = 2025-08-01T00:00:00Z
[campaign.enrolled]
scenes = ["feed", "default"]
boost = 1.1
[campaign.elsewhere]
scenes = ["default"]
select = "snacks"
boost = 1.1
"#;

fn conflicts(service: &Service, at: &str) -> Vec<(String, String, String)> {
    let campaigns = service.get(&format!("/campaigns?at={at}")).ok();
    let conflicts = campaigns["conflicts"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let each = conflicts.map(|it| (text(&it["kind"]), text(&it["campaign"]), text(&it["other"])));
    each.collect()
}

fn named(kind: &str, one: &str, other: &str) -> (String, String, String) {
    (kind.to_owned(), one.to_owned(), other.to_owned())
}

#[test]
fn conflicts_are_about_items_budgets_and_places() {
    let service = Service::with_config(CONFIG);
    service.items(&[
        json!({"id": "a", "category": "snack", "price": 3, "campaigns": ["enrolled"]}),
        json!({"id": "b", "category": "snack", "price": 9}),
    ]);
    let july = [
        named("items", "elsewhere", "enrolled"),
        named("items", "enrolled", "snack-day"),
        named("items", "enrolled", "cheap day"),
        named("items", "snack-day", "cheap day"),
        named("budget", "snack-day", ""),
        named("place", "deal", "support"),
    ];
    assert_eq!(conflicts(&service, "2025-07-10T00:00:00Z"), july);
    let august = [
        named("items", "elsewhere", "enrolled"),
        named("items", "enrolled", "cheap day"),
    ];
    assert_eq!(conflicts(&service, "2025-08-01T00:00:00Z"), august);
    // With a week of traffic the budget is within reach, and a dear snack is in no conflict.
    let shows = (0..7).flat_map(|day| (0..5).map(move |n| (day, n)));
    let show = |(day, n): (i64, i64)| {
        let mut shown = did("u", "impression", "b", noon(80 + day) + n);
        shown["scene"] = json!("feed");
        shown
    };
    service.events(&shows.map(show).collect::<Vec<_>>());
    service.events(&[did("u", "view", "b", noon(80) + 8 * DAY)]);
    service.items(&[json!({"id": "a", "category": "tea", "price": 3, "campaigns": ["enrolled"]})]);
    let later = [
        named("items", "enrolled", "cheap day"),
        named("place", "deal", "support"),
    ];
    assert_eq!(conflicts(&service, "2025-07-10T00:00:00Z"), later);
    let campaigns = service.get("/campaigns?at=2025-07-10T00:00:00Z").ok();
    assert_eq!(campaigns["campaigns"][2]["price"], Value::Null);
}
