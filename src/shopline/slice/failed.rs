//! Pages of a slice that fail however few rows are asked for: the rows beside what fails are read all the same.

use jiff::Timestamp;

use super::range::PagedRange;
use super::{Batch, Part, Slice, middle};
use crate::error::{Error, Result};
use crate::shopline::crowded;
use crate::shopline::reader::{SECOND, is_heavy};
use crate::source::Proof;

/// The most ranges that are cut in two because they failed.
const MOST_FAILURES: u32 = 4;

impl Slice {
    /// After a page that failed, whatever number of rows was asked for: a narrower range may do without what fails.
    pub(super) async fn narrow(&mut self, range: Box<PagedRange>, error: Error) -> Result<Option<Batch>> {
        self.failures += 1;
        let (since, top) = (range.since, range.top());
        if !self.reader.habits().has_answered() || self.failures > MOST_FAILURES {
            return Err(error);
        }
        let habits = self.reader.habits();
        if self.failures == 1 && top > since {
            // Whether the platform answers at all.
            let older = (habits.since(since), habits.until(middle(since, top)));
            match self.reader.count(older, &self.reader.filter).await {
                Err(dead) if is_heavy(&dead) => return Err(error),
                alive => alive?,
            };
        }
        self.proof = Proof::EndOfList;
        let located = if top > since { self.newest_counted(since, top).await? } else { Some(top) };
        let Some(second) = located else {
            self.halve(since, top);
            return Ok(None);
        };
        if second > since {
            let older = PagedRange::new(&self.reader, since, second - SECOND);
            self.parts.push(Part::Range(Box::new(older)));
        }
        let read = match crowded::read(&self.reader, second, &self.kinds, &mut self.in_hand).await {
            Err(dead) if is_heavy(&dead) => None,
            read => Some(read?),
        };
        let (proof, missing, rows) =
            read.map_or((None, None, Vec::new()), |read| (read.proof, read.missing, read.rows));
        if proof.is_none() || rows.is_empty() {
            self.lack(second, second, missing.or(Some(1)), "each request that lists it fails", Some(error));
        }
        self.reader.habits().ask_for_all_again();
        Ok(self.batch(rows))
    }

    /// The newest second of a range that has a row, by the platform's counts. `None` where they do not say.
    async fn newest_counted(&self, since: Timestamp, until: Timestamp) -> Result<Option<Timestamp>> {
        let (mut low, mut high) = (since, until);
        let habits = self.reader.habits();
        let bounds = habits.bounds();
        if bounds.since_included.is_none() && bounds.until_included.is_none() {
            return Ok(None);
        }
        while low < high {
            let middle = middle(low, high) + SECOND;
            let newer = (habits.since(middle), habits.until(high));
            match self.reader.count(newer, &self.reader.filter).await {
                Ok(Some(0)) => high = middle - SECOND,
                Ok(Some(_)) => low = middle,
                Ok(None) => return Ok(None),
                Err(error) if is_heavy(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(low))
    }
}
