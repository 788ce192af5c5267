//! A shop in which something fails all the time, at random: often in the evening, seldom at night, less at the weekend.
//! None of that is an incident.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::Commit;
use storelogs_collector::insight::model::Incident;
use storelogs_collector::insight::{ReportOptions, report};
use storelogs_collector::redact::NoRedaction;

use super::each_seed;
use crate::shop::now;

/// The modules that fail, and how often an hour.
const FAILS: [(&str, f64); 3] = [("Carrier", 0.5), ("Gateway", 2.0), ("Feed", 8.0)];

/// How much of that comes in each hour of the day.
const HOURS: [f64; 24] = [
    0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 0.5, 0.8, 1.0, 1.2, 1.4, 1.6, 1.5, 1.3, 1.2, 1.2, 1.3, 1.6, 2.2, 2.5, 2.0, 1.0,
    0.7,
];

/// A random number of events at this rate.
fn poisson(rate: f64, dice: &mut fastrand::Rng) -> u32 {
    let (limit, mut product, mut n) = ((-rate).exp(), dice.f64(), 0);
    while product > limit {
        product *= dice.f64();
        n += 1;
    }
    n
}

fn failures(store: &Store, days: i64, dice: &mut fastrand::Rng) -> Vec<LogEntry> {
    let end = now().as_second();
    let mut failures = Vec::new();
    for hour in (end - days * 86_400) / 3600..end / 3600 {
        let of_day = usize::try_from(hour.rem_euclid(24)).unwrap();
        // 1970-01-01 was a Thursday.
        let weekend = if (hour.div_euclid(24) + 4).rem_euclid(7) % 6 == 0 { 0.6 } else { 1.0 };
        for (module, rate) in FAILS {
            let count = poisson(rate * HOURS[of_day] * weekend, dice);
            failures.extend((0..count).map(|_| (hour * 3600 + dice.i64(0..3600), module)));
        }
    }
    failures.sort_unstable();
    let entry = |(id, (second, module)): (usize, (i64, &str))| {
        let time = Timestamp::from_second(second).unwrap();
        let mut entry = LogEntry::new(store, id.to_string(), time, time);
        entry.severity = Severity::Error;
        entry.module = Some(module.to_owned());
        entry.summary = Some(format!("{module} did not answer"));
        entry
    };
    failures.into_iter().enumerate().map(entry).rev().collect()
}

/// The incidents of a report over 30 days, for each seed, of an archive that holds this many days, in the last ones of
/// which that fails.
pub(super) fn incidents(seeds: RangeInclusive<u64>, known: i64, fails: i64) -> Vec<Vec<Incident>> {
    let store: Store = "bigcommerce:abc123".parse().unwrap();
    let of_seed = |seed| {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
        let id = archive.add_store(&store).unwrap();
        let mut entries = failures(&store, fails, &mut fastrand::Rng::with_seed(seed));
        let begin = now() - SignedDuration::from_hours(24 * known);
        let mut first = LogEntry::new(&store, "first", begin, begin);
        first.severity = Severity::Info;
        entries.push(first);
        archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
        let since = now() - SignedDuration::from_hours(24 * 30);
        let options = ReportOptions { since, until: now(), compare: true, stores: Vec::new(), zone: None, now: now() };
        report(&archive, &options, &NoRedaction).unwrap().incidents.list
    };
    each_seed(seeds, of_seed)
}

/// How many incidents are claimed, if it has failed as long as anything is known.
pub(super) fn claimed(seeds: RangeInclusive<u64>, known: i64) -> usize {
    incidents(seeds, known, known).iter().map(Vec::len).sum()
}
