//! Calls a running service over HTTP, for the commands that work from outside.
//!
//! Blocking, one request at a time: these commands wait for each answer anyway. A busy service (429 or 503) is asked again after
//! the time that it names; a broken connection is not, since events without ids would count twice.

use std::env;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys};
use ureq::http::{HeaderValue, Request, Response, StatusCode, header};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use crate::model::Fault;

/// The environment variable that holds the token where `--token` is not given.
pub const TOKEN: &str = "SAIMA_TOKEN";
const ANSWER_BYTES: u64 = 256 << 20;
const TRIES: u32 = 20;
const LONGEST_PAUSE: u64 = 30;

/// Which service to call, as arguments of a command.
#[derive(Clone, Debug, clap::Args)]
pub struct Service {
    /// Where the service listens.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Bearer token; without it, the environment variable SAIMA_TOKEN is taken, which other users of the machine cannot see.
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<Token>,
    /// PEM file of the authorities that may have signed the certificate of an https service, in place of the public ones.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// PEM file with a certificate and its private key, for a service that asks its clients for one.
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
}

/// A bearer token, which no debug output shows.
#[derive(Clone)]
pub struct Token(String);

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

/// Why a call failed.
#[derive(Debug, Error)]
pub enum CallError {
    /// The address is not one that can be called.
    #[error("{url} cannot be called: it must look like http://HOST:PORT or https://HOST:PORT")]
    Url {
        /// The address as given.
        url: String,
    },
    /// The token has characters that a header cannot carry.
    #[error("the token given with --token or in {TOKEN} must be of visible ASCII characters")]
    Token,
    /// A PEM file cannot be used.
    #[error("{option} {}: {cause}", .file.display())]
    Pem {
        /// The option that names it.
        option: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Nobody answered.
    #[error("no answer from {url}: {cause}; {}", look_at(.url))]
    Unreachable {
        /// The address as given.
        url: String,
        /// What the connection said.
        cause: String,
    },
    /// No token, a wrong one, or one whose role is too small.
    #[error("{status}: {detail}; give the token with --token or in {TOKEN}")]
    Denied {
        /// 401 or 403.
        status: u16,
        /// What the service said.
        detail: String,
    },
    /// The service was busy all along.
    #[error("the service stayed busy ({status}) through {TRIES} tries: {detail}")]
    Busy {
        /// 429 or 503.
        status: u16,
        /// What the service said the last time.
        detail: String,
    },
    /// The service understood, and said no.
    #[error("the service refused: {status}: {detail}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// What the service said, with every fault.
        detail: String,
    },
    /// The answer is not what this command expects.
    #[error("the answer of {url} is not understood: {cause}")]
    Garbled {
        /// The address as given.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// One JSON value.
    Json,
    /// One JSON object per line; sent compressed.
    Lines,
}

/// A service that can be called.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    url: String,
    token: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<Said>,
}

/// A fault as the service names it.
#[derive(Debug, Deserialize, serde::Serialize)]
pub struct Said {
    /// The place.
    #[serde(default)]
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl From<Fault> for Said {
    fn from(fault: Fault) -> Self {
        Self {
            path: fault.path,
            message: fault.message,
        }
    }
}

impl Client {
    /// A client of that service; the token falls back to the environment.
    ///
    /// # Errors
    /// [`CallError::Url`] if the address is neither `http://…` nor `https://…`, [`CallError::Token`] and [`CallError::Pem`]
    /// where those cannot be used.
    pub fn new(service: &Service) -> Result<Self, CallError> {
        let url = service.url.trim_end_matches('/').to_owned();
        let host = ["http://", "https://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme));
        if host.is_none_or(str::is_empty) {
            return Err(CallError::Url { url });
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls(service)?)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(Duration::from_secs(300)))
            .build();
        Ok(Self {
            agent: agent.into(),
            url,
            token: bearer(service)?,
        })
    }

    /// Sends a body and reads the answer, waiting while the service is busy.
    ///
    /// # Errors
    /// Whatever [`CallError`] names.
    pub fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        written: Written,
    ) -> Result<T, CallError> {
        let packed = pack(body, written).map_err(|cause| self.garbled(cause))?;
        let mut answer = self.once(method, path, &packed, written)?;
        for _ in 1..TRIES {
            if !is_busy(answer.status()) {
                break;
            }
            thread::sleep(pause(&answer));
            answer = self.once(method, path, &packed, written)?;
        }
        if is_busy(answer.status()) {
            return Err(self.busy(answer));
        }
        self.read(answer)
    }

    /// Asks for bytes and gives them to `take`, as they come, for as long as that takes.
    ///
    /// # Errors
    /// Whatever [`CallError`] names, and what `take` refuses.
    pub fn download<T>(
        &self,
        path: &str,
        take: impl FnOnce(&mut dyn io::Read) -> T,
    ) -> Result<T, CallError> {
        let request = self.request("POST", path, b"{}", Written::Json);
        let request = request.map_err(|_| self.no_url())?;
        let request = self.agent.configure_request(request).timeout_global(None);
        let mut answer = self.run(request.build())?;
        if answer.status().is_success() {
            return Ok(take(&mut answer.body_mut().as_reader()));
        }
        let refused = self.read::<serde_json::Value>(answer);
        Err(refused.map_or_else(|error| error, |_| self.garbled("no bytes")))
    }

    fn once(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        written: Written,
    ) -> Result<Response<Body>, CallError> {
        let request = self.request(method, path, body, written);
        self.run(request.map_err(|_| self.no_url())?)
    }

    fn no_url(&self) -> CallError {
        CallError::Url {
            url: self.url.clone(),
        }
    }

    fn run(&self, request: Request<&[u8]>) -> Result<Response<Body>, CallError> {
        self.agent
            .run(request)
            .map_err(|cause| CallError::Unreachable {
                url: self.url.clone(),
                cause: cause.to_string(),
            })
    }

    fn request<'b>(
        &self,
        method: &str,
        path: &str,
        body: &'b [u8],
        written: Written,
    ) -> Result<Request<&'b [u8]>, ureq::http::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, written.media_type());
        if written == Written::Lines {
            request = request.header(header::CONTENT_ENCODING, "gzip");
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token);
        }
        request.body(body)
    }

    fn read<T: DeserializeOwned>(&self, mut answer: Response<Body>) -> Result<T, CallError> {
        let status = answer.status();
        let text = self.text(&mut answer)?;
        if status.is_success() {
            serde_json::from_slice(&text).map_err(|cause| self.garbled(cause))
        } else {
            Err(refusal(status, &text))
        }
    }

    /// What became of a request for which there was no time in any try.
    fn busy(&self, mut answer: Response<Body>) -> CallError {
        let status = answer.status();
        match self.text(&mut answer) {
            Ok(text) => CallError::Busy {
                status: status.as_u16(),
                detail: explain(status, &text),
            },
            Err(broken) => broken,
        }
    }

    fn text(&self, answer: &mut Response<Body>) -> Result<Vec<u8>, CallError> {
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES);
        body.read_to_vec().map_err(|cause| self.garbled(cause))
    }

    fn garbled(&self, cause: impl fmt::Display) -> CallError {
        CallError::Garbled {
            url: self.url.clone(),
            cause: cause.to_string(),
        }
    }
}

/// The header that carries the token, if there is one; marked so that no debug output shows it.
fn bearer(service: &Service) -> Result<Option<HeaderValue>, CallError> {
    let given = service.token.as_ref().map(|token| token.0.clone());
    let Some(token) = given.or_else(|| env::var(TOKEN).ok()) else {
        return Ok(None);
    };
    let mut value =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| CallError::Token)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Whom to trust, and as whom to come.
fn tls(service: &Service) -> Result<TlsConfig, CallError> {
    let mut tls = TlsConfig::builder();
    if let Some(file) = &service.ca {
        let (authorities, _) = pem("--ca", file, &read("--ca", file)?)?;
        tls = tls.root_certs(RootCerts::new_with_certs(&authorities));
    }
    if let Some(file) = &service.identity {
        tls = tls.client_cert(Some(identity(file)?));
    }
    Ok(tls.build())
}

/// As whom to come. What cannot be used must show here: where the connection is made, it would be a panic.
fn identity(file: &Path) -> Result<ClientCert, CallError> {
    let text = read("--identity", file)?;
    let (chain, key) = pem("--identity", file, &text)?;
    let key = key.ok_or_else(|| unusable("--identity", file, "holds no private key"))?;
    certified(&chain, &text).map_err(|fault| unusable("--identity", file, fault))?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

/// Whether TLS can be spoken with these certificates and the last key of the text; why not, else.
fn certified(chain: &[Certificate<'_>], text: &[u8]) -> Result<(), String> {
    let crypto = ring::default_provider();
    let own = chain
        .iter()
        .map(|it| CertificateDer::from(it.der().to_vec()));
    let key = PrivateKeyDer::pem_slice_iter(text).last();
    let key = key.and_then(Result::ok).ok_or("holds no private key")?;
    match CertifiedKey::from_der(own.collect(), key, &crypto) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err("the key does not belong to the certificate".to_owned())
        }
        Err(error) => Err(fault_of(chain).unwrap_or_else(|| format!("cannot be used: {error}"))),
    }
}

/// What is wrong with the certificate itself, in plainer words than TLS has.
fn fault_of(chain: &[Certificate<'_>]) -> Option<String> {
    let Ok((_, own)) = X509Certificate::from_der(chain.first()?.der()) else {
        return Some("holds what is not a certificate of the standard X.509".to_owned());
    };
    (own.version() != X509Version::V3).then(|| {
        let version = own.version().0 + 1;
        format!("holds a certificate of X.509 version {version}, and TLS takes version 3 only")
    })
}

/// The certificates of a PEM file, at least one, and the private key among them.
fn pem(
    option: &'static str,
    file: &Path,
    text: &[u8],
) -> Result<(Vec<Certificate<'static>>, Option<PrivateKey<'static>>), CallError> {
    let (mut certificates, mut key) = (Vec::new(), None);
    for part in parse_pem(text) {
        match part.map_err(|_| unusable(option, file, "is not well-formed PEM"))? {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            PemItem::PrivateKey(found) => key = Some(found),
            _ => {}
        }
    }
    if certificates.is_empty() {
        return Err(unusable(option, file, "holds no certificate in PEM"));
    }
    Ok((certificates, key))
}

fn read(option: &'static str, file: &Path) -> Result<Vec<u8>, CallError> {
    fs::read(file).map_err(|error| unusable(option, file, error))
}

fn unusable(option: &'static str, file: &Path, cause: impl fmt::Display) -> CallError {
    CallError::Pem {
        option,
        file: file.to_owned(),
        cause: cause.to_string(),
    }
}

impl Written {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
        }
    }
}

fn pack(body: &[u8], written: Written) -> io::Result<Vec<u8>> {
    match written {
        Written::Json => Ok(body.to_vec()),
        Written::Lines => {
            let mut packer =
                GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
            packer.write_all(body)?;
            packer.finish()
        }
    }
}

/// What to look at where nobody answered.
fn look_at(url: &str) -> &'static str {
    if url.starts_with("https://") {
        "is the service running (`saima serve`), is --url right, does --ca name who signed its certificate, \
         and is there an --identity if it wants one?"
    } else {
        "is the service running (`saima serve`), and is --url right?"
    }
}

fn is_busy(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}

/// The time that the service names, in whole seconds; one second where it names none.
fn pause<B>(answer: &Response<B>) -> Duration {
    let named = answer.headers().get(header::RETRY_AFTER);
    let seconds = named
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(1).min(LONGEST_PAUSE))
}

fn refusal(status: StatusCode, text: &[u8]) -> CallError {
    let detail = explain(status, text);
    let status = status.as_u16();
    match status {
        401 | 403 => CallError::Denied { status, detail },
        _ => CallError::Refused { status, detail },
    }
}

/// The problem in one line; the bare status where the answer is no problem document.
fn explain(status: StatusCode, text: &[u8]) -> String {
    let Ok(problem) = serde_json::from_slice::<Problem>(text) else {
        return status
            .canonical_reason()
            .unwrap_or("no reason given")
            .to_owned();
    };
    let said = if problem.detail.is_empty() {
        problem.title
    } else {
        problem.detail
    };
    let faults: Vec<String> = problem.errors.iter().map(Said::to_string).collect();
    // Where there is one fault, the detail is what it says.
    let is_said = matches!(&*problem.errors, [only] if only.message == said);
    if faults.is_empty() {
        said
    } else if is_said {
        faults.concat()
    } else {
        format!("{said} ({})", faults.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(url: &str) -> Service {
        Service {
            url: url.to_owned(),
            token: Some("t".to_owned().into()),
            ca: None,
            identity: None,
        }
    }

    #[test]
    fn only_http_and_https_are_called() {
        for url in ["ftp://x", "http://", "https://", "x:80", ""] {
            assert!(
                matches!(Client::new(&service(url)), Err(CallError::Url { .. })),
                "{url}"
            );
        }
        for url in ["http://127.0.0.1:1/", "https://x"] {
            assert!(Client::new(&service(url)).is_ok());
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let mut service = service("http://h:1");
        service.token = Some("hush-hush".to_owned().into());
        let client = Client::new(&service).unwrap();
        let request = client.request("GET", "/", b"", Written::Json).unwrap();
        let shown = format!("{service:?} {client:?} {request:?}");
        assert!(!shown.contains("hush"), "{shown}");
        service.token = Some("hush\nhush".to_owned().into());
        let refused = Client::new(&service).unwrap_err().to_string();
        assert!(refused.contains("--token") && !refused.contains("hush"));
    }

    #[test]
    fn a_pem_file_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.pem");
        let told = |service: &Service| Client::new(service).unwrap_err().to_string();
        let mut service = service("https://h:1");
        service.ca = Some(file.clone());
        assert!(told(&service).starts_with("--ca ") && told(&service).contains("x.pem"));
        fs::write(&file, "nothing").unwrap();
        assert!(told(&service).contains("no certificate"));
        (service.ca, service.identity) = (None, Some(file));
        assert!(told(&service).starts_with("--identity "));
    }

    /// Of X.509 version 1, as `openssl x509 -req` makes them where the request has no extension.
    const VERSION_1: &str = "-----BEGIN CERTIFICATE-----
MIIBHjCBxQIUEOYeqf4hkSqbfj3JW70Pk1bcgXwwCgYIKoZIzj0EAwIwETEPMA0G
A1UEAwwGY2xpZW50MCAXDTI2MTEyMjE0NDI0N1oYDzIxMjYxMDI5MTQ0MjQ3WjAR
MQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASFGhhz
28IY0at5axkboEksHhrpFmYUbTf1qyNkfBbRYw5mwyDaZYRt+P/fZF+5me3j6TIH
3+KZL9hrmNV7Y74tMAoGCCqGSM49BAMCA0gAMEUCIAhMmgINUsnx3jAFl86IlBE6
asJgJiZV44zKvixdeuWAAiEA21OAos7u7WsVdBfzyzwp63tXhKk5AMsW9m81BKQD
YBU=
-----END CERTIFICATE-----
";
    const NO_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn an_identity_that_cannot_be_used_is_refused_before_any_call() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.pem");
        let mut service = service("https://h:1");
        service.identity = Some(file.clone());
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["client".to_owned()]).unwrap();
        let own = params.self_signed(&key).unwrap().pem();
        let stranger = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let key = key.serialize_pem();
        let bad_key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        for (certificate, key, fault) in [
            (VERSION_1, &*key, "version 1"),
            (NO_CERTIFICATE, &*key, "is not a certificate"),
            (&*own, &*stranger, "does not belong"),
            (&*own, bad_key, "key"),
        ] {
            fs::write(&file, [certificate, key].concat()).unwrap();
            let told = Client::new(&service).unwrap_err().to_string();
            let place = format!("--identity {}: ", file.display());
            assert!(told.starts_with(&place) && told.contains(fault), "{told}");
        }
        fs::write(&file, own + &key).unwrap();
        assert!(Client::new(&service).is_ok());
    }

    #[test]
    fn over_https_the_certificates_are_asked_for_too() {
        assert!(!look_at("http://h:1").contains("--ca"));
        let said = look_at("https://h:1");
        assert!(said.contains("--ca") && said.contains("--identity") && said.contains("--url"));
    }

    #[test]
    fn a_request_carries_token_type_and_encoding() {
        let client = Client::new(&service("http://h:1/")).unwrap();
        let request = client
            .request("PUT", "/items", b"{}", Written::Lines)
            .unwrap();
        assert_eq!(request.uri(), "http://h:1/items");
        assert_eq!(request.headers()["authorization"], "Bearer t");
        assert_eq!(request.headers()["content-encoding"], "gzip");
        assert_eq!(request.headers()["content-type"], "application/x-ndjson");
    }

    #[test]
    fn nobody_there_is_said_plainly() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let client = Client::new(&service(&url)).unwrap();
        let answer = client.send::<serde_json::Value>("POST", "/rank", b"{}", Written::Json);
        let message = answer.unwrap_err().to_string();
        assert!(
            message.contains(&url) && message.contains("--url"),
            "{message}"
        );
    }

    #[test]
    fn a_problem_names_every_fault() {
        let text = br#"{"title":"Invalid","detail":"2 faults","errors":[{"path":"limit","message":"too high"},{"message":"odd"}]}"#;
        let said = refusal(StatusCode::UNPROCESSABLE_ENTITY, text).to_string();
        assert_eq!(
            said,
            "the service refused: 422: 2 faults (limit: too high; odd)"
        );
        let text = br#"{"detail":"odd","errors":[{"path":"scene","message":"odd"}]}"#;
        let said = refusal(StatusCode::CONFLICT, text).to_string();
        assert_eq!(said, "the service refused: 409: scene: odd");
        let said = refusal(StatusCode::UNAUTHORIZED, b"").to_string();
        assert!(said.contains("401") && said.contains(TOKEN), "{said}");
    }

    #[test]
    fn the_pause_is_what_the_service_names_within_reason() {
        let answer = |value: &str| {
            Response::builder()
                .header("retry-after", value)
                .body(())
                .unwrap()
        };
        assert_eq!(pause(&answer("3")), Duration::from_secs(3));
        assert_eq!(pause(&answer("86400")), Duration::from_secs(LONGEST_PAUSE));
        assert_eq!(pause(&answer("soon")), Duration::from_secs(1));
    }
}
