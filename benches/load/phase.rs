//! One round of load: a clock that makes requests due, connections that carry them, and a sender of events.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use comfy_table::{CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

use crate::Args;
use crate::connection::Connection;
use crate::server::Server;

const WARM_UP: Duration = Duration::from_millis(300);
/// Lateness of the generator (p99, in microseconds) above which its figures are doubtful.
const LATE: f64 = 200.0;

/// Parameters of a round.
pub(crate) struct Phase<'p> {
    pub(crate) server: &'p Server,
    pub(crate) requests: Rc<[Vec<u8>]>,
    pub(crate) args: &'p Args,
    pub(crate) events: Rc<[Vec<u8>]>,
}

/// Measurements of one mode, over all its rounds.
pub(crate) struct Outcome {
    /// Events per second, sent beside the requests.
    pub(crate) ingest: u32,
    /// Requests that were not answered with 200.
    pub(crate) failed: u64,
    /// From sent to rejected (429, 503), in nanoseconds. Rejections count as failed too.
    pub(crate) rejected: Histogram<u64>,
    /// Events that were sent.
    sent: u64,
    /// Bodies of events that were not answered with 200.
    events_failed: u64,
    /// From due to answered, in nanoseconds.
    latency: Histogram<u64>,
    /// From due to handed to a connection's queue, in nanoseconds: the generator's own lateness.
    late: Histogram<u64>,
    cpu: Option<Duration>,
    lasted: Duration,
}

impl Outcome {
    pub(crate) fn new(ingest: u32) -> Result<Self> {
        Ok(Self {
            ingest,
            failed: 0,
            rejected: histogram()?,
            sent: 0,
            events_failed: 0,
            latency: histogram()?,
            late: histogram()?,
            cpu: Some(Duration::ZERO),
            lasted: Duration::ZERO,
        })
    }

    fn add(&mut self, carried: &Carried) -> Result<()> {
        self.failed += carried.failed;
        self.rejected.add(&carried.rejected)?;
        Ok(self.latency.add(&carried.latency)?)
    }

    /// Returns a number divided by the seconds of all rounds.
    pub(crate) fn rate(&self, number: u64) -> f64 {
        count(number) / self.lasted.as_secs_f64()
    }

    /// Returns the number of requests answered with 200 per second of the server's CPU time, NaN if that is unknown.
    pub(crate) fn answered_per_cpu_second(&self) -> f64 {
        let cpu = self.cpu.map_or(f64::NAN, |cpu| cpu.as_secs_f64());
        count(self.answered()) / cpu
    }

    /// Returns the number of requests answered with 200.
    pub(crate) fn answered(&self) -> u64 {
        self.latency.len()
    }

    /// Returns a quantile of the latency in microseconds.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        micros(self.latency.value_at_quantile(quantile))
    }

    /// Prints warnings about doubtful figures.
    pub(crate) fn warn(&self) {
        let late = micros(self.late.value_at_quantile(0.99));
        if late > LATE {
            eprintln!(
                "warning: the generator itself was late by {late:.0} µs (p99): lower --rate, or use --pin"
            );
        }
        if self.failed + self.events_failed > 0 {
            eprintln!(
                "warning: {} requests and {} bodies of events failed",
                self.failed, self.events_failed
            );
        }
    }

    fn row(&self) -> Vec<String> {
        let seconds = self.lasted.as_secs_f64();
        let name = if self.ingest == 0 {
            "at rest".to_owned()
        } else {
            format!("{:.0} events/s", count(self.sent) / seconds)
        };
        let answered = self.answered();
        let figures =
            [0.5, 0.9, 0.99, 0.999, 1.0].map(|quantile| format!("{:.0}", self.quantile(quantile)));
        let cpu = self.cpu.map(|cpu| cpu.as_secs_f64());
        let each = cpu
            .filter(|_| answered > 0)
            .map(|cpu| cpu * 1e6 / count(answered));
        let share = cpu.map(|cpu| 100.0 * cpu / seconds);
        let optional = |figure: Option<f64>, digits| {
            figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.digits$}"))
        };
        let mut row = vec![name, answered.to_string(), self.failed.to_string()];
        row.extend(figures);
        row.extend([optional(each, 1), optional(share, 0)]);
        row
    }
}

/// Sends requests in a closed loop for a round, then waits. Returns the CPU time that the server took for each, in microseconds.
pub(crate) async fn cost(
    args: &Args,
    (server, requests): (&Server, &Rc<[Vec<u8>]>),
    wait: Duration,
) -> Result<f64> {
    let phase = Phase {
        server,
        requests: Rc::clone(requests),
        args,
        events: Rc::new([]),
    };
    let cpu = || server.cpu().context("the server's CPU time is unknown");
    let (mut outcome, begun) = (Outcome::new(0)?, cpu()?);
    phase.saturate(args.round(), &mut outcome).await?;
    tokio::time::sleep(wait).await;
    let took = cpu()?.saturating_sub(begun);
    ensure!(outcome.failed == 0, "requests failed");
    Ok(took.as_secs_f64() * 1e6 / count(outcome.answered()))
}

/// Returns the figures as a table, latencies in microseconds. The CPU time per request includes that of the events.
pub(crate) fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "",
        "answered",
        "failed",
        "p50 µs",
        "p90",
        "p99",
        "p99.9",
        "max",
        "CPU µs/request",
        "CPU %",
    ]);
    table.add_rows(outcomes.iter().map(Outcome::row));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn count(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

pub(crate) fn micros(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64() * 1e6
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Requests that are due and not yet sent, oldest first.
#[derive(Default)]
struct Due {
    queue: RefCell<VecDeque<(Instant, u32)>>,
    waiting: Notify,
    over: Cell<bool>,
    /// For a closed loop: its end, and the number of requests so far.
    closed_loop: Option<(Instant, Cell<u32>)>,
}

impl Due {
    /// Returns the next request, `None` after the last.
    async fn next(&self) -> Option<(Instant, u32)> {
        if let Some((until, sent)) = &self.closed_loop {
            sent.set(sent.get().wrapping_add(1));
            return Some((Instant::now(), sent.get())).filter(|(now, _)| now < until);
        }
        loop {
            if let Some(next) = self.queue.borrow_mut().pop_front() {
                return Some(next);
            }
            if self.over.get() {
                self.waiting.notify_one();
                return None;
            }
            self.waiting.notified().await;
        }
    }

    fn push(&self, due: Instant, number: u32) {
        self.queue.borrow_mut().push_back((due, number));
        self.waiting.notify_one();
    }

    fn end(&self) {
        self.over.set(true);
        self.waiting.notify_one();
    }
}

impl Phase<'_> {
    /// Runs load that is not counted, to warm up connections, caches and branch predictors.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        self.run(WARM_UP, &mut Outcome::new(0)?).await
    }

    /// Runs the load for the duration `round` and adds the measurements to `outcome`.
    pub(crate) async fn run(&self, round: Duration, outcome: &mut Outcome) -> Result<()> {
        LocalSet::new().run_until(self.drive(round, outcome)).await
    }

    /// Runs a closed loop on every connection for the duration `round` and adds the measurements to `outcome`.
    pub(crate) async fn saturate(&self, round: Duration, outcome: &mut Outcome) -> Result<()> {
        let saturated = async {
            let (cpu, began) = (self.server.cpu(), Instant::now());
            let due = Rc::new(Due {
                closed_loop: Some((began + round, Cell::default())),
                ..Due::default()
            });
            for carrier in self.carriers(&due).await? {
                outcome.add(&carrier.await??)?;
            }
            outcome.lasted += began.elapsed();
            outcome.cpu = add(outcome.cpu, cpu, self.server.cpu());
            Ok(())
        };
        LocalSet::new().run_until(saturated).await
    }

    async fn drive(&self, round: Duration, outcome: &mut Outcome) -> Result<()> {
        let due = Rc::new(Due::default());
        let carriers = self.carriers(&due).await?;
        let sender = Connection::open(&self.server.address).await?;
        let (cpu, began) = (self.server.cpu(), Instant::now());
        let sender = spawn_local(send(
            sender,
            Rc::clone(&self.events),
            self.interval(outcome.ingest),
            began + round,
        ));
        self.tick(round, &due, &mut outcome.late).await;
        due.end();
        for carrier in carriers {
            outcome.add(&carrier.await??)?;
        }
        let (sent, failed) = sender.await??;
        outcome.sent += u64::from(sent) * u64::from(self.args.batch);
        outcome.events_failed += failed;
        outcome.lasted += began.elapsed();
        outcome.cpu = add(outcome.cpu, cpu, self.server.cpu());
        Ok(())
    }

    async fn carriers(&self, due: &Rc<Due>) -> Result<Vec<JoinHandle<Result<Carried>>>> {
        let mut carriers = Vec::new();
        for _ in 0..self.args.connections {
            let connection = Connection::open(&self.server.address).await?;
            carriers.push(spawn_local(carry(
                connection,
                Rc::clone(due),
                Rc::clone(&self.requests),
                self.server.address,
            )));
        }
        Ok(carriers)
    }

    /// Makes requests due at a constant rate.
    async fn tick(&self, round: Duration, due: &Due, late: &mut Histogram<u64>) {
        let began = Instant::now();
        let gap = Duration::from_secs(1) / self.args.rate;
        for number in 0..u32::MAX {
            let at = began + gap * number;
            if at >= began + round {
                return;
            }
            while Instant::now() < at {
                yield_now().await;
            }
            late.saturating_record(nanos(at.elapsed()));
            due.push(at, number);
        }
    }

    /// Returns the time between two bodies of events.
    fn interval(&self, rate: u32) -> Duration {
        Duration::from_secs(u64::from(self.args.batch)) / rate.max(1)
    }
}

/// Measurements of one connection.
struct Carried {
    latency: Histogram<u64>,
    rejected: Histogram<u64>,
    failed: u64,
}

/// Sends requests, one after another, until no more are due.
async fn carry(
    mut connection: Connection,
    due: Rc<Due>,
    requests: Rc<[Vec<u8>]>,
    address: SocketAddr,
) -> Result<Carried> {
    let mut carried = Carried {
        latency: histogram()?,
        rejected: histogram()?,
        failed: 0,
    };
    while let Some((at, number)) = due.next().await {
        let number = usize::try_from(number)? % requests.len();
        let request = requests.get(number).map_or(&[][..], Vec::as_slice);
        let sent = Instant::now();
        match connection.exchange(request).await {
            Ok((200, _)) => carried.latency.saturating_record(nanos(at.elapsed())),
            Ok((status, _)) => {
                carried.failed += 1;
                if matches!(status, 429 | 503) {
                    carried.rejected.saturating_record(nanos(sent.elapsed()));
                }
            }
            Err(_) => {
                carried.failed += 1;
                connection = Connection::open(&address).await?;
            }
        }
    }
    Ok(carried)
}

/// Sends one body of events every `interval` until `end`. Returns the number of bodies sent and the number of them that failed.
async fn send(
    mut connection: Connection,
    bodies: Rc<[Vec<u8>]>,
    interval: Duration,
    end: Instant,
) -> Result<(u32, u64)> {
    let (mut sent, mut failed, mut at) = (0, 0, Instant::now());
    for body in bodies.iter() {
        tokio::time::sleep_until(at.into()).await;
        if Instant::now() >= end {
            break;
        }
        let (status, _) = connection.exchange(body).await?;
        failed += u64::from(status != 200);
        sent += 1;
        at += interval;
    }
    Ok((sent, failed))
}

fn add(
    sum: Option<Duration>,
    before: Option<Duration>,
    after: Option<Duration>,
) -> Option<Duration> {
    Some(sum? + after?.saturating_sub(before?))
}

/// Returns a histogram of nanoseconds up to two minutes, to three digits.
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 120_000_000_000, 3)?)
}
