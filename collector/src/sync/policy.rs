//! The policy of sync: how often stores are asked, and how far back.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::archive::State;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A time range of late that is read again from time to time, for entries that came late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Its length back from the present.
    pub length: SignedDuration,
    /// How often it is read again.
    pub every: SignedDuration,
}

/// The time ranges that are read again: the last hour, the last day, the last week; and further back than that only
/// where entries were seen to come later still.
pub(crate) fn tiers(latest: SignedDuration) -> Vec<Tier> {
    let mut tiers = vec![
        Tier { length: HOUR, every: SignedDuration::from_mins(15) },
        Tier { length: DAY, every: HOUR * 6 },
        Tier { length: DAY * 7, every: DAY * 3 },
    ];
    if latest * 2 > DAY * 7 {
        tiers.push(Tier { length: (latest * 2).min(DAY * 60), every: DAY * 7 });
    }
    tiers
}

/// Each reading of what is new begins this long before the end of the last one, for what came a little late.
pub(crate) const OVERLAP: SignedDuration = SignedDuration::from_secs(120);

/// The furthest back that a reading of what is new begins, so that it takes one request: SHOPLINE takes a month at once, and
/// February is one.
pub(crate) const REACH: SignedDuration = SignedDuration::from_hours(27 * 24);
/// The number of entries that a page is sure to hold: the smaller one of the two platforms has 200.
pub(crate) const A_PAGE: usize = 120;
/// How dense a log is over a time says something of times that are up to this many times as long.
pub(crate) const DENSE: i32 = 30;

/// The most entries of the first look at a store: some five requests. A store with more is read in slices from there on.
pub(crate) const LOOK: usize = 1_000;

/// The length of the first slice of what is missing. It doubles while slices are small, and halves when one is large:
/// what expires first is read first, in pieces that are worth their requests.
pub(crate) const FIRST_SLICE: SignedDuration = DAY;
/// No slice is shorter.
pub(crate) const SHORTEST_SLICE: SignedDuration = HOUR;
/// A slice of fewer pages was small.
pub(crate) const SMALL_SLICE: usize = 8;
/// A slice of more pages was large.
pub(crate) const LARGE_SLICE: usize = 40;

/// A time range that cannot be read is cut in halves down to this length: everything around the fault gets read.
pub(crate) const SHORTEST_GAP: SignedDuration = SignedDuration::from_mins(1);
/// After this many failures without an answer between them it is the store that fails, and not a time range of it.
pub(crate) const FAILURES: u32 = 6;
/// A failure of a store that has not answered at all counts as this many failures: each takes minutes, and a
/// run waits for the last store.
pub(crate) const HANGING: u32 = 3;
/// This many failures of known gaps count as one.
pub(crate) const FAILURE: u32 = 4;
/// After this many failures since the store last had nothing left to read, what fails is not cut any further: the rest
/// of it is cut when it is tried again.
pub(crate) const CUTS: u32 = 256;

/// A store that answered so short a time ago is not taken for the culprit when one last time range fails.
pub(crate) const RECENTLY: Duration = Duration::from_secs(60);

/// How far back new entries are read at once. Anything older is treated as missing.
pub(crate) const NEWS: SignedDuration = HOUR;
/// A reading of what is new ends after this many pages. The rest is missing like anything else.
pub(crate) const PAGES_OF_NEWS: usize = 8;
/// After this many pages another store has its turn.
pub(crate) const PAGES_A_TURN: usize = 64;
/// A walk of which nothing can be claimed yet begins anew with its next turn, so it is given more pages.
pub(crate) const PAGES_HELD: usize = 16 * PAGES_A_TURN;
/// After this many turns in a row of which nothing could be claimed, a shorter time range is tried.
pub(crate) const TURNS_HELD: u32 = 4;

/// How often a count that differs is asked for again before the range is read again.
pub(crate) const RECOUNT: SignedDuration = DAY;
/// How long a platform that did not answer a request for its count is not asked again.
pub(crate) const UNCOUNTED: SignedDuration = SignedDuration::from_mins(15);

/// How long what was learned of a platform is used before it is found out again: platforms change.
pub(crate) const LEARNED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A store of which nothing came for this long during its turn no longer keeps others waiting.
pub(crate) const SILENT: Duration = Duration::from_secs(3);
/// How many stores may be silent at once beside those that are read. Each holds one request open.
pub(crate) const SILENT_STORES: usize = 128;

/// When to ask a store again that failed this many times in a row.
pub(crate) fn retry_at(state: State, failures: u32, asked: Option<Duration>, now: Timestamp) -> Timestamp {
    let doubled = |first: i64, most: i64| first.saturating_mul(1 << failures.saturating_sub(1).min(12)).min(most);
    let seconds = match state {
        // Somebody has to do something first: a new token, a payment.
        State::Unauthorized | State::Frozen | State::Misconfigured => doubled(300, 3600),
        State::Locked => doubled(900, 3600),
        State::Throttled => doubled(60, 900),
        State::New | State::Active | State::Unreachable | State::Failing => doubled(15, 900),
    };
    let asked = asked.and_then(|wait| SignedDuration::try_from(wait).ok()).unwrap_or_default();
    now.checked_add(SignedDuration::from_secs(seconds).max(asked)).unwrap_or(now)
}

/// When to try a gap again after this many attempts: after a minute first, after a day at the most, and several times
/// before it expires.
pub(crate) fn gap_retry_at(attempts: u32, now: Timestamp, expires: Timestamp) -> Timestamp {
    let minute = SignedDuration::from_mins(1);
    let wait = (minute * (1 << (2 * attempts.saturating_sub(1).min(6)))).min(DAY);
    let wait = wait.min(expires.duration_since(now) / 8).max(minute);
    now.checked_add(wait).unwrap_or(now)
}

/// Whether this much time has passed since then. A time that is yet to come was read from a clock that has been set
/// since: then nobody knows.
pub(crate) fn has_passed(length: SignedDuration, since: Timestamp, now: Timestamp) -> bool {
    let passed = now.duration_since(since);
    passed >= length || passed < -DAY
}
