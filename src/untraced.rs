//! What stands in the place of `trace.rs` without the feature `tracing`: nothing, at no cost.

use std::future::Future;
use std::time::Duration;

use crate::error::Result;
use crate::query::LogQuery;
use crate::source::Page;
use crate::store::Store;
use crate::transport::{Answer, TransportError};

#[derive(Clone, Debug)]
pub(crate) struct Span;

impl Span {
    pub(crate) fn walk(_: &Store, _: &LogQuery) -> Self {
        Self
    }

    pub(crate) fn request(_: &Store, _: &'static str) -> Self {
        Self
    }

    pub(crate) fn current() -> Self {
        Self
    }

    #[allow(clippy::unused_self)]
    pub(crate) fn cover<F: Future>(&self, work: F) -> F {
        work
    }
}

pub(crate) fn paced(_: Duration) {}

pub(crate) fn attempt(_: u32, _: &Result<Answer, TransportError>, _: Duration) {}

pub(crate) fn again(_: Duration) {}

pub(crate) fn page(_: &Result<Page>) {}
