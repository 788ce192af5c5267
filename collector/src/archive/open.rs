//! Opening an archive: for its owner only, of a version that is known, by one collector at a time.

use std::cell::Cell;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::packing::Dictionary;
use super::rollup::Kinds;
use super::side_file::{give_to_owner, is_there, make, owners, target, unchanging, unshared};
use super::wal::{self, BUSY_TIMEOUT, MOST_WAL};
use super::{Archive, index_file, repack, secret};
use crate::error::{Error, Result};

/// The version of the archive that this crate writes.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// The migrations: each makes a version from the one before.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("version_2.sql"),
    include_str!("version_3.sql"),
    include_str!("version_4.sql"),
    include_str!("version_5.sql"),
    include_str!("version_6.sql"),
    include_str!("version_7.sql"),
    include_str!("version_8.sql"),
    include_str!("version_9.sql"),
    include_str!("version_10.sql"),
    include_str!("version_11.sql"),
    include_str!("version_12.sql"),
];

/// Marks the file as an archive of ours: "SLog".
const APPLICATION_ID: i64 = 0x534c_6f67;

/// The number of entries from which on bringing an archive up to date takes a while, so that progress is logged.
const WORTH_SAYING: i64 = 200_000;

/// A lock: as long as it lives, no other process can do the same to the archive.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// A program that another thread starts at this moment has the file open, too, until it has begun: closing ours would leave
/// it locked that long.
impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl Archive {
    /// Opens an archive to write into, and makes it if there is none. The file and the folders that have to be made are
    /// for their owner only. An older version is brought up to date.
    ///
    /// # Errors
    /// If the file cannot be used, is something else, is damaged, has a newer version, or is empty or missing where an archive
    /// was. Then nothing was changed.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = target(path.into());
        is_no_folder(&path)?;
        if !is_there(&path)? && wal::size(&path) > 0 {
            return Err(Error::Orphaned { path });
        }
        // What lies beside it says that an archive was here: it is not to be taken for a new one.
        if is_empty(&path) && [secret::path_of(&path), index_file::path_of(&path)].iter().any(|file| file.exists()) {
            return Err(Error::Empty { path });
        }
        make(&path).map_err(|error| Error::of_file(&path, error))?;
        let mut archive = connect(path, Access::Write)?;
        archive.migrate()?;
        archive.have_secret()?;
        Ok(archive)
    }

    /// Opens an archive to read it. Other processes may write into it. A copy on a medium that is read-only will do.
    ///
    /// # Errors
    /// If there is none, or it is empty, cannot be used, is something else, is damaged, or has another version.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self> {
        let (version, archive) = Self::look(path.into())?;
        if version < VERSION {
            let path = archive.path.clone();
            drop(archive);
            return Self::open(path); // the first process brings it up to date
        }
        Ok(archive)
    }

    /// Opens an archive to read it as it is, and says of which version it is.
    pub(super) fn look(path: PathBuf) -> Result<(i64, Self)> {
        let path = target(path);
        if !is_there(&path)? {
            return Err(Error::Missing { path });
        }
        is_no_folder(&path)?;
        if is_empty(&path) {
            return Err(Error::Empty { path });
        }
        let opened = |access| {
            let archive = connect(path.clone(), access)?;
            Ok((archive.version()?, archive))
        };
        match opened(Access::Read) {
            // A reader has to make side files. Where it cannot, nothing changes either.
            Err(error @ Error::Unusable { .. }) => {
                let alone = opened(if wal::size(&path) == 0 { Access::Unchanging } else { Access::Alone });
                alone.map_err(|second| if matches!(second, Error::Unusable { .. }) { error } else { second })
            }
            opened => opened,
        }
    }

    /// Keeps other collectors out until the lock is dropped.
    ///
    /// # Errors
    /// [`Error::InUse`] if another process holds it.
    pub fn lock(&self) -> Result<Lock> {
        lock(&self.path)
    }

    /// Keeps out others that would send the same alerts until the lock is dropped.
    ///
    /// # Errors
    /// [`Error::Watched`] if another process holds it.
    pub fn lock_watch(&self) -> Result<Lock> {
        lock_file(&self.path, ".watch.lock", Sharing::Alone, Error::Watched { path: self.path.clone() })
    }

    fn version(&self) -> Result<i64> {
        let number = |pragma: &str| {
            self.sql.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(|error| self.fault(error))
        };
        let (application, version) = (number("application_id")?, number("user_version")?);
        let empty = application == 0 && version == 0 && number("schema_version")? == 0;
        if application != APPLICATION_ID && !empty {
            return Err(Error::NotAnArchive { path: self.path.clone() });
        }
        if version > VERSION {
            return Err(Error::Newer { path: self.path.clone(), found: version, known: VERSION });
        }
        if version == VERSION && repack::is_unfinished(&self.sql).map_err(|error| self.fault(error))? {
            return Ok(VERSION - 1);
        }
        Ok(version)
    }

    fn migrate(&mut self) -> Result<()> {
        let found = self.version()?;
        if found == VERSION {
            // A copy that a backup made is read and written by turns until then.
            let mode = self.sql.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
            if mode.map_err(|error| self.fault(error))? != "wal" {
                self.sql.pragma_update(None, "journal_mode", "wal").map_err(|error| self.fault(error))?;
            }
            return Ok(());
        }
        let path = self.path.clone();
        let fault = |error: rusqlite::Error| Error::of(&path, error);
        if found == 0 {
            // Lets freed pages be given back without a copy of the whole file. It can be set only before anything is written.
            self.sql.pragma_update(None, "auto_vacuum", "incremental").map_err(fault)?;
        }
        // Outside a transaction, and kept in the file: readers and the writer do not wait for each other.
        self.sql.pragma_update(None, "journal_mode", "wal").map_err(fault)?;
        self.sql.pragma_update(None, "secure_delete", "on").map_err(fault)?;
        let change = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        // Another process may have been first.
        let version: i64 = change.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
        let version = usize::try_from(version).unwrap_or(usize::MAX);
        for (number, migration) in (1..).zip(MIGRATIONS).skip(version) {
            change.execute_batch(migration).map_err(fault)?;
            if number == secret::SINCE_VERSION {
                secret::move_out(&change, &path, version == 0)?;
            }
        }
        change.pragma_update(None, "application_id", APPLICATION_ID).map_err(fault)?;
        change.pragma_update(None, "user_version", VERSION).map_err(fault)?;
        change.commit().map_err(fault)?;
        self.sql.pragma_update(None, "secure_delete", "off").map_err(fault)?;
        let mut said = 0;
        let moved = repack::finish(&mut self.sql, |moved, of| {
            let share = moved * 100 / of.max(1);
            if of >= WORTH_SAYING && share >= said {
                tracing::info!(archive = %path.display(), "bringing the archive up to date: {share} % of {of} entries");
                said = share + 10;
            }
        })
        .map_err(fault)?;
        if moved > 0 {
            self.give_back(i64::MAX, &mut |_| {})?; // they take less room now
        }
        self.checkpoint().map(drop)
    }
}

/// Keeps collectors out of an archive, whether it is there or not.
pub(super) fn lock(archive: &Path) -> Result<Lock> {
    lock_file(archive, ".lock", Sharing::Alone, Error::InUse { path: archive.to_owned() })
}

/// Whether others may hold a lock, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    Alone,
    Shared,
}

pub(super) fn lock_file(archive: &Path, ending: &str, sharing: Sharing, held: Error) -> Result<Lock> {
    let mut name = archive.to_owned().into_os_string();
    name.push(ending);
    let name = PathBuf::from(name);
    let unusable = |error: io::Error| match error.kind() {
        // Not the lock is in the way, but the place.
        ErrorKind::ReadOnlyFilesystem | ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::NotFound => {
            Error::of_file(archive, error)
        }
        _ => Error::Unlockable { path: name.clone(), why: error.into() },
    };
    let file = owners(OpenOptions::new().write(true).create(true).truncate(false)).open(&name).map_err(unusable)?;
    give_to_owner(&name, archive);
    let locked = match sharing {
        Sharing::Alone => file.try_lock(),
        Sharing::Shared => file.try_lock_shared(),
    };
    match locked {
        Ok(()) => Ok(Lock { file }),
        Err(TryLockError::WouldBlock) => Err(held),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// How the file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Write,
    /// Others may write into it.
    Read,
    /// Nobody can change it, and it is complete.
    Unchanging,
    /// Nobody can change it, and there are changes beside it that are not in it yet. A process that shares them with no
    /// other needs no side file to read them.
    Alone,
}

fn connect(path: PathBuf, access: Access) -> Result<Archive> {
    let (file, flags) = match access {
        Access::Write => (path.clone(), OpenFlags::SQLITE_OPEN_READ_WRITE),
        Access::Read => (path.clone(), OpenFlags::SQLITE_OPEN_READ_ONLY),
        Access::Unchanging => (unchanging(&path), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI),
        Access::Alone => (unshared(&path), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI),
    };
    let fault = |error: rusqlite::Error| Error::of(&path, error);
    let sql = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fault)?;
    if access == Access::Alone {
        sql.pragma_update(None, "locking_mode", "exclusive").map_err(fault)?;
    }
    #[cfg(feature = "failpoints")]
    let sql = {
        let mut sql = sql;
        super::failpoint::watch(&mut sql).map_err(fault)?;
        sql
    };
    sql.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
    sql.set_prepared_statement_cache_capacity(64);
    // A plan does not depend on what is bound. Else SQLite plans some statements anew each time that they run, which took
    // most of the time of a poll.
    sql.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(fault)?;
    // With WAL this loses no consistency: after a power cut the last commits may be gone, entries and coverage alike.
    sql.pragma_update(None, "synchronous", "normal").map_err(fault)?;
    sql.pragma_update(None, "journal_size_limit", MOST_WAL).map_err(fault)?;
    sql.pragma_update(None, "foreign_keys", "on").map_err(fault)?;
    sql.pragma_update(None, "cache_size", -32 * 1024).map_err(fault)?;
    sql.pragma_update(None, "trusted_schema", "off").map_err(fault)?;
    let unchanging = matches!(access, Access::Unchanging | Access::Alone);
    Ok(Archive {
        sql,
        path,
        kinds: Kinds::default(),
        dictionary: Dictionary::default(),
        index: Cell::default(),
        hasher: None,
        unchanging,
    })
}

/// Moves everything written into the file itself, even while others go on reading it: a copy of that one file is
/// complete. The last to read it leaves no side files either.
impl Drop for Archive {
    fn drop(&mut self) {
        if !self.sql.is_readonly("main").unwrap_or(true) {
            // If somebody is in the way, the next one does it.
            let _ = self.checkpoint();
        } else if !self.unchanging
            && let Ok(none) = Connection::open_in_memory()
        {
            drop(std::mem::replace(&mut self.sql, none));
            wal::remove_if_unused(&self.path);
            wal::remove_if_unused(&self.index_path());
        }
    }
}

/// Whether a file is there, and nothing in it or beside it.
fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() == 0) && wal::size(path) == 0
}

fn is_no_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::Unusable { path: path.to_owned(), why: "it is a folder, and an archive is a file".into() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_lock_can_be_made_the_place_is_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = lock(&folder.path().join("gone/archive.db")).unwrap_err();
        assert!(matches!(elsewhere, Error::Unusable { .. }), "{elsewhere}");
        std::fs::create_dir(folder.path().join("archive.db.lock")).unwrap();
        let taken = lock(&folder.path().join("archive.db")).unwrap_err();
        assert!(matches!(taken, Error::Unlockable { .. }), "{taken}");
    }

    /// As a program that is started at this moment has it.
    #[test]
    fn a_lock_ends_while_another_still_has_its_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().join("archive.db")).unwrap();
        let lock = archive.lock().unwrap();
        let _inherited = lock.file.try_clone().unwrap();
        assert!(matches!(archive.lock(), Err(Error::InUse { .. })));
        drop(lock);
        archive.lock().unwrap();
    }
}
