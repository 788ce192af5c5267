//! An archive of store logs that outlives the platforms' retention and can prove that it is complete.
//!
//! One SQLite file holds the entries, the time ranges that were read ([`Coverage`]), the walks under way and the
//! records that could not be decoded. Each page is committed together with the state that it changes: stop it anywhere,
//! start it again, and nothing is lost or doubled.
//!
//! Floors: [`archive`] stores; what is above it fetches, searches and reports.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod archive;
mod coverage;
pub mod doctor;
mod drain;
mod error;
pub mod forget;
pub mod insight;
mod length;
pub mod message;
pub mod metrics;
mod micros;
mod moment;
pub mod nearest;
pub mod network;
pub mod printable;
pub mod query;
pub mod redact;
pub mod retention;
pub mod search;
mod sensitive;
pub mod status;
pub mod sync;
pub mod verdict;
pub mod verify;
pub mod watch;
pub mod wording;
mod words;

pub use archive::Archive;
pub use coverage::{Coverage, TimeRange};
pub use error::{Cause, Error, Result};
pub use length::Length;
pub use moment::Moment;
