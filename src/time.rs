//! How the platforms write times.

use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{Timestamp, civil};
use serde_json::{Map, Value};

use crate::entry::UtcOffset;

/// A time as a platform wrote it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Written {
    /// The moment.
    pub time: Timestamp,
    /// The offset from UTC that it was written with.
    pub offset: UtcOffset,
    /// Whether [`rebuild`] would write the very same text of the two. Where it would not, keep the text in
    /// [`extra`](crate::LogEntry::extra) under the field's own name.
    pub usual: bool,
}

/// Reads an ISO 8601 time with an offset. A time without one is refused: guessing could move it by half a day.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(text: &str) -> Result<Written, String> {
    let pieces = Pieces::parse(text).map_err(|_| format!("{text:?} is not an ISO 8601 time"))?;
    let offset = pieces.to_numeric_offset().ok_or_else(|| format!("{text:?} has no offset from UTC"))?;
    let clock = pieces.time().ok_or_else(|| format!("{text:?} has no time of day"))?;
    let time = offset
        .to_timestamp(civil::DateTime::from_parts(pieces.date(), clock))
        .map_err(|_| format!("{text:?} is out of range"))?;
    let kept = UtcOffset::from_seconds(offset.seconds()); // less than a day
    let usual = is_usual(text, clock) && kept.seconds() == offset.seconds();
    Ok(Written { time, offset: kept, usual })
}

/// `2024-08-01T12:38:49+08:00` is usual: 25 characters, `T`, no fraction, hours and minutes of offset, no `-00:00`, no
/// leap second.
fn is_usual(text: &str, clock: civil::Time) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 25
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && bytes[22] == b':'
        && matches!(bytes[19], b'+' | b'-')
        && &bytes[19..] != b"-00:00"
        && clock.subsec_nanosecond() == 0
        && &bytes[17..19] != b"60"
}

/// Writes a time with its offset, in whole seconds: `2024-08-01T12:38:49+08:00`.
pub(crate) fn write(time: Timestamp, offset: UtcOffset) -> String {
    let zone = Offset::from_seconds(offset.seconds()).unwrap_or(Offset::UTC);
    format!("{}{offset}", zone.to_datetime(time).strftime("%Y-%m-%dT%H:%M:%S"))
}

/// The text of a time field of a rebuilt record: as it was sent, if it was kept, else in whole seconds with its offset,
/// such as `2024-08-01T12:38:49+08:00`. Takes the kept text out.
pub fn rebuild(kept: &mut Map<String, Value>, field: &str, time: Timestamp, offset: UtcOffset) -> String {
    match kept.remove(field) {
        Some(Value::String(text)) => text,
        _ => write(time, offset),
    }
}
