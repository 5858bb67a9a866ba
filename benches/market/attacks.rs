//! What attacks on the ladder gain.

use anyhow::Result;

use crate::run_all;
use crate::sim::figures::Figures;
use crate::sim::policy::{Attack, Policy};
use crate::sim::world::{Kind, World, count};
use crate::spread::Spread;

/// The attacks, with the runs that each is compared with.
const ATTACKS: [(&str, Attack, Attack); 4] = [
    ("eight bots each", Attack::Bots, Attack::None),
    ("again under one owner", Attack::SameOwner, Attack::Bots),
    ("again under new owners", Attack::NewOwners, Attack::Bots),
    ("paid visits", Attack::Traffic, Attack::Bots),
];

/// Runs the attacks on the ladder and prints what the attackers gain, and what the other newcomers lose.
pub(crate) fn print(worlds: &[World], threads: usize) -> Result<()> {
    let policy = Policy {
        ladder: true,
        ..Policy::default()
    };
    let all = [
        Attack::None,
        Attack::Bots,
        Attack::SameOwner,
        Attack::NewOwners,
        Attack::Traffic,
    ];
    let jobs = all
        .iter()
        .flat_map(|attack| worlds.iter().map(move |world| (world, policy, *attack)));
    let figures = run_all(&jobs.collect::<Vec<_>>(), threads)?;
    let runs: Vec<(Attack, &[Figures])> =
        all.into_iter().zip(figures.chunks(worlds.len())).collect();
    let of = |attack: Attack| {
        let found = runs.iter().find(|(other, _)| *other == attack);
        found.map_or(&[][..], |(_, figures)| figures)
    };
    println!(
        "| attack | exposures of the attackers % | of the other newcomers % | attackers past gate 1 % | past gate 2 % | clickers of each | best found |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, attack, base) in ATTACKS {
        let pairs: Vec<(&World, &Figures, &Figures)> = worlds
            .iter()
            .zip(of(attack))
            .zip(of(base))
            .map(|((world, own), base)| (world, own, base))
            .collect();
        let change = |is_attacker: bool| {
            let change = |(world, own, base): &(&World, &Figures, &Figures)| {
                let group = group(world, attack, is_attacker);
                let sum = |figures: &Figures| -> f64 {
                    group.iter().map(|shop| figures.exposures[*shop]).sum()
                };
                100.0 * (sum(own) / sum(base) - 1.0)
            };
            Spread::of(&pairs.iter().map(change).collect::<Vec<_>>())
        };
        let passed = |stage: u16| {
            let share = |(world, own, _): &(&World, &Figures, &Figures)| {
                let group = group(world, attack, true);
                let stages = group
                    .iter()
                    .filter_map(|shop| own.said[*shop].ladder.as_ref());
                100.0 * count(stages.filter(|ladder| ladder.stage > stage).count())
                    / count(group.len())
            };
            Spread::of(&pairs.iter().map(share).collect::<Vec<_>>())
        };
        let clickers = |(world, own, _): &(&World, &Figures, &Figures)| {
            let group = group(world, attack, true);
            let sum: f64 = group.iter().map(|shop| own.clickers[*shop]).sum();
            sum / count(group.len())
        };
        let clickers: Vec<f64> = pairs.iter().map(clickers).collect();
        let found: Vec<f64> = pairs.iter().map(|(_, own, _)| own.found).collect();
        println!(
            "| {name} | {:.0} | {:.1} | {:.0} | {:.0} | {:.0} | {} |",
            change(true),
            change(false),
            passed(1),
            passed(2),
            Spread::of(&clickers),
            Spread::of(&found)
        );
    }
    Ok(())
}

/// Returns the newcomers who attack, or those who don't.
fn group(world: &World, attack: Attack, attackers: bool) -> Vec<usize> {
    let weakest = world.weakest();
    let attacks = |shop: &usize| match attack {
        Attack::None | Attack::Bots => world.shops[*shop].kind == Kind::Bots,
        Attack::SameOwner | Attack::NewOwners | Attack::Traffic => weakest.contains(shop),
    };
    let new = world.newcomers().into_iter();
    new.filter(|shop| attacks(shop) == attackers).collect()
}
