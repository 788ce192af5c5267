//! The moments at which everything has to work.

use jiff::{SignedDuration, Timestamp};

use super::super::Result;

/// A moment, and the time zone in which it is lived through.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) time: Timestamp,
    pub(super) zone: &'static str,
    pub(super) about: &'static str,
    /// One of the few that a quick run tries.
    pub(super) quick: bool,
}

impl Moment {
    pub(super) fn new(time: &str, zone: &'static str, about: &'static str) -> Self {
        let time: Result<Timestamp> = time.parse().map_err(|e| format!("{time}: {e}"));
        Self { time: time.unwrap_or_default(), zone, about, quick: false }
    }

    fn quick(self) -> Self {
        Self { quick: true, ..self }
    }

    /// The line by which a moment is chosen.
    pub(super) fn line(&self) -> String {
        format!("{} {} {}", self.time, self.zone, self.about)
    }
}

const UTC: &str = "UTC";
/// +08:00 all year.
const EAST: &str = "Asia/Singapore";
/// −10:00 all year.
const WEST: &str = "Pacific/Honolulu";
const ZONES: [&str; 3] = [UTC, EAST, WEST];
const NEW_YORK: &str = "America/New_York";
const SYDNEY: &str = "Australia/Sydney";

/// A Saturday, which most often differs from a working day: one shop sleeps while the other is at work.
const SATURDAY: &str = "2026-12-05T00:20:00Z";

/// Every moment at which the tests are run.
pub(super) fn all() -> Vec<Moment> {
    let saturday = Moment::new(SATURDAY, UTC, "an hour of a Saturday");
    let hours = (0..24_i64).zip(ZONES.into_iter().cycle()).map(|(hour, zone)| Moment {
        time: saturday.time + SignedDuration::from_hours(hour),
        zone,
        quick: hour == 16,
        ..saturday
    });
    // A run that begins half a minute before midnight goes on after it.
    let others = [
        Moment::new("2026-12-06T23:59:30Z", UTC, "a Sunday night"),
        Moment::new("2026-12-06T23:59:30+08:00", EAST, "a Sunday night"),
        Moment::new("2026-12-06T23:59:30-10:00", WEST, "a Sunday night").quick(),
        Moment::new("2027-01-31T23:59:30Z", UTC, "a month's end"),
        Moment::new("2027-04-30T23:59:30+08:00", EAST, "a month's end"),
        Moment::new("2027-05-31T23:59:30-10:00", WEST, "a month's end"),
        Moment::new("2027-02-28T23:59:30Z", UTC, "28 February to 1 March"),
        Moment::new("2028-02-28T23:59:30+08:00", EAST, "28 to 29 February"),
        Moment::new("2028-02-29T12:00:00-10:00", WEST, "29 February"),
        Moment::new("2028-02-29T23:59:30+08:00", EAST, "29 February to 1 March").quick(),
        Moment::new("2028-05-29T10:00:00Z", UTC, "90 days after 29 February"),
        Moment::new("2027-03-14T01:59:30-05:00", NEW_YORK, "an hour is left out").quick(),
        Moment::new("2027-11-07T01:30:00-04:00", NEW_YORK, "an hour that comes twice, the first time"),
        Moment::new("2027-11-07T01:59:30-04:00", NEW_YORK, "an hour that comes twice, in between"),
        Moment::new("2027-11-07T01:30:00-05:00", NEW_YORK, "an hour that comes twice, the second time"),
        Moment::new("2027-10-03T01:59:30+10:00", SYDNEY, "an hour is left out"),
        Moment::new("2027-04-04T02:30:00+11:00", SYDNEY, "an hour that comes twice, the first time"),
        Moment::new("2027-04-04T02:59:30+11:00", SYDNEY, "an hour that comes twice, in between").quick(),
        Moment::new("2027-04-04T02:30:00+10:00", SYDNEY, "an hour that comes twice, the second time"),
        Moment::new("2026-12-31T23:59:30Z", UTC, "31 December to 1 January").quick(),
        Moment::new("2026-12-31T23:59:30+08:00", EAST, "31 December to 1 January"),
        Moment::new("2026-12-31T23:59:30-10:00", WEST, "31 December to 1 January"),
        Moment::new("2027-01-01T00:00:05Z", UTC, "the first seconds of a year"),
    ];
    hours.chain(others).collect()
}

/// Every hour of a week, for the demo.
pub(super) fn week() -> Vec<Moment> {
    let monday = Moment::new("2026-12-07T00:40:00Z", UTC, "an hour of a week");
    let hours = (0..7 * 24_i64).zip(ZONES.into_iter().cycle());
    hours.map(|(hour, zone)| Moment { time: monday.time + SignedDuration::from_hours(hour), zone, ..monday }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moments_are_times_and_all_that_were_wanted() {
        let all = all();
        assert!(all.len() >= 40);
        assert!(all.iter().chain(&week()).all(|moment| moment.time > Timestamp::UNIX_EPOCH));
        assert_eq!(all.iter().filter(|moment| moment.quick).count(), 6);
        for zone in ZONES.into_iter().chain([NEW_YORK, SYDNEY]) {
            assert!(all.iter().any(|moment| moment.zone == zone), "{zone}");
        }
        assert_eq!(
            SATURDAY.parse::<Timestamp>().unwrap().to_zoned_datetime(jiff::tz::TimeZone::UTC).weekday(),
            jiff::civil::Weekday::Saturday
        );
        let hours: std::collections::BTreeSet<_> =
            all[..24].iter().map(|moment| moment.time.to_zoned_datetime(jiff::tz::TimeZone::UTC).hour()).collect();
        assert_eq!(hours.len(), 24);
    }
}
