//! The testing kit for your own tests: a scripted network, a log in memory, and made-up records and entries.
//!
//! Nothing here opens a socket, reads a clock or needs more than a current-thread runtime. Under Tokio's paused clock
//! (`#[tokio::test(start_paused = true)]`, feature `test-util`) a retry that waits a minute takes no time.
//!
//! # What does my code ask for?
//!
//! A [`Recorder`] takes the network's place, answers, and writes every request down. Its requests are values made for
//! snapshots: `insta::assert_json_snapshot!(network.requests())`, or on one line each
//! `insta::assert_snapshot!(network, @"…")`.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use storelogs::testing::{self, Recorder};
//!
//! let network = Recorder::new();
//! let store = testing::bigcommerce::store(&network);
//! store.page(|request| request.module("order status").limit(10)).await?; // your own code here
//! assert_eq!(network.to_string(), "GET /stores/abc123/v3/store/systemlogs?limit=10&module=order+status");
//! # Ok::<(), storelogs::Error>(()) }).unwrap();
//! ```
//!
//! # What does my code do when the platform …?
//!
//! Script the answers, for whatever comes or for one operation.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! use storelogs::testing::{self, Recorder, Response};
//!
//! let network = Recorder::new()
//!     .answer(Response::status(429).header("x-retry-after", "30"))
//!     .answer_to("get_store_system_logs", testing::bigcommerce::page([testing::bigcommerce::record(1)]));
//! let page = testing::bigcommerce::store(&network).page(|request| request).await?;
//! assert_eq!(page.records.len(), 1);
//! assert_eq!(network.requests().len(), 2);
//! # Ok::<(), storelogs::Error>(()) }).unwrap();
//! ```
//!
//! # What does my code make of these entries?
//!
//! Where HTTP is beside the point, [`Log`] is a [`LogSource`](crate::LogSource) of entries that you made up.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use futures::StreamExt;
//! use storelogs::{LogQuery, LogSource, Severity, testing};
//!
//! let log = testing::Log::new([
//!     testing::entry(1).severity(Severity::Error).summary("USPS (endicia): no rates"),
//!     testing::entry(2),
//! ]);
//! let errors: Vec<_> = log.logs(LogQuery::new().min_severity(Severity::Error)).collect().await;
//! assert_eq!(errors.len(), 1);
//! # });
//! ```

pub mod bigcommerce;
mod entry;
mod log;
mod recorder;
mod request;
mod response;
pub mod shopline;

use jiff::{SignedDuration, Timestamp};

pub use crate::entry_builder::EntryBuilder;
pub use entry::entry;
pub use log::Log;
pub use recorder::{Outcome, Recorder};
pub use request::Request;
pub use response::Response;

/// The token of made-up clients.
const TOKEN: &str = "a-token";

/// The time of the made-up thing with this number: that many minutes into 2026, in UTC.
fn time(number: i64) -> Timestamp {
    const START: Timestamp = Timestamp::constant(1_767_225_600, 0);
    START + SignedDuration::from_mins(number)
}
