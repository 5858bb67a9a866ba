//! Authorisation: bearer tokens with roles, and, without tokens, loopback only.
//!
//! Tokens come from environment variables or files, never from the configuration, and never leave this module. When a file changes,
//! all tokens are replaced at once. A token is compared in constant time, except for its length, so that timing reveals nothing.
//!
//! Without tokens everything is open. That is safe on loopback only, and only if no web page can reach the service: a page whose
//! name was rebound to 127.0.0.1 cannot send a loopback `Host`, and a page of another site cannot send `application/json` without
//! a preflight request.

mod host;
mod named;
mod role;
mod tokens;
mod variables;

pub use self::role::Role;
pub use self::tokens::Tokens;
pub use self::variables::TokenError;
