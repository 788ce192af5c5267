//! The tests of the collector. One binary, since linking is what takes the time.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

mod archive;
mod coverage;
mod query;
mod rollup;
mod search;
mod sync;
mod verify;
mod world;
