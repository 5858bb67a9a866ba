//! What is measured by turns: the same requests in several scenes, by CPU time.

use rustix::time::{ClockId, clock_gettime};
use saima::number::span;
use saima::random::Random;
use serde_json::{Value, json};

use crate::spread::Spread;

const CANDIDATES: u32 = 1_000;
/// Requests that alternate, so that rows are as cold in the caches as in production.
pub(crate) const REQUESTS: u64 = 256;

/// Returns the CPU time of this thread, or of all threads, in seconds.
pub(crate) fn cpu(clock: ClockId) -> f64 {
    let now = clock_gettime(clock);
    span(now.tv_sec) + span(now.tv_nsec) / 1e9
}

/// Returns requests in a scene.
pub(crate) fn bodies(scene: &str, items: u32, context: &Value) -> Vec<String> {
    let mut random = Random::new(5);
    let mut body = |_| {
        let id = |_| format!("item-{:07}", random.below(items));
        let ids: Vec<String> = (0..CANDIDATES).map(id).collect();
        json!({"user_id": format!("u{}", random.below(items)), "scene": scene, "context": context, "candidates": ids})
            .to_string()
    };
    (0..REQUESTS).map(&mut body).collect()
}

/// Returns how times compare with those of a plain run, turn by turn: their ratio, and how much more they are.
pub(crate) fn against(plain: &[f64], own: &[f64]) -> [Spread; 2] {
    let pairs = || own.iter().zip(plain);
    let ratios: Vec<f64> = pairs().map(|(own, plain)| own / plain).collect();
    let more: Vec<f64> = pairs().map(|(own, plain)| own - plain).collect();
    [Spread::of(&ratios), Spread::of(&more)]
}
