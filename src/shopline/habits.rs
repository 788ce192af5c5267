//! The habits of a SHOPLINE store: what it was seen to do with requests, shared by the clones of its client.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::entry::UtcOffset;
use crate::source::Learned;
use crate::walk::Regrowth;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The habits that were seen, behind a lock.
#[derive(Clone, Debug, Default)]
pub(super) struct Habits(Arc<Mutex<Seen>>);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    /// Whether a row of the very second that a time range begins with is listed.
    pub(super) since_included: Option<bool>,
    /// The same of its end.
    pub(super) until_included: Option<bool>,
}

#[derive(Debug, Default)]
struct Seen {
    learned: Learned,
    bounds: Bounds,
    answered: bool,
    /// The most rows that are asked for now, where more were refused or failed.
    most: Option<i32>,
    /// The most rows that were asked for with success, and where some came.
    proved: i32,
    filled: i32,
    /// How many times in a row asking kind by kind brought nothing.
    kinds_in_vain: u32,
    /// The most rows of a page that had fewer than were asked for; 0 if there was none.
    gave: usize,
    regrowth: Regrowth,
    /// The newest time of which rows were counted as they were listed.
    counted_to: Option<Timestamp>,
    /// More rows of some time range were counted than were listed.
    listed_fewer: bool,
}

/// How often rows are asked for kind by kind in vain before that is given up.
const KINDS_IN_VAIN: u32 = 8;

impl Habits {
    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn learned(&self) -> Learned {
        self.with(|seen| seen.learned.clone())
    }

    pub(super) fn teach(&self, learned: &Learned) {
        self.with(|seen| {
            seen.most = learned.page_size.and_then(|rows| i32::try_from(rows).ok()).filter(|rows| *rows > 0);
            seen.learned = learned.clone();
        });
    }

    /// Keeps what was learned just now.
    pub(super) fn learn(&self, note: impl FnOnce(&mut Learned)) {
        self.with(|seen| {
            note(&mut seen.learned);
            seen.learned.at = Some(Timestamp::now());
        });
    }

    pub(super) fn offset(&self) -> Option<UtcOffset> {
        self.with(|seen| seen.learned.utc_offset).map(UtcOffset::from_seconds)
    }

    pub(super) fn write_with(&self, offset: UtcOffset) {
        self.learn(|learned| learned.utc_offset = Some(offset.seconds()));
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.with(|seen| seen.bounds)
    }

    pub(super) fn set_bounds(&self, note: impl FnOnce(&mut Bounds)) {
        self.with(|seen| note(&mut seen.bounds));
    }

    /// The lower bound to send so that every row from this second on is listed.
    pub(super) fn since(&self, second: Timestamp) -> Timestamp {
        if self.bounds().since_included == Some(true) { second } else { second - SECOND }
    }

    /// The upper bound to send so that every row up to this second is listed.
    pub(super) fn until(&self, second: Timestamp) -> Timestamp {
        if self.bounds().until_included == Some(true) { second } else { second + SECOND }
    }

    /// How many rows a page can hold, by all that was seen, if `limit` are asked for.
    pub(super) fn room(&self, limit: i32) -> usize {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.with(|seen| if seen.gave == 0 { limit } else { limit.min(seen.gave) })
    }

    /// Whether asking for one kind of entry at a time is worth the requests.
    pub(super) fn kinds_help(&self) -> bool {
        self.with(|seen| seen.kinds_in_vain < KINDS_IN_VAIN)
    }

    /// Rows of one second were asked for kind by kind, and that brought more of them or not.
    pub(super) fn tried_kinds(&self, helped: bool) {
        self.with(|seen| seen.kinds_in_vain = if helped { 0 } else { seen.kinds_in_vain + 1 });
    }

    /// How many rows to ask for if `wanted` are wanted.
    pub(super) fn limit(&self, wanted: i32) -> i32 {
        self.with(|seen| seen.most.map_or(wanted, |most| wanted.min(most)))
    }

    /// Whether this many rows, or more, were asked for with success.
    pub(super) fn allows(&self, limit: i32) -> bool {
        self.with(|seen| seen.proved >= limit)
    }

    pub(super) fn has_answered(&self) -> bool {
        self.with(|seen| seen.answered)
    }

    /// A page had this many rows, fewer than were asked for, and was not the last.
    pub(super) fn gave(&self, rows: usize) {
        self.with(|seen| seen.gave = seen.gave.max(rows));
    }

    /// A page came for a request for `limit` rows, with rows or without.
    pub(super) fn came(&self, limit: i32, longest: i32, has_rows: bool) {
        self.with(|seen| {
            seen.answered = true;
            seen.proved = seen.proved.max(limit);
            if has_rows {
                seen.filled = seen.filled.max(limit);
            }
            if seen.most.is_some_and(|most| limit >= most) && seen.regrowth.page_came() {
                seen.most = seen.most.map(|most| most.saturating_mul(2)).filter(|most| *most < longest);
                seen.learned.page_size = seen.most.and_then(|most| u32::try_from(most).ok());
            }
        });
    }

    /// Whether rows came where this many, or more, were asked for.
    pub(super) fn fills(&self, limit: i32) -> bool {
        self.with(|seen| seen.filled >= limit)
    }

    /// From now on at most this many rows are asked for.
    pub(super) fn ask_for_fewer(&self, most: i32) {
        self.with(|seen| {
            seen.regrowth.shrink(seen.most.is_some_and(|before| before > most));
            seen.most = Some(most);
            seen.learned.page_size = u32::try_from(most).ok();
            seen.learned.at = Some(Timestamp::now());
        });
    }

    /// Whether the platform is known to count what it has of a time that ends here: counts may be of an earlier time.
    pub(super) fn counts_up_to(&self, until: Timestamp) -> bool {
        self.with(|seen| seen.counted_to.is_some_and(|counted| counted >= until))
    }

    /// Whether times are known to be read as they are sent, and counts to be right up to a time later than this.
    pub(super) fn is_counted_beyond(&self, until: Timestamp) -> bool {
        let learned = self.learned();
        (learned.counts, learned.date_filters) == (Some(true), Some(true)) && self.counts_up_to(until)
    }

    /// As many rows were counted as were listed, and this is the time of the newest.
    pub(super) fn counted(&self, newest: Option<Timestamp>) {
        self.with(|seen| seen.counted_to = seen.counted_to.max(newest));
    }

    /// More rows of some time range were counted than were listed.
    pub(super) fn listed_fewer(&self) {
        self.with(|seen| seen.listed_fewer = true);
    }

    /// Whether a count that agrees with what was listed may do so by chance: rows are left out of lists, and no count is
    /// known to reach up to this time. Of an earlier time it leaves out the newest rows, and there may be as many.
    pub(super) fn may_agree_by_chance(&self, newest: Timestamp) -> bool {
        self.with(|seen| seen.listed_fewer) && !self.counts_up_to(newest)
    }

    /// From now on this many rows are asked for, where fewer did not come.
    pub(super) fn ask_for(&self, rows: i32) {
        self.with(|seen| {
            seen.regrowth.restart();
            (seen.most, seen.learned.page_size) = (Some(rows), u32::try_from(rows).ok());
            seen.learned.at = Some(Timestamp::now());
        });
    }

    /// It was one row that failed, not the number of them.
    pub(super) fn ask_for_all_again(&self) {
        self.with(|seen| {
            seen.regrowth.restart();
            (seen.most, seen.learned.page_size) = (None, None);
        });
    }
}
