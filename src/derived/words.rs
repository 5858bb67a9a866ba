//! The words of every item, by row, and in how many items each word occurs.

use super::text::Text;
use crate::chunked::Chunked;
use crate::corpus::Corpus;
use crate::id::ItemRow;
use crate::telemetry::Size;

/// The words of all items.
#[derive(Debug, Default)]
pub struct Words {
    /// By row; empty for an item without words.
    texts: Chunked<Text>,
    corpus: Corpus,
    heap: usize,
    /// Number of words left out at the bound of an item since the start.
    dropped: u64,
}

impl Words {
    /// Returns the words of an item; `None` if it has none.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, row: ItemRow) -> Option<&Text> {
        self.texts.get(row.index()).filter(|text| !text.is_empty())
    }

    /// Returns where the words of an item stand, without reading them: they may be none.
    #[inline(always)]
    #[must_use]
    pub fn find(&self, row: ItemRow) -> Option<&Text> {
        self.texts.get(row.index())
    }

    /// Returns the counts of all words.
    #[must_use]
    pub const fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Replaces the words of an item; `dropped` of them were left out.
    pub(super) fn put(&mut self, row: ItemRow, (text, dropped): (Text, u64)) {
        self.dropped += dropped;
        if text.is_empty() && self.get(row).is_none() {
            return;
        }
        self.texts.fill(row.index() + 1, &Text::default());
        let Some(place) = self.texts.get_mut(row.index()) else {
            return;
        };
        let old = std::mem::replace(place, text);
        if !old.is_empty() {
            self.corpus.remove(old.tokens(), old.length());
        }
        if !place.is_empty() {
            self.corpus.add(place.tokens(), place.length());
        }
        self.heap = self.heap + place.heap_bytes() - old.heap_bytes();
    }

    /// Forgets all words, and keeps the count of those that were left out.
    pub(super) fn clear(&mut self) {
        *self = Self {
            dropped: self.dropped,
            ..Self::default()
        };
    }

    /// Reports the size of the texts and of the counts, by their names in the metrics.
    pub(super) fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let texts = Size {
            entries: usize::try_from(self.corpus.texts()).unwrap_or(usize::MAX),
            bytes: self.texts.len() * size_of::<Text>() + self.heap,
            evicted: self.dropped,
        };
        report("item_texts", texts);
        let words = Size {
            entries: self.corpus.words(),
            bytes: self.corpus.bytes(),
            evicted: 0,
        };
        report("item_words", words);
    }
}
