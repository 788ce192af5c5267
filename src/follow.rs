//! Following a log: the entries since last time, and those that come from now on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jiff::{SignedDuration, Timestamp};
use ring::digest;
use serde::{Deserialize, Serialize};

use crate::entry::LogEntry;
use crate::error::{Error, ErrorKind, Result};
use crate::query::LogQuery;
use crate::store::Store;

/// How far a store's log was followed. Store it, as JSON for example, and give it to
/// [`follow`](crate::LogSource::follow) the next time, in any process.
///
/// A [`Cursor`](crate::Cursor) is something else: it goes on with a walk into the past that was broken off.
///
/// It says up to when everything was delivered, and which entries of the last day were: some tens of bytes for each, so
/// that what comes late is delivered once, and everything else is not delivered again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The time before which nothing is delivered.
    start: Timestamp,
    /// Everything before this time was delivered, except what comes late.
    reached: Timestamp,
    /// When late entries were last looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    looked_back: Option<Timestamp>,
    /// The delivered entries of the time that is read again: the id and the Unix seconds of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    delivered: BTreeMap<String, i64>,
}

impl Checkpoint {
    /// Starts with everything at this time or later.
    pub fn since(time: Timestamp) -> Self {
        Self { start: time, reached: time, looked_back: None, delivered: BTreeMap::new() }
    }

    /// Starts with everything from this long before now, by this machine's clock.
    pub fn last(time: Duration) -> Self {
        Self::since(Timestamp::now().checked_sub(time).unwrap_or(Timestamp::MIN))
    }

    /// Starts with what comes from now on, by this machine's clock.
    pub fn now() -> Self {
        Self::since(Timestamp::now())
    }

    /// Everything before this time was delivered, except what comes late.
    pub fn reached(&self) -> Timestamp {
        self.reached
    }
}

/// The entries that came since the last batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct Batch {
    /// The store.
    pub store: Store,
    /// The entries, oldest first. An error stands for one record that could not be decoded. May be empty.
    pub entries: Vec<Result<LogEntry>>,
    /// The place to go on from after this batch.
    pub checkpoint: Checkpoint,
    /// Whether this is all that was there: the next batch waits for what comes.
    pub caught_up: bool,
}

/// How a log is followed: which entries, how often, and how late one may come.
///
/// ```
/// use std::time::Duration;
/// use storelogs::{FollowOptions, LogQuery, Severity};
///
/// let errors = LogQuery::new().min_severity(Severity::Error);
/// let options = FollowOptions::new().query(errors).every(Duration::from_secs(300));
/// # drop(options);
/// ```
#[derive(Clone)]
#[must_use]
pub struct FollowOptions {
    query: LogQuery,
    every: Duration,
    late: SignedDuration,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// How far each reading goes back before the time that was reached.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// How often entries that come later than that are looked for.
const LOOK_BACK_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// A range far back is read in parts, oldest first: this long at first, longer if they hold few entries.
const FIRST_PART: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_PART: SignedDuration = SignedDuration::from_hours(24 * 28);
const SHORTEST_PART: SignedDuration = SignedDuration::from_mins(1);
/// After a part that holds nothing, the next is this many times as long: of what the platform keeps no longer there may be a year,
/// and it takes many requests to find out that nothing is there.
const LONGER_BEHIND_NOTHING: i32 = 4;
/// The longest one behind nothing. One that holds `MANY` entries after all is read again in shorter parts.
const LONGEST_BEHIND_NOTHING: SignedDuration = SignedDuration::from_hours(24 * 366);
/// The number of entries below which the next part is longer; above `MANY` it is shorter.
const FEW: usize = 2_000;
const MANY: usize = 20_000;
/// The longest wait after failures in a row, unless the platform asks for more.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

impl FollowOptions {
    /// Every entry, asked for every 30 s; what comes a day late is still delivered.
    pub fn new() -> Self {
        Self {
            query: LogQuery::new(),
            every: Duration::from_secs(30),
            late: SignedDuration::from_hours(24),
            clock: Arc::new(Timestamp::now),
        }
    }

    /// Only entries that this query matches. Its time range and its limit are not used. Keep to the same filters from one
    /// checkpoint to the next: what they hid before is not delivered later.
    pub fn query(mut self, query: LogQuery) -> Self {
        self.query = LogQuery { since: None, until: None, limit: None, ..query };
        self
    }

    /// How long to wait between two readings. Default 30 s, at least 1 s. After a failure the wait doubles, up to 15 minutes.
    pub fn every(mut self, wait: Duration) -> Self {
        self.every = wait.max(Duration::from_secs(1));
        self
    }

    /// How much later than the newest an entry may come and still be delivered. Default 24 hours. The last ten minutes are
    /// read again each time, the whole of it every hour.
    pub fn late(mut self, time: Duration) -> Self {
        self.late = SignedDuration::try_from(time).unwrap_or(LONGEST_PART).clamp(OVERLAP, 4 * LONGEST_PART);
        self
    }

    /// Sets another clock than this machine's, for tests. A clock that is wrong by less than [`late`](Self::late) costs
    /// nothing.
    pub fn clock(mut self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(now);
        self
    }
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FollowOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowOptions")
            .field("query", &self.query)
            .field("every", &self.every)
            .field("late", &self.late)
            .finish_non_exhaustive()
    }
}

/// The log of a store as it is followed, where `read` gives the entries of a query:
/// [`LogSource::follow`](crate::LogSource::follow).
pub(crate) fn follow<'a>(
    store: Store,
    read: impl Fn(LogQuery) -> BoxStream<'static, Result<LogEntry>> + Send + 'a,
    from: Checkpoint,
    options: FollowOptions,
) -> BoxStream<'a, Result<Batch>> {
    let follower = Follower {
        store,
        read,
        checkpoint: from,
        options,
        part: FIRST_PART,
        wait: Duration::ZERO,
        failures: 0,
        behind: true,
        fault: None,
    };
    stream::unfold(follower, |mut follower| async move { Some((follower.next().await, follower)) }).boxed()
}

struct Follower<R> {
    store: Store,
    /// Gives the entries of a query.
    read: R,
    checkpoint: Checkpoint,
    options: FollowOptions,
    /// How much of what lies far back is read at once.
    part: SignedDuration,
    /// The wait before the next reading.
    wait: Duration,
    failures: u32,
    /// Whether something was left to read, or nothing was read yet: the next batch is delivered even if it is empty.
    behind: bool,
    /// The error to return after the batch that went out last.
    fault: Option<Error>,
}

/// The result of one reading.
struct Reading {
    entries: Vec<Result<LogEntry>>,
    fault: Option<Error>,
    /// The newest time among all that was listed.
    newest: Option<Timestamp>,
    listed: usize,
}

impl<R: Fn(LogQuery) -> BoxStream<'static, Result<LogEntry>>> Follower<R> {
    async fn next(&mut self) -> Result<Batch> {
        loop {
            if let Some(error) = self.fault.take() {
                return Err(error);
            }
            tokio::time::sleep(std::mem::take(&mut self.wait)).await;
            let now = (self.options.clock)();
            let deep = self.checkpoint.looked_back.is_none_or(|at| now.duration_since(at) >= LOOK_BACK_EVERY);
            let back = if deep { self.options.late } else { OVERLAP };
            let since = before(self.checkpoint.reached, back).max(self.checkpoint.start);
            let until = Some(after(self.checkpoint.reached, self.part)).filter(|until| *until < now);
            let Some(reading) = self.read(since, until).await else {
                self.part = LONGEST_PART;
                continue;
            };
            let (listed, some) = (reading.listed, !reading.entries.is_empty());
            let ended = reading.fault.as_ref().is_none_or(|error| error.kind() == ErrorKind::Incomplete);
            if ended {
                self.advance(&reading, until, deep.then_some(now), now);
                self.failures = 0;
                self.part = match listed {
                    0 => (self.part * LONGER_BEHIND_NOTHING).min(LONGEST_BEHIND_NOTHING),
                    1..FEW => (self.part * 2).min(LONGEST_PART),
                    MANY.. => (self.part / 2).max(SHORTEST_PART),
                    _ => self.part,
                };
            } else {
                self.part = self.part.min(LONGEST_PART);
            }
            let caught_up = ended && until.is_none();
            self.wait = match (&reading.fault, until) {
                (Some(error), _) if !ended => self.wait_after(error),
                (_, Some(_)) => Duration::ZERO,
                (_, None) => self.options.every,
            };
            let was_behind = self.behind;
            self.behind &= !caught_up;
            self.fault = reading.fault;
            if some || (caught_up && was_behind) {
                let (store, checkpoint) = (self.store.clone(), self.checkpoint.clone());
                return Ok(Batch { store, entries: reading.entries, checkpoint, caught_up });
            }
        }
    }

    /// Reads a time range, and keeps what was not delivered before, oldest first. `None`: a part that was to hold next to nothing
    /// holds too much to be kept in memory.
    async fn read(&mut self, since: Timestamp, until: Option<Timestamp>) -> Option<Reading> {
        let before = (self.part > LONGEST_PART).then(|| self.checkpoint.delivered.clone());
        let query = LogQuery { since: Some(since), until, ..self.options.query.clone() };
        let mut log = (self.read)(query);
        let mut reading = Reading { entries: Vec::new(), fault: None, newest: None, listed: 0 };
        while let Some(item) = log.next().await {
            let (key, time) = match &item {
                Ok(entry) => (entry.id.clone(), entry.time),
                Err(error) if error.kind() == ErrorKind::Record => (key_of_raw(error), self.checkpoint.reached),
                Err(_) => {
                    reading.fault = item.err();
                    break;
                }
            };
            reading.listed += 1;
            if reading.listed >= MANY
                && let Some(before) = before
            {
                self.checkpoint.delivered = before;
                return None;
            }
            if item.is_ok() {
                reading.newest = reading.newest.max(Some(time));
            }
            if self.checkpoint.delivered.insert(key, time.as_second()).is_none() {
                reading.entries.push(item);
            }
        }
        // Newest first becomes oldest first, and what stands for a record without a time keeps its place.
        reading.entries.reverse();
        let mut last = None;
        reading.entries.sort_by_cached_key(|item| {
            last = item.as_ref().ok().map(|entry| entry.time).or(last);
            last
        });
        Some(reading)
    }

    /// Moves the checkpoint on, and forgets entries of times that will not be read again.
    fn advance(&mut self, reading: &Reading, until: Option<Timestamp>, looked_back: Option<Timestamp>, now: Timestamp) {
        let checkpoint = &mut self.checkpoint;
        let reached = match until {
            Some(until) => until,
            // An entry dated ahead must not hide what comes until then; where nothing comes, time goes on all the same.
            None => reading.newest.unwrap_or(Timestamp::MIN).min(now).max(before(now, self.options.late)),
        };
        checkpoint.reached = checkpoint.reached.max(reached);
        checkpoint.looked_back = looked_back.or(checkpoint.looked_back);
        let kept = before(checkpoint.reached, self.options.late).as_second();
        checkpoint.delivered.retain(|_, second| *second >= kept);
    }

    fn wait_after(&mut self, error: &Error) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let doubled = self.options.every.saturating_mul(1 << self.failures.min(10));
        let longest = LONGEST_WAIT.max(self.options.every);
        doubled.min(longest).max(error.retry_after().unwrap_or_default())
    }
}

/// The stand-in id of a record without one: a hash of its text that is the same in every process.
fn key_of_raw(error: &Error) -> String {
    let hash = digest::digest(&digest::SHA256, error.raw().unwrap_or_default().as_bytes());
    let hex: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("record {hex}")
}

fn before(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn after(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Follows a log from 400 days ago, and gives the entries that were delivered and the readings that this took.
    async fn followed(times: Vec<Timestamp>) -> (Vec<Timestamp>, usize) {
        let store: Store = "shopline:open001".parse().unwrap();
        let now = Timestamp::from_second(1_796_000_000).unwrap();
        let (readings, of) = (Arc::new(Mutex::new(0)), store.clone());
        let counted = Arc::clone(&readings);
        let read = move |query: LogQuery| {
            *counted.lock().unwrap() += 1;
            let meant =
                |time: &&Timestamp| query.since <= Some(**time) && query.until.is_none_or(|until| **time < until);
            let entry = |time: &Timestamp| Ok(LogEntry::new(&of, time.as_microsecond().to_string(), *time, now));
            let entries: Vec<_> = times.iter().rev().filter(meant).map(entry).collect();
            stream::iter(entries).boxed()
        };
        let options = FollowOptions::new().clock(move || now);
        let mut news = follow(store, read, Checkpoint::since(days_before(now, 400)), options);
        let mut delivered = Vec::new();
        loop {
            let batch = news.next().await.unwrap().unwrap();
            assert!(batch.entries.len() <= 2 * MANY, "{}", batch.entries.len());
            delivered.extend(batch.entries.iter().map(|entry| entry.as_ref().unwrap().time));
            if batch.caught_up {
                let readings = *readings.lock().unwrap();
                return (delivered, readings);
            }
        }
    }

    fn days_before(now: Timestamp, days: i64) -> Timestamp {
        before(now, SignedDuration::from_hours(24 * days))
    }

    #[tokio::test(start_paused = true)]
    async fn what_lies_far_back_and_holds_nothing_takes_few_readings_and_what_is_dense_behind_it_comes_in_parts() {
        let now = Timestamp::from_second(1_796_000_000).unwrap();
        let every = |seconds: i64, days: i64| -> Vec<Timestamp> {
            let count = days * 86_400 / seconds;
            (0..count).map(|at| before(now, SignedDuration::from_secs((count - at) * seconds))).collect()
        };
        for (times, most) in [(Vec::new(), 6), (every(3_600, 90), 8), (every(60, 90), 26)] {
            let (delivered, readings) = followed(times.clone()).await;
            assert_eq!(delivered.len(), times.len());
            assert!(delivered == times && readings <= most, "{readings} readings of {} entries", times.len());
        }
    }
}
