//! The library's tests. One program, since linking is what takes the time; only `tracing` needs one of its own.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

mod audit;
mod bigcommerce_walk;
mod bodies;
mod drain;
mod errors;
mod faults;
mod floors;
mod follow;
mod fuzz_finds;
mod gateways;
mod golden_files;
#[path = "../imports/mod.rs"]
mod imports;
mod many_shops;
mod merge;
mod model;
mod network;
mod offline;
mod paginate;
mod read_ahead;
mod reconcile;
mod secrets;
mod shapes;
mod shopline_walk;
mod slices;
mod static_server;
mod testing_kit;
mod token;
mod transport;
mod vendor_samples;
mod walk_properties;
