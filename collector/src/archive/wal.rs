//! The file of changes beside the archive (`-wal`), which is written into the archive from time to time.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::Archive;
use super::side_file::beside;
use crate::error::Result;

/// A file of changes that are not in the archive yet is cut to this size once they are.
pub(super) const MOST_WAL: i64 = 16 * 1024 * 1024;

/// How long to wait for another process that writes.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A larger file of changes gets a warning: somebody has been reading for too long for it to be cut.
pub const LARGE_WAL: u64 = 32 * 1024 * 1024;

/// How long to wait for those who read, where so much has piled up.
const READERS_TIMEOUT: Duration = Duration::from_secs(2);

/// The size of the file of changes of a database in bytes.
pub(crate) fn size(database: &Path) -> u64 {
    fs::metadata(beside(database, "-wal")).map_or(0, |wal| wal.len())
}

/// Removes the side files of a database, if there is nothing in them and nobody uses it: a connection that only reads
/// makes them, and may not remove them. Where the database cannot be written they stay.
pub(super) fn remove_if_unused(database: &Path) {
    if beside(database, "-wal").exists() && size(database) == 0 {
        let open = || {
            let sql = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            sql.busy_timeout(Duration::ZERO)?;
            sql.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0))
        };
        let _ = open(); // SQLite removes them with its last connection
    }
}

impl Archive {
    /// The size of the file of changes beside it (`-wal`), in bytes.
    pub fn wal_size(&self) -> u64 {
        size(&self.path)
    }

    /// Brings the changes beside the archive into it, and says whether all of them are. Whoever reads an older state of it is in
    /// the way, and is waited for a moment once much has piled up: where many read by turns, somebody always does.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn checkpoint(&self) -> Result<bool> {
        let fault = |error: rusqlite::Error| self.fault(error);
        let of_index = if self.index_is_attached() { size(&self.index_path()) } else { 0 };
        let much = self.wal_size().max(of_index) > LARGE_WAL;
        self.sql.busy_timeout(if much { READERS_TIMEOUT } else { Duration::ZERO }).map_err(fault)?;
        if self.index_is_attached() {
            // The index is derived, so nothing is lost if this fails.
            let _ = self.sql.query_row("PRAGMA words.wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
        let busy = self.sql.query_row("PRAGMA main.wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        self.sql.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
        match busy {
            Ok(busy) => Ok(busy == 0),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => Ok(false),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseLocked) => Ok(false),
            Err(error) => Err(fault(error)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::thread;

    use super::*;

    fn archive_with_changes_and_a_reader(megabytes: u32) -> (tempfile::TempDir, Archive, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive.db");
        let archive = Archive::open(&path).unwrap();
        archive.sql.execute_batch("CREATE TABLE ballast (bytes BLOB)").unwrap();
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM ballast").unwrap();
        archive.sql.execute("INSERT INTO ballast VALUES (zeroblob(?1))", [megabytes << 20]).unwrap();
        (folder, archive, reader)
    }

    #[test]
    fn whoever_reads_for_a_moment_is_waited_for_once_much_has_piled_up() {
        let (_folder, archive, reader) = archive_with_changes_and_a_reader(40);
        let reads = thread::spawn(move || {
            thread::sleep(READERS_TIMEOUT / 20);
            drop(reader);
        });
        assert!(archive.checkpoint().unwrap());
        assert_eq!(archive.wal_size(), 0);
        reads.join().unwrap();
    }

    #[test]
    fn nobody_is_waited_for_where_little_has_piled_up() {
        let (_folder, archive, reader) = archive_with_changes_and_a_reader(1);
        assert!(!archive.checkpoint().unwrap());
        drop(reader);
        assert!(archive.checkpoint().unwrap());
    }
}
