//! A vector in shared chunks: a clone costs a pointer a chunk, and a change to one of two clones copies one chunk.
//!
//! A reader takes a clone and reads it for as long as it likes, while the writer goes on.

use std::collections::VecDeque;
use std::sync::Arc;

/// Values of one chunk. Of 64 bytes each they take a megabyte: copied in about a tenth of a millisecond.
const CHUNK: usize = 1 << 14;

/// Values in order; added at the end, taken away at the front.
#[derive(Clone, Debug)]
pub struct Chunked<T> {
    /// All chunks but the last are full.
    chunks: VecDeque<Arc<Vec<T>>>,
    /// Values of the first chunk that were taken away.
    gone: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self {
            chunks: VecDeque::new(),
            gone: 0,
        }
    }
}

impl<T: Clone> Chunked<T> {
    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let last = self.chunks.back().map_or(0, |last| last.len());
        self.chunks.len().saturating_sub(1) * CHUNK + last - self.gone
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at a place.
    #[inline]
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&T> {
        let at = place + self.gone;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// The value at a place, to change.
    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        let at = place + self.gone;
        Arc::make_mut(self.chunks.get_mut(at / CHUNK)?).get_mut(at % CHUNK)
    }

    /// Adds a value at the end.
    pub fn push(&mut self, value: T) {
        if self.chunks.back().is_none_or(|last| last.len() == CHUNK) {
            let room = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push_back(Arc::new(Vec::with_capacity(room)));
        }
        if let Some(last) = self.chunks.back_mut() {
            Arc::make_mut(last).push(value);
        }
    }

    /// Takes the first value away.
    pub fn pop_front(&mut self) {
        if self.is_empty() {
            return;
        }
        self.gone += 1;
        if self.gone == CHUNK {
            self.chunks.pop_front();
            self.gone = 0;
        }
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slices().flatten()
    }

    /// The values in order, a slice of some thousands at a time.
    pub fn slices(&self) -> impl Iterator<Item = &[T]> {
        let skip = |place: usize| if place == 0 { self.gone } else { 0 };
        let slices = self.chunks.iter().enumerate();
        slices.map(move |(place, chunk)| &chunk[skip(place)..])
    }

    /// Gives back room at the end that is not used, unless somebody reads it.
    pub fn shrink_to_fit(&mut self) {
        if let Some(last) = self.chunks.back_mut().and_then(Arc::get_mut)
            && last.capacity() - last.len() > last.len() / 8
        {
            last.shrink_to_fit();
        }
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let values = self.chunks.iter().map(|chunk| chunk.capacity());
        values.sum::<usize>() * size_of::<T>()
    }
}

impl<T: Clone> Extend<T> for Chunked<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn holds_what_a_deque_holds_and_a_clone_stays_as_it_was(
            steps in prop::collection::vec((0u8..4, 1usize..9_000), 1..30),
        ) {
            let (mut chunked, mut model) = (Chunked::default(), VecDeque::new());
            let mut kept: Vec<(Chunked<usize>, VecDeque<usize>)> = Vec::new();
            for (step, count) in steps {
                match step {
                    0 | 1 => (0..count).for_each(|value| { chunked.push(value); model.push_back(value); }),
                    2 => (0..count).for_each(|_| { chunked.pop_front(); model.pop_front(); }),
                    _ => {
                        kept.push((chunked.clone(), model.clone()));
                        let place = count % model.len().max(1);
                        prop_assert_eq!(chunked.get_mut(place).map(|value| { *value += 1; *value }), model.get_mut(place).map(|value| { *value += 1; *value }));
                    }
                }
            }
            kept.push((chunked, model));
            for (chunked, model) in kept {
                prop_assert_eq!(chunked.len(), model.len());
                prop_assert!(chunked.iter().eq(model.iter()));
                prop_assert_eq!(chunked.get(model.len() / 2), model.get(model.len() / 2));
                prop_assert_eq!(chunked.get(model.len()), None);
            }
        }
    }
}
