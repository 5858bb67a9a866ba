//! The stream of sessions: one thread that calls the service at a steady rate, in real or in faster time.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::session::{PAGE, Reaction, Session, request_id};
use super::world::World;
use crate::cli::client::{Client, Format, Service};
use crate::clock::{Clock, DAY, Time};
use crate::model::DEFAULT_SCENE;

/// Time after which the scenes are read again.
const REREAD: Duration = Duration::from_secs(5);
/// Pause after a session that failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Sessions in a row that may fail before the traffic ends.
const FAILURES: u32 = 10;

/// The arguments that send shoppers.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(skip)]
pub(in crate::cli) struct Args {
    /// Send N shoppers a second, who ask for pages, click and buy through the API; 100 without a number
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    traffic: Option<u32>,
    /// Seconds that a day of the traffic takes, under the clock of events; under the clock of the machine a day takes a day
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 20,
        requires = "traffic"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    traffic_day: u32,
}

/// What the traffic brought on one day.
#[derive(Debug, Default)]
struct Takings {
    sessions: u32,
    orders: u32,
    money: f64,
}

/// The part of the configuration that the traffic follows.
#[derive(Debug)]
struct Followed {
    scenes: Vec<String>,
    /// True if the time is that of the latest event.
    by_events: bool,
}

#[derive(Deserialize)]
struct Ranking {
    items: Vec<Ranked>,
}

#[derive(Deserialize)]
struct Ranked {
    id: String,
}

impl Args {
    /// Returns true if shoppers are asked for.
    pub(in crate::cli) const fn asked(&self) -> bool {
        self.traffic.is_some()
    }
}

/// Sends shoppers to a service at a URL, from a thread of its own, until the process ends or the service doesn't answer.
///
/// # Errors
/// If the service cannot be called or the thread cannot be started.
pub(in crate::cli) fn start(args: Args, world: World, url: &str) -> Result<()> {
    let Some(rate) = args.traffic else {
        return Ok(());
    };
    let service = Service {
        url: url.to_owned(),
        token: None,
        ca: None,
        identity: None,
    };
    let traffic = Traffic {
        client: Client::new(&service)?,
        start: world.latest.unwrap_or_else(Clock::machine),
        world,
        rate: f64::from(rate),
        day: f64::from(args.traffic_day),
    };
    let run = move || {
        if let Err(error) = traffic.run() {
            tracing::warn!("the traffic ended: {error:#}");
        }
    };
    let thread = thread::Builder::new().name("traffic".to_owned());
    thread.spawn(run).context("cannot start the traffic")?;
    Ok(())
}

struct Traffic {
    client: Client,
    world: World,
    /// The time of the first session, under the clock of events.
    start: Time,
    /// Sessions a second.
    rate: f64,
    /// Seconds that a day takes, under the clock of events.
    day: f64,
}

impl Traffic {
    fn run(&self) -> Result<()> {
        let began = Instant::now();
        let (mut followed, mut read) = (self.follow()?, began);
        let mut takings = Takings::default();
        let mut today = self.now(&followed, Duration::ZERO).day(0);
        let mut failures = 0;
        for number in 0..u32::MAX {
            let due = Duration::from_secs_f64(f64::from(number) / self.rate);
            thread::sleep(due.saturating_sub(began.elapsed()));
            if read.elapsed() > REREAD {
                (followed, read) = (self.follow()?, Instant::now());
            }
            let at = self.now(&followed, began.elapsed());
            if at.day(0) != today {
                report(today.start(0), &takings);
                (today, takings) = (at.day(0), Takings::default());
            }
            match self.session(number, &followed, at) {
                Ok(reaction) => {
                    failures = 0;
                    takings.sessions += 1;
                    takings.orders += reaction.orders;
                    takings.money += reaction.money;
                }
                Err(error) if failures < FAILURES => {
                    failures += 1;
                    tracing::warn!("a session of the traffic failed: {error:#}");
                    thread::sleep(PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets a shopper ask for a page and react to it.
    fn session(&self, number: u32, followed: &Followed, at: Time) -> Result<Reaction> {
        let mut session = Session::new(&self.world, number);
        let scene = &followed.scenes[number as usize % followed.scenes.len()];
        let request = json!({
            "user_id": session.shopper.id,
            "candidates": session.candidates(&self.world),
            "scene": scene,
            "limit": PAGE,
            "request_id": request_id(number),
        });
        let ranking: Ranking = self.post("/rank", &request)?;
        let page: Vec<String> = ranking.items.into_iter().map(|item| item.id).collect();
        let reaction = session.react(&self.world, &page, (scene, at));
        let _accepted: Value = self.post("/events", &json!(reaction.events))?;
        Ok(reaction)
    }

    fn post<T: serde::de::DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        let body = body.to_string();
        Ok(self
            .client
            .send("POST", path, body.as_bytes(), Format::Json)?)
    }

    /// Reads what the live configuration says.
    fn follow(&self) -> Result<Followed> {
        let live: Value = self.client.send("GET", "/config", b"", Format::Json)?;
        let config = &live["config"];
        let scenes = config["scene"].as_object().into_iter().flatten();
        let scenes = scenes.filter(|(_, scene)| scene["retired"] != true);
        let mut scenes: Vec<String> = scenes.map(|(name, _)| name.clone()).collect();
        if scenes.is_empty() {
            scenes.push(DEFAULT_SCENE.to_owned());
        }
        Ok(Followed {
            scenes,
            by_events: config["clock"]["mode"] == "event",
        })
    }

    /// Returns the time of a session. Under the clock of events a day passes in some seconds, but never the present.
    fn now(&self, followed: &Followed, elapsed: Duration) -> Time {
        let present = Clock::machine();
        if !followed.by_events {
            return present;
        }
        let days = elapsed.as_secs_f64() / self.day;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "a float saturates"
        )]
        let passed = (days * DAY as f64) as i64;
        self.start.plus(passed).min(present)
    }
}

fn report(day: Time, takings: &Takings) {
    let Takings {
        sessions,
        orders,
        money,
    } = takings;
    tracing::info!(%day, sessions, orders, gmv = format!("{money:.2}"), "a day of traffic ended");
}
