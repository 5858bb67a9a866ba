//! Experiments on simulated users, through the code of the service: assignment, enrolment, sums and intervals.

use saima::clock::{DAY, Time};
use saima::config::Metric;
use saima::experiment::{Credit, Outcome, Plan, Running, What, half_width, place};
use saima::random::Random;

/// Number of daily looks.
pub(crate) const DAYS: usize = 28;
/// Begin of every experiment.
const BEGIN: i64 = 20_000;

/// The users of an experiment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    /// Number of users; as many begin on each day.
    pub(crate) users: u32,
    /// Mean number of orders of a user in 28 days.
    pub(crate) orders: f64,
    /// True lift of the orders of the arm.
    pub(crate) lift: f64,
    /// The smallest lift worth finding.
    pub(crate) find: f64,
    /// When users buy.
    pub(crate) when: When,
}

/// When users buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// They begin one after the other, and buy on all days from then on.
    FromThenOn,
    /// They begin one after the other, and buy on that day alone: what a day adds does not depend on the days before.
    ThatDay,
    /// All begin on the first day.
    FromTheFirstDay,
}

/// What the looks at one experiment showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// True if the interval did not contain 0 on any day.
    pub(crate) found: bool,
    /// True if ±1.96 standard errors did not contain 0 on any day.
    pub(crate) found_by_errors: bool,
    /// True if the last interval contained the true lift.
    pub(crate) holds: bool,
    /// The last standard error of the logarithm.
    pub(crate) error: f64,
    /// The share of the variance that is taken off by what users did before.
    pub(crate) cut: f64,
}

/// Runs an experiment.
pub(crate) fn run(world: &World, seed: u64) -> Seen {
    let mut dice = Random::new(seed);
    let begun = Time::default().plus(BEGIN * DAY);
    let mut running = Running::new(plan(world, seed), begun);
    let mut bought = vec![Vec::new(); DAYS];
    let mut begins = vec![Vec::new(); DAYS];
    for number in 0..world.users {
        let id = format!("{seed}-{number}");
        let arm = arm_of(&running.plan, &id);
        let first = match world.when {
            When::FromTheFirstDay => 0,
            When::FromThenOn | When::ThatDay => number as usize % DAYS,
        };
        // Gamma with the shape 2: users differ in how much they buy.
        let rate = world.orders * -(dice.unit() * dice.unit()).max(1e-12).ln() / 2.0;
        // 28 days of half-life weigh 40 days of purchases.
        let before = f64::from(poisson(&mut dice, rate * std::f64::consts::LOG2_E));
        let lift = if arm == 1 { 1.0 + world.lift } else { 1.0 };
        let days = DAYS - first;
        let share = if world.when == When::ThatDay {
            1.0
        } else {
            days as f64 / DAYS as f64
        };
        for _ in 0..poisson(&mut dice, rate * lift * share) {
            let later = if world.when == When::ThatDay {
                0
            } else {
                dice.index(days)
            };
            bought[first + later].push(id.clone());
        }
        begins[first].push((id, arm, before));
    }
    look_daily(world, &mut running, (&begins, &bought))
}

/// The users who begin on each day, with their arms and what they did before.
type Begins = [Vec<(String, usize, f64)>];

fn look_daily(
    world: &World,
    running: &mut Running,
    (begins, bought): (&Begins, &[Vec<String>]),
) -> Seen {
    let mut seen = Seen {
        found: false,
        found_by_errors: false,
        holds: false,
        error: f64::NAN,
        cut: 0.0,
    };
    for (day, (begins, bought)) in (0..).zip(begins.iter().zip(bought)) {
        for (id, arm, before) in begins {
            running.enrol(id, *arm, [*before, *before]);
        }
        let at = running.begun.plus(day * DAY);
        for id in bought {
            let credit = Credit {
                at,
                scene: None,
                merchant: None,
                what: What::Bought(1.0),
            };
            running.credit(id, &credit);
        }
        let outcome = Outcome::of(running);
        let figure = outcome.arms[1].figure(Metric::OrdersPerUser);
        let Some(lift) = figure.and_then(|figure| figure.lift.as_ref()) else {
            continue;
        };
        seen.found |= lift.low > 0.0 || lift.high < 0.0;
        seen.found_by_errors |= lift.lift.ln_1p().abs() > 1.96 * lift.error;
        seen.holds = (lift.low..=lift.high).contains(&world.lift);
        seen.error = lift.error;
        seen.cut = lift.cut.unwrap_or(0.0);
    }
    seen
}

/// Returns the rate at which theory finds a lift as large as `find` by daily looks, given the standard error of the last one, if what a
/// day adds does not depend on the days before: paths of a random walk.
pub(crate) fn theory(find: f64, error: f64, seed: u64) -> f64 {
    const PATHS: u32 = 20_000;
    let (mut dice, find, days) = (Random::new(seed), find.ln_1p(), DAYS as f64);
    let found = (0..PATHS).filter(|_| {
        let mut sum = 0.0;
        (1..=DAYS).any(|day| {
            // The estimate of a day alone has the variance error²·days.
            sum += find + error * days.sqrt() * dice.normal();
            let day = day as f64;
            let estimate: f64 = sum / day;
            estimate.abs() > half_width(error * (days / day).sqrt(), find)
        })
    });
    found.count() as f64 / f64::from(PATHS)
}

fn plan(world: &World, seed: u64) -> Plan {
    Plan {
        name: format!("simulated-{seed}"),
        layer: "simulated".to_owned(),
        range: [0, 10_000],
        scenes: Vec::new(),
        audience: None,
        primary: Metric::OrdersPerUser.name().to_owned(),
        find: world.find,
        guards: Vec::new(),
        control: 0,
        cap: f64::MAX,
        arms: vec![("as-is".to_owned(), 5_000), ("more".to_owned(), 10_000)],
    }
}

fn arm_of(plan: &Plan, user: &str) -> usize {
    let part = place(&plan.name, user).part;
    plan.arms.partition_point(|(_, end)| *end <= part)
}

/// Draws from a Poisson distribution.
fn poisson(dice: &mut Random, mean: f64) -> u32 {
    let (least, mut product, mut count) = ((-mean).exp(), dice.unit(), 0);
    while product > least {
        product *= dice.unit();
        count += 1;
    }
    count
}
