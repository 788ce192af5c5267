//! A crowded second, read in every possible way: one with more rows than a page, or with fewer than are counted.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;

use super::reader::{Answer, Empty, Filter, PAGE, Reader, Start, is_heavy};
use crate::error::Result;
use crate::source::Proof;
use crate::walk::{KeySet, Row};

/// More pages than that of one second are a list that never ends.
const MOST_PAGES: u32 = 400;
/// How many kinds of entry are asked for one by one.
const MOST_KINDS: usize = 40;

/// The rows of one second that could be read.
#[derive(Debug)]
pub(super) struct Second {
    /// Its rows, the highest id first.
    pub(super) rows: Vec<Row>,
    /// The proof that they are all.
    pub(super) proof: Option<Proof>,
    /// How many more the platform counts, if it does.
    pub(super) missing: Option<u64>,
    /// New rows came for ever.
    pub(super) endless: bool,
}

struct Reading<'a> {
    reader: &'a Reader,
    bounds: (Timestamp, Timestamp),
    rows: Vec<Row>,
    found: KeySet,
    kinds: BTreeSet<Filter>,
    counted: Option<u64>,
    /// The list's end was seen twice.
    ended: bool,
    /// One row did not come, and more fail: nothing shows what there is.
    unseen: bool,
    pages: u32,
}

/// Reads a second. `kinds` are kinds of entry that it may hold, besides those that are found. After a failure the rows that
/// came are in `in_hand`.
pub(super) async fn read(
    reader: &Reader,
    second: Timestamp,
    kinds: &BTreeSet<Filter>,
    in_hand: &mut Vec<Row>,
) -> Result<Second> {
    reader.settle_bounds(second).await?;
    let habits = reader.habits();
    let bounds = (habits.since(second), habits.until(second));
    let mut reader = reader.clone();
    reader.wanted = PAGE; // no fewer save anything here
    let (rows, found, kinds) = (Vec::new(), KeySet::default(), kinds.clone());
    let (counted, ended, unseen) = (None, false, false);
    let mut reading = Reading { reader: &reader, bounds, rows, found, kinds, counted, ended, unseen, pages: 0 };
    match reading.all().await {
        Ok(fits) => Ok(reading.outcome(fits)),
        Err(error) => {
            *in_hand = reading.outcome(false).rows;
            Err(error)
        }
    }
}

impl Reading<'_> {
    /// In every way there is. Says whether the first page had room for more.
    async fn all(&mut self) -> Result<bool> {
        let habits = self.reader.habits();
        self.count().await?;
        let fits = self.by_pages().await?;
        if !fits && !self.is_done() && self.reader.filter.verb.is_none() && habits.kinds_help() {
            // On a page that had room nothing more can be found by a filter.
            let before = self.found.len();
            self.by_kind().await?;
            habits.tried_kinds(self.found.len() > before);
        }
        if !self.is_done() {
            self.count().await?; // rows may be gone since
        }
        Ok(fits)
    }

    async fn count(&mut self) -> Result<()> {
        if self.reader.habits().learned().counts != Some(false) {
            self.counted = self.reader.count_again(self.bounds).await?;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.ended || self.counted == Some(self.found.len() as u64) || self.is_endless()
    }

    fn is_endless(&self) -> bool {
        let counted =
            self.counted.map_or(u64::MAX, |counted| counted.saturating_mul(2).saturating_add(10 * PAGE as u64));
        self.pages > MOST_PAGES || self.found.len() as u64 > counted
    }

    /// From the newest row on, and on from there. Says whether the first page had room for more, which none has that failed.
    async fn by_pages(&mut self) -> Result<bool> {
        let (mut first, mut empty) = (None, 0);
        while empty < 2 {
            let answer = match self.reader.list(self.bounds, Start::Newest, &self.reader.filter).await {
                Err(error) if is_heavy(&error) => return Ok(false),
                answer => answer?,
            };
            if !answer.rows.is_empty() {
                first = Some(answer);
                break;
            }
            empty += 1;
            let counted = self.counted == Some(0) && self.reader.habits().counts_up_to(self.bounds.1);
            if empty == 2 && answer.limit <= 1 && !counted {
                match self.reader.emptiness(self.bounds, &Start::Newest, answer.limit).await {
                    Ok(Empty::List) => {}
                    Ok(Empty::Page) => empty = 0,
                    Err(error) if is_heavy(&error) => {
                        self.unseen = true;
                        return Ok(false);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        let Some(first) = first else {
            self.ended = self.counted.is_none();
            return Ok(true); // an empty page has room
        };
        let fits = first.has_room();
        let link = first.link.clone();
        let ids = [last_id(&first.rows), first.rows.iter().find_map(Row::id).map(str::to_owned)];
        let many = first.rows.len() > 1;
        self.collect(first);
        if let Some(link) = link {
            self.follow(Start::Link(link), false).await?;
        }
        let [last, first] = ids;
        // From the last row on, from the first row on, and from before all rows.
        for (id, is_last) in [(last, many), (first, false), (Some("1".to_owned()), false)] {
            if let Some(id) = id
                && !self.is_done()
            {
                self.follow(Start::SinceId(id), is_last).await?;
            }
        }
        Ok(fits)
    }

    /// Goes on page by page. Where nothing comes twice, that is the list's end: if the way led on, or if it began behind
    /// the last of several rows.
    async fn follow(&mut self, start: Start, from_last: bool) -> Result<()> {
        let (mut start, mut led_on, mut empty) = (Some(start), false, 0);
        while let Some(way) = start.take().filter(|_| !self.is_done()) {
            let answer = match self.reader.list(self.bounds, way.clone(), &self.reader.filter).await {
                Err(error) if is_heavy(&error) || error.status() == Some(400) => return Ok(()),
                answer => answer?,
            };
            // A row that comes behind itself, alone, is the last one where the platform includes it; not where one row is
            // all that is asked for.
            let itself = matches!((&way, answer.rows.as_slice()), (Start::SinceId(id), [row]) if row.id() == Some(id));
            if answer.rows.is_empty() || itself && led_on && answer.limit > 1 {
                empty += 1;
                let ends = empty == 2 && (led_on || from_last);
                if ends && answer.limit <= 1 {
                    match self.reader.emptiness(self.bounds, &way, answer.limit).await {
                        Ok(Empty::List) => self.ended = true,
                        Ok(Empty::Page) => (empty, start) = (0, Some(way)),
                        Err(error) if is_heavy(&error) => return Ok(()),
                        Err(error) => return Err(error),
                    }
                    continue;
                }
                start = (empty < 2).then_some(way);
                self.ended |= ends;
                continue;
            }
            empty = 0;
            let next = match way {
                Start::Link(_) => answer.link.clone().map(Start::Link),
                _ => last_id(&answer.rows).map(Start::SinceId),
            };
            let new = self.collect(answer);
            led_on |= new;
            self.ended |= led_on && next.is_none();
            start = next.filter(|_| new);
        }
        Ok(())
    }

    /// Each kind of entry on its own may fit on a page.
    async fn by_kind(&mut self) -> Result<()> {
        for kind in self.kinds.clone().into_iter().take(MOST_KINDS) {
            if self.counted == Some(self.found.len() as u64) {
                break;
            }
            match self.reader.list(self.bounds, Start::Newest, &kind).await {
                Ok(answer) => {
                    self.collect(answer);
                }
                Err(error) if is_heavy(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes rows, and says whether any was new.
    fn collect(&mut self, answer: Answer) -> bool {
        self.pages += 1;
        let before = self.found.len();
        for (row, key) in with_keys(answer.rows) {
            if let Some(kind) = kind(&row, &self.reader.filter)
                && self.kinds.len() < MOST_KINDS
            {
                self.kinds.insert(kind);
            }
            if self.found.insert(key) {
                self.rows.push(row);
            }
        }
        self.found.len() > before
    }

    fn outcome(mut self, fits: bool) -> Second {
        self.rows.sort_by_cached_key(|row| Reverse(row.id().map(|id| (id.len(), id.to_owned()))));
        let endless = self.is_endless();
        let had = self.found.len() as u64;
        let proof = match self.counted {
            _ if endless || self.unseen => None,
            Some(counted) if counted == had => Some(Proof::Counted),
            Some(counted) if counted > had => None,
            // A count of fewer is of an earlier time, and says nothing.
            _ => (self.ended || fits).then_some(Proof::EndOfList),
        };
        let missing = self.counted.and_then(|counted| counted.checked_sub(had)).filter(|missing| *missing > 0);
        Second { rows: self.rows, proof, missing, endless }
    }
}

/// Rows with what they are counted by. Records without an id are known by their text, and the same text twice on one page
/// is two records.
pub(super) fn with_keys(rows: Vec<Row>) -> impl Iterator<Item = (Row, u64)> {
    let mut unreadable = HashSet::new();
    rows.into_iter().map(move |row| {
        let mut key = row.key;
        while row.entry.is_err() && !unreadable.insert(key) {
            key = key.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
        }
        (row, key)
    })
}

/// The filter that lists rows such as this one, within the query's own.
pub(super) fn kind(row: &Row, own: &Filter) -> Option<Filter> {
    let entry = row.entry.as_ref().ok()?;
    let of = |own: &Option<String>, value: &Option<String>| own.clone().or_else(|| value.clone());
    Some(Filter { subject_type: of(&own.subject_type, &entry.category), verb: of(&own.verb, &entry.action) })
}

pub(super) fn last_id(rows: &[Row]) -> Option<String> {
    rows.iter().rev().find_map(Row::id).map(str::to_owned)
}
