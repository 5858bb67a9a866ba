//! The objective `format`: the user's taste for the kind of an item, such as videos, against that of all users.
//!
//! tₖ = (hₖ + 8·pₖ)/(Σh + 8), with hₖ the user's decayed gains with items of kind k, at least 0, and pₖ the share of the kind in the same
//! over all users at the rebuild. r = tₖ/pₖ is 1 for a user of whom nothing is known; the value is r/(1 + r).

use super::resolve::Candidate;
use super::view::View;
use crate::feature::Space;
use crate::id::{TagId, UserRow};
use crate::model::ItemKind;
use crate::number::narrow;

/// Number of kinds.
const KINDS: usize = ItemKind::ALL.len();
/// What all users' taste counts, as a sum of gains.
const PRIOR: f64 = 8.0;

/// The taste of one user for each kind that items have.
#[derive(Debug)]
pub(super) struct Formats<'a> {
    view: &'a View<'a>,
    /// tₖ and pₖ.
    taste: [(f64, f64); KINDS],
}

impl<'a> Formats<'a> {
    /// Returns the taste of a user, who may be unknown.
    pub(super) fn of(view: &'a View<'a>, user: Option<UserRow>) -> Self {
        let tag = |kind: ItemKind| view.tags.find(view.hasher, Space::Kind, kind.name());
        let tags = ItemKind::ALL.map(|kind| tag(kind).unwrap_or(TagId::NONE));
        let mut gains = [0.0; KINDS];
        if let Some(profile) = user.and_then(|row| view.users.profile(row)) {
            gains = profile.liking(&tags, profile.left(view.decay(), view.as_of));
        }
        let all: f64 = gains.iter().sum();
        let taste = |(gain, share): (f64, f64)| ((gain + PRIOR * share) / (all + PRIOR), share);
        let shares = view.standings.kinds;
        Self {
            view,
            taste: std::array::from_fn(|kind| taste((gains[kind], shares[kind]))),
        }
    }

    /// Returns a function from a candidate to its value, NaN if it has no kind, or one that no user has to do with.
    pub(super) fn value(&self) -> impl Fn(&Candidate<'_>) -> f32 + use<'a> {
        let values: [f32; KINDS] = std::array::from_fn(|kind| {
            let ratio = self.ratio(kind).unwrap_or(f64::NAN);
            narrow(ratio / (1.0 + ratio))
        });
        let kinds = self.view.kinds;
        move |candidate| {
            kinds
                .get(candidate.row)
                .map_or(f32::NAN, |kind| values[kind])
        }
    }

    /// Returns r of a candidate; `None` as above.
    pub(super) fn raw(&self, candidate: &Candidate<'_>) -> Option<f64> {
        self.ratio(self.view.kinds.get(candidate.row)?)
    }

    /// Returns the taste for a candidate's kind in words: "video: 62 % of this user's taste, 10 % of all users'".
    pub(super) fn reason(&self, candidate: &Candidate<'_>) -> Option<String> {
        let kind = self.view.kinds.get(candidate.row)?;
        self.ratio(kind)?;
        let ((taste, share), name) = (self.taste[kind], ItemKind::ALL[kind].name());
        let [taste, share] = [taste, share].map(|it| it * 100.0);
        Some(format!(
            "{name}: {taste:.0} % of this user's taste, {share:.0} % of all users'"
        ))
    }

    fn ratio(&self, kind: usize) -> Option<f64> {
        let (taste, share) = self.taste[kind];
        (share > 0.0).then(|| taste / share)
    }
}
