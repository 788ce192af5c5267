//! Following a log: each entry once, whenever it comes, and in whatever process.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use storelogs::testing::{self, Log, Recorder, Response, entry};
use storelogs::{
    Batch, Checkpoint, Cursor, Error, ErrorKind, FollowOptions, LogEntry, LogQuery, LogSource, Result, Severity,
};
use tokio::time::Instant;

/// The minute of 2026 that a made-up entry with this number is from.
fn minute(number: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(number)
}

/// A clock that shows this minute, and goes on with the runtime's.
fn options(now: i64) -> FollowOptions {
    let began = Instant::now();
    FollowOptions::new().clock(move || minute(now) + SignedDuration::try_from(began.elapsed()).unwrap())
}

fn ids(entries: &[Result<LogEntry>]) -> Vec<String> {
    entries.iter().map(|entry| entry.as_ref().unwrap().id.clone()).collect()
}

async fn batch(news: &mut (impl StreamExt<Item = Result<Batch>> + Unpin)) -> Batch {
    news.next().await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_was_there_comes_first_and_then_what_comes_oldest_first() {
    let log = Log::new([entry(3), entry(1), entry(2)]);
    let mut news = log.follow_with(Checkpoint::since(minute(2)), options(10));
    let first = batch(&mut news).await;
    assert_eq!((ids(&first.entries), first.caught_up), (vec!["2".to_owned(), "3".to_owned()], true));
    assert!(news.next().now_or_never().is_none(), "nothing new has come");
    log.add(entry(5));
    log.add(entry(4));
    assert_eq!(ids(&batch(&mut news).await.entries), ["4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_log_gives_a_checkpoint_at_once_and_then_waits() {
    let log = Log::new([entry(1)]);
    let mut news = log.follow_with(Checkpoint::since(minute(2)), options(10));
    let first = batch(&mut news).await;
    assert!(first.entries.is_empty() && first.caught_up);
    let waited = tokio::time::timeout(Duration::from_secs(86_400), news.next()).await;
    assert!(waited.is_err(), "an empty batch came");
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_comes_many_hours_late_is_delivered_within_the_hour_and_once() {
    let (day, now) = (24 * 60, 3 * 24 * 60);
    let log = Log::new([entry(1), entry(u32::try_from(now - 5).unwrap())]);
    let mut news = log.follow_with(Checkpoint::since(minute(0)), options(now));
    while !batch(&mut news).await.caught_up {}
    let began = Instant::now();
    log.add(entry(u32::try_from(now - day + 120).unwrap()));
    log.add(entry(u32::try_from(now).unwrap()));
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.extend(ids(&batch(&mut news).await.entries));
    }
    assert!(began.elapsed() <= Duration::from_secs(3_700), "{:?}", began.elapsed());
    assert_eq!(seen, [now.to_string(), (now - day + 120).to_string()]);
    assert!(tokio::time::timeout(Duration::from_secs(86_400), news.next()).await.is_err(), "one came twice");
}

#[tokio::test(start_paused = true)]
async fn nothing_from_before_the_beginning_is_ever_delivered() {
    let log = Log::new((1..=5).map(entry));
    let mut news = log.follow_with(Checkpoint::since(minute(100)), options(200));
    assert!(batch(&mut news).await.entries.is_empty());
    log.add(entry(99));
    log.add(entry(100));
    assert_eq!(ids(&batch(&mut news).await.entries), ["100"]);
}

#[tokio::test(start_paused = true)]
async fn an_entry_dated_ahead_hides_nothing_that_comes_until_then() {
    let log = Log::new([entry(1), entry(1_000_000)]);
    let mut news = log.follow_with(Checkpoint::since(minute(0)), options(10));
    assert_eq!(ids(&batch(&mut news).await.entries), ["1", "1000000"]);
    log.add(entry(11));
    assert_eq!(ids(&batch(&mut news).await.entries), ["11"]);
}

#[tokio::test(start_paused = true)]
async fn years_are_read_oldest_first_in_a_few_parts() {
    let year = 365 * 24 * 60;
    let numbers: Vec<u32> = (0..200).map(|n| n * 2_600).collect();
    let log = Log::new(numbers.iter().copied().map(entry));
    let mut news = log.follow_with(Checkpoint::since(minute(0)), options(year));
    let mut seen = Vec::new();
    loop {
        let batch = batch(&mut news).await;
        seen.extend(ids(&batch.entries));
        if batch.caught_up {
            break;
        }
    }
    let expected: Vec<String> = numbers.iter().map(u32::to_string).collect();
    assert_eq!(seen, expected);
    assert!(log.queries().len() < 25, "{} walks", log.queries().len());
}

#[tokio::test(start_paused = true)]
async fn filters_are_kept_and_their_time_range_and_limit_are_not() {
    let log = Log::new([entry(1).severity(Severity::Error), entry(2), entry(3).severity(Severity::Error)]);
    let query = LogQuery::new().min_severity(Severity::Error).since(minute(3)).limit(1);
    let mut news = log.follow_with(Checkpoint::since(minute(0)), options(10).query(query));
    assert_eq!(ids(&batch(&mut news).await.entries), ["1", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_an_item_and_the_stream_goes_on_later_and_later() {
    let network = Recorder::new().serve(|_| Some(Response::status(403)));
    let store = testing::bigcommerce::store(&network);
    let mut news = store.follow_with(Checkpoint::since(minute(0)), options(10));
    let (mut waits, mut before) = (Vec::new(), Instant::now());
    for _ in 0..8 {
        let error = news.next().await.unwrap().unwrap_err();
        assert!(error.kind() == ErrorKind::Forbidden && error.kind().should_park());
        waits.push(before.elapsed().as_secs());
        before = Instant::now();
    }
    assert_eq!(waits, [0, 60, 120, 240, 480, 900, 900, 900]);
}

#[tokio::test(start_paused = true)]
async fn what_came_before_a_failure_is_delivered_once_and_the_rest_later() {
    let log = Log::new((1..=5).map(entry)).page_size(2).failing_after(2, ErrorKind::Server);
    let mut news = log.follow_with(Checkpoint::since(minute(0)), options(10));
    let first = batch(&mut news).await;
    assert_eq!((ids(&first.entries), first.caught_up), (vec!["4".to_owned(), "5".to_owned()], false));
    assert_eq!(first.checkpoint.reached(), minute(0), "it claims nothing");
    assert_eq!(news.next().await.unwrap().unwrap_err().kind(), ErrorKind::Server);
    let whole = Log::new((1..=5).map(entry));
    let mut news = whole.follow_with(first.checkpoint, options(10));
    assert_eq!(ids(&batch(&mut news).await.entries), ["1", "2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_decoded_is_an_item_once() {
    let page = r#"{"data":[{"id":[]},{"id":7,"date_created":"2026-01-01T00:07:00+00:00"}],
        "meta":{"pagination":{"total":2,"count":2,"per_page":250,"current_page":1,"total_pages":1}}}"#;
    let network = Recorder::new().serve(move |_| Some(Response::text(200, page)));
    let store = testing::bigcommerce::store(&network);
    let mut news = store.follow_with(Checkpoint::since(minute(0)), options(10));
    let first = batch(&mut news).await;
    let kinds: Vec<_> = first.entries.iter().filter_map(|item| item.as_ref().err().map(Error::kind)).collect();
    assert_eq!((first.entries.len(), kinds), (2, vec![ErrorKind::Record]));
    assert!(tokio::time::timeout(Duration::from_secs(7_200), news.next()).await.is_err(), "it came twice");
}

#[tokio::test(start_paused = true)]
async fn the_cursor_of_a_finished_walk_is_refused_with_what_to_do_instead() {
    let log = Log::new((1..=3).map(entry));
    let last = log.pages(LogQuery::new(), None).next().await.unwrap().unwrap();
    assert!(last.cursor.done);
    let sources: [&dyn LogSource; 3] =
        [&log, &testing::bigcommerce::store(&Recorder::new()), &testing::shopline::store(&Recorder::new())];
    for source in sources {
        let cursor = Cursor { done: true, ..last.cursor.clone() };
        let mut pages = source.pages(LogQuery::new(), Some(cursor));
        let error = pages.next().await.unwrap().unwrap_err();
        let line = error.to_string();
        assert!(error.kind() == ErrorKind::InvalidInput && line.contains("`follow` with a Checkpoint"), "{line}");
        assert!(line.starts_with(&source.store().to_string()), "{line}");
        assert!(pages.next().await.is_none());
    }
}

#[test]
fn a_checkpoint_is_json_that_a_later_version_can_read() {
    let checkpoint = Checkpoint::since(minute(5));
    let json = serde_json::to_string(&checkpoint).unwrap();
    assert_eq!(json, r#"{"start":"2026-01-01T00:05:00Z","reached":"2026-01-01T00:05:00Z"}"#);
    let newer = json.replace('}', r#","something":1}"#);
    assert_eq!(serde_json::from_str::<Checkpoint>(&newer).unwrap(), checkpoint);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever comes, up to a day late, and wherever the process ends, each entry is delivered exactly once.
    #[test]
    fn each_entry_is_delivered_once_whatever_the_arrivals_and_restarts(
        arrivals in prop::collection::vec((0_u32..1_300, 0_u64..4_000, any::<bool>()), 1..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let base = 10 * 24 * 60;
            let began = Instant::now();
            let clock = move || minute(base) + SignedDuration::try_from(began.elapsed()).unwrap();
            let log = Log::new(Vec::<LogEntry>::new());
            let mut checkpoint = Checkpoint::since(minute(base - 24 * 60));
            let (mut seen, mut due) = (Vec::new(), Vec::new());
            for (number, (late, wait, restart)) in arrivals.into_iter().enumerate() {
                let time = clock() - SignedDuration::from_mins(late.into());
                let id = u32::try_from(number).unwrap();
                log.add(entry(id).time(time));
                due.push(id.to_string());
                let options = FollowOptions::new().clock(clock);
                let mut news = log.follow_with(checkpoint.clone(), options);
                let until = Instant::now() + Duration::from_secs(wait);
                while let Ok(Some(Ok(batch))) = tokio::time::timeout_at(until, news.next()).await {
                    seen.extend(ids(&batch.entries));
                    checkpoint = batch.checkpoint;
                }
                if restart {
                    checkpoint = serde_json::from_str(&serde_json::to_string(&checkpoint).unwrap()).unwrap();
                }
            }
            let mut news = log.follow_with(checkpoint, FollowOptions::new().clock(clock));
            let until = Instant::now() + Duration::from_secs(3 * 3_600);
            while let Ok(Some(Ok(batch))) = tokio::time::timeout_at(until, news.next()).await {
                seen.extend(ids(&batch.entries));
            }
            seen.sort();
            due.sort();
            prop_assert_eq!(seen, due);
            Ok(())
        })?;
    }
}
