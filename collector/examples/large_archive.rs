//! Makes a large archive of made-up shops, to measure with: `large_archive FILE OWNERS ENTRIES`.
//!
//! Each owner has a BigCommerce store and a SHOPLINE store over a year, with so many entries in both.
#![allow(clippy::print_stderr, reason = "it talks to the person who runs it")]

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use storelogs::{LogEntry, Severity, Store, UtcOffset};
use storelogs_collector::archive::Commit;
use storelogs_collector::{Archive, TimeRange};
use storelogs_sandbox::{History, Platform};

/// What a seeded shop writes on a working day, more or less, is spread over the days of a year with their weekends.
const WORKING_DAYS: u32 = 320;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "large_archive FILE OWNERS ENTRIES";
    let path = arguments.next().ok_or(usage)?;
    let owners: u32 = arguments.next().ok_or(usage)?.parse()?;
    let entries: u32 = arguments.next().ok_or(usage)?.parse()?;
    let mut archive = Archive::open(path)?;
    let now = Timestamp::now();
    for owner in 0..owners {
        for (platform, store, share) in [
            (Platform::BigCommerce, format!("bigcommerce:shop{owner}"), 8),
            (Platform::Shopline, format!("shopline:shop{owner}"), 2),
        ] {
            let per_day = (entries / 10 * share / WORKING_DAYS).max(1);
            let history = History::seeded(owner.into()).ending_at(now.as_second()).months(12).rows_per_day(per_day);
            let store: Store = store.parse()?;
            let id = archive.add_store(&store)?;
            let records = history.records(platform).values();
            let covered = TimeRange::new(Timestamp::from_second(history.window().0)?, now);
            for page in records.chunks(10_000).rev() {
                let entries = page.iter().rev().map(|record| entry(&store, record)).collect::<Result<_, _>>()?;
                let status = Some(archive.status(id)?.succeeded(now));
                archive.commit([(id, &Commit { entries, covered, status, ..Commit::default() })])?;
            }
            eprintln!("{store}: {} entries", records.len());
        }
    }
    Ok(())
}

fn entry(store: &Store, record: &Value) -> Result<LogEntry, Box<dyn Error>> {
    let text = |name: &str| record[name].as_str().map(str::to_owned);
    let time: Timestamp = text("date_created").or(text("created_at")).ok_or("a record without a time")?.parse()?;
    let id = text("id").unwrap_or_else(|| record["id"].to_string());
    let mut entry = LogEntry::new(store, id, time, time + SignedDuration::from_secs(30));
    entry.severity = match record["severity"].as_str() {
        Some("notices") => Severity::Notice,
        Some("warnings") => Severity::Warning,
        Some("errors") => Severity::Error,
        _ => Severity::Info,
    };
    let is_shopline = record["severity"].is_null();
    entry.utc_offset = UtcOffset::from_seconds(if is_shopline { 8 * 3600 } else { 0 });
    (entry.category, entry.module) = (text("type").or(text("subject_type")), text("module"));
    (entry.action, entry.actor) = (text("verb"), text("author"));
    (entry.summary, entry.message) = (text("summary").or(text("detail")), text("message"));
    Ok(entry)
}
