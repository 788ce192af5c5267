//! The taking of a page: whether it brings something, what it counts for, and where the reader stands behind it.

use super::{Brings, Direction, End, Reader};
use crate::bigcommerce::habits::MORE;
use crate::bigcommerce::listing::PageInfo;

impl Reader {
    /// Judges what a page brings. `leads_on`: it has rows that were not known, of the time range or at least as old as
    /// any before.
    pub(in crate::bigcommerce) fn weigh(&mut self, info: &PageInfo, leads_on: bool) -> Brings {
        if self.is_again() {
            return Brings::Rows;
        }
        let another = info.is_another();
        let is_another = another.is_some() && info.count > 0;
        self.tally.cause = another.or(self.tally.cause.take());
        if (leads_on && (self.doubted || !is_another)) || self.is_counted_out(info) {
            self.doubted = false;
            return Brings::Rows;
        }
        if std::mem::replace(&mut self.doubted, true) {
            self.doubted = false;
            return Brings::Nothing;
        }
        self.again();
        Brings::Doubt
    }

    /// The rows of a page were taken, with these numbers of fresh rows and repeats. Returns whether and how
    /// the list ends here.
    pub(in crate::bigcommerce) fn took(
        &mut self,
        info: &PageInfo,
        fresh: u64,
        repeats: u64,
        brings: &Brings,
    ) -> Option<End> {
        let (first, last) = (self.pages == 0, self.before);
        self.pages += 1;
        let overlap = match self.direction {
            Direction::Down => self.edge - info.start(),
            Direction::Up => info.start() + info.count - self.edge,
        };
        self.tally.doubled += u64::try_from(info.count).unwrap_or(0).saturating_sub(fresh + repeats);
        let overlap = u64::try_from(overlap).unwrap_or(0);
        let repeats = repeats.saturating_sub(overlap);
        self.tally.fresh += fresh;
        self.tally.repeats += repeats;
        self.note_total(info);
        let deeper = info.oldest.is_some_and(|oldest| self.deepest.is_none_or(|deepest| oldest < deepest));
        self.lingering = if deeper { 0 } else { self.lingering + fresh };
        self.deepest = [self.deepest, info.oldest].into_iter().flatten().min();
        let short = info.is_short();
        if short && info.start() < self.reach {
            self.overlapping += repeats;
        }
        if self.is_again() {
            self.note_ahead(info, false);
            self.advance(info, first);
            return (self.is_over() && !self.ahead.has_suspects()).then_some(End::Whole);
        }
        // Rows come behind a page that had room for them. Upwards, they do behind each but the last of the list.
        let behind = match self.direction {
            Direction::Down => self.short && info.count > 0 && !matches!(brings, Brings::Nothing),
            Direction::Up => short && info.count > 0 && (!first || self.tally.partial),
        };
        self.tally.thin_pages |= behind;
        self.short = short && info.count > 0 && self.direction == Direction::Down;
        if matches!(brings, Brings::Nothing) {
            self.nothing += 1;
            self.idle += repeats;
            self.emptied |= info.count == 0;
            self.ahead.stall(info);
        } else {
            self.note_ahead(info, repeats > 0);
            // Something came behind a place that was empty.
            self.tally.thin_pages |= self.emptied && info.count > 0;
            // Each row that came has a place, one that came on two pages has two: a list is at least as long as that.
            let places = self.covered() - i64::try_from(self.overlapping).unwrap_or(0);
            self.tally.lies |= info.says.total.is_some_and(|total| total < places);
            (self.nothing, self.emptied, self.idle) = (0, false, 0);
        }
        self.advance(info, first);
        if repeats > 0 {
            // The list moved. What is on its way may have been answered before that.
            self.again();
        }
        // An oldest-first list has older rows on its earlier pages, whatever a later one brings.
        if self.nothing >= self.listing.nothing(info.asked) && self.direction == Direction::Down {
            return Some(match last {
                _ if info.count == 0 => End::Empty,
                Some(last) if last.same_rows(info) => End::Repeats,
                _ => End::Flooded,
            });
        }
        let covered = self.covered();
        let doubled = i64::try_from(self.tally.doubled).unwrap_or(0);
        let counted_out = !info.says.next && [covered, covered + doubled].map(Some).contains(&info.says.total);
        // A full page is never the end, and the first not where it may be cut to the platform's own size.
        let cut = first && info.count > 0 && info.count % 10 == 0;
        if self.direction == Direction::Down && counted_out && short && !cut && !self.tally.lies {
            return Some(End::Whole);
        }
        self.is_over().then_some(End::Whole)
    }

    /// A page was taken. `repeats`: it has rows of other pages.
    fn note_ahead(&mut self, info: &PageInfo, repeats: bool) {
        let at = self.came.map_or_else(|| self.ahead.ask(), |asked| asked.at);
        // Where the total changed meanwhile, no page was taken that was asked for beside another.
        let unseen = !self.is_counted() || self.ahead.has_total(info.says.total);
        self.ahead.take(at, info, repeats && unseen);
    }

    fn note_total(&mut self, info: &PageInfo) {
        let Some(total) = info.says.total else { return };
        self.tally.first_total.get_or_insert(total);
        self.tally.last_total = Some(total);
        self.tally.lies |= u64::try_from(total).is_ok_and(|total| total < self.tally.fresh);
    }

    fn advance(&mut self, info: &PageInfo, first: bool) {
        let other_size = info.count > info.asked || (info.count < info.asked && !info.ends_by_total());
        if first && self.direction == Direction::Down && info.count > 0 && other_size && self.bad.is_none() {
            // The platform may give another number of rows than was asked for: its own pages have as many.
            self.normal = info.count;
            self.edge = info.start() + info.count;
            self.reach = info.start() + info.asked;
            self.short = false;
            self.again();
        } else {
            match self.direction {
                Direction::Down => self.edge = self.edge.max(info.start() + info.asked),
                Direction::Up => self.edge = self.edge.min(info.start()),
            }
            let kept = self.pages > 1 && info.count == self.normal && self.normal < self.listing.source.shape().limit;
            // So few rows on one page may be what was left of it.
            if kept && self.normal >= MORE {
                self.listing.source.learn_size(self.normal);
            }
        }
        self.before = (info.count > 0).then_some(*info).or(self.before);
        self.ramp = self.ramp.saturating_mul(2);
        self.leave_bad();
    }
}
