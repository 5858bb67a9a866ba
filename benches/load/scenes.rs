//! What the rules of a slate and the signals cost: the CPU time of `/rank` in a scene with them, against one without.
//!
//! One server answers the same requests in every scene by turns, in a closed loop. Each round has an order of its own. The first two
//! scenes are equal: what they differ by is what the machine does to equal scenes.

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use saima::clock::Clock;
use saima::random::Random;
use serde_json::json;

use crate::connection::Connection;
use crate::phase::cost;
use crate::requests;
use crate::rules::{CAPS, DEAR, DECAY, SLOTS, impressions, newcomers};
use crate::server::Server;
use crate::signals::{EACH, PLAIN, QUERY, described};
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

/// Lines per body.
const LINES: u32 = 5_000;
/// Time in which the market's snapshot follows the merchants.
const FOLLOWED: Duration = Duration::from_secs(12);

/// Returns the configuration of the scenes.
fn config() -> String {
    let rules = [CAPS, DECAY, SLOTS].concat().replace("NAME", "rules");
    let signals = EACH.map(|(_, weight)| weight).join("\n");
    let scenes = SCENES.map(|(scene, _)| format!("[scene.{scene}]\ntimeout_ms = 60_000\n"));
    format!(
        "{DEAR}[support]\nscenes = [\"rules\"]\nplaces = [5]\n{}{rules}\
         [scene.unsigned.weights]\n{PLAIN}[scene.signals.weights]\n{PLAIN}{signals}\n",
        scenes.concat()
    )
}

/// Starts the server and prints what each scene costs.
pub(crate) async fn measure(args: &Args, home: &Path) -> Result<()> {
    let path = home.join("saima.toml");
    fs::write(&path, config())?;
    let server = Server::demo(args.synthetic, Some(&path), args.pin)?;
    declare(args, &server).await?;
    tokio::time::sleep(FOLLOWED).await;
    let requests = SCENES.map(|(scene, _)| {
        let context = json!({"device": "ios", "query": QUERY, "lat": 31.2, "lon": 121.5});
        let more = format!(r#""scene":"{scene}","limit":50,"context":{context},"#);
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
    let items = (0..args.synthetic).map(|item| described(item, &mut random));
    let scenes = SCENES.map(|(scene, _)| scene);
    let impressions = impressions(args.synthetic, &scenes, Clock::machine());
    for (method, path, lines) in [
        ("PATCH", "/items", items.collect::<Vec<_>>()),
        ("POST", "/events", impressions),
        ("PATCH", "/merchants", newcomers(args.synthetic)),
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
