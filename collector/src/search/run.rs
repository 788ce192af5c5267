//! Finding entries in the archive.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params_from_iter};
use storelogs::LogEntry;

use super::Filter;
use super::plan::{Order, Plan};
use crate::archive::{Archive, row};
use crate::error::{Error, Result};

/// So many entries that are not in the index of words yet are looked through faster than they are indexed.
const FEW: i64 = 5_000;
/// So many are looked through beside the index; of more, the index is no help.
const MANY: i64 = 200_000;
/// How long catching up waits for another process that writes.
const PATIENCE: Duration = Duration::from_millis(500);

impl Archive {
    /// Indexes the words of entries that came since, if they are more than a search can well look through, and of all if the
    /// index is being made anew. `told` is called with how many are left, before each step.
    ///
    /// A search finds the same entries without it, only later.
    ///
    /// # Errors
    /// If the archive cannot be written, or another process writes for longer than a moment.
    pub fn catch_up(&mut self, mut told: impl FnMut(u64)) -> Result<()> {
        // What comes while it works is for the next one.
        let (done, upto) = self.index_bounds()?;
        if upto - done <= FEW && self.index_is_whole()? {
            return Ok(());
        }
        self.patience(PATIENCE)?;
        let caught_up = self.index_up_to(upto, &mut told);
        self.patience(crate::archive::PATIENCE)?;
        caught_up
    }

    fn index_up_to(&mut self, upto: i64, told: &mut impl FnMut(u64)) -> Result<()> {
        loop {
            let (done, _) = self.index_bounds()?;
            if done >= upto && self.index_is_whole()? {
                return Ok(());
            }
            told(self.unindexed()?);
            self.index_words(1)?;
        }
    }

    /// Calls `each` with every entry that a filter means, in order of time, until it breaks off. The archive is seen as
    /// it is when the search begins.
    ///
    /// # Errors
    /// If the archive cannot be read, or what `each` returns.
    pub fn search<E: From<Error>>(
        &self,
        filter: &Filter,
        order: Order,
        mut each: impl FnMut(LogEntry) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let view = self.view()?;
        let (plan, tail) = self.plan(filter)?;
        let (sql, bound) = plan.select(order);
        let mut hits = Hits { archive: self, order, tail: tail.into(), second: Vec::new(), each: &mut each };
        hits.sort_tail();
        let fault = |error: rusqlite::Error| self.fault(&error);
        let mut statement = view.prepare(&sql).map_err(fault)?;
        let mut rows = statement.query(params_from_iter(bound)).map_err(fault)?;
        let mut second = None;
        while let Some(row) = rows.next().map_err(fault)? {
            let key: i64 = row.get(row::KEY_COLUMN).map_err(fault)?;
            let this = Some(row::second_of(key));
            if this != second {
                if second.is_some() && hits.deliver(second)?.is_break() {
                    return Ok(());
                }
                second = this;
            }
            let entry = row::entry(row).map_err(fault)?;
            if plan.exact || filter.matches(&entry) {
                hits.second.push((key, entry));
            }
        }
        hits.deliver(None).map(drop)
    }

    /// How many entries a filter means.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn count_found(&self, filter: &Filter) -> Result<u64> {
        let view = self.view()?;
        let (plan, tail) = self.plan(filter)?;
        let fault = |error: rusqlite::Error| self.fault(&error);
        if plan.exact {
            let (sql, bound) = plan.count();
            let found: i64 = view.query_row(&sql, params_from_iter(bound), |row| row.get(0)).map_err(fault)?;
            return Ok(found.unsigned_abs() + tail.len() as u64);
        }
        let (sql, bound) = plan.select(Order::NewestFirst);
        let mut statement = view.prepare(&sql).map_err(fault)?;
        let mut rows = statement.query(params_from_iter(bound)).map_err(fault)?;
        let mut found = tail.len() as u64;
        while let Some(row) = rows.next().map_err(fault)? {
            found += u64::from(filter.matches(&row::entry(row).map_err(fault)?));
        }
        Ok(found)
    }

    /// The archive as it is from the first look on.
    fn view(&self) -> Result<Transaction<'_>> {
        self.sql().unchecked_transaction().map_err(|error| self.fault(&error))
    }

    fn patience(&self, patience: Duration) -> Result<()> {
        self.sql().busy_timeout(patience).map_err(|error| self.fault(&error))
    }

    /// The plan, and what is meant of the entries that it does not see.
    fn plan(&self, filter: &Filter) -> Result<(Plan, Vec<(Timestamp, i64)>)> {
        let mut plan = Plan::new(self, &filter.expr)?;
        let mut tail = Vec::new();
        if !plan.needs_words() {
            return Ok((plan, tail));
        }
        let (done, newest) = self.index_bounds()?;
        if newest - done > MANY || !self.index_is_whole()? {
            plan.forget_words();
            return Ok((plan, tail));
        }
        let mut find = self.prepared(row::SELECT_BY_ARRIVAL)?;
        let mut rows = find.query([done, newest]).map_err(|error| self.fault(&error))?;
        while let Some(row) = rows.next().map_err(|error| self.fault(&error))? {
            let entry = row::entry(row).map_err(|error| self.fault(&error))?;
            if filter.matches(&entry) {
                tail.push((entry.time, row.get(row::KEY_COLUMN).map_err(|error| self.fault(&error))?));
            }
        }
        Ok((plan, tail))
    }
}

/// Hits on their way out. They come by the second, and leave in order of time.
struct Hits<'a, F> {
    archive: &'a Archive,
    order: Order,
    /// Hits beside the index of words, by their keys. The next one stands in front.
    tail: VecDeque<(Timestamp, i64)>,
    /// The hits of the second in hand.
    second: Vec<(i64, LogEntry)>,
    each: &'a mut F,
}

impl<E: From<Error>, F: FnMut(LogEntry) -> Result<ControlFlow<()>, E>> Hits<'_, F> {
    fn sort_tail(&mut self) {
        let order = self.order;
        self.tail.make_contiguous().sort_unstable_by(|a, b| match order {
            Order::NewestFirst => b.cmp(a),
            Order::OldestFirst => a.cmp(b),
        });
    }

    /// Delivers the hits of the second in hand, and those of the tail up to it. Without one, all that is left.
    fn deliver(&mut self, second: Option<i64>) -> Result<ControlFlow<()>, E> {
        while let Some((_, key)) = self.tail.front() {
            let behind = |second| match self.order {
                Order::NewestFirst => row::second_of(*key) < second,
                Order::OldestFirst => row::second_of(*key) > second,
            };
            if second.is_some_and(behind) {
                break;
            }
            if let Some(entry) = self.read(*key)? {
                self.second.push((*key, entry));
            }
            self.tail.pop_front();
        }
        let at = |hit: &(i64, LogEntry)| (hit.1.time, hit.0);
        match self.order {
            Order::NewestFirst => self.second.sort_by_key(|hit| std::cmp::Reverse(at(hit))),
            Order::OldestFirst => self.second.sort_by_key(at),
        }
        for (_, entry) in self.second.drain(..) {
            if (self.each)(entry)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn read(&self, key: i64) -> Result<Option<LogEntry>> {
        let mut find = self.archive.prepared(row::SELECT_BY_KEY)?;
        find.query_row([key], row::entry).optional().map_err(|error| self.archive.fault(&error))
    }
}
