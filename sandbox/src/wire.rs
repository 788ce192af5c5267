//! Sending an answer, with the faults that the script puts into its bytes.

use std::{
    io::{self, Write as _},
    sync::PoisonError,
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::stream;

use crate::{answer::Answer, script::Wire, server::Line, world::World};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Size of the pieces in which padding is made.
const PIECE: usize = 64 * 1024;
/// A slow body comes in pieces this far apart.
const TICK: Duration = Duration::from_millis(20);
/// The time for the bytes so far to leave before the connection is closed.
const FLUSH: Duration = Duration::from_millis(5);

/// Sends an answer.
pub(crate) async fn send(world: &World, line: &Line, answer: Answer, wire: Option<Wire>) -> Response<Body> {
    let length = answer.body.len();
    match wire {
        None => answer.response(Body::from(answer.body.clone())),
        Some(Wire::Reset) => {
            line.reset();
            answer.response(Body::empty())
        }
        Some(Wire::Cut(bytes)) => {
            let body = cut(answer.body.slice(..bytes.min(length)));
            declared(answer.response(body), length.max(bytes.saturating_add(1)))
        }
        Some(Wire::Slow(rate)) => declared(answer.response(slow(answer.body.clone(), rate)), length),
        Some(Wire::Malformed) => answer.response(Body::from(broken(&answer.body))),
        Some(Wire::Oversize(bytes)) => answer.response(padded(&answer.body, bytes)),
        Some(Wire::Short(bytes)) => answer.response(Body::from(answer.body.slice(..bytes.min(length)))),
        Some(Wire::Mark) => answer.response(Body::from([BYTE_ORDER_MARK, &answer.body].concat())),
        Some(kind @ (Wire::Bomb(bytes) | Wire::EmptyRecords(bytes))) => {
            let packed = bomb(world, bytes, matches!(kind, Wire::EmptyRecords(_))).await;
            answer.header("content-encoding", "gzip").response(Body::from(packed))
        }
    }
}

fn declared(mut response: Response<Body>, length: usize) -> Response<Body> {
    response.headers_mut().insert("content-length", HeaderValue::from(length));
    response
}

/// The bytes, and then an error that makes the server close the connection.
fn cut(bytes: Bytes) -> Body {
    Body::from_stream(stream::unfold(Some(bytes), |left| async move {
        match left {
            Some(bytes) if !bytes.is_empty() => Some((Ok(bytes), Some(Bytes::new()))),
            Some(_) => {
                tokio::time::sleep(FLUSH).await;
                Some((Err(io::Error::other("cut by the fault script")), None))
            }
            None => None,
        }
    }))
}

fn slow(body: Bytes, rate: u64) -> Body {
    let ticks = u64::try_from(TICK.as_millis()).unwrap_or(1);
    let piece = usize::try_from(rate.saturating_mul(ticks) / 1000).unwrap_or(usize::MAX).max(1);
    Body::from_stream(stream::unfold(body, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        tokio::time::sleep(TICK).await;
        let now = left.split_to(piece.min(left.len()));
        Some((Ok::<_, io::Error>(now), left))
    }))
}

/// The first half of the body, and then text that is no JSON.
fn broken(body: &Bytes) -> Bytes {
    let mut broken = body.slice(..body.len() / 2).to_vec();
    broken.extend_from_slice(b"<!-- upstream");
    broken.resize(body.len().max(broken.len()), b' ');
    broken.into()
}

/// The body with a long field at the end of its outer object.
fn padded(body: &Bytes, bytes: u64) -> Body {
    let (head, tail) = around_padding(body);
    let pieces = bytes.div_ceil(PIECE as u64);
    let piece = Bytes::from(vec![b'x'; PIECE]);
    Body::from_stream(stream::unfold(0, move |step| {
        let next = if step == 0 {
            Some(head.clone())
        } else if step <= pieces {
            Some(piece.clone())
        } else if step == pieces + 1 {
            Some(Bytes::from_static(tail))
        } else {
            None
        };
        std::future::ready(next.map(|bytes| (Ok::<_, io::Error>(bytes), step + 1)))
    }))
}

/// The bytes before and after the padding. The body stays one JSON object.
fn around_padding(body: &[u8]) -> (Bytes, &'static [u8]) {
    let mut head = match body.strip_suffix(b"}") {
        Some(open) if open.len() > 1 => [open, b","].concat(),
        _ => b"{".to_vec(),
    };
    head.extend_from_slice(b"\"padding\":\"");
    (head.into(), b"\"}")
}

/// Made once for each kind and size, off the server's threads.
async fn bomb(world: &World, bytes: u64, of_records: bool) -> Bytes {
    let key = (bytes, of_records);
    if let Some(packed) = world.bombs.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return packed.clone();
    }
    let packed = tokio::task::spawn_blocking(move || if of_records { pack_records(bytes) } else { pack(bytes) }).await;
    let packed: Bytes = packed.ok().and_then(Result::ok).unwrap_or_default().into();
    world.bombs.lock().unwrap_or_else(PoisonError::into_inner).insert(key, packed.clone());
    packed
}

fn pack(bytes: u64) -> io::Result<Vec<u8>> {
    packed(b"{\"data\":[],\"padding\":\"", &vec![b'x'; PIECE], bytes, b"\"}")
}

fn pack_records(bytes: u64) -> io::Result<Vec<u8>> {
    packed(b"{\"data\":[", &b"{},".repeat(PIECE / 3), bytes, b"{}]}")
}

/// Head, pieces of at least this many bytes in all, tail.
fn packed(head: &[u8], piece: &[u8], bytes: u64, tail: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(head)?;
    for _ in 0..bytes.div_ceil(piece.len() as u64) {
        packer.write_all(piece)?;
    }
    packer.write_all(tail)?;
    packer.finish()
}
