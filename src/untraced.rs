//! The stand-in for `trace.rs` without the feature `tracing`: it does nothing, at no cost.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

use crate::error::Error;
use crate::store::Store;

#[derive(Clone, Debug)]
pub(crate) struct Span;

impl Span {
    pub(crate) fn walk(_: &Store, _: Option<Timestamp>, _: Option<Timestamp>) -> Self {
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

pub(crate) fn answered(_: u32, _: u16, _: Duration) {}

pub(crate) fn failed(_: u32, _: &dyn Display, _: Duration) {}

pub(crate) fn again(_: Duration) {}

pub(crate) fn page(_: usize, _: usize, _: bool) {}

pub(crate) fn walk_failed(_: &Error) {}
