//! The habits of the platform at one store, as far as they were seen: the form of the request that it takes, and which
//! of its empty pages to believe.

use std::collections::VecDeque;
use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::BigCommerce;
use super::scope::Scope;
use crate::error::Error;
use crate::source::Learned;
use crate::walk::Regrowth;

/// Which form of the list request the platform takes. Some of it is not documented, so the first answers decide, and
/// the clones of a client remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Records on a page.
    pub(super) limit: i64,
    /// Whether the date filters are sent.
    pub(super) dates: bool,
    /// Whether `sort` and `direction` are sent.
    pub(super) sort: bool,
}

/// The largest page of the general API. Where it is refused, smaller ones are tried.
const LIMITS: [i64; 4] = [250, 100, 50, 20];

impl Default for Shape {
    fn default() -> Self {
        Self { limit: LIMITS[0], dates: true, sort: true }
    }
}

impl Shape {
    /// The forms to try, the best first.
    fn all() -> impl Iterator<Item = Self> {
        let with = |sort, dates| LIMITS.into_iter().map(move |limit| Self { limit, dates, sort });
        // After each limit the filters are in doubt before a smaller limit is: three requests settle most cases.
        let pairs = |sort| with(sort, true).zip(with(sort, false)).flat_map(|(a, b)| [a, b]);
        pairs(true).chain(pairs(false))
    }

    /// Whether it is the form that is tried first.
    pub(super) fn is_first(self) -> bool {
        self == Self::default()
    }

    /// Whether the other form has the same parameters.
    pub(super) fn differs_in_size_only(self, other: Self) -> bool {
        (self.dates, self.sort) == (other.dates, other.sort)
    }

    /// The same form with smaller pages.
    pub(super) fn smaller(self) -> Option<Self> {
        let limit = [50, 5, 1].into_iter().find(|limit| *limit < self.limit)?;
        Some(Self { limit, ..self })
    }

    /// The next form to try after a refusal of this one. A 413 is about the size alone.
    pub(super) fn after(self, refusal: &Error) -> Option<Self> {
        let says = |word: &str| refusal.detail().is_some_and(|detail| detail.contains(word));
        let too_large = refusal.status() == Some(413) || says("limit");
        Self::all().skip_while(|shape| *shape != self).skip(1).find(|next| {
            if too_large {
                next.limit < self.limit && next.dates == self.dates && next.sort == self.sort
            } else if says("date_created") {
                !next.dates
            } else if says("direction") || says("sort") {
                !next.sort
            } else {
                true
            }
        })
    }
}

/// How many rows are asked for where fewer did not come. Where rows that are not shown are taken out of pages once they
/// are cut, a smaller page may come empty anywhere in the list.
pub(super) const MORE: i64 = 20;

/// How often an empty page is asked for again, after the platform was seen to send one for rows that it has.
const LOOKS: u32 = 4;
/// The number of the next empty pages that are asked for again.
const DOUBTED: u32 = 32;
/// The same of a store that never had a row, which may be what such pages made of it. Only where a list goes up to the
/// present: a store without a row now is without one before, and its past is not to cost more.
const FIRST: u32 = 4;
/// A list that ends no longer ago than this goes up to the present.
const PRESENT: SignedDuration = SignedDuration::from_hours(24);
/// How many requests are remembered that got an empty page.
const REMEMBERED: usize = 16;

/// The empty pages that came, and whether such a page is to be believed.
#[derive(Debug)]
struct EmptyPages {
    /// The last requests that got one: the list, the page's number and its size.
    last: VecDeque<(Scope, i64, i64)>,
    /// The number of the next empty pages that are asked for again.
    doubted: u32,
    /// The number of those for as long as no page had a row.
    first: u32,
}

impl Default for EmptyPages {
    fn default() -> Self {
        Self { last: VecDeque::new(), doubted: 0, first: FIRST }
    }
}

impl EmptyPages {
    /// How often an empty page that came is asked for again. `present`: it is of a list that goes up to the present.
    fn looks(&mut self, present: bool) -> u32 {
        let left = if self.doubted > 0 || !present { &mut self.doubted } else { &mut self.first };
        let asked = *left > 0;
        *left = left.saturating_sub(1);
        if asked { LOOKS } else { 0 }
    }

    fn came(&mut self, scope: &Scope, number: i64, size: i64, rows: i64) {
        let same = |(other, page, asked): &(Scope, i64, i64)| (*page, *asked) == (number, size) && other == scope;
        let before = self.last.iter().position(same);
        if rows > 0 {
            self.first = 0;
        }
        if rows == 0 && before.is_none() {
            self.last.truncate(REMEMBERED - 1);
            self.last.push_front((scope.clone(), number, size));
        } else if rows > 0
            && let Some(before) = before
        {
            self.last.remove(before);
            self.doubted = DOUBTED;
        }
    }
}

/// The knowledge of the platform that the clones of a client share.
#[derive(Debug, Default)]
pub(super) struct Known {
    shape: Shape,
    learned: Learned,
    /// Some request was answered as it should be.
    answered: bool,
    /// Some page had rows.
    has_rows: bool,
    /// An empty list was looked through for a second row.
    looked_twice: bool,
    empty: EmptyPages,
    /// More rows failed than are asked for now. That may pass: unlike a refusal, it says nothing of what is allowed.
    fewer: bool,
    regrowth: Regrowth,
}

impl BigCommerce {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn shape(&self) -> Shape {
        self.known().shape
    }

    pub(super) fn set_shape(&self, shape: Shape) {
        let mut known = self.known();
        known.shape = shape;
        if shape != Shape::default() {
            // What failed may come the next time: another client begins with the most.
            let given = u32::try_from(shape.limit).ok().filter(|_| shape.limit < LIMITS[0] && !known.fewer);
            known.learn(|learned| {
                learned.page_size = given;
                learned.date_filters = if shape.dates { learned.date_filters } else { Some(false) };
                learned.direction = if shape.sort { learned.direction } else { Some(false) };
            });
        }
    }

    pub(super) fn has_answered(&self) -> bool {
        self.known().answered
    }

    pub(super) fn answered(&self) {
        self.known().answered = true;
    }

    /// From now on fewer rows are asked for, because more failed. Later more are again.
    pub(super) fn ask_for_fewer(&self) {
        let mut known = self.known();
        let again = std::mem::replace(&mut known.fewer, true);
        known.regrowth.shrink(again);
    }

    /// Whether fewer rows are asked for because more failed, and not because the platform gives no more.
    pub(super) fn asks_for_fewer(&self) -> bool {
        self.known().fewer
    }

    /// Asks for fewer rows at once. `false` where it is one row already.
    pub(super) fn shrink(&self) -> bool {
        let smaller = self.shape().smaller();
        if let Some(smaller) = smaller {
            self.ask_for_fewer();
            self.set_shape(smaller);
        }
        smaller.is_some()
    }

    /// From now on pages are large enough for [`MORE`] rows: smaller ones hide some.
    pub(super) fn ask_for_more(&self) {
        let shape = self.shape();
        self.set_shape(Shape { limit: shape.limit.max(MORE), ..shape });
    }

    /// A page of a list came: `size` rows were asked for, and it had `rows`.
    pub(super) fn came(&self, scope: &Scope, number: i64, size: i64, rows: i64) {
        let mut known = self.known();
        known.has_rows |= rows > 0;
        known.empty.came(scope, number, size, rows);
        if known.fewer && size >= known.shape.limit && known.regrowth.page_came() {
            let more = (known.shape.limit * 4).min(LIMITS[0]);
            (known.shape.limit, known.fewer) = (more, more < LIMITS[0]);
        }
    }

    /// The platform gives pages of this many rows, whatever is asked for.
    pub(super) fn learn_size(&self, size: i64) {
        let mut known = self.known();
        known.shape.limit = size.clamp(1, LIMITS[0]);
        let page_size = u32::try_from(size).ok().filter(|_| !known.fewer);
        known.learn(|learned| learned.page_size = page_size);
    }

    /// Writes down what the platform was seen to do.
    pub(super) fn learn(&self, write: impl FnOnce(&mut Learned)) {
        self.known().learn(write);
    }

    pub(super) fn learnt(&self) -> Learned {
        self.known().learned.clone()
    }

    /// Begins with what was learned before. The date filters and the order are asked for all the same: what was refused
    /// once may be taken now, and what was ignored does no harm.
    pub(super) fn begin_with(&self, learned: &Learned) {
        let mut known = self.known();
        if let Some(size) = learned.page_size {
            known.shape.limit = i64::from(size).clamp(1, LIMITS[0]);
        }
        if learned.direction.is_some() || learned.counts.is_some() {
            known.empty.first = 0; // a row came before
        }
        known.learned = learned.clone();
    }

    /// How often an empty page that came is asked for again, whatever else is asked to see whether it is one.
    pub(super) fn looks(&self, scope: &Scope) -> u32 {
        let present = scope.until.is_none_or(|until| until > Timestamp::now() - PRESENT);
        self.known().empty.looks(present)
    }

    /// Whether an empty list is looked through for a second row, too: its first may be what empties each page it is on.
    /// Where totals are right they would show that; a store that never had a row is asked once.
    pub(super) fn looks_twice(&self) -> bool {
        let mut known = self.known();
        let asked = std::mem::replace(&mut known.looked_twice, true);
        known.learned.counts != Some(true) && (known.has_rows || !asked)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.transport.in_flight()
    }
}

impl Known {
    fn learn(&mut self, write: impl FnOnce(&mut Learned)) {
        let before = self.learned.clone();
        write(&mut self.learned);
        if self.learned != before {
            self.learned.at = Some(Timestamp::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_page_that_had_rows_puts_the_next_ones_in_doubt_and_no_other_list_does() {
        let (mut pages, list) = (EmptyPages::default(), Scope::default());
        pages.came(&list, 1, 250, 0);
        pages.came(&Scope { module: Some("orders".to_owned()), ..Scope::default() }, 1, 250, 7);
        pages.came(&list, 2, 250, 7);
        pages.came(&list, 1, 50, 7);
        assert_eq!(pages.doubted, 0);
        pages.came(&list, 1, 250, 7);
        assert_eq!(pages.doubted, DOUBTED);
    }

    #[test]
    fn only_the_last_empty_pages_are_remembered() {
        let (mut pages, list) = (EmptyPages::default(), Scope::default());
        for number in 1..=1 + i64::try_from(REMEMBERED).unwrap_or(0) {
            pages.came(&list, number, 250, 0);
        }
        pages.came(&list, 1, 250, 7);
        assert_eq!((pages.doubted, pages.last.len()), (0, REMEMBERED));
    }

    #[test]
    fn the_first_empty_pages_of_the_present_are_looked_at_again_until_a_row_came() {
        let (mut pages, list) = (EmptyPages::default(), Scope::default());
        assert_eq!([pages.looks(false), pages.looks(true)], [0, LOOKS]);
        pages.came(&list, 1, 250, 7);
        assert_eq!(pages.looks(true), 0);
        let mut pages = EmptyPages::default();
        let looks: u32 = (0..2 * FIRST).map(|_| pages.looks(true)).sum();
        assert_eq!(looks, FIRST * LOOKS);
    }
}
