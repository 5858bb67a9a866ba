//! Tag names and their numbers, and how many items carry each: n_t of the idf.
//!
//! Category, brand, kind and creator of an item are tags of their own name space (`category:beauty`), so that taste for them is learnt
//! like any other. A declared tag may be written that way too: then it is the same tag.

use compact_str::{CompactString, format_compact};

use crate::binary::append;
use crate::id::{IdHasher, Index, TagId};

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
    /// Regions; they have numbers here but are no tags of an item.
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

/// Names of tags, by number and back. Number 0 is no tag: it fills the places of a row that has room for more.
#[derive(Debug)]
pub struct Tags {
    names: Vec<CompactString>,
    carriers: Vec<u32>,
    index: Index,
}

impl Default for Tags {
    fn default() -> Self {
        Self {
            names: vec![CompactString::default()],
            carriers: vec![0],
            index: Index::default(),
        }
    }
}

impl Tags {
    /// How many numbers there are, that of no tag included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no tag has a number yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.len() <= 1
    }

    /// The number of a tag, given to it now if it has none.
    pub fn intern(&mut self, hasher: &IdHasher, space: Space, name: &str) -> TagId {
        let full = format_compact!("{}{name}", space.prefix());
        let hash = hasher.hash(&full);
        if let Some(row) = self
            .index
            .find(hash, |row| self.names[row as usize] == full)
        {
            return TagId(row);
        }
        let tag = TagId::at(self.names.len());
        self.index.insert(hash, tag.0);
        self.names.push(full);
        self.carriers.push(0);
        tag
    }

    /// The number of a tag that has one.
    #[must_use]
    pub fn find(&self, hasher: &IdHasher, space: Space, name: &str) -> Option<TagId> {
        let full = format_compact!("{}{name}", space.prefix());
        self.index
            .find(hasher.hash(&full), |row| self.names[row as usize] == full)
            .map(TagId)
    }

    /// The name of a tag, with the prefix of its name space.
    #[must_use]
    pub fn name(&self, tag: TagId) -> &str {
        self.names.get(tag.index()).map_or("", |name| name)
    }

    /// The name of a tag of a name space, without the prefix.
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

    /// How many items carry each tag, by number.
    #[must_use]
    pub fn carriers(&self) -> &[u32] {
        &self.carriers
    }

    /// Takes over the counts of items, before the names.
    pub fn restore(&mut self, carriers: Vec<u32>) {
        self.names.clear();
        self.carriers = carriers;
    }

    /// Appends a range of names; a name never changes.
    pub fn write(&self, tags: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        let names = self.names.get(tags).unwrap_or_default();
        names.iter().for_each(|name| append(name, bytes));
    }

    /// Adds a name that was written.
    pub fn read_row(&mut self, name: CompactString, hasher: &IdHasher) {
        let tag = TagId::at(self.names.len());
        if tag.0 > 0 {
            self.index.insert(hasher.hash(&name), tag.0);
        }
        self.names.push(name);
    }

    /// Bytes held, long names not counted.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.index.bytes()
            + self.names.capacity() * size_of::<CompactString>()
            + self.carriers.capacity() * size_of::<u32>()
    }
}
