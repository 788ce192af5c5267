//! Small bursts of problems: how small may one be to be found?

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::archive::Commit;

use super::{calm, each_seed, of};
use crate::shop::{Shop, now, read_since};

/// The failure, by category, module and summary.
const PAYMENT: (&str, &str, &str) =
    ("payment", "Test Payment Gateway", "The payment for order 123456 was declined by the gateway");

/// The hours before the end at which bursts are put: in the middle of the night, in the evening, at the weekend.
const AT: [i64; 5] = [5 * 24 + 2, 9 * 24 + 7, 14 * 24 + 13, 20 * 24 + 20, 26 * 24 + 17];

/// Adds this many failures, spread over this many minutes, at each of these times.
fn add(shop: &mut Shop, entries: i64, minutes: i64, dice: &mut fastrand::Rng) -> Vec<Timestamp> {
    let store: Store = "bigcommerce:abc123".parse().unwrap();
    let id = shop.archive.add_store(&store).unwrap();
    let mut added = Vec::new();
    let starts: Vec<Timestamp> =
        AT.iter().map(|hours| now() - SignedDuration::from_secs(hours * 3600 + dice.i64(0..3600))).collect();
    for (burst, start) in (0_i64..).zip(&starts) {
        for n in 0..entries {
            let time = *start + SignedDuration::from_secs(dice.i64(0..minutes * 60));
            let mut entry = LogEntry::new(&store, (9_000_000 + burst * 1000 + n).to_string(), time, time);
            entry.severity = Severity::Error;
            (entry.category, entry.module) = (Some(PAYMENT.0.into()), Some(PAYMENT.1.into()));
            entry.summary = Some(PAYMENT.2.into());
            added.push(entry);
        }
    }
    added.sort_by_key(|entry| std::cmp::Reverse(entry.time));
    shop.archive.commit([(id, &Commit { entries: added, ..Commit::default() })]).unwrap();
    starts
}

/// How many of how many bursts of a size are found in reports over 30 days.
pub(super) fn found(seeds: RangeInclusive<u64>, entries: i64, minutes: i64) -> (usize, usize) {
    let of_seed = |seed| {
        let history = calm(seed);
        let mut shop = read_since(&history, history.time_range().0);
        let starts = add(&mut shop, entries, minutes, &mut fastrand::Rng::with_seed(seed));
        let incidents = of(&shop, 30).incidents.list;
        let lasts = SignedDuration::from_secs(minutes * 60);
        let is_found = |start: &&Timestamp| {
            incidents.iter().any(|incident| incident.start < **start + lasts && incident.end > **start)
        };
        (starts.iter().filter(is_found).count(), starts.len())
    };
    each_seed(seeds, of_seed).into_iter().fold((0, 0), |sum, (found, all)| (sum.0 + found, sum.1 + all))
}
