//! Lengths of time as a user writes them: `90s`, `15 minutes`, `2w`, `18mo`, `1 year`.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// A length of time as a user writes it. Every option, query and configuration file reads the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Length {
    number: i64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Unit {
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

impl Unit {
    /// The short name of each, then its other names.
    const NAMES: [(Self, &'static [&'static str]); 8] = [
        (Self::Milliseconds, &["ms", "millisecond", "milliseconds"]),
        (Self::Seconds, &["s", "sec", "secs", "second", "seconds"]),
        (Self::Minutes, &["m", "min", "mins", "minute", "minutes"]),
        (Self::Hours, &["h", "hr", "hrs", "hour", "hours"]),
        (Self::Days, &["d", "day", "days"]),
        (Self::Weeks, &["w", "wk", "wks", "week", "weeks"]),
        (Self::Months, &["mo", "mon", "month", "months"]),
        (Self::Years, &["y", "yr", "yrs", "year", "years"]),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(_, names)| names.contains(&name)).map(|(unit, _)| unit)
    }

    /// How many milliseconds it has, if that does not depend on the calendar.
    const fn milliseconds(self) -> Option<i64> {
        Some(match self {
            Self::Milliseconds => 1,
            Self::Seconds => 1000,
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
            Self::Weeks => 7 * 86_400_000,
            Self::Months | Self::Years => return None,
        })
    }
}

impl Length {
    /// No time at all.
    pub const ZERO: Self = Self { number: 0, unit: Unit::Seconds };

    /// Why `1M` is refused.
    pub(crate) const CAPITAL_M: &str = "a capital M may be minutes or months: write m or mo";

    /// This many days.
    pub const fn days(days: u16) -> Self {
        Self { number: days as i64, unit: Unit::Days }
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.number == 0
    }

    /// Whether it is written in days or more.
    pub(crate) fn is_in_days(self) -> bool {
        self.unit >= Unit::Days
    }

    /// How long that is. `None`: it is in months or years, which are not all as long, or is longer than the calendar.
    pub fn fixed(self) -> Option<SignedDuration> {
        self.number.checked_mul(self.unit.milliseconds()?).map(SignedDuration::from_millis)
    }

    /// The time that is this long before another. A day has 24 hours; months and years go by the calendar of the zone.
    /// `None`: it is before the calendar begins.
    pub fn before(self, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let span = match self.unit {
            Unit::Months => Span::new().try_months(self.number),
            Unit::Years => Span::new().try_years(self.number),
            _ => return time.checked_sub(self.fixed()?).ok(),
        };
        Some(time.to_zoned_datetime(zone.clone()).checked_sub(span.ok()?).ok()?.timestamp())
    }
}

/// `7d`, `7 days`, `1 Week`.
impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, name) = text.split_at(digits);
        if !number.is_empty() && name.trim_start() == "M" {
            return Err(Self::CAPITAL_M.to_owned());
        }
        match (number.parse(), Unit::named(&name.trim_start().to_ascii_lowercase())) {
            (Ok(number), Some(unit)) => Ok(Self { number, unit }),
            _ => Err("write how long: 90s, 15m, 24h, 7d, 2w, 1mo or 1y".to_owned()),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Unit::NAMES.iter().find(|(unit, _)| *unit == self.unit).and_then(|(_, names)| names.first());
        write!(f, "{}{}", self.number, name.copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_read_by_every_word_for_its_unit() {
        for (words, length) in [
            (&["500ms", "500 milliseconds"][..], "500ms"),
            (&["90s", "90 sec", "90secs", "90 Seconds"], "90s"),
            (&["15m", "15min", "15 minutes"], "15m"),
            (&["24h", "24 hrs", " 24 Hours "], "24h"),
            (&["1d", "1 day"], "1d"),
            (&["2w", "2weeks", "2 weeks", "2 wk"], "2w"),
            (&["1mo", "1month", "1 Month", "1 months"], "1mo"),
            (&["1y", "1yr", "1 year", "1 years"], "1y"),
        ] {
            for word in words {
                assert_eq!(word.parse::<Length>().unwrap().to_string(), length, "{word}");
            }
        }
        for text in ["1M", "1 M"] {
            let why = text.parse::<Length>().unwrap_err();
            assert!(why.contains("m or mo"), "{why}");
        }
        for text in ["", "7", "d", "-7d", "7.5d", "7 d ays", "1y6mo", "1d ago", "１d", "999999999999999999999d"] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
    }

    #[test]
    fn months_and_years_go_by_the_calendar_of_the_zone() {
        // The last of March, and already April in Taipei.
        let time: Timestamp = "2028-03-31T20:00:00Z".parse().unwrap();
        let before = |text: &str, zone: &TimeZone| {
            text.parse::<Length>().unwrap().before(time, zone).map(|before| before.to_string())
        };
        let taipei = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(before("1mo", &TimeZone::UTC).as_deref(), Some("2028-02-29T20:00:00Z"));
        assert_eq!(before("1mo", &taipei).as_deref(), Some("2028-02-29T20:00:00Z"));
        assert_eq!(before("2mo", &taipei).as_deref(), Some("2028-01-31T20:00:00Z"));
        assert_eq!(before("1y", &TimeZone::UTC).as_deref(), Some("2027-03-31T20:00:00Z"));
        assert_eq!(before("7d", &taipei).as_deref(), Some("2028-03-24T20:00:00Z"));
        assert_eq!(before("100000y", &TimeZone::UTC), None);
        assert_eq!(before("9223372036854775807w", &TimeZone::UTC), None);
        assert_eq!("1mo".parse::<Length>().unwrap().fixed(), None);
    }
}
