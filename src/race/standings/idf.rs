//! The idf of tags, and tables of their squares for the threads that rank, filled by the rebuild so that no request fills one.
//!
//! A thread lays the tag weights of a user beside the idf² of each tag, in a table that it keeps from request to request. New standings
//! need another one, and so do new tags beyond its end; to fill a table of a million tags takes milliseconds, too long within a request.
//! So the standings bring filled tables, and get wider ones before the tags need them: a thread takes one and leaves its old one, which
//! the next rebuild fills again.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rayon::prelude::*;

use crate::chunked::Chunked;
use crate::id::TagId;
use crate::number::narrow;

/// By tag: room for the weight of a user, 0 while there is none, and idf². The length is a power of two.
pub type TagTable = Vec<[f32; 2]>;

/// The idf of each tag at a rebuild.
#[derive(Debug)]
pub struct Idf {
    by_tag: Vec<f32>,
    unseen: f32,
    spare: Mutex<Spare>,
    /// Length of the tables that were prepared last.
    prepared: AtomicUsize,
    /// Number of tables filled, by the rebuild and by threads that found none.
    filled: AtomicUsize,
}

/// The tables that no thread has now.
#[derive(Debug, Default)]
struct Spare {
    /// Filled with these idf.
    ready: Vec<TagTable>,
    /// Left by the threads that took a filled one.
    left: Vec<TagTable>,
}

impl Idf {
    /// Computes the idf of each tag, given how many of so many items have it.
    ///
    /// Uses the rayon pool in which it is called.
    pub(super) fn new(items: u32, carriers: &Chunked<u32>) -> Self {
        let carriers: Vec<u32> = carriers.iter().copied().collect();
        Self {
            by_tag: carriers.par_iter().map(|n| idf(items, *n)).collect(),
            unseen: idf(items, 0),
            spare: Mutex::default(),
            prepared: AtomicUsize::new(0),
            filled: AtomicUsize::new(0),
        }
    }

    /// Returns the idf of a tag; that of a tag without items if it was unknown at the rebuild.
    #[inline]
    #[must_use]
    pub fn of(&self, tag: TagId) -> f32 {
        let idf = self.by_tag.get(tag.index());
        idf.copied().unwrap_or(self.unseen)
    }

    /// Fills a table for each of `threads` threads, out of what the standings before have to spare.
    pub fn prepare(&self, before: &Self, threads: usize) {
        let Spare { ready, mut left } = mem::take(&mut *before.spare.lock());
        left.extend(ready);
        self.fill(left, self.by_tag.len(), threads);
    }

    /// Fills wider tables if so many tags take more than three quarters of those that were prepared.
    pub fn widen(&self, tags: usize, threads: usize) {
        if tags > self.prepared() * 3 / 4 {
            // What is left is too short to be used again.
            let _short = mem::take(&mut *self.spare.lock());
            self.fill(Vec::new(), tags, threads);
        }
    }

    /// Fills tables that so many tags take at most three quarters of.
    fn fill(&self, mut tables: Vec<TagTable>, tags: usize, threads: usize) {
        tables.resize_with(threads, TagTable::new);
        for table in &mut tables {
            table.clear();
            self.extend(table, tags + tags / 3 + 1);
            self.prepared.store(table.len(), Ordering::Release);
        }
        self.spare.lock().ready = tables;
    }

    /// Returns the length of the tables that were prepared last.
    #[inline(always)]
    #[must_use]
    pub fn prepared(&self) -> usize {
        self.prepared.load(Ordering::Acquire)
    }

    /// Exchanges the table of a thread for a filled one. Returns whether one was ready.
    pub fn exchange(&self, table: &mut TagTable) -> bool {
        let mut spare = self.spare.lock();
        let Some(ready) = spare.ready.pop() else {
            return false;
        };
        let left = mem::replace(table, ready);
        spare.left.push(left);
        true
    }

    /// Extends a table, or fills an empty one, so that it has room for `tags` tags.
    pub fn extend(&self, table: &mut TagTable, tags: usize) {
        if table.is_empty() {
            self.filled.fetch_add(1, Ordering::Relaxed);
        }
        let entry = |tag| {
            let idf = self.of(TagId::at(tag));
            [0.0, idf * idf]
        };
        table.extend((table.len()..tags.next_power_of_two()).map(entry));
    }

    /// Returns the number of tables that were filled so far.
    #[must_use]
    pub fn filled(&self) -> usize {
        self.filled.load(Ordering::Relaxed)
    }

    /// Returns the bytes held, those of the tables that no thread has now included.
    pub(super) fn bytes(&self) -> usize {
        let spare = self.spare.lock();
        let tables = spare.ready.iter().chain(&spare.left);
        let tables = tables.map(|table| table.capacity() * size_of::<[f32; 2]>());
        size_of_val(self.by_tag.as_slice()) + tables.sum::<usize>()
    }
}

/// Returns idf = 1 + ln((1 + N)/(1 + n)) of what n of N items have.
pub(super) fn idf(items: u32, carriers: u32) -> f32 {
    let ratio = (1.0 + f64::from(items)) / (1.0 + f64::from(carriers));
    narrow(1.0 + ratio.ln())
}
