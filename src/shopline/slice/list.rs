//! A list whose time range is not read: followed from page to page.

use jiff::{SignedDuration, Timestamp};

use super::{Batch, MOST_PAGES, Part, Slice, Trust};
use crate::error::Result;
use crate::shopline::crowded::last_id;
use crate::shopline::reader::{Empty, Start};
use crate::source::Proof;
use crate::walk::{KeyMap, Order, incomplete, oldest, order};

/// A list that is followed, as far as it was read.
pub(super) struct List {
    since: Timestamp,
    until: Timestamp,
    /// The bounds that are sent in place of the whole range, which may be longer than the platform takes.
    bounds: (Timestamp, Timestamp),
    listed: KeyMap<Option<Timestamp>>,
    start: Start,
    empty: u32,
    pages: usize,
    /// Pages since an older row came.
    still: usize,
    oldest: Option<Timestamp>,
    in_order: bool,
    ascending: bool,
}

impl List {
    pub(super) fn new(since: Timestamp, until: Timestamp, longest: SignedDuration) -> Self {
        Self {
            since,
            until,
            bounds: (since.max(until - longest), until),
            listed: KeyMap::default(),
            start: Start::Newest,
            empty: 0,
            pages: 0,
            still: 0,
            oldest: None,
            in_order: true,
            ascending: false,
        }
    }
}

impl Slice {
    /// One page of a list whose time range is not read.
    pub(super) async fn follow(&mut self, mut list: Box<List>) -> Result<Option<Batch>> {
        let answer = self.reader.list(list.bounds, list.start.clone(), &self.reader.filter).await?;
        list.pages += 1;
        if answer.rows.is_empty() {
            list.empty += 1;
            if list.empty < 2 {
                self.parts.push(Part::List(list));
                return Ok(None);
            }
            // It may be the page that is empty, and not the list.
            match self.reader.emptiness(list.bounds, &list.start, answer.limit).await? {
                Empty::List => self.end_list(&list, list.pages > 2).await?,
                Empty::Page => {
                    list.empty = 0;
                    self.parts.push(Part::List(list));
                }
            }
            return Ok(None);
        }
        list.empty = 0;
        let short = answer.is_short();
        list.in_order &= matches!(order(&answer.rows), Order::NewestFirst | Order::Flat);
        let next = match (answer.link, last_id(&answer.rows)) {
            (Some(link), _) => Some(Start::Link(link)),
            (None, last) => last.map(Start::SinceId),
        };
        let oldest = oldest(&answer.rows);
        let mut rows = answer.rows;
        rows.retain(|row| list.listed.insert(row.key, row.time()).is_none());
        let older = oldest.is_some_and(|time| list.oldest.is_none_or(|oldest| time < oldest));
        list.still = if older { 0 } else { list.still + 1 };
        list.oldest = [list.oldest, oldest].into_iter().flatten().min();
        if list.still > 8 * MOST_PAGES {
            return Err(incomplete("the list gives new rows for ever, and none that is older"));
        }
        let passed = list.in_order && list.oldest.is_some_and(|oldest| oldest < list.since);
        if passed {
            self.proof = Proof::EndOfList;
        } else if short && self.lacks_of_list(&list).await? == Some(0) {
        } else if rows.is_empty() && !list.ascending {
            (list.ascending, list.in_order) = (true, false); // perhaps it goes on to newer rows
            list.start = Start::SinceId("1".to_owned());
            self.parts.push(Part::List(list));
        } else if let Some(next) = next.filter(|_| !rows.is_empty()) {
            list.start = next;
            self.parts.push(Part::List(list));
        } else {
            self.end_list(&list, false).await?;
        }
        self.trust = Trust::Held;
        Ok(self.batch(rows))
    }

    /// How many more rows the platform counts than it has listed; fewer is less than 0. Counts may read the time range
    /// that lists do not.
    async fn lacks_of_list(&self, list: &List) -> Result<Option<i64>> {
        let Some(counted) = self.reader.count(list.bounds, &self.reader.filter).await? else { return Ok(None) };
        let inside = |time: &&Option<Timestamp>| time.is_none_or(|time| (list.since..=list.until).contains(&time));
        let had = if self.counts_what_is_not_there().await? {
            list.listed.len()
        } else if list.bounds.0 == list.since {
            list.listed.values().filter(inside).count()
        } else {
            return Ok(None);
        };
        Ok(i64::try_from(counted).ok().zip(i64::try_from(had).ok()).map(|(counted, had)| counted - had))
    }

    async fn end_list(&mut self, list: &List, seen: bool) -> Result<()> {
        let why = "rows lie outside the time range that was asked for, and no request lists the others";
        match self.lacks_of_list(list).await? {
            Some(0) => {}
            Some(more) if more > 0 => self.lack(list.since, list.until, u64::try_from(more).ok(), why, None),
            _ if seen => self.proof = Proof::EndOfList,
            _ => self.lack(list.since, list.until, None, why, None),
        }
        Ok(())
    }
}
