//! Rule `mmr` (maximal marginal relevance): of the best candidates, each place takes the largest λ·v − (1 − λ)·(largest cosine of its tags
//! with those of what is placed on this page, and right before it on as many places), where v is its score × the share that decay leaves.
//!
//! Only the best [`POOL`] candidates take part. Where none of them fits, the plain fill goes on.

use super::key::Key;
use super::page::{Held, Page};
use super::set::Set;
use super::why::Why;

/// Number of candidates that take part.
const POOL: usize = 150;

/// A candidate of the pool.
#[derive(Debug)]
struct Member {
    candidate: usize,
    key: Key,
    /// Largest cosine with what is placed, in [−1, 1]; 0 if nothing is.
    likeness: f32,
}

/// A tag of a member, with its part in the member's vector of length 1.
#[derive(Clone, Copy, Debug)]
struct Part {
    tag: u32,
    member: usize,
    weight: f32,
}

/// The pool of one page.
#[derive(Debug)]
pub(super) struct Mmr {
    lambda: f64,
    members: Vec<Member>,
    /// The tags of all members, sorted by tag: what is placed shares a tag with few of them, so that few products are to be added.
    parts: Vec<Part>,
    /// True once something is placed.
    begun: bool,
}

impl Mmr {
    /// Creates the pool of a page whose kept places are filled.
    pub(super) fn new<S: Set>(page: &mut Page<'_, S>, lambda: f64) -> Self {
        let (mut members, mut parts) = (Vec::with_capacity(POOL), Vec::new());
        for index in 0.. {
            let best = page.orders.by_score(page.set, index);
            let Some(candidate) = best.filter(|_| members.len() < POOL) else {
                break;
            };
            if !page.is_taken(candidate) {
                let part = |(tag, weight)| Part {
                    tag,
                    member: members.len(),
                    weight,
                };
                parts.extend(page.set.tags(candidate).into_iter().map(part));
                members.push(Member {
                    candidate,
                    key: page.key(candidate),
                    likeness: 0.0,
                });
            }
        }
        parts.sort_unstable_by_key(|part| (part.tag, part.member));
        let mut pool = Self {
            lambda,
            members,
            parts,
            begun: false,
        };
        page.tags_before().for_each(|tags| pool.note_tags(&tags));
        for held in page.held() {
            pool.note(page.set, held.candidate);
        }
        pool
    }

    /// Compares the pool with one more that is placed.
    pub(super) fn note<S: Set>(&mut self, set: &S, placed: usize) {
        self.note_tags(&set.tags(placed));
    }

    /// Compares the pool with the tags of one more that is placed.
    fn note_tags(&mut self, tags: &[(u32, f32)]) {
        let cosines = self.cosines(tags);
        for (member, cosine) in self.members.iter_mut().zip(cosines) {
            member.likeness = if self.begun {
                member.likeness.max(cosine)
            } else {
                cosine
            };
        }
        self.begun = true;
    }

    /// Returns the cosine of each member's tags with a vector of length 1, which is sorted by tag.
    fn cosines(&self, tags: &[(u32, f32)]) -> Vec<f32> {
        let mut cosines = vec![0.0; self.members.len()];
        for &(tag, weight) in tags {
            let first = self.parts.partition_point(|part| part.tag < tag);
            let shared = self.parts[first..].iter();
            for part in shared.take_while(|part| part.tag == tag) {
                cosines[part.member] += part.weight * weight;
            }
        }
        cosines
    }

    /// Returns what a place takes; `None` if none of the pool fits.
    pub(super) fn pick<S: Set>(&self, page: &Page<'_, S>, place: usize) -> Option<Held> {
        let free = self.members.iter();
        let free = free.filter(|member| !page.is_taken(member.candidate));
        let fitting = free.filter(|member| page.blocked(&member.key, place).is_none());
        let worth = |member: &Member| {
            let v = page.score(member.candidate) * page.share(&member.key);
            let alike = f64::from(member.likeness);
            self.lambda * v - (1.0 - self.lambda) * alike
        };
        let lot = |member: &Member| page.set.lot(member.candidate);
        let each = fitting.map(|member| (worth(member), member));
        let best = each.max_by(|(a, one), (b, other)| {
            let by_lot = || lot(other).cmp(&lot(one));
            a.total_cmp(b).then_with(by_lot)
        });
        best.map(|(_, member)| Held {
            candidate: member.candidate,
            why: Why::Mmr,
            key: member.key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::narrow;
    use crate::random::Random;

    /// Returns some tags, sorted.
    fn tags(random: &mut Random) -> Vec<(u32, f32)> {
        let mut tags: Vec<u32> = (0..random.below(9)).map(|_| random.below(12)).collect();
        tags.sort_unstable();
        tags.dedup();
        let weigh = |tag| (tag, narrow(random.unit() - 0.5));
        tags.into_iter().map(weigh).collect()
    }

    /// Returns the pool of members with these tags.
    fn pool(all: &[Vec<(u32, f32)>]) -> Mmr {
        let member = |_| Member {
            candidate: 0,
            key: Key::NONE,
            likeness: 0.0,
        };
        let mut parts = Vec::new();
        for (member, tags) in all.iter().enumerate() {
            let part = |&(tag, weight)| Part {
                tag,
                member,
                weight,
            };
            parts.extend(tags.iter().map(part));
        }
        parts.sort_unstable_by_key(|part| (part.tag, part.member));
        Mmr {
            lambda: 0.5,
            members: all.iter().map(member).collect(),
            parts,
            begun: false,
        }
    }

    #[test]
    fn cosines_are_products_of_shared_tags() {
        let mut random = Random::new(3);
        for _ in 0..300 {
            let all: Vec<_> = (0..random.below(20)).map(|_| tags(&mut random)).collect();
            let placed = tags(&mut random);
            let weight = |tag: u32| placed.iter().find(|(other, _)| *other == tag);
            let product = |&(tag, own): &(u32, f32)| weight(tag).map_or(0.0, |(_, it)| it * own);
            let right = all.iter().map(|tags| tags.iter().map(product).sum::<f32>());
            for (cosine, right) in pool(&all).cosines(&placed).iter().zip(right) {
                assert!((cosine - right).abs() < 1e-6, "{cosine}, not {right}");
            }
        }
    }
}
