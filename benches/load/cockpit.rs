//! What the decision log and experiments cost: the CPU time of `/rank` with them, against the same service without.
//!
//! One server for each configuration, with the same catalogue and events, answers the same requests by turns, in a closed loop. A turn
//! ends when the log, if there is one, is on disk, so that its writer counts too. Each round has an order of its own, and its ratios are
//! to the mean of two equal servers without: what these differ by is what the machine does to equal servers.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use saima::random::Random;

use crate::connection::Connection;
use crate::phase::cost;
use crate::server::Server;
use crate::spread::Spread;
use crate::{Args, bulk, requests};

/// Events of each server: enough that users have histories.
const EVENTS: u32 = 100_000;
/// Time in which the writer of the log writes what waits.
const WRITTEN: Duration = Duration::from_millis(1_300);
/// What the second arm of each experiment sets: weights that every scene has.
const SET: [&str; 8] = [
    "\"race.growth\" = 0.15",
    "\"item.level\" = 0.2",
    "\"item.growth\" = 0.09",
    "\"affinity.item\" = 0.3",
    "freshness = 0.05",
    "order_value = 0.1",
    "\"affinity.tags\" = 0.3",
    "\"race.level\" = 0.2",
];

/// A server under one configuration, and its CPU time a request in microseconds, by turn.
struct Side {
    name: &'static str,
    server: Server,
    /// True if a turn ends only when the log is written.
    logs: bool,
    requests: Rc<[Vec<u8>]>,
    turns: Vec<f64>,
}

/// Returns the configuration of a share of whole and thin records and some experiments. The queue of the log drops none,
/// and a machine that others use is given the time to answer.
fn config((whole, thin): (f64, f64), experiments: usize) -> String {
    let mut text = format!(
        "[scene.default]\ntimeout_ms = 60_000\n[decisions]\nwhole = {whole}\nthin = {thin}\nqueue_bytes = 1_000_000_000\n"
    );
    for (number, set) in SET.iter().enumerate().take(experiments) {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "[experiment.e{number}]\nlayer = \"l{number}\"\nrange = [0.0, 1.0]\nprimary = \"gmv_per_user\"\nfind = 0.03\n\
             control = \"a\"\ngmv_cap = 100\n[experiment.e{number}.arms]\na = {{ share = 0.5 }}\n\
             b = {{ share = 0.5, set = {{ weights = {{ {set} }} }} }}"
        );
    }
    text
}

/// Starts the servers and prints what each costs against the first.
pub(crate) async fn measure(args: &Args, home: &Path) -> Result<()> {
    let mut sides = Vec::new();
    for (name, shares, experiments) in [
        ("neither", (0.0, 0.0), 0),
        ("neither, a second server", (0.0, 0.0), 0),
        ("1 % of the decisions whole", (0.01, 0.0), 0),
        ("all decisions thin", (0.0, 1.0), 0),
        ("one experiment", (0.0, 0.0), 1),
        ("eight experiments", (0.0, 0.0), 8),
    ] {
        let home = home.join(sides.len().to_string());
        let config = config(shares, experiments);
        let side = start(args, &home, (name, &config)).await?;
        let logs = shares != (0.0, 0.0);
        sides.push(Side { logs, ..side });
    }
    for side in &mut sides {
        turn(args, side).await?;
        side.turns.clear();
    }
    let mut random = Random::new(args.seed);
    for _ in 0..args.rounds {
        let mut order: Vec<&mut Side> = sides.iter_mut().collect();
        random.shuffle(&mut order);
        for side in order {
            turn(args, side).await?;
        }
    }
    let [one, other, ..] = &*sides else {
        return Ok(());
    };
    let both = one.turns.iter().zip(&other.turns);
    let neither: Vec<f64> = both
        .map(|(one, other)| f64::midpoint(*one, *other))
        .collect();
    println!(
        "neither: {:.3} µs of CPU a request, {} candidates of {} items",
        Spread::of(&neither),
        args.candidates,
        args.synthetic
    );
    for side in &sides {
        let pairs = side.turns.iter().zip(&neither);
        let ratios: Vec<f64> = pairs.map(|(own, neither)| own / neither).collect();
        println!("{}: {:.3} times", side.name, Spread::of(&ratios));
    }
    Ok(())
}

async fn start(args: &Args, home: &Path, (name, config): (&'static str, &str)) -> Result<Side> {
    fs::create_dir(home)?;
    let path = home.join("saima.toml");
    fs::write(&path, config)?;
    let server = Server::configured(&home.join("data"), &path, args.pin)?;
    bulk::fill(args, &server).await?;
    // The same seed: the same events and requests.
    let mut random = Random::new(args.seed);
    let bodies = requests::bodies(args, &server.address, EVENTS, 0, &mut random);
    bulk::events(&server, &bodies).await?;
    let rebuild = requests::rebuild(args, &server.address);
    let (status, _) = Connection::open(&server.address)
        .await?
        .exchange(&rebuild)
        .await?;
    ensure!(status < 300, "the rebuild is answered {status}");
    let requests = requests::ranks(args, &server.address, "", &mut random).into();
    Ok(Side {
        name,
        server,
        logs: false,
        requests,
        turns: Vec::new(),
    })
}

/// Measures one turn of a server.
async fn turn(args: &Args, side: &mut Side) -> Result<()> {
    let wait = if side.logs { WRITTEN } else { Duration::ZERO };
    let time = cost(args, (&side.server, &side.requests), wait).await?;
    side.turns.push(time);
    Ok(())
}
