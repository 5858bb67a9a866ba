//! Overload: the goodput of a server beyond its capacity, and the latency of its rejections.
//!
//! The capacity is the rate that a closed loop over a few connections reaches: it keeps the server busy with a short queue. The
//! overload is an open loop at a multiple of that rate, over enough connections to carry it. On a shared machine, trust the figure
//! per second of the server's CPU time.

use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;

use saima::random::Random;

use crate::Args;
use crate::connection;
use crate::phase::{Outcome, Phase, micros};
use crate::requests;
use crate::server::Server;

/// Loads as multiples of the capacity.
const LOADS: [f64; 3] = [0.8, 1.5, 3.0];
/// Connections of an overload for each connection that measures the capacity.
const CONNECTIONS: usize = 16;

/// Measures the capacity and offers multiples of it.
pub(crate) async fn measure(args: &Args, server: &Server) -> Result<()> {
    let mut random = Random::new(args.seed);
    let requests: Rc<[Vec<u8>]> = requests::ranks(args, &server.address, "", &mut random).into();
    connection::probe(&server.address, &requests).await?;
    let calm = phase(args, server, &requests);
    calm.saturate(args.round(), &mut Outcome::new(0)?).await?;
    let mut peak = Outcome::new(0)?;
    calm.saturate(args.round(), &mut peak).await?;
    let capacity = peak.rate(peak.answered());
    println!(
        "capacity: {capacity:.0} per second, {} candidates of {} items, closed loop over {} connections",
        args.candidates, args.synthetic, args.connections
    );
    for load in LOADS {
        let gap = Duration::from_secs_f64(1.0 / (capacity * load));
        let rate = (Duration::from_secs(1).as_nanos() / gap.as_nanos()).try_into()?;
        let args = Args {
            rate,
            connections: args.connections * CONNECTIONS,
            ..args.clone()
        };
        let mut outcome = Outcome::new(0)?;
        phase(&args, server, &requests)
            .run(args.round(), &mut outcome)
            .await?;
        println!("{load} x capacity: {}", line(&outcome, &peak));
        outcome.warn();
    }
    Ok(())
}

fn phase<'p>(args: &'p Args, server: &'p Server, requests: &Rc<[Vec<u8>]>) -> Phase<'p> {
    Phase {
        server,
        requests: Rc::clone(requests),
        args,
        events: Rc::new([]),
    }
}

fn line(outcome: &Outcome, peak: &Outcome) -> String {
    let goodput = outcome.rate(outcome.answered());
    let share = goodput / peak.rate(peak.answered());
    let share_of_cpu = outcome.answered_per_cpu_second() / peak.answered_per_cpu_second();
    let rejection = |quantile| micros(outcome.rejected.value_at_quantile(quantile)) / 1e3;
    format!(
        "{:.0} sent, {goodput:.0} answered per second ({:.0} % of the capacity, {:.0} % per second of CPU) after {:.2} ms p50, {:.2} ms p99; {:.0} rejected after {:.2} ms p50, {:.2} ms p99, {:.2} ms at most",
        outcome.rate(outcome.answered() + outcome.failed),
        100.0 * share,
        100.0 * share_of_cpu,
        outcome.quantile(0.5) / 1e3,
        outcome.quantile(0.99) / 1e3,
        outcome.rate(outcome.rejected.len()),
        rejection(0.5),
        rejection(0.99),
        rejection(1.0),
    )
}
