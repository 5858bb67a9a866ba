//! Selections kept up: changed items at once, and walks over all items in slices, so that no request waits for one.
//!
//! Three threads walk, one at a time: that of a new configuration before it goes live, that of the rebuilds, and one for the items of
//! changed merchants.

use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::Engine;
use super::deriving;
use super::record::Records;
use super::slices::slices;
use crate::bits::Bits;
use crate::config::{Config, Selection};
use crate::id::ItemRow;
use crate::ingest::Facts;
use crate::selection::Slice;

/// Number of items judged in one hold of the lock for reading.
const ITEMS: usize = 4_096;
/// Interval between looks for changed merchants.
const LOOK: Duration = Duration::from_millis(50);
/// Minimum pause after a walk for changed merchants, in durations of the walk.
const REST: u32 = 3;

/// Starts the thread that judges the items of changed merchants; it ends when the engine is dropped.
pub(super) fn run(engine: &Arc<Engine>) {
    let threads = engine.threads.clone();
    let engine = Arc::downgrade(engine);
    let _listed_as_failing = threads.start("selections", move || round(&engine));
}

fn round(engine: &Weak<Engine>) -> ControlFlow<()> {
    thread::sleep(LOOK);
    let Some(engine) = engine.upgrade() else {
        return ControlFlow::Break(());
    };
    if engine.facts.read().selections.has_merchants() {
        let started = Instant::now();
        let alone = engine.selecting.lock();
        engine.select_merchants();
        drop(alone);
        let took = started.elapsed();
        drop(engine);
        thread::sleep(took * REST);
    }
    ControlFlow::Continue(())
}

impl Engine {
    /// Judges every item for the selections of a configuration, and then makes it live by `go_live`.
    pub fn prepare(&self, config: &Config, go_live: &mut dyn FnMut()) {
        let _alone = self.selecting.lock();
        let list = &config.selections;
        if !self.facts.read().selections.is_complete(list) {
            let started = Instant::now();
            self.select(list, &(0..list.len()).collect::<Vec<_>>(), None);
            let seconds = started.elapsed().as_secs_f64();
            tracing::info!(selections = list.len(), seconds, "all items were judged");
        }
        self.derive_all(config);
        go_live();
        self.forget_unused();
    }

    /// Judges the items again that follow new standings; all of them for selections that are new. Drops selections of older configurations.
    pub(super) fn reselect(&self) {
        let _alone = self.selecting.lock();
        let generation = self.generation();
        let list = &generation.config.selections;
        if !list.is_empty() {
            let is_complete = self.facts.read().selections.is_complete(list);
            let follows = |selection: &Selection| !is_complete || selection.follows_standings();
            let places: Vec<usize> = (0..list.len()).filter(|it| follows(&list[*it])).collect();
            if !places.is_empty() {
                self.select(list, &places, None);
            }
            self.select_merchants();
        }
        let mut facts = self.facts.write();
        facts.selections.keep_only(list);
        facts
            .derived
            .keep_only(deriving::wanted(&generation.config));
    }

    /// Judges the items of changed merchants, for every configuration whose selections are kept.
    pub(super) fn select_merchants(&self) {
        if !self.facts.read().selections.has_merchants() {
            return;
        }
        let (merchants, lists) = {
            let mut facts = self.facts.write();
            (facts.selections.take_merchants(), facts.selections.lists())
        };
        for list in &lists {
            let reads = |place: &usize| list[*place].reads_merchants();
            let places: Vec<usize> = (0..list.len()).filter(reads).collect();
            if !places.is_empty() {
                self.select(list, &places, Some(&merchants));
            }
        }
    }

    /// Judges the items of some merchants, or all items, for selections of a list. One call at a time.
    fn select(&self, list: &Arc<[Selection]>, places: &[usize], of: Option<&Bits>) {
        let rows = {
            let mut facts = self.facts.write();
            facts.selections.begin(list);
            facts.books.items.rows()
        };
        let standings = self.standings.load();
        for slice in slices(rows, ITEMS) {
            let judged = {
                let facts = self.facts.read();
                let items = &facts.books.items;
                let is = |row: &ItemRow| {
                    of.is_none_or(|merchants| merchants.has(items.get(*row).merchant.index()))
                };
                let rows = slice.map(ItemRow::at).filter(is);
                let records = Records::new(&facts.books, &standings);
                let judged = Slice::judge(list, places, rows, &records);
                let set = facts.selections.begun(list);
                set.is_none_or(|set| set.differs(&judged)).then_some(judged)
            };
            if let Some(judged) = judged {
                self.facts.write().selections.put(list, judged);
            }
        }
        self.facts.write().selections.end(list, of.is_none());
    }

    /// Judges the items that changed, under the lock under which they did.
    pub(super) fn settle(&self, facts: &mut Facts) {
        if facts.selections.has_changes() {
            let standings = self.standings.load();
            let records = Records::new(&facts.books, &standings);
            facts.selections.settle(&records);
        }
    }
}
