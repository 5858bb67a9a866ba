//! The greedy fill: each free place takes the candidate that fits and counts most, its score × the share that decay leaves.
//!
//! Candidates are drawn from the best on, only while one not yet drawn may count more than every one that was. Those that no rule tells
//! apart wait in one queue, and only its first races, so that a place costs a few steps of a heap and not a look at every candidate.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::key::Key;
use super::page::{Held, Page};
use super::set::Set;
use super::why::Why;
use crate::rule::By;

/// The end of a queue.
const NONE: usize = usize::MAX;

/// A candidate in its queue.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    candidate: usize,
    /// The next of the queue.
    next: usize,
}

/// Candidates of the same groups, from the best on.
#[derive(Clone, Debug)]
struct Queue {
    key: Key,
    first: usize,
    last: usize,
    /// True if its first races; false if the queue is empty or blocked by a cap.
    races: bool,
    /// The cap that blocked it last.
    passed: Option<By>,
    blocked: bool,
}

impl Queue {
    /// The queue of no candidates.
    const EMPTY: Self = Self {
        key: Key::NONE,
        first: NONE,
        last: NONE,
        races: false,
        passed: None,
        blocked: false,
    };
}

/// The first of a queue, as it races. What it counts may have fallen since. The greatest counts most; of those that count equally, it is
/// first by score, then by lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    /// Bits of what it counts, which sort as the number does, because it is never negative.
    counts: u64,
    drawn: Reverse<usize>,
    queue: usize,
}

impl Head {
    /// Returns what it counts.
    const fn counts(&self) -> f64 {
        f64::from_bits(self.counts)
    }
}

/// The race for the free places of one page.
#[derive(Debug)]
pub(super) struct Fill {
    /// In the order of score.
    drawn: Vec<Drawn>,
    /// Number of candidates read, those that have a place included.
    read: usize,
    /// By number of the key.
    queues: Vec<Queue>,
    heads: BinaryHeap<Head>,
    /// Blocked queues by the place at which they may fit again.
    waiting: BinaryHeap<Reverse<(usize, usize)>>,
    /// Number of times a queue did not fit.
    pub(super) passed: usize,
}

impl Fill {
    /// Creates the race for about `places` places, with room for the candidates that are probably drawn.
    pub(super) fn new(places: usize) -> Self {
        let room = 2 * places;
        Self {
            drawn: Vec::with_capacity(room),
            read: 0,
            queues: Vec::with_capacity(room),
            heads: BinaryHeap::with_capacity(room),
            waiting: BinaryHeap::new(),
            passed: 0,
        }
    }

    /// Returns what a place takes; `None` if nothing fits.
    pub(super) fn pick<S: Set>(&mut self, page: &mut Page<'_, S>, place: usize) -> Option<Held> {
        self.wake(page, place);
        loop {
            self.draw(page);
            let head = self.heads.pop()?;
            let Drawn { candidate, .. } = self.drawn[head.drawn.0];
            let queue = &mut self.queues[head.queue];
            queue.races = false;
            if page.is_taken(candidate) {
                self.advance(page, head.queue);
                continue;
            }
            let share = page.share(&queue.key);
            if page.score(candidate) * share < head.counts() {
                self.race(page, head.queue);
                continue;
            }
            let Some(blocked) = page.blocked(&queue.key, place) else {
                let (passed, decayed) = (queue.passed, share < 1.0);
                let held = Held {
                    candidate,
                    why: Why::Fill { passed, decayed },
                    key: queue.key,
                };
                self.advance(page, head.queue);
                return Some(held);
            };
            self.passed += 1;
            (queue.passed, queue.blocked) = (Some(blocked.by), true);
            if let Some(until) = blocked.until {
                self.waiting.push(Reverse((until, head.queue)));
            }
        }
    }

    /// Lets the queues race again that may fit from this place on.
    fn wake<S: Set>(&mut self, page: &Page<'_, S>, place: usize) {
        while let Some(&Reverse((until, queue))) = self.waiting.peek()
            && until <= place
        {
            self.waiting.pop();
            self.queues[queue].blocked = false;
            self.race(page, queue);
        }
    }

    /// Draws candidates while the next one may count as much as the best that was drawn.
    fn draw<S: Set>(&mut self, page: &mut Page<'_, S>) {
        while let Some(candidate) = page.orders.by_score(page.set, self.read) {
            let best = self.heads.peek().map(Head::counts);
            if best.is_some_and(|best| page.score(candidate) < best) {
                return;
            }
            self.read += 1;
            if !page.is_taken(candidate) {
                self.append(page, candidate);
            }
        }
    }

    /// Puts a candidate at the end of its queue.
    fn append<S: Set>(&mut self, page: &mut Page<'_, S>, candidate: usize) {
        let key = page.key(candidate);
        let queue = key.number as usize;
        if queue >= self.queues.len() {
            self.queues.resize(queue + 1, Queue::EMPTY);
        }
        let drawn = self.drawn.len();
        let next = NONE;
        self.drawn.push(Drawn { candidate, next });
        let it = &mut self.queues[queue];
        it.key = key;
        if it.first == NONE {
            it.first = drawn;
        } else {
            self.drawn[it.last].next = drawn;
        }
        it.last = drawn;
        self.race(page, queue);
    }

    /// Removes the first of a queue; the next one races.
    fn advance<S: Set>(&mut self, page: &Page<'_, S>, queue: usize) {
        let first = &mut self.queues[queue].first;
        *first = self.drawn[*first].next;
        self.race(page, queue);
    }

    /// Lets the first of a queue race, unless it does already or is blocked.
    fn race<S: Set>(&mut self, page: &Page<'_, S>, queue: usize) {
        let it = &mut self.queues[queue];
        if it.first == NONE || it.races || it.blocked {
            return;
        }
        it.races = true;
        let Drawn { candidate, .. } = self.drawn[it.first];
        let counts = page.score(candidate) * page.share(&it.key);
        self.heads.push(Head {
            // Of two zeros, the bits of the negative one would be greater.
            counts: (counts + 0.0).to_bits(),
            drawn: Reverse(it.first),
            queue,
        });
    }
}
