//! An archive of store logs in a lake: Delta tables of Parquet files that Spark, Trino, DuckDB, Polars and Databricks read.
//!
//! [`Lake::export`] brings in what came into an archive since the last time, exactly once: the rows and the number of the last
//! arrival among them stand in the same commit of the table. Kill it anywhere and start it again. `docs/lake.md` says what
//! the tables hold and how each engine reads them.
//!
//! Floors: `storage` keeps files, `columns` makes Parquet of rows, `delta` says which files count, `lake` knows what a log is.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod columns;
mod delta;
mod error;
mod failpoint;
mod lake;
mod name;
pub mod storage;

pub use delta::Cleaned;
pub use error::{Cause, Error, Result};
pub use lake::{Compacted, Exported, Forgotten, Lake};
