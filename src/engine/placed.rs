//! Exposure by answers: where callers send no impressions, the places of answers count instead.
//!
//! Ranking never writes. What an answer placed leaves as sums in a bounded table; a thread applies them to the facts and appends them to
//! the journal every few seconds, so a crash loses at most one interval.

use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Engine;
use super::placements::PARTS;
use crate::clock::Time;
use crate::config::{Generation, Scene, Source};
use crate::exposure::{Amount, Placement, is_evidence, weight};
use crate::id::{ItemRow, UserRow};
use crate::ingest::{Facts, Record};
use crate::model::{Decision, RankRequest};
use crate::number::short;

/// Interval at which the sums are applied.
const INTERVAL: Duration = Duration::from_secs(5);
/// Maximum number of items of one record of the journal, and of one hold of the lock of the facts.
const SLICE: usize = 512;

impl Engine {
    /// Counts the places of an answer, if those are what counts. Call it while holding a reader's lock of the facts.
    pub(super) fn note_placed(
        &self,
        generation: &Generation,
        (request, scene): (&RankRequest<'_>, &Scene),
        decision: &Decision<'_>,
        facts: &Facts,
        now: Time,
    ) {
        let settings = &generation.config.exposure;
        if settings.source == Source::Events {
            return;
        }
        let books = &facts.books;
        let user = books.users.find(&books.hasher, &request.user_id);
        let first = short(decision.start).saturating_add(1);
        let ranks = decision.placed.iter().zip(first..);
        let placed = ranks.filter_map(|(placed, place)| {
            let (item, _) = books.items.find_by_hash(books.hasher.hash(placed.id))?;
            let weight = Amount::of(weight(Some(place)));
            let evidence = evidence(facts, user, item, now, settings.clicks);
            let of = |is_evidence| {
                if is_evidence {
                    weight
                } else {
                    Amount::default()
                }
            };
            let placement = Placement {
                amount: weight,
                evidence: evidence.map(of),
            };
            Some((item, placement))
        });
        let part = user.map_or(0, UserRow::index);
        self.placements
            .add(part, &scene.name, placed, settings.placements);
    }

    /// Applies what answers placed, and appends it to the journal.
    pub(super) fn apply_placed(&self) {
        let generation = self.live.load();
        let now = self.clock.now();
        for part in 0..PARTS {
            for (scene, sums) in self.placements.take(part) {
                let mut sums: Vec<(ItemRow, Placement)> = sums.into_iter().collect();
                // The order of a table differs from process to process.
                sums.sort_unstable_by_key(|(item, _)| *item);
                for sums in sums.chunks(SLICE) {
                    self.apply_slice(&generation, &scene, sums, now);
                }
            }
        }
    }

    fn apply_slice(
        &self,
        generation: &Generation,
        scene: &str,
        sums: &[(ItemRow, Placement)],
        now: Time,
    ) {
        let mut facts = self.facts.write();
        let ids: Vec<(String, Placement)> = named(&facts, sums);
        let record = Record::Placed {
            at: now,
            scene,
            items: ids
                .iter()
                .map(|(id, placement)| (&**id, *placement))
                .collect(),
        };
        // A journal that breaks is reported by its own thread.
        if self.append(generation, &record).is_ok()
            && let Record::Placed { at, scene, items } = record
        {
            facts.place(at, scene, &items, &generation.config);
        }
    }
}

/// Returns the ids of items that were placed, without those that were deleted since.
fn named(facts: &Facts, sums: &[(ItemRow, Placement)]) -> Vec<(String, Placement)> {
    let items = &facts.books.items;
    let known = sums.iter().filter(|(item, _)| !items.get(*item).stub());
    known
        .map(|(item, placement)| (items.id(*item).to_owned(), *placement))
        .collect()
}

/// Returns whether an exposure of an item to a user is evidence for the item, its merchant and its creator.
fn evidence(
    facts: &Facts,
    user: Option<UserRow>,
    item: ItemRow,
    now: Time,
    most: usize,
) -> [bool; 3] {
    let clicked = &facts.books.users.figures.clicked;
    let Some(clicked) = user.and_then(|user| clicked.get(user)) else {
        return [true; 3];
    };
    let last = clicked.last_clicks(facts.runners_of(item), now, most);
    last.map(|last| is_evidence(last, now))
}

/// Starts the thread that applies what answers placed. It ends with the engine.
pub(super) fn run(engine: &Arc<Engine>) {
    let weak: Weak<Engine> = Arc::downgrade(engine);
    let round = move || {
        std::thread::sleep(INTERVAL);
        let Some(engine) = weak.upgrade() else {
            return ControlFlow::Break(());
        };
        engine.apply_placed();
        ControlFlow::Continue(())
    };
    let _listed_as_failing = engine.threads.start("exposure", round);
}
