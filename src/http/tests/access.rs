//! Tests of roles, tokens and hosts.

use std::sync::Arc;

use super::service::{JSON, LINES, Service, TOKENS};
use crate::http::route::Takes;
use crate::http::routes::ROUTES;
use crate::http::{Role, Tokens};

#[test]
fn every_route_requires_its_role() {
    let service = Service::with_tokens();
    for route in &ROUTES {
        let path = route.path.replace("{id}", "nobody");
        let status = |token: Option<&str>| {
            let bearer = format!("Bearer {}", token.unwrap_or_default());
            let mut headers = vec![("Content-Type", JSON)];
            headers.extend(token.map(|_| ("Authorization", bearer.as_str())));
            service
                .send(route.method.as_str(), &path, &headers, b"")
                .status
        };
        let open = route.role == Role::Open;
        for token in [None, Some("wrong")] {
            assert_eq!(status(token) == 401, !open, "{} {path}", route.method);
        }
        for (role, token) in TOKENS {
            let (status, allowed) = (status(Some(token)), role.includes(route.role));
            let which = format!("{} {path} {role:?}: {status}", route.method);
            assert_eq!(status == 403, !allowed, "{which}");
            assert_ne!(status, 401, "{which}");
        }
    }
}

#[test]
fn missing_roles_are_problems() {
    let service = Service::with_tokens();
    let none = service.get("/config");
    none.problem(401);
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    service
        .send("GET", "/config", &[("Authorization", "Bearer r")], b"")
        .problem(403);
    let head = "GET /healthz HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";
    assert_eq!(service.raw(head.as_bytes()).status, 200);
}

#[test]
fn an_open_service_answers_to_loopback_names_only() {
    let service = Service::open();
    let status = |head: &str| service.raw(format!("{head}Connection: close\r\n\r\n").as_bytes());
    assert_eq!(
        status("GET /healthz HTTP/1.1\r\nHost: localhost:1\r\n").status,
        200
    );
    assert_eq!(
        status("GET /healthz HTTP/1.1\r\nHost: [::1]\r\n").status,
        200
    );
    status("GET /healthz HTTP/1.1\r\nHost: example.com\r\n").problem(403);
    status("GET /nowhere HTTP/1.1\r\nHost: example.com\r\n").problem(403);
    status("GET http://example.com/healthz HTTP/1.1\r\nHost: localhost\r\n").problem(403);
    status("GET /healthz HTTP/1.0\r\n").problem(403);
}

#[test]
fn an_open_service_rejects_simple_browser_requests() {
    let service = Service::open();
    for route in ROUTES
        .iter()
        .filter(|route| route.method != "GET" && route.method != "DELETE")
    {
        let send = |headers: &[(&str, &str)]| {
            service.send(route.method.as_str(), route.path, headers, b"")
        };
        send(&[]).problem(415);
        send(&[("Content-Type", "text/plain")]).problem(415);
        send(&[("Content-Type", "application/x-www-form-urlencoded")]).problem(415);
        let typed = send(&[("Content-Type", "application/json; charset=utf-8")]);
        assert_ne!(typed.status, 415, "{}", route.path);
        let lines = send(&[("Content-Type", LINES)]);
        assert_eq!(
            lines.status == 415,
            matches!(route.takes, Takes::One(_)),
            "{}",
            route.path
        );
    }
    assert_eq!(
        service.send("DELETE", "/items/nobody", &[], b"").status,
        404
    );
}

#[test]
fn replaced_tokens_apply_to_the_next_request() {
    let tokens = |value: &'static str| {
        let variable = move |name: &str| (name == "SAIMA_TOKEN_OPS").then(|| value.to_owned());
        let no_file = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        Tokens::from_env(variable, no_file).unwrap()
    };
    let held = Arc::new(tokens("before"));
    let service = Service::start(Arc::clone(&held));
    let status = |token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        service.send("GET", "/config", &headers, b"").status
    };
    assert_eq!((status("before"), status("after")), (200, 401));
    held.replace(tokens("after"));
    assert_eq!((status("before"), status("after")), (401, 200));
}
