//! Failpoints: aborting the process just before a statement, for tests of what is left then. No release has this.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

/// The number, from 1, of the statement before which the process is to die: of all that it runs on archives, those of
/// transactions and of the index of words included, and the steps of restoring.
const VARIABLE: &str = "STORELOGS_ABORT_AT_STATEMENT";

/// Counts the statements of this connection from now on.
pub(super) fn watch(sql: &mut Connection) -> rusqlite::Result<()> {
    sql.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(|_: TraceEvent<'_>| pass()))
}

/// Counts one, and ends the process if it is the last.
pub(super) fn pass() {
    static LAST: OnceLock<u64> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let last = LAST.get_or_init(|| {
        let number = std::env::var(VARIABLE).ok().and_then(|number| number.parse().ok());
        number.unwrap_or(u64::MAX)
    });
    if PASSED.fetch_add(1, Ordering::Relaxed) + 1 >= *last {
        std::process::abort();
    }
}
