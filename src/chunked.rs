//! A copy-on-write vector in shared chunks: a clone copies a pointer per chunk, and a change to one of two clones copies one chunk.
//!
//! A reader keeps a clone as long as it needs, while the writer continues.

use std::sync::Arc;

/// Number of values of a chunk. At 64 bytes each a chunk is a megabyte, copied in about a tenth of a millisecond.
const CHUNK: usize = 1 << 14;

/// A queue of values: appended at the end, removed at the front.
#[derive(Clone, Debug)]
pub struct Chunked<T> {
    /// All but the last are full.
    chunks: Vec<Arc<Vec<T>>>,
    /// Number of values removed from the first chunk.
    gone: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            gone: 0,
        }
    }
}

impl<T: Clone> Chunked<T> {
    /// Returns a queue of some values.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = T>) -> Self {
        let mut queue = Self::default();
        queue.extend(values);
        queue
    }

    /// Returns the number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        let last = self.chunks.last().map_or(0, |last| last.len());
        self.chunks.len().saturating_sub(1) * CHUNK + last - self.gone
    }

    /// Returns whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value at an index.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&T> {
        let at = place + self.gone;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// Returns the value at an index for a change.
    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        let at = place + self.gone;
        Arc::make_mut(self.chunks.get_mut(at / CHUNK)?).get_mut(at % CHUNK)
    }

    /// Appends a value.
    pub fn push(&mut self, value: T) {
        self.last_chunk().push(value);
    }

    /// Appends a value again and again, up to a length.
    pub fn fill(&mut self, len: usize, value: &T) {
        while self.len() < len {
            let missing = len - self.len();
            let last = self.last_chunk();
            let filled = CHUNK.min(last.len() + missing);
            last.resize(filled, value.clone());
        }
    }

    /// Returns the last chunk, which has room.
    #[inline(always)]
    fn last_chunk(&mut self) -> &mut Vec<T> {
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            let room = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(Arc::new(Vec::with_capacity(room)));
        }
        let last = self.chunks.len() - 1;
        Arc::make_mut(&mut self.chunks[last])
    }

    /// Removes the first value.
    pub fn pop_front(&mut self) {
        if self.is_empty() {
            return;
        }
        self.gone += 1;
        if self.gone == CHUNK {
            self.chunks.remove(0);
            self.gone = 0;
        }
    }

    /// Returns the values in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slices().flatten()
    }

    /// Returns the values in order, a chunk at a time.
    pub fn slices(&self) -> impl Iterator<Item = &[T]> {
        let skip = |place: usize| if place == 0 { self.gone } else { 0 };
        let slices = self.chunks.iter().enumerate();
        slices.map(move |(place, chunk)| &chunk[skip(place)..])
    }

    /// Frees unused capacity of the last chunk, unless a clone shares it.
    pub fn shrink_to_fit(&mut self) {
        if let Some(last) = self.chunks.last_mut().and_then(Arc::get_mut)
            && last.capacity() - last.len() > last.len() / 8
        {
            last.shrink_to_fit();
        }
    }

    /// Returns the bytes held.
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
    use std::collections::VecDeque;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn values_agree_with_a_deque_clones_never_change(
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
