//! Running a query on the archive.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params_from_iter};
use storelogs::LogEntry;

use super::Filter;
use super::plan::{Order, Plan};
use crate::archive::index::Standing;
use crate::archive::{Archive, row};
use crate::error::{Error, Result};

/// The most entries outside the index of words that are read faster than they are indexed.
const FEW: u64 = 5_000;
/// The most entries that are read beside the index; beyond that, the index is no help.
const MANY: i64 = 200_000;
/// How long to wait between two looks while another process takes a step of the index.
const BETWEEN: Duration = Duration::from_millis(10);
/// How long catching up waits for another process that writes.
const SHORT_BUSY_TIMEOUT: Duration = Duration::from_millis(500);

impl Archive {
    /// Indexes the words of entries that are not indexed yet, if there are too many for a search to read. `progress` is
    /// called with how many are left, before each step.
    ///
    /// A search finds the same entries without it, only later.
    ///
    /// # Errors
    /// If the archive cannot be written, or another process writes for longer than a moment.
    pub fn catch_up(&mut self, mut progress: impl FnMut(u64)) -> Result<()> {
        // Entries that come meanwhile are for the next call.
        let (_, upto) = self.index_bounds()?;
        if self.unindexed()? <= FEW && self.index_standing() != Standing::Between {
            return Ok(());
        }
        self.set_busy_timeout(SHORT_BUSY_TIMEOUT)?;
        let caught_up = self.index_up_to(upto, &mut progress);
        self.set_busy_timeout(crate::archive::BUSY_TIMEOUT)?;
        caught_up
    }

    /// Indexes what is left, as [`Archive::catch_up`] does, by a connection of its own: for an archive that was opened to be
    /// read. Where it cannot be written nothing is indexed; a search takes longer then, and finds the same.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn catch_up_beside(&self, progress: impl FnMut(u64)) -> Result<()> {
        if self.unindexed()? > 0
            && let Ok(mut writable) = Self::open(self.path())
        {
            let _ = writable.catch_up(progress);
        }
        Ok(())
    }

    fn index_up_to(&mut self, upto: i64, progress: &mut impl FnMut(u64)) -> Result<()> {
        loop {
            let (done, _) = self.index_bounds()?;
            if done >= upto && self.index_standing() == Standing::InStep {
                return Ok(());
            }
            progress(self.unindexed()?);
            self.index_words(1)?;
        }
    }

    /// Calls `each` with every entry that matches a filter, in order of time, until it breaks off. The archive is seen as
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
        let filter = &*filter.labelled(self)?;
        let mut delivered = false;
        let mut first = |entry| {
            delivered = true;
            each(entry)
        };
        match self.search_by(filter, order, self.index_at_hand()?, &mut first) {
            Err(Broken::Index(error)) if delivered => Err(error.into()),
            // The entries themselves are searched instead.
            Err(Broken::Index(_)) => match self.search_by(filter, order, self.entries_only()?, &mut each) {
                Ok(()) => Ok(()),
                Err(Broken::Index(error)) => Err(error.into()),
                Err(Broken::Off(error)) => Err(error),
            },
            Err(Broken::Off(error)) => Err(error),
            Ok(()) => Ok(()),
        }
    }

    fn search_by<E: From<Error>>(
        &self,
        filter: &Filter,
        order: Order,
        (view, has_words): (Transaction<'_>, bool),
        each: &mut impl FnMut(LogEntry) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), Broken<E>> {
        let (plan, tail) = self.plan(filter, has_words).map_err(Broken::off)?;
        let fault = |error: rusqlite::Error| self.broken(&plan, error);
        let (sql, bound) = plan.select(order);
        let mut hits = Hits { archive: self, order, tail: tail.into(), second: Vec::new(), each };
        hits.sort_tail();
        let mut statement = view.prepare(&sql).map_err(fault)?;
        let mut rows = statement.query(params_from_iter(bound)).map_err(fault)?;
        let mut second = None;
        while let Some(row) = rows.next().map_err(fault)? {
            let key: i64 = row.get(row::KEY_COLUMN).map_err(fault)?;
            let this = Some(row::second_of(key));
            if this != second {
                if second.is_some() && hits.deliver(second).map_err(Broken::Off)?.is_break() {
                    return Ok(());
                }
                second = this;
            }
            let entry = row::entry(row).map_err(fault)?;
            if plan.exact || filter.matches(&entry) {
                hits.second.push((key, entry));
            }
        }
        hits.deliver(None).map(drop).map_err(Broken::Off)
    }

    /// How many entries match a filter.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn count_found(&self, filter: &Filter) -> Result<u64> {
        let filter = &*filter.labelled(self)?;
        match self.count_by(filter, self.index_at_hand()?) {
            Err(Broken::Index(_)) => match self.count_by(filter, self.entries_only()?) {
                Ok(found) => Ok(found),
                Err(Broken::Index(error) | Broken::Off(error)) => Err(error),
            },
            Err(Broken::Off(error)) => Err(error),
            Ok(found) => Ok(found),
        }
    }

    fn count_by(&self, filter: &Filter, (view, has_words): (Transaction<'_>, bool)) -> Result<u64, Broken<Error>> {
        let (plan, tail) = self.plan(filter, has_words).map_err(Broken::Off)?;
        let fault = |error: rusqlite::Error| self.broken(&plan, error);
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

    /// The archive as it is from the first look on, and whether the index of words may be asked.
    fn index_at_hand(&self) -> Result<(Transaction<'_>, bool)> {
        let mut left = SHORT_BUSY_TIMEOUT.as_millis() / BETWEEN.as_millis();
        self.has_index(); // not within a transaction
        loop {
            let view = self.view()?;
            match self.index_standing() {
                Standing::InStep => return Ok((view, true)),
                // The process that takes the step will record it in the archive in a moment.
                Standing::Between if left > 0 => {
                    drop(view);
                    left -= 1;
                    std::thread::sleep(BETWEEN);
                }
                Standing::Between | Standing::Useless => return Ok((view, false)),
            }
        }
    }

    /// The archive as it is from the first look on, without the index, which may be damaged.
    fn entries_only(&self) -> Result<(Transaction<'_>, bool)> {
        if !self.index_is_sound() {
            self.discard_index();
        }
        Ok((self.view()?, false))
    }

    fn broken<E: From<Error>>(&self, plan: &Plan, error: rusqlite::Error) -> Broken<E> {
        match self.fault(error) {
            Error::Corrupt { why, .. } if plan.needs_words() => {
                Broken::Index(Error::Corrupt { path: self.index_path(), why })
            }
            error => Broken::off(error),
        }
    }

    fn set_busy_timeout(&self, timeout: Duration) -> Result<()> {
        self.sql().busy_timeout(timeout).map_err(|error| self.fault(error))
    }

    /// The plan, and the matches among the entries that it does not see.
    fn plan(&self, filter: &Filter, has_words: bool) -> Result<(Plan, Vec<(Timestamp, i64)>)> {
        let mut plan = Plan::new(self, &filter.expr, has_words)?;
        let mut tail = Vec::new();
        if !plan.needs_words() {
            return Ok((plan, tail));
        }
        let (done, newest) = self.index_bounds()?;
        if newest - done > MANY || !has_words {
            plan.forget_words();
            return Ok((plan, tail));
        }
        if done < newest {
            plan.leave_out(done);
        }
        let mut find = self.prepared(row::SELECT_BY_ARRIVAL)?;
        let mut rows = find.query([done, newest]).map_err(|error| self.fault(error))?;
        while let Some(row) = rows.next().map_err(|error| self.fault(error))? {
            let entry = row::entry(row).map_err(|error| self.fault(error))?;
            if filter.matches(&entry) {
                tail.push((entry.time, row.get(row::KEY_COLUMN).map_err(|error| self.fault(error))?));
            }
        }
        Ok((plan, tail))
    }
}

/// The reason why a search ended.
enum Broken<E> {
    /// The index of words is damaged, or the archive, which it is joined with.
    Index(Error),
    Off(E),
}

impl<E: From<Error>> Broken<E> {
    fn off(error: Error) -> Self {
        Self::Off(error.into())
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
        find.query_row([key], row::entry).optional().map_err(|error| self.archive.fault(error))
    }
}
