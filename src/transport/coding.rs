//! Decompression of a body by its `Content-Encoding`.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::header;
use super::transport_error::{Cause, TransportError};

/// The codings that this client accepts.
pub(super) const ACCEPTED: &str = "gzip";

/// The body as it was before it was packed, in the order of RFC 9110 8.4: the last coding was put on last. The names are
/// compared without regard to case, and `x-gzip` is `gzip`. One that is said and was taken off on the way is let be.
pub(super) fn unpack(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, TransportError> {
    let codings = header::texts(headers, CONTENT_ENCODING.as_str()).flat_map(|text| text.split(','));
    let codings: Vec<&str> = codings.map(str::trim).filter(|coding| !coding.is_empty()).collect();
    let mut body = body;
    for coding in codings.into_iter().rev() {
        match coding.to_ascii_lowercase().as_str() {
            "identity" => {}
            "gzip" | "x-gzip" if body.starts_with(b"\x1f\x8b") => body = gunzip(&body, limit)?,
            "gzip" | "x-gzip" => {}
            other => {
                let shown: String = other.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(20).collect();
                let what = format!("the answer is packed as `{shown}`, which was not asked for");
                let hint = "something between here and the platform packs answers its own way: ask who runs it";
                return Err(TransportError::new(Cause::Undecodable, what).because("unknown_coding", hint));
            }
        }
    }
    Ok(body)
}

fn gunzip(packed: &[u8], limit: usize) -> Result<Bytes, TransportError> {
    let mut unpacked = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    match MultiGzDecoder::new(packed).take(most).read_to_end(&mut unpacked) {
        Ok(_) if unpacked.len() > limit => Err(TransportError::too_large(limit)),
        Ok(_) => Ok(unpacked.into()),
        Err(_) => Err(TransportError::new(Cause::Interrupted, "the packed answer ended too early, or is damaged")),
    }
}
