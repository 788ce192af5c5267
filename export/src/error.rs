//! The errors of exports.

use std::fmt;

use storelogs_collector::wording::{is_closed_place, room};

/// A `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an error, which is its `source`.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An error of an export, with what to do next. `Display` is one line, and says its cause.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The archive cannot be read.
    Archive(storelogs_collector::Error),
    /// The place of the lake is not one that can be used.
    Address {
        /// The address as it was given, without what is secret in it.
        address: String,
        /// Why.
        why: String,
    },
    /// No lake is where entries are to be taken out of one. Nothing was changed.
    NoLake {
        /// The address as it was given, without what is secret in it.
        address: String,
    },
    /// A file of the lake cannot be read or written.
    Storage {
        /// The file, with the lake's address.
        file: String,
        /// Why.
        why: Cause,
    },
    /// The storage does not keep one writer from replacing what another has written.
    NotExclusive {
        /// The lake's address.
        address: String,
        /// The behaviour that was seen.
        why: String,
    },
    /// The table's log is not what it should be: nothing was changed.
    Log {
        /// The file of the log.
        file: String,
        /// The fault, and what to do.
        why: String,
    },
    /// The table is one that this program must not write: nothing was changed.
    Table {
        /// The table's address.
        table: String,
        /// Why, and what to do.
        why: String,
    },
    /// The lake holds what the archive does not: it is another archive, or an older copy of it.
    OtherArchive {
        /// The table's address.
        table: String,
        /// The evidence for that.
        why: String,
    },
    /// Other writers were faster too often in a row. Nothing was lost.
    Beaten {
        /// The table's address.
        table: String,
    },
    /// It took too long from the first file to the commit: others may take the files for orphans.
    TooSlow {
        /// The table's address.
        table: String,
    },
    /// The settings of a receiver are wrong. Nothing was sent.
    Settings {
        /// Why, and what to do.
        why: String,
    },
    /// A receiver takes nothing. What it has taken before is settled.
    Receiver {
        /// Its address.
        endpoint: String,
        /// Why.
        why: String,
    },
    /// A receiver refuses whatever it is sent. None of it counts as refused.
    RefusesAll {
        /// Its address.
        endpoint: String,
        /// Why it refused the last one.
        why: String,
    },
    /// Another process sends the archive to this receiver.
    Busy {
        /// Its address.
        endpoint: String,
    },
    /// Nothing can be sent again, because nothing was sent to this receiver yet.
    NeverSent {
        /// Its address.
        endpoint: String,
    },
    /// A receiver does not let us in.
    Unauthorized {
        /// Its address.
        endpoint: String,
        /// Why.
        why: String,
    },
    /// A Parquet file cannot be written or read.
    Parquet {
        /// The file.
        file: String,
        /// Why.
        why: Cause,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive(error) => error.fmt(f),
            Self::Address { address, why } => write!(f, "{address} is no place for a lake: {why}"),
            Self::NoLake { address } => {
                write!(
                    f,
                    "no lake is at {address}, so nothing was forgotten: name the folder that `storelogs export lake` made"
                )
            }
            Self::Storage { file, why } => {
                write!(f, "{file} cannot be used: {}; ", chain(&**why))?;
                match room(&**why) {
                    Some(remedy) => write!(f, "what was committed is safe: {remedy}, and run it again"),
                    None if is_closed_place(&**why) => f.write_str("let this user write there, or name another folder"),
                    None => f.write_str("what was committed is safe: run it again"),
                }
            }
            Self::NotExclusive { address, why } => write!(
                f,
                "the storage {address} {why}, so two exports could replace each other's commits; nothing was written: use a \
                 storage that honours conditional writes (If-None-Match), or export to a disk and copy the folder"
            ),
            Self::Log { file, why } => write!(f, "the log of the lake is damaged at {file}: {why}"),
            Self::Table { table, why } => write!(f, "the table {table} cannot be written: {why}"),
            Self::OtherArchive { table, why } => write!(
                f,
                "the table {table} holds what this archive does not ({why}): it is another archive, or was restored from a \
                 backup; name the archive that was exported here, or export into a new folder"
            ),
            Self::Beaten { table } => write!(
                f,
                "other writers of the table {table} were faster each time; nothing was lost: run it again, and not so many \
                 at once"
            ),
            Self::TooSlow { table } => write!(
                f,
                "writing to the table {table} took more than an hour for one commit, and was given up; nothing was lost: \
                 run it again when the storage is faster"
            ),
            Self::Settings { why } => f.write_str(why),
            Self::Receiver { endpoint, why } => write!(
                f,
                "the receiver {endpoint} takes nothing: {why}; what it has taken is settled, and nothing is lost: run it again"
            ),
            Self::RefusesAll { endpoint, why } => write!(
                f,
                "the receiver {endpoint} refuses whatever it is sent, the newest entries too: {why}; nothing counts as refused, \
                 and nothing is lost: see to its address, the protocol, the headers and its limits, and run it again; entries \
                 that are only too old for it count as refused once it takes a newer one"
            ),
            Self::Busy { endpoint } => write!(
                f,
                "another process sends this archive to the receiver {endpoint}, and nothing was sent twice: wait for it, or \
                 stop it first"
            ),
            Self::NeverSent { endpoint } => write!(
                f,
                "nothing can be sent again, because nothing of this archive was sent to the receiver {endpoint} yet: send \
                 everything first, without --again, or name the receiver that it was sent to"
            ),
            Self::Unauthorized { endpoint, why } => write!(
                f,
                "the receiver {endpoint} does not let us in: {why}; nothing is lost: see to the headers that it wants, and run \
                 it again"
            ),
            Self::Parquet { file, why } => {
                write!(f, "the Parquet file {file} is not usable: {}", chain(&**why))?;
                room(&**why)
                    .map_or(Ok(()), |remedy| write!(f, "; what was committed is safe: {remedy}, and run it again"))
            }
        }
    }
}

/// An error with what is behind it, where it does not say so itself.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text.replace(['\n', '\r'], " ")
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // It speaks for it.
            Self::Archive(error) => error.source(),
            Self::Storage { why, .. } | Self::Parquet { why, .. } => Some(&**why),
            _ => None,
        }
    }
}

impl From<storelogs_collector::Error> for Error {
    fn from(error: storelogs_collector::Error) -> Self {
        Self::Archive(error)
    }
}
