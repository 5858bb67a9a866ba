//! Bulk ingest: NDJSON bodies over a few connections, each sent when the previous one is answered, which is when its events are on disk.
//!
//! The main figure is events per second of the server's CPU time, all its threads together; the sender's CPU time is not counted.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use tokio::task::{LocalSet, spawn_local};

use saima::random::Random;

use crate::Args;
use crate::connection::Connection;
use crate::phase::{histogram, micros};
use crate::requests;
use crate::server::Server;

/// Items per body of the catalogue.
const ITEMS: u32 = 10_000;

/// Sends the catalogue, then that number of events, and prints their cost.
pub(crate) async fn measure(args: &Args, server: &Server, events: u32) -> Result<()> {
    fill(args, server).await?;
    let mut random = Random::new(args.seed);
    let bodies = requests::bodies(args, &server.address, events, 0, &mut random);
    let (count, began) = (bodies.len(), Instant::now());
    let cpu = server.cpu().context("the server's CPU time is unknown")?;
    let took = LocalSet::new()
        .run_until(send_all(args, server, bodies))
        .await?;
    let lasted = began.elapsed();
    let cpu = server.cpu().context("the server's CPU time is unknown")? - cpu;
    let per_second = |time: Duration| f64::from(events) / time.as_secs_f64();
    println!(
        "{events} events in {count} bodies over {} connections: {:.0} per second of CPU, {:.0} per second; a body is durable after {:.2} ms p50, {:.2} ms p99",
        args.connections,
        per_second(cpu),
        per_second(lasted),
        micros(took.value_at_quantile(0.5)) / 1e3,
        micros(took.value_at_quantile(0.99)) / 1e3,
    );
    Ok(())
}

/// Sends the catalogue.
pub(crate) async fn fill(args: &Args, server: &Server) -> Result<()> {
    let mut connection = Connection::open(&server.address).await?;
    for part in 0..args.synthetic.div_ceil(ITEMS) {
        let items = part * ITEMS..args.synthetic.min((part + 1) * ITEMS);
        send(&mut connection, &catalogue(args, server, items)).await?;
    }
    Ok(())
}

/// Sends bodies of events one after the other.
pub(crate) async fn events(server: &Server, bodies: &[Vec<u8>]) -> Result<()> {
    let mut connection = Connection::open(&server.address).await?;
    for body in bodies {
        send(&mut connection, body).await?;
    }
    Ok(())
}

/// Returns the body that declares these items of the synthetic marketplace: ten items a merchant, two tags an item.
fn catalogue(args: &Args, server: &Server, numbers: Range<u32>) -> Vec<u8> {
    let mut lines = String::new();
    for number in numbers {
        let (merchant, tag) = (number / 10, number % 1_000);
        let _ = writeln!(
            lines,
            "{{\"id\":\"item-{number:07}\",\"merchant_id\":\"m{merchant}\",\"price\":25,\"tags\":[\"t{tag}\",\"t{}\"]}}",
            tag + 1
        );
    }
    requests::lines(args, &server.address, ("PUT", "/items"), &lines)
}

async fn send_all(args: &Args, server: &Server, bodies: Vec<Vec<u8>>) -> Result<Histogram<u64>> {
    let bodies = Rc::new(RefCell::new(VecDeque::from(bodies)));
    let mut senders = Vec::new();
    for _ in 0..args.connections {
        let mut connection = Connection::open(&server.address).await?;
        let bodies = Rc::clone(&bodies);
        senders.push(spawn_local(async move {
            let mut took = histogram()?;
            loop {
                let next = bodies.borrow_mut().pop_front();
                let Some(body) = next else { return Ok(took) };
                took.saturating_record(send(&mut connection, &body).await?);
            }
        }));
    }
    let mut took = histogram()?;
    for sender in senders {
        let one: Result<_> = sender.await?;
        took.add(&one?)?;
    }
    Ok(took)
}

/// Sends a body and waits until all of it is accepted. Returns the nanoseconds that it took.
pub(crate) async fn send(connection: &mut Connection, body: &[u8]) -> Result<u64> {
    let began = Instant::now();
    let (status, answer) = connection.exchange(body).await?;
    let answer = String::from_utf8_lossy(answer);
    ensure!(
        status == 200 && answer.contains("\"rejected_count\":0"),
        "the service answers {status}: {answer:.300}"
    );
    Ok(u64::try_from(began.elapsed().as_nanos())?)
}
