//! The library's tests. One binary, since linking is what takes the time.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

mod audit;
mod bigcommerce_walk;
mod bodies;
mod drain;
mod errors;
mod faults;
mod follow;
mod fuzz_finds;
mod gateways;
mod golden;
mod kept;
mod merge;
mod model;
mod network;
mod offline;
mod reconcile;
mod secrets;
mod shapes;
mod shopline_walk;
mod static_server;
mod testing_kit;
mod token;
mod transport;
mod walk_properties;
