//! The honesty of experiments: how often a result is false, and how often a true one is found.
//!
//! `cargo bench --bench experiments` simulates experiments on the code of the service and prints the rates, beside those of theory. It
//! takes some minutes; `-- --trials 200` takes seconds.

mod simulate;

use std::thread;

use clap::Parser;
use simulate::{DAYS, Seen, When, World, run, theory};

/// Simulates experiments.
#[derive(Clone, Debug, Parser)]
#[command(name = "experiments", bin_name = "cargo bench --bench experiments --")]
struct Args {
    /// Number of experiments of each kind.
    #[arg(long, default_value_t = 4_000)]
    trials: u64,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let trials = Args::parse().trials;
    let aa = World {
        users: 5_600,
        orders: 4.0,
        lift: 0.0,
        find: 0.03,
        when: When::FromThenOn,
    };
    let seen = all(&aa, trials);
    println!(
        "A/A, {trials} experiments of {} users, {DAYS} daily looks:",
        aa.users
    );
    println!(
        "  false by the interval: {:.2} %",
        percent(&seen, |it| it.found)
    );
    println!(
        "  false by ±1.96 errors: {:.2} %",
        percent(&seen, |it| it.found_by_errors)
    );

    let power = World {
        users: 56_000,
        lift: 0.03,
        when: When::ThatDay,
        ..aa
    };
    let trials = trials.div_ceil(10);
    let seen = all(&power, trials);
    let error = seen.iter().map(|it| it.error).sum::<f64>() / trials as f64;
    println!(
        "+3 % orders per user, {trials} experiments of {} users:",
        power.users
    );
    println!(
        "  found: {:.1} %; by theory {:.1} %",
        percent(&seen, |it| it.found),
        100.0 * theory(0.03, error, 1)
    );
    println!(
        "  within its own interval at the end: {:.1} %",
        percent(&seen, |it| it.holds)
    );

    let cuped = World {
        users: 20_000,
        when: When::FromTheFirstDay,
        ..aa
    };
    let seen = all(&cuped, 20);
    let cut = seen.iter().map(|it| it.cut).sum::<f64>() / 20.0;
    println!(
        "CUPED at {} orders a user: variance cut {:.0} %",
        cuped.orders,
        100.0 * cut
    );
}

/// Runs experiments on all cores.
fn all(world: &World, trials: u64) -> Vec<Seen> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let parts = (0..cores).map(|core| {
            scope.spawn(move || {
                let seeds = (0..trials).skip(core).step_by(cores);
                seeds.map(|seed| run(world, seed)).collect::<Vec<_>>()
            })
        });
        let parts: Vec<_> = parts.collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_default())
            .collect()
    })
}

fn percent(seen: &[Seen], is: impl Fn(&Seen) -> bool) -> f64 {
    100.0 * seen.iter().filter(|it| is(it)).count() as f64 / seen.len() as f64
}
