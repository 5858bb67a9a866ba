//! Admission control: hands out slots, permits and bytes within the configured bounds.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use super::answers::{AnswerBytes, Bounds, ConnectionBytes};
use super::bytes::BodyBytes;
use super::metrics::Metrics;
use super::pace::Pace;
use super::pause::{Pause, Priority};
use super::queue::{Queue, Ready, Slot};
use super::work::{Rejection, Work};
use crate::config;
use crate::telemetry::AdmissionMetrics;

/// Rank requests per core that run at once. The task that runs them reads new arrivals only after all of them are answered.
const RANKINGS_A_CORE: usize = 8;
/// Batches per core that run at once.
const BATCHES_A_CORE: usize = 2;
/// Bulk bodies per core that run at once: enough for many to share one flush to disk.
const BODIES_A_CORE: usize = 8;
/// Maximum number of waiting batches or bodies for each running one.
const WAITING: usize = 16;
/// Minimum number of slots for rank requests per core, at any pace.
const LEAST_A_CORE: usize = 16;
/// One of this number of slots for rank requests is reserved for quiet connections.
const QUIET: usize = 8;
/// Maximum number of slots for rank requests per core, at any pace.
const MOST_A_CORE: usize = 4_096;

/// Admission control: the queues of all kinds of work, and the bytes of their bodies.
pub(in crate::http) struct Admission {
    cores: usize,
    rank: Arc<Queue>,
    batch: Arc<Queue>,
    ingest: Arc<Queue>,
    read: Arc<Queue>,
    pace: Arc<Pace>,
    rank_bytes: Arc<AtomicUsize>,
    ingest_bytes: Arc<AtomicUsize>,
    answer_bytes: Arc<AtomicUsize>,
    metrics: Metrics,
}

/// A permit to run, until dropped.
pub(in crate::http) struct RunPermit {
    slot: Ready,
    _permit: OwnedSemaphorePermit,
    /// Set for a rank request, whose end is recorded.
    pace: Option<Arc<Pace>>,
}

impl Drop for RunPermit {
    fn drop(&mut self) {
        if let Some(pace) = &self.pace {
            pace.end(self.slot.has_waiting());
        }
    }
}

impl Admission {
    /// Creates an admission control without work in progress.
    pub(in crate::http) fn new(config: &config::Admission, metrics: &AdmissionMetrics) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let or = |given: usize, a_core: usize| if given == 0 { cores * a_core } else { given };
        Self {
            cores,
            rank: Queue::of(cores * RANKINGS_A_CORE),
            batch: Queue::of(or(config.batch, BATCHES_A_CORE)),
            ingest: Queue::of(or(config.ingest, BODIES_A_CORE)),
            read: Queue::of(config.read),
            pace: Arc::default(),
            rank_bytes: Arc::default(),
            ingest_bytes: Arc::default(),
            answer_bytes: Arc::default(),
            metrics: Metrics::new(metrics),
        }
    }

    /// Rejects a request for which no slot or no bytes are free, before its body is read.
    pub(in crate::http) fn check(
        &self,
        work: Work,
        priority: Option<&Priority>,
        connection: Option<&ConnectionBytes>,
        config: &config::Admission,
    ) -> Result<(), Rejection> {
        if self.queue(work).used() >= self.most(work, priority, config) {
            return Err(work.rejection());
        }
        let (all, most, rejection) = self.bytes(Some(work), config);
        if all.load(Ordering::Relaxed) >= most {
            return Err(rejection);
        }
        let answers = self.answer_bytes.load(Ordering::Relaxed);
        if matches!(work, Work::Batch | Work::Ingest) && answers >= bounds(config).large() {
            return Err(Rejection::AnswerBytes);
        }
        if work == Work::Batch && connection.is_some_and(ConnectionBytes::is_full) {
            return Err(Rejection::AnswerBytes);
        }
        Ok(())
    }

    /// Counts the bytes of an answer to a client. The answer to accepted facts is always sent: their number is bounded by the slots.
    pub(in crate::http) fn answer(
        &self,
        work: Option<Work>,
        bytes: usize,
        connection: Option<&ConnectionBytes>,
        config: &config::Admission,
    ) -> Result<AnswerBytes, Rejection> {
        let mut held = AnswerBytes::new(&self.answer_bytes, connection);
        let fits = held.add(bytes, &bounds(config)) || work == Some(Work::Ingest);
        fits.then_some(held).ok_or(Rejection::AnswerBytes)
    }

    /// Returns a slot. If other requests wait, it yields once, so that all requests that arrived together get a slot or are rejected
    /// before the body of the first one is read.
    pub(in crate::http) async fn slot(
        &self,
        work: Work,
        priority: Option<&Priority>,
        config: &config::Admission,
    ) -> Result<Slot, Rejection> {
        let most = self.most(work, priority, config);
        let full = self.most(work, None, config);
        let slot = self.queue(work).slot(work, most, full);
        let slot = slot.ok_or(work.rejection())?;
        if let Some(Priority::Woken(wakeup)) = priority {
            wakeup.used();
        }
        if self.queue(work).has_waiting() {
            tokio::task::yield_now().await;
        }
        Ok(slot)
    }

    /// Waits until the request of a slot may run. Rejects it if that takes longer than `patience`, and a rank request at once if that
    /// is expected. A rank request yields once more before it runs: without that, new arrivals would wait in the runtime's
    /// queue of readable sockets, where they can be neither counted nor rejected.
    pub(in crate::http) async fn permit(
        &self,
        slot: Slot,
        patience: Duration,
    ) -> Result<RunPermit, Rejection> {
        let is_ranking = slot.work == Work::Rank;
        let slot = slot.ready();
        let is_late = is_ranking && self.pace.time(slot.ahead) > patience;
        let permit = match is_late {
            true => None,
            false => slot.permit(patience).await,
        };
        let Some(permit) = permit else {
            slot.give_up();
            return Err(Rejection::Late);
        };
        if is_ranking {
            tokio::task::yield_now().await;
        }
        Ok(RunPermit {
            slot,
            _permit: permit,
            pace: is_ranking.then(|| Arc::clone(&self.pace)),
        })
    }

    /// Returns the pause of a connection after a rejected request, or after a request for which it was woken; `None` if a slot is
    /// free. After a request that was too late, the pause lasts until no request waits.
    pub(in crate::http) fn pause(
        &self,
        work: Work,
        rejection: Option<Rejection>,
        config: &config::Admission,
    ) -> Option<Pause> {
        let most = match rejection {
            Some(Rejection::Late) => self.rank.at_once(),
            _ => self.most(work, None, config),
        };
        let is_full = work == Work::Rank && self.rank.used() >= most;
        is_full.then(|| Pause {
            queue: Arc::clone(&self.rank),
            most,
        })
    }

    /// Returns the byte count of a new body, 0.
    pub(in crate::http) fn body(
        &self,
        work: Option<Work>,
        config: &config::Admission,
    ) -> BodyBytes {
        let (all, most, rejection) = self.bytes(work, config);
        BodyBytes {
            all: Arc::clone(all),
            most,
            own: 0,
            rejection,
        }
    }

    /// Counts a rejection.
    pub(in crate::http) fn rejected(&self, rejection: Rejection) {
        self.metrics.rejected(rejection);
    }

    /// Updates the gauges.
    pub(in crate::http) fn measure(&self, config: &config::Admission, metrics: &AdmissionMetrics) {
        for work in Work::ALL {
            let most = self.most(work, Some(&Priority::Quiet), config);
            self.metrics.set(work, self.queue(work).used(), most);
        }
        let held = |bytes: &AtomicUsize| bytes.load(Ordering::Relaxed) as u64;
        metrics.paused.set(self.rank.paused.count() as u64);
        metrics.rank_body_bytes.set(held(&self.rank_bytes));
        metrics.ingest_body_bytes.set(held(&self.ingest_bytes));
        metrics.answer_bytes.set(held(&self.answer_bytes));
    }

    fn queue(&self, work: Work) -> &Arc<Queue> {
        match work {
            Work::Rank => &self.rank,
            Work::Batch => &self.batch,
            Work::Ingest => &self.ingest,
            Work::Read => &self.read,
        }
    }

    /// Returns the number of slots for a kind of work that a request of a priority may use.
    fn most(&self, work: Work, priority: Option<&Priority>, config: &config::Admission) -> usize {
        let most = match work {
            Work::Rank if config.rank > 0 => config.rank,
            Work::Rank => {
                let (least, most) = (self.cores * LEAST_A_CORE, self.cores * MOST_A_CORE);
                self.pace.within(config.queue).clamp(least, most)
            }
            Work::Batch | Work::Ingest | Work::Read => {
                self.queue(work).at_once().saturating_mul(1 + WAITING)
            }
        };
        match (work, priority) {
            (Work::Rank, Some(Priority::Woken(_))) => usize::MAX,
            (Work::Rank, None) => most - most / QUIET,
            (Work::Rank, Some(Priority::Quiet)) | (Work::Batch | Work::Ingest | Work::Read, _) => {
                most
            }
        }
    }

    /// Returns the byte count of all bodies of a kind of work, its bound, and the rejection beyond it.
    fn bytes(
        &self,
        work: Option<Work>,
        config: &config::Admission,
    ) -> (&Arc<AtomicUsize>, usize, Rejection) {
        match work {
            Some(Work::Rank | Work::Batch) => {
                (&self.rank_bytes, config.rank_bytes, Rejection::RankBytes)
            }
            Some(Work::Ingest | Work::Read) | None => (
                &self.ingest_bytes,
                config.ingest_bytes,
                Rejection::IngestBytes,
            ),
        }
    }
}

/// Returns the bounds of the bytes of answers.
fn bounds(config: &config::Admission) -> Bounds {
    Bounds {
        all: config.answer_bytes,
        connection: config.connection_answer_bytes,
    }
}

#[cfg(test)]
mod tests;
