//! The metrics of many stores.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use storelogs::Store;
use storelogs::testing::Recorder;
use storelogs_collector::metrics::{Metrics, STORES};
use storelogs_collector::network::Network;
use storelogs_collector::{Archive, Error};

use crate::world::present;

/// Metrics of an archive with this many stores, read up to 0, 1, 2 hours ago and so on. One more is in the archive and
/// no longer collected.
fn metrics(stores: usize) -> (tempfile::TempDir, Metrics, Timestamp) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    drop(Archive::open(&path).unwrap());
    let now = present();
    let all: Vec<Store> = (0..stores).map(|number| Store::bigcommerce(&format!("s{number}")).unwrap()).collect();
    // In one transaction: otherwise this many would take long.
    let mut sql = rusqlite::Connection::open(&path).unwrap();
    let fill = sql.transaction().unwrap();
    let since = (now - SignedDuration::from_hours(24 * 366)).as_microsecond();
    for (number, store) in all.iter().enumerate() {
        let end = now - SignedDuration::from_hours(i64::try_from(number).unwrap());
        fill.execute("INSERT INTO store (platform, name) VALUES ('bigcommerce', ?1)", [store.name()]).unwrap();
        let bounds = [fill.last_insert_rowid(), since, end.as_microsecond()];
        fill.execute("INSERT INTO coverage (store, since, until) VALUES (?1, ?2, ?3)", bounds).unwrap();
        let audited = "INSERT INTO audit (store, since, until, finding, at) VALUES (?1, ?2, ?3, 'counted', ?3)";
        fill.execute(audited, bounds).unwrap();
    }
    fill.execute("INSERT INTO store (platform, name) VALUES ('bigcommerce', 'gone')", []).unwrap();
    fill.commit().unwrap();
    let listed: HashSet<Store> = all.into_iter().collect();
    let metrics = Metrics::new(path, Network::over(Recorder::new(), 1), move || listed.clone());
    (folder, metrics, now)
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).parse().unwrap()
}

#[test]
fn up_to_the_bound_each_store_has_metrics_of_its_own() {
    let (_folder, metrics, _) = metrics(3);
    let text = metrics.text().unwrap();
    for (store, hours) in [("s0", 0.0), ("s1", 1.0), ("s2", 2.0)] {
        let lag = value(&text, &format!("storelogs_lag_seconds{{platform=\"bigcommerce\",store=\"{store}\"}}"));
        assert!((lag - hours * 3600.0).abs() < 60.0, "{lag}");
    }
    assert!(!text.contains("gone"), "{text}");
}

#[test]
fn beyond_it_the_stores_of_a_platform_are_added_up() {
    let (_folder, metrics, begun) = metrics(STORES + 1);
    let text = metrics.text().unwrap();
    assert!(!text.contains("store=\""), "{text}");
    let lag = value(&text, "storelogs_lag_seconds{platform=\"bigcommerce\"}");
    let took = present().duration_since(begun);
    let worst = Duration::from_secs(STORES as u64 * 3600).as_secs_f64();
    assert!((worst..worst + took.as_secs_f64() + 1.0).contains(&lag), "{lag}: the worst is shown");
    // All but the first were read more than half an hour ago.
    assert_eq!(value(&text, "storelogs_gaps{platform=\"bigcommerce\"}"), STORES as f64);
    assert_eq!(value(&text, "storelogs_complete{platform=\"bigcommerce\"}"), 0.0);
    assert_eq!(value(&text, "storelogs_verdicts{platform=\"bigcommerce\",verdict=\"complete\"}"), 1.0);
    assert_eq!(value(&text, "storelogs_verdicts{platform=\"bigcommerce\",verdict=\"unread\"}"), STORES as f64);
    assert_eq!(value(&text, "storelogs_stores{platform=\"bigcommerce\",state=\"new\"}"), (STORES + 1) as f64);
    assert!(text.lines().count() < 80, "{} lines", text.lines().count());
}

#[test]
fn beyond_it_a_store_with_a_problem_is_named_and_the_others_are_not() {
    let (folder, metrics, _) = metrics(STORES + 1);
    let sql = rusqlite::Connection::open(folder.path().join("archive.db")).unwrap();
    let lost = format!("s{STORES}");
    sql.execute("UPDATE store SET state = 'unauthorized' WHERE name = ?1", [&lost]).unwrap();
    let text = metrics.text().unwrap();
    let own = format!("{{platform=\"bigcommerce\",store=\"{lost}\"}}");
    assert_eq!(value(&text, &format!("storelogs_complete{own}")), 0.0);
    let lag = value(&text, &format!("storelogs_lag_seconds{own}"));
    let others = value(&text, "storelogs_lag_seconds{platform=\"bigcommerce\"}");
    assert!((3000.0..4200.0).contains(&(lag - others)), "{lag}, of the others {others}");
    assert_eq!(value(&text, "storelogs_gaps{platform=\"bigcommerce\"}"), (STORES - 1) as f64);
    let state = format!("storelogs_store_state{{platform=\"bigcommerce\",store=\"{lost}\",state=\"unauthorized\"}}");
    assert_eq!(value(&text, &state), 1.0);
    // A counter never shrinks: it is that of all.
    assert!(!text.contains(&format!("storelogs_failures_total{own}")), "{text}");
    assert_eq!(text.matches("store=\"").count(), text.matches(&format!("store=\"{lost}\"")).count());
}

#[test]
fn an_archive_that_cannot_be_read_is_reported_and_read_again_later() {
    let (folder, metrics, _) = metrics(1);
    let (path, away) = (folder.path().join("archive.db"), folder.path().join("away.db"));
    std::fs::rename(&path, &away).unwrap();
    assert!(matches!(metrics.health(), Err(Error::Missing { .. })));
    assert!(metrics.text().is_err());
    std::fs::rename(&away, &path).unwrap();
    metrics.health().unwrap();
    metrics.text().unwrap();
}
