//! Saima (赛马, "horse race"): multi-objective ranking for marketplaces.
//!
//! # Path of a rank request
//! ```text
//! http::dispatch      host, route, token, content type, query: the checks before any handler
//! http::admission     a slot in the queue or an early 429, before the body; the wait, once timeout_ms is known
//! http::rank          reads the body; model::diagnose reports the faults of an invalid one
//! engine::Engine      one view for the whole request: generation, standings, as_of, and a read guard on the facts
//! rank::rank          taste      the user's profile, spread out for fast loads
//!                     resolve    set: ids → rows, a block at a time, with prefetch; unknown ids are listed
//!                     slate      kept: rules hide candidates
//!                     predict    values: a block of candidates, objective by objective
//!                     score      blend: the base; factor: the score
//!                     topk       top: the best, by the one comparator
//!                     live       the rules of the scene that apply to this request; without any, the top is the answer
//!                     lift       score = own × lifts, bounded
//!                     slate      arrange: pins, reserved slots, support places, then a greedy fill under caps, decay and MMR
//!                     explain    the parts of each score, by the same functions
//! http::answer        writes the model::Decision as JSON
//! decision            a share of the decisions goes into a bounded queue, from which a thread writes files
//! ```
//! No step waits for a disk, a reload or a rebuild. A writer locks the facts for a slice of lines at a time.
//!
//! # Path of a fact
//! ```text
//! http::facts         splits the body into lines
//! ingest::read        line → fact or faults, outside the lock
//! ingest::Facts       the only way in: applies the fact to state (features and sales)
//! engine::deriving    outside the lock again: what a scene reads of the declared texts of items
//! journal::Journal    appends it in the same order; the answer waits until it is on disk
//! engine::store       in the background: a checkpoint of the state at one instant, from which a start goes on
//! engine::rebuild     in the background: race::Standings from the raw sales, swapped as a whole
//! ```
//!
//! # Layers: imports go strictly down
//! | layer | rooms | may import |
//! |---|---|---|
//! | 6 | [`cli`], `main` | everything |
//! | 5 | [`http`] | [`engine`], [`config`], [`telemetry`], layer 0 |
//! | 4 | [`engine`] | layers 0–3 |
//! | 3 | [`rank`], [`ingest`]: never each other; [`state`] below [`ingest`], not below [`rank`] | layers 0–2 |
//! | 2 | [`feature`], [`race`], [`exposure`], [`experiment`], [`selection`], [`support`], [`derived`], [`journal`], [`decision`]: never each other | layers 0–1 |
//! | 1 | [`config`], [`telemetry`]: never each other | layer 0 |
//! | 0 | [`allocator`], [`binary`], [`bits`], [`chunked`], [`clock`], [`corpus`], [`decay`], [`digest`], [`expression`], [`forest`], [`id`], [`json`], [`model`], [`money`], [`number`], [`objective`], [`prefetch`], [`random`], [`rule`], [`spelling`], [`threads`] | layer 0 |
//!
//! `tests/it/house.rs` checks this table. [`rank`], [`race`], [`feature`], [`exposure`], [`support`] and [`state`] use no async runtime, no HTTP, no log and no
//! file. Below the engine, time is an argument. Async tasks reach the CPU threads through [`engine`] only.
//!
//! # Words
//! - **Item**: anything that can be ranked. **Candidate**: an item that the caller asks to have ranked.
//! - **Journal**: the durable log of facts. **Checkpoint**: the state on disk from which replay starts.
//! - **Fact**: an upsert, a patch, a deletion or an **event**. **Profile**: what is learnt about a user. **History**: one decayed sum.
//! - **Objective**: one number per candidate in [0, 1]. Its **raw** is the natural figure, its **value** the normalised one. A
//!   **prediction** is the caller's own number; once declared, it is an objective.
//! - **Weight**: how much an objective counts in a scene. **Blend**: the weighted mean of the values; its result is the **base**.
//!   **Factor**: a bounded multiplier of the base. **Score** = base × factors.
//! - **Slate**: the final list. **Rule**: hides, moves or lifts a candidate; only `seen` may change its
//!   **own**, the score without lifts.
//! - **Scene**: a place in the app with its own weights. **Generation**: the number of a live configuration.
//! - **Experiment**: a comparison of **arms** on different users. **Arm**: what it sets of the scenes. **Layer**: experiments that
//!   exclude each other. **Enrolment**: from it on, what a user does counts for an arm.
//! - **Race**: the contest of **runners** (merchants, items) in a **lane**, by **level** (how much they sell) and **growth** (how surely
//!   they grow). **Standings**: the immutable result of one rebuild. **`as_of`**: the one instant that a request sees.

// `println!` panics if nobody reads; see `cli::output`.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod allocator;
pub mod binary;
pub mod bits;
pub mod chunked;
pub mod cli;
pub mod clock;
pub mod config;
pub mod corpus;
pub mod decay;
pub mod decision;
pub mod derived;
pub mod digest;
pub mod engine;
pub mod experiment;
pub mod exposure;
pub mod expression;
pub mod feature;
pub mod forest;
pub mod http;
pub mod id;
pub mod ingest;
pub mod journal;
pub mod json;
pub mod model;
pub mod money;
pub mod number;
pub mod objective;
pub mod prefetch;
pub mod race;
pub mod random;
pub mod rank;
pub mod rule;
pub mod selection;
pub mod spelling;
pub mod state;
pub mod support;
pub mod telemetry;
pub mod threads;

#[cfg(test)]
mod tests;
