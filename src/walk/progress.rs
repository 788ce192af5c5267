//! The progress of a walk, and what its cursor may claim.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::row::{Order, Row, key_of, order};
use super::seen::{KeySet, Seen};
use crate::entry::LogEntry;
use crate::error::Result;
use crate::query::LogQuery;
use crate::source::{Cursor, Page, Proof};

/// The progress of one walk.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) query: LogQuery,
    seen: Seen,
    /// The entries of the moment that the walk before the cursor had reached, which it delivered: not delivered again,
    /// but counted when the platform lists it.
    carried: KeySet,
    /// The time of the oldest row so far, and the ids of the rows at it.
    frontier: Option<Timestamp>,
    at_frontier: Vec<String>,
    delivered: usize,
    /// The cursor of the last page.
    last_cursor: Option<Cursor>,
    /// The cursor that pages carry while no more may be claimed.
    held: Option<Cursor>,
    /// The cursors of the pages that are not proved yet, and how many pages had come with each.
    waiting: VecDeque<(u64, Cursor)>,
}

/// The rows of one answer, sorted out.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// The entries to deliver.
    pub(crate) entries: Vec<Result<LogEntry>>,
    /// Distinct records that this walk had not been listed before, whether they match the query or not.
    pub(crate) fresh: u64,
    /// Distinct records that it had been listed before.
    pub(crate) repeats: u64,
}

impl Progress {
    /// Starts a walk, or goes on from a cursor: the time range then ends at the time that was reached, and what was
    /// delivered of that moment counts as seen.
    pub(crate) fn new(mut query: LogQuery, from: Option<&Cursor>) -> Self {
        let mut progress = Self {
            query: LogQuery::default(),
            seen: Seen::default(),
            carried: KeySet::default(),
            frontier: None,
            at_frontier: Vec::new(),
            delivered: 0,
            last_cursor: from.cloned(),
            held: None,
            waiting: VecDeque::new(),
        };
        if let Some(cursor) = from
            && let Some(reached) = cursor.reached
        {
            let behind = reached + jiff::SignedDuration::from_nanos(1);
            query.until = Some(query.until.map_or(behind, |until| until.min(behind)));
            progress.frontier = Some(reached);
            progress.at_frontier.clone_from(&cursor.delivered);
            for id in &cursor.delivered {
                let key = key_of(id);
                progress.seen.remember(key, Some(reached));
                progress.carried.insert(key);
            }
        }
        progress.query = query;
        progress
    }

    /// Takes the rows of one answer, in any order: drops repeats, sorts newest first, applies the query.
    pub(crate) fn take(&mut self, rows: Vec<Row>) -> Taken {
        let mut rows = rows;
        let keys: Vec<u64> = rows.iter().map(|row| row.key).collect();
        let mut fresh = 0;
        rows.retain(|row| {
            let new = self.seen.remember(row.key, row.time());
            fresh += u64::from(new || self.carried.remove(&row.key));
            new
        });
        let repeats = if fresh == keys.len() as u64 {
            0
        } else {
            // A second time on this very page is no repeat of an earlier one.
            keys.into_iter().collect::<KeySet>().len() as u64 - fresh
        };
        sort_newest_first(&mut rows);
        if let Some(full) = self.behind_limit(&rows) {
            rows.truncate(full); // not delivered, so the cursor must not pass it
        }
        self.move_frontier(&rows);
        rows.retain(|row| row.entry.as_ref().map_or(true, |entry| self.query.matches(entry)));
        self.delivered += rows.iter().filter(|row| row.entry.is_ok()).count();
        Taken { entries: rows.into_iter().map(|row| row.entry).collect(), fresh, repeats }
    }

    /// The place of the first row that the query asks for, and its limit has no room for.
    fn behind_limit(&self, rows: &[Row]) -> Option<usize> {
        let room = self.wanted()?;
        let wanted = rows.iter().enumerate().filter(|(_, row)| row.entry.as_ref().is_ok_and(|e| self.query.matches(e)));
        wanted.map(|(place, _)| place).nth(room)
    }

    /// Whether this walk was listed the record before. What was delivered before its cursor is listed again, once.
    pub(crate) fn knows(&self, row: &Row) -> bool {
        self.seen.knows(row.key, row.time()) && !self.carried.contains(&row.key)
    }

    /// How many records this walk was listed.
    pub(crate) fn listed(&self) -> u64 {
        self.seen.len()
    }

    /// Whether every row was seen before.
    pub(crate) fn knows_all(&self, rows: &[Row]) -> bool {
        rows.iter().all(|row| self.knows(row))
    }

    /// The rows that were not seen before.
    pub(crate) fn unknown<'a>(&'a self, rows: &'a [Row]) -> impl Iterator<Item = &'a Row> {
        rows.iter().filter(|row| !self.knows(row))
    }

    /// Whether the query's limit is reached.
    pub(crate) fn is_full(&self) -> bool {
        self.query.limit.is_some_and(|limit| self.delivered >= limit)
    }

    /// How many entries the query's limit still allows.
    pub(crate) fn wanted(&self) -> Option<usize> {
        self.query.limit.map(|limit| limit.saturating_sub(self.delivered))
    }

    /// The time of the oldest row so far.
    pub(crate) fn frontier(&self) -> Option<Timestamp> {
        self.frontier
    }

    /// How many rows of that very time were seen.
    pub(crate) fn at_frontier(&self) -> usize {
        self.at_frontier.len()
    }

    /// Claims no more until [`release`](Self::release): pages carry the cursor of the last one before, and a walk that
    /// goes on from it reads everything behind it again. For as long as the list is in doubt.
    pub(crate) fn hold(&mut self) {
        self.waiting.clear();
        if self.held.is_none() {
            self.held = Some(self.last_cursor.clone().unwrap_or_default());
        }
    }

    /// Claims what was delivered up to the page with this number, of all that have come; all of it where there is none.
    /// Ends no doubt that [`hold`](Self::hold) began.
    pub(crate) fn claim(&mut self, (came, proved): (u64, Option<u64>)) {
        let held_back = !self.waiting.is_empty();
        if self.held.is_some() && !held_back {
            return;
        }
        let Some(proved) = proved else {
            if held_back {
                self.waiting.clear();
                self.held = None;
            }
            return;
        };
        if !held_back {
            self.waiting.push_back((0, self.last_cursor.clone().unwrap_or_default()));
        }
        self.waiting.push_back((came, self.cursor(false)));
        // The first of those that are left is proved: it has no page in it that came later.
        while self.waiting.get(1).is_some_and(|(came, _)| *came <= proved + 1) {
            self.waiting.pop_front();
        }
        self.held = self.waiting.front().map(|(_, cursor)| cursor.clone());
    }

    /// Claims nothing at all, whatever was claimed before: the list is in no order, so behind no time was everything
    /// delivered.
    pub(crate) fn hold_nothing(&mut self) {
        self.waiting.clear();
        self.held = Some(Cursor::default());
    }

    /// Ends the doubt: cursors claim again what was delivered.
    pub(crate) fn release(&mut self) {
        self.waiting.clear();
        self.held = None;
    }

    /// The page for an answer, unless it brought nothing and moved nothing: then the walk just goes on.
    pub(crate) fn step(&mut self, taken: Taken) -> Option<Page> {
        let cursor = match &self.held {
            Some(held) => held.clone(),
            None => self.cursor(false),
        };
        if taken.entries.is_empty() && self.last_cursor.as_ref() == Some(&cursor) {
            return None;
        }
        Some(self.page(taken, cursor, false))
    }

    /// The page that ends a walk because its limit is reached.
    pub(crate) fn full(&mut self, taken: Taken) -> Page {
        let cursor = match &self.held {
            Some(held) => held.clone(),
            None => self.cursor(false),
        };
        self.page(taken, cursor, true)
    }

    /// The page that ends a walk, with what proves that nothing is missing.
    pub(crate) fn end(&mut self, taken: Taken, proof: Proof) -> Page {
        let cursor = self.cursor(true);
        Page { proof: Some(proof), ..self.page(taken, cursor, true) }
    }

    fn cursor(&self, done: bool) -> Cursor {
        Cursor { reached: self.frontier, delivered: self.at_frontier.clone(), done }
    }

    fn page(&mut self, taken: Taken, cursor: Cursor, last: bool) -> Page {
        self.last_cursor = Some(cursor.clone());
        let records = usize::try_from(taken.fresh).unwrap_or(usize::MAX);
        Page { records, entries: taken.entries, cursor, last, proof: None }
    }

    fn move_frontier(&mut self, rows: &[Row]) {
        // Rows outside the time range say nothing of how far it was read, except that it was left on its old side.
        let until = self.query.until;
        let entries = rows.iter().filter_map(|row| row.entry.as_ref().ok());
        let inside = entries.filter(|entry| until.is_none_or(|until| entry.time < until));
        let Some(oldest) = inside.clone().map(|entry| entry.time).min() else { return };
        match self.frontier {
            Some(frontier) if oldest > frontier => return,
            Some(frontier) if oldest == frontier => {}
            _ => {
                self.frontier = Some(oldest);
                self.at_frontier.clear();
            }
        }
        self.at_frontier.extend(inside.filter(|entry| entry.time == oldest).map(|entry| entry.id.clone()));
    }
}

/// Stable: what the platform put first of one moment stays first. A row without a time stays behind its neighbour.
fn sort_newest_first(rows: &mut [Row]) {
    match order(rows) {
        Order::NewestFirst | Order::Flat => return,
        Order::OldestFirst if rows.iter().all(|row| row.entry.is_ok()) => rows.reverse(),
        Order::OldestFirst | Order::Mixed => {}
    }
    let mut last = None;
    rows.sort_by_cached_key(|row| {
        last = row.time().or(last);
        std::cmp::Reverse(last)
    });
}
