//! Authorisation: bearer tokens with roles, and, without tokens, loopback only.
//!
//! Tokens come from the environment or from files, never from the configuration, and never leave this module. When a file changes,
//! all are replaced at once. Every token is compared in constant time (except for its length), so that the time of a rejection
//! reveals nothing. Without tokens everything is open. That is safe on loopback only, and only if no web page can reach it: a page
//! whose name was rebound to 127.0.0.1 cannot send a loopback `Host`, and a page of another site cannot send
//! `application/json` without a preflight request.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use arc_swap::ArcSwap;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use serde::Serialize;
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

use super::error::{Cause, Problem};

/// Rights of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Needs no token.
    Open,
    /// Rank.
    Rank,
    /// Read entities, standings and metrics.
    Read,
    /// Send facts; includes `read` and `rank`.
    Write,
    /// Operate the service; includes all.
    Ops,
}

impl Role {
    /// Roles with a token, smallest first.
    pub const WITH_TOKEN: [Self; 4] = [Self::Rank, Self::Read, Self::Write, Self::Ops];

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Rank => "rank",
            Self::Read => "read",
            Self::Write => "write",
            Self::Ops => "ops",
        }
    }

    /// Returns the environment variable of its token.
    const fn variable(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Rank => "SAIMA_TOKEN_RANK",
            Self::Read => "SAIMA_TOKEN_READ",
            Self::Write => "SAIMA_TOKEN_WRITE",
            Self::Ops => "SAIMA_TOKEN_OPS",
        }
    }

    /// Returns `true` if this role has the rights of `other`.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        match self {
            Self::Open => matches!(other, Self::Open),
            Self::Rank => matches!(other, Self::Open | Self::Rank),
            Self::Read => matches!(other, Self::Open | Self::Read),
            Self::Write => !matches!(other, Self::Ops),
            Self::Ops => true,
        }
    }
}

/// The reason why the tokens cannot be used.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The variable or its file is empty.
    #[error("{0} is empty")]
    Empty(String),
    /// The token cannot be sent in a header.
    #[error("{0} must be of visible ASCII characters, without spaces")]
    Unsendable(String),
    /// Both the variable and the variable of its file are set.
    #[error("{0} and {0}_FILE are both set")]
    Twice(&'static str),
    /// The file cannot be read.
    #[error("{0}_FILE: {1} cannot be read: {2}")]
    File(&'static str, String, io::Error),
    /// There are no tokens, but the address is not loopback.
    #[error(
        "without a token the service listens on loopback only, not on {0}: set SAIMA_TOKEN_RANK, SAIMA_TOKEN_READ, \
         SAIMA_TOKEN_WRITE or SAIMA_TOKEN_OPS, or listen on 127.0.0.1"
    )]
    Exposed(SocketAddr),
}

/// The tokens of the roles. Without any, everything is open.
#[derive(Default)]
pub struct Tokens(ArcSwap<Vec<(Role, Vec<u8>)>>);

impl fmt::Debug for Tokens {
    /// Writes the roles that have a token, never a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.0.load();
        let roles = held.iter().map(|(role, _)| role.name());
        f.debug_list().entries(roles).finish()
    }
}

impl Tokens {
    /// Reads the tokens from the environment. `variable` returns the value of a variable, `file` the content of a file.
    ///
    /// # Errors
    /// If a token is empty, cannot be sent, is set twice or cannot be read.
    pub fn from_env(
        variable: impl Fn(&str) -> Option<String>,
        file: impl Fn(&str) -> io::Result<String>,
    ) -> Result<Self, TokenError> {
        let mut tokens = Vec::new();
        for role in Role::WITH_TOKEN {
            if let Some(token) = token(role.variable(), &variable, &file)? {
                tokens.push((role, token.into_bytes()));
            }
        }
        Ok(Self(ArcSwap::from_pointee(tokens)))
    }

    /// Returns the token files that the environment names.
    pub fn files(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
        let names = Role::WITH_TOKEN.map(|role| format!("{}_FILE", role.variable()));
        let paths = names.iter().filter_map(|name| variable(name));
        paths.map(PathBuf::from).collect()
    }

    /// Replaces all tokens at once. Later requests are checked against the new ones only.
    pub fn replace(&self, fresh: Self) {
        self.0.store(fresh.0.into_inner());
    }

    /// Returns `true` if there is no token.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.load().is_empty()
    }

    /// Checks that the request has the rights of `role`.
    ///
    /// # Errors
    /// 401 without a valid token, 403 if the role of the token does not include `role`.
    pub(super) fn allow(&self, role: Role, headers: &HeaderMap) -> Result<(), Problem> {
        if self.is_open() || role == Role::Open {
            return Ok(());
        }
        let sent = bearer(headers).ok_or_else(|| {
            Problem::new(
                Cause::NoToken,
                "send the header `Authorization: Bearer <token>`",
            )
        })?;
        let (mut known, mut enough) = (Choice::from(0), Choice::from(0));
        for (held, token) in self.0.load().iter() {
            let same = token.as_slice().ct_eq(sent);
            known |= same;
            enough |= same & Choice::from(u8::from(held.includes(role)));
        }
        if bool::from(enough) {
            Ok(())
        } else if bool::from(known) {
            let detail = format!("the token's role does not include `{}`", role.name());
            Err(Problem::new(Cause::Forbidden, detail))
        } else {
            Err(Problem::new(Cause::NoToken, "the token is unknown"))
        }
    }

    /// Checks that the service may listen on an address: without tokens on loopback only.
    ///
    /// # Errors
    /// [`TokenError::Exposed`].
    pub fn check_listen(&self, address: SocketAddr) -> Result<(), TokenError> {
        if self.is_open() && !address.ip().is_loopback() {
            return Err(TokenError::Exposed(address));
        }
        Ok(())
    }

    /// Checks the host that the request names: without tokens it must be loopback.
    ///
    /// # Errors
    /// 403.
    pub(super) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.is_open() || hosts_are_loopback(uri, headers) {
            return Ok(());
        }
        Err(Problem::new(
            Cause::Forbidden,
            "without tokens the service answers to loopback names only: localhost, 127.0.0.1, [::1]",
        ))
    }
}

fn token(
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

fn sendable(token: String, from: String) -> Result<String, TokenError> {
    if token.is_empty() {
        Err(TokenError::Empty(from))
    } else if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(token)
    } else {
        Err(TokenError::Unsendable(from))
    }
}

/// Returns the token of the `Authorization: Bearer` header, of which there must be one.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else {
        return None;
    };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

/// Returns `true` if the request names at least one host, and only loopback hosts.
fn hosts_are_loopback(uri: &Uri, headers: &HeaderMap) -> bool {
    let named = uri
        .authority()
        .map(|authority| is_loopback(authority.as_str()));
    let mut hosts = headers
        .get_all(HOST)
        .iter()
        .map(|host| host.to_str().is_ok_and(is_loopback))
        .chain(named)
        .peekable();
    hosts.peek().is_some() && hosts.all(|loopback| loopback)
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let inner = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    !host.contains('@')
        && (name.eq_ignore_ascii_case("localhost")
            || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
            || inner.is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(set: &[(&str, &str)]) -> Result<Tokens, TokenError> {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Tokens::from_env(variable, |path| match path {
            "missing" => Err(io::ErrorKind::NotFound.into()),
            path => Ok(format!("{path}\n")),
        })
    }

    fn authorized(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_token_grants_what_its_role_includes() {
        let tokens = tokens(&[("SAIMA_TOKEN_READ", "r"), ("SAIMA_TOKEN_WRITE_FILE", "w")]).unwrap();
        let status = |role, sent: &str| match tokens.allow(role, &authorized(sent)) {
            Ok(()) => 200,
            Err(problem) => problem.status().as_u16(),
        };
        assert_eq!(status(Role::Read, "Bearer r"), 200);
        assert_eq!(status(Role::Rank, "bearer r"), 403);
        assert_eq!(status(Role::Rank, "Bearer w"), 200);
        assert_eq!(status(Role::Ops, "Bearer w"), 403);
        assert_eq!(status(Role::Read, "Bearer x"), 401);
        assert_eq!(status(Role::Read, "Basic r"), 401);
        assert_eq!(status(Role::Open, ""), 200);
        assert_eq!(format!("{tokens:?}"), r#"["read", "write"]"#);
    }

    #[test]
    fn an_unusable_token_is_an_error() {
        let fault = |set: &[(&str, &str)]| tokens(set).unwrap_err().to_string();
        assert_eq!(
            fault(&[("SAIMA_TOKEN_OPS", "")]),
            "SAIMA_TOKEN_OPS is empty"
        );
        assert!(fault(&[("SAIMA_TOKEN_OPS", "a b")]).contains("visible"));
        assert!(fault(&[("SAIMA_TOKEN_OPS", "a"), ("SAIMA_TOKEN_OPS_FILE", "b")]).contains("both"));
        assert!(fault(&[("SAIMA_TOKEN_OPS_FILE", "missing")]).contains("missing"));
        assert_eq!(
            fault(&[("SAIMA_TOKEN_OPS_FILE", "")]),
            "SAIMA_TOKEN_OPS_FILE:  is empty"
        );
    }

    #[test]
    fn without_tokens_only_loopback_is_served() {
        let open = tokens(&[]).unwrap();
        assert!(open.check_listen("127.0.0.1:0".parse().unwrap()).is_ok());
        assert!(open.check_listen("[::1]:0".parse().unwrap()).is_ok());
        assert!(open.check_listen("0.0.0.0:80".parse().unwrap()).is_err());
        let held = tokens(&[("SAIMA_TOKEN_OPS", "o")]).unwrap();
        assert!(held.check_listen("0.0.0.0:80".parse().unwrap()).is_ok());
    }

    #[test]
    fn only_loopback_names_are_loopback() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]",
            "[::1]:8080",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "128.0.0.1",
            "[::2]",
            "a@localhost",
            "127.0.0.1.nip.io",
            "::1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
        let uri: Uri = "/".parse().unwrap();
        assert!(!hosts_are_loopback(&uri, &HeaderMap::new()));
    }
}
