//! Reading a stretch of a BigCommerce log to its proved end.
//!
//! Newest first, because then neither new rows nor the 365-day purge can make a walk skip one: new rows move the others
//! to *later* pages, which only repeats them, and the purge takes from the end. Where the server ignores `direction`,
//! the pages are read from the last to the first, for the same reason.

use std::collections::{HashSet, VecDeque};

use futures::StreamExt;
use futures::stream::{BoxStream, FuturesOrdered};
use jiff::{SignedDuration, Timestamp};

use super::BigCommerce;
use super::locate::{About, BEYOND, Fetched, Listing, first_page, is_about_form, last_page, start_of};
use crate::error::{Error, Result};
use crate::query::{LogQuery, only};
use crate::source::{Cursor, LogSource, Page, Proof};
use crate::walk::{self, Order, Progress, Row, Task, incomplete, order};

/// Pages in a row without a single new row before the walk looks elsewhere.
const STALE: usize = 3;
/// How often a page may come empty while the totals change, before the walk gives up.
const CHANGES: u32 = 16;
/// Pages of a list up to which it is cheaper to read all severities than to prove that `severity:min` is exact.
const FEW_PAGES: i64 = 4;

pub(super) fn pages(source: BigCommerce, query: LogQuery, from: Option<&Cursor>) -> BoxStream<'static, Result<Page>> {
    walk::pages(source.store().clone(), query, from, |progress| {
        let query = &progress.query;
        let nothing = !query.actions.is_empty() || !query.actors.is_empty(); // the platform has neither
        (!nothing).then(|| Walk::new(source, progress))
    })
}

struct Walk {
    listing: Listing,
    progress: Progress,
    direction: Direction,
    queue: FuturesOrdered<Task<Result<Fetched>>>,
    /// The pages in the queue: their numbers, and whether each was asked for after the page before it had come.
    asked: VecDeque<(i64, bool)>,
    next: i64,
    ramp: usize,
    before: Option<About>,
    stale: usize,
    /// The oldest time of any page so far.
    deepest: Option<Timestamp>,
    empty: u32,
    /// How often pages came empty while the totals changed.
    changes: u32,
    /// The page that is asked for again, because it came empty or repeated.
    doubted: Option<i64>,
    /// The time from which the walk already looked for older rows in another way.
    elsewhere: Option<Timestamp>,
    /// Oldest first: the page that is delivered next.
    held: Option<Fetched>,
    totals: Totals,
    unordered: bool,
}

/// Whether the totals are what they say. Pages that are asked for at the same time may be answered in any order; that
/// a row moved from one to the other unseen is told by a total that changed, so it must not be made up.
enum Totals {
    /// Only one page is asked for at a time.
    Unproved,
    /// The page that they call the last is under way.
    Asked(Task<Result<Fetched>>),
    /// It is the last one. Until it is needed it is kept.
    Right(Option<Fetched>),
    Wrong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// The first page has to tell.
    Unknown,
    /// Newest first: from page 1, or from where the stretch starts, to the last.
    Down,
    /// Oldest first: from the last page to page 1.
    Up,
}

impl walk::Walk for Walk {
    async fn next(&mut self) -> Result<Page> {
        loop {
            let page = match self.direction {
                Direction::Unknown => self.start().await?,
                Direction::Down => self.down().await?,
                Direction::Up => self.up().await?,
            };
            if let Some(page) = page {
                return Ok(page);
            }
        }
    }
}

impl Walk {
    fn new(source: BigCommerce, progress: Progress) -> Self {
        let query = &progress.query;
        let is_lower = |value: &&str| !value.chars().any(char::is_uppercase);
        // `type` values are lower-case, and whether the filter minds case is unknown. `module` does not mind.
        let category = only(&query.categories).filter(is_lower).map(str::to_owned);
        let module = only(&query.modules).map(str::to_owned);
        let checked_here = query.min_severity.is_some()
            || query.categories.len() > usize::from(category.is_some())
            || query.modules.len() > usize::from(module.is_some());
        let wanted = query.limit.filter(|_| !checked_here).and_then(|limit| i64::try_from(limit).ok());
        let (since, until) = (query.since, query.until);
        Self {
            listing: Listing { source, since, until, category, module, severity_min: None, limit: wanted },
            progress,
            direction: Direction::Unknown,
            queue: FuturesOrdered::new(),
            asked: VecDeque::new(),
            next: 1,
            ramp: 1,
            before: None,
            stale: 0,
            deepest: None,
            empty: 0,
            changes: 0,
            doubted: None,
            elsewhere: None,
            held: None,
            totals: Totals::Unproved,
            unordered: false,
        }
    }

    fn step(&mut self, taken: walk::Taken, last: bool) -> Option<Page> {
        if self.unordered {
            self.progress.hold_nothing();
        }
        match last {
            true if self.progress.is_full() => Some(self.progress.full(taken)),
            true => Some(self.progress.end(taken, Proof::EndOfList)),
            false => self.progress.step(taken),
        }
    }

    /// The first page decides how to read on.
    async fn start(&mut self) -> Result<Option<Page>> {
        let mut first = self.listing.settle().await?;
        if let Some(minimum) = severity_to_push_down(&self.listing, &self.progress.query, &first.about).await? {
            self.listing.severity_min = Some(minimum);
            first = self.listing.fetch(1).await?;
        }
        // An empty page tells no order. It is asked for again, and then the next one is the first.
        for number in [1, 2] {
            if first.about.count == 0 && !first.about.proves_end() {
                first = self.listing.fetch(number).await?;
                self.empty = u32::from(number > 1);
            }
        }
        match order_of(&self.listing, &first).await? {
            Order::OldestFirst => {
                self.direction = Direction::Up;
                self.next = top(&self.listing, self.progress.query.until, first.about).await?;
                Ok(None)
            }
            order => {
                self.direction = Direction::Down;
                self.unordered = order == Order::Mixed;
                let about = first.about;
                if order != Order::Mixed && self.progress.query.until.is_none() {
                    // What comes in from now on would be delivered behind older rows.
                    self.progress.query.until = about.newest.map(|newest| newest + SignedDuration::from_nanos(1));
                }
                let newer =
                    self.progress.query.until.filter(|until| about.oldest.is_some_and(|oldest| oldest >= *until));
                match newer {
                    // The date filter is ignored, and the stretch lies further back.
                    Some(until) if about.says_more() && order != Order::Mixed => {
                        self.next = start_of(&self.listing, about, until).await?;
                        Ok(None)
                    }
                    _ => {
                        self.next = about.number + 1;
                        if self.is_doubtful(&first) {
                            self.doubt(about.number);
                            return Ok(None);
                        }
                        self.deliver(first).await
                    }
                }
            }
        }
    }

    async fn down(&mut self) -> Result<Option<Page>> {
        self.prove_totals().await;
        self.fill();
        let (Some((number, in_order)), Some(fetched)) = (self.asked.pop_front(), self.queue.next().await) else {
            return Err(incomplete("the walk lost its place"));
        };
        let fetched = fetched?;
        let total = fetched.about.told.total;
        if !in_order && (total.is_none() || self.before.is_some_and(|before| before.told.total != total)) {
            // Rows came or went between this answer and the one before it, which was asked for at the same time. A row
            // may have moved from one page to the other unseen. Ask again, now that the one before is here.
            self.go_to(number);
            return Ok(None);
        }
        if self.is_doubtful(&fetched) {
            self.doubt(number);
            return Ok(None);
        }
        if fetched.rows.iter().any(|row| self.progress.knows(row)) {
            // It repeats rows, so they moved, though the total may say nothing of it: as many may have gone as came. The
            // pages behind it may have been answered before that.
            self.go_to(number + 1);
        }
        self.deliver(fetched).await
    }

    /// A page that came empty without proof of the end, or brings nothing new, is asked for again before it is believed.
    fn is_doubtful(&self, page: &Fetched) -> bool {
        let unproved = page.about.count == 0 && !page.about.proves_end();
        let nothing_new = page.about.count > 0 && self.progress.knows_all(&page.rows);
        self.doubted != Some(page.about.number) && (unproved || nothing_new)
    }

    /// Whether a page has new rows of the stretch, or reaches as far back as those before it. Where more rows come in than
    /// fit on a page, pages bring nothing but those, for ever.
    fn leads_on(&self, page: &Fetched) -> bool {
        let until = self.progress.query.until;
        let wanted = |row: &Row| row.time().is_none_or(|time| until.is_none_or(|until| time < until));
        let as_far = self.deepest.is_none_or(|deepest| page.about.oldest.is_none_or(|oldest| oldest <= deepest));
        self.progress.unknown(&page.rows).any(|row| as_far || wanted(row))
    }

    fn is_repeat(&self, page: &About) -> bool {
        self.before.is_some_and(|before| before.same_rows(page))
    }

    fn doubt(&mut self, number: i64) {
        self.doubted = Some(number);
        self.go_to(number);
    }

    fn go_to(&mut self, number: i64) {
        self.queue = FuturesOrdered::new();
        self.asked.clear();
        self.next = number;
        self.ramp = 1;
        if let Totals::Right(kept) = &mut self.totals {
            *kept = None;
        }
    }

    /// Where several pages at a time would help, asks for the last one beside the next one, and then looks whether it is.
    async fn prove_totals(&mut self) {
        let Some(before) = self.before.filter(About::totals_agree) else { return };
        match &mut self.totals {
            Totals::Unproved => {
                let (ahead, listed) = (self.pages_ahead(&before), before.last_or_next());
                // The last page of a list that is read to its end is needed anyway.
                let all = ahead > 1 && ahead == listed - before.number;
                if (all || ahead > FEW_PAGES) && self.listing.source.transport.in_flight() > 1 {
                    let listing = self.listing.clone();
                    self.totals = Totals::Asked(Task::spawn(async move { listing.fetch(listed).await }));
                }
            }
            // If it fails, the pages go on one by one, and tell why themselves.
            Totals::Asked(page) => {
                self.totals = match page.await {
                    Ok(page) if page.about.totals_end_here(before.told.next) => Totals::Right(Some(page)),
                    _ => Totals::Wrong,
                }
            }
            Totals::Right(_) | Totals::Wrong => {}
        }
    }

    /// Keeps pages under way: one at first, more as the walk goes on, never more than can still be needed.
    fn fill(&mut self) {
        let room = match self.before {
            Some(before) if before.totals_agree() && matches!(self.totals, Totals::Right(_)) && !self.unordered => {
                let ahead = usize::try_from(self.pages_ahead(&before)).unwrap_or(usize::MAX);
                let ramp = if self.listing.since.is_none() { usize::MAX } else { self.ramp };
                ramp.min(self.listing.source.transport.in_flight()).min(ahead)
            }
            _ => 1,
        };
        while self.asked.len() < room.max(1) {
            let (listing, number) = (self.listing.clone(), self.next);
            let kept = match &mut self.totals {
                Totals::Right(kept) => kept.take_if(|page| page.about.number == number),
                _ => None,
            };
            // The one that is kept came before the page before it.
            self.asked.push_back((number, self.asked.is_empty() && kept.is_none()));
            self.queue.push_back(Task::spawn(async move {
                match kept {
                    Some(page) => Ok(page),
                    None => listing.fetch(number).await,
                }
            }));
            self.next += 1;
        }
    }

    /// How many pages the walk still needs, as far as the last one tells.
    fn pages_ahead(&self, before: &About) -> i64 {
        let listed = before.told.total_pages.unwrap_or(i64::MAX).saturating_sub(before.number);
        let wanted = self.progress.wanted().map_or(i64::MAX, |wanted| {
            let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
            wanted.saturating_add(before.size() - 1) / before.size()
        });
        listed.min(wanted).min(self.pages_to_since(before))
    }

    /// Where the date filter is ignored, the stretch ends long before the list does. How dense the rows are tells how far
    /// off that is: a page too few costs a moment, a page too many a request.
    fn pages_to_since(&self, before: &About) -> i64 {
        let (Some(since), Some(oldest), Some(newest)) = (self.progress.query.since, before.oldest, before.newest)
        else {
            return i64::MAX;
        };
        let a_page = newest.duration_since(oldest).as_secs().max(1);
        (oldest.duration_since(since).as_secs() / a_page).max(1)
    }

    async fn deliver(&mut self, fetched: Fetched) -> Result<Option<Page>> {
        let about = fetched.about;
        if let Some(before) = self.before_a_change(&about) {
            self.changes += 1;
            if self.changes > CHANGES {
                let number = before.number + 1;
                return Err(incomplete(format!("page {number} kept coming empty while entries came in or went")));
            }
            (self.before, self.empty, self.doubted) = (Some(before), 0, None);
            self.go_to(before.number + 1);
            return Ok(None);
        }
        self.unordered |= matches!(order(&fetched.rows), Order::Mixed | Order::OldestFirst);
        let known = about.count > 0 && !self.leads_on(&fetched);
        if known {
            self.stale += 1;
        } else if about.count > 0 {
            self.stale = 0; // an empty page tells neither
        }
        self.deepest = [self.deepest, about.oldest].into_iter().flatten().min();
        if let Some(error) = self.left_out(&about) {
            return Err(error);
        }
        // Rows of the moment that was reached come again where a walk goes on from there, and may fill pages.
        // Twice as many, as a page may list a row twice.
        let again = 2 * self.progress.at_frontier() / usize::try_from(about.count.max(1)).unwrap_or(1);
        let lost = self.stale >= STALE + again;
        let stuck = lost || (known && self.is_repeat(&about));
        let more = about.says_more() || self.before.is_some_and(|before| before.totals_agree() && before.says_more());
        if stuck && (more || lost) && !self.passed_since(&about) {
            return self.look_elsewhere(about, lost).await;
        }
        let nothing_more = about.count == 0 && self.empty >= 1;
        let taken = self.progress.take(fetched.rows);
        // Two empty pages in a row, each of them asked for twice, are an end even where nothing says so; so is a page
        // that repeats itself and names no other.
        let last = about.proves_end() || stuck || nothing_more || self.passed_since(&about) || self.progress.is_full();
        if about.count == 0 {
            self.empty += 1;
        } else {
            self.empty = 0;
            self.before = Some(about);
        }
        self.ramp = self.ramp.saturating_mul(2);
        Ok(self.step(taken, last))
    }

    /// The page before one that came empty, if the totals changed over it: then they do not tell whether it had room to be
    /// empty, and it has to be asked for again. With the new totals.
    fn before_a_change(&self, page: &About) -> Option<About> {
        let mut before = self.before.filter(|before| self.empty > 0 && before.totals_agree())?;
        let told = if page.count > 0 { page.totals_agree() } else { before.says_more() };
        let changed = page.told.total.is_some() && page.told.total != before.told.total;
        (before.told.total, before.told.total_pages) = (page.told.total, page.told.total_pages);
        (told && changed).then_some(before)
    }

    /// Rows that the platform counts and does not list: a page that came empty twice, though the totals of the pages around
    /// it leave no room for an empty one.
    fn left_out(&self, page: &About) -> Option<Error> {
        let before = self.before.filter(|_| self.empty > 0)?;
        let in_the_middle = page.count > 0 && page.totals_agree();
        let at_the_end = page.count == 0 && before.says_more() && before.totals_agree();
        let same_list = before.told.total == page.told.total;
        ((in_the_middle || at_the_end) && same_list).then(|| {
            let (number, total) = (before.number + 1, page.told.total.unwrap_or_default());
            incomplete(format!("page {number} came empty, and the platform counts {total} entries"))
        })
    }

    /// Whether a page of a list in order reaches back behind the stretch.
    fn passed_since(&self, page: &About) -> bool {
        let since = self.progress.query.since.filter(|_| !self.unordered);
        since.is_some_and(|since| page.oldest.is_some_and(|oldest| oldest < since))
    }

    /// The list repeats itself though it says that more follows. Ask for what is older than the oldest row in another
    /// way, by its time. If that brings nothing new, there is nothing, unless the totals know better.
    async fn look_elsewhere(&mut self, stuck: About, lost: bool) -> Result<Option<Page>> {
        let stuck_at = stuck.number;
        let Some(frontier) = self.progress.frontier() else {
            return Err(incomplete(format!("the platform repeats page {stuck_at} and nothing could be read")));
        };
        let unread = || {
            let what = "the platform repeats itself from page";
            incomplete(format!("{what} {stuck_at} on; entries older than {frontier} were not read"))
        };
        if self.elsewhere.replace(frontier) == Some(frontier) {
            let counted = self.before.is_some_and(|before| before.totals_agree() && before.says_more());
            return if counted || lost {
                Err(unread())
            } else {
                Ok(Some(self.progress.end(walk::Taken::default(), Proof::EndOfList)))
            };
        }
        let mut narrower = self.listing.clone();
        narrower.until = Some(frontier + SignedDuration::from_secs(1));
        let obeyed = |page: &About| page.newest.is_some_and(|newest| newest <= frontier + SignedDuration::from_secs(2));
        let first = match narrower.fetch(1).await {
            Ok(first) if obeyed(&first.about) => first,
            Err(error) if !is_about_form(&error) => return Err(error),
            Ok(_) | Err(_) => return Err(unread()), // the date filter is ignored or refused
        };
        let ended = self.progress.knows_all(&first.rows) && first.about.proves_end();
        self.listing = narrower;
        self.go_to(2);
        (self.stale, self.before, self.doubted) = (0, Some(first.about), None);
        let taken = self.progress.take(first.rows);
        Ok(self.step(taken, ended))
    }

    /// Oldest first: the page before this one holds older rows. A page is delivered only after the one before it has
    /// come: if they are mostly the same, one of them came by mistake, or much was purged in between.
    async fn up(&mut self) -> Result<Option<Page>> {
        let mut number = self.next;
        let mut older = if number >= 1 { Some(self.listing.fetch(number).await?) } else { None };
        let is_empty = |page: &Option<Fetched>| page.as_ref().is_some_and(|page| page.about.count == 0);
        if is_empty(&older) {
            older = Some(self.listing.fetch(number).await?); // an empty page is asked for twice
        }
        if is_empty(&older) && number > 1 {
            // The list may have become shorter by far: where does it end now?
            let first = self.listing.fetch(1).await?;
            let end = last_page(&self.listing, first.about).await?;
            if end < number {
                number = end;
                older = Some(self.listing.fetch(number).await?);
            }
        }
        self.next = number - 1;
        let Some(mut fetched) = std::mem::replace(&mut self.held, older) else { return Ok(None) };
        if self.held.as_ref().is_some_and(|older| mostly_the_same(&older.rows, &fetched.rows)) {
            fetched = self.listing.fetch(fetched.about.number).await?;
            self.held = Some(self.listing.fetch(number).await?);
        }
        self.unordered |= order(&fetched.rows) == Order::Mixed;
        let taken = self.progress.take(fetched.rows);
        let last = self.held.is_none() || self.passed_since(&fetched.about) || self.progress.is_full();
        Ok(self.step(taken, last))
    }
}

fn mostly_the_same(page: &[Row], other: &[Row]) -> bool {
    let keys: HashSet<u64> = other.iter().map(|row| row.key).collect();
    let same = page.iter().filter(|row| keys.contains(&row.key)).count();
    same * 2 > page.len()
}

/// The order of the list. A page that is all of one moment does not tell; one further on does.
async fn order_of(listing: &Listing, first: &Fetched) -> Result<Order> {
    let (order, about) = (order(&first.rows), first.about);
    if order != Order::Flat || about.count < 2 || about.proves_end() {
        return Ok(order);
    }
    let (mut low, mut high, mut number) = (about, None, about.last_or_next());
    loop {
        let mut other = listing.probe(number).await?;
        if other.same_rows(&low) {
            other = listing.probe(number).await?;
        }
        if other.count == 0 || other.same_rows(&low) {
            high = Some(number); // beyond the end, or as good as that
        } else if (other.oldest, other.newest) != (about.oldest, about.newest) {
            return Ok(if other.newest > about.newest { Order::OldestFirst } else { order });
        } else if other.proves_end() {
            return Ok(order);
        } else {
            low = other;
        }
        number = high.map_or(low.number.saturating_mul(2), |high| low.number + (high - low.number) / 2);
        if number <= low.number || number > BEYOND {
            return Ok(order);
        }
    }
}

/// The page of an oldest-first list to begin at: the last that holds something of the stretch.
async fn top(listing: &Listing, until: Option<Timestamp>, first: About) -> Result<i64> {
    let last = last_page(listing, first).await?;
    let Some(until) = until else { return Ok(last) };
    let beyond = first_page(1, last, |number| async move {
        let page = listing.probe(number).await?;
        Ok(page.oldest.is_none_or(|oldest| oldest >= until))
    });
    Ok(beyond.await?.map_or(last, |beyond| (beyond - 1).max(1)))
}

/// The minimum for `severity:min`, if the platform's own counts prove that the filter hides nothing that is not
/// understood, and if it saves more requests than the proof costs.
async fn severity_to_push_down(listing: &Listing, query: &LogQuery, first: &About) -> Result<Option<i64>> {
    let minimum = query.min_severity.and_then(crate::Severity::bigcommerce_number);
    let Some(minimum) = minimum.filter(|minimum| *minimum > 1) else { return Ok(None) };
    if !first.totals_agree() || first.told.total_pages.is_none_or(|pages| pages <= FEW_PAGES) {
        return Ok(None);
    }
    let below = listing.count(Some(1), Some(minimum - 1)).await?;
    let above = listing.count(Some(minimum), None).await?;
    let all = listing.count(None, None).await?;
    // All were counted before and after: rows that go in between must not hide those that are in neither count.
    let exact = all.is_some() && all == first.told.total && below.zip(above).map(|(b, a)| b + a) == all;
    Ok(exact.then_some(minimum))
}
