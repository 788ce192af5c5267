//! Reading one stretch of a SHOPLINE log, of at most 28 days, to its proved end.
//!
//! How `since_id` works is not documented, so it is only a first try. What must hold is that every page brings rows at or
//! before the oldest one so far. Where it does not, the stretch is read by moving its end (`created_at_max`) back; where
//! the rows come in another order, by halving it until each part fits on one page; where one second holds more than a
//! page, in every way there is, and then the platform's own count has to agree.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::Shopline;
use crate::error::{Error, ErrorKind, Result};
use crate::walk::{Order, Row, Seen, incomplete, oldest, order};

/// The most rows that a page can hold.
pub(super) const PAGE: i32 = 200;
/// So many empty answers are believed, even if each was followed by another one, as long as nothing older came.
const BELIEVED: u32 = 5;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The filters that the platform applies.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) subject_type: Option<String>,
    pub(super) verb: Option<String>,
}

/// One stretch on its way to its end. Both ends are included, in whole seconds.
pub(super) struct Slice {
    source: Shopline,
    filter: Filter,
    limit: i32,
    /// What is still to be read; the newest part last.
    parts: Vec<(Timestamp, Timestamp)>,
    how: How,
    seen: Seen,
    /// The time of the oldest row of the present part.
    frontier: Option<Timestamp>,
    /// `since_id` was found not to lead on.
    id_fails: bool,
    /// What is asked for beyond both ends. That they are included is documented, but costs nothing to doubt: every row
    /// is checked again. Nothing once it was seen to be so.
    pad: SignedDuration,
    /// What ends the slice after the rows in hand.
    gave_up: Option<Error>,
    /// How many empty answers were followed by another one since rows last led on.
    emptied: u32,
}

/// How the next page is asked for.
#[derive(Clone, Debug, PartialEq)]
enum How {
    /// From the newest row on.
    Start,
    /// Behind this row.
    SinceId(String),
    /// With the continuation of a `link` header.
    Link(String),
    /// From the oldest row so far on, by its time.
    Window,
}

impl Slice {
    pub(super) fn new(source: Shopline, filter: Filter, limit: i32, since: Timestamp, until: Timestamp) -> Self {
        let parts = vec![(since, until)];
        Self {
            source,
            filter,
            limit,
            parts,
            how: How::Start,
            seen: Seen::default(),
            frontier: None,
            id_fails: false,
            pad: SECOND,
            gave_up: None,
            emptied: 0,
        }
    }

    /// The next rows that were not seen before, in any order but not newer than those before them. `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        while let Some((since, until)) = self.parts.last().copied() {
            if let Some(error) = self.gave_up.take() {
                return Err(error);
            }
            let until = match (&self.how, self.frontier) {
                (How::Window, Some(frontier)) => frontier,
                _ => until,
            };
            let (rows, link) = self.fetch(since, until, self.how.clone()).await?;
            let full = rows.len() >= usize::try_from(self.limit).unwrap_or(usize::MAX);
            if rows.is_empty() {
                if self.after_empty(since, until).await? {
                    self.end_part();
                }
                continue;
            }
            let in_order = matches!(order(&rows), Order::NewestFirst | Order::Flat);
            if self.how == How::Start && full && link.is_none() && !in_order {
                if !self.halve(since, until) {
                    return self.one_second(until).await.map(Some);
                }
                continue;
            }
            let last = last_id(&rows);
            let oldest = oldest(&rows);
            let before = self.frontier;
            let fresh: Vec<Row> = rows.into_iter().filter(|row| self.seen.remember(row.key, row.time())).collect();
            // Rows that came in newer than where we are do not lead on.
            let leads_on =
                fresh.iter().any(|row| before.is_none_or(|before| row.time().is_none_or(|time| time <= before)));
            // Rows of the very second may come from either side of it: a way that goes to newer rows finds those that have
            // just come in. Only an older row shows that the list was followed.
            let older =
                fresh.iter().any(|row| before.is_none_or(|before| row.time().is_some_and(|time| time < before)));
            self.frontier = [before, oldest].into_iter().flatten().min();
            match (&self.how, link, leads_on, full) {
                (_, Some(link), true, _) => self.how = How::Link(link),
                (How::Link(_), None, _, _) | (How::Start, None, true, false) => self.end_part(),
                (How::SinceId(_), None, true, false) if older => self.end_part(),
                // Every row from the oldest so far back was listed, and there was room for more.
                (How::Window, _, _, false) => self.end_part(),
                (How::Start | How::SinceId(_), None, true, true) if !self.id_fails => {
                    self.how = last.map_or(How::Window, How::SinceId);
                }
                (How::Window, _, false, true) => {
                    let mut all = fresh;
                    all.extend(self.one_second(until).await?);
                    return Ok(Some(all));
                }
                (How::SinceId(_), _, false, _) => {
                    self.id_fails = true;
                    self.how = How::Window;
                }
                _ => self.how = How::Window,
            }
            if leads_on {
                self.emptied = 0;
            }
            if !fresh.is_empty() {
                return Ok(Some(fresh));
            }
        }
        Ok(None)
    }

    async fn fetch(&self, since: Timestamp, until: Timestamp, how: How) -> Result<(Vec<Row>, Option<String>)> {
        self.ask(since - self.pad, until + self.pad, how, &self.filter).await
    }

    async fn ask(
        &self,
        since: Timestamp,
        until: Timestamp,
        how: How,
        filter: &Filter,
    ) -> Result<(Vec<Row>, Option<String>)> {
        let limit = self.limit;
        self.source
            .rows(since, until, |mut request| {
                request = request.limit(limit);
                if let Some(subject_type) = &filter.subject_type {
                    request = request.subject_type(subject_type);
                }
                if let Some(verb) = &filter.verb {
                    request = request.verb(verb);
                }
                match how {
                    How::SinceId(id) => request.since_id(id),
                    How::Link(page_info) => request.page_info(page_info),
                    How::Start | How::Window => request,
                }
            })
            .await
    }

    fn end_part(&mut self) {
        self.parts.pop();
        self.how = How::Start;
        self.frontier = None;
        self.emptied = 0;
    }

    /// Whether an empty page is the end of the part. One empty page alone never is.
    async fn after_empty(&mut self, since: Timestamp, until: Timestamp) -> Result<bool> {
        if self.how != How::Start && self.how != How::Window {
            self.how = How::Window;
            return Ok(false);
        }
        let counted = match self.count(since - self.pad, until + self.pad).await {
            Ok(counted) => Some(counted),
            Err(error) if cannot_count(error.kind()) => None,
            Err(error) => return Err(error),
        };
        if counted == Some(0) {
            return Ok(true);
        }
        // Ask once more; what comes now is taken as any page is.
        let (rows, _) = self.fetch(since, until, How::Start).await?;
        if !rows.is_empty() {
            // Rows that come in and are purged again may go on so for ever.
            self.emptied += 1;
            return Ok(self.emptied > BELIEVED);
        }
        match counted {
            Some(counted) => Err(incomplete(format!(
                "the platform counts {counted} entries from {since} to {until} but lists none of them"
            ))),
            None => Ok(true),
        }
    }

    async fn count(&self, since: Timestamp, until: Timestamp) -> Result<u64> {
        let filter = &self.filter;
        self.source
            .count_where(since, until, |mut request| {
                if let Some(subject_type) = &filter.subject_type {
                    request = request.subject_type(subject_type);
                }
                if let Some(verb) = &filter.verb {
                    request = request.verb(verb);
                }
                request
            })
            .await
    }

    /// Halves the present part, newest half first. `false` if it is one second already.
    fn halve(&mut self, since: Timestamp, until: Timestamp) -> bool {
        let seconds = until.duration_since(since).as_secs();
        if seconds < 1 {
            return false;
        }
        let middle = since + SignedDuration::from_secs(seconds / 2);
        self.end_part();
        self.parts.push((since, middle));
        self.parts.push((middle + SECOND, until));
        true
    }

    /// Reads one second that holds more rows than a page, in every way there is. The present part then ends before it.
    async fn one_second(&mut self, second: Timestamp) -> Result<Vec<Row>> {
        self.limit = PAGE; // no smaller one saves anything here
        let mut rows = Vec::new();
        let mut found = HashSet::new();
        let mut kinds = BTreeSet::new();
        let (mut low, mut high) = (second, second);
        let (mut first, _) = self.ask(low, high, How::Start, &self.filter).await?;
        if first.is_empty() {
            (first, _) = self.ask(low, high, How::Start, &self.filter).await?; // an empty page is asked for twice
        }
        if first.is_empty() {
            (low, high) = (second - SECOND, second + SECOND); // so the ends are not included
            (first, _) = self.ask(low, high, How::Start, &self.filter).await?;
            if first.is_empty() {
                (first, _) = self.ask(low, high, How::Start, &self.filter).await?;
            }
        } else {
            self.pad = SignedDuration::ZERO;
        }
        let start = [first.last(), first.first()].map(id_of);
        let end = first.last().map(|row| row.key);
        let mut proved = !first.is_empty() && first.len() < self.page_size();
        self.collect(first, &mut found, &mut kinds, &mut rows);
        let counted = match self.count(low, high).await {
            Ok(counted) => usize::try_from(counted).ok(),
            Err(error) if cannot_count(error.kind()) => None,
            Err(error) => return Err(error),
        };
        proved |= counted.is_some_and(|counted| found.len() >= counted);
        // From the last row on, from the first row on, and from before all rows.
        for from in start.clone().into_iter().flatten().chain(["1".to_owned()]) {
            let (mut from, mut led_on, mut empty) = (Some(from), false, 0);
            while let Some(id) = from.take().filter(|_| !proved) {
                let (page, _) = self.ask(low, high, How::SinceId(id.clone()), &self.filter).await?;
                let (count, last) = (page.len(), last_id(&page));
                // From the first row on, or from the last, and there is no more than up to the last.
                let to_end = start.contains(&Some(id.clone()))
                    && count < self.page_size()
                    && page.iter().any(|row| Some(row.key) == end);
                let new = self.collect(page, &mut found, &mut kinds, &mut rows);
                led_on |= new;
                empty = if count == 0 { empty + 1 } else { 0 };
                // Without a count: a way that led on has ended with a short page, or an empty one that was asked twice.
                let ended = to_end || led_on && (empty == 2 || (new && count < self.page_size()));
                proved = counted.map_or(ended, |counted| found.len() >= counted);
                from = match empty {
                    0 => last.filter(|_| new),
                    1 => Some(id),
                    _ => None,
                };
            }
        }
        if !proved && self.filter.verb.is_none() {
            // Each kind of entry on its own may fit on a page.
            for (subject_type, verb) in kinds.clone() {
                let filter = Filter { subject_type, verb };
                let (page, _) = self.ask(low, high, How::Start, &filter).await?;
                self.collect(page, &mut found, &mut kinds, &mut rows);
            }
            proved = counted.is_some_and(|counted| found.len() >= counted);
        }
        if !proved {
            let all = counted.map_or_else(|| "more".to_owned(), |counted| counted.to_string());
            let had = found.len();
            let what = format!("{had} of {all} entries of the second {second} could be read, and no older");
            self.gave_up = Some(incomplete(what)); // after what was read
        }
        let Some((since, _)) = self.parts.pop() else { return Ok(rows) };
        if second - SECOND >= since || self.gave_up.is_some() {
            self.parts.push((since, second - SECOND));
        }
        self.how = How::Start;
        self.frontier = None;
        rows.sort_by_cached_key(|row| Reverse(id_of(Some(row)).map(|id| (id.len(), id))));
        Ok(rows)
    }

    /// Takes rows of one second: those that are new to the slice go to `rows`. Says whether any was new to the second.
    fn collect(
        &mut self,
        page: Vec<Row>,
        found: &mut HashSet<u64>,
        kinds: &mut BTreeSet<(Option<String>, Option<String>)>,
        rows: &mut Vec<Row>,
    ) -> bool {
        let mut new = false;
        for row in page {
            new |= found.insert(row.key);
            if let Ok(entry) = &row.entry {
                kinds.insert((entry.category.clone(), entry.action.clone()));
            }
            if self.seen.remember(row.key, row.time()) {
                rows.push(row);
            }
        }
        new
    }

    fn page_size(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }
}

fn last_id(rows: &[Row]) -> Option<String> {
    rows.iter().rev().find_map(|row| id_of(Some(row)))
}

fn id_of(row: Option<&Row>) -> Option<String> {
    row?.entry.as_ref().ok().map(|entry| entry.id.clone())
}

/// The platform may not offer counts in every edition.
pub(super) fn cannot_count(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::Undecodable | ErrorKind::Forbidden)
}
