//! Every store's log, in one model, with nothing missing.
//!
//! [`BigCommerce`] reads store logs, [`Shopline`] reads operation logs. Both are generated from the platforms' OpenAPI
//! documents when the crate is built ([`raw`]). One transport carries them ([`Transport`]: tokens, retries, pacing), walks end
//! only on proof ([`LogSource`]), and adapters make one [`LogEntry`] of the records of all platforms.
//!
//! # Many stores, one log
//!
//! ```no_run
//! # async fn run() -> storelogs::Result<()> {
//! use std::sync::Arc;
//! use storelogs::futures::StreamExt;
//! use storelogs::{BigCommerce, LogQuery, LogSource, Severity, Shopline, merge};
//!
//! let stores: [Arc<dyn LogSource>; 2] = [Arc::new(BigCommerce::from_env()?), Arc::new(Shopline::from_env()?)];
//! let query = LogQuery::new().min_severity(Severity::Info).limit(100);
//! let mut log = merge(stores, query);
//! while let Some(entry) = log.next().await {
//!     match entry {
//!         Ok(entry) => println!("{} {} {}", entry.time, entry.store, entry.summary.unwrap_or_default()),
//!         Err(error) => eprintln!("{error}"), // names the store, the cause and the remedy; the others go on
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # One page, with any parameter
//!
//! ```no_run
//! # async fn run() -> storelogs::Result<()> {
//! use storelogs::BigCommerce;
//!
//! let store = BigCommerce::builder("abc123").access_token("…").build()?;
//! let page = store.page(|request| request.module("USPS (endicia)").severity_min(4).limit(10)).await?;
//! for record in page.records {
//!     println!("{:?}", record?.summary);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where to read on
//!
//! The [`guide`] has a page for each concept: [requests](guide::requests), [querying](guide::querying),
//! [walks](guide::walks), [the model](guide::model), [errors and retries](guide::errors), [pacing](guide::pacing),
//! [tokens](guide::tokens), [following](guide::following), [500 shops in an app](guide::many_shops),
//! [a test server](guide::test_server), and [adding a platform](guide::adding_a_platform), which builds on [`platform`].
//!
//! # Features
//!
//! - `http2` (default): HTTP/2, where the platform offers it.
//! - `exact-numbers` (default): a number in a field that no document names keeps its digits, however many. It turns on
//!   `serde_json/arbitrary_precision`, for the whole program: leave it out if you read floats with `#[serde(flatten)]` or
//!   `#[serde(untagged)]`, which that feature breaks. Without it such a number is rounded, and one beyond a double makes
//!   its record an error that holds the text.
//! - `schema` (default): the JSON Schema of an entry, [`LogEntry::json_schema`].
//! - `otlp`: entries as OpenTelemetry's own messages, `storelogs::otlp`.
//! - `testing`: `storelogs::testing`, for the tests of your own code. No socket, no token.
//! - `tracing`: spans and events for [`tracing`](https://docs.rs/tracing), of target `storelogs`: a span `walk` for each walk
//!   (level INFO) and `request` for each request with its repeats (DEBUG), and within them each answer with its status and
//!   how long it took, each wait and each page (DEBUG). Nothing that is sent or answered is in them.
//!
//! A client needs a Tokio runtime with time enabled; a current-thread one is enough.
#![warn(missing_docs)]

pub mod bigcommerce;
mod body;
mod builder;
mod call;
mod entry;
mod entry_builder;
mod env;
mod error;
mod error_message;
mod facts;
mod follow;
pub mod guide;
mod json;
mod merge;
#[cfg(feature = "otlp")]
pub mod otlp;
mod paginate;
pub mod platform;
mod query;
pub mod raw;
mod registry;
mod severity;
pub mod shopline;
mod source;
mod store;
mod store_name;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
#[cfg_attr(not(feature = "tracing"), path = "untraced.rs")]
mod trace;
mod transport;
mod walk;

/// The examples of the README are compiled and run like the others.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;

// Crates whose types are in our signatures: use these, so that there is one version of each.
pub use futures;
pub use http;
pub use jiff;
pub use reqwest;
pub use secrecy;

#[doc(inline)]
pub use bigcommerce::BigCommerce;
pub use builder::{Build, Builder, IN_FLIGHT};
pub use call::InvalidRecord;
pub use entry::{LogEntry, UtcOffset};
pub use entry_builder::EntryBuilder;
pub use error::{Error, ErrorKind, Result};
pub use follow::{Batch, Checkpoint, FollowOptions};
pub use merge::merge;
pub use query::LogQuery;
pub use severity::Severity;
#[doc(inline)]
pub use shopline::Shopline;
pub use source::{Cursor, Learned, LogSource, Page, Proof, Reconciliation, entries};
pub use store::{Platform, Store};
pub use transport::{
    Http, HttpBackend, HttpBuilder, MAX_BODY, Proxy, RateLimit, RetryPolicy, TokenProvider, Transport, TransportError,
};
