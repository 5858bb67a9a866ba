//! The market simulation: a marketplace of the future on the real service, under several policies and attacks.
//!
//! `cargo bench --bench market` runs six worlds under each policy and prints what newcomers, the tail, cheats and the campaign got, and
//! what it costs against the plain blend, with 95 % intervals over the worlds; `-- --attacks` what attacks gain. It takes some minutes.

mod attacks;
mod plot;
mod sim;
#[path = "../shared/spread.rs"]
mod spread;
mod table;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Parser;
use sim::figures::Figures;
use sim::policy::{Attack, Policy};
use sim::run::run;
use sim::world::{Size, World};

/// The size of the world that the guides report.
const FULL: Size = Size {
    categories: 20,
    established: 1_900,
    newcomers: 100,
    items: 20_000,
    users: 5_000,
    days: 42,
    requests: 3_000,
    candidates: 200,
};

/// Simulates a marketplace on the service and prints what its policies do.
#[derive(Clone, Debug, Parser)]
#[command(name = "market", bin_name = "cargo bench --bench market --")]
struct Args {
    /// Number of worlds.
    #[arg(long, default_value_t = 6)]
    seeds: u64,
    /// First of the seeds.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Parts in a hundred of the full world: of its shops, items, users and requests.
    #[arg(long, default_value_t = 100)]
    scale: usize,
    /// Simulated days.
    #[arg(long, default_value_t = 42)]
    days: usize,
    /// Runs the policies whose names begin like this only, and `plain`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Runs the attacks in place of the policies.
    #[arg(long)]
    attacks: bool,
    /// Number of worlds that run at one time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// File for the plot of the policies.
    #[arg(long, value_name = "PATH")]
    svg: Option<PathBuf>,
    /// Runs one small world, as a smoke test.
    #[arg(long)]
    test: bool,
    /// Arguments that `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
    /// Filters as of other benches: runs if there is none, or if one is a part of "market".
    #[arg(hide = true)]
    filter: Vec<String>,
}

/// Policies by name; the first is what the others are compared with.
fn policies() -> Vec<(&'static str, Policy)> {
    let plain = Policy::default();
    let ladder = Policy {
        ladder: true,
        ..plain
    };
    let tail = Policy { tail: 0.1, ..plain };
    let campaign = Policy {
        campaign: true,
        ..plain
    };
    let all = Policy {
        ladder: true,
        tail: 0.1,
        campaign: true,
        cap: 0,
    };
    vec![
        ("plain", plain),
        ("ladder", ladder),
        ("tail 10 %", tail),
        ("campaign", campaign),
        ("all three", all),
        ("cap 4", Policy { cap: 4, ..plain }),
        ("all, cap 4", Policy { cap: 4, ..all }),
    ]
}

impl Args {
    fn size(&self) -> Size {
        let part = |full: usize| (full * self.scale / 100).max(1);
        Size {
            categories: FULL.categories,
            established: part(FULL.established),
            newcomers: part(FULL.newcomers).max(5),
            items: part(FULL.items),
            users: part(FULL.users),
            days: self.days,
            requests: part(FULL.requests),
            candidates: FULL.candidates,
        }
    }

    fn worlds(&self) -> impl Iterator<Item = World> {
        let size = self.size();
        (self.from..self.from + self.seeds).map(move |seed| World::new(seed, size))
    }
}

/// Runs every world under some policies. Returns the figures by policy and world.
fn policies_of(args: &Args) -> Result<Vec<(&'static str, Vec<Figures>)>> {
    let is_wanted = |name: &str| {
        let is_named = |only: &String| name.starts_with(only.as_str());
        name == "plain" || args.only.is_empty() || args.only.iter().any(is_named)
    };
    let wanted: Vec<(&str, Policy)> = policies()
        .into_iter()
        .filter(|(name, _)| is_wanted(name))
        .collect();
    let worlds: Vec<World> = args.worlds().collect();
    let jobs: Vec<Job<'_>> = worlds
        .iter()
        .flat_map(|world| {
            wanted
                .iter()
                .map(move |(_, policy)| (world, *policy, Attack::Bots))
        })
        .collect();
    let mut figures = run_all(&jobs, args.threads)?.into_iter();
    let mut rows: Vec<(&str, Vec<Figures>)> =
        wanted.iter().map(|(name, _)| (*name, Vec::new())).collect();
    for _ in &worlds {
        for (_, row) in &mut rows {
            row.extend(figures.next());
        }
    }
    Ok(rows)
}

/// A run to be done.
type Job<'w> = (&'w World, Policy, Attack);

/// Runs jobs, some at one time. Returns their figures in the same order.
fn run_all(jobs: &[Job<'_>], threads: usize) -> Result<Vec<Figures>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some((world, policy, attack)) = jobs.get(place) else {
                return Ok(done);
            };
            let begun = Instant::now();
            done.push((place, run(world, policy, *attack)?));
            eprintln!(
                "{} of {}, world {}: {:.0?}",
                place + 1,
                jobs.len(),
                world.seed,
                begun.elapsed()
            );
        }
    };
    let results: Vec<Result<Vec<(usize, Figures)>>> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let ended = started.into_iter().map(|thread| thread.join());
        ended
            .map(|result| result.unwrap_or_else(|_| Err(anyhow::anyhow!("a run panicked"))))
            .collect()
    });
    let mut done: Vec<(usize, Figures)> = results
        .into_iter()
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    done.sort_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, figures)| figures).collect())
}

fn main() -> Result<()> {
    let mut args = Args::parse();
    if !args.filter.is_empty()
        && !args
            .filter
            .iter()
            .any(|filter| "market".contains(filter.as_str()))
    {
        return Ok(());
    }
    if args.test {
        (args.seeds, args.scale, args.days) = (1, 5, 6);
    }
    ensure!(args.seeds > 0 && args.days > 0, "nothing to run");
    if args.attacks || args.test {
        attacks::print(&args.worlds().collect::<Vec<_>>(), args.threads)?;
    }
    if args.attacks {
        return Ok(());
    }
    let rows = policies_of(&args)?;
    table::print(&rows);
    if let Some(path) = &args.svg {
        std::fs::write(path, plot::svg(&rows))?;
    }
    Ok(())
}
