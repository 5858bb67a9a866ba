//! Admission: how much work of each kind is under way at once, so that beyond it a request gets a quick no instead of a late yes.
//!
//! Rank requests, batches and facts have **places** of their own, and so have the bytes of their bodies: a flood of one kind takes
//! nothing from another. Those who have a place wait for one of a few **turns**, first come, first served.
//!
//! A rank request is answered in one go where it arrived, so that without turns what queues is tasks whose sockets are readable, out
//! of sight of any count, and whoever is to be refused queues with them. So each that has its turn lets everybody else go
//! first, once: those who arrived meanwhile take their places or are refused after a few rankings, however long the queue.
//!
//! How many places there are for rank requests follows from the [`Pace`] at which they are answered, unless it is set: as many as
//! are answered within `[admission] queue_ms`. A fixed number would be a millisecond of short requests, or a second of long ones.
//! Where a request's own time will be over before its turn comes, it is refused at once.
//!
//! A refusal costs a tenth of a short request and more, and who is refused may come again at once: refusals alone could take all the
//! time there is. So who was refused stands in a [line], and his next request is read when there is a place for it. So that those who
//! ask again and again crowd out nobody else, some places are kept for connections that were quiet.

mod line;
mod metrics;
mod pace;
mod queue;
mod work;

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use self::metrics::Metrics;
use self::pace::Pace;
use self::queue::{Queue, Ready};
use super::Action;
use crate::config;
use crate::telemetry::AdmissionMetrics;

pub(super) use self::line::{Called, Claim, NoPlace};
pub(super) use self::queue::Place;
pub(super) use self::work::{Refusal, Work};

/// Rank requests that have their turn for each core: as many are answered before others are looked at.
const RANKINGS_A_CORE: usize = 8;
/// Batches under way for each core.
const BATCHES_A_CORE: usize = 2;
/// Bulk bodies under way for each core: enough that those who share one flush to a disk are many.
const BODIES_A_CORE: usize = 8;
/// For each turn of a batch or a body, how many wait.
const WAITING: usize = 16;
/// The least places for rank requests for each core, however long the last ones took.
const LEAST_A_CORE: usize = 16;
/// One of so many places for rank requests is kept for connections on which nothing was asked lately.
const QUIET: usize = 8;
/// The most places for rank requests for each core, however short the last ones were.
const MOST_A_CORE: usize = 4_096;

impl Work {
    /// The kind of work behind a handler that has to be admitted.
    pub(super) const fn of(action: Action) -> Option<Self> {
        match action {
            Action::Rank => Some(Self::Rank),
            Action::Batch => Some(Self::Batch),
            Action::Ingest(_) | Action::Delete(_) => Some(Self::Ingest),
            Action::Show(_)
            | Action::Race
            | Action::Rebuild
            | Action::Backup
            | Action::Config
            | Action::Metrics
            | Action::Health
            | Action::Ready
            | Action::OpenApi
            | Action::Docs(_) => None,
        }
    }
}

/// What is under way, and what of it there may be.
pub(super) struct Admission {
    cores: usize,
    rank: Arc<Queue>,
    batch: Arc<Queue>,
    ingest: Arc<Queue>,
    pace: Arc<Pace>,
    rank_bytes: Arc<AtomicUsize>,
    ingest_bytes: Arc<AtomicUsize>,
    metrics: Metrics,
}

/// Leave to work, for as long as this lives.
pub(super) struct Leave {
    place: Ready,
    _turn: OwnedSemaphorePermit,
    /// For a rank request, whose time counts.
    pace: Option<Arc<Pace>>,
}

impl Drop for Leave {
    fn drop(&mut self) {
        if let Some(pace) = &self.pace {
            pace.leave(self.place.is_waiting());
        }
    }
}

/// The bytes of one body, counted against those of all until dropped.
pub(super) struct Held {
    all: Arc<AtomicUsize>,
    most: usize,
    own: usize,
    why: Refusal,
}

impl Held {
    /// Counts more bytes as held.
    ///
    /// # Errors
    /// 429 where there is no room for them.
    pub(super) fn more(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.own += bytes;
        let before = self.all.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.most {
            return Err(self.why);
        }
        Ok(())
    }

    /// Counts so many bytes as held no longer.
    pub(super) fn less(&mut self, bytes: usize) {
        self.own -= bytes;
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.less(self.own);
    }
}

impl Admission {
    /// Nothing is under way yet.
    pub(super) fn new(config: &config::Admission, room: &AdmissionMetrics) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let or = |given: usize, a_core: usize| if given == 0 { cores * a_core } else { given };
        Self {
            cores,
            rank: Queue::of(cores * RANKINGS_A_CORE),
            batch: Queue::of(or(config.batch, BATCHES_A_CORE)),
            ingest: Queue::of(or(config.ingest, BODIES_A_CORE)),
            pace: Arc::default(),
            rank_bytes: Arc::default(),
            ingest_bytes: Arc::default(),
            metrics: Metrics::new(room),
        }
    }

    /// Refuses work for which there is no place now, before its body is read.
    pub(super) fn look(
        &self,
        work: Work,
        claim: Option<&Claim>,
        config: &config::Admission,
    ) -> Result<(), Refusal> {
        if self.queue(work).taken() >= self.most(work, claim, config) {
            return Err(work.refusal());
        }
        let (all, most, why) = self.bytes(Some(work), config);
        if all.load(Ordering::Relaxed) >= most {
            return Err(why);
        }
        Ok(())
    }

    /// A place among those who wait for their turn. Where others wait too, everybody else goes first, once: all who came at the same
    /// time have their place or their refusal before the first of them is read further.
    pub(super) async fn place(
        &self,
        work: Work,
        claim: Option<&Claim>,
        config: &config::Admission,
    ) -> Result<Place, Refusal> {
        let most = self.most(work, claim, config);
        let full = self.most(work, None, config);
        let place = self.queue(work).place(work, most, full);
        let place = place.ok_or(work.refusal())?;
        if let Some(Claim::Called(called)) = claim {
            called.used();
        }
        if self.queue(work).is_waiting() {
            tokio::task::yield_now().await;
        }
        Ok(place)
    }

    /// Leave to work, once it is the turn of a place; refused where that does not come within the patience.
    pub(super) async fn turn(&self, place: Place, patience: Duration) -> Result<Leave, Refusal> {
        let is_ranking = place.work == Work::Rank;
        let place = place.ready();
        let is_late = is_ranking && self.pace.time(place.ahead) > patience;
        let turn = match is_late {
            true => None,
            false => place.turn(patience).await,
        };
        let Some(turn) = turn else {
            place.give_up();
            return Err(Refusal::Late);
        };
        if is_ranking {
            tokio::task::yield_now().await;
        }
        Ok(Leave {
            place,
            _turn: turn,
            pace: is_ranking.then(|| Arc::clone(&self.pace)),
        })
    }

    /// Where a connection is to wait that was refused such work, or was called for it; `None` where there is a place now. Who was too late
    /// waits until nobody else does.
    pub(super) fn no_place(
        &self,
        work: Work,
        refused: Option<Refusal>,
        config: &config::Admission,
    ) -> Option<NoPlace> {
        let most = match refused {
            Some(Refusal::Late) => self.rank.at_once(),
            _ => self.most(work, None, config),
        };
        let is_full = work == Work::Rank && self.rank.taken() >= most;
        is_full.then(|| NoPlace {
            queue: Arc::clone(&self.rank),
            most,
        })
    }

    /// The count of a body that nothing was read of yet.
    pub(super) fn hold(&self, work: Option<Work>, config: &config::Admission) -> Held {
        let (all, most, why) = self.bytes(work, config);
        Held {
            all: Arc::clone(all),
            most,
            own: 0,
            why,
        }
    }

    /// Counts a rejection.
    pub(super) fn refused(&self, refusal: Refusal) {
        self.metrics.refused(refusal);
    }

    /// Brings the gauges up to date.
    pub(super) fn measure(&self, config: &config::Admission, room: &AdmissionMetrics) {
        for work in Work::ALL {
            let most = self.most(work, Some(&Claim::Quiet), config);
            self.metrics.set(work, self.queue(work).taken(), most);
        }
        let held = |bytes: &AtomicUsize| bytes.load(Ordering::Relaxed) as u64;
        room.paused.set(self.rank.line.standing() as u64);
        room.rank_body_bytes.set(held(&self.rank_bytes));
        room.ingest_body_bytes.set(held(&self.ingest_bytes));
    }

    fn queue(&self, work: Work) -> &Arc<Queue> {
        match work {
            Work::Rank => &self.rank,
            Work::Batch => &self.batch,
            Work::Ingest => &self.ingest,
        }
    }

    /// How many places there are for that work, by what a request may claim.
    fn most(&self, work: Work, claim: Option<&Claim>, config: &config::Admission) -> usize {
        let most = match work {
            Work::Rank if config.rank > 0 => config.rank,
            Work::Rank => {
                let (least, most) = (self.cores * LEAST_A_CORE, self.cores * MOST_A_CORE);
                self.pace.within(config.queue).clamp(least, most)
            }
            Work::Batch | Work::Ingest => self.queue(work).at_once().saturating_mul(1 + WAITING),
        };
        match (work, claim) {
            (Work::Rank, Some(Claim::Called(_))) => usize::MAX,
            (Work::Rank, None) => most - most / QUIET,
            (Work::Rank, Some(Claim::Quiet)) | (Work::Batch | Work::Ingest, _) => most,
        }
    }

    fn bytes(
        &self,
        work: Option<Work>,
        config: &config::Admission,
    ) -> (&Arc<AtomicUsize>, usize, Refusal) {
        match work {
            Some(Work::Rank | Work::Batch) => {
                (&self.rank_bytes, config.rank_bytes, Refusal::RankBytes)
            }
            Some(Work::Ingest) | None => (
                &self.ingest_bytes,
                config.ingest_bytes,
                Refusal::IngestBytes,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::telemetry::Telemetry;

    fn config() -> config::Admission {
        config::Admission {
            rank: 2,
            batch: 1,
            ingest: 1,
            ..Config::embedded().admission
        }
    }

    /// A place and its turn.
    async fn enter(
        admission: &Admission,
        work: Work,
        config: &config::Admission,
        patience: Duration,
    ) -> Result<Leave, Refusal> {
        let place = admission.place(work, None, config).await?;
        admission.turn(place, patience).await
    }

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_is_full_refuses_until_one_leaves_and_the_others_do_not_care() {
        let config = config();
        let admission = Admission::new(&config, &Telemetry::default().admission);
        let one = enter(&admission, Work::Rank, &config, LONG).await;
        let two = enter(&admission, Work::Rank, &config, LONG).await;
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(
            admission.look(Work::Rank, None, &config),
            Err(Refusal::Rank)
        );
        let three = enter(&admission, Work::Rank, &config, LONG).await;
        assert_eq!(three.err(), Some(Refusal::Rank));
        assert_eq!(admission.look(Work::Ingest, None, &config), Ok(()));
        assert!(enter(&admission, Work::Batch, &config, LONG).await.is_ok());
        drop(one);
        assert_eq!(admission.look(Work::Rank, None, &config), Ok(()));
        assert!(enter(&admission, Work::Rank, &config, LONG).await.is_ok());
    }

    #[tokio::test]
    async fn a_turn_is_waited_for_but_not_for_ever() {
        let config = config();
        let admission = Admission::new(&config, &Telemetry::default().admission);
        let first = enter(&admission, Work::Ingest, &config, LONG).await;
        let late = enter(&admission, Work::Ingest, &config, SHORT).await;
        assert_eq!(late.err(), Some(Refusal::Late));
        let second = enter(&admission, Work::Ingest, &config, LONG);
        let ends = async {
            tokio::task::yield_now().await;
            drop(first);
        };
        assert!(tokio::join!(second, ends).0.is_ok());
    }

    #[tokio::test]
    async fn those_who_wait_are_bounded_too() {
        let config = config();
        let admission = Admission::new(&config, &Telemetry::default().admission);
        let first = enter(&admission, Work::Ingest, &config, LONG).await;
        let mut waiting = tokio::task::JoinSet::new();
        let admission = Arc::new(admission);
        for _ in 0..WAITING {
            let (admission, config) = (Arc::clone(&admission), config.clone());
            waiting
                .spawn(async move { enter(&admission, Work::Ingest, &config, LONG).await.is_ok() });
        }
        while admission.look(Work::Ingest, None, &config).is_ok() {
            tokio::task::yield_now().await;
        }
        let beyond = enter(&admission, Work::Ingest, &config, LONG).await;
        assert_eq!(beyond.err(), Some(Refusal::Ingest));
        drop(first);
        assert_eq!(waiting.join_all().await, [true; WAITING]);
        assert_eq!(admission.look(Work::Ingest, None, &config), Ok(()));
    }

    #[test]
    fn bytes_are_counted_for_as_long_as_they_are_held() {
        let config = config::Admission {
            rank_bytes: 10,
            ..config()
        };
        let admission = Admission::new(&config, &Telemetry::default().admission);
        let (mut one, mut two) = (
            admission.hold(Some(Work::Rank), &config),
            admission.hold(Some(Work::Batch), &config),
        );
        assert_eq!(one.more(6), Ok(()));
        assert_eq!(two.more(5), Err(Refusal::RankBytes));
        assert_eq!(
            admission.look(Work::Rank, None, &config),
            Err(Refusal::RankBytes)
        );
        assert_eq!(admission.look(Work::Ingest, None, &config), Ok(()));
        drop(two);
        one.less(2);
        assert_eq!(one.more(6), Ok(()));
        drop(one);
        assert_eq!(admission.rank_bytes.load(Ordering::Relaxed), 0);
    }
}
