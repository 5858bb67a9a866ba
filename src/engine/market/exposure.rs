//! What the snapshots read of the book of exposures: evidence, usual rates, daily traffic.

use crate::clock::{Day, Time};
use crate::exposure::{Amount, Side, Trial};
use crate::id::{CreatorRow, ItemRow, KeyOf, MerchantRow, RunnerKey};
use crate::number::{real, wide};
use crate::race::Kind;
use crate::state::Books;
use crate::support::Evidence;

/// Clicks of the prior of the rate of all goods.
const CLICKS: f64 = 2.0;
/// Rate of the prior: clicks per weighted exposure.
const RATE: f64 = 0.05;
/// Days whose mean is the traffic of a scene.
const DAYS: i32 = 7;

/// Returns the key of a runner.
pub(in crate::engine) const fn key(kind: Kind, row: u32) -> Option<RunnerKey> {
    match kind {
        Kind::Item => RunnerKey::new(KeyOf::Item(ItemRow(row))),
        Kind::Merchant => RunnerKey::new(KeyOf::Merchant(MerchantRow(row))),
        Kind::Creator => RunnerKey::new(KeyOf::Creator(CreatorRow(row))),
    }
}

/// Returns what a runner was served since it entered the ladder, and its evidence.
pub(super) fn trial(books: &Books, kind: Kind, row: u32) -> (f64, Evidence) {
    let trial = key(kind, row).and_then(|key| books.exposure.trial(key));
    trial.map_or((0.0, Evidence::default()), of_trial)
}

fn of_trial(trial: &Trial) -> (f64, Evidence) {
    let evidence = Evidence {
        clickers: trial.clickers.into(),
        weight: trial.weight,
    };
    (trial.served.exposures(), evidence)
}

/// Returns the rate of all goods over all scenes, in clicks per weighted exposure; near 0.05 as long as little was shown.
pub(super) fn rate_of_all(books: &Books, now: Time) -> f64 {
    let evidence = books.exposure.evidence();
    let mut all = Evidence::default();
    for clicks in evidence.column(Side::Item, now) {
        let (clickers, weight) = (clicks.clickers, clicks.weight);
        all.add(Evidence { clickers, weight }, 1.0);
    }
    (all.clickers + CLICKS) / (all.weight + CLICKS / RATE)
}

/// Returns the exposures a day of a scene: the mean of the last seven complete days, of as many as there are; 0 if none is known.
pub(super) fn a_day(books: &Books, scene: &str, last_complete: Day) -> f64 {
    let Some(scene) = books.exposure.scene(scene) else {
        return 0.0;
    };
    let days = (0..DAYS).map(|back| books.exposure.total(scene, last_complete.plus(-back)));
    let days: Vec<f64> = days.map(Amount::exposures).collect();
    // Before the first exposure there was no traffic to be known.
    let known = days
        .iter()
        .rposition(|day| *day > 0.0)
        .map_or(0, |last| last + 1);
    let sum: f64 = days.iter().sum();
    sum / real(wide(known.max(1)))
}

/// Returns the exposures of some scenes in the last seven complete days.
pub(super) fn week(books: &Books, scenes: &[String], last_complete: Day) -> f64 {
    let scenes = scenes
        .iter()
        .filter_map(|scene| books.exposure.scene(scene));
    let days = |scene| (0..DAYS).map(move |back| (scene, last_complete.plus(-back)));
    let amounts = scenes
        .flat_map(days)
        .map(|(scene, day)| books.exposure.total(scene, day));
    amounts.sum::<Amount>().exposures()
}
