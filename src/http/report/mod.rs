//! Reports over HTTP: JSON or Markdown, as the client accepts.

mod handler;
mod markdown;

pub(super) use handler::{MARKDOWN, report};
