//! The HTTP edge. Its routes are one table, `routes`.
//!
//! A request passes, in this order: host → route and method → token → content type → query → admission → handler.

mod accept;
mod admission;
mod answer;
mod app;
mod assets;
mod auth;
mod body;
mod call;
mod configure;
mod connection;
mod content;
mod decisions;
mod dispatch;
mod error;
mod experiments;
mod facts;
mod market;
mod number;
mod openapi;
mod ops;
mod overrides;
mod param;
mod query;
mod rank;
mod release;
mod reply;
mod report;
mod request_id;
mod route;
mod routes;
mod serve;
mod tls;

#[cfg(test)]
mod tests;

pub use auth::{Role, TokenError, Tokens};
pub use serve::{TooFewFiles, check_open_files, serve};
pub use tls::{Tls, TlsError};
