//! Rule `mmr` (maximal marginal relevance): of the best candidates, each place takes the largest λ·v − (1 − λ)·(largest cosine of its tags
//! with those of what is placed), where v is its score × the share that decay leaves.
//!
//! Only the best [`POOL`] candidates take part. Where none of them fits, the plain fill goes on.

use super::key::Key;
use super::page::Page;
use super::set::Set;

/// Number of candidates that take part.
const POOL: usize = 150;

/// A candidate of the pool.
#[derive(Debug)]
struct Member {
    candidate: usize,
    key: Key,
    tags: Vec<(u32, f32)>,
    /// Largest cosine with what is placed, in [−1, 1]; 0 if nothing is.
    likeness: f32,
}

/// The pool of one page.
#[derive(Debug)]
pub(super) struct Mmr {
    lambda: f64,
    members: Vec<Member>,
    /// True once something is placed.
    begun: bool,
}

impl Mmr {
    /// Creates the pool of a page whose kept places are filled.
    pub(super) fn new<S: Set>(page: &mut Page<'_, S>, lambda: f64) -> Self {
        let mut members = Vec::with_capacity(POOL);
        for index in 0.. {
            let best = page.orders.by_score(page.set, index);
            let Some(candidate) = best.filter(|_| members.len() < POOL) else {
                break;
            };
            if !page.is_taken(candidate) {
                members.push(Member {
                    candidate,
                    key: page.key(candidate),
                    tags: page.set.tags(candidate),
                    likeness: 0.0,
                });
            }
        }
        let mut pool = Self {
            lambda,
            members,
            begun: false,
        };
        for held in page.held() {
            pool.note(page.set, held.candidate);
        }
        pool
    }

    /// Compares the pool with one more that is placed.
    pub(super) fn note<S: Set>(&mut self, set: &S, placed: usize) {
        self.members.retain(|member| member.candidate != placed);
        let tags = set.tags(placed);
        for member in &mut self.members {
            let cosine = dot(&member.tags, &tags);
            member.likeness = if self.begun {
                member.likeness.max(cosine)
            } else {
                cosine
            };
        }
        self.begun = true;
    }

    /// Returns the candidate for a place; `None` if none of the pool fits.
    pub(super) fn pick<S: Set>(&self, page: &Page<'_, S>, place: usize) -> Option<usize> {
        let free = self.members.iter();
        let free = free.filter(|member| !page.is_taken(member.candidate));
        let fitting = free.filter(|member| page.blocked(&member.key, place).is_none());
        let worth = |member: &Member| {
            let v = page.score(member.candidate) * page.share(&member.key);
            let alike = f64::from(member.likeness);
            (
                self.lambda * v - (1.0 - self.lambda) * alike,
                member.candidate,
            )
        };
        let best = fitting.map(worth).max_by(|(a, one), (b, other)| {
            let by_lot = || page.set.lot(*other).cmp(&page.set.lot(*one));
            a.total_cmp(b).then_with(by_lot)
        });
        best.map(|(_, candidate)| candidate)
    }
}

/// Returns the product of two vectors that are sorted by tag.
fn dot(one: &[(u32, f32)], other: &[(u32, f32)]) -> f32 {
    let (mut sum, mut rest) = (0.0, other);
    for &(tag, weight) in one {
        while let Some((&(next, _), beyond)) = rest.split_first()
            && next < tag
        {
            rest = beyond;
        }
        if let Some(&(_, found)) = rest.first().filter(|(next, _)| *next == tag) {
            sum += weight * found;
        }
    }
    sum
}
