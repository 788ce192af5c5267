//! The errors of the collector.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use storelogs::Store;

/// A `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause behind an error, which is its `source`.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An error of the archive, with what to do next. `Display` is one line, and says its cause.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or made.
    Unusable {
        /// The archive.
        path: PathBuf,
        /// Why, in the system's words.
        why: Cause,
    },
    /// The file is something else: nothing was changed.
    NotAnArchive {
        /// The file.
        path: PathBuf,
    },
    /// The file to restore from is not there, or has nothing in it.
    NoBackup {
        /// The file.
        path: PathBuf,
    },
    /// There is no such archive, and it was to be read.
    Missing {
        /// The place where it was looked for.
        path: PathBuf,
    },
    /// The file has nothing in it, and an archive was to be read, or was there once.
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There is no file, and changes of an archive lie beside where it was: nothing was changed.
    Orphaned {
        /// The place where it was looked for.
        path: PathBuf,
    },
    /// A newer version of the program made it: nothing was changed.
    Newer {
        /// The archive.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// Another process collects into it at this moment.
    InUse {
        /// The archive.
        path: PathBuf,
    },
    /// The file that keeps other processes out cannot be used.
    Unlockable {
        /// The lock, not the archive.
        path: PathBuf,
        /// Why.
        why: Cause,
    },
    /// A file that a backup would replace is no backup of this archive: nothing was changed.
    NotABackup {
        /// The file.
        path: PathBuf,
        /// The archive.
        archive: PathBuf,
    },
    /// Another process makes a backup at the same place.
    BackingUp {
        /// The file that it makes.
        path: PathBuf,
    },
    /// The folder of a backup is not there: nothing was changed.
    NoFolder {
        /// The file that was to be made.
        path: PathBuf,
    },
    /// An archive would be copied onto itself, or onto one of the files beside it that are its own: nothing was changed.
    Itself {
        /// The file.
        path: PathBuf,
    },
    /// An archive stands where a backup would be restored: nothing was changed.
    Occupied {
        /// The archive.
        path: PathBuf,
    },
    /// The file is missing by which what was forgotten is known.
    NoSecret {
        /// The file.
        path: PathBuf,
    },
    /// An archive that was to be replaced does not say what it has forgotten: nothing was changed.
    TombstonesUnread {
        /// The archive.
        path: PathBuf,
        /// Why.
        why: Cause,
    },
    /// Another process watches it at this moment.
    Watched {
        /// The archive.
        path: PathBuf,
    },
    /// Another process exports entries of it at this moment, and they were to be forgotten: nothing was changed.
    Copying {
        /// The archive.
        path: PathBuf,
    },
    /// Another process forgets entries of it at this moment, and they were to be exported: nothing was exported.
    Forgetting {
        /// The archive.
        path: PathBuf,
    },
    /// Another process holds the write lock for too long.
    Busy {
        /// The archive.
        path: PathBuf,
    },
    /// The disk is full. What was committed before is safe.
    Full {
        /// The archive.
        path: PathBuf,
    },
    /// A file may not grow beyond a size that was set for the process. What was committed before is safe.
    Limited {
        /// The file.
        path: PathBuf,
        /// The size, in bytes.
        limit: u64,
    },
    /// The file is damaged.
    Corrupt {
        /// The archive.
        path: PathBuf,
        /// The damage that SQLite found.
        why: Cause,
    },
    /// The statement, or something inside the archive, is not what it should be.
    Sql {
        /// The archive.
        path: PathBuf,
        /// The error that SQLite reports.
        why: Cause,
    },
    /// The list of stores cannot be read: why, in one line.
    Stores(String),
    /// The archive holds nothing of a store that was asked for.
    UnknownStore {
        /// The store.
        store: Store,
    },
    /// The period of a report ends where it begins, or before.
    EmptyPeriod,
    /// The client for alerts cannot be set up.
    Network(storelogs::Error),
    /// The thread that writes has ended, after an error that was returned already.
    Closed,
}

impl Error {
    /// The meaning of an error of SQLite for this archive.
    pub(crate) fn of(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let code = error.sqlite_error_code();
        let why = Cause::from(error);
        match code {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) if let Some(limit) = reached_limit(&path) => {
                Self::Limited { path, limit }
            }
            // SQLite does not always know why a side file cannot grow.
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) if is_full(&path) => Self::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, why },
            Some(ErrorCode::NotADatabase) => Self::NotAnArchive { path },
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::NoLargeFileSupport,
            ) => Self::Unusable { path, why },
            _ => Self::Sql { path, why },
        }
    }
}

impl Error {
    /// The meaning of an error of the file system for this archive.
    pub(crate) fn of_file(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        if says_full(&error) { Self::Full { path } } else { Self::Unusable { path, why: error.into() } }
    }
}

/// The size beyond which no file of this process may grow, in bytes.
pub(crate) fn size_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        getrlimit(Resource::Fsize).current
    }
    #[cfg(not(unix))]
    None
}

/// That size, if one of the archive's files is as large.
fn reached_limit(archive: &Path) -> Option<u64> {
    let limit = size_limit()?;
    let grown = ["", "-wal", "-shm", ".partial"].into_iter().any(|ending| {
        let mut file = archive.to_owned().into_os_string();
        file.push(ending);
        // The next page, or a few, would go beyond it.
        fs::metadata(file).is_ok_and(|file| file.len() + NEXT > limit)
    });
    grown.then_some(limit)
}

/// The most that SQLite writes at once.
const NEXT: u64 = 128 * 1024;

fn says_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Whether there is no room beside the archive: SQLite's side files grow by no more than is tried here.
fn is_full(archive: &Path) -> bool {
    let mut trial = archive.to_owned().into_os_string();
    trial.push(".room");
    let tried = fs::write(&trial, [0; 128 * 1024]);
    // If it cannot be removed it was not made, or the next trial replaces it.
    let _ = fs::remove_file(&trial);
    tried.is_err_and(|error| says_full(&error))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable { path, why } => {
                write!(f, "the archive {} cannot be used: {why}; check the folder and its permissions", path.display())
            }
            Self::NotAnArchive { path } => {
                write!(f, "{} is not an archive of storelogs; nothing was changed: name another file", path.display())
            }
            Self::Missing { path } => {
                write!(f, "there is no archive {}; `storelogs sync` makes one", path.display())
            }
            Self::NoBackup { path } => {
                write!(f, "there is no backup {}: name the file that `storelogs backup` made", path.display())
            }
            Self::Newer { path, found, known } => write!(
                f,
                "the archive {} has version {found}, and this program knows up to {known}; nothing was changed: use the \
                 newer program",
                path.display()
            ),
            Self::InUse { path } => {
                write!(f, "another process collects into the archive {}; wait for it, or stop it first", path.display())
            }
            Self::Unlockable { path, why } => write!(
                f,
                "the lock {} of the archive cannot be used: {why}; give it to the archive's owner (chown), or remove it while \
                 nothing collects",
                path.display()
            ),
            Self::NotABackup { path, archive } => write!(
                f,
                "{} is there and is no backup of the archive {}; nothing was changed: name another file, or move it away",
                path.display(),
                archive.display()
            ),
            Self::BackingUp { path } => {
                write!(f, "another process makes the backup {}; wait for it, or name another file", path.display())
            }
            Self::NoFolder { path } => {
                let folder = path.parent().unwrap_or(path);
                write!(
                    f,
                    "{} cannot be written: there is no folder {}; make it first",
                    path.display(),
                    folder.display()
                )
            }
            Self::Itself { path } => {
                write!(
                    f,
                    "{} is the archive itself, or one of its own files; nothing was changed: name another file",
                    path.display()
                )
            }
            Self::Occupied { path } => write!(
                f,
                "an archive is at {} already; nothing was changed: with --replace it is kept beside under another name, or name \
                 another place with --archive",
                path.display()
            ),
            Self::NoSecret { path } => write!(
                f,
                "{} is missing or of another archive, and what was forgotten is known by it alone: put it back from beside a \
                 backup; without it what was forgotten would come back",
                path.display()
            ),
            Self::Empty { path } => write!(
                f,
                "{} is empty: no archive was begun there, or it was lost; nothing was changed: `storelogs restore` a backup, \
                 or remove the file, and `storelogs sync` begins a new archive",
                path.display()
            ),
            Self::Orphaned { path } => write!(
                f,
                "there is no archive {path}, and {path}-wal beside it holds changes of one that are nowhere else; nothing was \
                 changed: put the archive back, or move {path}-wal to where it is now; remove it only if that archive is gone",
                path = path.display()
            ),
            Self::TombstonesUnread { path, why } => write!(
                f,
                "what was forgotten in {path} since the backup cannot be read, and would come back with it; nothing was \
                 changed: to restore the backup all the same, move {path} and what lies beside it (`mv {path} {path}-wal \
                 ELSEWHERE`), leave {path}.secret, restore, and run each `forget` again before the next `sync` ({why})",
                path = path.display()
            ),
            Self::Watched { path } => {
                write!(
                    f,
                    "another process watches the archive {}, and would send the same alerts; stop it first",
                    path.display()
                )
            }
            Self::Copying { path } => write!(
                f,
                "another process exports entries of the archive {}, and what is forgotten now would arrive afterwards; nothing \
                 was changed: wait for it, or stop it first",
                path.display()
            ),
            Self::Forgetting { path } => write!(
                f,
                "another process forgets entries of the archive {}; nothing was exported: run it again once that has ended",
                path.display()
            ),
            Self::Busy { path } => {
                write!(f, "another process keeps the archive {} locked; end it, or try again", path.display())
            }
            Self::Full { path } => write!(
                f,
                "the disk of the archive {} is full; what was committed is safe: make room, and run it again",
                path.display()
            ),
            Self::Limited { path, limit } => write!(
                f,
                "{} cannot grow beyond the {} KiB that a file of this process may have (ulimit -f, or LimitFSIZE= of a \
                 service); what was committed is safe: raise that, and run it again",
                path.display(),
                limit / 1024
            ),
            Self::Corrupt { path, why } => write!(
                f,
                "the archive {} is damaged ({why}): `storelogs restore` a backup, or move it away and sync again. What the \
                 platforms still keep is fetched then, also what was forgotten; `sqlite3 FILE .recover` saves what else can \
                 be read",
                path.display()
            ),
            Self::Sql { path, why } => write!(f, "the archive {}: {why}", path.display()),
            Self::Stores(why) => f.write_str(why),
            Self::UnknownStore { store } => {
                write!(f, "the archive knows no store {store}: `storelogs sync` reads it first")
            }
            Self::EmptyPeriod => f.write_str("the period of the report is empty: it ends where it begins, or before"),
            Self::Network(error) => error.fmt(f),
            Self::Closed => f.write_str("the archive was closed after an earlier error"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unusable { why, .. }
            | Self::Unlockable { why, .. }
            | Self::TombstonesUnread { why, .. }
            | Self::Corrupt { why, .. }
            | Self::Sql { why, .. } => Some(&**why),
            // It speaks for it.
            Self::Network(error) => error.source(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn an_error_says_its_cause_and_keeps_it() {
        let error = Error::of(Path::new("a.db"), rusqlite::Error::InvalidQuery);
        let source = error.source().unwrap();
        assert!(source.is::<rusqlite::Error>() && error.to_string().ends_with(&source.to_string()), "{error}");
        let denied = Error::of_file(Path::new("a.db"), io::ErrorKind::PermissionDenied.into());
        assert!(denied.source().unwrap().is::<io::Error>(), "{denied}");
        assert!(Error::of_file(Path::new("a.db"), io::ErrorKind::StorageFull.into()).source().is_none());
    }
}
