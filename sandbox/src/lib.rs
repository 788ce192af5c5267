//! BigCommerce store logs and SHOPLINE operation logs on loopback, with their quirks.
//!
//! The sandbox answers as both platforms do, as far as that is known, so that an app can be tested without a shop.
//! There is a switch for every behaviour that is not known for sure, a script for faults, a journal of all requests,
//! and a way to ask for the true entries.
//!
//! ```
//! use storelogs_sandbox::{History, Platform, Sandbox, Store};
//!
//! # async fn example() -> std::io::Result<()> {
//! let sandbox = Sandbox::builder()
//!     .store(Store::bigcommerce("abc123").history(History::seeded(7)))
//!     .store(Store::shopline("open001").history(History::seeded(7)))
//!     .start()
//!     .await?;
//! let token = sandbox.token(Platform::BigCommerce, "abc123");
//! let url = format!("{}/stores/abc123/v3/store/systemlogs", sandbox.bigcommerce_url());
//! // … ask `url` with the header `X-Auth-Token: {token}` …
//! assert_eq!(sandbox.journal().len(), 0);
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here can reach a real platform, and no token here is worth anything.

#![warn(missing_docs)]

mod answer;
mod bigcommerce;
mod clock;
mod fault_text;
mod faults;
mod filter;
mod history;
mod journal;
mod listing;
mod load;
mod platform;
mod records;
mod render;
mod request;
mod row;
mod sandbox;
mod script;
mod server;
mod shop;
mod shopline;
mod store;
mod table;
mod view;
mod wire;
mod world;

pub use bigcommerce::behavior::{
    AboveLimit, BeyondLastPage, BigCommerceBehavior, DateBounds, DateFilters, Obedience, Presence, RateLimitForm,
    SeverityForm, Totals, UnknownSeverity, WrongTotals,
};
pub use clock::Clock;
pub use faults::{Endpoint, Fault, Faults, Rule, When};
pub use history::{Actor, ActorKind, BulkEdit, Cause, Form, History, Incident, IncidentKind, Planted, SensitiveChange};
pub use journal::{Journal, JournalEntry};
pub use listing::{
    ClampOffset, Damage, Damaged, DamagedRows, DateHeader, EmptyForm, EndlessTotal, Hidden, Listing, LostParameters,
    SilentClamp, Ties,
};
pub use load::{Loaded, load_file};
pub use platform::Platform;
pub use records::Records;
pub use sandbox::{Builder, Restored, Sandbox};
pub use shopline::{
    behavior::{
        BeyondHorizon, Bucket, Count, Envelope, ErrorShape, Horizon, LinkHeader, Lock, ShoplineBehavior, SinceId,
        SubjectId, TimeRangeBounds, TimeRangeReading,
    },
    token::shopline_token,
};
pub use store::{Behavior, Store};
