//! The objective `text`: how well the texts of an item fit the query of the request, by BM25F.
//!
//! score = Σ idf·(k₁ + 1)·f/(f + k₁·(1 − b + b·L/L̄)) over the distinct words of the query, with f the weighted count of the word in the
//! item, L the weighted length of its texts and L̄ the mean of L. The value is the score as a share of what it would be if f were without
//! bound for every word.

use std::collections::BTreeSet;

use super::BLOCK;
use super::resolve::Candidate;
use super::view::View;
use crate::corpus::Token;
use crate::derived::{Sought, Text, Words, words};
use crate::model::RankRequest;
use crate::number::narrow;
use crate::objective::Needs;
use crate::prefetch::prefetch;

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// Number of candidates between the prefetch of an item's words and their use.
const AHEAD: usize = 16;
/// Maximum number of words of a query that are looked up in each text; with more, the words of the text are looked up in the query.
const FEW: usize = 12;
/// Marks a free slot. Tokens are smaller.
const FREE: u64 = u64::MAX;
/// Maximum number of words that a reason lists.
const LISTED: usize = 8;

/// The words of a query, as a list and in a table by token.
#[derive(Debug)]
pub(super) struct Query<'a> {
    text: &'a str,
    index: &'a Words,
    /// The distinct words, sorted, each with its idf · (k₁ + 1).
    words: Vec<(Sought, f64)>,
    /// Slots: a token, and its idf · (k₁ + 1).
    slots: Vec<(u64, f64)>,
    /// Sum of idf · (k₁ + 1) over the words.
    most: f64,
    /// k₁·(1 − b) and k₁·b/L̄, or k₁ and 0 without a mean: k₁·(1 − b + b·L/L̄) is the first plus the second times L.
    scale: (f64, f64),
}

impl<'a> Query<'a> {
    /// Returns the query of a request, if an objective reads it and it has any word.
    pub(super) fn of(request: &'a RankRequest<'_>, view: &View<'a>, needs: Needs) -> Option<Self> {
        let context = request
            .context
            .as_ref()
            .filter(|_| needs.includes(Needs::QUERY))?;
        let text = context.query.as_deref()?;
        let mut tokens = Vec::new();
        words(text, |word| tokens.push(Token::of(word)));
        tokens.sort_unstable();
        tokens.dedup();
        if tokens.is_empty() {
            return None;
        }
        let weight = |token| view.standings.word_idf(token) * (K1 + 1.0);
        let words = tokens.iter().map(|&it| (it.into(), weight(it)));
        let words: Vec<(Sought, f64)> = words.collect();
        let mut query = Self {
            text,
            index: view.words,
            slots: Vec::new(),
            most: words.iter().map(|(_, weight)| weight).sum(),
            words,
            scale: match view.standings.mean_text() {
                Some(mean) => (K1 * (1.0 - B), K1 * B / mean),
                None => (K1, 0.0),
            },
        };
        if tokens.len() > FEW {
            query.slots = vec![(FREE, 0.0); slots(tokens.len())];
            tokens.iter().for_each(|&it| query.enter(it, weight(it)));
        }
        Some(query)
    }

    /// Enters a word into the table.
    fn enter(&mut self, token: Token, weight: f64) {
        let mask = self.slots.len() - 1;
        let mut at = home(token);
        while self.slots[at & mask].0 != FREE {
            at += 1;
        }
        self.slots[at & mask] = (token.number(), weight);
    }

    /// Returns the weight of a word; 0 if it is not in the query.
    #[inline(always)]
    fn weight(&self, token: Token) -> f64 {
        let mask = self.slots.len() - 1;
        let mut at = home(token);
        loop {
            match self.slots[at & mask] {
                (FREE, _) => return 0.0,
                (known, weight) if known == token.number() => return weight,
                _ => at += 1,
            }
        }
    }

    /// Returns the score of a text.
    #[inline(always)]
    fn score(&self, text: &Text) -> f64 {
        let k = self.scale.0 + self.scale.1 * f64::from(text.length());
        // Both ways add the same parts in the same order.
        if self.slots.is_empty() {
            let mut score = 0.0;
            text.common(&self.words, |weight, count| {
                score += part(*weight, count, k);
            });
            score
        } else {
            self.score_of_many(text, k)
        }
    }

    /// Returns the score of a text, by a look-up of its words in the query.
    #[inline(never)]
    fn score_of_many(&self, text: &Text, k: f64) -> f64 {
        let mut score = 0.0;
        for word in text.words() {
            let weight = self.weight(word.token);
            if weight > 0.0 {
                score += part(weight, word.count, k);
            }
        }
        score
    }

    /// Fills in the values of candidates, NaN for items without words.
    pub(super) fn fill(&self, candidates: &[Candidate<'_>], out: &mut [f32]) {
        for (block, out) in candidates.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let mut texts = [None; BLOCK];
            for (text, candidate) in texts.iter_mut().zip(block) {
                *text = self.index.find(candidate.row);
            }
            let mut later = texts.iter().flatten().copied();
            later.by_ref().take(AHEAD).for_each(prefetch);
            for (text, out) in texts.iter().zip(out) {
                later.next().into_iter().for_each(prefetch);
                let text = text.filter(|text| !text.is_empty());
                *out = text.map_or(f32::NAN, |text| self.value(text));
            }
        }
    }

    fn value(&self, text: &Text) -> f32 {
        narrow((self.score(text) / self.most).min(1.0))
    }

    /// Returns the score of a candidate; `None` for an item without words.
    pub(super) fn raw(&self, candidate: &Candidate<'_>) -> Option<f64> {
        Some(self.score(self.index.get(candidate.row)?))
    }

    /// Returns which words of the query the item has, in words: "has 2 of 3 words of the query: serum, 面膜".
    pub(super) fn reason(&self, candidate: &Candidate<'_>) -> Option<String> {
        let text = self.index.get(candidate.row)?;
        let (mut found, mut known) = (Vec::new(), BTreeSet::new());
        words(self.text, |word| {
            let token = Token::of(word);
            text.common(&[(token.into(), ())], |(), _| {
                if known.insert(token) {
                    found.push(word.to_owned());
                }
            });
        });
        let count = found.len();
        found.truncate(LISTED);
        let list = if found.is_empty() {
            String::new()
        } else {
            format!(
                ": {}{}",
                found.join(", "),
                if count > LISTED { ", …" } else { "" }
            )
        };
        Some(format!(
            "has {count} of {} words of the query{list}",
            self.words.len()
        ))
    }
}

/// Returns what a word adds to a score.
#[inline(always)]
fn part(weight: f64, count: u8, k: f64) -> f64 {
    weight * f64::from(count) / (f64::from(count) + k)
}

/// Returns the number of slots for some words: 32 each while filling them is cheap, at least 8 each. Nearly every word of an item is not in
/// the query, and with many free slots the first one says so.
fn slots(words: usize) -> usize {
    (words * 32).min(2_048).max(words * 8).next_power_of_two()
}

/// Returns the first slot of a token, whose bits are spread already.
#[inline(always)]
fn home(token: Token) -> usize {
    usize::try_from(token.number()).unwrap_or(0)
}
