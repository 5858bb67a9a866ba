//! Admission: how much work of each kind is under way at once, so that beyond it a request gets a quick no instead of a late yes.
//!
//! Rank requests, batches and facts have **places** of their own, and so have the bytes of their bodies: a flood of one kind takes
//! nothing from another. Those who have a place wait for one of a few **turns**, first come, first served.
//!
//! A rank request is answered in one go where it arrived, so that without turns what queues is tasks whose sockets are readable, out
//! of sight of any count, and whoever is to be refused queues with them. So each that has its turn lets everybody else go
//! first, once: those who arrived meanwhile take their places or are refused after a few rankings, however long the queue.
//!
//! How long it may be follows from how long the last requests took, unless it is set: as many as the cores can answer within
//! `[admission] queue_ms`. A fixed number would be a millisecond of short requests, or a second of long ones. A refusal costs
//! a quarter of a short request and more, and who is refused may come again at once where who waits does not. So whoever has a place
//! waits for as long as the request's own time allows: to refuse early what might be late was measured to leave time for
//! little but refusals.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Action;
use crate::config;
use crate::telemetry::{Refusal, Room, Work};

/// Rank requests that have their turn for each core: as many are answered before others are looked at.
const RANKINGS_A_CORE: usize = 16;
/// Batches under way for each core.
const BATCHES_A_CORE: usize = 2;
/// Bulk bodies under way for each core: enough that those who share one flush to a disk are many.
const BODIES_A_CORE: usize = 8;
/// For each turn, how many wait.
const WAITING: usize = 16;
/// The least that may queue for each core, however long the last requests took. To refuse a short request costs a quarter of
/// answering it: as long as they can be answered before their own time is over, they should be.
const LEAST_A_CORE: usize = 512;
/// The most that may queue for each core, however short the last requests were.
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
    rank: Queue,
    batch: Queue,
    ingest: Queue,
    rank_bytes: Arc<AtomicUsize>,
    ingest_bytes: Arc<AtomicUsize>,
    pace: Pace,
}

/// Places of which some have their turn.
struct Queue {
    places: Arc<Places>,
    turns: Arc<Semaphore>,
    most: usize,
}

impl Queue {
    fn of(turns: usize) -> Self {
        let turns = turns.min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::default(),
            turns: Arc::new(Semaphore::new(turns)),
            most: turns.saturating_mul(1 + WAITING),
        }
    }

    /// The next turn, first come, first served; `None` where it does not come within the time.
    async fn turn(&self, patience: Duration) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        tokio::time::timeout(patience, turn).await.ok()?.ok()
    }
}

/// How many are in, waiting or at work.
#[derive(Default)]
struct Places(AtomicUsize);

impl Places {
    fn taken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A place, unless so many are taken.
    fn take(self: &Arc<Self>, most: usize) -> Option<Place> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(self));
        (before < most).then_some(place)
    }
}

/// One of the [`Places`], left when dropped.
struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The mean time that the last rank requests took, in nanoseconds: each new one counts for a 64th. 0: there was none yet.
#[derive(Default)]
struct Pace(AtomicU64);

impl Pace {
    /// Two that end at once may lose one of their times, which changes nothing that matters.
    fn observe(&self, time: Duration) {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let mean = match self.0.load(Ordering::Relaxed) {
            0 => time,
            mean => mean - mean / 64 + time / 64,
        };
        self.0.store(mean, Ordering::Relaxed);
    }

    /// How many requests so many cores answer within a time.
    fn within(&self, time: Duration, cores: usize) -> usize {
        let mean = self.0.load(Ordering::Relaxed).max(1);
        let each = time.as_nanos() / u128::from(mean);
        let all = usize::try_from(each).unwrap_or(usize::MAX);
        all.clamp(LEAST_A_CORE, MOST_A_CORE).saturating_mul(cores)
    }
}

/// Leave to work, for as long as this lives.
pub(super) struct Leave {
    _place: Place,
    _turn: OwnedSemaphorePermit,
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
    pub(super) fn new(config: &config::Admission) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let or = |given: usize, a_core: usize| if given == 0 { cores * a_core } else { given };
        Self {
            cores,
            rank: Queue::of(cores * RANKINGS_A_CORE),
            batch: Queue::of(or(config.batch, BATCHES_A_CORE)),
            ingest: Queue::of(or(config.ingest, BODIES_A_CORE)),
            rank_bytes: Arc::default(),
            ingest_bytes: Arc::default(),
            pace: Pace::default(),
        }
    }

    /// Refuses work for which there is no place now, before its body is read.
    pub(super) fn look(&self, work: Work, config: &config::Admission) -> Result<(), Refusal> {
        let (queue, most) = self.queue(work, config);
        if queue.places.taken() >= most {
            return Err(work.refusal());
        }
        let (all, most, why) = self.bytes(Some(work), config);
        if all.load(Ordering::Relaxed) >= most {
            return Err(why);
        }
        Ok(())
    }

    /// Leave to work, once it is its turn; refused where that does not come within the patience.
    pub(super) async fn enter(
        &self,
        work: Work,
        config: &config::Admission,
        patience: Duration,
    ) -> Result<Leave, Refusal> {
        let (queue, most) = self.queue(work, config);
        let place = queue.places.take(most).ok_or(work.refusal())?;
        let turn = queue.turn(patience).await.ok_or(Refusal::Late)?;
        if work == Work::Rank {
            tokio::task::yield_now().await;
        }
        Ok(Leave {
            _place: place,
            _turn: turn,
        })
    }

    /// Notes how long a rank request took, to be read, ranked and written.
    pub(super) fn took(&self, time: Duration) {
        self.pace.observe(time);
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

    /// Brings the gauges up to date.
    pub(super) fn measure(&self, config: &config::Admission, room: &Room) {
        for work in Work::ALL {
            let (queue, most) = self.queue(work, config);
            room.admitted(work).set(count(queue.places.taken()));
            room.admitted_most(work).set(count(most));
        }
        let held = |bytes: &AtomicUsize| count(bytes.load(Ordering::Relaxed));
        room.rank_body_bytes.set(held(&self.rank_bytes));
        room.ingest_body_bytes.set(held(&self.ingest_bytes));
    }

    fn queue(&self, work: Work, config: &config::Admission) -> (&Queue, usize) {
        match work {
            Work::Rank if config.rank > 0 => (&self.rank, config.rank),
            Work::Rank => (&self.rank, self.pace.within(config.queue, self.cores)),
            Work::Batch => (&self.batch, self.batch.most),
            Work::Ingest => (&self.ingest, self.ingest.most),
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

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config() -> config::Admission {
        config::Admission {
            rank: 2,
            batch: 1,
            ingest: 1,
            ..Config::embedded().admission
        }
    }

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_is_full_refuses_until_one_leaves_and_the_others_do_not_care() {
        let config = config();
        let admission = Admission::new(&config);
        let one = admission.enter(Work::Rank, &config, LONG).await;
        let two = admission.enter(Work::Rank, &config, LONG).await;
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(admission.look(Work::Rank, &config), Err(Refusal::Rank));
        let three = admission.enter(Work::Rank, &config, LONG).await;
        assert_eq!(three.err(), Some(Refusal::Rank));
        assert_eq!(admission.look(Work::Ingest, &config), Ok(()));
        assert!(admission.enter(Work::Batch, &config, LONG).await.is_ok());
        drop(one);
        assert_eq!(admission.look(Work::Rank, &config), Ok(()));
        assert!(admission.enter(Work::Rank, &config, LONG).await.is_ok());
    }

    #[tokio::test]
    async fn a_turn_is_waited_for_but_not_for_ever() {
        let config = config();
        let admission = Admission::new(&config);
        let first = admission.enter(Work::Ingest, &config, LONG).await;
        let late = admission.enter(Work::Ingest, &config, SHORT).await;
        assert_eq!(late.err(), Some(Refusal::Late));
        let second = admission.enter(Work::Ingest, &config, LONG);
        let ends = async {
            tokio::task::yield_now().await;
            drop(first);
        };
        assert!(tokio::join!(second, ends).0.is_ok());
    }

    #[tokio::test]
    async fn those_who_wait_are_bounded_too() {
        let config = config();
        let admission = Admission::new(&config);
        let first = admission.enter(Work::Ingest, &config, LONG).await;
        let mut waiting = tokio::task::JoinSet::new();
        let admission = Arc::new(admission);
        for _ in 0..WAITING {
            let (admission, config) = (Arc::clone(&admission), config.clone());
            waiting
                .spawn(async move { admission.enter(Work::Ingest, &config, LONG).await.is_ok() });
        }
        while admission.look(Work::Ingest, &config).is_ok() {
            tokio::task::yield_now().await;
        }
        let beyond = admission.enter(Work::Ingest, &config, LONG).await;
        assert_eq!(beyond.err(), Some(Refusal::Ingest));
        drop(first);
        assert_eq!(waiting.join_all().await, [true; WAITING]);
        assert_eq!(admission.look(Work::Ingest, &config), Ok(()));
    }

    #[test]
    fn bytes_are_counted_for_as_long_as_they_are_held() {
        let config = config::Admission {
            rank_bytes: 10,
            ..config()
        };
        let admission = Admission::new(&config);
        let (mut one, mut two) = (
            admission.hold(Some(Work::Rank), &config),
            admission.hold(Some(Work::Batch), &config),
        );
        assert_eq!(one.more(6), Ok(()));
        assert_eq!(two.more(5), Err(Refusal::RankBytes));
        assert_eq!(admission.look(Work::Rank, &config), Err(Refusal::RankBytes));
        assert_eq!(admission.look(Work::Ingest, &config), Ok(()));
        drop(two);
        one.less(2);
        assert_eq!(one.more(6), Ok(()));
        drop(one);
        assert_eq!(admission.rank_bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_queue_is_as_long_as_the_last_requests_allow() {
        let (pace, queue) = (Pace::default(), Duration::from_millis(4));
        assert_eq!(pace.within(queue, 2), 2 * MOST_A_CORE);
        pace.observe(Duration::from_micros(2));
        assert_eq!(pace.within(queue, 2), 4_000);
        for _ in 0..1_000 {
            pace.observe(Duration::from_micros(4));
        }
        let slower = pace.within(queue, 2);
        assert!((2_000..=2_100).contains(&slower), "{slower}");
        pace.observe(Duration::from_secs(3_600));
        assert_eq!(pace.within(queue, 2), 2 * LEAST_A_CORE);
    }
}
