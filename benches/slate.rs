//! What arranging a page costs: scenes with rules, targets and audiences against a plain one, in one run on one marketplace.
//!
//! `cargo bench --bench slate` ranks the same requests (1,000 candidates, 50 places) in every scene by turns and prints the CPU time of
//! each round against that of the plain scene, with 95 % intervals over the rounds; then what it costs to judge all items for new
//! selections, and to build a snapshot of the market. `SAIMA_BENCH_ITEMS` sets the size of the catalogue (default 1000000).

#[path = "shared/rules.rs"]
mod rules;
#[path = "shared/spread.rs"]
mod spread;
#[path = "shared/turns.rs"]
mod turns;

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use rustix::time::ClockId;
use saima::cli::synthetic;
use saima::clock::Clock;
use saima::config::{Config, Live};
use saima::engine::{Engine, EntityKind, Operation};
use saima::model::RankRequest;
use saima::number::real;
use serde_json::{Value, json};

use rules::{CAPS, DEAR, DECAY, SLOTS};
use spread::Spread;
use turns::{REQUESTS, against, bodies, cpu};

const ROUNDS: u32 = 30;
/// Lines applied at once.
const SLICE: usize = 32;

/// MMR.
const MMR: &str = r#"
[[scene.NAME.rules]]
name = "variety"
rule = "mmr"
lambda = 0.7
"#;

/// Scenes with their rules. In [`SUPPORTED`] ones the ladder helps newcomers.
const SCENES: [(&str, &[&str]); 8] = [
    ("plain", &[]),
    ("caps", &[CAPS]),
    ("decay", &[DECAY]),
    ("slots", &[SLOTS]),
    ("support", &[]),
    ("all", &[CAPS, DECAY, SLOTS]),
    ("mmr", &[MMR]),
    ("audiences", &[]),
];
const SUPPORTED: [&str; 2] = ["support", "all"];

/// Audiences by condition.
const AUDIENCES: [&str; 5] = [
    "user.known && user.orders > 2",
    "request.hour >= 18 && request.device in [\"ios\", \"android\"]",
    "user.events > 10 && has(user.region)",
    "user.days_since_purchase < 30",
    "has(user.tags.t1) || request.weekday > 5",
];

/// Selections that are filled in a running service, by what they read.
const SELECTIONS: [(&str, &str); 5] = [
    (
        "price and category",
        "item.category == \"c07\" && item.price < 50.0",
    ),
    ("level and growth", "item.level > 0.2 || item.growth > 0.1"),
    (
        "merchant",
        "merchant.integrity >= 0.8 && merchant.joined_days < 500",
    ),
    (
        "brand and tags",
        "item.brand == \"acme\" || has(item.tags.t3)",
    ),
    (
        "tags in a loop",
        "item.tags.exists(t, t.startsWith(\"t7\"))",
    ),
];

/// Returns the configuration of all scenes.
fn scenes_config() -> String {
    let mut text = format!("{DEAR}[support]\nscenes = {SUPPORTED:?}\nplaces = [5]\n");
    for (name, rules) in SCENES {
        // Writing to a string does not fail.
        let _ = writeln!(text, "[scene.{name}]\nlimit = 50");
        text.extend(rules.iter().map(|rule| rule.replace("NAME", name)));
    }
    text
}

fn config() -> Result<Config> {
    let mut text = scenes_config();
    for (number, condition) in AUDIENCES.iter().enumerate() {
        let _ = writeln!(text, "[audience.a{number}]\nwhere = '{condition}'");
        let _ = writeln!(
            text,
            "[scene.audiences.weights_for.a{number}]\nfreshness = 0.0{number}1"
        );
    }
    parsed(&text)
}

fn parsed(text: &str) -> Result<Config> {
    Config::parse("slate", text).map_err(|fault| anyhow::anyhow!("{fault}"))
}

fn send(engine: &Engine, operation: Operation, lines: &[String]) -> Result<()> {
    for slice in lines.chunks(SLICE) {
        let slice: Vec<&[u8]> = slice.iter().map(String::as_bytes).collect();
        let fates = engine.ingest(operation, &slice)?;
        ensure!(fates.iter().all(Result::is_ok), "{fates:?}");
    }
    Ok(())
}

/// Reports enough impressions that no scene is blind, and then makes one merchant in a hundred a newcomer. The other way round, newcomers
/// whom a snapshot finds between the two would have been served already, so that runs would differ in who is behind.
fn newcomers(engine: &Engine, items: u32) -> Result<()> {
    let texts = |lines: Vec<Value>| lines.iter().map(Value::to_string).collect::<Vec<_>>();
    let shown = rules::impressions(items, &["plain", "support", "all"], Clock::machine());
    send(engine, Operation::Events, &texts(shown))?;
    let patches = texts(rules::newcomers(items));
    send(engine, Operation::Patch(EntityKind::Merchant), &patches)
}

fn scenes(engine: &Engine, items: u32, rounds: u32) -> Result<()> {
    let names = SCENES.map(|(name, _)| name);
    let bodies = names.map(|name| bodies(name, items, &json!({"device": "ios"})));
    let mut times = names.map(|_| Vec::new());
    let mut supported = 0;
    for _ in 0..rounds {
        for (bodies, times) in bodies.iter().zip(&mut times) {
            let requests: Vec<RankRequest<'_>> = bodies
                .iter()
                .map(|body| serde_json::from_str(body))
                .collect::<Result<_, _>>()?;
            let begun = cpu(ClockId::ThreadCPUTime);
            for request in &requests {
                let decision = black_box(engine.rank(request, Instant::now())?);
                supported += usize::from(decision.placed.len() < 50);
            }
            times.push((cpu(ClockId::ThreadCPUTime) - begun) * 1e6 / real(REQUESTS));
        }
    }
    ensure!(supported == 0, "every page is full");
    let plain = &times[0];
    println!("plain: {:.3} µs a request", Spread::of(plain));
    for (name, times) in names.iter().zip(&times).skip(1) {
        let [ratio, more] = against(plain, times);
        println!("{name}: {ratio:.3} times plain, {more:.3} µs more");
    }
    Ok(())
}

/// Measures the filling of new selections, all threads together.
fn selections(engine: &Engine) -> Result<()> {
    for (what, condition) in SELECTIONS {
        let text = format!(
            "{}\n[selection.new]\nwhere = '{condition}'\n",
            scenes_config()
        );
        let begun = cpu(ClockId::ProcessCPUTime);
        engine.prepare(&parsed(&text)?, &mut || ());
        let seconds = cpu(ClockId::ProcessCPUTime) - begun;
        println!("two selections filled, one by {what}: {seconds:.2} s of CPU");
    }
    let mut text = scenes_config();
    for number in 0..10 {
        let _ = writeln!(
            text,
            "[campaign.c{number}]\nscenes = [\"all\"]\nboost = 1.2"
        );
    }
    let begun = cpu(ClockId::ProcessCPUTime);
    engine.prepare(&parsed(&text)?, &mut || ());
    let seconds = cpu(ClockId::ProcessCPUTime) - begun;
    println!(
        "ten campaigns by the names that items list, and one selection: {seconds:.2} s of CPU"
    );
    Ok(())
}

fn snapshots(engine: &Engine, rounds: u32) {
    let time = || {
        let begun = cpu(ClockId::ThreadCPUTime);
        engine.refresh_market();
        (cpu(ClockId::ThreadCPUTime) - begun) * 1e3
    };
    let times: Vec<f64> = (0..rounds).map(|_| time()).collect();
    println!(
        "snapshot of the market: {:.3} ms of CPU",
        Spread::of(&times)
    );
}

fn main() -> Result<()> {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let filters = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let filters: Vec<String> = filters.collect();
    if !filters.is_empty()
        && !filters
            .iter()
            .any(|filter| "slate".contains(filter.as_str()))
    {
        return Ok(());
    }
    let items = std::env::var("SAIMA_BENCH_ITEMS").map_or(Ok(1_000_000), |items| items.parse())?;
    let (items, rounds) = if is_test {
        (20_000, 2)
    } else {
        (items, ROUNDS)
    };
    let engine: Arc<Engine> = Engine::in_memory(Arc::new(Live::new(config()?)));
    engine.fill(|facts, config| synthetic::fill(facts, items, config));
    newcomers(&engine, items)?;
    pollster::block_on(engine.rebuild());
    engine.refresh_market();
    scenes(&engine, items, rounds)?;
    snapshots(&engine, rounds);
    selections(&engine)
}
