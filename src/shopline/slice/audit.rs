//! The auditor of a slice: whether as much was listed as the platform counts, and where it was not, in halves.

use jiff::{SignedDuration, Timestamp};

use super::range::PagedRange;
use super::{Part, Slice, Trust, middle};
use crate::error::Result;
use crate::shopline::reader::{PAGE, SECOND, is_heavy, whole};
use crate::source::Proof;

/// The most ranges that are audited again because one was short.
const MOST_AUDITS: u32 = 120;

impl Slice {
    /// Whether as many records were listed as the platform counts. Counts anew.
    pub(super) async fn is_audited(&mut self, range: &mut PagedRange) -> Result<bool> {
        if self.reader.habits().learned().counts == Some(false) {
            return Ok(false);
        }
        let counted = match self.reader.count(range.bounds, &self.reader.filter).await {
            Err(error) if is_heavy(&error) && self.failures > 0 => self.reader.count_again(range.bounds).await?,
            counted => counted?,
        };
        if counted.is_some_and(|counted| counted < range.settled()) {
            // Whoever counts fewer than there were long ago counts something else. Where such a number agrees with what
            // was listed, it does so by chance.
            self.distrust();
            return Ok(false);
        }
        // A count of fewer is of a moment ago, and says nothing.
        range.counted = counted.filter(|counted| *counted >= range.listed.len() as u64);
        let audited = range.counted == Some(range.listed.len() as u64);
        let habits = self.reader.habits().clone();
        let newest = range.listed.values().flatten().max().copied();
        if audited
            && let Some(newest) = newest
            && habits.may_agree_by_chance(newest)
            && let (counted, listed) = self.count_second(range, whole(newest)).await?
            && counted.is_some_and(|counted| counted < listed)
        {
            range.counted = None;
            return Ok(false);
        }
        if audited && !range.listed.is_empty() {
            habits.counted(newest);
            if habits.learned().counts.is_none() {
                habits.learn(|learned| learned.counts = Some(true));
            }
        }
        // One row alone that does not come shows nothing that such a count could agree with.
        let shown = !range.listed.is_empty() || habits.limit(PAGE) > 1 || habits.counts_up_to(range.until);
        Ok(audited && shown)
    }

    /// The number of rows that the platform counts of a second, if it counts, and the number that were listed of it.
    pub(super) async fn count_second(&self, range: &PagedRange, second: Timestamp) -> Result<(Option<u64>, u64)> {
        let habits = self.reader.habits();
        let bounds = (habits.since(second), habits.until(second));
        let listed = range.listed.values().flatten().filter(|time| whole(**time) == second).count() as u64;
        Ok((self.reader.count(bounds, &self.reader.filter).await?, listed))
    }

    /// A range has come to its own end, and was not audited.
    pub(super) async fn end(&mut self, mut range: Box<PagedRange>) -> Result<()> {
        let had = range.listed.len() as u64;
        let Some(counted) = range.counted.filter(|counted| *counted > had) else {
            self.proof = Proof::EndOfList; // nothing is counted, or what it counts is out of date
            return Ok(());
        };
        if self.audits == 0 && self.counts_what_is_not_there().await? {
            self.distrust();
            return Ok(());
        }
        self.audits += 1;
        self.trust = Trust::Lost;
        self.reader.habits().listed_fewer();
        if self.audits > MOST_AUDITS {
            self.lack(range.since, range.until, Some(counted - had), "the platform counts more than it lists", None);
            return Ok(());
        }
        if let Some(known) = range.listed.values().flatten().min() {
            self.reader.settle_bounds(whole(*known)).await?;
        }
        let exact = (self.reader.habits().since(range.since), self.reader.habits().until(range.until));
        if range.bounds != exact {
            // What was listed of the seconds beside the range is not compared with its halves.
            range.bounds = exact;
            range.keep_inside();
            if self.is_audited(&mut range).await? {
                return Ok(());
            }
        }
        let had = range.listed.len() as u64;
        let Some(counted) = range.counted.filter(|counted| *counted > had) else {
            self.proof = Proof::EndOfList;
            return Ok(());
        };
        if range.since >= range.until {
            self.parts.push(Part::Second(range.since));
            return Ok(());
        }
        let middle = middle(range.since, range.until);
        let habits = self.reader.habits().clone();
        let mut sum = 0;
        let mut short = Vec::new();
        for (since, until) in [(range.since, middle), (middle + SECOND, range.until)] {
            let half = PagedRange::new(&self.reader, since, until);
            let Some(counted) = self.reader.count(half.bounds, &self.reader.filter).await? else { continue };
            sum += counted;
            let inside = |time: &&Timestamp| (since..until + SECOND).contains(*time);
            if counted > range.listed.values().flatten().filter(inside).count() as u64 {
                short.push(half);
            }
        }
        // Other slices may have learned meanwhile which bounds are included: then the parts are of other seconds than the
        // whole.
        let bounds = habits.bounds();
        let settled = bounds.since_included.is_some() && bounds.until_included.is_some();
        let same = range.bounds == (habits.since(range.since), habits.until(range.until));
        if settled && same && (sum < counted || sum > counted + 1 && sum - counted > counted.saturating_sub(had)) {
            self.distrust(); // the parts do not make the whole
            return Ok(());
        }
        if short.is_empty() {
            self.proof = Proof::EndOfList;
        }
        self.parts.extend(short.into_iter().map(|half| Part::Range(Box::new(half))));
        Ok(())
    }

    /// Counts a second that is yet to come.
    pub(super) async fn counts_what_is_not_there(&self) -> Result<bool> {
        let second = whole(Timestamp::now()) + SignedDuration::from_hours(365 * 24);
        Ok(self.reader.count((second, second), &self.reader.filter).await?.is_some_and(|counted| counted > 0))
    }

    /// The platform's counts contradict its lists: nothing is proved by them any more.
    pub(super) fn distrust(&mut self) {
        self.reader.habits().learn(|learned| learned.counts = Some(false));
        self.proof = Proof::EndOfList;
        self.lacks.retain(|lack| lack.error.is_some());
    }
}
