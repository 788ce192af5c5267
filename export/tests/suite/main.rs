//! The tests of the lake. One binary, since linking is what takes the time.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

mod bucket;
mod compaction;
mod counts_properties;
mod crash_tests;
mod exactly_once;
mod floors;
mod forgetting;
#[path = "../../../tests/imports/mod.rs"]
mod imports;
mod layout;
mod log;
mod otlp;
mod reader;
mod receiver;
mod refusals;
mod s3;
mod world;
