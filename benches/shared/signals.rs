//! The signals whose cost is measured, and what items say that they read.

use saima::random::Random;
use serde_json::{Value, json};

/// A query of which the titles have some words.
pub(crate) const QUERY: &str = "hydrating serum 面膜";
/// Words of the titles.
const WORDS: [&str; 4] = ["hydrating", "serum", "面膜", "cream"];

/// What the default scene weighed before there were signals.
pub(crate) const PLAIN: &str = r#"
"affinity.tags" = 0.2
"affinity.item" = 0.3
"affinity.merchant" = 0.15
"race.level" = 0.1
"race.growth" = 0.1
"item.level" = 0.1
"item.growth" = 0.05
order_value = 0.05
freshness = 0.05
quality = 0.05
"#;

/// Each signal, by the name of a scene that weighs it beside what the default scene weighs.
pub(crate) const EACH: [(&str, &str); 5] = [
    ("repeat", r#""affinity.repeat" = 0.2"#),
    ("trend", r#""item.trend" = 0.1"#),
    ("text", "text = 0.2"),
    ("proximity", "proximity = 0.1"),
    ("format", "format = 0.1"),
];

/// Returns the patch that gives an item a title, coordinates and a kind.
pub(crate) fn described(item: u32, random: &mut Random) -> Value {
    let words: Vec<&str> = (0..3).map(|_| WORDS[random.below(4) as usize]).collect();
    let title = format!("{} number {}", words.join(" "), item % 50);
    let (lat, lon) = (31.0 + random.unit() / 2.0, 121.2 + random.unit() / 2.0);
    let kind = ["product", "video"][random.below(2) as usize];
    json!({"id": format!("item-{item:07}"), "title": title, "lat": lat, "lon": lon, "kind": kind})
}
