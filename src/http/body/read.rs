//! Reads and decompresses a body within its limits.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use flate2::bufread::MultiGzDecoder;

use super::next::next;
use super::packing::Packing;
use super::portions::Portions;
use super::turn::Turn;
use super::whole::Whole;
use crate::http::admission::BodyBytes;
use crate::http::error::{Cause, Problem};
use crate::model::Limits;

/// Maximum number of bytes that are decompressed before the task may yield.
const STEP: u64 = 32 << 10;
/// Binary logarithm of the maximum window of a zstd body: 16 MiB, enough for all compression levels up to 19.
const ZSTD_WINDOW: u32 = 24;
/// Maximum number of bytes that are allocated because they are announced; more is allocated only as bytes arrive.
const ANNOUNCED: usize = 64 << 10;

/// Reads and decompresses the whole body, and adds its bytes to `held`.
///
/// # Errors
/// 400 if it is incomplete or cannot be decompressed, 408 if it takes longer than `patience`, 413 beyond a limit, 415 for an
/// unknown encoding, 429 if all bodies together exceed their bound.
pub(in crate::http) async fn read(
    headers: &HeaderMap,
    body: &mut Body,
    limits: &Limits,
    patience: Duration,
    held: &mut BodyBytes,
) -> Result<Bytes, Problem> {
    let packing = Packing::of(headers)?;
    let whole = collect(body, limits.body_bytes, held);
    let packed = tokio::time::timeout(patience, whole)
        .await
        .unwrap_or_else(|_| {
            let detail = format!("the body must arrive within {} s", patience.as_secs_f64());
            Err(Problem::new(Cause::BodyLate, detail))
        })?;
    let unpacked = match packing {
        Packing::None => return Ok(packed),
        Packing::Gzip => {
            let decoder = MultiGzDecoder::new(Portions::of(&packed));
            unpack(decoder, limits.unpacked_bytes, held).await
        }
        Packing::Zstd => {
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(Portions::of(&packed)).map_err(broken)?;
            decoder.window_log_max(ZSTD_WINDOW).map_err(broken)?;
            unpack(decoder, limits.unpacked_bytes, held).await
        }
    };
    held.remove(packed.len());
    unpacked
}

async fn collect(body: &mut Body, limit: usize, held: &mut BodyBytes) -> Result<Bytes, Problem> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_large(limit, "limits.body_bytes"));
    }
    let broken = |_| Problem::new(Cause::Malformed, "the body is incomplete");
    let first = next(body).await.map_err(broken)?.unwrap_or_default();
    if body.is_end_stream() && first.len() <= limit {
        held.add(first.len())?;
        return Ok(first);
    }
    let mut whole = Whole::with_room(announced.min(ANNOUNCED).max(first.len()));
    let (mut chunk, mut turn) = (Some(first), Turn::new());
    while let Some(bytes) = chunk {
        if bytes.len() > limit - whole.len() {
            return Err(too_large(limit, "limits.body_bytes"));
        }
        held.add(bytes.len())?;
        whole.add(&bytes, limit);
        turn.give_way().await;
        chunk = turn.wait(next(body)).await.map_err(broken)?;
    }
    Ok(whole.share())
}

async fn unpack(
    mut packed: impl Read,
    limit: usize,
    held: &mut BodyBytes,
) -> Result<Bytes, Problem> {
    let (mut whole, mut turn) = (Whole::with_room(0), Turn::new());
    let mut unpacked = Vec::new();
    loop {
        unpacked.clear();
        let step = packed.by_ref().take(STEP).read_to_end(&mut unpacked);
        held.add(unpacked.len())?;
        match step {
            Ok(0) => return Ok(whole.share()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(broken(error)),
            Ok(_) | Err(_) => {}
        }
        if unpacked.len() > limit - whole.len() {
            return Err(too_large(limit, "limits.unpacked_bytes"));
        }
        whole.add(&unpacked, limit);
        turn.give_way().await;
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err passes the error by value"
)]
fn broken(error: io::Error) -> Problem {
    Problem::new(
        Cause::Malformed,
        format!("the body cannot be unpacked: {error}"),
    )
}

fn too_large(limit: usize, name: &str) -> Problem {
    let detail = format!("the body must have at most {limit} bytes ({name})");
    Problem::new(Cause::TooLarge, detail)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::Write;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use hyper::body::Frame;

    use axum::http::HeaderValue;
    use axum::http::header::CONTENT_ENCODING;

    use super::*;
    use crate::allocator::linear::assert_linear;
    use crate::config::{self, Config};
    use crate::http::admission::Admission;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn status(encoding: &str, bytes: Vec<u8>, limits: &Limits) -> Result<Bytes, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
        let (mut body, mut held) = (Body::from(bytes), held(1 << 30));
        let patience = Duration::from_secs(60);
        let read = read(&headers, &mut body, limits, patience, &mut held).await;
        read.map_err(|problem| problem.cause.row().status)
    }

    /// Returns the byte count of a body, with a bound on all bodies.
    fn held(room: usize) -> BodyBytes {
        let config = config::Admission {
            ingest_bytes: room,
            ..Config::embedded().admission
        };
        Admission::new(&config, &crate::telemetry::Telemetry::default().admission)
            .body(None, &config)
    }

    #[tokio::test]
    async fn packed_bodies_are_unpacked_whole() {
        let plain: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
        let limits = Limits::default();
        let two = [gzip(&plain), gzip(b"more")].concat();
        assert_eq!(
            status("gzip", two, &limits).await.unwrap(),
            [&plain[..], b"more"].concat()
        );
        let packed = zstd::encode_all(&*plain, 3).unwrap();
        assert_eq!(status("ZSTD", packed, &limits).await.unwrap(), plain);
        assert_eq!(
            status("identity", plain.clone(), &limits).await.unwrap(),
            plain
        );
    }

    /// Returns the number of turns that other tasks get while a body is read.
    async fn turns(encoding: &'static str, bytes: Vec<u8>) -> (Result<Bytes, u16>, usize) {
        turns_beside(async move { status(encoding, bytes, &Limits::default()).await }).await
    }

    /// Returns the result of a task, and the number of turns that other tasks get meanwhile.
    async fn turns_beside<T: Send + 'static>(
        task: impl Future<Output = T> + Send + 'static,
    ) -> (T, usize) {
        let reading = tokio::spawn(task);
        let mut turns = 0;
        while !reading.is_finished() {
            tokio::task::yield_now().await;
            turns += 1;
        }
        (reading.await.unwrap(), turns)
    }

    #[tokio::test]
    async fn empty_parts_of_a_body_leave_turns_to_others() {
        let members = [gzip(b"").repeat(50_000), gzip(b"end")].concat();
        let (whole, turns_beside) = turns("gzip", members).await;
        assert_eq!(whole.unwrap(), &b"end"[..]);
        assert!(turns_beside > 20, "{turns_beside}");
        let frame = zstd::encode_all(&b""[..], 3).unwrap();
        let frames = [
            frame.repeat(50_000),
            zstd::encode_all(&b"end"[..], 3).unwrap(),
        ]
        .concat();
        let (whole, turns_beside) = turns("zstd", frames).await;
        assert_eq!(whole.unwrap(), &b"end"[..]);
        assert!(turns_beside > 5, "{turns_beside}");
    }

    /// A body whose frames are all there at once.
    struct Frames(usize);

    impl HttpBody for Frames {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let Some(left) = self.0.checked_sub(1) else {
                return Poll::Ready(None);
            };
            self.0 = left;
            let frame = Frame::data(Bytes::from(vec![7; 64 << 10]));
            Poll::Ready(Some(Ok(frame)))
        }
    }

    #[tokio::test]
    async fn a_long_body_leaves_turns_to_others() {
        let read = async {
            let (mut body, mut held) = (Body::new(Frames(800)), held(usize::MAX));
            let whole = collect(&mut body, usize::MAX, &mut held).await;
            whole
                .map(|whole| whole.len())
                .map_err(|problem| problem.cause)
        };
        let (whole, turns) = turns_beside(read).await;
        assert!(matches!(whole, Ok(length) if length == 800 << 16));
        assert!(turns > 5, "{turns}");
    }

    #[tokio::test]
    async fn bounds_hold_before_and_after_unpacking() {
        let limits = Limits {
            body_bytes: 1_000,
            unpacked_bytes: 100_000,
            ..Limits::default()
        };
        assert_eq!(status("identity", vec![0; 1_001], &limits).await, Err(413));
        assert_eq!(
            status("gzip", gzip(&vec![0; 100_001]), &limits).await,
            Err(413)
        );
        assert!(
            status("gzip", gzip(&vec![0; 100_000]), &limits)
                .await
                .is_ok()
        );
        assert!(status("identity", vec![0; 1_000], &limits).await.is_ok());
    }

    #[tokio::test]
    async fn bytes_of_all_bodies_are_bounded() {
        let (headers, limits) = (HeaderMap::new(), Limits::default());
        let mut gzipped = HeaderMap::new();
        gzipped.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        for (headers, bytes, status) in [
            (&headers, vec![0; 1_000], None),
            (&headers, vec![0; 1_001], Some(429)),
            (&gzipped, gzip(&[0; 900]), None),
            (&gzipped, gzip(&[0; 1_001]), Some(429)),
        ] {
            let (mut body, mut held) = (Body::from(bytes), held(1_000));
            let read = read(headers, &mut body, &limits, Duration::MAX, &mut held).await;
            let rejected = read.err().map(|problem| problem.cause.row().status);
            assert_eq!(rejected, status);
        }
    }

    #[tokio::test]
    async fn invalid_packed_bodies_are_rejected() {
        let limits = Limits::default();
        let mut torn = gzip(b"some text");
        torn.truncate(12);
        assert_eq!(status("gzip", torn, &limits).await, Err(400));
        assert_eq!(
            status("zstd", b"not zstd".to_vec(), &limits).await,
            Err(400)
        );
        assert_eq!(status("br", Vec::new(), &limits).await, Err(415));
        assert_eq!(status("gzip, zstd", Vec::new(), &limits).await, Err(415));
    }

    #[test]
    fn reading_a_body_takes_linear_time() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let (runtime, limits) = (runtime.unwrap(), Limits::default());
        let empty_frame = zstd::encode_all(&b""[..], 3).unwrap();
        let frame = zstd::encode_all(&b"[1,2]\n"[..], 3).unwrap();
        let cases = [
            ("identity", b"[1,2]\n".to_vec()),
            ("gzip", gzip(b"")),
            ("gzip", gzip(b"[1,2]\n")),
            ("zstd", empty_frame),
            ("zstd", frame),
        ];
        for (encoding, part) in cases {
            let read = |bytes: &Vec<u8>| {
                let read = status(encoding, bytes.clone(), &limits);
                assert!(runtime.block_on(read).is_ok());
            };
            assert_linear(encoding, 20_000, |count| part.repeat(count), read);
        }
    }

    #[test]
    fn collecting_chunks_takes_linear_time() {
        let (limits, patience) = (Limits::default(), Duration::from_secs(60));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let runtime = runtime.unwrap();
        let chunks = |count| vec![Bytes::from_static(b"[1,2]\n"); count];
        assert_linear("chunks", 50_000, chunks, |chunks| {
            let chunks = chunks.clone().into_iter().map(Ok::<_, io::Error>);
            let mut body = Body::from_stream(tokio_stream::iter(chunks));
            let (headers, mut held) = (HeaderMap::new(), held(1 << 30));
            let read = read(&headers, &mut body, &limits, patience, &mut held);
            assert!(runtime.block_on(read).is_ok());
        });
    }
}
