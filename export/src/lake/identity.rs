//! The identity of an archive: whether this is the one that was exported here, and not an older copy of it.
//!
//! An archive that was restored from a backup gives the numbers of lost arrivals to others, and these would never be
//! exported. So a commit keeps, besides the last number, a few numbers and the entries that arrived at them.

use ring::digest;
use storelogs_collector::Archive;

use crate::delta::{Table, Transaction};
use crate::error::{Error, Result};

/// How many are kept.
const MARKS: i32 = 4;

/// How many bits of a mark say whose form it is. The rest is the number.
const BITS: u32 = 23;

/// The application under which a mark is kept.
fn application_of(application: &str, mark: i32) -> String {
    format!("{application}:{mark}")
}

fn mark(arrived: i64, store: &str, id: &str) -> i64 {
    let mut digest = digest::Context::new(&digest::SHA256);
    digest.update(store.as_bytes());
    digest.update(b":");
    digest.update(id.as_bytes());
    let bytes = digest.finish();
    let bits = bytes.as_ref().iter().take(3).fold(0_i64, |bits, byte| (bits << 8) | i64::from(*byte)) >> (24 - BITS);
    (arrived << BITS) | bits
}

/// The numbers that are remembered of arrivals from one number to another.
pub(super) fn numbers(first: i64, last: i64) -> impl Iterator<Item = i64> {
    let parts = i64::from(MARKS);
    let numbers = (1..=parts).map(move |part| last - (last - first) / parts * (parts - part));
    numbers.scan(None, |before, number| Some((before.replace(number) != Some(number)).then_some(number))).flatten()
}

/// The record of these arrivals of a commit: the number, the store and the id of each.
pub(super) fn marks(table: &Table<'_>, application: &str, arrivals: &[(i64, String, String)]) -> Vec<Transaction> {
    let marks = (0..MARKS).zip(arrivals).map(|(number, (arrived, store, id))| {
        let application = application_of(application, number);
        let from = table.transaction(&application);
        Transaction { application, from, to: mark(*arrived, store, id) }
    });
    marks.collect()
}

/// Refuses an archive that is another one than was exported before.
pub(super) fn check(archive: &Archive, table: &Table<'_>, application: &str) -> Result<()> {
    let other = |why: String| Err(Error::OtherArchive { table: table.address(), why });
    let Some(exported) = table.transaction(application) else { return Ok(()) };
    let newest = archive.newest_arrival()?;
    if newest < exported {
        return other(format!("it has arrivals up to {exported}, and the archive up to {newest}"));
    }
    let stores = archive.stores()?;
    for number in 0..MARKS {
        let Some(kept) = table.transaction(&application_of(application, number)) else { continue };
        let arrived = kept >> BITS;
        // An entry that was deleted since proves nothing.
        let Some((store, id)) = archive.arrived_at(arrived)? else { continue };
        let store = stores.iter().find(|(known, _)| *known == store).map(|(_, store)| store.to_string());
        if store.is_none_or(|store| mark(arrived, &store, &id) != kept) {
            return other(format!("another entry came at arrival {arrived}"));
        }
    }
    Ok(())
}
