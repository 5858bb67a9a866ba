//! Tag names, their numbers, and the number of items with each tag: n_t of the idf.
//!
//! Category, brand, kind and creator of an item are tags of their own name spaces (`category:beauty`), so that taste for them is
//! learnt like taste for any tag. A declared tag spelled with such a prefix is the same tag.
//!
//! A tag that nothing uses is freed: its name is dropped, and its number goes to the next new tag, but not before rankings have forgotten
//! the old one.

use std::collections::VecDeque;

use compact_str::{CompactString, format_compact};

use super::column::Column;
use crate::binary::append;
use crate::bits::Bits;
use crate::chunked::Chunked;
use crate::id::{CreatorRow, IdHasher, Index, TagId};

/// A name space of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Tags as declared.
    Plain,
    /// Categories of items and merchants.
    Category,
    /// Brands.
    Brand,
    /// Kinds of items.
    Kind,
    /// Creators.
    Creator,
    /// Regions, which have numbers but are not tags of an item.
    Region,
}

impl Space {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Category => "category:",
            Self::Brand => "brand:",
            Self::Kind => "kind:",
            Self::Creator => "creator:",
            Self::Region => "region:",
        }
    }
}

/// Names of tags by number, and numbers by name. Number 0 is no tag: it fills the empty slots of a line.
#[derive(Debug)]
pub struct Tags {
    names: Column<CompactString>,
    /// In chunks that a rebuild shares.
    carriers: Chunked<u32>,
    index: Index,
    /// Numbers without a name, for the next new tags.
    free: Vec<TagId>,
    /// Numbers without a name that the live standings may still know, oldest first.
    retired: VecDeque<TagId>,
    /// True while a checkpoint is being written: names don't change then.
    frozen: bool,
    /// The tags of the creators' name space.
    creators: Bits,
    /// Number of them.
    creators_in_use: usize,
    /// The tags of the name space of kinds.
    kinds: Bits,
    /// Number of tags freed since the start.
    pub freed: u64,
    /// Number of creators evicted since the start.
    pub creators_evicted: u64,
}

impl Default for Tags {
    fn default() -> Self {
        Self {
            names: Column::of([CompactString::default()]),
            carriers: Chunked::of([0]),
            index: Index::default(),
            free: Vec::new(),
            retired: VecDeque::new(),
            frozen: false,
            creators: Bits::default(),
            creators_in_use: 0,
            kinds: Bits::default(),
            freed: 0,
            creators_evicted: 0,
        }
    }
}

impl Tags {
    /// Returns the number of numbers, with number 0 and free ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns whether no tag has a number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.len() <= 1
    }

    /// Returns the number of tags with a name.
    #[must_use]
    pub fn in_use(&self) -> usize {
        let without = 1 + self.free.len() + self.retired.len();
        self.names.len().saturating_sub(without)
    }

    /// Returns the number of a tag, and whether it is new: an unknown tag gets a number.
    pub fn intern(&mut self, hasher: &IdHasher, space: Space, name: &str) -> (TagId, bool) {
        let full = format_compact!("{}{name}", space.prefix());
        let hash = hasher.hash(&full);
        if let Some(row) = self
            .index
            .find(hash, |row| self.names[row as usize] == full)
        {
            return (TagId(row), false);
        }
        let tag = self.number(full);
        self.index.insert(hash, tag.0);
        (tag, true)
    }

    /// Gives a name a number.
    fn number(&mut self, name: CompactString) -> TagId {
        let free = if self.frozen { None } else { self.free.pop() };
        let tag = free.unwrap_or_else(|| TagId::at(self.names.len()));
        self.mark(&name, tag);
        if tag.index() == self.names.len() {
            self.carriers.push(0);
        }
        self.names.put(tag.index(), name);
        tag
    }

    /// Notes the name space of a tag.
    fn mark(&mut self, name: &str, tag: TagId) {
        if name.starts_with(Space::Creator.prefix()) {
            self.creators.add(tag.index());
            self.creators_in_use += 1;
        }
        if name.starts_with(Space::Kind.prefix()) {
            self.kinds.add(tag.index());
        }
    }

    /// Returns the number of creators.
    #[inline]
    #[must_use]
    pub fn creators(&self) -> usize {
        self.creators_in_use
    }

    /// Returns whether a tag is that of a creator.
    #[inline]
    #[must_use]
    pub fn is_creator(&self, tag: TagId) -> bool {
        self.creators.has(tag.index())
    }

    /// Returns the tags of creators, and those of kinds.
    #[inline]
    pub(super) fn marks(&self) -> [&Bits; 2] {
        [&self.creators, &self.kinds]
    }

    /// Returns whether a row is that of a creator whom an item names.
    #[must_use]
    pub fn carried_creator(&self, creator: CreatorRow) -> bool {
        self.is_creator(creator.into()) && self.carriers_of(creator.into()) > 0
    }

    /// Returns the number of items with a tag.
    #[must_use]
    pub fn carriers_of(&self, tag: TagId) -> u32 {
        self.carriers.get(tag.index()).copied().unwrap_or(0)
    }

    /// Drops the name of a tag that nothing names, unless an item carries it. [`Self::release`] makes its number available. Not while
    /// frozen.
    pub fn free(&mut self, hasher: &IdHasher, tag: TagId) {
        let carriers = self.carriers.get(tag.index()).copied();
        if self.frozen || tag.0 == 0 || carriers != Some(0) || self.name(tag).is_empty() {
            return;
        }
        let name = std::mem::take(&mut self.names[tag.index()]);
        self.index.remove(hasher.hash(&name), tag.0);
        self.retired.push_back(tag);
        if self.is_creator(tag) {
            self.creators.remove(tag.index());
            self.creators_in_use -= 1;
        }
        self.kinds.remove(tag.index());
        self.freed += 1;
    }

    /// Returns how many freed numbers are not available yet.
    #[must_use]
    pub fn retired(&self) -> usize {
        self.retired.len()
    }

    /// Makes the first `count` freed numbers available.
    pub fn release(&mut self, count: usize) {
        let count = count.min(self.retired.len());
        self.free.extend(self.retired.drain(..count));
    }

    /// Returns whether the names are frozen.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Freezes the names that have a number, until [`Self::thaw`].
    pub fn freeze(&mut self) {
        self.frozen = true;
    }

    /// Ends the freezing.
    pub fn thaw(&mut self) {
        self.frozen = false;
    }

    /// Returns the number of a known tag.
    #[must_use]
    pub fn find(&self, hasher: &IdHasher, space: Space, name: &str) -> Option<TagId> {
        let full = format_compact!("{}{name}", space.prefix());
        self.index
            .find(hasher.hash(&full), |row| self.names[row as usize] == full)
            .map(TagId)
    }

    /// Returns the name of a tag with the prefix of its name space.
    #[must_use]
    pub fn name(&self, tag: TagId) -> &str {
        self.names.get(tag.index()).map_or("", |name| name)
    }

    /// Returns the name of a tag of a name space without the prefix.
    #[must_use]
    pub fn bare_name(&self, space: Space, tag: TagId) -> Option<&str> {
        self.names.get(tag.index())?.strip_prefix(space.prefix())
    }

    /// Counts one more item with this tag.
    pub fn gain(&mut self, tag: TagId) {
        if let Some(count) = self.carriers.get_mut(tag.index()) {
            *count += 1;
        }
    }

    /// Counts one item with this tag less.
    pub fn lose(&mut self, tag: TagId) {
        if let Some(count) = self.carriers.get_mut(tag.index()) {
            *count = count.saturating_sub(1);
        }
    }

    /// Returns the number of items with each tag, by tag number.
    #[must_use]
    pub fn carriers(&self) -> &Chunked<u32> {
        &self.carriers
    }

    /// Restores the counts of items; before any name.
    pub fn restore(&mut self, carriers: Vec<u32>) {
        self.names = Column::default();
        self.carriers = Chunked::of(carriers);
    }

    /// Appends a range of frozen names; that of a free number is empty.
    pub fn write(&self, tags: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        let names = tags.filter_map(|tag| self.names.get(tag));
        names.for_each(|name| append(name, bytes));
    }

    /// Appends a stored name.
    pub fn read_row(&mut self, name: CompactString, hasher: &IdHasher) {
        let tag = TagId::at(self.names.len());
        if !name.is_empty() {
            self.index.insert(hasher.hash(&name), tag.0);
            self.mark(&name, tag);
        } else if tag.0 > 0 {
            self.free.push(tag);
        }
        self.names.push(name);
    }

    /// Returns the bytes held, without the heap of long names.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.index.bytes() + self.names.bytes() + self.carriers.bytes()
    }
}
