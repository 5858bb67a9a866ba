//! The candidates as the slate sees them.

use super::key::Group;
use super::why::Why;
use crate::rule::By;

/// The scored candidates of one request, by index.
pub(in crate::rank) trait Set {
    /// Returns the own of every candidate: what it is worth to this user by itself.
    fn own(&self) -> &[f32];

    /// Returns the score of every candidate; `None` if nothing lifts, so that score and own are the same.
    fn lifted(&self) -> Option<&[f32]>;

    /// Returns what orders candidates of equal numbers.
    fn lot(&self, candidate: usize) -> (u64, &str);

    /// Says that a group of a candidate will be read soon. This is a hint.
    fn prefetch(&self, candidate: usize, by: By);

    /// Returns the group of a candidate.
    fn group(&self, candidate: usize, by: By) -> Group;

    /// Returns the number of places that were answered on earlier pages.
    fn past(&self) -> usize;

    /// Returns the group of what stands at such a place, from 1; `None` if it is gone.
    fn past_group(&self, place: usize, by: By) -> Option<Group>;

    /// Returns how such a place was won, if a slot or a support place gave it; by the slot's index in the plan.
    fn past_why(&self, place: usize) -> Option<Why>;

    /// Returns the tags of what stands at such a place, as [`Self::tags`]; empty if it is gone.
    fn past_tags(&self, place: usize) -> Vec<(u32, f32)>;

    /// Returns the runner that such a place would help, if that runner is behind its plan.
    fn past_supported(&self, place: usize) -> Option<Group>;

    /// Returns the candidate that a pin names, by the pin's index in the plan.
    fn pinned(&self, pin: usize) -> Option<usize>;

    /// Returns whether a candidate is in the pool of a slot, by the slot's index in the plan.
    fn in_pool(&self, slot: usize, candidate: usize) -> bool;

    /// Returns what each candidate scores in a slot that has weights of its own. Who is not in its pool may have any score.
    fn slot_scores(&self, slot: usize) -> &[f32];

    /// Returns the tags of a candidate as a vector of length 1, sorted by tag; empty without tags.
    fn tags(&self, candidate: usize) -> Vec<(u32, f32)>;

    /// Returns the candidates whose runner is behind its plan, ascending, with the runner that a support place would help by them.
    fn supported(&self) -> &[(usize, Group)];
}
