//! Makes an archive to try lakes with, or adds to it: `lake-archive FILE FIRST END ENTRIES`.
//!
//! Adds the stores from number FIRST up to number END, with this many entries each over the year 2026, and changes a few entries
//! of the store before. What engines were seen to get wrong is among them: names that look like numbers, ids past 2^53, texts
//! that are empty, nanoseconds, JSON with large numbers.
#![allow(clippy::print_stderr, reason = "it talks to the person who runs it")]

mod made;

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use storelogs::{LogEntry, Store};
use storelogs_collector::archive::Commit;
use storelogs_collector::{Archive, TimeRange};
use storelogs_sandbox::{History, Platform};

/// When every history ends.
const END: &str = "2026-11-01T00:00:00Z";

/// Working days of a year. About as many entries as a seeded shop writes on one of them are spread over the days of a
/// year with their weekends.
const WORKING_DAYS: usize = 320;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, first, end, entries] = &arguments[..] else { return Err("lake-archive FILE FIRST END ENTRIES".into()) };
    let (first, end, entries): (u64, u64, usize) = (first.parse()?, end.parse()?, entries.parse()?);
    let mut archive = Archive::open(path)?;
    let present: Timestamp = END.parse()?;
    for number in first..end {
        let (platform, store) = store(number);
        let per_day = u32::try_from((entries / WORKING_DAYS).max(1))?;
        let history = History::seeded(number).ending_at(present.as_second()).months(12).rows_per_day(per_day);
        let store: Store = store.parse()?;
        let id = archive.add_store(&store)?;
        let records = history.records(platform);
        let records = records.values();
        let covered = TimeRange::new(Timestamp::from_second(history.time_range().0)?, present);
        for (page, records) in records.chunks(10_000).enumerate().rev() {
            let numbered = records.iter().enumerate().rev();
            let entries = numbered.map(|(row, record)| entry(&store, record, page * 10_000 + row));
            let entries = entries.collect::<Result<_, _>>()?;
            let status = Some(archive.status(id)?.succeeded(present));
            archive.commit([(id, &Commit { entries, covered, status, ..Commit::default() })])?;
        }
        change(&mut archive, number.saturating_sub(1))?;
    }
    eprintln!("{path}: stores {first} to {end}");
    Ok(())
}

fn store(number: u64) -> (Platform, String) {
    match number {
        0 => (Platform::Shopline, "shopline:00123".to_owned()),
        1 => (Platform::Shopline, "shopline:123".to_owned()),
        2 => (Platform::BigCommerce, "bigcommerce:1e5".to_owned()),
        3 => (Platform::BigCommerce, "bigcommerce:100000".to_owned()),
        _ if number.is_multiple_of(5) => (Platform::Shopline, format!("shopline:shop{number}")),
        _ => (Platform::BigCommerce, format!("bigcommerce:shop{number}")),
    }
}

/// A few entries of a store say something else: one of them twice, one at another time.
fn change(archive: &mut Archive, number: u64) -> Result<(), Box<dyn Error>> {
    let store: Store = store(number).1.parse()?;
    let id = archive.add_store(&store)?;
    let mut some = Vec::new();
    let ever = TimeRange::new("2026-10-01T00:00:00Z".parse()?, END.parse()?).ok_or("no time")?;
    archive.each_entry::<Box<dyn Error>>(ever, |entry| {
        if *entry.store == *store.name() && some.len() < 7 {
            some.push(entry);
        }
        Ok(())
    })?;
    for turn in ["changed", "changed again"] {
        for entry in &mut some {
            entry.summary = Some(format!("{turn}: {}", entry.id));
            entry.observed += SignedDuration::from_hours(30);
        }
        if let Some(moved) = some.first_mut() {
            moved.time -= SignedDuration::from_hours(24 * 40);
        }
        archive.commit([(id, &Commit { entries: some.clone(), ..Commit::default() })])?;
        some.truncate(3);
    }
    Ok(())
}

fn entry(store: &Store, record: &Value, row: usize) -> Result<LogEntry, Box<dyn Error>> {
    let text = |name: &str| record[name].as_str().map(str::to_owned);
    let mut entry = made::entry(store, record)?;
    (entry.severity_text, entry.subject_id) = (text("severity"), text("subject_id"));
    match row % 1000 {
        1 => entry.time += SignedDuration::from_nanos(123_456_789),
        2 => {
            let text = r#"{"order":{"id":9007199254740993.50,"tags":["",null]},"note":"é\u0000\"'"}"#;
            entry.extra = serde_json::from_str(text)?;
        }
        3 => entry.message = Some(String::new()),
        4 => entry.summary = Some("tab\there, \"quotes\", 'ticks', \\ and\nlines \u{1f980}".to_owned()),
        5 => entry.subject_id = Some("00042".to_owned()),
        6 => entry.observed += SignedDuration::from_hours(48),
        _ => {}
    }
    Ok(entry)
}
