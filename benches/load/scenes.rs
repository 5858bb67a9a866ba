//! What the rules of a slate and the signals cost: the CPU time of `/rank` in a scene with them, against one without.
//!
//! One server answers the same requests in every scene by turns, in a closed loop. Each round has an order of its own. The first two
//! scenes are equal: what they differ by is what the machine does to equal scenes.

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use saima::clock::{Clock, DAY};
use saima::random::Random;
use serde_json::json;

use crate::connection::Connection;
use crate::phase::cost;
use crate::requests;
use crate::server::Server;
use crate::spread::Spread;
use crate::{Args, bulk};

/// The scenes, each after the one that it is compared with.
const SCENES: [(&str, &str); 5] = [
    ("plain", "plain"),
    ("equal", "plain"),
    ("rules", "plain"),
    ("unsigned", "unsigned"),
    ("signals", "unsigned"),
];

/// Two caps, decay, two slots and a support place; all signals beside what the default scene weighed before there were any.
const CONFIG: &str = r#"
[selection.dear]
where = 'item.price > 20.0'
[support]
scenes = ["rules"]
places = [5]
[scene.plain]
timeout_ms = 60_000
[scene.equal]
timeout_ms = 60_000
[scene.rules]
timeout_ms = 60_000
[[scene.rules.rules]]
name = "shops"
rule = "cap"
by = "merchant"
max = 4
window = 20
[[scene.rules.rules]]
name = "categories"
rule = "cap"
by = "category"
max = 3
window = 6
[[scene.rules.rules]]
name = "shop-decay"
rule = "decay"
factor = 0.85
floor = 0.5
[[scene.rules.rules]]
name = "dear"
rule = "slot"
places = [3]
select = "dear"
weights = { order_value = 1.0 }
[[scene.rules.rules]]
name = "own"
rule = "slot"
places = [9]
select = "dear"
score = true
[scene.unsigned]
timeout_ms = 60_000
weights = { WEIGHTS }
[scene.signals]
timeout_ms = 60_000
weights = { WEIGHTS, "affinity.repeat" = 0.2, "item.trend" = 0.1, text = 0.2, proximity = 0.1, format = 0.1 }
"#;
const WEIGHTS: &str = r#""affinity.tags" = 0.2, "affinity.item" = 0.3, "affinity.merchant" = 0.15, "race.level" = 0.1, "race.growth" = 0.1, "item.level" = 0.1, "item.growth" = 0.05, order_value = 0.05, freshness = 0.05, quality = 0.05"#;

/// What every request says beside user and candidates.
const CONTEXT: &str = r#""limit":50,"context":{"device":"ios","query":"hydrating serum 面膜","lat":31.2,"lon":121.5}"#;
/// Words of the titles: of the query all but the last.
const WORDS: [&str; 4] = ["hydrating", "serum", "面膜", "cream"];
/// Lines per body.
const LINES: u32 = 5_000;
/// Impressions that show that the scenes report them.
const IMPRESSIONS: u32 = 60_000;
/// One merchant in so many is a newcomer.
const NEWCOMERS: usize = 100;
/// Time in which the market's snapshot follows the merchants.
const FOLLOWED: Duration = Duration::from_secs(12);

/// Starts the server and prints what each scene costs.
pub(crate) async fn measure(args: &Args, home: &Path) -> Result<()> {
    let path = home.join("saima.toml");
    fs::write(&path, CONFIG.replace("WEIGHTS", WEIGHTS))?;
    let server = Server::demo(args.synthetic, Some(&path), args.pin)?;
    declare(args, &server).await?;
    tokio::time::sleep(FOLLOWED).await;
    let requests = SCENES.map(|(scene, _)| {
        let more = format!(r#""scene":"{scene}",{CONTEXT},"#);
        // The same seed: the same users and candidates.
        let mut random = Random::new(args.seed);
        Rc::from(requests::ranks(args, &server.address, &more, &mut random))
    });
    let mut times = SCENES.map(|_| Vec::new());
    let mut random = Random::new(args.seed);
    for round in 0..=args.rounds {
        let mut order: Vec<_> = requests.iter().zip(&mut times).collect();
        random.shuffle(&mut order);
        for (requests, times) in order {
            let time = cost(args, (&server, requests), Duration::ZERO).await?;
            // The first round warms up.
            times.extend((round > 0).then_some(time));
        }
    }
    for ((scene, base), own) in SCENES.iter().zip(&times) {
        let base = SCENES
            .iter()
            .zip(&times)
            .find(|((name, _), _)| name == base);
        let pairs = base.into_iter().flat_map(|(_, base)| own.iter().zip(base));
        let ratios: Vec<f64> = pairs.map(|(own, base)| own / base).collect();
        println!(
            "{scene}: {:.3} µs of CPU a request, {:.3} times",
            Spread::of(own),
            Spread::of(&ratios)
        );
    }
    Ok(())
}

/// Gives every item a title, coordinates and a kind, reports impressions, and makes some merchants newcomers.
async fn declare(args: &Args, server: &Server) -> Result<()> {
    let mut connection = Connection::open(&server.address).await?;
    let mut random = Random::new(args.seed);
    let items = (0..args.synthetic).map(|item| {
        let words: Vec<&str> = (0..3).map(|_| WORDS[random.below(4) as usize]).collect();
        let title = format!("{} number {}", words.join(" "), item % 50);
        let (lat, lon) = (31.0 + random.unit() / 2.0, 121.2 + random.unit() / 2.0);
        let kind = ["product", "video"][random.below(2) as usize];
        json!({"id": format!("item-{item:07}"), "title": title, "lat": lat, "lon": lon, "kind": kind})
    });
    let now = Clock::machine();
    let impressions = (0..IMPRESSIONS).map(|number| {
        let (scene, _) = SCENES[number as usize % SCENES.len()];
        let item = format!("item-{:07}", (5 + 10 * number) % args.synthetic);
        json!({"user_id": "u1", "item_id": item, "kind": "impression", "scene": scene, "position": 3, "at": now.to_string()})
    });
    let joined = now.plus(-DAY).to_string();
    let merchants = (0..args.synthetic / 10).step_by(NEWCOMERS);
    let merchants = merchants.map(|shop| json!({"id": format!("m{shop}"), "joined_at": joined}));
    for (method, path, lines) in [
        ("PATCH", "/items", items.collect::<Vec<_>>()),
        ("POST", "/events", impressions.collect()),
        ("PATCH", "/merchants", merchants.collect()),
    ] {
        for lines in lines.chunks(LINES as usize) {
            let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
            let body = requests::lines(args, &server.address, (method, path), &lines.concat());
            bulk::send(&mut connection, &body).await?;
        }
    }
    let rebuild = requests::rebuild(args, &server.address);
    let (status, _) = connection.exchange(&rebuild).await?;
    ensure!(status < 300, "the rebuild is answered {status}");
    Ok(())
}
