//! Parameters of a path or of a query.

use crate::model::schema::Shape;

/// A parameter of the path or of the query. Those of the query are optional.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) doc: &'static str,
    pub(super) example: Option<&'static str>,
}
