//! Walks that follow a platform's own links to the next page, with every way in which a server may mislead them.

use std::sync::{Arc, Mutex};

use futures::TryStreamExt;
use futures::future;
use futures::stream::BoxStream;
use jiff::Timestamp;
use proptest::prelude::*;
use storelogs::platform::{PageRequest, PageResponse, paginate_newest_first};
use storelogs::testing::entry;
use storelogs::{Cursor, Error, ErrorKind, LogQuery, Page, Result, Store};

/// The minute of 2026 that a made-up entry with this number is from.
fn at(number: u32) -> Timestamp {
    entry(number).build().time
}

/// A list that is served in pages, as a server may do it.
#[derive(Clone, Debug)]
struct Served {
    /// The number of each row, newest first.
    rows: Vec<u32>,
    page_size: usize,
    /// Rows of a page that come again on the next one.
    overlap: usize,
    /// The number of pages after which one comes empty, with a continuation.
    gap: usize,
    /// Whether the time range of the query is obeyed.
    obeys: bool,
    /// Whether the last page names a continuation, to an empty one.
    names_an_empty_end: bool,
}

impl Served {
    fn list(&self, ask: &PageRequest) -> PageResponse {
        let inside = |row: &&u32| {
            let time = at(**row);
            ask.query.since.is_none_or(|since| time >= since) && ask.query.until.is_none_or(|until| time < until)
        };
        let rows: Vec<u32> = self.rows.iter().filter(|row| !self.obeys || inside(row)).copied().collect();
        // `place` of the row to begin at, and the number of the page.
        let next = ask.next.as_deref().unwrap_or("0 1");
        let (place, page) = next.split_once(' ').unwrap();
        let (place, page): (usize, usize) = (place.parse().unwrap(), page.parse().unwrap());
        if self.gap > 0 && page.is_multiple_of(self.gap) && ask.next.is_some() {
            return PageResponse { entries: Vec::new(), next: Some(format!("{place} {}", page + 1)) };
        }
        let end = (place + self.page_size).min(rows.len());
        let begin = place.saturating_sub(if ask.next.is_some() { self.overlap } else { 0 });
        let entries = rows[begin..end].iter().map(|row| Ok(entry(*row).build())).collect();
        let more = end < rows.len() || (self.names_an_empty_end && place < end);
        PageResponse { entries, next: more.then(|| format!("{end} {}", page + 1)) }
    }

    fn pages(&self, query: LogQuery, from: Option<&Cursor>) -> BoxStream<'static, Result<Page>> {
        let served = self.clone();
        paginate_newest_first(&store(), query, from, move |ask| future::ready(Ok(served.list(&ask))))
    }
}

fn store() -> Store {
    Store::bigcommerce("abc123").unwrap()
}

fn numbers(pages: &[Page]) -> Vec<u32> {
    pages.iter().flat_map(|page| &page.entries).map(|entry| entry.as_ref().unwrap().id.parse().unwrap()).collect()
}

fn read(pages: BoxStream<'static, Result<Page>>) -> Result<Vec<Page>> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(pages.try_collect())
}

fn servers() -> impl Strategy<Value = Served> {
    let rows = prop::collection::btree_set(0_u32..300, 0..100);
    (rows, 1_usize..12, 0_usize..3, 0_usize..4, any::<bool>(), any::<bool>()).prop_map(
        |(rows, page_size, overlap, gap, obeys, names_an_empty_end)| {
            let gap = if gap == 1 { 0 } else { gap }; // not every page
            let rows = rows.into_iter().rev().collect();
            Served { rows, page_size, overlap: overlap.min(page_size), gap, obeys, names_an_empty_end }
        },
    )
}

proptest! {
    #[test]
    fn whatever_way_a_list_is_paged_nothing_is_lost_or_doubled(
        served in servers(), since in prop::option::of(0_u32..300), until in prop::option::of(0_u32..300),
    ) {
        let mut query = LogQuery::new();
        (query.since, query.until) = (since.map(at), until.map(at));
        let mut oracle = served.rows.clone();
        oracle.retain(|row| query.matches(&entry(*row).build()));

        let pages = read(served.pages(query.clone(), None)).unwrap();
        prop_assert_eq!(&numbers(&pages), &oracle);
        prop_assert!(pages.last().is_some_and(|page| page.last && page.cursor.done));

        let mut delivered = 0;
        for page in &pages {
            delivered += page.entries.len();
            if page.cursor.done {
                prop_assert_eq!(delivered, oracle.len());
                break;
            }
            let rest = read(served.pages(query.clone(), Some(&page.cursor))).unwrap();
            prop_assert_eq!(&numbers(&rest), &oracle[delivered..]);
        }
    }
}

/// Walks a list that a function serves, and says which continuations were asked for.
fn walk(serve: impl Fn(&PageRequest) -> PageResponse + Send + 'static) -> (Result<Vec<Page>>, Vec<Option<String>>) {
    let asked: Arc<Mutex<Vec<_>>> = Arc::default();
    let noted = Arc::clone(&asked);
    let pages = paginate_newest_first(&store(), LogQuery::new(), None, move |ask| {
        noted.lock().unwrap().push(ask.next.clone());
        future::ready(Ok(serve(&ask)))
    });
    let read = read(pages);
    let asked = asked.lock().unwrap().clone();
    (read, asked)
}

fn listed(rows: &[u32], next: Option<&str>) -> PageResponse {
    PageResponse { entries: rows.iter().map(|row| Ok(entry(*row).build())).collect(), next: next.map(str::to_owned) }
}

#[test]
fn one_empty_page_is_not_believed() {
    let answers = Mutex::new(vec![listed(&[5, 4], None), listed(&[], None)]);
    let (pages, asked) = walk(move |_| answers.lock().unwrap().pop().unwrap());
    assert_eq!(numbers(&pages.unwrap()), [5, 4]);
    assert_eq!(asked.len(), 2);

    let (pages, asked) = walk(|_| listed(&[], None));
    assert!(numbers(&pages.unwrap()).is_empty());
    assert_eq!(asked.len(), 2, "asked twice, then believed");
}

#[test]
fn a_circle_of_pages_is_an_error_that_says_what_is_missing() {
    // Continuations that come again, over empty pages: nothing but them shows the circle.
    let (result, asked) = walk(|ask| match ask.next.as_deref() {
        None => listed(&[9, 8], Some("0")),
        Some(next) => listed(&[], Some(&((next.parse::<u32>().unwrap() + 1) % 7).to_string())),
    });
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.store()), (ErrorKind::Incomplete, Some(&store())));
    insta::assert_snapshot!(error, @"bigcommerce:abc123: the platform leads from page to page in a circle; entries older than 2026-01-01T00:08:00Z were not read; ask for smaller time ranges, or go on from the last cursor");
    assert!(asked.len() < 40, "{}", asked.len());

    // Ever new continuations to the same rows.
    let (result, asked) = walk(|ask| {
        let next = ask.next.as_deref().map_or(0, |next| next.parse().unwrap()) + 1;
        listed(&[9, 8], Some(&u32::to_string(&next)))
    });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Incomplete);
    assert!(asked.len() < 10, "{}", asked.len());
}

#[test]
fn rows_in_no_order_are_all_delivered_and_only_the_end_has_a_cursor() {
    let (pages, _) = walk(|ask| match ask.next.as_deref() {
        None => listed(&[3, 9, 1], Some("1")),
        Some("1") => listed(&[8, 2], Some("2")),
        _ => listed(&[7], None),
    });
    let pages = pages.unwrap();
    let mut all = numbers(&pages);
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3, 7, 8, 9]);
    let (last, before) = pages.split_last().unwrap();
    assert!(before.iter().all(|page| page.cursor == Cursor::default()), "{before:?}");
    assert!(last.cursor.done);
}

#[test]
fn pages_that_rise_from_one_to_the_next_are_no_order_either() {
    let (pages, _) = walk(|ask| match ask.next.as_deref() {
        None => listed(&[2, 1], Some("1")),
        _ => listed(&[4, 3], None),
    });
    let pages = pages.unwrap();
    assert_eq!(numbers(&pages), [2, 1, 4, 3], "nothing is lost");
    assert!(pages[1].cursor.done);
}

#[test]
fn a_bad_record_is_an_item_and_the_walk_goes_on() {
    let (pages, _) = walk(|ask| match ask.next.as_deref() {
        None => PageResponse {
            entries: vec![
                Ok(entry(9).build()),
                Err(Error::new(ErrorKind::Record, "one record is not the documented shape")),
            ],
            next: Some("1".into()),
        },
        _ => listed(&[8], None),
    });
    let pages = pages.unwrap();
    let items: Vec<_> = pages.iter().flat_map(|page| &page.entries).collect();
    assert_eq!(items.len(), 3);
    assert_eq!(items.iter().filter(|item| item.is_err()).count(), 1);
}
