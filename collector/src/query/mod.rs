//! Read-only SQL on the archive.

mod authorizer;
mod error;
mod redacted;

use std::fmt;
use std::path::PathBuf;

use rusqlite::InterruptHandle;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;

use crate::archive::Archive;
use crate::error::Result;

pub use error::SqlError;
use redacted::Names;

/// An archive that answers SQL. It was opened to be read; besides, every statement is checked before it runs, and only
/// those that read this one file are let through.
#[derive(Debug)]
pub struct Console {
    archive: Archive,
    /// What statements may name, if not everything.
    names: Option<Names>,
}

/// One value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// Another number. It may be infinite.
    Real(f64),
    /// Text. What is not UTF-8 comes as bytes.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

/// Takes what a statement returns.
pub trait Answer {
    /// The error that ends the statement early.
    type Error: From<SqlError>;

    /// The names of the columns, once, before the first row.
    ///
    /// # Errors
    /// Whatever ends the statement.
    fn columns(&mut self, names: &[&str]) -> Result<(), Self::Error>;

    /// The next row.
    ///
    /// # Errors
    /// Whatever ends the statement.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Self::Error>;
}

/// Ends the statement that runs, from another thread.
pub struct Interrupt(InterruptHandle);

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").finish_non_exhaustive()
    }
}

impl Interrupt {
    /// Ends the statement that runs, if one does: it fails with [`SqlError::Interrupted`].
    pub fn interrupt(&self) {
        self.0.interrupt();
    }
}

impl Archive {
    /// A handle that ends a statement from another thread: the statement then fails.
    pub fn interrupter(&self) -> Interrupt {
        Interrupt(self.sql().get_interrupt_handle())
    }
}

impl Console {
    /// Opens an archive to be asked. Other processes may write into it.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let mut archive = Archive::read(path)?;
        let sql = archive.sql_mut();
        // An archive of an older version was opened to be written, to bring it up to date.
        let only = sql.pragma_update(None, "query_only", "on");
        only.and_then(|()| sql.authorizer(Some(authorizer::check))).map_err(|error| archive.fault(error))?;
        Ok(Self { archive, names: None })
    }

    /// Opens an archive for statements whose answers show no personal data: the documented views have pseudonyms in
    /// their texts, as [`Redactor::entry`](crate::redact::Redactor::entry) puts them, and what stands beneath them
    /// cannot be reached, not in parts either. No statement makes pseudonyms of texts of its own.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub fn open_redacted(path: impl Into<PathBuf>) -> Result<Self> {
        let mut archive = Archive::read(path)?;
        let names = redacted::set_up(&mut archive)?;
        Ok(Self { archive, names: Some(names) })
    }

    /// Makes statements fail that produce a text or blob of more than this many bytes.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn limit_length(&self, bytes: u32) -> Result<()> {
        let most = i32::try_from(bytes).unwrap_or(i32::MAX);
        let limited = self.archive.sql().set_limit(Limit::SQLITE_LIMIT_LENGTH, most);
        limited.map(drop).map_err(|error| self.archive.fault(error))
    }

    /// A handle that ends a statement from another thread.
    pub fn interrupter(&self) -> Interrupt {
        self.archive.interrupter()
    }

    /// Runs one statement and hands its rows over as they come.
    ///
    /// # Errors
    /// The error says what is wrong with the statement, and where; or is one that `answer` returns.
    pub fn ask<A: Answer>(&self, statement: &str, answer: &mut A) -> Result<(), A::Error> {
        if let Some(names) = &self.names {
            names.understand(statement, &self.archive)?;
        }
        let wrong = |error| SqlError::new(statement, error, &self.archive);
        let mut prepared = self.archive.sql().prepare(statement).map_err(wrong)?;
        answer.columns(&prepared.column_names().collect::<Vec<_>>())?;
        let width = prepared.column_count();
        let mut rows = prepared.query([]).map_err(wrong)?;
        while let Some(row) = rows.next().map_err(wrong)? {
            let mut cells = Vec::with_capacity(width);
            for column in 0..width {
                cells.push(Cell::of(row.get_ref(column).map_err(wrong)?));
            }
            answer.row(&cells)?;
        }
        Ok(())
    }
}

impl<'a> Cell<'a> {
    fn of(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_or(Self::Blob(bytes), Self::Text),
            ValueRef::Blob(bytes) => Self::Blob(bytes),
        }
    }
}
