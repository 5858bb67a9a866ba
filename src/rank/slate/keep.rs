//! Keep rules: they hide candidates before they are scored, in the order of their table, [`crate::rule`]; each is a pure function in a file
//! of its own. A block without a hidden candidate, the usual case, is only read.

use std::borrow::Cow;

use super::{merchant, unavailable};
use crate::config::SelectionId;
use crate::feature::{Merchants, Offer};
use crate::model::Dropped;
use crate::rank::resolve::Candidate;
use crate::rank::seen::Seen;
use crate::rank::view::View;
use crate::rule::{RULES, Rule};

/// What the keep rules hid of one request.
#[derive(Debug)]
pub(in crate::rank) struct Kept<'r> {
    /// Ids of the request, in its order.
    ids: &'r [Cow<'r, str>],
    /// Hidden candidates.
    pub(in crate::rank) dropped: Vec<Dropped<'r>>,
    /// Number of times each rule acted.
    pub(in crate::rank) fired: [usize; RULES],
}

impl<'r> Kept<'r> {
    /// Begins with a request of these ids.
    pub(in crate::rank) fn new(ids: &'r [Cow<'r, str>]) -> Self {
        Self {
            ids,
            dropped: Vec::new(),
            fired: [0; RULES],
        }
    }

    /// Removes hidden candidates from a block.
    pub(in crate::rank) fn keep(&mut self, block: &mut Vec<Candidate<'_>>, merchants: &Merchants) {
        self.hide(block, Rule::Unavailable, unavailable::hides);
        self.hide_offers(block, Rule::Removed, (merchants, Offer::Removed));
        let unavailable = (merchants, Offer::Unavailable);
        self.hide_offers(block, Rule::MerchantUnavailable, unavailable);
    }

    /// Removes from a block the candidates of selections, and those that the user was shown too often: the rules `hide` and `seen` of a
    /// scene.
    pub(in crate::rank) fn hide_by_rules(
        &mut self,
        block: &mut Vec<Candidate<'_>>,
        (selections, seen): (&[SelectionId], Option<&Seen<'_>>),
        view: &View<'_>,
    ) {
        for selection in selections {
            self.hide(block, Rule::Hide, |candidate| {
                view.selections.has(*selection, candidate.row)
            });
        }
        if let Some(seen) = seen.filter(|seen| seen.hides_any()) {
            self.hide(block, Rule::Seen, |candidate| seen.hides(candidate.row));
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
            by: None,
        });
        let before = self.dropped.len();
        self.dropped.extend(dropped);
        self.fired[rule as usize] += self.dropped.len() - before;
    }
}
