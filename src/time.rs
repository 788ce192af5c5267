//! Times as the platforms write them.

use std::borrow::Cow;

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

/// The latest and the earliest moment of an entry. A time beyond them is taken for them, and its text is kept: the last
/// days of year 9999 cannot all be said in UTC, and what is added to a time must not overflow.
const LATEST: Timestamp = Timestamp::constant(253_400_000_000, 0); // 9999-11-25T13:46:40Z
const EARLIEST: Timestamp = Timestamp::constant(-377_700_000_000, 0);

/// Reads an ISO 8601 time with an offset. A time without one is refused: guessing could move it by half a day.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(text: &str) -> Result<Written, String> {
    let short = without_small_change(text);
    let pieces = Pieces::parse(short.as_ref()).map_err(|_| format!("{text:?} is not an ISO 8601 time"))?;
    let offset = pieces.to_numeric_offset().ok_or_else(|| format!("{text:?} has no offset from UTC"))?;
    let clock = pieces.time().ok_or_else(|| format!("{text:?} has no time of day"))?;
    let year = pieces.date().year();
    let exact = offset.to_timestamp(civil::DateTime::from_parts(pieces.date(), clock));
    let exact = exact.ok().filter(|time| (EARLIEST..=LATEST).contains(time));
    let time = exact.unwrap_or(if year > 0 { LATEST } else { EARLIEST });
    // An offset of a day or more is none that a clock has: the time is given in UTC, and its text kept.
    let kept = Some(offset.seconds()).filter(|seconds| seconds.abs() < 86_400).map(UtcOffset::from_seconds);
    let usual = exact.is_some() && kept.is_some() && is_usual(text, clock);
    Ok(Written { time, offset: kept.unwrap_or_default(), usual })
}

/// Without the digits of a second that are smaller than a nanosecond.
fn without_small_change(text: &str) -> Cow<'_, str> {
    let Some(start) = text.find(['.', ',']).map(|at| at + 1) else { return Cow::Borrowed(text) };
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    if digits <= 9 {
        return Cow::Borrowed(text);
    }
    Cow::Owned([&text[..start + 9], &text[start + digits..]].concat())
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
