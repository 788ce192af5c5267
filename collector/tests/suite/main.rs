//! The tests of the collector. One binary, since linking is what takes the time.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

mod archive;
mod arrived;
mod behind;
mod clock;
mod coverage;
mod coverage_properties;
mod damage;
mod detection_accuracy;
mod failing;
mod fleet;
mod floors;
#[path = "../../../tests/imports/mod.rs"]
mod imports;
mod insight;
mod live;
mod metrics;
mod order;
mod packing;
mod pruning;
mod query;
mod reasons;
mod redact;
mod regressions;
mod report_cross_check;
mod requests;
mod rollup;
mod search;
mod shop;
mod sync;
mod verdict;
mod verdict_properties;
mod verify;
mod views;
mod world;
