//! An archive of store logs where other programs read it: in a lake of Delta tables, and at receivers of OTLP.
//!
//! `Lake::export` exports the entries that came into an archive since the last time, exactly once: the rows and the
//! number of the last arrival among them are in the same commit of the table. Kill it anywhere and start it again.
//! `docs/lake.md` says what the tables hold and how each engine reads them.
//!
//! `Otlp::deliver` sends the same to a receiver of OTLP over HTTP, at least once: `docs/otlp.md`.
//!
//! Floors: `storage` keeps files, `columns` makes Parquet of rows, `delta` says which files are current, `lake` knows
//! what a log is. `otlp` is beside them.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(feature = "lake")]
mod columns;
#[cfg(feature = "lake")]
mod delta;
mod error;
mod failpoint;
#[cfg(feature = "lake")]
mod lake;
#[cfg(feature = "lake")]
mod name;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "lake")]
pub mod storage;

#[cfg(feature = "lake")]
pub use delta::Cleaned;
pub use error::{Cause, Error, Result};
#[cfg(feature = "lake")]
pub use lake::{Compacted, Exported, Forgotten, Lake, LakeStep};
#[cfg(feature = "otlp")]
pub use otlp::{Delivered, Otlp, OtlpSettings, Step};
