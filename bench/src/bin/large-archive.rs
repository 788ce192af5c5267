//! Makes a large archive of made-up shops, to measure with: `large-archive FILE OWNERS ENTRIES`.
//!
//! Each owner has a BigCommerce store and a SHOPLINE store over a year, with this many entries in both.
#![allow(clippy::print_stderr, reason = "it talks to the person who runs it")]

mod made;

use std::error::Error;

use jiff::Timestamp;
use storelogs::Store;
use storelogs_collector::archive::Commit;
use storelogs_collector::{Archive, TimeRange};
use storelogs_sandbox::{History, Platform};

/// Working days of a year. About as many entries as a seeded shop writes on one of them are spread over the days of a
/// year with their weekends.
const WORKING_DAYS: u32 = 320;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "large-archive FILE OWNERS ENTRIES";
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
            let covered = TimeRange::new(Timestamp::from_second(history.time_range().0)?, now);
            for page in records.chunks(10_000).rev() {
                let entries = page.iter().rev().map(|record| made::entry(&store, record)).collect::<Result<_, _>>()?;
                let status = Some(archive.status(id)?.succeeded(now));
                archive.commit([(id, &Commit { entries, covered, status, ..Commit::default() })])?;
            }
            eprintln!("{store}: {} entries", records.len());
        }
    }
    Ok(())
}
