//! The clients as progenitor generates them from the vendors' documents, one module per platform.
//!
//! They offer every operation and every parameter of the documents, with typed answers and nothing added: no walks, no
//! log model. A record keeps in `extra` the fields that its document does not name, and those that a vendor has added
//! since. Reach one with [`BigCommerce::raw`](crate::BigCommerce::raw) or [`Shopline::raw`](crate::Shopline::raw): it
//! is signed, paced and retried by the same [`Transport`](crate::Transport) as everything else.

mod comma_separated;

pub use comma_separated::{CommaSeparated, NotAList};

/// BigCommerce Store Logs, from `specs/bigcommerce/store-logs.yml` and its patch.
#[allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used, unreachable_pub, rust_2018_idioms)]
#[allow(rustdoc::all)]
pub mod bigcommerce {
    include!(concat!(env!("OUT_DIR"), "/bigcommerce.rs"));
}

/// SHOPLINE operation logs, from `specs/shopline/operation-logs.yml`.
#[allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used, unreachable_pub, rust_2018_idioms)]
#[allow(rustdoc::all)]
pub mod shopline {
    include!(concat!(env!("OUT_DIR"), "/shopline.rs"));
}
