//! Reading a stretch of a SHOPLINE log to its proved end: slices, several at a time, delivered in order.

use std::collections::VecDeque;
use std::task::Poll;

use futures::stream::{self, BoxStream};
use futures::{StreamExt, future};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::Shopline;
use super::slice::{Filter, PAGE, Slice};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{LogQuery, only};
use crate::severity::Severity;
use crate::source::{Cursor, LogSource, Page, Proof};
use crate::walk::{self, Progress, Row, newest, oldest};

/// The platform allows one month; February is one, too.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(28 * 24);
/// How far back a query without a start goes. The platform is said to keep three months; nothing proves it.
const FARTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The store's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// The fewest rows that are asked for: a second with more rows than a page takes many requests.
const FEWEST: i32 = 3;
/// Pages of a slice that may wait to be delivered.
const WAITING: usize = 4;
/// Pages that must be expected before a stretch is cut up to be read several slices at a time.
const WORTH_CUTTING: i64 = 6;

pub(super) fn pages(source: Shopline, query: LogQuery, from: Option<&Cursor>) -> BoxStream<'static, Result<Page>> {
    walk::pages(source.store().clone(), query, from, |progress| {
        let query = &progress.query;
        let nothing = !query.modules.is_empty() // the platform has none
            || query.min_severity.is_some_and(|minimum| !Severity::Info.passes(minimum));
        (!nothing).then(|| Walk::new(source, progress))
    })
}

struct Walk {
    source: Shopline,
    progress: Progress,
    filter: Filter,
    limit: i32,
    since: Timestamp,
    /// The stretches that no request was sent for yet, both ends included; the newest first.
    cuts: VecDeque<(Timestamp, Timestamp)>,
    lanes: VecDeque<Lane>,
    /// The first page tells how dense the rows are.
    first: bool,
}

/// One slice under way, with what waits to be delivered.
struct Lane {
    since: Timestamp,
    until: Timestamp,
    rows: BoxStream<'static, Result<Vec<Row>>>,
    ready: VecDeque<Result<Vec<Row>>>,
    ended: bool,
    /// Whether anything of it was delivered.
    begun: bool,
}

impl walk::Walk for Walk {
    async fn next(&mut self) -> Result<Page> {
        loop {
            let Some((since, until, begun, rows)) = self.step().await else {
                return Ok(self.progress.end(walk::Taken::default(), Proof::EndOfList));
            };
            let rows = match rows {
                Ok(rows) => rows,
                Err(error) if !begun && is_horizon(&error, since) => {
                    let reached = find_horizon(&self.source, until).await?;
                    self.since = reached.unwrap_or(until);
                    self.lanes.clear();
                    self.cuts.clear();
                    self.cuts.extend(reached.map(|since| (since, until)));
                    continue;
                }
                Err(error) => return Err(error),
            };
            if std::mem::take(&mut self.first) {
                self.plan(&rows);
                if self.progress.query.until.is_none() {
                    // What comes in from now on would be delivered behind older rows.
                    self.progress.query.until = newest(&rows).map(|newest| newest + SignedDuration::from_nanos(1));
                }
            }
            let taken = self.progress.take(rows);
            if self.progress.is_full() {
                return Ok(self.progress.full(taken));
            }
            if let Some(page) = self.progress.step(taken) {
                return Ok(page);
            }
        }
    }
}

impl Walk {
    fn new(source: Shopline, progress: Progress) -> Self {
        let query = &progress.query;
        let until = query.until.unwrap_or_else(|| Timestamp::now() + AHEAD);
        let since = query.since.unwrap_or(until - FARTHEST);
        let is_lower = |value: &&str| !value.chars().any(char::is_uppercase);
        let filter = Filter {
            subject_type: only(&query.categories).filter(is_lower).map(str::to_owned),
            verb: only(&query.actions).filter(is_lower).map(str::to_owned),
        };
        let checked_here = !query.actors.is_empty()
            || query.categories.len() > usize::from(filter.subject_type.is_some())
            || query.actions.len() > usize::from(filter.verb.is_some());
        let wanted = query.limit.filter(|_| !checked_here).and_then(|limit| i32::try_from(limit).ok());
        let limit = wanted.map_or(PAGE, |wanted| wanted.clamp(FEWEST, PAGE));
        let mut walk =
            Self { source, progress, filter, limit, since, cuts: VecDeque::new(), lanes: VecDeque::new(), first: true };
        // A row of the last second's fraction has that second's time: round up.
        let end = if until.subsec_nanosecond() == 0 { until } else { until + SignedDuration::from_secs(1) };
        walk.cut(since, end, 1);
        walk
    }

    /// Cuts a stretch into at least so many slices, none longer than the platform allows. They overlap by the second
    /// between them, so that no fraction of it falls through.
    fn cut(&mut self, since: Timestamp, until: Timestamp, at_least: i64) {
        self.cuts.clear();
        let whole = until.duration_since(since).as_secs().max(0);
        let slices = (whole / LONGEST.as_secs() + 1).max(at_least);
        let step = SignedDuration::from_secs((whole / slices).max(1));
        let mut end = until;
        while end > since {
            let start =
                if end.duration_since(since) <= step + SignedDuration::from_secs(slices) { since } else { end - step };
            self.cuts.push_back((start, end));
            end = start;
        }
    }

    /// The next rows in order, from whichever slice is first. All slices under way move on meanwhile.
    async fn step(&mut self) -> Option<(Timestamp, Timestamp, bool, Result<Vec<Row>>)> {
        loop {
            let room = if self.first { 1 } else { self.source.transport.in_flight() };
            while self.lanes.len() < room
                && (self.lanes.is_empty() || self.progress.wanted().is_none())
                && let Some((since, until)) = self.cuts.pop_front()
            {
                self.lanes.push_back(self.lane(since, until));
            }
            if self.lanes.is_empty() {
                return None;
            }
            // Where few are wanted, or nothing is known yet, no page is asked for before the one before it was used.
            let waiting = if self.first || self.progress.wanted().is_some() { 1 } else { WAITING };
            let lanes = &mut self.lanes;
            let rows = future::poll_fn(|context| {
                for lane in lanes.iter_mut() {
                    while !lane.ended && lane.ready.len() < waiting {
                        match lane.rows.as_mut().poll_next(context) {
                            Poll::Ready(Some(rows)) => lane.ready.push_back(rows),
                            Poll::Ready(None) => lane.ended = true,
                            Poll::Pending => break,
                        }
                    }
                }
                let Some(first) = lanes.front_mut() else { return Poll::Ready(None) };
                match first.ready.pop_front() {
                    Some(rows) => {
                        let begun = std::mem::replace(&mut first.begun, true);
                        Poll::Ready(Some((first.since, first.until, begun, rows)))
                    }
                    None if first.ended => Poll::Ready(None),
                    None => Poll::Pending,
                }
            })
            .await;
            match rows {
                Some(rows) => return Some(rows),
                None => drop(self.lanes.pop_front()),
            }
        }
    }

    fn lane(&self, since: Timestamp, until: Timestamp) -> Lane {
        let slice = Slice::new(self.source.clone(), self.filter.clone(), self.limit, since, until);
        let rows = stream::unfold(Some(slice), |slice| async {
            let mut slice = slice?;
            match slice.next().await {
                Ok(Some(rows)) => Some((Ok(rows), Some(slice))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        Lane { since, until, rows: rows.boxed(), ready: VecDeque::new(), ended: false, begun: false }
    }

    /// After the first page: if much is left, cut the rest up to read several slices at a time.
    fn plan(&mut self, rows: &[Row]) {
        let (Some(oldest), Some(newest)) = (oldest(rows), newest(rows)) else { return };
        let full = i32::try_from(rows.len()).is_ok_and(|count| count >= self.limit);
        let a_page = newest.duration_since(oldest).as_secs().max(1);
        let pages = oldest.duration_since(self.since).as_secs() / a_page;
        if !full || self.progress.query.limit.is_some() || pages < WORTH_CUTTING {
            return;
        }
        let slices = i64::try_from(self.source.transport.in_flight()).unwrap_or(1).min(pages / 2);
        self.lanes.clear();
        self.cut(self.since, oldest, slices);
    }
}

/// The oldest time that the platform still answers for, before `until`. It is said to be three months ago; how it
/// counts them is not documented.
async fn find_horizon(source: &Shopline, until: Timestamp) -> Result<Option<Timestamp>> {
    let now = Timestamp::now();
    let months = now.to_zoned(TimeZone::UTC).checked_sub(Span::new().months(3)).map(|time| time.timestamp());
    let days = [92, 91, 90, 89, 88].map(|days| now - SignedDuration::from_hours(days * 24));
    let mut candidates: Vec<Timestamp> = months.into_iter().chain(days).collect();
    candidates.sort();
    let a_minute = SignedDuration::from_mins(1);
    for since in candidates.into_iter().map(|time| time + a_minute).filter(|time| *time < until) {
        match source.page(since, until, |request| request.limit(1)).await {
            Ok(_) => return Ok(Some(since)),
            Err(error) if is_horizon(&error, since) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Whether a refusal may mean that the stretch begins before what the platform keeps.
fn is_horizon(error: &Error, since: Timestamp) -> bool {
    let old = Timestamp::now().duration_since(since) > SignedDuration::from_hours(87 * 24);
    old && error.kind() == ErrorKind::Refused && matches!(error.status(), Some(400 | 406 | 412 | 422))
}
