//! The service to call, as arguments of a command.

use std::fmt;
use std::path::PathBuf;

/// The environment variable with the token, read if `--token` is not given.
pub const TOKEN: &str = "SAIMA_TOKEN";

/// The arguments of a command that name the service to call.
#[derive(Clone, Debug, clap::Args)]
pub struct Service {
    /// URL of the service
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Bearer token; default: the environment variable SAIMA_TOKEN, which other users of the machine cannot see
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<Token>,
    /// PEM file of the authorities to trust for an https service, instead of the public ones
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// PEM file with a certificate and its private key, for a service that requires client certificates
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
}

#[cfg(test)]
impl Service {
    /// Returns a service with the token `t`, for tests.
    pub(super) fn sample(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            token: Some("t".to_owned().into()),
            ca: None,
            identity: None,
        }
    }
}

/// A bearer token; debug output does not show it.
#[derive(Clone)]
pub struct Token(pub(super) String);

impl From<String> for Token {
    fn from(token: String) -> Self {
        Self(token)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
