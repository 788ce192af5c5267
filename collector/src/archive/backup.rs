//! Backups: copying an archive while it is in use.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::own_files::is_own;
use super::side_file::{beside, database_files, owners, sync_folder, target};
use super::{Archive, index_file, secret, wal};
use crate::error::{Error, Result, size_limit};

/// How many steps of SQLite's machine lie between two looks at the progress of a copy.
const STEPS: i32 = 100_000;

/// A copy that was made and verified.
#[derive(Clone, Copy, Debug)]
pub struct Copied {
    /// The entries in it.
    pub entries: u64,
    /// The stores that it knows.
    pub stores: u64,
    /// Its size.
    pub bytes: u64,
    /// Whether the secret came with it.
    pub has_secret: bool,
}

impl Archive {
    /// Copies the archive as it is at this moment, without empty pages, and verifies the copy. Others may go on writing into
    /// the archive. The secret comes with it, in a file of its own beside the copy. When this returns, all of it is on the
    /// disk; killed before, it leaves what was there before. `progress` is called with the share that is copied.
    ///
    /// # Errors
    /// If the file is there and no backup of this archive, or cannot be written. Then nothing was changed.
    pub fn backup(&mut self, file: &Path, progress: impl Fn(f64) + Send + 'static) -> Result<Copied> {
        if is_own(&self.path, file) {
            return Err(Error::Itself { path: file.to_owned() });
        }
        let file = &target(file.to_owned());
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.exists()) {
            return Err(Error::NoFolder { path: file.to_owned() });
        }
        let is_there = fs::metadata(file).is_ok_and(|file| file.is_dir() || file.len() > 0);
        if is_there && !is_of_this(file, self.fingerprint()?.as_deref()) {
            return Err(Error::NotABackup { path: file.to_owned(), archive: self.path.clone() });
        }
        let _place = Place::take(file)?;
        let partial = beside(file, ".partial");
        let copied = copy(&mut self.sql, &self.path, &partial, progress).and_then(|copied| {
            let secret = self.secret()?;
            if let Some(secret) = &secret {
                secret::write(file, secret).map_err(|error| Error::of_file(file, error))?;
            }
            put_in_place(&partial, file)?;
            Ok(Copied { has_secret: secret.is_some(), ..copied })
        });
        if copied.is_err() {
            let _ = remove(&partial); // the next one does it
        }
        copied
    }
}

/// The files that a backup into this file begins beside it, and that go when it ends. Whoever ends the process in between can
/// remove them; else the next backup does.
pub fn begun_beside(file: &Path) -> Vec<PathBuf> {
    let file = target(file.to_owned());
    let mut files = begun(&beside(&file, ".partial"));
    files.push(beside(&file, LOCK));
    files
}

/// The ending of the file that keeps a second backup from the same place: it would go on in the first one's copy.
const LOCK: &str = ".partial.lock";

/// The place of a backup, for one process alone. Its file goes with it.
struct Place {
    /// `None`: the file system has no locks.
    lock: Option<File>,
    name: PathBuf,
}

impl Place {
    fn take(file: &Path) -> Result<Self> {
        let name = beside(file, LOCK);
        loop {
            let lock = owners(OpenOptions::new().write(true).create(true).truncate(false)).open(&name);
            let lock = lock.map_err(|error| Error::of_file(file, error))?;
            match lock.try_lock() {
                Ok(()) if is_named(&lock, &name) => return Ok(Self { lock: Some(lock), name }),
                // Who held it has removed it since, and a third may have made another.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Error::BackingUp { path: file.to_owned() }),
                Err(TryLockError::Error(_)) => return Ok(Self { lock: None, name }),
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Before it is let go: whoever has it open finds that it is no longer there.
        let _ = fs::remove_file(&self.name);
        if let Some(lock) = &self.lock {
            let _ = lock.unlock();
        }
    }
}

/// Whether an open file is still the one of this name.
fn is_named(file: &File, name: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |about: fs::Metadata| (about.dev(), about.ino());
        file.metadata().map(identity).ok() == fs::metadata(name).map(identity).ok()
    }
    #[cfg(not(unix))]
    {
        let _ = (file, name);
        true
    }
}

/// All that may stand beside a copy that was begun, and itself.
pub(super) fn begun(partial: &Path) -> Vec<PathBuf> {
    let index = index_file::path_of(partial);
    database_files(partial).into_iter().chain(database_files(&index)).chain([secret::path_of(partial)]).collect()
}

/// Copies a database into a file that is not in use yet, and verifies it.
pub(super) fn copy(
    sql: &mut Connection,
    from: &Path,
    into: &Path,
    progress: impl Fn(f64) + Send + 'static,
) -> Result<Copied> {
    let failed = |error: io::Error| Error::of_file(into, error);
    remove(into).map_err(failed)?;
    let source = |error: rusqlite::Error| Error::of(from, error);
    let bytes = {
        let number = |pragma: &str| sql.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(source);
        (number("page_count")? - number("freelist_count")?).max(1) * number("page_size")?
    };
    // What the copy could not hold is found before it is begun: SQLite does not say why it could not grow.
    if let Some(limit) = size_limit().filter(|limit| bytes.unsigned_abs() > *limit) {
        return Err(Error::Limited { path: into.with_extension(""), limit }); // without `.partial`
    }
    drop(owners(File::options().write(true).create_new(true)).open(into).map_err(failed)?);
    let growing = into.to_owned();
    let look = move || {
        let copied = fs::metadata(&growing).map_or(0, |file| file.len());
        progress((copied as f64 / bytes as f64).min(1.0));
        false
    };
    sql.progress_handler(STEPS, Some(look)).map_err(source)?;
    let name = into.to_str().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    let copied = sql.execute("VACUUM INTO ?1", [name]);
    sql.progress_handler(STEPS, None::<fn() -> bool>).map_err(source)?;
    copied.map_err(|error| match Error::of(into, error) {
        // The unreadable file is the source.
        Error::Corrupt { why, .. } => Error::Corrupt { path: from.to_owned(), why },
        error => error,
    })?;
    leave_index(into).map_err(|error| Error::of(into, error))?;
    File::open(into).and_then(|file| file.sync_all()).map_err(failed)?;
    verify(into)
}

/// Lets go of the index of words: where a copy is put back, the one that lies there knows a later state of the archive, and
/// would be taken for its own.
fn leave_index(copy: &Path) -> rusqlite::Result<()> {
    let sql = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let find = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'word_index')"; // not in every version
    if sql.query_row(find, [], |row| row.get(0))? {
        sql.execute("UPDATE word_index SET stamp = NULL", [])?;
    }
    Ok(())
}

/// Removes a copy that was begun, with all that may stand beside it.
pub(super) fn remove(partial: &Path) -> io::Result<()> {
    for file in begun(partial) {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn verify(copy: &Path) -> Result<Copied> {
    let fault = |error: rusqlite::Error| Error::of(copy, error);
    let sql = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fault)?;
    let found: String = sql.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(fault)?;
    if found != "ok" {
        return Err(Error::Corrupt { path: copy.to_owned(), why: found.into() });
    }
    let number = |question: &str| sql.query_row(question, [], |row| row.get::<_, i64>(0)).map_err(fault);
    Ok(Copied {
        entries: number("SELECT count(*) FROM packed_entry")?.unsigned_abs(),
        stores: number("SELECT count(*) FROM store")?.unsigned_abs(),
        bytes: fs::metadata(copy).map_or(0, |file| file.len()),
        has_secret: false,
    })
}

/// Gives a file the place of another, which is no longer in use.
fn put_in_place(partial: &Path, file: &Path) -> Result<()> {
    fold_changes_in(file)?;
    fs::rename(partial, file).and_then(|()| sync_folder(file)).map_err(|error| Error::of_file(file, error))
}

/// Brings what waits beside a database into it, so that nothing waits there for the file that takes its place. It stays
/// whole all the while.
pub(super) fn fold_changes_in(file: &Path) -> Result<()> {
    if wal::size(file) > 0 && file.exists() {
        let sql = Connection::open(file).map_err(|error| Error::of(file, error))?;
        // A process that uses it at this moment would go on with the old file.
        sql.busy_timeout(Duration::ZERO)
            .and_then(|()| sql.pragma_update(None, "journal_mode", "delete"))
            .map_err(|error| Error::of(file, error))?;
    }
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(file, ending)); // there is none
    }
    Ok(())
}

fn is_of_this(file: &Path, fingerprint: Option<&str>) -> bool {
    let held = Archive::look(file.to_owned()).ok().and_then(|(_, held)| held.fingerprint().ok().flatten());
    held.is_some() && held.as_deref() == fingerprint
}

pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let name = |path: &Path| path.canonicalize().ok();
    one == other || name(one).is_some_and(|one| name(other) == Some(one))
}
