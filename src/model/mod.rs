//! The words of the service as types: facts, requests, rankings, faults.
//!
//! Every input is read in two steps. The fast readers are strict and stop at the first fault without a path. If they fail,
//! [`diagnose`] walks the same text along the tables of [`schema`] and reports every fault with its path. A property test checks
//! that both accept the same texts.

pub mod declared;
pub mod diagnose;
pub mod schema;
pub mod view;

mod arms;
mod batch;
mod candidates;
mod configuration;
mod content;
mod decision;
mod fact;
mod fault;
mod goal;
mod id;
mod kind;
mod limits;
mod merge;
mod operation;
mod preview;
mod read;
mod request;
mod tags;
mod vocabulary;
mod whole;

pub use arms::Arms;
pub use candidates::{Candidates, MAX_PREDICTIONS};
pub use configuration::{ConfigChange, ConfigRollback};
pub use content::Repeat;
pub use decision::{
    ArmOf, Contender, Decision, Dropped, Explanation, FactorPart, Given, GivenBack, LeverPrice,
    Move, PagePrice, Part, Placed, SlotRace, Won,
};
pub use diagnose::Diagnosis;
pub use fact::{Entity, Event, Item, MAX_CAMPAIGNS, MAX_MONEY, Merchant, User};
pub use fault::Fault;
pub use goal::Goal;
pub use id::{Id, MAX_ID, id_text, is_id};
pub use kind::{EventKind, ItemKind};
pub use limits::Limits;
pub use merge::MergeRequest;
pub use operation::{EntityKind, Operation};
pub use preview::PreviewRequest;
pub use read::{MAX_LIST, MAX_TEXT};
pub use request::{Context, DEFAULT_SCENE, RankRequest};
pub use tags::{MAX_TAG_WEIGHT, Tags};
pub use vocabulary::{Contest, Vocabulary};
