//! A time range as a user writes it: `30d..`, `2026-08-01..2026-09-01`.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs_collector::{Moment, TimeRange};

/// How times are written, for the end of a command's `--help`.
pub(crate) const TIMES: &str = "\
Times are 90s, 15m, 24h, 7d, 2w, 1mo or 1y (this long ago), now, today (its
beginning), yesterday, 2026-08-01, 2026-08-01T12:00 or 2026-08-01T12:00+08:00.
What names no zone is in that of --time-zone: if it is not given, in the shop's
as far as the archive knows it, else in this machine's.";

/// A time range as a user writes it. Its end can be left open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    since: Moment,
    until: Option<Moment>,
}

impl FromStr for Times {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (since, until) = text.split_once("..").unwrap_or((text, ""));
        if since.trim().is_empty() {
            return Err("write where it begins: 30d.., 2026-08-01..2026-09-01".to_owned());
        }
        let until = Some(until.trim()).filter(|until| !until.is_empty() && *until != "now");
        Ok(Self { since: since.trim().parse()?, until: until.map(str::parse).transpose()? })
    }
}

impl Times {
    /// The range, seen from `now`.
    pub(crate) fn range(self, now: Timestamp, zone: &TimeZone) -> Result<TimeRange, String> {
        let since = self.since.at(now, zone)?;
        let until = self.until.map_or(Ok(now), |until| until.at(now, zone))?;
        TimeRange::new(since, until).ok_or_else(|| empty(since, until, now, zone))
    }
}

/// Why there is nothing between two times: in the words for the option that gave the end, or that left it open.
pub(crate) fn empty(since: Timestamp, until: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let shown = |time: Timestamp| time.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z");
    if until == now {
        return format!("{} is not in the past", shown(since));
    }
    format!(
        "{} is not after the beginning, {}; the end is not included, so that a day ends with the day after it",
        shown(until),
        shown(since)
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_time_range_can_be_left_open_at_its_end() {
        for text in ["30d", "30d..", "30d..now"] {
            assert!(Times::from_str(text).unwrap().until.is_none(), "{text}");
        }
        assert!(Times::from_str("2026-08-01..2026-09-01").unwrap().until.is_some());
        for wrong in ["", "..2026-09-01", "soon..", "30d..later"] {
            assert!(Times::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
