//! The newest whole records in memory, bounded by bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::record::Record;
use crate::config::Generation;

/// A record with the configuration under which it was ranked.
#[derive(Clone, Debug)]
pub struct Logged {
    /// The record.
    pub record: Record,
    /// Its configuration; `None` if it is not known any more.
    pub generation: Option<Arc<Generation>>,
}

/// The newest whole records.
#[derive(Debug, Default)]
pub(super) struct Newest(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The oldest first, with its bytes.
    records: VecDeque<(usize, Arc<Logged>)>,
    bytes: usize,
    evicted: u64,
}

impl Newest {
    /// Adds the newest record, given its bytes.
    pub(super) fn push(&self, (logged, bytes): (&Arc<Logged>, usize), most: usize) {
        let mut state = self.0.lock();
        state.records.push_back((bytes, Arc::clone(logged)));
        state.bytes += bytes;
        while state.bytes > most
            && let Some((bytes, _)) = state.records.pop_front()
        {
            state.bytes -= bytes;
            state.evicted += 1;
        }
    }

    /// Adds a record that is older than all others, if there is room. Returns whether there was.
    pub(super) fn push_older(&self, logged: Logged, most: usize) -> bool {
        let bytes = logged.record.bytes();
        let mut state = self.0.lock();
        let fits = state.bytes + bytes <= most;
        if fits {
            state.records.push_front((bytes, Arc::new(logged)));
            state.bytes += bytes;
        }
        fits
    }

    /// Returns the newest records for which `is` holds, the newest first.
    pub(super) fn get(&self, most: usize, is: impl Fn(&Record) -> bool) -> Vec<Arc<Logged>> {
        let state = self.0.lock();
        let records = state.records.iter().rev().map(|(_, it)| it);
        let found = records.filter(|it| is(&it.record)).take(most);
        found.cloned().collect()
    }

    /// Removes the records for which `is` holds.
    pub(super) fn remove(&self, is: impl Fn(&Record) -> bool) {
        let mut state = self.0.lock();
        state.records.retain(|(_, it)| !is(&it.record));
        state.bytes = state.records.iter().map(|(bytes, _)| bytes).sum();
    }

    /// Returns the number of records, their bytes, and the number evicted.
    pub(super) fn size(&self) -> (usize, usize, u64) {
        let state = self.0.lock();
        (state.records.len(), state.bytes, state.evicted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(id: &str) -> Arc<Logged> {
        let record = Record {
            request_id: id.to_owned(),
            ..Record::default()
        };
        Arc::new(Logged {
            record,
            generation: None,
        })
    }

    #[test]
    fn the_oldest_records_go_first() {
        let (newest, one) = (Newest::default(), logged("r-0"));
        let most = 3 * one.record.bytes();
        for number in 0..5 {
            newest.push((&logged(&format!("r-{number}")), most / 3), most);
        }
        let ids = |all: Vec<Arc<Logged>>| {
            let ids = all.iter().map(|it| it.record.request_id.clone());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(ids(newest.get(9, |_| true)), ["r-4", "r-3", "r-2"]);
        assert_eq!(ids(newest.get(2, |_| true)), ["r-4", "r-3"]);
        assert_eq!(newest.size(), (3, most, 2));
        assert!(!newest.push_older(Logged::clone(&one), most));
        newest.remove(|record| record.request_id == "r-4");
        assert!(newest.push_older(Logged::clone(&one), most));
        assert_eq!(ids(newest.get(9, |_| true)), ["r-3", "r-2", "r-0"]);
    }
}
