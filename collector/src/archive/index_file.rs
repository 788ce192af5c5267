//! The file of the index of words: beside the archive, derived, disposable. Only searches and the collector open it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Archive, index_words, side_file, wal};
use crate::error::{Error, Result};

/// Marks the file as ours: "SLix".
const APPLICATION_ID: i64 = 0x534c_6978;

/// One empty page in this many is worth a copy of the others.
const EMPTY: i64 = 4;

/// Whether the index is at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Index {
    #[default]
    Closed,
    /// It was this file. Another one may stand there by now.
    Attached(Option<(u64, u64)>),
}

/// The path of an archive's index: `archive.index.db` beside `archive.db`.
pub(super) fn path_of(archive: &Path) -> PathBuf {
    let name = archive.file_name().unwrap_or_default();
    let stem = name.to_str().and_then(|name| name.strip_suffix(".db")).map_or(name, |stem| stem.as_ref());
    let mut index = OsString::from(stem);
    index.push(".index.db");
    archive.with_file_name(index)
}

impl Archive {
    /// The path of its index of words, which need not exist yet.
    pub fn index_path(&self) -> PathBuf {
        path_of(&self.path)
    }

    /// Attaches the index for reading. Returns false if there is none that can be read.
    pub(crate) fn has_index(&self) -> bool {
        let path = self.index_path();
        if matches!(self.index.get(), Index::Attached(_)) {
            return true;
        }
        // On a read-only disk, the changes beside the index cannot be moved into it.
        if !path.is_file() || self.unchanging && wal::size(&path) > 0 {
            return false;
        }
        let file = if self.unchanging { side_file::unchanging(&path) } else { path.clone() };
        let attached = attach(&self.sql, &file).and_then(|()| {
            let known = self.sql.query_row("SELECT count(version) FROM words.state", [], |row| row.get::<_, i64>(0));
            known.inspect_err(|_| detach(&self.sql))
        });
        if attached.is_ok() {
            self.index.set(Index::Attached(identity(&path)));
        }
        attached.is_ok()
    }

    /// Whether it knows where words stand.
    pub(crate) fn index_has_places(&self) -> bool {
        index_words::has_places(&self.sql).unwrap_or(false)
    }

    pub(super) fn index_is_attached(&self) -> bool {
        self.index.get() != Index::Closed
    }

    /// Attaches the index for writing, and makes it if it is missing or damaged.
    pub(super) fn open_index(&mut self) -> Result<()> {
        let path = self.index_path();
        if let Index::Attached(file) = self.index.get() {
            if file.is_some() && file == identity(&path) {
                return Ok(());
            }
            self.close_index(); // it was taken away
        }
        let opened = self.try_open_index(&path);
        match opened {
            Err(error) if is_damage(&error) => {
                if !self.index_is_sound() {
                    self.discard_index();
                }
                // What is damaged still is the archive.
                self.try_open_index(&path)
                    .map_err(|error| Error::of(if is_damage(&error) { &self.path } else { &path }, error))?;
            }
            opened => opened.map_err(|error| Error::of(&path, error))?,
        }
        self.index.set(Index::Attached(identity(&path)));
        Ok(())
    }

    fn try_open_index(&mut self, path: &Path) -> rusqlite::Result<()> {
        side_file::make(path).map_err(|_| cannot_open(path))?;
        side_file::give_to_owner(path, &self.path);
        attach(&self.sql, path)?;
        let prepared = prepare(&mut self.sql);
        if prepared.is_err() {
            detach(&self.sql);
        }
        prepared
    }

    pub(super) fn close_index(&self) {
        if self.index.replace(Index::Closed) != Index::Closed {
            self.sql.flush_prepared_statement_cache();
            detach(&self.sql);
        }
    }

    /// Gives the room of its empty pages back to the disk, if they are many.
    pub(super) fn shrink_index(&mut self) -> Result<()> {
        if !self.index_path().is_file() {
            return Ok(());
        }
        self.open_index()?;
        let number = |pragma: &str| self.sql.pragma_query_value(Some("words"), pragma, |row| row.get::<_, i64>(0));
        let is_empty = number("page_count").and_then(|pages| Ok(number("freelist_count")? * EMPTY > pages));
        if is_empty.map_err(|error| self.fault(error))? {
            // It is copied once. Where there is no room for that, it stays as large as it is.
            let _ = self.sql.execute("VACUUM words", []);
        }
        Ok(())
    }

    /// Takes away an index that is damaged. The next step makes another.
    pub(crate) fn discard_index(&self) {
        self.close_index();
        let path = self.index_path();
        for file in side_file::database_files(&path) {
            let _ = fs::remove_file(file); // where it cannot go, it is not used either
        }
    }

    /// Whether the index is sound, by its own check. One that is not there is.
    ///
    /// A damaged archive makes the same errors, so the file is looked at by itself.
    pub(crate) fn index_is_sound(&self) -> bool {
        let path = self.index_path();
        if !path.is_file() {
            return true;
        }
        if self.unchanging {
            return self.has_index();
        }
        check(&path).unwrap_or_else(|error| !is_damage(&error))
    }
}

/// Checks the file of an index by a connection of its own: no error of the archive comes from there.
fn check(index: &Path) -> rusqlite::Result<bool> {
    let sql = Connection::open_with_flags(index, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    sql.busy_timeout(wal::BUSY_TIMEOUT)?;
    for columns in ["version + upto + places FROM state", "fact || value FROM fact_value", "rowid FROM entry_text"] {
        sql.prepare(&format!("SELECT {columns}"))?;
    }
    if sql.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))? != "ok" {
        return Ok(false);
    }
    if !sql.is_readonly("main")? {
        // A statement that writes nothing, but needs the right to.
        sql.execute("INSERT INTO entry_text (entry_text) VALUES ('integrity-check')", [])?;
    }
    Ok(true)
}

/// Whether an error says that a file is not what it should be.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
        // Tables that are not there, or have other columns.
        || matches!(error.sqlite_error_code(), Some(ErrorCode::Unknown))
}

fn attach(sql: &Connection, file: &Path) -> rusqlite::Result<()> {
    sql.execute("ATTACH ?1 AS words", [file.to_str().ok_or_else(|| cannot_open(file))?]).map(drop)
}

fn detach(sql: &Connection) {
    let _ = sql.execute("DETACH words", []); // it is not attached then
}

fn prepare(sql: &mut Connection) -> rusqlite::Result<()> {
    sql.pragma_update(Some("words"), "synchronous", "normal")?;
    sql.pragma_update(Some("words"), "cache_size", -32 * 1024)?;
    sql.pragma_update(Some("words"), "journal_size_limit", wal::MOST_WAL)?;
    let number =
        |sql: &Connection, pragma: &str| sql.pragma_query_value(Some("words"), pragma, |row| row.get::<_, i64>(0));
    if number(sql, "schema_version")? == 0 {
        sql.pragma_update(Some("words"), "journal_mode", "wal")?;
        let change = sql.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Another process may have been first.
        if number(&change, "schema_version")? == 0 {
            change.execute_batch(include_str!("index.sql"))?;
            index_words::create(&change, false)?;
            change.pragma_update(Some("words"), "application_id", APPLICATION_ID)?;
        }
        change.commit()?;
    }
    if number(sql, "application_id")? != APPLICATION_ID {
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN),
            Some("it is another program's database, and this is the place of the index of words: move it".to_owned()),
        ));
    }
    sql.query_row("SELECT count(version + upto + places) FROM words.state", [], |row| row.get::<_, i64>(0)).map(drop)
}

fn cannot_open(file: &Path) -> rusqlite::Error {
    let why = format!("{} cannot be made or opened", file.display());
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN), Some(why))
}

/// The identity of a file: another file in its place has another.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let file = fs::metadata(path).ok()?;
    #[cfg(unix)]
    return Some((std::os::unix::fs::MetadataExt::dev(&file), std::os::unix::fs::MetadataExt::ino(&file)));
    #[cfg(not(unix))]
    Some((0, u64::from(file.is_file())))
}
