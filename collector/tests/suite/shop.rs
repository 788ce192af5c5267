//! An archive of a seeded shop on both platforms, as a sync would leave it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use storelogs::{LogEntry, Severity, Store, UtcOffset};
use storelogs_collector::archive::{Claim, Commit, Comparison, Finding};
use storelogs_collector::{Archive, TimeRange};
use storelogs_sandbox::{History, Planted, Platform};

/// A Tuesday.
pub(crate) const NOW: &str = "2026-11-24T12:00:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) struct Shop {
    _folder: tempfile::TempDir,
    pub(crate) archive: Archive,
    pub(crate) bigcommerce: Planted,
}

/// Both stores of an owner, over three months that end now.
pub(crate) fn shop(seed: u64) -> Shop {
    shop_of(&History::seeded(seed).ending_at(now().as_second()))
}

/// Both stores of an owner with this history, ready to be searched.
pub(crate) fn shop_of(history: &History) -> Shop {
    let mut shop = read_since(history, history.time_range().0);
    shop.archive.index_words(usize::MAX).unwrap();
    shop
}

/// Both stores of an owner, of whose history only what happened since a second was archived. Their words are not indexed:
/// a report has no use for them.
pub(crate) fn read_since(history: &History, second: i64) -> Shop {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
    let since = Timestamp::from_second(second).unwrap();
    for (platform, store) in [(Platform::BigCommerce, "bigcommerce:abc123"), (Platform::Shopline, "shopline:open001")] {
        let store: Store = store.parse().unwrap();
        let id = archive.add_store(&store).unwrap();
        let records = history.records(platform).values();
        let mut entries: Vec<LogEntry> = records.iter().map(|record| entry(&store, record)).collect();
        entries.retain(|entry| entry.time >= since);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
        let status = archive.status(id).unwrap().succeeded(now());
        let covered = TimeRange::new(since, now());
        let claim = Claim::Known(Finding::Counted);
        let audit = covered.map(|range| Comparison { range, claim, at: now() });
        archive.commit([(id, &Commit { entries, covered, audit, status: Some(status), ..Commit::default() })]).unwrap();
    }
    Shop { _folder: folder, archive, bigcommerce: history.planted(Platform::BigCommerce) }
}

/// The entry of a record, by hand: what is tested is not the library.
fn entry(store: &Store, record: &Value) -> LogEntry {
    let text = |name: &str| record[name].as_str().map(str::to_owned);
    let is_bigcommerce = store.platform().as_str() == "bigcommerce";
    let time: Timestamp = text(if is_bigcommerce { "date_created" } else { "created_at" }).unwrap().parse().unwrap();
    let id = if is_bigcommerce { record["id"].to_string() } else { text("id").unwrap() };
    let mut entry = LogEntry::new(store, id, time, time + SignedDuration::from_secs(30));
    if is_bigcommerce {
        entry.severity = match record["severity"].as_str() {
            Some("success") => Severity::Info,
            Some("notices") => Severity::Notice,
            Some("warnings") => Severity::Warning,
            Some("errors") => Severity::Error,
            _ => Severity::Unspecified,
        };
        (entry.category, entry.module) = (text("type"), text("module"));
        (entry.summary, entry.message) = (text("summary"), text("message"));
    } else {
        entry.severity = Severity::Info;
        entry.utc_offset = UtcOffset::from_seconds(8 * 3600);
        (entry.category, entry.action) = (text("subject_type"), text("verb"));
        (entry.actor, entry.summary) = (text("author"), text("detail"));
    }
    entry
}
