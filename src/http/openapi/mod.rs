//! `GET /openapi.json`: the contract as an OpenAPI 3.1 document.

mod answers;
mod document;
mod shapes;

pub(super) use document::text;
