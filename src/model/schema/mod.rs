//! The table of the objects on the wire: their fields, the shape of each field, and the rules between fields.
//!
//! The walk of [`diagnose`](super::diagnose) and the schemas of the OpenAPI document both follow it. The [fast readers](super) are
//! written by hand for speed; a property test checks that both accept the same texts.

mod bounds;
mod objects;
mod shape;

#[cfg(test)]
mod tests;

pub use bounds::{
    BATCH_CANDIDATES, BATCH_REQUESTS, CANDIDATES, ID_BYTES, LIMIT, LINES, NESTING, PREDICTION,
    QUERY_BYTES, TAG_WEIGHT, TAGS, TIMEOUT_MS,
};
pub use objects::{
    BATCH_REQUEST, CANDIDATE, CONFIG_CHANGE, CONFIG_ROLLBACK, CONTEXT, EVENT, ITEM, MERCHANT,
    MERGE_REQUEST, OBJECTS, PREVIEW_REQUEST, RANK_REQUEST, USER,
};
pub use shape::{Bound, Field, Object, Rule, Shape, listed};
