//! Requests for one page or one count: how bounds are written, and how many rows are asked for.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::Shopline;
use super::habits::Habits;
use crate::entry::UtcOffset;
use crate::error::{Error, ErrorKind, Result};
use crate::walk::{Row, Task, page_too_small};

/// The most rows that a page can hold.
pub(super) const PAGE: i32 = 200;
/// The longest time range of a request. The platform allows one month; February is one, too.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(28 * 24);
/// The numbers of rows to fall back to where more failed.
const FEWER: [i32; 4] = [100, 50, 20, 1];
/// How many rows are asked for where one did not come.
const MORE: i32 = 20;
/// The reason of an error where they fail: no shorter time range would do better.
/// How often a count that fails is asked for.
const COUNTS: usize = 4;
/// Until a row was seen: the offset of the vendor's examples.
const USUAL_OFFSET: i32 = 8 * 3600;
/// No two clocks of the world are further apart.
const FARTHEST_ZONES: SignedDuration = SignedDuration::from_hours(26);
pub(super) const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The filters that the platform applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Filter {
    pub(super) subject_type: Option<String>,
    pub(super) verb: Option<String>,
}

/// The place where a page begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Start {
    /// At the newest row of the time range.
    Newest,
    /// Behind this row, in whatever order the platform goes on.
    SinceId(String),
    /// The place that the `link` header of the page before names.
    Link(String),
}

/// One page, and how many rows were asked for.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    pub(super) link: Option<String>,
    pub(super) limit: i32,
    /// How many rows a page can hold, for all that was seen.
    pub(super) room: usize,
    /// The offset that the bounds were written with.
    pub(super) written: UtcOffset,
}

impl Answer {
    /// Whether there was room for many more rows. A hint, not a proof.
    pub(super) fn has_room(&self) -> bool {
        self.rows.len() * 2 <= self.room
    }

    pub(super) fn is_short(&self) -> bool {
        self.rows.len() < usize::try_from(self.limit).unwrap_or(usize::MAX)
    }
}

/// The meaning of a page without rows.
#[derive(Debug)]
pub(super) enum Empty {
    /// The list is empty there, as far as pages show.
    List,
    /// Rows come where another number of them is asked for. From now on it is.
    Page,
}

/// Asks for pages and counts of one query.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) source: Shopline,
    pub(super) filter: Filter,
    /// The most rows to ask for.
    pub(super) wanted: i32,
}

impl Reader {
    pub(super) fn habits(&self) -> &Habits {
        &self.source.habits
    }

    /// The offset that bounds are written with now.
    pub(super) fn offset(&self) -> UtcOffset {
        self.habits().offset().unwrap_or_else(usual_offset)
    }

    /// A page of the time range between these bounds, sent as they are.
    pub(super) async fn list(&self, bounds: (Timestamp, Timestamp), start: Start, filter: &Filter) -> Result<Answer> {
        self.list_written(None, bounds, start, filter).await
    }

    /// The same, with bounds that are written with this offset for once. `None`: with the one that is known.
    async fn list_written(
        &self,
        trial: Option<UtcOffset>,
        bounds: (Timestamp, Timestamp),
        start: Start,
        filter: &Filter,
    ) -> Result<Answer> {
        let habits = self.habits();
        let mut tried = 0;
        loop {
            let limit = habits.limit(self.wanted);
            let known = trial.or_else(|| habits.offset());
            let written = known.unwrap_or_else(usual_offset);
            match self.page(written, bounds, &start, filter, limit).await {
                Ok((rows, link)) => {
                    habits.came(limit, PAGE, !rows.is_empty());
                    if known.is_none()
                        && let Some(own) = rows.iter().find_map(|row| row.entry.as_ref().ok()).map(|row| row.utc_offset)
                    {
                        habits.write_with(own);
                        if own != written {
                            continue; // a platform that reads bounds as its own time was asked for another time range
                        }
                    }
                    return Ok(Answer { rows, link, limit, room: habits.room(limit), written });
                }
                Err(error) => match fewer(&error, limit, habits, tried) {
                    Some(most) => {
                        tried += 1;
                        habits.ask_for_fewer(most);
                    }
                    None => return Err(error),
                },
            }
        }
    }

    /// A page of this many rows. It is got and decoded in a task of its own: several slices are read at once.
    async fn page(
        &self,
        written: UtcOffset,
        bounds: (Timestamp, Timestamp),
        start: &Start,
        filter: &Filter,
        limit: i32,
    ) -> Result<(Vec<Row>, Option<String>)> {
        let (source, start, filter) = (self.source.clone(), start.clone(), filter.clone());
        let page = async move {
            let answer = source.rows_written(bounds, written, |mut request| {
                request = request.limit(limit);
                if let Some(subject_type) = &filter.subject_type {
                    request = request.subject_type(subject_type);
                }
                if let Some(verb) = &filter.verb {
                    request = request.verb(verb);
                }
                match &start {
                    Start::SinceId(id) => request.since_id(id),
                    Start::Link(page_info) => request.page_info(page_info),
                    Start::Newest => request,
                }
            });
            answer.await
        };
        Task::spawn(page).await
    }

    /// Looks for a row near a time range that shows none, to see the offset of the store's own times. A platform that
    /// reads bounds as its own time was asked for another range. `true` where the range is to be asked for again.
    pub(super) async fn find_offset(&self, (since, until): (Timestamp, Timestamp)) -> Result<bool> {
        if self.habits().offset().is_some() {
            return Ok(false);
        }
        let longest = self.habits().learned().longest_range.map(|seconds| SignedDuration::from_secs(seconds.into()));
        let fits = longest.is_none_or(|longest| until.duration_since(since) + 2 * FARTHEST_ZONES <= longest);
        let around = |time: Timestamp| (time - FARTHEST_ZONES, time + FARTHEST_ZONES);
        let wider = (since - FARTHEST_ZONES, until + FARTHEST_ZONES);
        let any = Self { wanted: 1, filter: Filter::default(), source: self.source.clone() };
        for range in if fits { vec![wider] } else { vec![around(since), around(until)] } {
            let answer = match any.list(range, Start::Newest, &any.filter).await {
                Err(error) if error.kind() == ErrorKind::Refused || is_heavy(&error) => continue,
                answer => answer?,
            };
            if let Some(time) = answer.rows.iter().find_map(Row::time) {
                let read = any.settle_offset(whole(time)).await?;
                return Ok(!read || self.offset() != usual_offset());
            }
        }
        Ok(false)
    }

    /// Finds out what a page that came empty, and again, says of its list. Of a large one: whether a row comes where
    /// one is asked for; nothing is asked where counts are right and so large pages were seen to hold rows. One row
    /// alone shows nothing, where rows that are not shown are taken out of pages once they are cut: more are asked for.
    pub(super) async fn emptiness(&self, bounds: (Timestamp, Timestamp), start: &Start, limit: i32) -> Result<Empty> {
        let habits = self.habits();
        if limit <= 1 {
            let more = self.page(self.offset(), bounds, start, &self.filter, MORE).await;
            return match more {
                Ok((rows, _)) if rows.is_empty() => Ok(Empty::List),
                Ok(_) => {
                    habits.ask_for(MORE);
                    Ok(Empty::Page)
                }
                Err(error) if is_heavy(&error) || error.kind() == ErrorKind::Refused => Err(page_too_small(error)),
                Err(error) => Err(error),
            };
        }
        if habits.fills(limit) && habits.learned().counts == Some(true) {
            return Ok(Empty::List);
        }
        let one = Self { wanted: 1, ..self.clone() };
        let hides = match one.list(bounds, start.clone(), &one.filter).await {
            Err(error) if is_heavy(&error) => true,
            answer => !answer?.rows.is_empty(),
        };
        if hides {
            habits.ask_for_fewer(FEWER.into_iter().find(|fewer| *fewer < limit).unwrap_or(1));
        }
        Ok(if hides { Empty::Page } else { Empty::List })
    }

    /// How many rows the platform counts between these bounds. `None` where it does not count.
    pub(super) async fn count(&self, (since, until): (Timestamp, Timestamp), filter: &Filter) -> Result<Option<u64>> {
        let counted = self.source.count_written((since, until), self.offset(), |mut request| {
            if let Some(subject_type) = &filter.subject_type {
                request = request.subject_type(subject_type);
            }
            if let Some(verb) = &filter.verb {
                request = request.verb(verb);
            }
            request
        });
        match counted.await {
            Ok(counted) => Ok(Some(counted)),
            Err(error) if cannot_count(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same where some requests fail: asked for a few times, as a list is. `None` also where each of them failed.
    pub(super) async fn count_again(&self, bounds: (Timestamp, Timestamp)) -> Result<Option<u64>> {
        for _ in 0..COUNTS {
            match self.count(bounds, &self.filter).await {
                Err(error) if is_heavy(&error) => {}
                counted => return counted,
            }
        }
        Ok(None)
    }

    /// Finds out, by a second that has a row, whether the bounds of a time range are included. Asks nothing that is
    /// known.
    pub(super) async fn settle_bounds(&self, second: Timestamp) -> Result<()> {
        let bounds = self.habits().bounds();
        if bounds.since_included.is_some() && bounds.until_included.is_some() {
            return Ok(());
        }
        for (since_included, until_included) in [(true, true), (true, false), (false, true), (false, false)] {
            let since = if since_included { second } else { second - SECOND };
            let until = if until_included { second } else { second + SECOND };
            let mut answer = self.list((since, until), Start::Newest, &self.filter).await?;
            if answer.rows.is_empty() {
                answer = self.list((since, until), Start::Newest, &self.filter).await?;
            }
            if answer.rows.iter().any(|row| row.time().is_some_and(|time| whole(time) == second)) {
                self.habits().set_bounds(|bounds| {
                    bounds.since_included = Some(since_included);
                    bounds.until_included = Some(until_included);
                });
                return Ok(());
            }
        }
        Ok(()) // the row is gone
    }

    /// Finds the offset that bounds must be written with for the platform to read them right, by a second that has a
    /// row. `false` where there is none: the platform does not read them at all.
    pub(super) async fn settle_offset(&self, second: Timestamp) -> Result<bool> {
        let habits = self.habits();
        let hours = (-12..=14).map(|hour| hour * 3600);
        let own = habits.offset().map(UtcOffset::seconds);
        let mut tried = HashSet::new();
        for seconds in own.into_iter().chain([0, USUAL_OFFSET]).chain(hours).chain([19_800, 34_200, -12_600]) {
            if !tried.insert(seconds) {
                continue;
            }
            let trial = UtcOffset::from_seconds(seconds);
            let range = (second - SECOND, second + SECOND);
            let mut answer = self.list_written(Some(trial), range, Start::Newest, &self.filter).await?;
            if answer.rows.is_empty() {
                // One empty page says nothing.
                answer = self.list_written(Some(trial), range, Start::Newest, &self.filter).await?;
            }
            let times = || answer.rows.iter().filter_map(Row::time);
            if let (Some(oldest), Some(newest)) = (times().min(), times().max())
                && newest.duration_since(oldest) > SignedDuration::from_secs(3)
            {
                break;
            }
            if times().any(|time| whole(time) == second) {
                habits.learn(|learned| (learned.date_filters, learned.utc_offset) = (Some(true), Some(seconds)));
                return Ok(true);
            }
        }
        habits.learn(|learned| learned.date_filters = Some(false));
        Ok(false)
    }
}

fn usual_offset() -> UtcOffset {
    UtcOffset::from_seconds(USUAL_OFFSET)
}

/// How many rows to ask for after this failure. `None` where fewer would not help.
fn fewer(error: &Error, limit: i32, habits: &Habits, tried: u32) -> Option<i32> {
    let lower = || FEWER.into_iter().find(|fewer| *fewer < limit);
    match error.kind() {
        ErrorKind::TooLarge => lower(),
        // Each of these took long already: in larger steps. A store that never answered is asked once more.
        ErrorKind::TimedOut if habits.has_answered() || tried == 0 => [20, 1].into_iter().find(|fewer| *fewer < limit),
        ErrorKind::Server | ErrorKind::Interrupted
            if (habits.has_answered() || tried < 2) && !matches!(error.status(), Some(501 | 505)) =>
        {
            if habits.has_answered() { lower() } else { [20, 1].into_iter().find(|fewer| *fewer < limit) }
        }
        ErrorKind::Refused if matches!(error.status(), Some(400 | 413 | 422)) && !habits.allows(limit) => {
            let detail = error.detail().unwrap_or_default().to_ascii_lowercase();
            let of_time = ["interval", "range", "window", "time", "month", "day", "created_at"];
            let other = error.status() != Some(413) && of_time.iter().any(|word| detail.contains(word));
            if other && !detail.contains("limit") { None } else { lower() }
        }
        _ => None,
    }
}

/// Whether asking for a narrower time range may help after this failure.
pub(super) fn is_heavy(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Server | ErrorKind::TimedOut | ErrorKind::Interrupted | ErrorKind::TooLarge)
        && !matches!(error.status(), Some(501 | 505))
}

/// The platform may not offer counts in every edition.
pub(super) fn cannot_count(error: &Error) -> bool {
    use ErrorKind::{Forbidden, NotFound, Refused, Undecodable};
    matches!(error.kind(), NotFound | Refused | Undecodable | Forbidden)
}

/// The second that a time lies in.
pub(super) fn whole(time: Timestamp) -> Timestamp {
    let second = time.as_nanosecond().div_euclid(1_000_000_000);
    i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok()).unwrap_or(time)
}
