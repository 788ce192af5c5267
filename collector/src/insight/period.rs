//! The period of a report.

use jiff::civil::{Weekday, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Serialize;

use crate::coverage::TimeRange;
use crate::micros::Micros;

/// Periods as long as this begin with a day.
const WHOLE_DAYS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Periods up to this long are drawn by the hour, up to the next constant by the day, and longer ones by the week.
const BY_HOUR: SignedDuration = SignedDuration::from_hours(3 * 24);
const BY_DAY: SignedDuration = SignedDuration::from_hours(400 * 24);

/// The hours of a week.
pub(super) const WEEK: usize = 7 * 24;

/// The time that a report is about: whole hours, for entries are counted by the hour.
#[derive(Clone, Debug, Serialize)]
pub struct Period {
    /// Its first moment. With seven days or more it is the beginning of a day in the time zone, so far as days begin
    /// with an hour of UTC.
    pub since: Timestamp,
    /// The moment after its last.
    pub until: Timestamp,
    /// The period of the same length before it, which it is compared with. `None`: it is compared with nothing.
    pub previous: Option<TimeRange>,
    /// The time zone of days, hours and weekdays.
    pub time_zone: String,
    /// How long a step of its charts is.
    pub step: Step,
    /// When each step begins, oldest first. The first and the last step may be cut short.
    pub steps: Vec<Timestamp>,
    #[serde(skip)]
    pub(super) zone: TimeZone,
    /// It is shorter than a week, and other hours were asked for than these whole ones.
    #[serde(skip)]
    pub(super) widened: bool,
}

/// How long a step of a chart is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// An hour.
    Hour,
    /// A day in the time zone.
    Day,
    /// A week that begins with Monday in the time zone.
    Week,
}

impl Period {
    /// `None` if the period lies beyond the calendar.
    pub(super) fn new(since: Timestamp, until: Timestamp, compare: bool, zone: TimeZone) -> Option<Self> {
        let is_whole = is_hour(since) && is_hour(until);
        let until = from_hour(hour_of(until) + i64::from(!is_hour(until)))?;
        let mut since = from_hour(hour_of(since))?;
        if until.duration_since(since) >= WHOLE_DAYS {
            let midnight = since.to_zoned_datetime(zone.clone()).start_of_day().ok()?.timestamp();
            since = from_hour(hour_of(midnight))?;
        }
        let length = until.duration_since(since);
        let whole = TimeRange::new(since, until)?;
        let previous = since.checked_sub(length).ok().and_then(|before| TimeRange::new(before, since));
        let step = match length {
            _ if length <= BY_HOUR => Step::Hour,
            _ if length <= BY_DAY => Step::Day,
            _ => Step::Week,
        };
        let time_zone = name(&zone, until);
        Some(Self {
            since,
            until,
            previous: previous.filter(|_| compare),
            time_zone,
            step,
            steps: steps(whole, step, &zone)?,
            zone,
            widened: length < WHOLE_DAYS && !is_whole,
        })
    }

    /// Its first and last day: `25 Oct to 24 Nov 2026`. One of less than a week has its hours too, unless it has whole days
    /// only: `24 Nov 2026, 10:00 to 11:00`.
    pub fn days(&self) -> String {
        let is_midnight = |at: Timestamp| at.to_zoned_datetime(self.zone.clone()).time() == time(0, 0, 0, 0);
        let is_short = self.until.duration_since(self.since) < WHOLE_DAYS;
        if is_short && !(is_midnight(self.since) && is_midnight(self.until)) {
            return self.hours();
        }
        let [first, last] = [self.since, self.until].map(|time| time.to_zoned_datetime(self.zone.clone()));
        // A period that ends at midnight does not include the next day.
        let last = if last.time() == time(0, 0, 0, 0) { last.checked_sub(1.hour()).unwrap_or(last) } else { last };
        let from = match () {
            () if first.date() == last.date() => return last.strftime("%-d %b %Y").to_string(),
            () if first.year() == last.year() => first.strftime("%-d %b"),
            () => first.strftime("%-d %b %Y"),
        };
        format!("{from} to {}", last.strftime("%-d %b %Y"))
    }

    fn hours(&self) -> String {
        let [first, end] = [self.since, self.until].map(|time| time.to_zoned_datetime(self.zone.clone()));
        // A day ends at midnight, too.
        let (last, clock) = match end.time() == time(0, 0, 0, 0) {
            true => (end.checked_sub(1.hour()).unwrap_or_else(|_| end.clone()), "24:00".to_owned()),
            false => (end.clone(), end.strftime("%H:%M").to_string()),
        };
        if first.date() == last.date() {
            return format!("{} to {clock}", first.strftime("%-d %b %Y, %H:%M"));
        }
        let form = if first.year() == last.year() { "%-d %b, %H:%M" } else { "%-d %b %Y, %H:%M" };
        format!("{} to {}, {clock}", first.strftime(form), last.strftime("%-d %b %Y"))
    }

    pub(super) fn whole(&self) -> TimeRange {
        TimeRange { since: self.since, until: self.until }
    }

    /// A moment for people, by the clock of the zone: `Thu 13 Nov 13:05`.
    pub fn clock(&self, time: Timestamp) -> String {
        time.to_zoned_datetime(self.zone.clone()).strftime("%a %-d %b %H:%M").to_string()
    }

    /// A moment that is shown after another one: only the time of day, if both are on one day.
    pub fn clock_after(&self, time: Timestamp, before: Timestamp) -> String {
        let [time, before] = [time, before].map(|time| time.to_zoned_datetime(self.zone.clone()));
        let form = if time.date() == before.date() { "%H:%M" } else { "%a %-d %b %H:%M" };
        time.strftime(form).to_string()
    }
}

fn steps(whole: TimeRange, step: Step, zone: &TimeZone) -> Option<Vec<Timestamp>> {
    let mut steps = vec![whole.since];
    let first = whole.since.to_zoned_datetime(zone.clone());
    let mut next = match step {
        Step::Hour => first.clone(),
        Step::Day => first.start_of_day().ok()?,
        Step::Week => {
            let days = i64::from(first.weekday().since(Weekday::Monday));
            first.checked_sub(days.days()).ok()?.start_of_day().ok()?
        }
    };
    loop {
        next = match step {
            Step::Hour => next.checked_add(1.hour()),
            Step::Day => next.checked_add(1.day()),
            Step::Week => next.checked_add(7.days()),
        }
        .ok()?;
        if next.timestamp() >= whole.until {
            return Some(steps);
        }
        if next.timestamp() > whole.since {
            steps.push(next.timestamp());
        }
    }
}

/// `Asia/Singapore`, or `+08:00` of a zone without a name.
fn name(zone: &TimeZone, at: Timestamp) -> String {
    match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => at.to_zoned_datetime(zone.clone()).strftime("%:z").to_string(),
    }
}

/// The local time of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Local {
    /// The hour of the week, from Monday 0:00.
    pub(super) slot: u8,
    /// The number of the day since 1970.
    pub(super) day: i32,
}

impl Local {
    pub(super) fn of(hour: i64, zone: &TimeZone) -> Self {
        let at = from_hour(hour).unwrap_or_default().to_zoned_datetime(zone.clone());
        let slot = i16::from(at.weekday().to_monday_zero_offset()) * 24 + i16::from(at.hour());
        // By the clock: a day has one number, however long it is.
        let noon = at.date().to_datetime(time(12, 0, 0, 0));
        let day = TimeZone::UTC.to_timestamp(noon).map_or(0, |noon| noon.as_second().div_euclid(86_400));
        Self { slot: u8::try_from(slot).unwrap_or(0), day: i32::try_from(day).unwrap_or(0) }
    }

    pub(super) fn hour_of_day(self) -> usize {
        usize::from(self.slot) % 24
    }
}

const HOUR: i64 = 3600;

/// The hour since 1970 that a moment lies in.
pub(super) fn hour_of(time: Timestamp) -> i64 {
    Micros::of(time).second().div_euclid(HOUR)
}

fn is_hour(time: Timestamp) -> bool {
    time.as_second() % HOUR == 0 && time.subsec_nanosecond() == 0
}

/// When an hour since 1970 begins.
pub(super) fn from_hour(hour: i64) -> Option<Timestamp> {
    Timestamp::from_second(hour.checked_mul(HOUR)?).ok()
}

/// A second of an hour since 1970, or the end of the calendar if it lies beyond that.
pub(super) fn second_of(hour: i64, second: i64) -> Timestamp {
    let end = if hour < 0 { Timestamp::MIN } else { Timestamp::MAX };
    hour.checked_mul(HOUR).and_then(|start| Timestamp::from_second(start + second).ok()).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(since: &str, until: &str, zone: &str) -> Period {
        let zone = TimeZone::get(zone).unwrap();
        Period::new(since.parse().unwrap(), until.parse().unwrap(), true, zone).unwrap()
    }

    #[test]
    fn a_period_is_whole_hours_and_a_long_one_begins_with_a_day() {
        let short = period("2026-08-01T10:20:00Z", "2026-08-02T09:00:00.5Z", "Asia/Singapore");
        assert_eq!(
            (short.since.to_string(), short.until.to_string()),
            ("2026-08-01T10:00:00Z".into(), "2026-08-02T10:00:00Z".into())
        );
        assert_eq!((short.step, short.steps.len()), (Step::Hour, 24));
        let long = period("2026-08-01T10:20:00Z", "2026-08-31T09:00:00Z", "Asia/Singapore");
        assert_eq!(
            (long.since.to_string(), long.until.to_string()),
            ("2026-07-31T16:00:00Z".into(), "2026-08-31T09:00:00Z".into())
        );
        assert_eq!((long.step, long.steps.len()), (Step::Day, 31));
        let previous = long.previous.unwrap();
        assert_eq!((previous.until, previous.length()), (long.since, long.whole().length()));
        let years = period("2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "UTC");
        assert_eq!((years.step, years.steps.len()), (Step::Week, 105));
    }

    #[test]
    fn a_short_period_is_named_with_its_hours() {
        let named = |since: &str, until: &str| period(since, until, "UTC").days();
        assert_eq!(named("2026-08-01T10:30:00Z", "2026-08-01T10:45:00Z"), "1 Aug 2026, 10:00 to 11:00");
        assert_eq!(named("2026-08-01T22:00:00Z", "2026-08-02T00:00:00Z"), "1 Aug 2026, 22:00 to 24:00");
        assert_eq!(named("2026-12-31T22:00:00Z", "2027-01-01T02:00:00Z"), "31 Dec 2026, 22:00 to 1 Jan 2027, 02:00");
        assert_eq!(named("2026-08-01T00:00:00Z", "2026-08-02T00:00:00Z"), "1 Aug 2026");
        assert_eq!(named("2026-08-01T10:30:00Z", "2026-08-31T10:00:00Z"), "1 Aug to 31 Aug 2026");
        let widened = |since: &str, until: &str| period(since, until, "UTC").widened;
        assert!(widened("2026-08-01T10:30:00Z", "2026-08-01T11:00:00Z"));
        assert!(!widened("2026-08-01T10:00:00Z", "2026-08-01T11:00:00Z"));
    }

    #[test]
    fn days_follow_the_clock_on_the_wall_through_summer_time() {
        let days = period("2026-10-20T04:00:00Z", "2026-11-05T05:00:00Z", "America/New_York");
        assert_eq!(days.steps.len(), 16);
        assert_eq!(days.steps[13].to_string(), "2026-11-02T05:00:00Z");
        let local = |hour: &str| Local::of(hour_of(hour.parse().unwrap()), &days.zone);
        assert_eq!(local("2026-11-01T04:00:00Z").day, local("2026-11-02T04:00:00Z").day);
        assert_eq!(local("2026-11-02T05:00:00Z").slot, 0);
        assert_eq!(local("2026-11-01T05:00:00Z").slot, local("2026-11-01T06:00:00Z").slot);
    }
}
