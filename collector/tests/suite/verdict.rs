//! The one verdict: no surface says complete where the platform says otherwise.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs_collector::archive::State;
use storelogs_collector::insight;
use storelogs_collector::redact::NoRedaction;
use storelogs_collector::status::status;
use storelogs_collector::sync::SyncOptions;
use storelogs_collector::verdict::{Unread, Verdict};
use storelogs_sandbox::BigCommerceBehavior;
use storelogs_sandbox::{Behavior, DateFilters, Fault, Faults, History, Platform, Sandbox, Store};
use tokio::sync::watch;

use crate::world::{World, present, record};

const HASH: &str = "abc123";

fn shop(rows: usize) -> Store {
    Store::bigcommerce(HASH).history(History::bulk(5, rows)).behavior(Behavior::unlimited())
}

async fn world(shop: Store) -> World {
    World::new(Sandbox::builder().store(shop)).await
}

/// The sentence of a report on the last 30 days about how far it can be trusted.
fn report(world: &World, now: Timestamp) -> String {
    let options = insight::ReportOptions {
        since: now - SignedDuration::from_hours(24 * 30),
        until: now,
        compare: false,
        stores: Vec::new(),
        zone: Some(TimeZone::UTC),
        now,
    };
    let report = insight::report(&world.archive(), &options, &NoRedaction).unwrap();
    serde_json::to_string(&report.summary).unwrap()
}

#[tokio::test]
async fn a_first_run_that_was_stopped_or_is_under_way_is_complete_nowhere() {
    let world = world(shop(8000)).await;
    for requests in [1, 3, 9, 20] {
        let (stop, stopped) = watch::channel(false);
        let sandbox = std::sync::Arc::clone(&world.sandbox);
        let until = sandbox.requests() + requests;
        let stopper = tokio::spawn(async move {
            while sandbox.requests() < until {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            stop.send_replace(true);
            std::future::pending::<()>().await;
        });
        let outcome = world.sync_with(SyncOptions::default(), stopped).await.unwrap().remove(0);
        stopper.abort();
        let held = world.entries().len();
        assert_eq!(world.verdict().is_complete(), held == 8000, "{held} of 8000: {}", world.verdict());
        assert!(!outcome.complete || held == 8000, "{held} held");
        assert_eq!(report(&world, present()).contains("Nothing is missing"), held == 8000);
    }
    assert!(world.sync().await[0].complete, "{}", world.verdict());
    world.assert_conserved("at last");
}

#[tokio::test]
async fn a_collector_that_died_ten_days_ago_left_ten_days_unread() {
    let world = world(shop(800)).await;
    world.sync().await;
    assert!(world.verdict().is_complete());
    let later = present() + SignedDuration::from_hours(240);
    let verdict = world.verdict_at(later);
    assert_eq!(verdict.worst(), Verdict::Unread { why: Unread::Behind });
    assert!(verdict.summary.starts_with("unread: nobody has read so far since, after 20"), "{verdict}");
    let (_, standing) = status(&world.archive(), later).unwrap().remove(0);
    assert!(standing.share < 0.99, "{}", standing.share);
    assert!(report(&world, later).contains("Entries may be missing"));
    assert!(report(&world, present()).contains("Nothing is missing"));
}

#[tokio::test]
async fn a_store_that_refused_every_request_is_unread() {
    for status in [401, 402, 422, 500] {
        let world = world(shop(50).faults(Faults::none().always(Fault::Status(status)))).await;
        let outcome = world.sync().await.remove(0);
        assert!(matches!(outcome.verdict.worst(), Verdict::Unread { .. }), "{status}: {}", outcome.verdict);
        assert!(!outcome.complete && outcome.verdict.share() < 0.01);
    }
}

#[tokio::test]
async fn what_could_not_be_read_is_unread_and_the_rest_is_not() {
    let world = world(shop(300)).await;
    let ids = world.sandbox.oracle(Platform::BigCommerce, HASH, 0, i64::MAX / 2);
    let broken = ids[250].parse().unwrap();
    world.sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none().row(broken, Fault::Status(500)));
    let outcome = world.sync().await.remove(0);
    assert!(outcome.verdict.worst().may_lack(), "{:?}", outcome.verdict);
    assert!(outcome.verdict.share() > 0.9);
    let (_, verdict) = world.repair().await;
    assert!(verdict.worst().may_lack(), "{verdict}");
    world.sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none());
    let (_, verdict) = world.repair().await;
    assert!(verdict.is_complete(), "{verdict:?}");
    world.assert_conserved("once it comes");
}

#[tokio::test]
async fn ignored_date_filters_are_no_reason_not_to_be_complete() {
    let behavior = BigCommerceBehavior { date_filters: DateFilters::Ignored, ..BigCommerceBehavior::unlimited() };
    let world = world(shop(3000).behavior(behavior)).await;
    assert!(world.sync().await[0].complete, "{}", world.verdict());
    world.assert_conserved("all held");
}

#[tokio::test]
async fn records_in_quarantine_are_not_held_until_they_can_be_decoded() {
    let world = world(shop(30).faults(Faults::none().always(Fault::MalformedRecord(1)))).await;
    let outcome = world.sync().await.remove(0);
    let in_quarantine = |verdict: &Verdict| matches!(verdict, Verdict::InQuarantine { .. });
    assert!(in_quarantine(&outcome.verdict.worst()), "{:?}", outcome.verdict);
    assert!(in_quarantine(&world.sync().await[0].verdict.worst()), "nor by the next run");
    world.sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none());
    let (_, verdict) = world.repair().await;
    assert!(verdict.is_complete(), "{verdict:?}");
    assert_eq!(world.number("SELECT count(*) FROM quarantine"), 0);
    world.assert_conserved("once they could be decoded");
}

#[tokio::test]
async fn a_store_of_which_nothing_can_be_decoded_is_in_quarantine() {
    let records: Vec<_> = (1..20)
        .map(|id| {
            let mut record = record(id, 10_000 - id.cast_signed(), "no time of its own");
            record["date_created"] = "when it rained".into();
            record
        })
        .collect();
    let world = world(Store::bigcommerce(HASH).records(records).behavior(Behavior::unlimited())).await;
    for _ in 0..2 {
        let outcome = world.sync().await.remove(0);
        assert!(!outcome.complete, "{:?}", outcome.verdict);
    }
    let all = Verdict::InQuarantine { records: 19 };
    assert_eq!(world.verdict().worst(), all, "{:?}", world.verdict());
    let before = world.verdict_at(present() - SignedDuration::from_hours(1));
    assert_eq!(before.worst(), all, "each may be older than that, too: {before:?}");
}

/// An archive of the version before has no audits: it was read, and nobody knows how well.
#[tokio::test]
async fn an_older_archive_is_audited_by_counts_without_being_read_again() {
    let world = world(shop(400)).await;
    world.sync().await;
    let sql = rusqlite::Connection::open(&world.path).unwrap();
    sql.execute_batch(include_str!("../back_to_version_4.sql")).unwrap();
    sql.execute_batch(
        "DROP TABLE audit; DROP TABLE gone; DROP TRIGGER entry_deleted; DROP TABLE deleted; \
         DROP TABLE learned; DROP TABLE word_index; DROP INDEX quarantine_record; ALTER TABLE quarantine DROP COLUMN record; \
         ALTER TABLE quarantine DROP COLUMN near; ALTER TABLE quarantine DROP COLUMN near_since; PRAGMA user_version = 2;",
    )
    .unwrap();
    drop(sql);
    assert_eq!(world.verdict().worst(), Verdict::Unread { why: Unread::NotAudited });
    let requests = world.sandbox.requests();
    assert!(world.sync().await[0].complete, "{:?}", world.verdict());
    assert!(world.sandbox.requests() - requests < 30, "{} requests", world.sandbox.requests() - requests);
}

#[tokio::test]
async fn what_is_damaged_is_said_before_anything_is_compared() {
    let world = world(shop(3000)).await;
    world.sync().await;
    world.archive().check().unwrap();
    rusqlite::Connection::open(&world.path).unwrap().pragma_update(None, "journal_mode", "delete").unwrap();
    let bytes = std::fs::read(&world.path).unwrap();
    let (mut refused, mut tried) = (0, 0);
    for page in (1..bytes.len() / 4096).step_by(bytes.len() / 4096 / 12) {
        let mut damaged = bytes.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&world.path, damaged).unwrap();
        let found = storelogs_collector::Archive::open(&world.path).and_then(|archive| archive.check());
        tried += 1;
        refused += usize::from(found.is_err());
    }
    assert!(refused + 2 >= tried, "{refused} of {tried}");
}

#[tokio::test]
async fn a_silent_store_keeps_no_other_waiting() {
    let shops = (0..24).map(|number| {
        Store::bigcommerce(format!("s{number:02}")).history(History::bulk(5, 30)).behavior(Behavior::unlimited())
    });
    let world = World::new(Sandbox::builder().stores(shops)).await;
    for number in 0..8 {
        let hangs = Faults::none().always(Fault::Delay(std::time::Duration::from_secs(60)));
        world.sandbox.set_faults(Platform::BigCommerce, &format!("s{number:02}"), hangs);
    }
    let (stop, stopped) = watch::channel(false);
    // Each of the eight keeps silent for a minute, and two are read at once: one after the other they take four.
    let (begun, limit) = (std::time::Instant::now(), std::time::Duration::from_secs(150));
    let options = SyncOptions { walks: 2, ..SyncOptions::default() };
    let is_read = |world: &World| {
        let all = status(&world.archive(), present()).unwrap();
        all.iter().filter(|(_, standing)| standing.state == State::Active && standing.judgement.is_complete()).count()
    };
    let running = world.sync_with(options, stopped);
    let watching = async {
        while is_read(&world) < 16 {
            assert!(begun.elapsed() < limit, "{} of 16", is_read(&world));
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        stop.send(true).unwrap();
    };
    let (outcomes, ()) = tokio::join!(running, watching);
    outcomes.unwrap();
}
