//! The tests of the collector. One binary, since linking is what takes the time.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

mod archive;
mod clock;
mod complaints;
mod coverage;
mod damage;
mod failing;
mod figures;
mod floors;
mod honesty;
#[path = "../../../tests/imports/mod.rs"]
mod imports;
mod insight;
mod live;
mod metrics;
mod order;
mod query;
mod redact;
mod rollup;
mod search;
mod shop;
mod sync;
mod truth;
mod verdict;
mod verdict_properties;
mod verify;
mod world;
