//! The table of books: its codes are permanent, and every kind of parts is written.

use super::part::{Place, are_unique, write};
use super::{Book, Books, CODES, Present, codes};
use crate::clock::Time;
use crate::config::Config;
use crate::feature::{Learned, Moment};
use crate::id::IdHasher;
use crate::telemetry::Size;

/// Codes that are on disks somewhere: rows may be added, never changed or removed.
#[test]
fn codes_are_permanent_and_unique() {
    let known: [(&str, &[u8]); 11] = [
        (
            "users",
            &[
                0x20, 0x26, 0x27, 0x28, 0x46, 0x2C, 0x35, 0x41, 0x42, 0x52, 0x2F,
            ],
        ),
        ("items", &[0x21, 0x01]),
        ("merchants", &[0x22, 0x02, 0x2E]),
        ("tags", &[0x23, 0x03]),
        ("sales", &[0x24, 0x11, 0x2A, 0x3C, 0x3D, 0x47]),
        ("seen", &[0x25, 0x12, 0x40]),
        ("exposure", &[0x30, 0x31, 0x32, 0x33, 0x34, 0x44]),
        ("ladders", &[0x38, 0x5A]),
        ("pace", &[0x39, 0x45]),
        ("goals", &[0x43]),
        ("experiments", &[0x51, 0x53, 0x54]),
    ];
    for row in known {
        assert!(CODES.contains(&row), "{row:?} changed");
    }
    assert!(are_unique(CODES));
    assert!(!are_unique(&[("one", &[1]), ("other", &[2, 1])]));
    assert!(!are_unique(&[("one", &[super::HEAD])]));
}

#[test]
fn empty_books_write_every_kind() {
    let config = Config::embedded();
    let mut books = Books::new(&config);
    let mut image = books.freeze();
    let (mut restored, mut present) = (Books::new(&config), Present::default());
    assert!(
        present.missing().is_empty(),
        "there is no checkpoint at all"
    );
    let mut part = Vec::new();
    while image.next(&books, &mut part) {
        let (code, content) = part.split_first().unwrap();
        restored.restore(*code, content, &mut present).unwrap();
        part.clear();
    }
    assert_eq!(image.books_written(), CODES.len());
    assert!(present.missing().is_empty() && present.newer().is_empty());
}

#[test]
fn only_parts_that_existed_can_be_missing() {
    let present = |codes: &[u8], listed: &[u8]| {
        let mut present = Present::default();
        present.list(listed);
        for code in codes {
            let empty = Books::new(&Config::embedded()).restore(*code, &[], &mut present);
            empty.unwrap();
        }
        (present.missing(), present.newer())
    };
    let all = codes();
    let without = |code: u8| -> Vec<u8> { all.iter().copied().filter(|it| *it != code).collect() };
    assert_eq!(present(&all, &all), (vec![], vec![]));
    assert_eq!(present(&without(0x11), &all), (vec!["sales"], vec![]));
    assert_eq!(present(&without(0x28), &all), (vec!["users"], vec![]));
    assert_eq!(
        present(&without(0x28), &without(0x28)),
        (vec![], vec!["users"])
    );
    // Versions without the list.
    assert_eq!(present(&without(0x28), &[]), (vec![], vec!["users"]));
    assert_eq!(present(&without(0x27), &[]), (vec!["users"], vec![]));
}

#[test]
fn users_of_format_1_are_restored_whole() {
    let config = Config::embedded();
    let mut old = Books::new(&config);
    let row = old.users.touch(&old.hasher, "u", Time::default());
    old.users.figures.profile.get_mut(row).events = 7;
    let record = (old.users.get(row).unwrap(), old.users.profile(row).unwrap());
    let part = postcard::to_allocvec(&record).unwrap();
    let (mut restored, mut present) = (Books::new(&config), Present::default());
    restored.restore(0x20, &[], &mut present).unwrap();
    restored.restore(0x00, &part, &mut present).unwrap();
    let row = restored.users.find(&restored.hasher, "u").unwrap();
    assert_eq!(restored.users.profile(row).unwrap().events, 7);
}

/// A book that is in no table yet: the kinds of the events that it learnt.
struct Kinds(Vec<u8>);

impl Book for Kinds {
    type Image = Vec<u8>;

    fn new(_: &Config) -> Self {
        Self(Vec::new())
    }

    fn learn(&mut self, event: &Learned<'_>, _: &Moment<'_>) {
        self.0.push(event.kind as u8);
    }

    fn freeze(&mut self) -> Vec<u8> {
        self.0.clone()
    }

    fn write(&self, image: &Vec<u8>, _: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        let kind = image.get(part);
        kind.map(|kind| bytes.push(*kind)).is_some()
    }

    fn restore(&mut self, _: usize, bytes: &[u8], _: &IdHasher) -> Result<(), postcard::Error> {
        self.0.extend(bytes);
        Ok(())
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        report("kinds", Size::default());
    }
}

#[test]
fn a_new_book_writes_its_parts_in_order() {
    let parts = |learnt: &[u8]| {
        let mut book = Kinds(learnt.to_vec());
        let (image, mut place, mut parts) = (book.freeze(), Place::default(), Vec::new());
        let mut part = Vec::new();
        while write(&book, &image, &[0xF0], &mut place, &mut part) {
            parts.push(std::mem::take(&mut part));
        }
        parts
    };
    assert_eq!(parts(&[3, 5]), [[0xF0, 3], [0xF0, 5]]);
    assert_eq!(parts(&[]), [[0xF0]], "an empty kind leaves its code");
}
