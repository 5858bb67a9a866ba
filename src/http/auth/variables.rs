//! Tokens from environment variables, or from the files that environment variables name.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use thiserror::Error;

use super::role::Role;

/// Minimum number of characters of a token beyond loopback.
pub(super) const LEAST: usize = 16;

/// The reason why the tokens cannot be used.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The variable or its file is empty.
    #[error("{0} is empty")]
    Empty(String),
    /// The token contains a character that is not visible ASCII, which a header cannot carry.
    #[error("{0} must be of visible ASCII characters, without spaces")]
    Unsendable(String),
    /// Both the variable of the token and the variable of its file are set.
    #[error("{0} and {0}_FILE are both set")]
    Twice(&'static str),
    /// The file of a token cannot be read: variable, path and error.
    #[error("{0}_FILE: {1} cannot be read: {2}")]
    File(&'static str, String, io::Error),
    /// A token can be guessed, and the address is not loopback.
    #[error(
        "the token of {0} has fewer than {LEAST} characters: beyond loopback, tokens must be longer"
    )]
    Short(String),
    /// The file of named tokens has faults: its path and all of them.
    #[error("SAIMA_TOKENS_FILE: {0}: {1}")]
    Named(String, String),
    /// There are no tokens, but the address is not loopback.
    #[error(
        "without a token the service listens on loopback only, not on {0}: set SAIMA_TOKENS_FILE, SAIMA_TOKEN_RANK, SAIMA_TOKEN_READ, \
         SAIMA_TOKEN_WRITE or SAIMA_TOKEN_OPS, or listen on 127.0.0.1"
    )]
    Exposed(SocketAddr),
}

/// A token that the service accepts.
pub(super) struct Held {
    pub(super) role: Role,
    pub(super) token: Vec<u8>,
    /// Its name, if it has one.
    pub(super) name: Option<Arc<str>>,
    /// Where it comes from, for messages.
    pub(super) source: String,
}

/// Reads a token from its variable or from its file, `None` if neither is set.
pub(super) fn token(
    name: &'static str,
    variable: impl Fn(&str) -> Option<String>,
    file: impl Fn(&str) -> io::Result<String>,
) -> Result<Option<String>, TokenError> {
    let in_file = format!("{name}_FILE");
    match (variable(name), variable(&in_file)) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(TokenError::Twice(name)),
        (Some(token), None) => sendable(token, name.to_owned()).map(Some),
        (None, Some(path)) => {
            let from = format!("{in_file}: {path}");
            let content = file(&path).map_err(|error| TokenError::File(name, path, error))?;
            sendable(content.trim_end().to_owned(), from).map(Some)
        }
    }
}

/// Checks that a header can carry a token; `from` names its source in an error.
fn sendable(token: String, from: String) -> Result<String, TokenError> {
    if token.is_empty() {
        Err(TokenError::Empty(from))
    } else if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(token)
    } else {
        Err(TokenError::Unsendable(from))
    }
}
