//! Authorisation: bearer tokens with roles, and, without tokens, loopback only.
//!
//! Tokens come from the environment or from files, never from the configuration, and never leave this module. When a file changes,
//! all are replaced at once. Every token is compared in constant time (except for its length), so that the time of a rejection
//! reveals nothing. Without tokens everything is open. That is safe on loopback only, and only if no web page can reach it: a page
//! whose name was rebound to 127.0.0.1 cannot send a loopback `Host`, and a page of another site cannot send
//! `application/json` without a preflight request.

mod host;
mod role;
mod tokens;
mod variables;

pub use self::role::Role;
pub use self::tokens::Tokens;
pub use self::variables::TokenError;
