//! The market simulation in small: what the ladder, a share of the tail and a campaign promise, on the real service. Each promise is broken
//! in the same world with the mechanisms off.

#[path = "../../benches/market/sim/mod.rs"]
#[expect(
    dead_code,
    reason = "the bench also runs other policies and attacks, and prints more figures"
)]
mod sim;

use sim::figures::Figures;
use sim::policy::{Attack, Policy};
use sim::run::run;
use sim::world::{Size, World};

const SMALL: Size = Size {
    categories: 5,
    established: 95,
    newcomers: 5,
    items: 1_000,
    users: 300,
    days: 10,
    requests: 150,
    candidates: 100,
};

/// Target share of the tail: in so small a market every fifth or sixth exposure goes there anyway.
const SHARE: f64 = 0.23;

#[test]
fn mechanisms_keep_what_they_promise() {
    let world = World::new(3, SMALL);
    let off = run(&world, &Policy::default(), Attack::Bots).unwrap();
    let targets = Policy {
        ladder: true,
        tail: SHARE,
        campaign: true,
        cap: 0,
    };
    let on = run(&world, &targets, Attack::Bots).unwrap();
    let newcomers = [off.promised, on.promised];
    assert!(newcomers[0] < 0.3 && newcomers[1] > 0.7, "{newcomers:?}");
    let tail = [off.tail, on.tail];
    assert!(tail[0] < 0.8 * SHARE, "{tail:?}");
    assert!((tail[1] / SHARE - 1.0).abs() < 0.1, "{tail:?}");
    let ([enrolled, _], [counted, used]) = (off.campaign, on.campaign);
    assert!(enrolled < 0.7 && used > 0.8 && used < 1.02, "{used}");
    assert!((counted - used).abs() < 1e-9, "{counted}, not {used}");
    let [clicks, sales] = [0, 1].map(|part| on.expected[part] / off.expected[part]);
    assert!(clicks > 0.95 && sales > 0.9, "{clicks} {sales}");
    counts_are_those_of_the_users(&world, &on);
}

/// Checks that the service counts for newcomers what users saw and clicked, but for what came before the first snapshot that knows them.
fn counts_are_those_of_the_users(world: &World, figures: &Figures) {
    let mut climbing = 0;
    for shop in world.newcomers() {
        let ladder = figures.said[shop].ladder.as_ref().unwrap();
        if ladder.end.is_none() {
            climbing += 1;
            let (seen, clickers) = (figures.exposures[shop], figures.clickers[shop]);
            let [missed, unknown] = [seen - ladder.served, clickers - ladder.x];
            assert!((0.0..=5.0).contains(&missed), "{ladder:?} of {seen}");
            assert!((0.0..=1.0).contains(&unknown), "{ladder:?} of {clickers}");
        }
    }
    assert!(climbing > 0);
}

#[test]
fn opening_again_under_one_owner_gains_nothing() {
    let world = World::new(3, SMALL);
    let ladder = Policy {
        ladder: true,
        ..Policy::default()
    };
    let [same, new] = [Attack::SameOwner, Attack::NewOwners].map(|attack| {
        let figures = run(&world, &ladder, attack).unwrap();
        let attackers = world.weakest();
        let climbs = |shop: &usize| figures.said[*shop].ladder.is_some();
        assert!(!attackers.is_empty());
        (
            attackers.iter().filter(|shop| climbs(shop)).count(),
            attackers
                .iter()
                .map(|shop| figures.exposures[*shop])
                .sum::<f64>(),
        )
    });
    assert_eq!(same.0, 0, "who is known does not climb again");
    assert!(new.0 > 0 && new.1 > 2.0 * same.1, "{same:?} {new:?}");
}
