//! Who may do what: bearer tokens with roles, and, where there are no tokens, nobody from elsewhere.
//!
//! Tokens come from the environment or from files, never from the configuration, and never leave this module; when a file
//! changes, all are replaced as one. All of them are compared, each in constant time (but for its length), so that the time of
//! a refusal tells nothing of them. Without tokens everything is open, which is safe on loopback only, and there only as long
//! as no page in a browser can reach it: such a page can send a request anywhere, but not with a loopback `Host` after its
//! name was rebound to 127.0.0.1, nor, without being asked first, with a content type of `application/json`.

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

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Needs no token.
    Open,
    /// Rank.
    Rank,
    /// Read entities, standings and metrics.
    Read,
    /// Tell facts; includes `read` and `rank`.
    Write,
    /// Run the service; includes all.
    Ops,
}

impl Role {
    /// The roles that have a token, smallest first.
    pub const WITH_TOKEN: [Self; 4] = [Self::Rank, Self::Read, Self::Write, Self::Ops];

    /// Its name.
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

    /// The environment variable of its token.
    const fn variable(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Rank => "SAIMA_TOKEN_RANK",
            Self::Read => "SAIMA_TOKEN_READ",
            Self::Write => "SAIMA_TOKEN_WRITE",
            Self::Ops => "SAIMA_TOKEN_OPS",
        }
    }

    /// Whether who holds this role may do what needs `other`.
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

/// Why the tokens cannot be used.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The variable, or its file, holds nothing.
    #[error("{0} is empty")]
    Empty(String),
    /// A header cannot carry it.
    #[error("{0} must be of visible ASCII characters, without spaces")]
    Unsendable(String),
    /// Both the variable and the one of its file are set.
    #[error("{0} and {0}_FILE are both set")]
    Twice(&'static str),
    /// The file cannot be read.
    #[error("{0}_FILE: {1} cannot be read: {2}")]
    File(&'static str, String, io::Error),
    /// There are no tokens, but the address can be reached from elsewhere.
    #[error(
        "without a token the service listens on loopback only, not on {0}: set SAIMA_TOKEN_RANK, SAIMA_TOKEN_READ, \
         SAIMA_TOKEN_WRITE or SAIMA_TOKEN_OPS, or listen on 127.0.0.1"
    )]
    Exposed(SocketAddr),
}

/// The tokens of the roles; none at all: everything is open.
#[derive(Default)]
pub struct Tokens(ArcSwap<Vec<(Role, Vec<u8>)>>);

impl fmt::Debug for Tokens {
    /// The roles that have a token, never a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.0.load();
        let roles = held.iter().map(|(role, _)| role.name());
        f.debug_list().entries(roles).finish()
    }
}

impl Tokens {
    /// The tokens that the environment sets: `variable` gives the value of one, `file` the content of a file.
    ///
    /// # Errors
    /// Where a token is empty, cannot be sent, is set twice or cannot be read.
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

    /// The files in which the environment says that tokens are.
    pub fn files(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
        let names = Role::WITH_TOKEN.map(|role| format!("{}_FILE", role.variable()));
        let paths = names.iter().filter_map(|name| variable(name));
        paths.map(PathBuf::from).collect()
    }

    /// Puts other tokens in place of these, all at once: requests that come later know no other ones.
    pub fn replace(&self, fresh: Self) {
        self.0.store(fresh.0.into_inner());
    }

    /// Whether there is no token at all.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.load().is_empty()
    }

    /// Whether the request may do what needs `role`.
    ///
    /// # Errors
    /// 401 without a known token, 403 with one of a role that is too small.
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
            Err(Problem::new(Cause::NoToken, "the token is not known here"))
        }
    }

    /// Whether the service may listen there: without tokens on loopback only.
    ///
    /// # Errors
    /// [`TokenError::Exposed`].
    pub fn check_listen(&self, address: SocketAddr) -> Result<(), TokenError> {
        if self.is_open() && !address.ip().is_loopback() {
            return Err(TokenError::Exposed(address));
        }
        Ok(())
    }

    /// Whether the request's host may be asked: without tokens a loopback name only.
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

/// The token of the one `Authorization: Bearer` header.
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

/// Whether the request names a host, and names loopback only, wherever it names one.
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
    fn a_token_opens_what_its_role_includes() {
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
    fn a_token_that_cannot_work_is_an_error() {
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
    fn only_loopback_names_are_hosts() {
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
