//! The requests and events of the load, built before it starts.

use std::collections::HashSet;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use saima::random::Random;

use crate::Args;

/// Number of different rank requests: enough that their items exceed the caches of a core.
const REQUESTS: u32 = 2_000;

/// Media type of a bulk body.
const LINES: &str = "application/x-ndjson";

/// Returns rank requests of random users and candidates, as bytes to send. `more` is what each says beside, such as `"limit":50,`.
pub(crate) fn ranks(
    args: &Args,
    address: &SocketAddr,
    more: &str,
    random: &mut Random,
) -> Vec<Vec<u8>> {
    let rank = |_| {
        let user = random.below(args.synthetic);
        let ids = candidates(args, random);
        let body = format!("{{\"user_id\":\"u{user}\",{more}\"candidates\":[{ids}]}}");
        post(args, address, "/rank", "application/json", &body)
    };
    (0..REQUESTS).map(rank).collect()
}

fn candidates(args: &Args, random: &mut Random) -> String {
    let mut chosen = HashSet::new();
    let mut ids = String::new();
    while chosen.len() < usize::try_from(args.candidates).unwrap_or(usize::MAX) {
        let item = random.below(args.synthetic);
        if chosen.insert(item) {
            let comma = if ids.is_empty() { "" } else { "," };
            let _ = write!(ids, "{comma}\"item-{item:07}\"");
        }
    }
    ids
}

/// Returns the bodies of events of one round at `rate` events per second.
pub(crate) fn events(
    args: &Args,
    address: &SocketAddr,
    rate: u32,
    round: u32,
    random: &mut Random,
) -> Vec<Vec<u8>> {
    let total = u128::from(rate) * args.round().as_millis() / 1_000;
    let total = u32::try_from(total).unwrap_or(u32::MAX);
    bodies(args, address, total, round, random)
}

/// Returns bodies with at least `events` events in total: nine views to one purchase, each event with its own id.
pub(crate) fn bodies(
    args: &Args,
    address: &SocketAddr,
    events: u32,
    round: u32,
    random: &mut Random,
) -> Vec<Vec<u8>> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    (0..events.div_ceil(args.batch))
        .map(|body| {
            let mut lines = String::new();
            for event in 0..args.batch {
                let (user, item) = (random.below(args.synthetic), random.below(args.synthetic));
                let kind = if event % 10 == 0 { "\"purchase\",\"quantity\":1,\"amount\":25" } else { "\"view\"" };
                let _ = writeln!(
                    lines,
                    "{{\"id\":\"load-{now}-{round}-{body}-{event}\",\"user_id\":\"u{user}\",\"item_id\":\"item-{item:07}\",\"at\":{now},\"kind\":{kind}}}"
                );
            }
            post(args, address, "/events", LINES, &lines)
        })
        .collect()
}

/// Returns a request with a body of lines.
pub(crate) fn lines(
    args: &Args,
    address: &SocketAddr,
    (method, path): (&str, &str),
    lines: &str,
) -> Vec<u8> {
    request(args, address, method, path, LINES, lines)
}

/// Returns a request for new standings.
pub(crate) fn rebuild(args: &Args, address: &SocketAddr) -> Vec<u8> {
    post(args, address, "/race/rebuild", "application/json", "")
}

fn post(args: &Args, address: &SocketAddr, path: &str, kind: &str, body: &str) -> Vec<u8> {
    request(args, address, "POST", path, kind, body)
}

fn request(
    args: &Args,
    address: &SocketAddr,
    method: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> Vec<u8> {
    let token = args.token.as_ref().map_or_else(String::new, |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n{token}content-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}
