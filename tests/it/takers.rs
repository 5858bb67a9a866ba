//! Clients that take their answers slowly: honest ones get all of them, others are cut off, over both versions of HTTP.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::service::Service;

const VERSIONS: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];

fn serve(more: &str) -> Service {
    let limits = "[limits]\nbody_bytes = 67_108_864\n";
    Service::with_config(&format!("{limits}{more}"))
}

/// Sends a batch whose answer has ten megabytes, more than the buffers of a socket hold.
async fn ask(service: &Service, version: Version) -> Response<Incoming> {
    let ids: Vec<String> = (0..10_000).map(|id| format!("{id:0>100}")).collect();
    let request = json!({"user_id": "u", "candidates": ids, "timeout_ms": 60_000});
    let body = json!({"requests": vec![request; 10]}).to_string();
    let address = service.base().strip_prefix("http://").unwrap();
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let request = Request::post(format!("{}/rank/batch", service.base()))
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    if version == Version::HTTP_2 {
        let shaken = http2::handshake(TokioExecutor::new(), io).await;
        let (mut sender, connection) = shaken.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    } else {
        let (mut sender, connection) = http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    }
}

/// Reads an answer in steps, slowly for `time` at least, and returns its length; `None` if it breaks off.
async fn take(answer: Response<Incoming>, time: Duration) -> Option<usize> {
    let (mut body, mut length) = (answer.into_body(), 0);
    let end = std::time::Instant::now() + time;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        length += frame.ok()?.into_data().as_ref().map_or(0, Bytes::len);
        if std::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Some(length)
}

#[test]
fn an_honest_slow_reader_gets_everything() {
    let service = serve("[server]\nidle_seconds = 0.5\nanswer_seconds = 10\n");
    let runtime = Runtime::new().unwrap();
    for version in VERSIONS {
        let length = runtime.block_on(async {
            let answer = ask(&service, version).await;
            take(answer, Duration::from_millis(1_500)).await
        });
        assert!(
            length.is_some_and(|length| length > 10_000_000),
            "{version:?}: {length:?}"
        );
    }
    assert!(service.metric("saima_slow_takers_total ") < 1.0);
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let service = serve("[server]\nanswer_seconds = 0.5\n");
    let runtime = Runtime::new().unwrap();
    for (cut, version) in (1..).zip(VERSIONS) {
        let answer = runtime.block_on(ask(&service, version));
        assert_eq!(answer.status(), 200);
        service.wait("the answer is held", |service| {
            service.metric("saima_answer_bytes ") > 10_000_000.0
                || service.metric("saima_slow_takers_total ") >= f64::from(cut)
        });
        service.wait("the connection is cut", |service| {
            service.metric("saima_slow_takers_total ") >= f64::from(cut)
        });
        service.wait("the bytes are free", |service| {
            service.metric("saima_answer_bytes ") < 100_000.0
        });
        assert_eq!(runtime.block_on(take(answer, Duration::ZERO)), None);
    }
}

#[test]
fn answers_beyond_their_bound_are_rejected() {
    let service = serve("[admission]\nanswer_bytes = 12_000_000\n");
    let runtime = Runtime::new().unwrap();
    let status = |status: u16| {
        let answer = runtime.block_on(ask(&service, Version::HTTP_11));
        assert_eq!(answer.status(), status);
        answer
    };
    drop(status(429));
    assert_eq!(service.get("/healthz").status, 200);
    let rejected = service.metric("saima_refused_total{reason=\"answer_bytes\"}");
    assert!(rejected >= 1.0, "{rejected}");
}
