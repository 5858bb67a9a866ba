//! The honesty of experiments in small; `cargo bench --bench experiments` shows it in full.

#[path = "../../benches/experiments/simulate.rs"]
mod simulate;

use simulate::{Seen, When, World, run, theory};

const WORLD: World = World {
    users: 1_400,
    orders: 4.0,
    lift: 0.0,
    find: 0.1,
    when: When::FromThenOn,
};

fn all(world: &World, trials: u64) -> Vec<Seen> {
    (0..trials).map(|seed| run(world, seed)).collect()
}

fn share(seen: &[Seen], is: impl Fn(&Seen) -> bool) -> f64 {
    seen.iter().filter(|it| is(it)).count() as f64 / seen.len() as f64
}

#[test]
fn equal_arms_are_rarely_told_apart() {
    let seen = all(&WORLD, 200);
    // 1.6 % are expected; 4.5 % lie beyond three standard errors.
    let found = share(&seen, |it| it.found);
    assert!(found <= 0.045, "{found}");
    let by_errors = share(&seen, |it| it.found_by_errors);
    assert!(
        by_errors > 0.15,
        "one look's errors at every look: {by_errors}"
    );
}

#[test]
fn a_true_lift_is_found_as_theory_says() {
    let world = World {
        users: 2_800,
        lift: 0.2,
        find: 0.2,
        when: When::ThatDay,
        ..WORLD
    };
    let seen = all(&world, 150);
    let error = seen.iter().map(|it| it.error).sum::<f64>() / 150.0;
    let (found, right) = (share(&seen, |it| it.found), theory(0.2, error, 1));
    let off = 3.0 * (right * (1.0 - right) / 150.0).sqrt() + 0.01;
    assert!((found - right).abs() <= off, "{found}, by theory {right}");
    let holds = share(&seen, |it| it.holds);
    assert!(holds >= 0.94, "{holds}");
}

#[test]
fn what_users_did_before_cuts_the_variance() {
    let world = World {
        users: 20_000,
        when: When::FromTheFirstDay,
        ..WORLD
    };
    let cut = run(&world, 1).cut;
    assert!(cut >= 0.45, "{cut}");
}
