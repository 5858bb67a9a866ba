//! The order of the steps: pins → reserved slots → support places → greedy fill; page by page.
//!
//! Place 1 takes the best own that fits, unless it is kept: nothing lifted or supported stands first. Where nothing fits a place, what is
//! kept for later places of the page is released to the fill first; if still nothing fits, the page ends.

use super::fill::Fill;
use super::mmr::Mmr;
use super::page::{Arranged, Held, Page};
use super::plan::Plan;
use super::set::Set;
use super::why::Why;
use super::{moves, pin, reserve, support};
use crate::model::Move;
use crate::rule::{By, RULES, Rule};

/// Arranges the pages of one set, one after the other.
#[derive(Debug)]
pub(in crate::rank) struct Arranger<'a, S> {
    page: Page<'a, S>,
    fill: Fill,
    mmr: Option<Mmr>,
    fired: [usize; RULES],
}

impl<'a, S: Set> Arranger<'a, S> {
    /// Creates the arranger of a set, whose pages have about `limit` places.
    pub(in crate::rank) fn new(set: &'a S, plan: &'a Plan<'a>, limit: usize) -> Self {
        Self {
            page: Page::new(set, plan, limit),
            fill: Fill::new(0),
            mmr: None,
            fired: [0; RULES],
        }
    }

    /// Arranges the next page, of at most `limit` places.
    pub(in crate::rank) fn next(&mut self, limit: usize) -> Arranged {
        self.page.turn(limit);
        (self.fill, self.fired) = (Fill::new(0), [0; RULES]);
        pin::place(&mut self.page);
        reserve::place(&mut self.page);
        support::place(&mut self.page);
        self.begin();
        let ended = self.page.range().find(|place| !self.settle(*place));
        let left = ended.map_or_else(Vec::new, |place| self.end(place));
        self.count(left.len());
        let mut held = Vec::with_capacity(self.page.range().count());
        held.extend(self.page.held());
        Arranged {
            start: self.page.start(),
            held,
            wins: self.page.wins.clone(),
            left,
            fired: self.fired,
        }
    }

    /// Returns the best candidates by own.
    pub(in crate::rank) fn best(&mut self, count: usize) -> impl Iterator<Item = usize> {
        let Page { set, orders, .. } = &mut self.page;
        (0..count).map_while(|index| orders.by_own(*set, index))
    }

    /// Returns the moves of each place of the page that was arranged last.
    pub(in crate::rank) fn moves(&self, page: &Arranged) -> Vec<Vec<Move>> {
        moves::of(self.page.set, self.page.plan, page, self.page.earlier())
    }

    /// Begins the fill.
    fn begin(&mut self) {
        self.fired[Rule::Cap as usize] += self.fill.passed;
        self.fill = Fill::new(self.page.range().count());
        let lambda = self.page.plan.lambda;
        self.mmr = lambda.map(|lambda| Mmr::new(&mut self.page, lambda));
    }

    /// Fills a place. Returns false if nothing fits.
    fn settle(&mut self, place: usize) -> bool {
        if !self.page.is_free(place) {
            return true;
        }
        let mut pick = self.pick(place);
        if pick.is_none() && self.page.release_beyond(place) {
            self.begin();
            pick = self.pick(place);
        }
        let Some(held) = pick else {
            return false;
        };
        self.page.put(held, place);
        if let Some(mmr) = &mut self.mmr {
            mmr.note(self.page.set, held.candidate);
        }
        true
    }

    /// Returns what a free place takes.
    fn pick(&mut self, place: usize) -> Option<Held> {
        if place == 1 {
            return self.first();
        }
        let diverse = self
            .mmr
            .as_ref()
            .and_then(|mmr| mmr.pick(&self.page, place));
        diverse.or_else(|| self.fill.pick(&mut self.page, place))
    }

    /// Returns the best own that fits place 1.
    fn first(&mut self) -> Option<Held> {
        let page = &mut self.page;
        for index in 0.. {
            let best = page.orders.by_own(page.set, index)?;
            if !page.is_taken(best)
                && let Some(held) = page.fitting(best, 1, Why::First)
            {
                return Some(held);
            }
        }
        None
    }

    /// Ends the page before a place that nothing fits. Returns what is left, with the cap that it would break.
    fn end(&mut self, place: usize) -> Vec<(usize, By)> {
        let page = &mut self.page;
        let without: Vec<usize> = page.without_place().collect();
        let left = without.into_iter().filter_map(|candidate| {
            let key = page.key(candidate);
            Some((candidate, page.blocked(&key, place)?.by))
        });
        let left = left.collect();
        self.page.end_before(place);
        left
    }

    /// Counts how often each rule acted on the page.
    fn count(&mut self, left: usize) {
        self.fired[Rule::Cap as usize] += self.fill.passed + left;
        for held in self.page.held() {
            let rule = match held.why {
                Why::Pin => Rule::Pin,
                Why::Slot(_) => Rule::Slot,
                Why::Support => Rule::Support,
                Why::Mmr => Rule::Mmr,
                Why::Fill { decayed: true, .. } => Rule::Decay,
                Why::First | Why::Fill { .. } => continue,
            };
            self.fired[rule as usize] += 1;
        }
    }
}
