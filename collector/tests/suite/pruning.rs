//! Pruning: pruned entries are gone, are no gap, and do not come back.

use jiff::{SignedDuration, Timestamp};
use storelogs::Severity;
use storelogs_collector::archive::Pruned;
use storelogs_collector::insight::{Report, ReportOptions};
use storelogs_collector::redact::NoRedaction;
use storelogs_collector::retention::Keep;
use storelogs_collector::verdict::{Evidence, Verdict};
use storelogs_collector::verify::Depth;
use storelogs_sandbox::{Behavior, History, Sandbox, Store};

use crate::world::{World, ever, present};

const HASH: &str = "abc123";

async fn world(entries: usize) -> World {
    let shop = Store::bigcommerce(HASH).history(History::bulk(4, entries)).behavior(Behavior::unlimited());
    World::new(Sandbox::builder().stores([shop])).await
}

fn cutoffs(keep: &Keep) -> Vec<(Severity, Timestamp)> {
    keep.cutoffs(present())
}

fn prune(world: &World, keep: &Keep) -> Pruned {
    let mut archive = world.archive();
    let (id, _) = archive.stores().unwrap().remove(0);
    let cutoffs = cutoffs(keep);
    let would = archive.prunable(id, &cutoffs).unwrap();
    let pruned = archive.prune(id, &cutoffs, present(), |_| {}).unwrap();
    assert_eq!(pruned, would, "what was said before");
    pruned
}

fn held(world: &World) -> u64 {
    let archive = world.archive();
    let (id, _) = archive.stores().unwrap().remove(0);
    archive.count(id, ever()).unwrap()
}

fn hours(world: &World) -> u64 {
    world.number("SELECT sum(entries) FROM hours")
}

fn all(age: &str) -> Keep {
    Keep::all(age.parse().unwrap())
}

#[tokio::test]
async fn what_is_pruned_is_no_gap_and_is_never_fetched_again() {
    let world = world(3000).await;
    assert!(world.sync().await[0].complete);
    let pruned = prune(&world, &all("30d"));
    assert!(pruned.entries > 1000 && held(&world) == 3000 - pruned.entries, "{pruned:?}");
    let verdict = world.verdict();
    assert!(verdict.is_complete() && verdict.worst() == Verdict::Audited, "{verdict:?}");
    assert_eq!(verdict.findings[0].verdict, Verdict::Pruned);
    assert!(verdict.summary.contains("complete up to ") && verdict.summary.contains("; pruned up to "), "{verdict}");
    assert_eq!(hours(&world), 3000, "the counts stay");
    assert!(world.archive().out_of_step().unwrap().is_nothing());
    let requests = world.sandbox.requests();
    assert!(world.sync().await[0].complete);
    assert!(world.sandbox.requests() - requests < 10, "it is not read again");
    assert_eq!(held(&world), 3000 - pruned.entries);
    assert!(world.verify(Depth::Deep).await.is_complete());
    let (repaired, _) = world.repair().await;
    assert_eq!(repaired.committed.new, 0);
    assert_eq!(held(&world), 3000 - pruned.entries);
    assert!(prune(&world, &all("30d")).entries < 10, "but for an hour that ended just now");
}

/// A new owner wants the last months only: the rest is not even read.
#[tokio::test]
async fn what_is_pruned_before_it_was_read_is_not_read() {
    let world = world(3000).await;
    {
        let mut archive = world.archive();
        let id = archive.add_store(&storelogs::Store::bigcommerce(HASH).unwrap()).unwrap();
        archive.prune(id, &cutoffs(&all("20d")), present(), |_| {}).unwrap();
    }
    let outcome = world.sync().await.remove(0);
    assert!(outcome.complete, "{:?}", outcome.verdict);
    assert!(outcome.committed.new > 0 && outcome.committed.new < 1200, "{:?}", outcome.committed);
    assert!(outcome.committed.pruned < 300, "it was not read: {:?}", outcome.committed);
}

#[tokio::test]
async fn some_severities_are_pruned_and_the_others_stay() {
    let world = world(3000).await;
    world.sync().await;
    let keep = Keep::some([(Severity::Info, "30d".parse().unwrap())]);
    let errors = |world: &World| world.number("SELECT count(*) FROM entry WHERE severity = 17");
    let before = errors(&world);
    let pruned = prune(&world, &keep);
    assert!(before > 0 && pruned.entries > 300, "{pruned:?}");
    assert_eq!(errors(&world), before);
    assert_eq!(hours(&world), 3000);
    assert!(world.archive().out_of_step().unwrap().is_nothing());
    let left = held(&world);
    assert!(world.verdict().is_complete(), "{:?}", world.verdict());
    for _ in 0..2 {
        assert!(world.sync().await[0].complete);
        assert!(world.verify(Depth::Deep).await.is_complete());
    }
    world.repair().await;
    assert_eq!(held(&world), left);
    // A deletion by another hand in an hour of which the counts are all that is left.
    let sql = rusqlite::Connection::open(&world.path).unwrap();
    sql.execute("DELETE FROM entry WHERE key = (SELECT min(key) FROM entry WHERE severity = 17)", []).unwrap();
    world.archive().settle().unwrap();
    assert_eq!(hours(&world), 2999);
    assert!(world.archive().out_of_step().unwrap().is_nothing());
}

#[tokio::test]
async fn the_file_shrinks() {
    let world = world(4000).await;
    world.sync().await;
    let size = || std::fs::metadata(&world.path).unwrap().len();
    let before = size();
    prune(&world, &all("30d"));
    let mut archive = world.archive();
    archive.index_words(usize::MAX).unwrap();
    let mut shares = Vec::new();
    let freed = archive.shrink(|share| shares.push(share)).unwrap();
    assert_eq!(size(), before - freed, "at once, while it is open");
    assert!(freed > before / 3 && shares.last() == Some(&1.0), "{freed} of {before}, {shares:?}");
    drop(archive);
    assert_eq!(size(), before - freed);
    let index = rusqlite::Connection::open(world.archive().index_path()).unwrap();
    let number = |pragma: &str| index.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).unwrap();
    assert!(number("freelist_count") * 4 <= number("page_count"), "the index of words has shrunk, too");
    drop(index);
    // An archive of an older version, which gives nothing back by itself.
    let sql = rusqlite::Connection::open(&world.path).unwrap();
    sql.execute_batch("PRAGMA journal_mode = delete; PRAGMA auto_vacuum = none; VACUUM").unwrap();
    drop(sql);
    let before = size();
    prune(&world, &all("1d"));
    assert!(world.archive().shrink(|_| {}).unwrap() > 0);
    assert!(size() < before);
    world.archive().check().unwrap();
}

#[tokio::test]
async fn a_time_range_that_is_pruned_as_a_whole_is_no_silence() {
    let world = world(300).await;
    world.sync().await;
    prune(&world, &all("30d"));
    let archive = world.archive();
    let (id, store) = archive.stores().unwrap().remove(0);
    let evidence = Evidence::of(&archive, id).unwrap();
    let range = |from: i64, to: i64| {
        let ago = |days: i64| present() - SignedDuration::from_hours(24 * days);
        storelogs_collector::TimeRange::new(ago(from), ago(to)).unwrap()
    };
    let verdict = evidence.judge_range(range(50, 40), store.platform(), present());
    assert_eq!(verdict.worst(), Verdict::Pruned);
    assert!(!verdict.shows_silence() && verdict.summary.starts_with("pruned up to "), "{verdict:?}");
    assert!(evidence.judge_range(range(20, 10), store.platform(), present()).shows_silence());
    assert_eq!(archive.count(id, range(200, 31)).unwrap(), 0);
}

fn report(world: &World, days: i64) -> Report {
    let ago = |days: i64| present() - SignedDuration::from_hours(24 * days);
    let (since, until) = (ago(days + 1), ago(1));
    let options = ReportOptions { since, until, compare: true, stores: Vec::new(), zone: None, now: present() };
    storelogs_collector::insight::report(&world.archive(), &options, &NoRedaction).unwrap()
}

/// The counts are left, so the report knows as much as before.
#[tokio::test]
async fn a_report_knows_what_was_read_and_then_pruned() {
    let world = world(3000).await;
    world.sync().await;
    let before = report(&world, 20);
    prune(&world, &all("10d"));
    let after = report(&world, 20);
    assert_eq!(after.trust.share, before.trust.share);
    assert_eq!(after.trust.comparison, before.trust.comparison);
    assert_eq!(after.activity.total.now, before.activity.total.now);
    assert_eq!(after.activity.total.before, before.activity.total.before);
    let store = &after.trust.stores[0];
    assert!(store.complete && store.gaps.is_empty() && store.pruned_until.is_some(), "{store:?}");
    assert!(after.summary.iter().any(|found| found.text.contains("were pruned since")), "{:?}", after.summary);
}

/// Nobody knows what there was.
#[tokio::test]
async fn a_report_does_not_know_what_was_pruned_before_it_was_read() {
    let world = world(3000).await;
    {
        let mut archive = world.archive();
        let id = archive.add_store(&storelogs::Store::bigcommerce(HASH).unwrap()).unwrap();
        archive.prune(id, &cutoffs(&all("10d")), present(), |_| {}).unwrap();
    }
    assert!(world.sync().await[0].complete);
    let report = report(&world, 20);
    let store = &report.trust.stores[0];
    assert!(store.share < 0.6 && store.share_before == Some(0.0), "{store:?}");
    assert!(
        !store.complete && store.gaps.len() == 1 && store.verdict.starts_with("pruned before it was read"),
        "{store:?}"
    );
    assert!(!report.trust.comparable, "with what nobody has read");
    assert!(report.verdict.contains("of the period is known"), "{}", report.verdict);
    assert!(!report.summary.iter().any(|found| found.title == "Nothing is missing"), "{:?}", report.summary);
}
