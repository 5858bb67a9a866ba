//! The check that a request names loopback hosts only.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};

/// Returns `true` if the request names at least one host, and only loopback hosts.
pub(super) fn hosts_are_loopback(uri: &Uri, headers: &HeaderMap) -> bool {
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
