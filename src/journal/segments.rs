//! The files of a journal that is being written.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::JournalError;
use super::directory::{self, Directory, UNFINISHED};
use super::guard::Place;
use super::newest::Newest;
use super::segment::{Create, EXTENSION, MAGIC, Medium};

/// Creates the segments.
pub(super) struct Segments {
    directory: Arc<Directory>,
    create: Create,
    /// The data directory as it was at the start, and then its journal.
    places: Vec<Place>,
    /// The newest segment.
    newest: Option<Place>,
}

impl Segments {
    pub(super) fn new(
        directory: Arc<Directory>,
        create: impl FnMut(&Path) -> io::Result<Box<dyn Medium>> + Send + 'static,
    ) -> Self {
        Self {
            places: Place::of(directory.path()).into_iter().collect(),
            newest: None,
            directory,
            create: Box::new(create),
        }
    }

    /// Begins a new segment after the last durable record, which is in the segment that begins with `segment` if in any, as a start would:
    /// what that segment holds beyond the record is cut off first.
    pub(super) fn reopen(&mut self, segment: u64, durable: u64) -> io::Result<Box<dyn Medium>> {
        self.places.iter().try_for_each(Place::check)?;
        if self.places.len() < 2 {
            // At a first start the disk may have been too full for it until now.
            self.directory.furnish().map_err(JournalError::into_io)?;
            self.places.extend(Place::of(&self.directory.journal()));
        }
        if segment <= durable {
            let cut = self.directory.cut_after(segment, durable);
            cut.map_err(JournalError::into_io)?;
        }
        self.next(durable + 1)
    }

    /// Creates the segment whose first record is `first`, and makes its directory entry durable.
    pub(super) fn next(&mut self, first: u64) -> io::Result<Box<dyn Medium>> {
        let journal = self.directory.journal();
        let path = directory::name(&journal, first, EXTENSION);
        // Renamed once it has a header: a segment without one is damaged, not new.
        let unfinished = path.with_extension(UNFINISHED);
        let mut medium = (self.create)(&unfinished)?;
        medium.write(MAGIC)?;
        medium.sync()?;
        self.newest = None;
        fs::rename(&unfinished, &path)?;
        fs::File::open(&journal)?.sync_all()?;
        self.note(first, first - 1)?;
        self.newest = Place::of(&path);
        Ok(medium)
    }

    /// Notes the newest segment and the last durable record.
    pub(super) fn note(&self, segment: u64, last: u64) -> io::Result<()> {
        let noted = self.directory.write_newest(Newest { segment, last });
        noted.map_err(JournalError::into_io)
    }

    /// Checks that the files are still where they were.
    pub(super) fn check(&self) -> io::Result<()> {
        self.places
            .iter()
            .chain(&self.newest)
            .try_for_each(Place::check)
    }
}
