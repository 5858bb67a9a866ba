//! The slate: the rules decide which candidates are scored, and how the best of them are arranged.
//!
//! Rules act in the order of their table, [`crate::rule`]; each is a pure function in a file of its own. A rule never changes a
//! score. A block without a hidden candidate, the usual case, is only read.

mod merchant;
mod unavailable;

use std::borrow::Cow;

use super::resolve::Candidate;
use super::topk::Chosen;
use crate::feature::{Merchants, Offer};
use crate::model::{Dropped, Explanation, Placed};
use crate::rule::{RULES, Rule, TABLE};

/// The effects of the rules on the candidates of one request.
#[derive(Debug)]
pub(super) struct Slate<'r> {
    /// Ids of the request, in its order.
    ids: &'r [Cow<'r, str>],
    /// Hidden candidates.
    pub(super) dropped: Vec<Dropped<'r>>,
    /// Number of times each rule acted.
    pub(super) fired: [usize; RULES],
}

impl<'r> Slate<'r> {
    /// Creates the slate of a request with these ids.
    pub(super) fn new(ids: &'r [Cow<'r, str>]) -> Self {
        Self {
            ids,
            dropped: Vec::new(),
            fired: [0; RULES],
        }
    }

    /// Removes hidden candidates from a block.
    pub(super) fn keep(&mut self, block: &mut Vec<Candidate<'_>>, merchants: &Merchants) {
        for row in TABLE {
            match row.rule {
                Rule::Unavailable => self.hide(block, row.rule, unavailable::hides),
                Rule::Removed => {
                    self.hide_offers(block, row.rule, (merchants, Offer::Removed));
                }
                Rule::MerchantUnavailable => {
                    self.hide_offers(block, row.rule, (merchants, Offer::Unavailable));
                }
            }
        }
    }

    /// Removes the candidates whose merchant has that kind of offer. While no merchant hides its items, the usual case, nothing is read.
    fn hide_offers(
        &mut self,
        block: &mut Vec<Candidate<'_>>,
        rule: Rule,
        (merchants, offer): (&Merchants, Offer),
    ) {
        if merchants.hide_any() {
            self.hide(block, rule, merchant::hides(merchants, offer));
        }
    }

    /// Removes the candidates that one rule hides, and records them.
    #[inline(always)]
    fn hide(
        &mut self,
        block: &mut Vec<Candidate<'_>>,
        rule: Rule,
        hides: impl Fn(&Candidate<'_>) -> bool,
    ) {
        if !block.iter().any(&hides) {
            return;
        }
        let gone = block.extract_if(.., |candidate| hides(candidate));
        let dropped = gone.map(|candidate| Dropped {
            id: &self.ids[candidate.place as usize],
            rule,
        });
        let before = self.dropped.len();
        self.dropped.extend(dropped);
        self.fired[rule as usize] += self.dropped.len() - before;
    }

    /// Places the chosen candidates, in order of score, each with its explanation if `why` is given.
    pub(super) fn arrange(
        &self,
        chosen: &[Chosen],
        why: Option<impl Fn(&Chosen) -> Explanation>,
    ) -> Vec<Placed<'r>> {
        let place = |chosen: &Chosen| Placed {
            id: &self.ids[chosen.place as usize],
            score: chosen.score,
            explain: why.as_ref().map(|why| why(chosen)),
        };
        chosen.iter().map(place).collect()
    }
}
