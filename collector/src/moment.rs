//! Moments as a user writes them: `24h`, `today`, a date, RFC 3339.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use crate::length::Length;

/// A moment as a user writes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// `24h`, `1mo`: this long ago.
    Ago(Length),
    /// `2026-08-01T12:00:00+08:00`
    At(Timestamp),
    /// `2026-08-01`: when this day begins, by the clock on the wall.
    Day(Date),
    /// `2026-08-01T12:00`: by the clock on the wall.
    Civil(DateTime),
    /// `today`, `yesterday`: the beginning of the day that is this many before today, in local time.
    DaysBefore(i64),
}

impl Moment {
    /// The moment, seen from `now`, where a clock on the wall is in this time zone.
    ///
    /// # Errors
    /// If it lies beyond the calendar, in words for the user.
    pub fn at(self, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
        match self {
            Self::Ago(length) => length.before(now, zone).ok_or_else(beyond),
            Self::At(time) => Ok(time),
            Self::Day(day) => zone.to_timestamp(day.into()).map_err(too_far),
            Self::Civil(time) => zone.to_timestamp(time).map_err(too_far),
            Self::DaysBefore(days) => Self::Day(day_before(now, zone, days)?).at(now, zone),
        }
    }

    /// The first moment behind it: of a day, when the next one begins.
    ///
    /// # Errors
    /// If it lies beyond the calendar, in words for the user.
    pub fn after(self, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
        match self {
            Self::Day(day) => Self::Day(day.tomorrow().map_err(too_far)?).at(now, zone),
            Self::DaysBefore(days) => Self::Day(day_before(now, zone, days - 1)?).at(now, zone),
            other => other.at(now, zone)?.checked_add(SignedDuration::from_nanos(1)).map_err(too_far),
        }
    }
}

fn day_before(now: Timestamp, zone: &TimeZone, days: i64) -> Result<Date, String> {
    let today = now.to_zoned_datetime(zone.clone()).date();
    today.checked_sub(SignedDuration::from_hours(24 * days)).map_err(too_far)
}

fn too_far(_: jiff::Error) -> String {
    beyond()
}

fn beyond() -> String {
    "this time is further off than the calendar goes".to_owned()
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "now" => return Ok(Self::Ago(Length::ZERO)),
            "today" => return Ok(Self::DaysBefore(0)),
            "yesterday" => return Ok(Self::DaysBefore(1)),
            _ => {}
        }
        let ago = if lower.ends_with("ago") { text.get(..text.len() - 3) } else { Some(text) };
        match ago.unwrap_or(text).parse() {
            Ok(length) => return Ok(Self::Ago(length)),
            Err(why) if why == Length::CAPITAL_M => return Err(why),
            Err(_) => {}
        }
        let moment = if text.contains('[') {
            text.parse::<ZonedDateTime>().map(|time| Self::At(time.timestamp())) // else the name of the zone were ignored
        } else {
            let time = || text.parse::<DateTime>().map(Self::Civil);
            let day = || if is_day(text) { text.parse().map(Self::Day) } else { time() };
            text.parse::<Timestamp>().map(Self::At).or_else(|_| day())
        };
        moment.map_err(|_| {
            "write how long ago (90s, 15m, 24h, 7d, 2w, 1mo, 1y), today or yesterday, a date (2026-08-01) or a time \
             (2026-08-01T12:00:00+08:00)"
                .to_owned()
        })
    }
}

/// `2026-08-01`, and nothing else.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_can_be_written_in_every_documented_way() {
        let now: Timestamp = "2026-08-10T12:00:00Z".parse().unwrap();
        let at = |text: &str| text.parse::<Moment>().unwrap().at(now, &TimeZone::UTC).unwrap().to_string();
        assert_eq!(at("90s"), "2026-08-10T11:58:30Z");
        assert_eq!(at("15m"), "2026-08-10T11:45:00Z");
        assert_eq!(at("24h"), "2026-08-09T12:00:00Z");
        assert_eq!(at("7d"), "2026-08-03T12:00:00Z");
        assert_eq!(at("2w"), "2026-07-27T12:00:00Z");
        assert_eq!(at("1mo"), "2026-07-10T12:00:00Z");
        assert_eq!(at("1 year ago"), "2025-08-10T12:00:00Z");
        for week in ["7days", "7 days", "7 days ago", "7 Days Ago", "1week", "1 Week", "168 hours", "10080min"] {
            assert_eq!(at(week), "2026-08-03T12:00:00Z", "{week}");
        }
        assert_eq!(at("now"), "2026-08-10T12:00:00Z");
        assert_eq!(at("today"), "2026-08-10T00:00:00Z");
        assert_eq!(at("Yesterday"), "2026-08-09T00:00:00Z");
        assert_eq!(at("2026-08-01"), "2026-08-01T00:00:00Z");
        assert_eq!(at("2026-08-01T08:30"), "2026-08-01T08:30:00Z");
        assert_eq!(at("2026-08-01T08:30:00+08:00"), "2026-08-01T00:30:00Z");
        assert_eq!(at("2026-08-01T08:30[Etc/UTC]"), "2026-08-01T08:30:00Z");
    }

    #[test]
    fn behind_a_day_is_the_next_one() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let after =
            |text: &str| text.parse::<Moment>().unwrap().after(Timestamp::UNIX_EPOCH, &zone).unwrap().to_string();
        assert_eq!(after("2026-08-01"), "2026-08-01T16:00:00Z");
        assert_eq!(after("yesterday"), "1969-12-31T16:00:00Z");
        assert_eq!(after("today"), "1970-01-01T16:00:00Z");
        assert_eq!(after("2026-08-01T00:00"), "2026-07-31T16:00:00.000000001Z");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["1M", "1 M ago"] {
            assert_eq!(text.parse::<Moment>(), Err(Length::CAPITAL_M.to_owned()), "{text}");
        }
        for text in ["", "d", "7", "7x", "-7d", "tomorrow", "ago", "7 d ays", "7days ago ago", "2026-13-01", "１d"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
        assert!("99999999999999999999d".parse::<Moment>().is_err());
        let long = "9999999999d".parse::<Moment>().unwrap();
        assert!(long.at(Timestamp::UNIX_EPOCH, &TimeZone::UTC).is_err());
    }
}
