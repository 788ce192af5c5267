//! Opening an archive: for its owner only, of a version that is known, by one collector at a time.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::Archive;
use super::rollup::Kinds;
use crate::error::{Error, Result};

/// The version of the archive that this crate writes.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// What makes each version out of the one before.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("version_2.sql"),
    include_str!("version_3.sql"),
    include_str!("version_4.sql"),
];

/// Marks the file as an archive of ours: "SLog".
const APPLICATION_ID: i64 = 0x534c_6f67;

/// A file of changes that are not in the archive yet is cut to this size once they are.
pub(super) const MOST_WAL: i64 = 16 * 1024 * 1024;

/// How long to wait for another process that writes.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// As long as this lives, no other process can do the same to the archive.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Gives a side file to whom the archive belongs: made by root, who may do everything, it would keep its owner out.
pub(super) fn give_to_owner(file: &Path, archive: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        if let (Ok(file_is), Ok(archive_is)) = (fs::metadata(file), fs::metadata(archive))
            && (file_is.uid(), file_is.gid()) != (archive_is.uid(), archive_is.gid())
        {
            // Only root can, and nobody else has to.
            let _ = chown(file, Some(archive_is.uid()), Some(archive_is.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = (file, archive);
}

impl Archive {
    /// Opens an archive to write into, and makes it if there is none. The file and the folders that have to be made are
    /// for their owner only. An older version is brought up to date.
    ///
    /// # Errors
    /// If the file cannot be used, is something else, is damaged, or has a newer version. Then nothing was changed.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        is_no_folder(&path)?;
        make(&path).map_err(|error| Error::of_file(&path, error))?;
        let mut archive = connect(path.clone(), &path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        archive.migrate()?;
        Ok(archive)
    }

    /// Opens an archive to read it. Other processes may write into it. A copy on a medium that is read-only will do.
    ///
    /// # Errors
    /// If there is none, or it cannot be used, is something else, is damaged, or has another version.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        if !path.exists() {
            return Err(Error::Missing { path });
        }
        is_no_folder(&path)?;
        let opened = |file: &Path, more| {
            let archive = connect(path.clone(), file, OpenFlags::SQLITE_OPEN_READ_ONLY | more)?;
            Ok((archive.version()?, archive))
        };
        let (version, archive) = match opened(&path, OpenFlags::empty()) {
            // A reader has to make side files. Where it cannot, nothing changes either, unless something is left to recover.
            Err(Error::Unusable { .. }) if has_no_wal(&path) => {
                let (version, mut archive) = opened(&unchanging(&path), OpenFlags::SQLITE_OPEN_URI)?;
                archive.unchanging = true;
                (version, archive)
            }
            opened => opened?,
        };
        if version < VERSION {
            drop(archive);
            return Self::open(path); // brought up to date by whoever comes first
        }
        Ok(archive)
    }

    /// Keeps other collectors out until the lock is dropped.
    ///
    /// # Errors
    /// [`Error::InUse`] if another process holds it.
    pub fn lock(&self) -> Result<Lock> {
        self.lock_file(".lock", Error::InUse { path: self.path.clone() })
    }

    /// Keeps others out that would tell of the same until the lock is dropped.
    ///
    /// # Errors
    /// [`Error::Watched`] if another process holds it.
    pub fn lock_watch(&self) -> Result<Lock> {
        self.lock_file(".watch.lock", Error::Watched { path: self.path.clone() })
    }

    fn lock_file(&self, ending: &str, held: Error) -> Result<Lock> {
        let mut name = self.path.clone().into_os_string();
        name.push(ending);
        let name = PathBuf::from(name);
        let unusable = |error: std::io::Error| Error::Unlockable { path: name.clone(), why: error.into() };
        let file = owners(OpenOptions::new().write(true).create(true).truncate(false)).open(&name).map_err(unusable)?;
        give_to_owner(&name, &self.path);
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(held),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
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
        Ok(version)
    }

    fn migrate(&mut self) -> Result<()> {
        if self.version()? == VERSION {
            return Ok(());
        }
        let path = self.path.clone();
        let fault = |error: rusqlite::Error| Error::of(&path, error);
        // Outside a transaction, and kept in the file: readers and the writer do not wait for each other.
        self.sql.pragma_update(None, "journal_mode", "wal").map_err(fault)?;
        let change = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        // Another process may have been first.
        let version: i64 = change.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
        for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
            change.execute_batch(migration).map_err(fault)?;
        }
        change.pragma_update(None, "application_id", APPLICATION_ID).map_err(fault)?;
        change.pragma_update(None, "user_version", VERSION).map_err(fault)?;
        change.commit().map_err(fault)
    }
}

fn connect(path: PathBuf, file: &Path, access: OpenFlags) -> Result<Archive> {
    let fault = |error: rusqlite::Error| Error::of(&path, error);
    let sql = Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fault)?;
    #[cfg(feature = "failpoints")]
    let sql = {
        let mut sql = sql;
        super::failpoint::watch(&mut sql).map_err(fault)?;
        sql
    };
    sql.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
    sql.set_prepared_statement_cache_capacity(64);
    // With WAL this loses no consistency: after a power cut the last commits may be gone, entries and coverage alike.
    sql.pragma_update(None, "synchronous", "normal").map_err(fault)?;
    sql.pragma_update(None, "journal_size_limit", MOST_WAL).map_err(fault)?;
    sql.pragma_update(None, "foreign_keys", "on").map_err(fault)?;
    sql.pragma_update(None, "cache_size", -32 * 1024).map_err(fault)?;
    sql.pragma_update(None, "trusted_schema", "off").map_err(fault)?;
    Ok(Archive { sql, path, kinds: Kinds::default(), index: Cell::default(), unchanging: false })
}

/// What was written stands in the archive itself then, though others go on reading it: whoever copies that one file has
/// everything.
impl Drop for Archive {
    fn drop(&mut self) {
        if !self.sql.is_readonly("main").unwrap_or(true) {
            // Nobody is waited for: the next one does it.
            let _ = self.sql.busy_timeout(Duration::ZERO);
            let _ = self.sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }
}

/// Whether every change stands in the file itself.
fn has_no_wal(path: &Path) -> bool {
    let mut wal = path.to_owned().into_os_string();
    wal.push("-wal");
    fs::metadata(wal).map_or(true, |wal| wal.len() == 0)
}

/// The URI of a file that nobody can change while it is read.
pub(super) fn unchanging(path: &Path) -> PathBuf {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let path = path.as_os_str().as_encoded_bytes().iter();
    let path: String =
        path.map(|&byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") }).collect();
    format!("file:{path}?immutable=1").into()
}

fn is_no_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::Unusable { path: path.to_owned(), why: "it is a folder, and an archive is a file".into() });
    }
    Ok(())
}

/// An empty file, if there is none yet, in folders that are there.
pub(super) fn make(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    owners(OpenOptions::new().write(true).create(true).truncate(false)).open(path).map(drop)
}

/// What is made with this is for its owner only. SQLite gives its side files the same permissions.
fn owners(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
