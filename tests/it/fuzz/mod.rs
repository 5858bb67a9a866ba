//! Whatever bytes come in at a door, they are read or refused; none bring the service down.
//!
//! Noise would not get past the first brace, so inputs are made of real ones: the seeds in `corpus/`, edited here and there, and the
//! journal's files as its own writer writes them. What once went wrong is kept as a seed of its own, for every seed is tried as it is.
//!
//! Without `SAIMA_FUZZ_TIMES` the inputs are the same in each run, and few. With it there are so many times as many of them, and others
//! each time; what fails is shown with the fewest edits that still make it fail.

mod configs;
mod facts;
mod journal;
mod requests;
mod wire;

use std::cell::Cell;
use std::fmt;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// How many times as many inputs each door is tried with.
const TIMES: &str = "SAIMA_FUZZ_TIMES";

/// Words that make trouble in JSON.
const JSON: &[&str] = &[
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "1e308",
    "1e309",
    "-1e-400",
    "1.5",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "253402300800000",
    "\"\"",
    "\"a\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\\"\\\\\"",
    "\"é\"",
    "\"0000-01-01T00:00:00+23:59\"",
    "\"9999-12-31T23:59:60Z\"",
    "[]",
    "{}",
    "[[[[[[[[",
    "{\"a\":",
    "\"id\":",
    "\"tags\":",
    ",",
    ":",
    "\n",
    " ",
    "\u{feff}",
];

/// A place to begin: what it is called, and its bytes.
#[derive(Clone, Debug)]
struct Seed {
    name: String,
    bytes: Vec<u8>,
}

/// The seeds of a door, in the order of their names.
fn seeds(door: &str) -> Vec<Seed> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fuzz/corpus");
    let files = fs::read_dir(corpus.join(door)).unwrap();
    let mut seeds: Vec<Seed> = files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let bytes = fs::read(path).unwrap();
            Seed { name, bytes }
        })
        .collect();
    seeds.sort_by(|one, next| one.name.cmp(&next.name));
    seeds
}

/// One change of an input; places are shares of its length.
#[derive(Clone, Debug)]
enum Edit {
    Flip(Index, u8),
    Put(Index, u8),
    Remove(Index, usize),
    /// Some of the input again at another place.
    Repeat(Index, usize, Index),
    /// Some of another seed.
    Graft(Index, Index, usize, Index),
    /// A word in between.
    Insert(Index, Index),
    /// A word in place of what stands between two marks.
    Replace(Index, Index),
    /// What stands between two marks of another seed in place of what does here.
    Exchange(Index, Index, Index),
}

/// How far a removed, repeated or grafted piece may reach.
const PIECE: usize = 48;

fn edit() -> impl Strategy<Value = Edit> {
    let (place, length) = (any::<Index>, 1..PIECE);
    prop_oneof![
        2 => (place(), 0..8u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        2 => (place(), any::<u8>()).prop_map(|(at, byte)| Edit::Put(at, byte)),
        2 => (place(), length.clone()).prop_map(|(at, length)| Edit::Remove(at, length)),
        1 => (place(), length.clone(), place()).prop_map(|(from, length, to)| Edit::Repeat(from, length, to)),
        1 => (place(), place(), length, place()).prop_map(|(seed, from, length, to)| Edit::Graft(seed, from, length, to)),
        2 => (place(), place()).prop_map(|(at, word)| Edit::Insert(at, word)),
        4 => (place(), place()).prop_map(|(at, word)| Edit::Replace(at, word)),
        4 => (place(), place(), place()).prop_map(|(at, seed, from)| Edit::Exchange(at, seed, from)),
    ]
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>, seeds: &[Seed], words: &[&[u8]]) {
        if bytes.is_empty() {
            bytes.push(0);
        }
        let place = |at: &Index| at.index(bytes.len());
        match self {
            Self::Flip(at, bit) => {
                let at = place(at);
                bytes[at] ^= 1 << bit;
            }
            Self::Put(at, byte) => {
                let at = place(at);
                bytes[at] = *byte;
            }
            Self::Remove(at, length) => {
                let at = place(at);
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Self::Repeat(from, length, to) => {
                let (piece, to) = (piece(bytes, from, *length), place(to));
                bytes.splice(to..to, piece);
            }
            Self::Graft(seed, from, length, to) => {
                let (piece, to) = (piece(&seed.get(seeds).bytes, from, *length), place(to));
                bytes.splice(to..to, piece);
            }
            Self::Insert(at, word) => {
                let at = place(at);
                bytes.splice(at..at, word.get(words).iter().copied());
            }
            Self::Replace(at, word) => {
                let token = token(bytes, place(at));
                bytes.splice(token, word.get(words).iter().copied());
            }
            Self::Exchange(at, seed, from) => {
                let other = &seed.get(seeds).bytes;
                let with = token(other, from.index(other.len()));
                bytes.splice(token(bytes, place(at)), other[with].iter().copied());
            }
        }
    }
}

fn piece(bytes: &[u8], from: &Index, length: usize) -> Vec<u8> {
    let from = from.index(bytes.len() + 1);
    bytes[from..(from + length).min(bytes.len())].to_vec()
}

/// What stands around a place, up to the marks of JSON and TOML.
fn token(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let is_mark = |byte: &u8| b",:{}[]=\n".contains(byte);
    let start = bytes[..at].iter().rposition(is_mark);
    let end = bytes[at..].iter().position(is_mark);
    start.map_or(0, |mark| mark + 1)..end.map_or(bytes.len(), |mark| at + mark)
}

/// Bytes that show as text where they are.
struct Shown<'b>(&'b [u8]);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// An edited seed.
#[derive(Clone)]
struct Input {
    seed: Seed,
    bytes: Vec<u8>,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = (&self.seed.name, Shown(&self.bytes));
        write!(f, "of the seed {name}: {bytes:?}")
    }
}

fn inputs(seeds: &[Seed], words: &[&[u8]]) -> impl Strategy<Value = Input> {
    let (seeds, words): (Vec<Seed>, Vec<Vec<u8>>) = (
        seeds.to_vec(),
        words.iter().map(|word| word.to_vec()).collect(),
    );
    let edits = prop::collection::vec(edit(), 1..4);
    (any::<Index>(), edits).prop_map(move |(seed, edits)| {
        let seed = seed.get(&seeds).clone();
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let mut bytes = seed.bytes.clone();
        edits
            .iter()
            .for_each(|edit| edit.apply(&mut bytes, &seeds, &words));
        Input { seed, bytes }
    })
}

/// Runs with so many cases that are always the same, or with so many times as many others as the environment says.
fn runner(cases: u32) -> TestRunner {
    let config = |cases| Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    match std::env::var(TIMES) {
        Ok(times) => TestRunner::new(config(cases.saturating_mul(times.parse().unwrap()))),
        Err(_) => {
            let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
            TestRunner::new_with_rng(config(cases), rng)
        }
    }
}

/// Tries every seed as it is, and then so many inputs made of them.
fn fuzz(cases: u32, seeds: &[Seed], words: &[&[u8]], check: impl Fn(&str, &[u8])) {
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| check(&seed.name, &seed.bytes));
    let tried = runner(cases).run(&inputs(seeds, words), |input| {
        check(&input.seed.name, &input.bytes);
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

/// As [`fuzz`], where the check says whether an input was taken: if hardly any were, or nearly all, the edits would not be worth much.
fn sift(cases: u32, seeds: &[Seed], words: &[&[u8]], takes: impl Fn(&str, &[u8]) -> bool) {
    let (taken, all) = (Cell::new(0), Cell::new(0));
    fuzz(cases, seeds, words, |name, bytes| {
        taken.set(taken.get() + u32::from(takes(name, bytes)));
        all.set(all.get() + 1);
    });
    let (taken, all) = (taken.get(), all.get());
    let some = all / 50;
    assert!(
        (some..all - some).contains(&taken),
        "{taken} of {all} taken"
    );
}

fn words<'w>(texts: &[&'w str]) -> Vec<&'w [u8]> {
    texts.iter().map(|text| text.as_bytes()).collect()
}
