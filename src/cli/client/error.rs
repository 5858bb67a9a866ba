//! Errors of calls.

use std::path::PathBuf;

use thiserror::Error;

use super::service::TOKEN;

/// Maximum number of attempts while the service is busy.
pub(super) const ATTEMPTS: u32 = 20;

/// An error of a call.
#[derive(Debug, Error)]
pub enum CallError {
    /// The URL is neither `http://…` nor `https://…`.
    #[error(
        "{url} is not a valid URL: it must have the form http://HOST:PORT or https://HOST:PORT"
    )]
    Url {
        /// The URL as given.
        url: String,
    },
    /// The token has characters that are invalid in a header.
    #[error("the token given with --token or in {TOKEN} must consist of visible ASCII characters")]
    Token,
    /// A PEM file cannot be used.
    #[error("{option} {}: {cause}", .file.display())]
    Pem {
        /// The option that names the file.
        option: &'static str,
        /// The file.
        file: PathBuf,
        /// The fault.
        cause: String,
    },
    /// The service did not answer.
    #[error("no answer from {url}: {cause}; {}", advice(.url))]
    Unreachable {
        /// The URL as given.
        url: String,
        /// The error of the connection.
        cause: String,
    },
    /// The token is missing or wrong, or its role does not permit the call.
    #[error("{status}: {detail}; give the token with --token or in {TOKEN}")]
    Denied {
        /// 401 or 403.
        status: u16,
        /// The detail of the answer.
        detail: String,
    },
    /// The service was busy on every attempt.
    #[error("the service was busy ({status}) on all {ATTEMPTS} attempts: {detail}")]
    Busy {
        /// 429 or 503.
        status: u16,
        /// The detail of the last answer.
        detail: String,
    },
    /// The service rejected the request.
    #[error("the service rejected the request: {status}: {detail}")]
    Rejected {
        /// The status of the answer.
        status: u16,
        /// The detail of the answer, with every fault.
        detail: String,
    },
    /// The answer is not in the expected form.
    #[error("unexpected answer from {url}: {cause}")]
    Unexpected {
        /// The URL as given.
        url: String,
        /// The fault.
        cause: String,
    },
}

/// Returns the things to check when the service does not answer.
fn advice(url: &str) -> &'static str {
    if url.starts_with("https://") {
        "check that the service runs (`saima serve`), that --url is right, that --ca names the authority of its \
         certificate, and that --identity is given if it requires one"
    } else {
        "check that the service runs (`saima serve`) and that --url is right"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_for_https_names_the_certificates() {
        assert!(!advice("http://h:1").contains("--ca"));
        let said = advice("https://h:1");
        assert!(said.contains("--ca") && said.contains("--identity") && said.contains("--url"));
    }
}
