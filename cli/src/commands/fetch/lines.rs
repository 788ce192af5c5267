//! The logs of many stores as text, newest first: each page becomes text in a task of its own, beside the reading of others.

use std::ops::Range;

use futures::StreamExt;
use futures::stream::BoxStream;
use jiff::Timestamp;
use storelogs::{Error, LogEntry, LogQuery, LogSource, Result};
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::{JoinHandle, JoinSet};

use crate::output::Encode;

/// Pages of a store that wait, as text or on their way to it.
const WAITING: usize = 2;

/// The entries of a store, page by page.
type Walk = BoxStream<'static, Result<Vec<Result<LogEntry>>>>;

/// One page as text.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    items: Vec<Item>,
}

enum Item {
    /// An entry, and where its text ends.
    Entry(Timestamp, usize),
    Error(Error),
}

impl Lines {
    fn of(entries: Vec<Result<LogEntry>>, encode: Encode) -> Self {
        let (text, items) = (Vec::with_capacity(entries.len() * 512), Vec::with_capacity(entries.len()));
        let mut lines = Self { text, items };
        for entry in entries {
            lines.items.push(match entry {
                Ok(entry) => {
                    encode(&entry, &mut lines.text);
                    Item::Entry(entry.time, lines.text.len())
                }
                Err(error) => Item::Error(error),
            });
        }
        lines
    }
}

/// All stores, as `storelogs::merge` gives them.
pub(super) struct Merged {
    stores: Vec<Input>,
    left: Option<usize>,
    /// Dropped with it, and every walk with them.
    _walks: JoinSet<()>,
}

/// One store: what is left of its page at hand, and the pages to come.
struct Input {
    pages: Receiver<JoinHandle<Result<Lines>>>,
    coming: Option<JoinHandle<Result<Lines>>>,
    items: std::vec::IntoIter<Item>,
    text: Vec<u8>,
    /// How much of the text was given out.
    given: usize,
    /// The time of the next entry, and where its text ends.
    head: Option<(Timestamp, usize)>,
    ended: bool,
}

impl Merged {
    pub(super) fn new(sources: impl IntoIterator<Item: LogSource>, query: &LogQuery, encode: Encode) -> Self {
        let pages =
            |source: &dyn LogSource| source.pages(query.clone(), None).map(|page| page.map(|page| page.entries));
        let walks = sources.into_iter().map(|source| pages(&source).boxed());
        Self::of(walks, query.limit, encode)
    }

    fn of(sources: impl Iterator<Item = Walk>, limit: Option<usize>, encode: Encode) -> Self {
        let mut walks = JoinSet::new();
        let stores = sources.map(|mut walk| {
            let (sender, pages) = mpsc::channel(WAITING);
            walks.spawn(async move {
                while let Some(page) = walk.next().await {
                    let lines = tokio::spawn(async move { page.map(|entries| Lines::of(entries, encode)) });
                    if sender.send(lines).await.is_err() {
                        return; // nobody listens any more
                    }
                }
            });
            let (items, text) = (Vec::new().into_iter(), Vec::new());
            Input { pages, coming: None, items, text, given: 0, head: None, ended: false }
        });
        Self { stores: stores.collect(), left: limit, _walks: walks }
    }

    /// The text of the next entries, and how many they are. `None` at the end. Nothing is lost if it is not awaited.
    pub(super) async fn next(&mut self) -> Option<Result<(u64, &[u8])>> {
        if self.left == Some(0) {
            return None;
        }
        // Nothing can be said to be the newest before every store has said its newest.
        for store in &mut self.stores {
            if let Err(error) = store.fill().await {
                return Some(Err(error));
            }
        }
        let heads = || self.stores.iter().map(|store| store.head.map(|(time, _)| time));
        let (newest, _) =
            heads().enumerate().filter_map(|(place, time)| Some((place, time?))).max_by_key(|(_, t)| *t)?;
        // Of entries of one moment, those of the last store come first.
        let before = heads().take(newest).flatten().max();
        let behind = heads().skip(newest + 1).flatten().max();
        let most = self.left.unwrap_or(usize::MAX);
        let (count, text) = self.stores[newest]
            .give(most, |time| before.is_none_or(|before| time >= before) && behind.is_none_or(|behind| time > behind));
        self.left = self.left.map(|left| left - count);
        Some(Ok((count as u64, &self.stores[newest].text[text])))
    }
}

impl Input {
    /// Sees to it that the head is there, unless the store's walk is over.
    async fn fill(&mut self) -> Result<()> {
        while self.head.is_none() && !self.ended {
            match self.items.next() {
                Some(Item::Error(error)) => return Err(error),
                Some(Item::Entry(time, end)) => self.head = Some((time, end)),
                None => {
                    if self.coming.is_none() {
                        self.coming = self.pages.recv().await;
                    }
                    let Some(coming) = &mut self.coming else {
                        self.ended = true;
                        return Ok(());
                    };
                    let made = coming.await;
                    self.coming = None;
                    let lines = match made {
                        Ok(lines) => lines?,
                        Err(fault) => match fault.try_into_panic() {
                            Ok(panic) => std::panic::resume_unwind(panic),
                            Err(_) => Lines::default(), // the runtime shuts down
                        },
                    };
                    (self.items, self.text, self.given) = (lines.items.into_iter(), lines.text, 0);
                }
            }
        }
        Ok(())
    }

    /// Gives out entries up to the first that is not of a time that goes before the other stores': how many, and their text.
    fn give(&mut self, most: usize, goes_first: impl Fn(Timestamp) -> bool) -> (usize, Range<usize>) {
        let (start, mut count) = (self.given, 0);
        while let Some((_, end)) = self.head.filter(|(time, _)| count < most && goes_first(*time)) {
            count += 1;
            self.given = end;
            self.head = match self.items.as_slice().first() {
                Some(Item::Entry(time, end)) => Some((*time, *end)),
                Some(Item::Error(_)) | None => None,
            };
            if self.head.is_some() {
                self.items.next();
            }
        }
        (count, start..self.given)
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use jiff::SignedDuration;
    use storelogs::{LogEntry, Store};

    use super::*;

    /// Entries of several stores, newest first, many of them of one moment.
    fn stores(dice: &mut fastrand::Rng) -> Vec<Vec<LogEntry>> {
        let mut stores = Vec::new();
        for number in 0..dice.usize(1..4) {
            let store = Store::bigcommerce(&format!("store{number}")).expect("a name");
            let mut time = Timestamp::UNIX_EPOCH;
            let entries = (0..dice.usize(0..30)).map(|id| {
                time = time.saturating_sub(SignedDuration::from_secs(dice.i64(0..3))).expect("a time");
                LogEntry::new(&store, id.to_string(), time, time)
            });
            stores.push(entries.collect());
        }
        stores
    }

    /// Its pages, with an error that is an item here and there.
    fn walk(entries: &[LogEntry], errors: &mut usize, dice: &mut fastrand::Rng) -> Walk {
        let mut pages = Vec::new();
        for page in entries.chunks(dice.usize(1..7)) {
            let mut items: Vec<_> = page.iter().cloned().map(Ok).collect();
            if dice.bool() {
                *errors += 1;
                items.insert(
                    dice.usize(..=items.len()),
                    Err(Store::bigcommerce("?").expect_err("no store is called so")),
                );
            }
            pages.push(Ok(items));
        }
        stream::iter(pages).boxed()
    }

    #[tokio::test]
    async fn the_text_of_several_stores_is_that_of_their_entries_newest_first() {
        let encode: Encode = |entry, out| out.extend(format!("{entry} {}\n", entry.id).bytes());
        for seed in 0..300 {
            let mut dice = fastrand::Rng::with_seed(seed);
            let stores = stores(&mut dice);
            // Of one moment, those of the last store come first, and each store's in its own order.
            let mut entries: Vec<&LogEntry> = stores.iter().rev().flatten().collect();
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
            let limit = dice.bool().then(|| dice.usize(0..40));
            entries.truncate(limit.unwrap_or(usize::MAX));
            let mut expected = Vec::new();
            entries.iter().for_each(|entry| encode(entry, &mut expected));

            let mut errors = 0;
            let walks: Vec<Walk> = stores.iter().map(|entries| walk(entries, &mut errors, &mut dice)).collect();
            let mut merged = Merged::of(walks.into_iter(), limit, encode);
            let (mut text, mut count, mut failed) = (Vec::new(), 0, 0);
            while let Some(next) = merged.next().await {
                match next {
                    Ok((entries, lines)) => {
                        count += entries;
                        text.extend_from_slice(lines);
                    }
                    Err(_) => failed += 1,
                }
            }
            assert_eq!(String::from_utf8_lossy(&text), String::from_utf8_lossy(&expected), "seed {seed}");
            assert_eq!(count, entries.len() as u64, "seed {seed}");
            assert!(if limit.is_some() { failed <= errors } else { failed == errors }, "seed {seed}");
        }
    }
}
