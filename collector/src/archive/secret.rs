//! The archive's secret, with which pseudonyms and tombstones are made. It is a file of its own beside the archive,
//! readable by its owner only, since publishing the archive reveals every table.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ring::hmac;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::Archive;
use super::forgotten::{self, Hasher};
use super::side_file::{beside, give_to_owner, owners, sync_folder};
use crate::error::{Error, Result};

/// The version of the archive since which the secret is a file.
pub(super) const SINCE_VERSION: usize = 5;

/// The length of the secret, in bytes. The file has it in hexadecimal, as one line.
const LENGTH: usize = 32;

/// The path of an archive's secret: `archive.db.secret` beside `archive.db`.
pub(super) fn path_of(archive: &Path) -> PathBuf {
    beside(archive, ".secret")
}

/// A fingerprint of a secret: it shows whether the secret is an archive's, and nothing else.
fn fingerprint(secret: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hex(&hmac::sign(&key, b"storelogs: the secret of this archive").as_ref()[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn read(file: &Path) -> Option<Vec<u8>> {
    let text = fs::read_to_string(file).ok()?;
    let text = text.trim_end();
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let secret: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
    secret.filter(|secret| secret.len() == LENGTH)
}

/// Replaces the file at once, that of whichever archive. When this returns, it is on the disk.
pub(super) fn write(archive: &Path, secret: &[u8]) -> io::Result<()> {
    let path = path_of(archive);
    let new = beside(&path, ".new");
    let mut file = owners(File::options().write(true).create(true).truncate(true)).open(&new)?;
    file.write_all(format!("{}\n", hex(secret)).as_bytes())?;
    file.sync_all()?;
    give_to_owner(&new, archive);
    fs::rename(&new, &path)?;
    sync_folder(&path)
}

/// Where the secret of an archive stands that was restored, until it is in its place.
fn waiting(archive: &Path) -> PathBuf {
    path_of(&beside(archive, ".partial"))
}

/// Takes the secret out of the archive's tables into the file. Part of the migration: the table goes with it, and what
/// stood there is overwritten.
pub(super) fn move_out(sql: &Connection, archive: &Path, is_new: bool) -> Result<()> {
    let fault = |error: rusqlite::Error| Error::of(archive, error);
    let held: Option<Vec<u8>> =
        sql.query_row("SELECT secret FROM pseudonym", [], |row| row.get(0)).optional().map_err(fault)?;
    // An archive that is made where one was before goes on with its pseudonyms.
    let left = read(&path_of(archive)).filter(|_| is_new);
    let secret = match (left, held) {
        (Some(left), _) => left,
        (None, Some(held)) => {
            write(archive, &held).map_err(|error| Error::of_file(archive, error))?;
            held
        }
        (None, None) => make(sql, archive)?,
    };
    sql.execute_batch("DROP TABLE pseudonym").map_err(fault)?;
    sql.execute("INSERT INTO secret (fingerprint) VALUES (?1)", [fingerprint(&secret)]).map(drop).map_err(fault)
}

fn make(sql: &Connection, archive: &Path) -> Result<Vec<u8>> {
    let secret: Vec<u8> =
        sql.query_row("SELECT randomblob(32)", [], |row| row.get(0)).map_err(|error| Error::of(archive, error))?;
    write(archive, &secret).map_err(|error| Error::of_file(archive, error))?;
    Ok(secret)
}

/// Whether a secret is that of an archive.
pub(super) fn is_of(sql: &Connection, secret: &[u8]) -> rusqlite::Result<bool> {
    let known: Option<String> = sql.query_row("SELECT fingerprint FROM secret", [], |row| row.get(0)).optional()?;
    Ok(known.is_some_and(|known| known == fingerprint(secret)))
}

impl Archive {
    /// The path of its secret.
    pub fn secret_path(&self) -> PathBuf {
        path_of(&self.path)
    }

    /// The identity of this archive and its copies.
    pub(super) fn fingerprint(&self) -> Result<Option<String>> {
        let find = self.sql.query_row("SELECT fingerprint FROM secret", [], |row| row.get(0)).optional();
        find.map_err(|error| self.fault(error))
    }

    /// The secret, if the file is there and of this archive.
    pub(crate) fn secret(&self) -> Result<Option<Vec<u8>>> {
        Ok(match self.secret_in(&self.secret_path())? {
            // The process that restored the archive was killed in between.
            None => self.secret_in(&waiting(&self.path))?,
            secret => secret,
        })
    }

    fn secret_in(&self, file: &Path) -> Result<Option<Vec<u8>>> {
        match read(file) {
            Some(secret) if is_of(&self.sql, &secret).map_err(|error| self.fault(error))? => Ok(Some(secret)),
            _ => Ok(None),
        }
    }

    /// Whether the secret is in its place.
    pub(super) fn has_secret_in_place(&self) -> Result<bool> {
        Ok(self.secret_in(&self.secret_path())?.is_some())
    }

    /// Puts the secret of an archive that was restored in its place, unless it is there.
    pub(super) fn place_secret(&self) -> Result<()> {
        if !self.has_secret_in_place()? && self.secret_in(&waiting(&self.path))?.is_some() {
            let placed = fs::rename(waiting(&self.path), self.secret_path());
            placed.and_then(|()| sync_folder(&self.path)).map_err(|error| Error::of_file(&self.path, error))?;
        }
        Ok(())
    }

    /// Makes another secret where the archive's own is missing: of a copy that was made without it. Pseudonyms are others
    /// from then on.
    pub(super) fn have_secret(&mut self) -> Result<()> {
        self.place_secret()?;
        if let Some(secret) = self.secret()? {
            self.hasher = Some(Hasher::new(&secret));
            return Ok(());
        }
        let path = self.path.clone();
        let fault = |error: rusqlite::Error| Error::of(&path, error);
        let change = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        // Another process may have been first.
        if !read(&path_of(&path)).is_some_and(|secret| is_of(&change, &secret).unwrap_or(false)) {
            // Without it nobody knows what was forgotten, and it would come back.
            if forgotten::any(&change).map_err(fault)? {
                return Err(Error::NoSecret { path: path_of(&path) });
            }
            let secret = make(&change, &path)?;
            change.execute("DELETE FROM secret", []).map_err(fault)?;
            change.execute("INSERT INTO secret (fingerprint) VALUES (?1)", [fingerprint(&secret)]).map_err(fault)?;
        }
        change.commit().map_err(fault)?;
        self.hasher = self.secret()?.map(|secret| Hasher::new(&secret));
        Ok(())
    }

    /// A secret for this once: of an archive without its own.
    pub(crate) fn passing_secret(&self) -> Result<Vec<u8>> {
        self.sql.query_row("SELECT randomblob(32)", [], |row| row.get(0)).map_err(|error| self.fault(error))
    }
}
