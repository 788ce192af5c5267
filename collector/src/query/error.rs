//! Errors of SQL statements.

use std::fmt;

use rusqlite::{Error as Fault, ErrorCode};
use unicode_width::UnicodeWidthStr;

use super::redacted::VIEWS;
use crate::archive::Archive;
use crate::error::Error;

/// The reason why a statement gave no answer, or not all of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum SqlError {
    /// It cannot be understood, or names what is not there. `Display` is what is wrong, and where that is known the line
    /// in question with a mark under the place.
    Wrong {
        /// The fault, in one line.
        why: String,
        /// The line in question.
        line: String,
        /// The number of that line, from 1, if the statement has several.
        number: Option<usize>,
        /// The place in the line, in bytes.
        at: Option<usize>,
    },
    /// It reads something that is none of the views, which are all that can be read. It was not run.
    NoView {
        /// What it reads.
        name: String,
        /// What it may read.
        views: Vec<&'static str>,
    },
    /// It would change something, or reach another file. It was not run.
    Refused,
    /// There is more than one statement. None was run.
    Several,
    /// There is no statement.
    Empty,
    /// It was ended by [`Interrupt`](super::Interrupt).
    Interrupted,
    /// The archive cannot be read.
    Archive(Error),
}

impl SqlError {
    pub(super) fn new(statement: &str, error: Fault, archive: &Archive) -> Self {
        match error {
            Fault::MultipleStatement => return Self::Several,
            Fault::Empty => return Self::Empty,
            Fault::SqlInputError { msg, sql, offset, .. } => {
                // The text after the first statement is checked by itself.
                let before = statement.len().saturating_sub(sql.len());
                return Self::wrong(statement, msg, usize::try_from(offset).ok().map(|offset| before + offset));
            }
            _ => {}
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::AuthorizationForStatementDenied) => Self::Refused,
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted,
            // SQL itself: no such column, a malformed pattern, a type that does not fit.
            Some(ErrorCode::Unknown | ErrorCode::TypeMismatch | ErrorCode::TooBig) | None => match error {
                Fault::SqliteFailure(_, Some(why)) => Self::wrong(statement, why, None),
                other => Self::wrong(statement, other.to_string(), None),
            },
            Some(_) => Self::Archive(archive.fault(error)),
        }
    }

    fn wrong(statement: &str, mut why: String, offset: Option<usize>) -> Self {
        if why.starts_with("cannot modify ") {
            return Self::Refused;
        }
        if why.starts_with("no such table") {
            why = format!("{why}; the views are {}", VIEWS.map(|(view, _)| view).join(", "));
        }
        let offset = offset.filter(|offset| statement.is_char_boundary(*offset));
        let begin = offset.map_or(0, |offset| statement[..offset].rfind('\n').map_or(0, |at| at + 1));
        let line = statement[begin..].lines().next().unwrap_or_default().to_owned();
        let several = statement.trim_end().contains('\n');
        let number = offset.filter(|_| several).map(|_| statement[..begin].matches('\n').count() + 1);
        Self::Wrong { why, at: offset.map(|offset| offset - begin), line, number }
    }
}

impl From<Error> for SqlError {
    fn from(error: Error) -> Self {
        Self::Archive(error)
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong { why, line, number, at } => {
                f.write_str(why)?;
                if let Some(number) = number {
                    write!(f, ", in line {number}")?;
                }
                let Some(at) = at else { return Ok(()) };
                // A tab or another control character would tear the mark from its place.
                let shown = |text: &str| text.replace(char::is_control, " ");
                let before = shown(line.get(..*at).unwrap_or_default()).width();
                write!(f, "\n{}\n{}^", shown(line), " ".repeat(before))
            }
            Self::NoView { name, views } => {
                write!(f, "{name} is none of the views that can be read here: {}", views.join(", "))
            }
            Self::Refused => f.write_str("this would change something or reach another file, and here is only read"),
            Self::Several => f.write_str("there are several statements: give one at a time"),
            Self::Empty => f.write_str("there is no statement"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Archive(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SqlError {}
