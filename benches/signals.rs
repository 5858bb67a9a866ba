//! What the signals cost: the usual rates of repeats at a rebuild, and rankings that weigh all signals against rankings that weigh none.
//!
//! `cargo bench --bench signals` lets users buy items and prints the bytes held for each pair of user and item. It rebuilds with and
//! without the rates by turns, then ranks the same requests (1,000 candidates, a query of three words and a place) in a scene without
//! signals, one with all and one with each of them by turns, and prints the CPU time of each round against that without, with 95 %
//! intervals over the rounds. `SAIMA_BENCH_ITEMS` sets the size of the catalogue, and as many users (default 1000000),
//! `SAIMA_BENCH_PAIRS` how many items each user buys (default 50).

#[path = "shared/signals.rs"]
mod described;
#[path = "shared/spread.rs"]
mod spread;
#[path = "shared/turns.rs"]
mod turns;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use rustix::time::ClockId;
use saima::cli::synthetic;
use saima::clock::{Clock, DAY, Time};
use saima::config::{Config, Live};
use saima::engine::{Engine, EntityKind, Operation};
use saima::feature::{Bought, Figure, Learned, Moment, Trade};
use saima::id::{CreatorRow, ItemRow, LastClick, MerchantRow, SceneId, UserRow};
use saima::model::{EventKind, RankRequest};
use saima::number::{real, wide};
use saima::random::Random;
use serde_json::json;

use described::{EACH, PLAIN, QUERY, described};
use spread::Spread;
use turns::{REQUESTS, against, bodies, cpu};

const ROUNDS: u32 = 30;
const REBUILDS: u32 = 20;
/// Lines applied at once.
const SLICE: u32 = 512;

/// A scene that weighs repeats alone of the signals.
const REPEATS: &str = r#"
[scene.repeats.weights]
"affinity.repeat" = 1.0
"#;

fn parsed(text: &str) -> Result<Config> {
    Config::parse("signals", text).map_err(|fault| anyhow!("{fault}"))
}

fn configure(engine: &Engine, text: &str) -> Result<()> {
    let replaced = engine.live().replace(parsed(text)?);
    replaced.map_err(|faults| anyhow!("{faults:?}"))?;
    Ok(())
}

fn send(engine: &Engine, operation: Operation, lines: &[String]) -> Result<()> {
    for slice in lines.chunks(SLICE as usize) {
        let slice: Vec<&[u8]> = slice.iter().map(String::as_bytes).collect();
        let fates = engine.ingest(operation, &slice)?;
        ensure!(fates.iter().all(Result::is_ok), "{fates:?}");
    }
    Ok(())
}

/// Gives every item a title of which the query has some words, coordinates and a kind.
fn declare(engine: &Engine, items: u32) -> Result<()> {
    let mut random = Random::new(3);
    for first in (0..items).step_by(SLICE as usize) {
        let mut line = |item: u32| described(item, &mut random).to_string();
        let last = items.min(first + SLICE);
        let lines: Vec<String> = (first..last).map(&mut line).collect();
        send(engine, Operation::Patch(EntityKind::Item), &lines)?;
    }
    Ok(())
}

/// Lets every user buy some items within the last year, and prints the bytes that are held for each.
fn buy(engine: &Engine, items: u32, each: u32) {
    let (mut random, wall) = (Random::new(11), Clock::machine());
    engine.fill(|facts, config| {
        let moment = Moment { config, wall };
        let records = &mut facts.books.users.figures.bought;
        let (mut pairs, mut bytes) = (0, 0);
        for user in (0..items).map(UserRow) {
            let mut bought = Bought::default();
            for _ in 0..each {
                let at = wall.plus(-i64::from(random.below(365)) * DAY);
                bought.learn(
                    &purchase(user, ItemRow(random.below(items)), at, &moment),
                    &moment,
                );
            }
            pairs += bought.len();
            bytes += bought.heap_bytes() + size_of::<Bought>();
            *records.get_mut(user) = bought;
        }
        let mean = real(wide(bytes)) / real(wide(pairs));
        println!("{pairs} pairs of users and items: {mean:.1} bytes each");
    });
}

/// Returns the purchase of an item by a user.
fn purchase(user: UserRow, item: ItemRow, at: Time, moment: &Moment<'_>) -> Learned<'static> {
    let trade = Trade {
        at,
        item,
        merchant: MerchantRow::NONE,
        change: 1.0,
        count: 1,
        money: 5_000_000,
        back: 0.0,
        gain: 1.0,
        item_gain: 1.0,
    };
    Learned {
        kind: EventKind::Purchase,
        at,
        day: moment.day(at),
        late: false,
        id: None,
        content: 0,
        user,
        buyer: user,
        item,
        merchant: MerchantRow::NONE,
        creator: CreatorRow::NONE,
        scene: SceneId::OTHER,
        place: None,
        last: [LastClick::UNKNOWN; 3],
        sights: 0,
        goals: false,
        goal: None,
        tags: &[],
        bond: None,
        gain: 1.0,
        item_gain: 1.0,
        purchase: None,
        quantity: 1.0,
        amount: None,
        worth: None,
        trade: Some(trade),
    }
}

/// Prints how two times compare that were measured by turns.
fn compare(what: &str, unit: &str, plain: &[f64], own: &[f64]) {
    let [ratio, more] = against(plain, own);
    let plain = Spread::of(plain);
    println!("{what}: {plain:.3} {unit} without, {ratio:.3} times with, {more:.3} {unit} more");
}

/// Returns the configuration with a scene for each signal and one for all of them.
fn scenes(plain: &str) -> String {
    let scene = |name: &str, more: &str| format!("[scene.{name}.weights]\n{PLAIN}{more}\n");
    let each = EACH.map(|(name, weight)| scene(name, weight)).concat();
    let all = scene("signals", &EACH.map(|(_, weight)| weight).join("\n"));
    format!("{plain}{all}{each}")
}

/// Ranks in all scenes by turns.
fn rankings(engine: &Engine, items: u32, rounds: u32) -> Result<()> {
    let context = json!({"query": QUERY, "lat": 31.2, "lon": 121.5});
    let names = ["default", "signals"].into_iter();
    let names = names.chain(EACH.iter().map(|(name, _)| *name));
    let scenes = names.map(|name| (name, bodies(name, items, &context), Vec::new()));
    let mut scenes: Vec<_> = scenes.collect();
    for _ in 0..rounds {
        for (_, bodies, times) in &mut scenes {
            let requests = bodies.iter().map(|body| serde_json::from_str(body));
            let requests: Vec<RankRequest<'_>> = requests.collect::<Result<_, _>>()?;
            let begun = cpu(ClockId::ThreadCPUTime);
            for request in &requests {
                black_box(engine.rank(request, Instant::now())?);
            }
            times.push((cpu(ClockId::ThreadCPUTime) - begun) * 1e6 / real(REQUESTS));
        }
    }
    if let Some(((_, _, plain), others)) = scenes.split_first() {
        for (name, _, times) in others {
            compare(&format!("a ranking with {name}"), "µs", plain, times);
        }
    }
    Ok(())
}

/// Rebuilds with and without the usual rates of repeats by turns.
fn rebuilds(engine: &Engine, text: &str, rounds: u32) -> Result<()> {
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..rounds {
        for (more, times) in ["", REPEATS].iter().zip(&mut times) {
            configure(engine, &format!("{text}{more}"))?;
            let begun = cpu(ClockId::ProcessCPUTime);
            pollster::block_on(engine.rebuild());
            times.push(cpu(ClockId::ProcessCPUTime) - begun);
        }
    }
    let [plain, repeats] = &times;
    compare("a rebuild with the rates of repeats", "s", plain, repeats);
    Ok(())
}

fn setting(name: &str, default: u32) -> Result<u32> {
    Ok(std::env::var(name).map_or(Ok(default), |number| number.parse())?)
}

fn main() -> Result<()> {
    let arguments = || std::env::args().skip(1);
    let mut filters = arguments().filter(|it| !it.starts_with("--")).peekable();
    if filters.peek().is_some() && !filters.any(|filter| "signals".contains(&filter)) {
        return Ok(());
    }
    let (mut items, mut each) = (
        setting("SAIMA_BENCH_ITEMS", 1_000_000)?,
        setting("SAIMA_BENCH_PAIRS", 50)?,
    );
    let (mut rounds, mut rebuilt) = (ROUNDS, REBUILDS);
    if arguments().any(|argument| argument == "--test") {
        (items, each, rounds, rebuilt) = (20_000, 10, 2, 2);
    }
    let most = each.max(50);
    let plain = format!(
        "[race]\ninterval_seconds = 86400\n[profile]\nmax_items = {most}\n[scene.default.weights]\n{PLAIN}"
    );
    let engine = Engine::in_memory(Arc::new(Live::new(parsed(&plain)?)));
    engine.fill(|facts, config| synthetic::fill(facts, items, config));
    buy(&engine, items, each);
    pollster::block_on(engine.rebuild());
    rebuilds(&engine, &plain, rebuilt)?;
    declare(&engine, items)?;
    configure(&engine, &scenes(&plain))?;
    pollster::block_on(engine.rebuild());
    rankings(&engine, items, rounds)
}
