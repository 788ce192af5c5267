//! The walk over a BigCommerce log: reads a time range to its proved end.
//!
//! Newest first, because then neither new rows nor the 365-day purge can make a walk skip one: new rows move the others
//! to *later* pages, which only repeats them, and the purge takes from the end. Where the server ignores `direction`,
//! the pages are read from the last to the first, for the same reason. Then what came is compared with the platform's
//! total, and what lacks is looked for.

use futures::stream::BoxStream;
use jiff::{SignedDuration, Timestamp};

use super::BigCommerce;
use super::audit::{Judgement, counts_lie, judge};
use super::listing::{Behind, Fetched, Listing, PageInfo, is_about_size};
use super::place::{is_stuck, order_of, start_of, top};
use super::reader::{Brings, Direction, End, FEWER, Reader};
use super::recovery::{Recovered, Recovery};
use super::scope::Scope;
use crate::error::{Error, Result};
use crate::query::{LogQuery, only};
use crate::source::{Cursor, LogSource, Page, Proof};
use crate::walk::{self, Order, Progress, Row, Seen, Taken, incomplete, order};

/// Pages of a list up to which it is cheaper to read all severities than to prove that `severity:min` is exact.
const FEW_PAGES: i64 = 4;

const SAME_PAGE: &str = "every request is answered with the same page, whatever page and limit are asked for";

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
    state: State,
    /// A part of the list that was read before was in doubt.
    doubtful: bool,
    /// The time from which the walk looked for older rows, because pages did not lead there. And what that narrower
    /// list showed: its rows are counted for themselves, for it begins with some that came before.
    narrowed: Option<Timestamp>,
    listed: Option<Seen>,
}

enum State {
    /// Entered first: nothing was asked yet.
    Start,
    /// Entered when the first page has shown the order of the list: it is read to an end.
    Reading(Box<Reader>),
    /// Entered when less came than the platform counts: lists are read again.
    Recovering(Box<Recovery>),
}

impl walk::Walk for Walk {
    async fn next(&mut self) -> Result<Page> {
        loop {
            let page = match self.state {
                State::Start => {
                    self.start().await?;
                    None
                }
                State::Reading(_) => self.read().await?,
                State::Recovering(_) => self.recover().await?,
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
        let most = query.limit.filter(|_| !checked_here).and_then(|limit| i64::try_from(limit).ok());
        let scope = Scope { since: query.since, until: query.until, category, module, ..Scope::default() };
        let listing = Listing { source, scope, most };
        Self { listing, progress, state: State::Start, doubtful: false, narrowed: None, listed: None }
    }

    /// The first page decides how to read on.
    async fn start(&mut self) -> Result<()> {
        let mut first = self.listing.settle().await?;
        if let Some(minimum) = severity_to_push_down(&self.listing, &self.progress.query, &first.info).await? {
            self.listing.scope.severity_min = Some(minimum);
            first = self.listing.fetch(1, self.listing.size()).await?;
        }
        // An empty page shows no order.
        while first.info.count == 0 && !self.listing.is_end(&first.info) {
            first = match self.listing.behind(&first.info, None, first.info.start()).await? {
                Behind::Page(page) | Behind::Next(page) => page,
                Behind::Rows if self.listing.source.shrink() => self.listing.fetch(1, self.listing.size()).await?,
                Behind::Rows => return Err(self.unread("pages come empty, and yet the list has a row")),
                Behind::More => {
                    self.listing.source.ask_for_more();
                    self.listing.fetch(1, self.listing.size()).await?
                }
                Behind::Unknown(error) => return Err(error),
                Behind::Nothing if first.info.ends_by_total() || first.info.number > 1 => break,
                Behind::Nothing => match self.listing.fetch(2, self.listing.size()).await {
                    // Further down a list without a row it is the place that fails.
                    Err(error) if is_about_size(&error) => break,
                    next => next?,
                },
            };
        }
        let info = first.info;
        if info.count > 0 && info.count != info.asked && !info.ends_by_total() {
            // The platform may give another number of rows than was asked for: its pages are counted by that.
            self.listing.most = Some(info.count);
        }
        let size = self.listing.size();
        let order = order_of(&self.listing, &first, size).await?;
        self.note(&first, order);
        // The end of a list without a continuation looks like its beginning.
        if matches!(order, Order::Flat | Order::OldestFirst) && is_stuck(&self.listing, &info).await? {
            return self.find_another_size(info).await;
        }
        // All of it is in hand, whatever its order: there is no end to look for.
        let whole = info.number == 1 && info.total() == Some(info.count) && info.ends_by_total();
        if order == Order::OldestFirst && !whole {
            let top = top(&self.listing, self.progress.query.until, info, size).await?;
            self.ends_at(top.last.newest);
            let edge = top.page.saturating_mul(size);
            let mut reader = Reader::new(self.listing.clone(), Direction::Up, edge);
            reader.tally.partial = !top.is_last;
            if top.is_last {
                reader.knows(top.last);
            }
            self.state = State::Reading(Box::new(reader));
            return Ok(());
        }
        if order == Order::Mixed {
            self.progress.hold_nothing();
        } else {
            self.ends_at(info.newest);
        }
        let newer = self.progress.query.until.filter(|until| info.oldest.is_some_and(|oldest| oldest >= *until));
        let mut reader = match newer {
            // The date filter is ignored, and the time range lies further back.
            Some(until) if info.says_more() && order != Order::Mixed => {
                let number = start_of(&self.listing, info, until, size).await?;
                Reader::new(self.listing.clone(), Direction::Down, (number - 1) * size)
            }
            _ if info.number > 1 => Reader::new(self.listing.clone(), Direction::Down, 0),
            _ => Reader::behind(self.listing.clone(), first),
        };
        reader.unordered = order == Order::Mixed;
        self.state = State::Reading(Box::new(reader));
        Ok(())
    }

    /// Every page is the first one. Pages of another size may lead on.
    async fn find_another_size(&mut self, stuck: PageInfo) -> Result<()> {
        // One row alone would not show how the list is ordered.
        for size in FEWER.into_iter().filter(|size| (2..stuck.asked).contains(size)) {
            let first = self.listing.fetch(1, size).await?.info;
            if first.count == size && !is_stuck(&self.listing, &first).await? {
                self.listing.source.learn_size(size);
                self.listing.most = None;
                return Ok(()); // it starts again
            }
        }
        Err(self.unread(SAME_PAGE))
    }

    /// A walk without an end ends at the newest row: what comes in from now on would be delivered behind older rows.
    fn ends_at(&mut self, newest: Option<Timestamp>) {
        let until = newest.map(|newest| newest + SignedDuration::from_nanos(1));
        self.progress.query.until = self.progress.query.until.or(until);
    }

    /// Writes down what the first page shows.
    fn note(&self, first: &Fetched, order: Order) {
        let scope = &self.listing.scope;
        let outside = first.rows.iter().filter_map(Row::time).any(|time| !scope.may_hold(time));
        let narrow = scope.since.is_some() || scope.until.is_some();
        self.listing.source.learn(|learned| {
            if narrow && outside {
                learned.date_filters = Some(false);
            }
            if matches!(order, Order::OldestFirst | Order::NewestFirst) {
                learned.direction = Some(order == Order::NewestFirst);
            }
        });
    }

    async fn read(&mut self) -> Result<Option<Page>> {
        let State::Reading(reader) = &mut self.state else { return Ok(None) };
        let size = self.listing.size().max(1);
        let wanted = self.progress.wanted().and_then(|wanted| i64::try_from(wanted).ok());
        let fetched = match reader.next(wanted.map_or(i64::MAX, |rows| rows.saturating_add(size - 1) / size)).await? {
            Ok(fetched) => fetched,
            Err(end) if reader.is_settled().await? => return self.ended(end, Taken::default()).await,
            Err(_) => return Ok(None),
        };
        let info = fetched.info;
        let leads_on = match &self.listed {
            Some(listed) => fetched.rows.iter().any(|row| !listed.knows(row.key, row.time())),
            None => leads_on(&self.progress, &fetched.rows, reader.reaches_back(&info)),
        };
        let brings = reader.weigh(&info, leads_on);
        if matches!(brings, Brings::Doubt) {
            return Ok(None);
        }
        let order = order(&fetched.rows);
        reader.unordered |= match reader.direction {
            Direction::Down => matches!(order, Order::Mixed | Order::OldestFirst),
            Direction::Up => order == Order::Mixed,
        };
        let counted = self.listed.as_mut().map(|listed| listed.count(&fetched.rows));
        let taken = self.progress.take(fetched.rows);
        let (fresh, repeats) = counted.unwrap_or((taken.fresh, taken.repeats));
        let end = reader.took(&info, fresh, repeats, &brings);
        if reader.unordered {
            self.progress.hold_nothing();
        } else if !reader.tally.is_tidy(reader.direction) {
            self.progress.hold();
        } else {
            self.progress.claim(reader.proved());
        }
        if self.progress.is_full() {
            return Ok(Some(self.progress.full(taken)));
        }
        if let Some(error) = reader.seems_endless() {
            return Err(error);
        }
        let passed = !reader.unordered && passed_since(&self.progress, &info);
        let end = if passed { Some(End::Passed) } else { end };
        if let Some(end) = end.filter(|_| !reader.is_rereading()) {
            if reader.is_settled().await? {
                return self.ended(end, taken).await;
            }
            return Ok(self.progress.step(taken));
        }
        if reader.is_behind_end(&info) {
            reader.find_end().await?;
        }
        Ok(self.progress.step(taken))
    }

    /// The list was read to an end: compares, and ends the walk or reads again.
    async fn ended(&mut self, end: End, taken: Taken) -> Result<Option<Page>> {
        let State::Reading(reader) = &self.state else { return Ok(None) };
        let behind = match &end {
            End::Refused(_) => true,
            End::Repeats => self.more_is_listed(reader),
            End::Whole | End::Passed | End::Empty | End::Flooded => false,
        };
        if matches!(end, End::Flooded) {
            return Err(self.unread("new entries come in faster than the list can be read"));
        }
        let one_page = reader.tally.last_total.is_none() && reader.is_one_page();
        if one_page && self.is_deaf().await? {
            return Err(self.unread(SAME_PAGE));
        }
        if behind && self.narrow().await? {
            return Ok(self.progress.step(taken));
        }
        let State::Reading(reader) = &self.state else { return Ok(None) };
        if let End::Refused(error) = end {
            return Err(self.unread(&format!("a page that far back was refused ({error})")));
        }
        let judgement = judge(reader, &end, &self.progress).await?;
        match judgement {
            Judgement::Proved(_) if behind => {
                let cause = reader.tally.cause.as_deref().unwrap_or("the platform repeats itself");
                Err(self.unread(cause))
            }
            Judgement::Proved(proof) if !self.doubtful => {
                // That nothing is counted where nothing came shows nothing of counts.
                if proof == Proof::Counted && reader.tally.fresh > 0 {
                    self.listing.source.learn(|learned| learned.counts = Some(true));
                }
                Ok(Some(self.progress.end(taken, proof)))
            }
            Judgement::Proved(_) => Ok(self.recover_from(None, taken)),
            Judgement::Short(Some(_)) if counts_lie(&self.listing, &self.progress).await? => {
                self.listing.source.learn(|learned| learned.counts = Some(false));
                let State::Reading(reader) = &mut self.state else { return Ok(None) };
                reader.tally.lies = true;
                match judge(reader, &end, &self.progress).await? {
                    Judgement::Proved(proof) => Ok(Some(self.progress.end(taken, proof))),
                    Judgement::Short(_) => Ok(self.recover_from(None, taken)),
                }
            }
            Judgement::Short(missing) => Ok(self.recover_from(missing, taken)),
        }
    }

    /// The error of a walk that found no way to older entries.
    fn unread(&self, cause: &str) -> Error {
        let frontier = self.progress.frontier().map(|at| format!("; entries older than {at} were not read"));
        incomplete(format!("{cause}{}", frontier.unwrap_or_default()))
    }

    /// Whether something on the way drops the query, of a list with several rows: one row is asked for and more come,
    /// or the second is asked for and the first comes.
    async fn is_deaf(&self) -> Result<bool> {
        let first = self.listing.fetch(1, 1).await?.info;
        Ok(first.count > 1 || self.listing.fetch(2, 1).await?.info.same_rows(&first))
    }

    /// Whether the platform says that there is more than it listed before it began to repeat itself.
    fn more_is_listed(&self, reader: &Reader) -> bool {
        let tally = &reader.tally;
        match tally.counted() {
            Some(total) => total > tally.fresh,
            None => tally.cause.is_some(),
        }
    }

    /// Goes on with what is older than the oldest row, by its time. `false` where that leads nowhere, and where rows
    /// came in no order: then not everything newer than the oldest of them was read.
    async fn narrow(&mut self) -> Result<bool> {
        let State::Reading(reader) = &self.state else { return Ok(false) };
        let (direction, unordered) = (reader.direction, reader.unordered);
        let Some(frontier) = self.progress.frontier().filter(|_| !unordered) else { return Ok(false) };
        if self.narrowed.replace(frontier) == Some(frontier) {
            return Ok(false);
        }
        let mut narrower = self.listing.clone();
        narrower.scope.until = Some(frontier + SignedDuration::from_secs(1));
        let first = match narrower.fetch(1, narrower.size()).await {
            Ok(first) => first,
            Err(error) if super::listing::is_about_form(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        let obeyed = first.rows.iter().filter_map(Row::time).all(|time| narrower.scope.may_hold(time));
        if !obeyed || first.info.count == 0 {
            return Ok(false);
        }
        if let State::Reading(reader) = &self.state {
            self.doubtful |= !reader.tally.is_tidy(reader.direction) && reader.tally.last_total.is_some();
        }
        self.listing = narrower.clone();
        self.listed = Some(Seen::default());
        let newest_first =
            direction == Direction::Down && matches!(order(&first.rows), Order::NewestFirst | Order::Flat);
        // A list in another order has its newest rows elsewhere than on its first page.
        self.state =
            if newest_first { State::Reading(Box::new(Reader::behind(narrower, first))) } else { State::Start };
        Ok(true)
    }

    fn recover_from(&mut self, missing: Option<u64>, taken: Taken) -> Option<Page> {
        // Where the list was tidy, what lacks is older than all that came, so this page may still be claimed.
        let page = self.progress.step(taken);
        self.progress.hold();
        if let State::Reading(reader) = &self.state {
            let mut listing = reader.listing.clone();
            if self.doubtful || listing.scope.until.is_none() {
                // What is in doubt is newer than the list that was read last.
                listing.scope.until = self.progress.query.until;
            }
            let missing = missing.filter(|_| !self.doubtful);
            let recovery = Recovery::new(&listing, &reader.tally, missing, self.progress.listed());
            self.state = State::Recovering(Box::new(recovery));
        }
        page
    }

    async fn recover(&mut self) -> Result<Option<Page>> {
        let State::Recovering(recovery) = &mut self.state else { return Ok(None) };
        match recovery.next(&mut self.progress).await? {
            Recovered::Rows(taken) if self.progress.is_full() => Ok(Some(self.progress.full(taken))),
            Recovered::Rows(taken) => Ok(self.progress.step(taken)),
            Recovered::Proved(proof) => Ok(Some(self.progress.end(Taken::default(), proof))),
            Recovered::Lost(error) => Err(error),
        }
    }
}

/// Whether a page has new rows of the time range, or reaches as far back as those before it. Where more rows come in
/// than fit on a page, pages bring nothing but those, for ever.
fn leads_on(progress: &Progress, rows: &[Row], reaches_back: bool) -> bool {
    let until = progress.query.until;
    let wanted = |row: &Row| row.time().is_none_or(|time| until.is_none_or(|until| time < until));
    progress.unknown(rows).any(|row| reaches_back || wanted(row))
}

/// Whether a page of a list in order reaches back behind the time range.
fn passed_since(progress: &Progress, page: &PageInfo) -> bool {
    progress.query.since.is_some_and(|since| page.oldest.is_some_and(|oldest| oldest < since))
}

/// The minimum for `severity:min`, if the platform's own counts prove that the filter hides nothing that is not
/// understood, and if it saves more requests than the proof costs.
async fn severity_to_push_down(listing: &Listing, query: &LogQuery, first: &PageInfo) -> Result<Option<i64>> {
    let minimum = query.min_severity.and_then(crate::Severity::bigcommerce_number);
    let Some(minimum) = minimum.filter(|minimum| *minimum > 1) else { return Ok(None) };
    let Some(total) = first.total().filter(|total| *total > FEW_PAGES * first.asked) else { return Ok(None) };
    let of = |min, max| listing.with(Scope { severity_min: min, severity_max: max, ..listing.scope.clone() });
    let below = of(Some(1), Some(minimum - 1)).total().await?;
    let above = of(Some(minimum), None).total().await?;
    let all = of(None, None).total().await?;
    // All were counted before and after: rows that go in between must not hide those that are in neither count.
    let exact = all == Some(total) && below.zip(above).map(|(b, a)| b + a) == all;
    Ok(exact.then_some(minimum))
}
