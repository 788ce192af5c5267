//! The program as its users run it: the built binary, against the sandbox, over HTTP.
#![allow(clippy::unwrap_used, reason = "a test may fail in any line")]

mod backups;
mod broken_pipe;
mod check;
mod collecting;
mod completions;
mod configuration;
#[cfg(unix)]
mod crash_tests;
mod demo;
mod deploy;
mod disks;
mod doctor;
mod examples;
mod exit_codes;
mod exporting;
mod fleets;
mod floors;
mod forgetting;
mod help;
mod hostile;
#[path = "../../../tests/imports/mod.rs"]
mod imports;
mod logs;
mod many_stores;
mod mcp;
mod memory;
mod metrics;
mod names;
mod on_call;
mod output;
mod owner;
mod pages;
mod program;
mod pruning;
#[path = "../../../export/tests/suite/receiver.rs"]
mod receiver;
mod reporting;
mod sandbox;
mod secrets;
mod sql;
mod tailing;
mod times;
mod watcher;
mod watching;
mod webhook_proxies;
