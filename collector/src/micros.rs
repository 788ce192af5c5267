//! Microseconds since 1970, the archive's unit of time.

use jiff::Timestamp;

/// Microseconds since 1970: a time as the archive keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Micros(pub(crate) i64);

impl Micros {
    /// A time, rounded down.
    pub(crate) fn of(time: Timestamp) -> Self {
        // A timestamp lies within ±10,000 years: 3·10^17 microseconds.
        Self(i64::try_from(time.as_nanosecond().div_euclid(1000)).unwrap_or(i64::MAX))
    }

    /// The time. What lies beyond the calendar is its end.
    pub(crate) fn time(self) -> Timestamp {
        let end = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_microsecond(self.0).unwrap_or(end)
    }

    /// The second that it lies in, since 1970.
    pub(crate) fn second(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whether a time has no part below a microsecond.
    pub(crate) fn is_exact(time: Timestamp) -> bool {
        time.as_nanosecond().rem_euclid(1000) == 0
    }
}
