//! What can go wrong with an archive.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong with an archive, and what to do next. `Display` is one line.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or made.
    Unusable {
        /// The archive.
        path: PathBuf,
        /// Why, in the system's words.
        why: String,
    },
    /// The file is something else: nothing was changed.
    NotAnArchive {
        /// The file.
        path: PathBuf,
    },
    /// There is no such archive, and it was to be read.
    Missing {
        /// Where it was looked for.
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
        why: String,
    },
    /// Another process watches it at this moment.
    Watched {
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
    /// The file is damaged.
    Corrupt {
        /// The archive.
        path: PathBuf,
        /// What SQLite found.
        why: String,
    },
    /// The statement, or something inside the archive, is not what it should be.
    Sql {
        /// The archive.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// The list of stores cannot be read: why, in one line.
    Stores(String),
    /// The thread that writes has ended, after an error that was told already.
    Closed,
}

impl Error {
    /// What an error of SQLite means for this archive.
    pub(crate) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
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
    /// What an error of the file system means for this archive.
    pub(crate) fn of_file(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        if says_full(error) { Self::Full { path } } else { Self::Unusable { path, why: error.to_string() } }
    }
}

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
            Self::Watched { path } => {
                write!(
                    f,
                    "another process watches the archive {}, and would tell the same; stop it first",
                    path.display()
                )
            }
            Self::Busy { path } => {
                write!(f, "another process keeps the archive {} locked; end it, or try again", path.display())
            }
            Self::Full { path } => write!(
                f,
                "the disk of the archive {} is full; what was committed is safe: make room, and run it again",
                path.display()
            ),
            Self::Corrupt { path, why } => write!(
                f,
                "the archive {} is damaged ({why}); move it away and sync again: what the platforms still keep is \
                 fetched again, and `sqlite3 FILE .recover` saves what else can be read",
                path.display()
            ),
            Self::Sql { path, why } => write!(f, "the archive {}: {why}", path.display()),
            Self::Stores(why) => f.write_str(why),
            Self::Closed => f.write_str("the archive was closed after an earlier error"),
        }
    }
}

impl std::error::Error for Error {}
