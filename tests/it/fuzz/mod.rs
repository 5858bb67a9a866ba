//! Fuzzing of every input: any bytes are read or rejected, and none stop the service.
//!
//! Random bytes would not get past the first brace, so inputs are edited seeds: the files in `corpus/`, and the journal's files as
//! its own writer writes them. Every seed is also tried unchanged, so that an input that once failed is kept as a seed.
//!
//! Without `SAIMA_FUZZ_TIMES` the inputs are few and the same in each run. It multiplies their number, and makes them different in each
//! run. A failing input is reported with the fewest edits that still fail.

mod changes;
mod configs;
mod facts;
mod journal;
mod records;
mod requests;
mod wire;

use std::cell::Cell;
use std::fmt;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Environment variable: factor on the number of inputs.
const TIMES: &str = "SAIMA_FUZZ_TIMES";

/// Words that are special in JSON.
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

/// An input to start from: its name and bytes.
#[derive(Clone, Debug)]
struct Seed {
    name: String,
    bytes: Vec<u8>,
}

/// Returns the seeds of one kind of input, sorted by name.
fn seeds(kind: &str) -> Vec<Seed> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fuzz/corpus");
    let files = fs::read_dir(corpus.join(kind)).unwrap();
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

/// One edit of an input; offsets are shares of its length.
#[derive(Clone, Debug)]
enum Edit {
    Flip(Index, u8),
    Put(Index, u8),
    Remove(Index, usize),
    /// Repeats a piece of the input at another offset.
    Repeat(Index, usize, Index),
    /// Inserts a piece of another seed.
    Graft(Index, Index, usize, Index),
    /// Inserts a word.
    Insert(Index, Index),
    /// Replaces a token by a word.
    Replace(Index, Index),
    /// Replaces a token by one of another seed.
    Exchange(Index, Index, Index),
}

/// Maximum length of a removed, repeated or inserted piece.
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

/// Returns the token around an offset, delimited by the punctuation of JSON and TOML.
fn token(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let is_mark = |byte: &u8| b",:{}[]=\n".contains(byte);
    let start = bytes[..at].iter().rposition(is_mark);
    let end = bytes[at..].iter().position(is_mark);
    start.map_or(0, |mark| mark + 1)..end.map_or(bytes.len(), |mark| at + mark)
}

/// Bytes that are displayed as text if they are text.
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

/// Returns a runner of `cases` inputs, the same in each run. With [`TIMES`] they are more, and different in each run.
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

/// Tries every seed unchanged, and then a number of edited ones.
fn fuzz(cases: u32, seeds: &[Seed], words: &[&[u8]], check: impl Fn(&str, &[u8])) {
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| check(&seed.name, &seed.bytes));
    let tried = runner(cases).run(&inputs(seeds, words), |input| {
        check(&input.seed.name, &input.bytes);
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Works like [`fuzz`] with a check that returns whether an input was accepted. Fails if under 2 % or over 98 % of the inputs were
/// accepted, because such edits test little.
fn sift(cases: u32, seeds: &[Seed], words: &[&[u8]], accepts: impl Fn(&str, &[u8]) -> bool) {
    let (accepted, all) = (Cell::new(0), Cell::new(0));
    fuzz(cases, seeds, words, |name, bytes| {
        accepted.set(accepted.get() + u32::from(accepts(name, bytes)));
        all.set(all.get() + 1);
    });
    let (accepted, all) = (accepted.get(), all.get());
    let some = all / 50;
    assert!(
        (some..all - some).contains(&accepted),
        "{accepted} of {all} accepted"
    );
}

fn words<'w>(texts: &[&'w str]) -> Vec<&'w [u8]> {
    texts.iter().map(|text| text.as_bytes()).collect()
}
