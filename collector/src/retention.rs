//! Retention: how long entries are kept by the platforms and in the archive, and how long a range a platform counts at once.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::platform::{self, PlatformFacts};
use storelogs::{Platform, Severity};

use crate::length::Length;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long a platform keeps its entries, by its documentation. Of a platform that is not known, a year is asked for.
pub fn retention(platform: &Platform) -> SignedDuration {
    platform::named(platform.as_str()).map_or(DAY * 365, PlatformFacts::retention)
}

/// The longest time range that a platform counts at once.
pub(crate) fn longest_count(platform: &Platform) -> SignedDuration {
    platform::named(platform.as_str()).map_or(DAY * 28, PlatformFacts::longest_count)
}

/// An age of a day or more, by the calendar in UTC: `90d`, `12w`, `18mo`, `3y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Age(Length);

impl Age {
    /// The hour in which what is so old now was written: the counts of an hour are kept as a whole. `None`: it is before 1970,
    /// and nothing is so old.
    pub fn before(self, now: Timestamp) -> Option<Timestamp> {
        let then = self.0.before(now, &TimeZone::UTC)?;
        let hour = Timestamp::from_second(then.as_second().div_euclid(3600) * 3600).ok()?;
        (hour >= Timestamp::UNIX_EPOCH).then_some(hour)
    }
}

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let length = text.parse::<Length>().ok().filter(|length| length.is_in_days() && !length.is_zero());
        length.map(Self).ok_or_else(|| "write an age of a day or more: 90d, 12w, 18mo or 3y".to_owned())
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How long entries of each severity stay in the archive. What is not said stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keep(Vec<(Severity, Age)>);

impl Keep {
    /// Keeps all entries for this long.
    pub fn all(age: Age) -> Self {
        Self(Severity::ALL.into_iter().map(|severity| (severity, age)).collect())
    }

    /// Keeps entries of these severities for this long.
    pub fn some(ages: impl IntoIterator<Item = (Severity, Age)>) -> Self {
        Self(ages.into_iter().collect())
    }

    /// The times before which entries of each severity are not kept any more.
    pub fn cutoffs(&self, now: Timestamp) -> Vec<(Severity, Timestamp)> {
        self.0.iter().filter_map(|(severity, age)| Some((*severity, age.before(now)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_goes_by_the_calendar_and_ends_with_an_hour() {
        let now: Timestamp = "2028-02-29T12:34:56.7Z".parse().unwrap();
        for (age, then) in [
            ("1d", "2028-02-28T12:00:00Z"),
            ("90d", "2027-12-01T12:00:00Z"),
            ("2w", "2028-02-15T12:00:00Z"),
            ("18mo", "2026-08-29T12:00:00Z"),
            ("3y", "2025-02-28T12:00:00Z"),
        ] {
            let parsed: Age = age.parse().unwrap();
            assert_eq!(parsed.before(now).unwrap().to_string(), then, "{age}");
            assert_eq!(parsed.to_string(), age);
        }
        for (written, age) in
            [("7days", "7d"), ("1 Week", "1w"), (" 18 months", "18mo"), ("3Y", "3y"), ("1 year", "1y")]
        {
            assert_eq!(written.parse::<Age>().unwrap().to_string(), age, "{written}");
        }
        for beyond in ["59y", "9999y", "100000y"] {
            assert_eq!(beyond.parse::<Age>().unwrap().before(now), None, "{beyond}");
        }
    }

    #[test]
    fn anything_else_is_no_age() {
        for text in ["", "3", "y", "0d", "-3y", "3m", "3 minutes", "24h", "days", "1y6mo", "999999999999999999999d"] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
    }
}
