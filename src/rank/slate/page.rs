//! One page while it is arranged: who holds which place, and what the rules count.

use super::cap::{Blocked, Counts};
use super::decay::Decay;
use super::groups::Groups;
use super::key::{Group, Key};
use super::order::Orders;
use super::plan::Plan;
use super::set::Set;
use super::why::Why;
use crate::rule::{By, RULES};

/// A candidate in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::rank) struct Held {
    /// Index of the candidate.
    pub(in crate::rank) candidate: usize,
    /// How it got the place.
    pub(super) why: Why,
    /// Its groups.
    pub(super) key: Key,
}

/// The race for one place of a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::rank) struct Win {
    /// Index of the slot in the plan.
    pub(in crate::rank) slot: usize,
    /// The place, from 1.
    pub(in crate::rank) place: usize,
    /// The winner and its score in the slot.
    pub(in crate::rank) winner: (usize, f32),
    /// The best of another merchant.
    pub(in crate::rank) runner_up: Option<(usize, f32)>,
}

/// An arranged page.
#[derive(Clone, Debug, Default)]
pub(in crate::rank) struct Arranged {
    /// Number of places before this page.
    pub(in crate::rank) start: usize,
    /// What stands on it, from the first place on.
    pub(in crate::rank) held: Vec<Held>,
    /// The races for its reserved places.
    pub(in crate::rank) wins: Vec<Win>,
    /// Candidates that fit no further place, if the page ended early, each with the cap that it would break.
    pub(in crate::rank) left: Vec<(usize, By)>,
    /// Number of times each rule acted.
    pub(in crate::rank) fired: [usize; RULES],
}

impl Arranged {
    /// Returns the places that slots and support places gave away, with the slot's index in the plan; `None` for support.
    pub(in crate::rank) fn won(&self) -> impl Iterator<Item = (usize, Option<usize>)> + '_ {
        let places = self.held.iter().zip(self.start + 1..);
        places.filter_map(|(held, place)| match held.why {
            Why::Slot(slot) => Some((place, Some(slot))),
            Why::Support => Some((place, None)),
            Why::Pin | Why::Mmr | Why::First | Why::Fill { .. } => None,
        })
    }
}

/// A page while it is arranged. Places count from 1 over all pages.
#[derive(Debug)]
pub(super) struct Page<'a, S> {
    pub(super) set: &'a S,
    pub(super) plan: &'a Plan<'a>,
    pub(super) orders: Orders,
    caps: Vec<Counts<'a>>,
    decay: Option<Decay>,
    groups: Groups,
    /// By candidate, true for those that have a place, on this page or an earlier one.
    taken: Vec<bool>,
    /// Number of candidates without a place.
    left: usize,
    /// What stands on earlier pages that were arranged here.
    earlier: Vec<Held>,
    /// What stands on this page, from the first place on.
    places: Vec<Option<Held>>,
    last_own: f64,
    pub(super) wins: Vec<Win>,
}

impl<'a, S: Set> Page<'a, S> {
    /// Creates the state before the first page that is arranged. What was answered before counts in windows and decay.
    pub(super) fn new(set: &'a S, plan: &'a Plan<'a>, limit: usize) -> Self {
        let candidates = set.own().len();
        // More are read than have a place.
        let likely = limit.saturating_add(limit / 2).min(candidates);
        let room = set.past() + likely;
        let mut page = Self {
            set,
            plan,
            orders: Orders::new(likely),
            caps: plan.caps.iter().map(|cap| Counts::new(cap, room)).collect(),
            decay: plan.decay.map(|settings| Decay::new(settings, 2 * room)),
            groups: Groups::new(plan, room),
            taken: vec![false; candidates],
            left: candidates,
            earlier: Vec::new(),
            places: Vec::new(),
            last_own: 0.0,
            wins: Vec::new(),
        };
        for place in 1..=set.past() {
            page.count_past(place);
        }
        page
    }

    fn count_past(&mut self, place: usize) {
        let (set, groups) = (self.set, &mut self.groups);
        let mut number = |by| Some(groups.number(by, set.past_group(place, by)?));
        for counts in &mut self.caps {
            if let Some(group) = number(counts.by()) {
                counts.add(group, place);
            }
        }
        if let Some(decay) = &mut self.decay
            && let Some(merchant) = number(By::Merchant)
        {
            decay.add(merchant);
        }
    }

    /// Begins a page of at most `limit` places.
    pub(super) fn turn(&mut self, limit: usize) {
        self.earlier.extend(self.places.drain(..).flatten());
        self.caps.iter_mut().for_each(Counts::turn);
        self.places.resize(limit.min(self.left), None);
        self.wins.clear();
        self.expect();
        if self.plan.reads_last_own() {
            self.last_own = self.find_last_own();
        }
    }

    /// Returns [`Self::last_own`] of a page that is still empty.
    fn find_last_own(&mut self) -> f64 {
        let (mut left, mut last) = (self.places.len(), 0.0);
        for index in 0.. {
            let Some(candidate) = self.orders.by_own(self.set, index).filter(|_| left > 0) else {
                break;
            };
            if !self.taken[candidate] {
                left -= 1;
                last = self.set.own()[candidate];
            }
        }
        f64::from(last)
    }

    /// Returns the number of places before this page.
    pub(super) fn start(&self) -> usize {
        self.set.past() + self.earlier.len()
    }

    /// Returns what stands on earlier pages that were arranged here.
    pub(super) fn earlier(&self) -> &[Held] {
        &self.earlier
    }

    /// Returns the places of this page.
    pub(super) fn range(&self) -> std::ops::RangeInclusive<usize> {
        let start = self.start();
        start + 1..=start + self.places.len()
    }

    /// Returns whether a place is on this page, and free.
    pub(super) fn is_free(&self, place: usize) -> bool {
        let index = place.checked_sub(self.start() + 1);
        let held = index.and_then(|index| self.places.get(index));
        held.is_some_and(Option::is_none)
    }

    /// Returns whether a candidate has a place.
    #[inline]
    pub(super) fn is_taken(&self, candidate: usize) -> bool {
        self.taken[candidate]
    }

    /// Returns the score of a candidate.
    #[inline]
    pub(super) fn score(&self, candidate: usize) -> f64 {
        let scores = self.set.lifted().unwrap_or(self.set.own());
        f64::from(scores[candidate])
    }

    /// Returns the groups of a candidate that the rules of this page count.
    #[inline]
    pub(super) fn key(&mut self, candidate: usize) -> Key {
        let set = self.set;
        self.groups.key(|by| set.group(candidate, by))
    }

    /// Says that the groups of the candidates which are probably placed will be read soon. This is a hint.
    fn expect(&mut self) {
        let (set, counted) = (self.set, self.groups.counted());
        for candidate in self.orders.likely(set) {
            counted.iter().for_each(|by| set.prefetch(candidate, *by));
        }
    }

    /// Returns why candidates with these groups do not fit a place; `None` if they fit.
    pub(super) fn blocked(&self, key: &Key, place: usize) -> Option<Blocked> {
        let caps = self.caps.iter();
        caps.fold(None, |blocked, counts| {
            let one = counts.blocked(key.of(counts.by()), place);
            match (blocked, one) {
                (Some(first), Some(one)) => Some(first.and(one)),
                (blocked, one) => blocked.or(one),
            }
        })
    }

    /// Returns the share of its score that a candidate with these groups counts; 1 without decay.
    #[inline]
    pub(super) fn share(&self, key: &Key) -> f64 {
        let decay = self.decay.as_ref();
        decay.map_or(1.0, |decay| decay.share(key.of(By::Merchant)))
    }

    /// Returns the own of the last of the best candidates, as many as the page has places: the `limit`-th, or the last if there are fewer.
    pub(super) fn last_own(&self) -> f64 {
        self.last_own
    }

    /// Returns a candidate for a place, if it fits there.
    pub(super) fn fitting(&mut self, candidate: usize, place: usize, why: Why) -> Option<Held> {
        let key = self.key(candidate);
        let fits = self.blocked(&key, place).is_none();
        fits.then_some(Held {
            candidate,
            why,
            key,
        })
    }

    /// Puts what fits in a free place of this page.
    pub(super) fn put(&mut self, held: Held, place: usize) {
        let Held { candidate, key, .. } = held;
        let index = place - self.start() - 1;
        self.places[index] = Some(held);
        self.taken[candidate] = true;
        self.left -= 1;
        for counts in &mut self.caps {
            counts.add(key.of(counts.by()), place);
        }
        if let Some(decay) = &mut self.decay {
            decay.add(key.of(By::Merchant));
        }
    }

    /// Takes back what is kept beyond a place. Returns whether anything was.
    pub(super) fn release_beyond(&mut self, place: usize) -> bool {
        let (start, before) = (self.start(), self.left);
        for index in place - start..self.places.len() {
            if let Some(held) = self.places[index].take() {
                self.uncount(held, start + 1 + index);
            }
        }
        self.wins.retain(|win| win.place <= place);
        self.left > before
    }

    fn uncount(&mut self, Held { candidate, key, .. }: Held, place: usize) {
        self.taken[candidate] = false;
        self.left += 1;
        for counts in &mut self.caps {
            counts.remove(key.of(counts.by()), place);
        }
        if let Some(decay) = &mut self.decay {
            decay.remove(key.of(By::Merchant));
        }
    }

    /// Ends the page before a place.
    pub(super) fn end_before(&mut self, place: usize) {
        let start = self.start();
        self.places.truncate(place - start - 1);
    }

    /// Returns what stands on this page, from its first place on.
    pub(super) fn held(&self) -> impl Iterator<Item = Held> + '_ {
        self.places.iter().flatten().copied()
    }

    /// Returns what stands at a place of an earlier page that was arranged here; `None` if it was answered, or is on this page.
    fn earlier_at(&self, place: usize) -> Option<Held> {
        let index = place.checked_sub(self.set.past() + 1)?;
        self.earlier.get(index).copied()
    }

    /// Returns how a place of an earlier page was won: by a slot or a support place, or otherwise.
    pub(super) fn why_at(&self, place: usize) -> Option<Why> {
        let held = self.earlier_at(place).map(|held| held.why);
        held.or_else(|| self.set.past_why(place))
    }

    /// Returns the group of what stands at a place of an earlier page.
    pub(super) fn group_at(&self, place: usize, by: By) -> Option<Group> {
        match self.earlier_at(place) {
            Some(held) => Some(self.set.group(held.candidate, by)),
            None => self.set.past_group(place, by),
        }
    }

    /// Returns the runner of what stands at a place of an earlier page, if that runner is behind its plan.
    pub(super) fn supported_at(&self, place: usize) -> Option<Group> {
        match self.earlier_at(place) {
            Some(held) => {
                let supported = self.set.supported();
                let at = supported.binary_search_by_key(&held.candidate, |(it, _)| *it);
                at.ok().map(|at| supported[at].1)
            }
            None => self.set.past_supported(place),
        }
    }

    /// Returns the tags of what stands right before this page, at as many places as this page has.
    pub(super) fn tags_before(&self) -> impl Iterator<Item = Vec<(u32, f32)>> + '_ {
        let start = self.start();
        let places = start.saturating_sub(self.places.len()) + 1..=start;
        places.map(|place| match self.earlier_at(place) {
            Some(held) => self.set.tags(held.candidate),
            None => self.set.past_tags(place),
        })
    }

    /// Returns the candidates without a place.
    pub(super) fn without_place(&self) -> impl Iterator<Item = usize> + '_ {
        let taken = self.taken.iter().enumerate();
        taken.filter(|(_, taken)| !**taken).map(|(at, _)| at)
    }
}
