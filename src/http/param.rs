//! Parameters of a path or of a query.

use crate::model::schema::Shape;

/// A parameter of the path or of the query.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) doc: &'static str,
    pub(super) example: Option<&'static str>,
    /// True for one of the query that must be given; those of the path always must.
    pub(super) required: bool,
}
