//! Tokens and TLS of the running program: access, reload without a restart, and secrecy.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use serde_json::json;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use crate::service::{JSON, Service, agent, program};

/// Years of validity of a certificate.
const NOW: [i32; 2] = [2000, 4000];
const PAST: [i32; 2] = [2000, 2001];
const FUTURE: [i32; 2] = [3999, 4000];

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Issues a pair for this machine.
    fn issue(&self, [from, until]: [i32; 2]) -> Pair {
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        Pair {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// Returns a client that trusts this authority, with its own pair if given.
    fn client(&self, own: Option<&Pair>) -> TlsConfig {
        let root = Certificate::from_pem(self.0.pem().as_bytes()).unwrap();
        let own = own.map(|pair| {
            let certificate = Certificate::from_pem(pair.certificate.as_bytes()).unwrap();
            let key = PrivateKey::from_pem(pair.key.as_bytes()).unwrap();
            ClientCert::new_with_certs(&[certificate], key)
        });
        TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[root]))
            .client_cert(own)
            .build()
    }
}

/// A directory with a configuration and the files that it names.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file atomically, by renaming.
    fn put(&self, name: &str, content: &str) -> PathBuf {
        let (fresh, path) = (self.path("fresh"), self.path(name));
        fs::write(&fresh, content).unwrap();
        fs::rename(fresh, &path).unwrap();
        path
    }

    fn put_pair(&self, pair: &Pair) {
        self.put("certificate.pem", &pair.certificate);
        self.put("key.pem", &pair.key);
    }

    /// Starts a service with this pair, in the directory of its files.
    fn serve(&self, pair: &Pair, more: &str) -> Service {
        self.put_pair(pair);
        Service::run(self.command(more), None)
    }

    fn command(&self, more: &str) -> Command {
        let text = format!(
            "log.level = \"trace\"\n[tls]\ncertificate = \"certificate.pem\"\nkey = \"key.pem\"\n{more}\n"
        );
        let config = self.put("saima.toml", &text);
        let mut command = serving();
        command.arg("--config").arg(config).current_dir(&self.0);
        command.stderr(self.keep_log());
        command
    }

    /// Opens the log file. It is not beside the configuration: the log of the file watch would trigger the watch again.
    fn keep_log(&self) -> File {
        fs::create_dir_all(self.path("logs")).unwrap();
        File::create(self.path("logs/log")).unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("logs/log")).unwrap()
    }
}

fn serving() -> Command {
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data", "none"]);
    command
}

/// Returns the error of a command that must not serve.
fn refusal(command: &mut Command) -> String {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut said).unwrap();
    if !said.is_empty() {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((&*said, output.status.code()), ("", Some(1)), "{message}");
    message
}

/// Returns whether a client with this TLS configuration gets an answer.
fn gets_in(service: &Service, tls: TlsConfig) -> bool {
    let answer = agent(tls).get(format!("{}/healthz", service.base())).call();
    answer.is_ok_and(|answer| answer.status().as_u16() == 200)
}

fn port(service: &Service) -> u16 {
    let (_, port) = service.base().rsplit_once(':').unwrap();
    port.parse().unwrap()
}

/// Sends a request over HTTP/2 and that version of TLS, and returns status and body.
fn over_h2(
    service: &Service,
    authority: &Authority,
    version: &'static SupportedProtocolVersion,
    path: &str,
    token: &str,
) -> (u16, String) {
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let mut tls = ClientConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let (connector, port) = (TlsConnector::from(Arc::new(tls)), port(service));
    let request = Request::get(format!("https://localhost:{port}{path}"))
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port));
        let name = ServerName::try_from("localhost").unwrap();
        let stream = connector
            .connect(name, stream.await.unwrap())
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let answer = sender.send_request(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(Body::new(answer.into_body()), usize::MAX)
            .await
            .unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    })
}

#[test]
fn https_is_served_over_both_versions_of_http() {
    let (authority, directory) = (Authority::new(), Directory::new());
    let mut service = directory.serve(&authority.issue(NOW), "");
    assert!(service.base().starts_with("https://127.0.0.1:"));
    assert!(
        !gets_in(&service, TlsConfig::default()),
        "the authority must be unknown"
    );
    let plain = service.base().replace("https", "http");
    assert!(
        ureq::get(format!("{plain}/healthz")).call().is_err(),
        "plain HTTP must fail"
    );
    service.tls(authority.client(None));
    assert_eq!(service.get("/readyz").status, 200);
    let shown = service.get("/config").ok();
    assert_eq!(shown["config"]["tls"]["certificate"], "certificate.pem");
    assert_eq!(shown["config"]["tls"]["client_ca"], "none");
    for version in [&TLS12, &TLS13] {
        let (status, body) = over_h2(&service, &authority, version, "/config", "");
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("\"generation\":1"), "{body}");
    }
    let expires = date_time_ymd(NOW[1], 1, 1).unix_timestamp();
    let reported = service.metric("saima_tls_expires_timestamp_seconds");
    assert_eq!(format!("{reported}"), format!("{expires}"));
}

#[test]
fn a_client_without_a_required_certificate_is_rejected() {
    let (authority, clients, directory) = (Authority::new(), Authority::new(), Directory::new());
    directory.put("clients.pem", &clients.0.pem());
    let service = directory.serve(&authority.issue(NOW), "client_ca = \"clients.pem\"");
    let [own, foreign, late] = [
        clients.issue(NOW),
        authority.issue(NOW),
        clients.issue(PAST),
    ];
    assert!(gets_in(&service, authority.client(Some(&own))));
    assert!(!gets_in(&service, authority.client(None)));
    assert!(!gets_in(&service, authority.client(Some(&foreign))));
    assert!(!gets_in(&service, authority.client(Some(&late))));
}

#[test]
fn the_author_is_the_subject_of_the_certificate() {
    let (authority, clients, directory) = (Authority::new(), Authority::new(), Directory::new());
    directory.put("clients.pem", &clients.0.pem());
    let mut service = directory.serve(&authority.issue(NOW), "client_ca = \"clients.pem\"");
    service.tls(authority.client(Some(&clients.issue(NOW))));
    let body = r#"{"set":{"scene":{"default":{"limit":7}}},"author":"somebody else"}"#;
    let headers = [("Content-Type", "application/json"), ("If-Match", "1")];
    let answer = service
        .send("PUT", "/config", &headers, body.as_bytes())
        .ok();
    let about = &answer["overrides"]["scene.default.limit"];
    assert_eq!(about["author"], "CN=rcgen self signed cert");
    assert!(about.get("claimed").is_none());
}

#[test]
fn a_changed_certificate_is_live_without_a_restart() {
    let (before, after, directory) = (Authority::new(), Authority::new(), Directory::new());
    let mut service = directory.serve(&before.issue(NOW), "");
    let (old, new) = (before.client(None), after.client(None));
    assert!(gets_in(&service, old.clone()) && !gets_in(&service, new.clone()));
    directory.put_pair(&after.issue(NOW));
    service.wait("the new certificate is shown", |service| {
        gets_in(service, new.clone())
    });
    assert!(!gets_in(&service, old));
    service.tls(new);
    for (rejected, pair) in (1..).zip([
        before.issue(PAST),
        Pair {
            key: before.issue(NOW).key,
            ..before.issue(NOW)
        },
    ]) {
        directory.put_pair(&pair);
        service.wait("the invalid pair is rejected", |service| {
            service.metric("saima_tls_refused_total") >= f64::from(rejected)
        });
        let fresh = after.client(None);
        assert!(gets_in(&service, fresh), "the old pair stays");
    }
    directory.put_pair(&before.issue(NOW));
    service.wait("a valid pair is live again", |service| {
        gets_in(service, before.client(None))
    });
    let log = directory.log();
    assert!(log.contains("expired at 2001-01-01T00:00:00Z"), "{log}");
    assert!(log.contains("does not belong to the certificate"), "{log}");
}

#[test]
fn an_unfinished_handshake_ends_and_blocks_no_client() {
    let (authority, directory) = (Authority::new(), Directory::new());
    let mut service = directory.serve(&authority.issue(NOW), "handshake_seconds = 1");
    let connect = || TcpStream::connect(("127.0.0.1", port(&service))).unwrap();
    let mut silent = [connect(), connect(), connect()];
    assert!(gets_in(&service, authority.client(None)));
    for stream in &mut silent {
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.is_empty());
    }
    service.tls(authority.client(None));
    service.wait("the failures are counted", |service| {
        service.metric("saima_tls_failures_total") >= 3.0
    });
}

#[test]
fn unusable_tls_is_rejected_with_the_reason() {
    let (authority, directory) = (Authority::new(), Directory::new());
    let good = authority.issue(NOW);
    let encrypted = good.key.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let broken = good.key.replace("-----END", "");
    for (certificate, key, more, place_of_fault, reason) in [
        (
            &*authority.issue(PAST).certificate,
            &*good.key,
            "",
            "tls.certificate: certificate.pem",
            "expired at 2001-01-01T00:00:00Z",
        ),
        (
            &*authority.issue(FUTURE).certificate,
            &*good.key,
            "",
            "tls.certificate: certificate.pem",
            "not valid before 3999-01-01T00:00:00Z",
        ),
        (
            &*good.certificate,
            &*authority.issue(NOW).key,
            "",
            "tls.key: key.pem",
            "does not belong",
        ),
        (
            &*good.key,
            &*good.key,
            "",
            "tls.certificate: certificate.pem",
            "no certificate",
        ),
        (
            "",
            &*good.key,
            "",
            "tls.certificate: certificate.pem",
            "no certificate",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            &*good.key,
            "",
            "tls.certificate: certificate.pem",
            "X.509",
        ),
        (
            &*good.certificate,
            "",
            "",
            "tls.key: key.pem",
            "no private key",
        ),
        (
            &*good.certificate,
            &*encrypted,
            "",
            "tls.key: key.pem",
            "not encrypted",
        ),
        (&*good.certificate, &*broken, "", "tls.key: key.pem", "PEM"),
        (
            &*good.certificate,
            &*good.key,
            "client_ca = \"key.pem\"",
            "tls.client_ca: key.pem",
            "no certificate",
        ),
        (
            &*good.certificate,
            &*good.key,
            "client_ca = \"nowhere.pem\"",
            "tls.client_ca: nowhere.pem",
            "cannot be read",
        ),
    ] {
        directory.put("certificate.pem", certificate);
        directory.put("key.pem", key);
        let message = refusal(&mut directory.command(more));
        assert!(
            message.contains(&format!("{place_of_fault}: ")) && message.contains(reason),
            "{message}"
        );
        let secret = key.lines().nth(1).unwrap_or("no key");
        assert!(!message.contains(secret), "{message}");
    }
    fs::remove_file(directory.path("key.pem")).unwrap();
    let message = refusal(&mut directory.command(""));
    assert!(
        message.contains("tls.key: key.pem: cannot be read"),
        "{message}"
    );
    let half = directory.put("half.toml", "[tls]\ncertificate = \"c.pem\"\n");
    let message = refusal(serving().arg("--config").arg(half));
    assert!(
        message.contains("half.toml:1: tls.key: must be given too"),
        "{message}"
    );
}

#[test]
fn an_unusable_token_is_rejected_and_not_shown() {
    let directory = Directory::new();
    for (content, reason) in [
        ("", "is empty"),
        (" \n", "is empty"),
        ("hush hush", "visible ASCII"),
        ("hush\u{7}", "visible ASCII"),
        ("húsh", "visible ASCII"),
    ] {
        let file = directory.put("token", content);
        for (variable, value) in [
            ("SAIMA_TOKEN_READ_FILE", file.to_str().unwrap()),
            ("SAIMA_TOKEN_READ", content.trim()),
        ] {
            let message = refusal(serving().env(variable, value));
            assert!(
                message.contains(variable) && message.contains(reason),
                "{message}"
            );
            let named = variable.ends_with("_FILE");
            assert_eq!(message.contains(file.to_str().unwrap()), named, "{message}");
            assert!(
                !message.contains("hush") && !message.contains("húsh"),
                "{message}"
            );
        }
    }
    let message = refusal(serving().env("SAIMA_TOKEN_READ_FILE", directory.path("none")));
    assert!(
        message.contains("SAIMA_TOKEN_READ_FILE") && message.contains("cannot be read"),
        "{message}"
    );
}

/// If it were ignored, every route would be open.
#[cfg(unix)]
#[test]
fn a_token_of_invalid_text_is_rejected() {
    use std::os::unix::ffi::OsStrExt;
    let token = std::ffi::OsStr::from_bytes(b"hush\xff");
    let message = refusal(serving().env("SAIMA_TOKEN_OPS", token));
    assert!(
        message.contains("SAIMA_TOKEN_OPS") && !message.contains("hush"),
        "{message}"
    );
}

#[test]
fn a_changed_token_file_needs_no_restart() {
    let directory = Directory::new();
    let file = directory.put("token", "first-secret\n");
    let mut command = serving();
    command.env("SAIMA_TOKEN_OPS_FILE", &file);
    command.stderr(directory.keep_log());
    let mut service = Service::run(command, None);
    service.token(Some("first-secret"));
    assert_eq!(service.get("/config").status, 200);
    directory.put("token", "second-secret\n");
    service.token(Some("second-secret"));
    service.wait("the new token is valid", |service| {
        service.get("/config").status == 200
    });
    service.token(Some("first-secret"));
    service.get("/config").problem(401);
    service.token(Some("second-secret"));
    for (rejected, bad) in (1..).zip(["", "third secret"]) {
        directory.put("token", bad);
        service.wait("the invalid file is rejected", |service| {
            service.metric("saima_tokens_refused_total") >= f64::from(rejected)
        });
        assert_eq!(service.get("/config").status, 200, "the old token stays");
    }
    let log = directory.log();
    assert!(
        log.contains("SAIMA_TOKEN_OPS_FILE") && log.contains("is empty"),
        "{log}"
    );
    assert!(!log.contains("-secret"), "{log}");
}

/// Sends a token in every way that a client may try, and returns the answers.
fn send_everywhere(service: &Service, token: &str) -> String {
    let bearer = format!("Bearer {token}");
    let (own, json) = (("Authorization", &*bearer), ("Content-Type", JSON));
    let query = format!("/config?token={token}");
    let (lane, user) = (format!("/race?lane={token}"), format!("/users/{token}"));
    let rank = json!({"user_id": token, "candidates": [], "scene": token, "limit": token});
    let (rank, events) = (
        rank.to_string(),
        json!([{"user_id": token, "kind": token, "at": token}]).to_string(),
    );
    let mut shown = String::new();
    for (method, path, headers, body) in [
        ("GET", "/config", &[own][..], ""),
        ("GET", "/config", &[own, own], ""),
        (
            "GET",
            "/config",
            &[("X-Api-Key", token), ("Cookie", token)],
            "",
        ),
        ("GET", "/metrics", &[("Authorization", token)], ""),
        ("GET", &*query, &[own], ""),
        ("GET", &*lane, &[own], ""),
        ("GET", &*user, &[own], ""),
        ("POST", "/rank", &[own, json], &*rank),
        ("POST", "/events", &[own, json], &*events),
        (
            "POST",
            "/race/rebuild",
            &[own, ("Content-Type", token)],
            "[",
        ),
    ] {
        shown += &service.send(method, path, headers, body.as_bytes()).text();
        shown += "\n";
    }
    shown
}

#[test]
fn no_secret_is_shown() {
    let (authority, directory) = (Authority::new(), Directory::new());
    let pair = authority.issue(NOW);
    directory.put_pair(&pair);
    let tokens = ["hush-rank-1", "hush-read-2", "hush-write-3", "hush-ops-4"];
    let mut command = directory.command("");
    for (role, token) in ["RANK", "READ", "WRITE", "OPS"].iter().zip(tokens) {
        let file = directory.put(&format!("token-{role}"), token);
        command.env(format!("SAIMA_TOKEN_{role}_FILE"), file);
    }
    let mut service = Service::run(command, None);
    service.tls(authority.client(None));
    let mut shown = String::new();
    for token in tokens.iter().chain(&["hush-wrong-5"]) {
        shown += &send_everywhere(&service, token);
        shown += &over_h2(&service, &authority, &TLS13, "/config", token).1;
    }
    directory.put("token-RANK", "hush hush");
    service.token(Some("hush-ops-4"));
    service.wait("the invalid token is rejected", |service| {
        service.metric("saima_tokens_refused_total") >= 1.0
    });
    shown += &service.get("/config").text();
    shown += &service.get("/metrics").text();
    assert!(shown.contains("\"generation\":1") && shown.contains("saima_requests_total"));
    let log = directory.log();
    for noise in [
        "effective configuration",
        "received frame=Headers",
        "TRACE rustls::server",
    ] {
        assert!(log.contains(noise), "{noise} in {log}");
    }
    for (what, text) in [("answers", &shown), ("the log", &log)] {
        for line in text.lines() {
            assert!(!line.contains("hush"), "a token in {what}: {line}");
        }
        for secret in pair.key.lines().filter(|line| !line.starts_with('-')) {
            assert!(!text.contains(secret), "the key in {what}");
        }
    }
}

/// Runs a command of the program against a service, and returns its exit code and errors.
fn client(service: &Service, args: &[&str], token: Option<&str>) -> (Option<i32>, String) {
    let mut command = program();
    command.args(args).args(["--url", service.base()]);
    command.env_remove("SAIMA_TOKEN");
    command.envs(token.map(|token| ("SAIMA_TOKEN", token)));
    let output = command.stdin(Stdio::null()).output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_commands_support_https() {
    let (authority, directory) = (Authority::new(), Directory::new());
    directory.put_pair(&authority.issue(NOW));
    let ca = directory.put("ca.pem", &authority.0.pem());
    let own = authority.issue(NOW);
    let identity = directory.put("identity.pem", &(own.certificate.clone() + &own.key));
    let users = directory.put("users.ndjson", "{\"id\":\"u-1\"}\n");
    let mut command = directory.command("client_ca = \"ca.pem\"");
    command.env("SAIMA_TOKEN_WRITE", "hush-write");
    let mut service = Service::run(command, None);
    let import = ["import", "--into", "users", text(&users)];
    let (ca, identity) = (["--ca", text(&ca)], ["--identity", text(&identity)]);
    for lacking in [&[][..], &ca, &identity] {
        let (code, message) = client(&service, &[&import, lacking].concat(), Some("hush-write"));
        assert_eq!(code, Some(1), "{lacking:?}: {message}");
        let asked = message.contains("--ca") && message.contains("--identity");
        assert!(
            asked && message.matches("no answer").count() == 1,
            "{message}"
        );
        assert!(!message.contains("hush"), "{message}");
    }
    let all = [&import[..], &ca, &identity].concat();
    let (code, message) = client(&service, &all, Some("hush-wrong"));
    assert!(
        code == Some(1) && message.contains("401") && !message.contains("hush"),
        "{message}"
    );
    let (code, message) = client(&service, &all, Some("hush-write"));
    assert_eq!(code, Some(0), "{message}");
    service.tls(authority.client(Some(&own)));
    service.token(Some("hush-write"));
    assert_eq!(service.get("/users/u-1").ok()["id"], "u-1");
}
