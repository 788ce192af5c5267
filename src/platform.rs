//! The building blocks of a platform's client, for platforms in this crate and in others.
//!
//! A platform is a document from which `build/pipeline.rs` generates a client, and an adapter over it:
//!
//! - [`hook!`] puts the generated client on a [`Transport`](crate::Transport), so that it is signed, paced and retried;
//! - [`Build`] makes the client of one store out of a [`Builder`]'s [`Settings`] and an [`Endpoint`];
//! - [`Transport::call`](crate::Transport::call) calls an operation, and [`Reply::list`] takes the records out of the
//!   answer, so that one odd record does not take a page with it;
//! - a function, [`Convert`], makes a [`LogEntry`](crate::LogEntry) of a record, or says why it is [`InvalidRecord`]; [`time`] reads and
//!   writes its time;
//! - [`LogSource`](crate::LogSource) reads a time range of the log to its end: with [`paginate_newest_first`], where the platform
//!   lists in that order and names the next page;
//! - [`PlatformFacts`] is what a program has to know besides, and [`LogClient`] what a client can say: with both, and
//!   [`register`], the collector and the program work with the platform's stores.

pub use crate::builder::{Build, Builder, Settings};
pub use crate::call::{Convert, InvalidRecord, List, Reply, ResponseMeta};
pub use crate::facts::{ClientSettings, LogClient, PlatformFacts, Setting, Variables};
pub use crate::paginate::{PageRequest, PageResponse, paginate_newest_first};
pub use crate::registry::{known, named, register, usage};
pub use crate::transport::{AuthScheme, Endpoint, Generated, Pacer, hook, http_date};

/// How platforms write times.
pub mod time {
    pub use crate::time::{Written, read, rebuild};
}
