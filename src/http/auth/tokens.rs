//! The tokens of the roles, and the checks of a request against them.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Uri};
use subtle::{Choice, ConstantTimeEq};

use super::host::hosts_are_loopback;
use super::named::{NAMED, named};
use super::role::Role;
use super::variables::{Held, LEAST, TokenError, token};
use crate::http::error::{Cause, Problem};

/// The tokens of the roles. Without any, everything is open.
#[derive(Default)]
pub struct Tokens(ArcSwap<Vec<Held>>);

impl fmt::Debug for Tokens {
    /// Writes the roles that have a token, never a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.0.load();
        let roles = held.iter().map(|held| held.role.name());
        f.debug_list().entries(roles).finish()
    }
}

impl Tokens {
    /// Reads the tokens from the environment. `variable` returns the value of a variable, `file` the content of a file.
    ///
    /// # Errors
    /// If a token is empty, contains other than visible ASCII characters, is set twice or cannot be read.
    pub fn from_env(
        variable: impl Fn(&str) -> Option<String>,
        file: impl Fn(&str) -> io::Result<String>,
    ) -> Result<Self, TokenError> {
        let mut tokens = Vec::new();
        for role in Role::WITH_TOKEN {
            if let Some(token) = token(role.variable(), &variable, &file)? {
                tokens.push(Held {
                    role,
                    token: token.into_bytes(),
                    name: None,
                    source: role.variable().to_owned(),
                });
            }
        }
        if let Some(path) = variable(NAMED) {
            named(&path, file(&path), &mut tokens)?;
        }
        Ok(Self(ArcSwap::from_pointee(tokens)))
    }

    /// Returns the token files that the environment names.
    pub fn files(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
        let names = Role::WITH_TOKEN.map(|role| format!("{}_FILE", role.variable()));
        let paths = names.iter().filter_map(|name| variable(name));
        paths.chain(variable(NAMED)).map(PathBuf::from).collect()
    }

    /// Returns the environment variables that tokens are read from.
    #[must_use]
    pub fn variables() -> Vec<String> {
        let names = Role::WITH_TOKEN.map(Role::variable);
        let in_files = names.map(|name| format!("{name}_FILE"));
        names
            .map(str::to_owned)
            .into_iter()
            .chain(in_files)
            .chain([NAMED.to_owned()])
            .collect()
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

    /// Checks that the request has the rights of `role`. Returns the name of its token, if that has one.
    ///
    /// # Errors
    /// 401 without a valid token, 403 if the role of the token does not include `role`.
    pub(in crate::http) fn allow(
        &self,
        role: Role,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<str>>, Problem> {
        if self.is_open() || role == Role::Open {
            return Ok(None);
        }
        let sent = bearer(headers).ok_or_else(|| {
            Problem::new(
                Cause::NoToken,
                "send the header `Authorization: Bearer <token>`",
            )
        })?;
        let (mut known, mut enough) = (Choice::from(0), Choice::from(0));
        let all = self.0.load();
        let mut name = None;
        for held in all.iter() {
            let same = held.token.as_slice().ct_eq(sent);
            known |= same;
            enough |= same & Choice::from(u8::from(held.role.includes(role)));
            if bool::from(same) {
                name.clone_from(&held.name);
            }
        }
        if bool::from(enough) {
            Ok(name)
        } else if bool::from(known) {
            let detail = format!("the token's role does not include `{}`", role.name());
            Err(Problem::new(Cause::Forbidden, detail))
        } else {
            Err(Problem::new(Cause::NoToken, "the token is unknown"))
        }
    }

    /// Checks that the service may listen on an address: without tokens, or with a short one, on loopback only. There, a short token is
    /// logged.
    ///
    /// # Errors
    /// [`TokenError::Exposed`] or [`TokenError::Short`].
    pub fn check_listen(&self, address: SocketAddr) -> Result<(), TokenError> {
        let is_loopback = address.ip().is_loopback();
        if self.is_open() && !is_loopback {
            return Err(TokenError::Exposed(address));
        }
        for held in self.0.load().iter() {
            let (short, source) = (held.token.len() < LEAST, &held.source);
            if short && !is_loopback {
                return Err(TokenError::Short(source.clone()));
            }
            if short {
                tracing::warn!("the token of {source} has fewer than {LEAST} characters");
            }
        }
        Ok(())
    }

    /// Checks the host that the request names: without tokens it must be loopback.
    ///
    /// # Errors
    /// 403.
    pub(in crate::http) fn check_host(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        if !self.is_open() || hosts_are_loopback(uri, headers) {
            return Ok(());
        }
        Err(Problem::new(
            Cause::Forbidden,
            "without tokens the service answers to loopback names only: localhost, 127.0.0.1, [::1]",
        ))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocator::linear::assert_linear;
    use crate::http::body::Media;

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
    fn a_token_grants_every_role_it_includes() {
        let tokens = tokens(&[("SAIMA_TOKEN_READ", "r"), ("SAIMA_TOKEN_WRITE_FILE", "w")]).unwrap();
        let status = |role, sent: &str| match tokens.allow(role, &authorized(sent)) {
            Ok(_) => 200,
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
        let held = tokens(&[("SAIMA_TOKEN_OPS", "0123456789abcdef")]).unwrap();
        assert!(held.check_listen("0.0.0.0:80".parse().unwrap()).is_ok());
        let short = tokens(&[("SAIMA_TOKEN_OPS", "0123456789abcde")]).unwrap();
        assert!(short.check_listen("127.0.0.1:0".parse().unwrap()).is_ok());
        let error = short.check_listen("0.0.0.0:80".parse().unwrap());
        assert!(error.unwrap_err().to_string().contains("SAIMA_TOKEN_OPS"));
    }

    #[test]
    fn reading_headers_takes_linear_time() {
        let tokens = tokens(&[("SAIMA_TOKEN_OPS", "0123456789abcdef")]).unwrap();
        let open = Tokens::default();
        for name in ["authorization", "host", "x-other"] {
            let headers = |count: usize| {
                let mut headers = HeaderMap::new();
                for number in 0..count {
                    headers.append(name, format!("bearer {number}").parse().unwrap());
                }
                headers
            };
            assert_linear(name, 5_000, headers, |headers| {
                drop(tokens.allow(Role::Read, headers));
                drop(open.check_host(&Uri::from_static("/race"), headers));
                assert_eq!(Media::of(headers), None);
            });
        }
        let long = |count| authorized(&format!("Bearer {}", " x".repeat(count)));
        assert_linear("a long token", 100_000, long, |headers| {
            drop(tokens.allow(Role::Read, headers));
        });
    }
}
