//! Bounds and shapes that several fields share.

use super::shape::{Bound, Shape};
use crate::model::id::MAX_ID;
use crate::model::{MAX_CAMPAIGNS, MAX_MONEY, MAX_TAG_WEIGHT, MAX_TEXT};
use crate::number::wide;

/// `limits.candidates`
pub const CANDIDATES: Bound = Bound::Limit("limits.candidates", |limits| wide(limits.candidates));
/// `limits.limit`
pub const LIMIT: Bound = Bound::Limit("limits.limit", |limits| wide(limits.limit));
/// `limits.batch_requests`
pub const BATCH_REQUESTS: Bound = Bound::Limit("limits.batch_requests", |limits| {
    wide(limits.batch_requests)
});
/// `limits.batch_candidates`
pub const BATCH_CANDIDATES: Bound = Bound::Limit("limits.batch_candidates", |limits| {
    wide(limits.batch_candidates)
});
/// `limits.lines`
pub const LINES: Bound = Bound::Limit("limits.lines", |limits| wide(limits.lines));
/// `limits.tags`
pub const TAGS: Bound = Bound::Limit("limits.tags", |limits| wide(limits.tags));
/// `limits.nesting`
pub const NESTING: Bound = Bound::Limit("limits.nesting", |limits| wide(limits.nesting));
/// `limits.query_bytes`
pub const QUERY_BYTES: Bound =
    Bound::Limit("limits.query_bytes", |limits| wide(limits.query_bytes));
/// `limits.timeout_ms`
pub const TIMEOUT_MS: Bound = Bound::Limit("limits.timeout_ms", |limits| limits.timeout_ms);

pub(super) const TEXT: Shape = Shape::Text(Bound::Fixed(wide(MAX_TEXT)));
/// The reason of a change.
pub(super) const REASON: Shape = Shape::Line(0, Bound::Fixed(wide(MAX_TEXT)));
/// The author of a change.
pub(super) const AUTHOR: Shape = Shape::Line(1, Bound::Fixed(wide(MAX_TEXT)));
pub(super) const CAMPAIGNS: Shape = Shape::Ids(Bound::Fixed(wide(MAX_CAMPAIGNS)));
pub(super) const SHARE: Shape = Shape::Number(0.0, 1.0);
pub(super) const MONEY: Shape = Shape::Number(0.0, MAX_MONEY);
pub(super) const LATITUDE: Shape = Shape::Number(-90.0, 90.0);
pub(super) const LONGITUDE: Shape = Shape::Number(-180.0, 180.0);

/// The weight of a declared tag.
pub const TAG_WEIGHT: Shape = Shape::Number(-MAX_TAG_WEIGHT, MAX_TAG_WEIGHT);
/// A client's prediction: any finite number.
pub const PREDICTION: Shape = Shape::Number(f64::MIN, f64::MAX);
/// Maximum number of bytes of an id.
pub const ID_BYTES: usize = MAX_ID;
