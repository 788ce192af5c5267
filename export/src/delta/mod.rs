//! A Delta table: a folder of Parquet files, and a log that says which of them are current.
//!
//! Of the protocol (<https://github.com/delta-io/delta/blob/master/PROTOCOL.md>) this writes reader version 1 and writer
//! version 2, with nothing optional: every engine reads that. A table that asks for more was changed by another program, and is
//! left alone.
//!
//! A commit is a file with the next number, made so that only one writer can:
//! [`Storage::create`](crate::storage::Storage). Its rows and the number up to which an archive is exported
//! ([`Transaction`]) are in the same file, so both are there or neither is. A writer that loses the race for a number
//! reads what the other wrote, and takes the next number if that changes nothing about its own commit.

mod action;
mod checkpoint;
mod cleanup;
mod commit_file;
mod log;
mod nested;
mod table;

pub(crate) use action::Add;
pub use cleanup::Cleaned;
pub(crate) use table::{Change, Definition, Outcome, Table, Transaction};
