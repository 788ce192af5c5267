//! Reading ahead: why pages may be asked for before the ones before them have come, though the list moves meanwhile and
//! nothing counts it.
//!
//! In the direction of the walk a list only ever moves towards the pages that are still to be read: new rows push those of a
//! newest-first list to later pages, and the purge pulls those of an oldest-first list to earlier ones. So of two neighbours
//! on the way, rows can be missed between them only where the first was answered after a move and the second before it. Any
//! page that was *asked for after the first one came* was answered after that move, too: up to it, the list must catch up,
//! and where it does, rows come that came before. So
//!
//! - as long as no row comes twice, everything up to a page is proved to be whole by the next page that was asked for
//!   after it came, which is as many pages later as are under way at once;
//! - where a row does come twice, the pages since the last proved one are asked for again, one after the other;
//! - at the end of the list, the last page is asked for once more: if it is still the same, nothing moved.

use std::collections::VecDeque;

use super::listing::PageInfo;

/// The pages that came beside others, and are not proved to be whole.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// How many pages have come.
    came: u64,
    unproved: VecDeque<Came>,
    /// A page brought nothing but rows that came before: the list may have moved by a page.
    stalled: bool,
    /// Pages to be asked for again, one after the other: their numbers and sizes.
    suspects: VecDeque<(i64, i64)>,
}

#[derive(Debug)]
struct Came {
    turn: u64,
    info: PageInfo,
}

/// The moment at which a page is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked(u64);

impl Ahead {
    /// A page is asked for now.
    pub(super) fn ask(&self) -> Asked {
        Asked(self.came)
    }

    /// How many pages have come.
    pub(super) fn came(&self) -> u64 {
        self.came
    }

    /// The first of the pages that more than one page of the list hangs on: up to it, all is whole. `None` where all is.
    pub(super) fn unproved(&self) -> Option<u64> {
        (self.unproved.len() > 1).then(|| self.unproved.front().map(|page| page.turn)).flatten()
    }

    /// The next page to be asked for again.
    pub(super) fn suspect(&mut self) -> Option<(i64, i64)> {
        self.suspects.pop_front()
    }

    pub(super) fn has_suspects(&self) -> bool {
        !self.suspects.is_empty()
    }

    /// A page came and was taken. `again`: it has rows that came before and no total explains it.
    pub(super) fn take(&mut self, asked: Asked, info: &PageInfo, again: bool) {
        let moved = again || std::mem::take(&mut self.stalled);
        // Of one page alone nothing can have been missed before a page that was asked for after it came.
        let in_turn = self.unproved.len() == 1;
        while (!moved || in_turn) && self.unproved.front().is_some_and(|page| page.turn < asked.0) {
            self.unproved.pop_front();
        }
        self.unproved.push_back(Came { turn: self.came, info: *info });
        self.came += 1;
        if moved {
            self.suspect_all();
        }
    }

    /// A page came and brought nothing, twice.
    pub(super) fn stall(&mut self, info: &PageInfo) {
        self.stalled |= info.count > 0;
    }

    /// Whether the pages that came beside others have the totals that this one has: then the total shows no move.
    pub(super) fn has_total(&self, total: Option<i64>) -> bool {
        self.unproved.iter().all(|page| page.info.says.total == total)
    }

    /// The last page of those that are not proved, to see whether it is still the same.
    pub(super) fn last(&self) -> Option<PageInfo> {
        (self.unproved.len() > 1).then(|| self.unproved.back().map(|page| page.info)).flatten()
    }

    /// The list moved: whatever is not proved is asked for again.
    pub(super) fn suspect_all(&mut self) {
        if self.unproved.len() > 1 {
            self.suspects.extend(self.unproved.drain(..).map(|page| (page.info.number, page.info.asked)));
        }
    }

    /// A page that is asked for again failed: its rows are asked for in smaller pages.
    pub(super) fn part(&mut self, number: i64, size: i64, smaller: i64) {
        let start = (number - 1) * size;
        let parts = (start / smaller + 1..=(start + size) / smaller).rev();
        for number in parts {
            self.suspects.push_front((number, smaller));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SIZE: i64 = 5;

    /// A newest-first list in which rows come in whenever chance has it, read by a walk that has up to `depth` pages under way
    /// and is answered in any order. Row numbers fall along the list; those that come in are above 0.
    struct List {
        dice: fastrand::Rng,
        newest: i64,
        oldest: i64,
        restless: f64,
    }

    impl List {
        fn page(&mut self, number: i64) -> Vec<i64> {
            while self.dice.f64() < self.restless {
                self.newest += self.dice.i64(1..4);
            }
            let first = self.newest - (number - 1) * SIZE;
            (first - SIZE + 1..=first).rev().filter(|row| *row > self.oldest).collect()
        }

        fn info(number: i64, rows: &[i64]) -> PageInfo {
            let mut info = PageInfo::default();
            (info.number, info.asked, info.count) = (number, SIZE, i64::try_from(rows.len()).unwrap_or(0));
            info
        }
    }

    /// Reads it all, and returns what came.
    fn read(list: &mut List, depth: usize) -> HashSet<i64> {
        let (mut ahead, mut seen) = (Ahead::default(), HashSet::new());
        let mut under_way: VecDeque<(i64, Asked, Option<Vec<i64>>)> = VecDeque::new();
        let mut next = 1;
        let mut last = Vec::new();
        loop {
            if let Some((number, _)) = ahead.suspect() {
                under_way.clear();
                let (at, rows) = (ahead.ask(), list.page(number));
                seen.extend(&rows);
                ahead.take(at, &List::info(number, &rows), false);
                last = rows;
                continue;
            }
            while under_way.len() < depth {
                under_way.push_back((next, ahead.ask(), None));
                next += 1;
            }
            // Answers come in any order, and the first is waited for.
            while under_way[0].2.is_none() {
                let place = list.dice.usize(..under_way.len());
                let number = under_way[place].0;
                under_way[place].2.get_or_insert_with(|| list.page(number));
            }
            let Some((number, mut at, Some(mut rows))) = under_way.pop_front() else {
                unreachable!("it was waited for")
            };
            if rows.is_empty() {
                // As the reader does it: what comes empty is asked for once more, alone.
                under_way.clear();
                next = number + 1;
                (at, rows) = (ahead.ask(), list.page(number));
            }
            let ends = rows.last().is_none_or(|row| *row == list.oldest + 1);
            let again = rows.iter().any(|row| seen.contains(row));
            seen.extend(&rows);
            if !rows.is_empty() {
                ahead.take(at, &List::info(number, &rows), again);
                last = rows;
            }
            if again {
                under_way.clear();
                next = number + 1;
            }
            if ends && !ahead.has_suspects() {
                let Some(info) = ahead.last() else { return seen };
                if list.page(info.number) == last {
                    return seen;
                }
                ahead.suspect_all();
                under_way.clear();
                next = info.number + 1;
            }
        }
    }

    #[test]
    fn no_row_is_left_out_however_the_list_moves_under_pages_that_are_read_side_by_side() {
        for seed in 0..3_000 {
            let mut dice = fastrand::Rng::with_seed(seed);
            let (rows, depth, restless) = (dice.i64(1..200), dice.usize(1..9), dice.f64() * 0.3);
            let mut list = List { dice, newest: 0, oldest: -rows, restless };
            let seen = read(&mut list, depth);
            let missing: Vec<i64> = (1 - rows..=0).filter(|row| !seen.contains(row)).collect();
            assert!(missing.is_empty(), "seed {seed}, {rows} rows, {depth} at once: {missing:?}");
        }
    }

    #[test]
    fn a_list_that_stays_as_it_is_is_read_once_and_its_last_page_twice() {
        let mut list = List { dice: fastrand::Rng::with_seed(1), newest: 0, oldest: -100, restless: 0.0 };
        assert_eq!(read(&mut list, 8).len(), 100);
        let mut ahead = Ahead::default();
        for number in 1..=3 {
            ahead.take(Asked(0), &List::info(number, &[0; 5]), false);
        }
        assert_eq!(ahead.unproved(), Some(0));
        ahead.take(ahead.ask(), &List::info(4, &[0; 5]), false);
        assert_eq!((ahead.unproved(), ahead.has_suspects()), (None, false), "all that came before it is proved");
    }
}
