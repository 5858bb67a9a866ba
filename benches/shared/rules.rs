//! The rules of a slate whose cost is measured, and the newcomers whom its support places help. NAME stands for the scene.

use saima::clock::{Clock, DAY, Time};
use serde_json::{Value, json};

/// Number of impressions that are reported, so that no scene is blind.
const IMPRESSIONS: u32 = 60_000;
/// One merchant in so many is a newcomer.
const NEWCOMERS: usize = 100;

/// The selection of the slots.
pub(crate) const DEAR: &str = "[selection.dear]\nwhere = 'item.price > 20.0'\n";

/// Two caps.
pub(crate) const CAPS: &str = r#"
[[scene.NAME.rules]]
name = "shops"
rule = "cap"
by = "merchant"
max = 4
window = 20
[[scene.NAME.rules]]
name = "categories"
rule = "cap"
by = "category"
max = 3
window = 6
"#;
/// A decay.
pub(crate) const DECAY: &str = r#"
[[scene.NAME.rules]]
name = "shop-decay"
rule = "decay"
factor = 0.85
floor = 0.5
"#;

/// Two slots: one by weights of its own, one by own.
pub(crate) const SLOTS: &str = r#"
[[scene.NAME.rules]]
name = "dear"
rule = "slot"
places = [3]
select = "dear"
weights = { order_value = 1.0 }
[[scene.NAME.rules]]
name = "own"
rule = "slot"
places = [9]
select = "dear"
score = true
"#;

/// Returns impressions in each of some scenes by turns.
pub(crate) fn impressions(items: u32, scenes: &[&str], at: Time) -> Vec<Value> {
    let scenes = scenes.iter().cycle();
    let shown = |(number, scene): (u32, &&str)| {
        json!({"user_id": "u1", "item_id": format!("item-{:07}", (5 + 10 * number) % items), "kind": "impression",
               "scene": scene, "position": 3, "at": at.to_string()})
    };
    (0..IMPRESSIONS).zip(scenes).map(shown).collect()
}

/// Returns the patches that make some merchants newcomers of yesterday.
pub(crate) fn newcomers(items: u32) -> Vec<Value> {
    let joined = Clock::machine().plus(-DAY).to_string();
    let patch = |shop: u32| json!({"id": format!("m{shop}"), "joined_at": joined});
    (0..items / 10).step_by(NEWCOMERS).map(patch).collect()
}
