//! Sends requests to the service, with retries, and reads the answers.

use std::env;
use std::fmt;
use std::io;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{HeaderValue, Request, Response, StatusCode, header};
use ureq::{Agent, Body};

use super::body::{Format, pack};
use super::error::{ATTEMPTS, CallError};
use super::problem::{ReportedFault, explain, faults, rejection};
use super::service::{Service, TOKEN};
use super::tls::tls;

/// Maximum bytes of an answer.
const ANSWER_BYTES: u64 = 256 << 20;
/// Maximum pause between two attempts, in seconds.
const LONGEST_PAUSE: u64 = 30;

/// A client of one service.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    url: String,
    token: Option<HeaderValue>,
}

impl Client {
    /// Creates a client of a service. The token defaults to the environment variable.
    ///
    /// # Errors
    /// [`CallError::Url`], [`CallError::Token`] or [`CallError::Pem`] if an argument is invalid.
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

    /// Sends a body and reads the answer. While the service is busy, waits and retries.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        format: Format,
    ) -> Result<T, CallError> {
        let packed = pack(body, format).map_err(|cause| self.unexpected(cause))?;
        let mut answer = self.once(method, path, &packed, format)?;
        for _ in 1..ATTEMPTS {
            if !is_busy(answer.status()) {
                break;
            }
            thread::sleep(pause(&answer));
            answer = self.once(method, path, &packed, format)?;
        }
        if is_busy(answer.status()) {
            return Err(self.busy(answer));
        }
        self.read(answer)
    }

    /// Sends a change of the configuration, made for a generation, and reads the answer.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn change<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        generation: u64,
        body: &impl Serialize,
    ) -> Result<T, CallError> {
        let body = serde_json::to_vec(body).map_err(|cause| self.unexpected(cause))?;
        let request = self.request(method, path, &body, Format::Json);
        let mut request = request.map_err(|_| self.invalid_url())?;
        let headers = request.headers_mut();
        headers.insert(header::IF_MATCH, HeaderValue::from(generation));
        self.read(self.run(request)?)
    }

    /// Sends a body that may have faults. Returns the answer, or the faults that the service finds.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn checked<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Result<T, Vec<ReportedFault>>, CallError> {
        let body = serde_json::to_vec(body).map_err(|cause| self.unexpected(cause))?;
        let mut answer = self.once("POST", path, &body, Format::Json)?;
        if answer.status() == StatusCode::UNPROCESSABLE_ENTITY {
            return Ok(Err(faults(&self.bytes(&mut answer)?)));
        }
        self.read(answer).map(Ok)
    }

    /// Gets JSON.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.read(self.once("GET", path, b"", Format::Json)?)
    }

    /// Deletes something.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn delete(&self, path: &str) -> Result<(), CallError> {
        let mut answer = self.once("DELETE", path, b"", Format::Json)?;
        let (status, bytes) = (answer.status(), self.bytes(&mut answer)?);
        if status.is_success() {
            Ok(())
        } else {
            Err(rejection(status, &bytes))
        }
    }

    /// Gets a text.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn text(&self, path: &str) -> Result<String, CallError> {
        let mut answer = self.once("GET", path, b"", Format::Json)?;
        let (status, bytes) = (answer.status(), self.bytes(&mut answer)?);
        if !status.is_success() {
            return Err(rejection(status, &bytes));
        }
        String::from_utf8(bytes).map_err(|cause| self.unexpected(cause))
    }

    /// Sends an empty request and passes the bytes of the answer to `take` as they arrive, without a time limit.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn download<T>(
        &self,
        path: &str,
        take: impl FnOnce(&mut dyn io::Read) -> T,
    ) -> Result<T, CallError> {
        let request = self.request("POST", path, b"{}", Format::Json);
        let request = request.map_err(|_| self.invalid_url())?;
        let request = self.agent.configure_request(request).timeout_global(None);
        let mut answer = self.run(request.build())?;
        if answer.status().is_success() {
            return Ok(take(&mut answer.body_mut().as_reader()));
        }
        let rejected = self.read::<serde_json::Value>(answer);
        Err(rejected.map_or_else(|error| error, |_| self.unexpected("no bytes")))
    }

    fn once(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        format: Format,
    ) -> Result<Response<Body>, CallError> {
        let request = self.request(method, path, body, format);
        self.run(request.map_err(|_| self.invalid_url())?)
    }

    fn invalid_url(&self) -> CallError {
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
        format: Format,
    ) -> Result<Request<&'b [u8]>, ureq::http::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, format.media_type());
        if format == Format::Lines {
            request = request.header(header::CONTENT_ENCODING, "gzip");
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token);
        }
        request.body(body)
    }

    fn read<T: DeserializeOwned>(&self, mut answer: Response<Body>) -> Result<T, CallError> {
        let status = answer.status();
        let text = self.bytes(&mut answer)?;
        if status.is_success() {
            serde_json::from_slice(&text).map_err(|cause| self.unexpected(cause))
        } else {
            Err(rejection(status, &text))
        }
    }

    /// Returns the error of a request for which the service was busy on every attempt.
    fn busy(&self, mut answer: Response<Body>) -> CallError {
        let status = answer.status();
        match self.bytes(&mut answer) {
            Ok(text) => CallError::Busy {
                status: status.as_u16(),
                detail: explain(status, &text),
            },
            Err(broken) => broken,
        }
    }

    fn bytes(&self, answer: &mut Response<Body>) -> Result<Vec<u8>, CallError> {
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES);
        body.read_to_vec().map_err(|cause| self.unexpected(cause))
    }

    fn unexpected(&self, cause: impl fmt::Display) -> CallError {
        CallError::Unexpected {
            url: self.url.clone(),
            cause: cause.to_string(),
        }
    }
}

/// Returns the header with the token, if there is one. It is marked as sensitive, so that debug output does not show it.
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

fn is_busy(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}

/// Returns the pause that `Retry-After` asks for, at most [`LONGEST_PAUSE`]; one second without that header.
fn pause<B>(answer: &Response<B>) -> Duration {
    let named = answer.headers().get(header::RETRY_AFTER);
    let seconds = named
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(1).min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_and_https_urls_are_valid() {
        for url in ["ftp://x", "http://", "https://", "x:80", ""] {
            assert!(
                matches!(
                    Client::new(&Service::sample(url)),
                    Err(CallError::Url { .. })
                ),
                "{url}"
            );
        }
        for url in ["http://127.0.0.1:1/", "https://x"] {
            assert!(Client::new(&Service::sample(url)).is_ok());
        }
    }

    #[test]
    fn debug_output_never_shows_the_token() {
        let mut service = Service::sample("http://h:1");
        service.token = Some("hush-hush".to_owned().into());
        let client = Client::new(&service).unwrap();
        let request = client.request("GET", "/", b"", Format::Json).unwrap();
        let shown = format!("{service:?} {client:?} {request:?}");
        assert!(!shown.contains("hush"), "{shown}");
        service.token = Some("hush\nhush".to_owned().into());
        let rejected = Client::new(&service).unwrap_err().to_string();
        assert!(rejected.contains("--token") && !rejected.contains("hush"));
    }

    #[test]
    fn a_request_carries_token_type_and_encoding() {
        let client = Client::new(&Service::sample("http://h:1/")).unwrap();
        let request = client
            .request("PUT", "/items", b"{}", Format::Lines)
            .unwrap();
        assert_eq!(request.uri(), "http://h:1/items");
        assert_eq!(request.headers()["authorization"], "Bearer t");
        assert_eq!(request.headers()["content-encoding"], "gzip");
        assert_eq!(request.headers()["content-type"], "application/x-ndjson");
    }

    #[test]
    fn a_missing_service_is_reported_with_its_url() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let client = Client::new(&Service::sample(&url)).unwrap();
        let answer = client.send::<serde_json::Value>("POST", "/rank", b"{}", Format::Json);
        let message = answer.unwrap_err().to_string();
        assert!(
            message.contains(&url) && message.contains("--url"),
            "{message}"
        );
    }

    #[test]
    fn the_pause_follows_the_service_within_bounds() {
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
