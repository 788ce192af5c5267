//! Measurements of the archive: how fast entries go in, how much room they take, how soon it opens again.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::Commit;
use storelogs_sandbox::{History, Platform};

use crate::Result;
use crate::client::cpu_seconds;
use crate::table::Table;

/// Entries of a page, as BigCommerce sends them.
const PAGE: usize = 250;
/// Pages that the collector commits at once while it is busy.
const AT_ONCE: usize = 40;
/// Stores of an archive that is filled.
const STORES: usize = 10;

/// A shop's log, newest first, to be put into archives under other names and at other times.
pub(crate) struct Log {
    entries: Vec<LogEntry>,
    lasts: SignedDuration,
}

impl Log {
    /// About this many entries over three months, most of what a believable shop writes.
    pub(crate) fn new(rows: u32) -> Result<Self> {
        let history = History::seeded(11).rows_per_day(rows / 83);
        let store = Store::bigcommerce("bench0")?;
        let now = Timestamp::now();
        let entry = |record| -> Result<LogEntry> {
            let record = serde_json::from_value(record)?;
            storelogs::bigcommerce::entry(record, &store, now).map_err(|invalid| invalid.why.into())
        };
        let records = history.records(Platform::BigCommerce).values().into_iter();
        let mut entries = records.map(entry).collect::<Result<Vec<_>>>()?;
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
        let [newest, oldest] = [entries.first(), entries.last()].map(|entry| entry.map_or(now, |entry| entry.time));
        let lasts = newest.duration_since(oldest) + SignedDuration::from_secs(1);
        Ok(Self { entries, lasts })
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The log of a store, moved into the past by this many of its lengths, as pages to commit.
    pub(crate) fn pages(&self, store: &Store, ago: i32) -> Vec<Commit> {
        self.newest(self.len(), store, ago)
    }

    /// The newest entries of such a log.
    fn newest(&self, entries: usize, store: &Store, ago: i32) -> Vec<Commit> {
        let back = self.lasts * ago;
        let own = |entry: &LogEntry| {
            let id = entry.id.parse::<i64>().unwrap_or_default() - i64::from(ago) * 10_000_000;
            let mut own = LogEntry::new(store, id.to_string(), entry.time - back, entry.observed);
            own.severity = entry.severity;
            own.severity_text.clone_from(&entry.severity_text);
            own.category.clone_from(&entry.category);
            own.module.clone_from(&entry.module);
            own.summary.clone_from(&entry.summary);
            own.message.clone_from(&entry.message);
            own
        };
        let page = |entries: &[LogEntry]| Commit { entries: entries.iter().map(own).collect(), ..Commit::default() };
        self.entries[..entries].chunks(PAGE).map(page).collect()
    }
}

/// The seconds of work that it took to fill an archive.
#[derive(Default)]
pub(crate) struct Filled {
    pub(crate) writing: f64,
    pub(crate) indexing: f64,
}

/// Writes this many entries, spread over ten stores, as the collector would have: the oldest part of the log first. As
/// each store writes the same number a day, more entries go further back.
pub(crate) fn fill(path: &Path, log: &Log, entries: usize) -> Result<Filled> {
    let mut archive = Archive::open(path)?;
    let each = entries / STORES;
    let (whole, newest) = (each / log.len(), each % log.len());
    let mut parts = vec![log.len(); whole];
    parts.extend((newest > 0).then_some(newest));
    let mut filled = Filled::default();
    for (ago, part) in parts.into_iter().enumerate().rev() {
        for number in 0..STORES {
            let store = Store::bigcommerce(&format!("bench{number}"))?;
            let pages = log.newest(part, &store, i32::try_from(ago)?);
            let before = cpu_seconds();
            write(&mut archive, &store, &pages)?;
            filled.writing += cpu_seconds() - before;
        }
        let before = cpu_seconds();
        archive.index_words(usize::MAX)?;
        filled.indexing += cpu_seconds() - before;
    }
    Ok(filled)
}

/// Writes pages as the collector does while it is busy. Gives the seconds that it took.
pub(crate) fn write(archive: &mut Archive, store: &Store, pages: &[Commit]) -> Result<f64> {
    let id = archive.add_store(store)?;
    let start = Instant::now();
    let mut new = 0;
    for pages in pages.chunks(AT_ONCE) {
        new += archive.commit(pages.iter().map(|page| (id, page)))?.iter().map(|done| done.new).sum::<u64>();
    }
    let seconds = start.elapsed().as_secs_f64();
    let entries: usize = pages.iter().map(|page| page.entries.len()).sum();
    if new != entries as u64 { Err(format!("{new} of {entries} entries were new").into()) } else { Ok(seconds) }
}

pub(crate) fn measure(table: &mut Table) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("archive.db");
    let mut archive = Archive::open(&path)?;
    let log = Log::new(100_000)?;
    let mut rates = Vec::new();
    let mut jsonl = Vec::new();
    let mut rows = 0;
    for ago in 0..10 {
        let store = Store::bigcommerce("bench1")?;
        let pages = log.pages(&store, ago);
        rates.push(log.len() as f64 / write(&mut archive, &store, &pages)?);
        rows += log.len();
        for entry in pages.iter().flat_map(|page| &page.entries) {
            serde_json::to_writer(&mut jsonl, entry)?;
            jsonl.write_all(b"\n")?;
        }
    }
    rates.sort_by(f64::total_cmp);
    table.at_least("entries into the archive in a second, one thread", rates[rates.len() / 2], 100_000.0);

    let start = Instant::now();
    archive.index_words(usize::MAX)?;
    table.note("words of entries indexed in a second", format!("{:.0}", rows as f64 / start.elapsed().as_secs_f64()));

    drop(archive);
    let resume = resume(&path)? * 1e3;
    table.at_most("an archive of a million entries is open and knows where to go on", resume, 50.0, " ms");

    let bytes = size(&path)? as f64 / rows as f64;
    table.note("bytes of an entry in the archive and its index of words", format!("{bytes:.0}"));
    let plain = jsonl.len() as f64 / rows as f64;
    let packed = zstd::bulk::compress(&jsonl, 3)?.len() as f64 / rows as f64;
    let index = size(&path.with_extension("index.db"))? as f64 / rows as f64;
    table.note("of which the index", format!("{index:.0}"));
    table.note("that of JSON Lines", format!("{:.2} × ({:.1} × of their zstd)", bytes / plain, bytes / packed));
    Ok(())
}

/// The seconds until an archive is open, and knows of each store where to go on.
pub(crate) fn resume(path: &Path) -> Result<f64> {
    let start = Instant::now();
    let archive = Archive::open(path)?;
    for (id, _) in archive.stores()? {
        archive.progress(id)?;
        archive.status(id)?;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// The size of an archive at rest, with its index.
pub(crate) fn size(path: &Path) -> Result<u64> {
    let index = path.with_extension("index.db");
    Ok([path, &index].into_iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len()).sum())
}
