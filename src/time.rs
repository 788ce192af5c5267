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
/// The error says what is wrong with it, in words.
pub fn read(text: &str) -> Result<Written, String> {
    if let Some(written) = read_usual(text.as_bytes()) {
        return Ok(written);
    }
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

/// Reads what nearly every time of a platform looks like, `2024-08-01T12:38:49+08:00`, in a tenth of the time that it takes
/// to read any. `None` where it is anything else, or out of the ordinary in any way.
fn read_usual(text: &[u8]) -> Option<Written> {
    let text: &[u8; 25] = text.try_into().ok()?;
    let form = text.iter().zip(b"0000-00-00T00:00:00+00:00");
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        b'+' => matches!(byte, b'+' | b'-'),
        _ => byte == form,
    };
    if !form.into_iter().all(fits) {
        return None;
    }
    let two = |at: usize| i8::try_from((text[at] - b'0') * 10 + (text[at + 1] - b'0')).unwrap_or(i8::MAX);
    let (hours, minutes) = (i32::from(two(20)), i32::from(two(23)));
    let seconds = if text[19] == b'-' { -60 } else { 60 } * (60 * hours + minutes);
    let is_offset = hours < 24 && minutes < 60 && (seconds != 0 || text[19] == b'+');
    if !is_offset || two(17) > 59 {
        return None;
    }
    let date = civil::Date::new(i16::from(two(0)) * 100 + i16::from(two(2)), two(5), two(8)).ok()?;
    let clock = civil::Time::new(two(11), two(14), two(17), 0).ok()?;
    let time = Offset::from_seconds(seconds).ok()?.to_timestamp(date.to_datetime(clock)).ok()?;
    let offset = UtcOffset::from_seconds(seconds);
    (EARLIEST..=LATEST).contains(&time).then_some(Written { time, offset, usual: true })
}

/// The text without the digits of a second that are smaller than a nanosecond.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_time_is_read_as_any_other_is() {
        let slowly = |text: &str| {
            let pieces = Pieces::parse(text).ok()?;
            let zone = pieces.to_numeric_offset()?;
            let time = zone.to_timestamp(pieces.date().to_datetime(pieces.time()?)).ok()?;
            Some((time, zone.seconds()))
        };
        let mut dice = fastrand::Rng::with_seed(8);
        for _ in 0..20_000 {
            let mut two = |most: u8| format!("{:02}", dice.u8(0..=most));
            let (year, month, day) = (two(99) + &two(99), two(13), two(32));
            let (hour, minute, second, east, beside) = (two(24), two(60), two(60), two(24), two(60));
            let sign = if dice.bool() { '+' } else { '-' };
            let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}{sign}{east}:{beside}");
            let Some(quick) = read_usual(text.as_bytes()) else { continue };
            assert_eq!(Some((quick.time, quick.offset.seconds())), slowly(&text), "{text}");
        }
        for text in ["2024-08-01T12:38:49+08:00", "2024-02-29T00:00:00-11:30", "0001-01-01T00:00:00+00:00"] {
            assert!(read_usual(text.as_bytes()).is_some(), "{text}");
        }
        for text in [
            "2024-08-01T12:38:49-00:00",
            "2023-02-29T00:00:00+00:00",
            "2024-08-01T12:38:60+00:00",
            "2024-08-01 12:38:49+00:00",
            "2024-08-01T12:38:49+24:00",
        ] {
            assert!(read_usual(text.as_bytes()).is_none(), "{text}");
        }
    }
}
