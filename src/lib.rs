//! Saima (赛马, "horse race"): multi-objective ranking for marketplaces.
//!
//! # How a request goes
//! ```text
//! http::dispatch      host, route, token, content type, query: the checks before any handler
//! http::admission     a place in the queue or a quick no, before the body; a turn, once its timeout_ms is known
//! http::rank          reads the body (model::read; model::diagnose where that refuses)
//! engine::Engine      one view for the whole request: generation, standings, as_of, and a read guard on the facts
//! rank::rank          taste      the user's profile, spread out for quick loads
//!                     resolve    ids → rows, a block at a time, so that waits for memory overlap; unknown ids listed
//!                     slate      what a rule keeps out
//!                     predict    a block of candidates, objective by objective; blend: the base; factor: the score
//!                     topk       the best, by the one comparator; explain: their parts, by the same functions
//! http::answer        JSON by hand
//! ```
//! No step waits for a disk, a reload or a rebuild; a writer holds the facts for a slice of lines at a time.
//!
//! # How a fact goes
//! ```text
//! http::facts         cuts the body into lines
//! ingest::read        line → fact or faults, outside the lock
//! ingest::Facts       the one door: applies it to feature (what is declared and learnt) and to race (what was sold)
//! journal::Journal    takes it down in the same order; the answer waits until it is on the disk
//! engine::store       in the background: a checkpoint of the state, frozen at one instant, from which a start goes on
//! engine::rebuild     in the background: race::Standings anew from raw sales, swapped in whole
//! ```
//!
//! # Layers: imports go strictly down
//! | layer | modules | may import |
//! |---|---|---|
//! | 6 | [`cli`], `main` | everything |
//! | 5 | [`http`] | [`engine`], [`config`], [`telemetry`], layer 0 |
//! | 4 | [`engine`] | layers 0–3 |
//! | 3 | [`rank`]; [`ingest`] over [`state`]: never each other | layers 0–2 |
//! | 2 | [`feature`], [`race`], [`journal`]: never each other; [`state`] holds the first two | layers 0–1 |
//! | 1 | [`config`], [`telemetry`] | layer 0 |
//! | 0 | [`model`], [`objective`], [`rule`], [`id`], [`clock`], [`number`], [`random`], [`prefetch`], [`allocator`], [`chunked`], [`binary`] | nothing of the crate but layer 0 |
//!
//! [`rank`], [`race`] and [`feature`] know no async runtime, no HTTP, no log and no file. Time is an argument everywhere below the
//! engine. The one crossing from async tasks to the CPU threads is in [`engine`].
//!
//! # Words
//! - **Item**: anything that can be ranked. **Candidate**: an item that the caller asks to have placed.
//! - **Journal**: the durable log of facts. **Checkpoint**: the state on disk from which replay starts.
//! - **Fact**: an upsert, a patch, a deletion or an **event**. **Profile**: what is learnt of a user; a **history** is a decayed sum.
//! - **Objective**: one number per candidate in [0, 1]; its **raw** is the natural figure, its **value** the normalised one. A
//!   **prediction** is the caller's own number, and becomes one.
//! - **Weight**: how much a scene cares. **Blend**: the weighted mean of the values, the **base**. **Factor**: a bounded multiplier on
//!   it. **Score** = base × factors. **Rule**: keeps a candidate out, and never changes a score.
//! - **Scene**: a place with its own weights. **Generation**: the number of a live configuration.
//! - **Race**: the contest of **runners** (merchants, items) in a **lane**, by **level** (how much they sell) and **growth** (how surely
//!   they grow). **Standings**: the immutable result of one rebuild. **`as_of`**: the one instant that a request sees.

pub mod allocator;
pub mod binary;
pub mod chunked;
pub mod cli;
pub mod clock;
pub mod config;
pub mod engine;
pub mod feature;
pub mod http;
pub mod id;
pub mod ingest;
pub mod journal;
pub mod model;
pub mod number;
pub mod objective;
pub mod prefetch;
pub mod race;
pub mod random;
pub mod rank;
pub mod rule;
pub mod state;
pub mod telemetry;

#[cfg(test)]
mod tests;
