//! One call through a generated client, with our error and a decoder that loses nothing.

use std::future::Future;
use std::sync::PoisonError;

use bytes::Bytes;
use jiff::Timestamp;
use progenitor_client::ResponseValue;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::refusal;
use crate::transport::{Cause, Failure, Report, Transport};

/// What came of a call that the platform answered with 200.
pub(crate) enum Decoded<T> {
    /// The documented shape.
    Typed(T),
    /// Another shape: its bytes, and where the first fault is.
    Raw(Bytes, serde_json::Error),
}

/// Calls an operation of a generated client. `send` gets a transport that takes notes for this call alone.
pub(crate) async fn call<T, F, Fut>(transport: &Transport, send: F) -> Result<(Decoded<T>, Report)>
where
    F: FnOnce(Transport) -> Fut,
    Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<()>>>,
{
    let (noting, notes) = transport.reporting();
    let result = send(noting).await;
    let mut report = std::mem::take(&mut *notes.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some(error) = report.unsent.take() {
        return Err(error.of(transport.store()));
    }
    match result {
        Ok(value) => Ok((Decoded::Typed(value.into_inner()), report)),
        Err(progenitor_client::Error::InvalidResponsePayload(bytes, fault)) => Ok((Decoded::Raw(bytes, fault), report)),
        Err(error) => Err(explain(error, &report).await.of(transport.store())),
    }
}

async fn explain(error: progenitor_client::Error<()>, report: &Report) -> Error {
    use progenitor_client::Error as Raw;
    match error {
        Raw::UnexpectedResponse(response) => {
            let (status, headers) = (response.status(), response.headers().clone());
            // The transport read it whole; this cannot wait or fail.
            let body = response.bytes().await.unwrap_or_default();
            refusal::error(status, &headers, &body, report.attempts)
        }
        Raw::CommunicationError(error) | Raw::ResponseBodyError(error) | Raw::InvalidUpgrade(error) => {
            let (kind, what, wait) = match Failure::inside(&error) {
                Some(failure) => {
                    let wait = match failure.cause {
                        Cause::RateLimited(wait) => Some(wait),
                        _ => None,
                    };
                    (failure.cause.kind(), failure.to_string(), wait)
                }
                None => (ErrorKind::Interrupted, "the request failed".to_owned(), None),
            };
            Error::new(kind, what)
                .with_answer(None, report.request_id(), report.attempts)
                .with_retry_after(wait)
                .with_source(error)
        }
        // Our own hook writes whole sentences; the store is in them already where it matters.
        Raw::InvalidRequest(what) | Raw::Custom(what) => Error::invalid(what),
        Raw::ErrorResponse(_) | Raw::InvalidResponsePayload(..) => {
            Error::new(ErrorKind::Undecodable, "the answer is not the documented shape")
        }
    }
}

/// An answer that is not a page of logs at all. Its body tells the platform's own words, if it holds any.
pub(crate) fn undecodable(transport: &Transport, report: &Report, fault: serde_json::Error) -> Error {
    Error::new(ErrorKind::Undecodable, "the answer is not the documented shape")
        .of(transport.store())
        .with_answer(report.status, report.request_id(), report.attempts)
        .with_detail(refusal::words(&report.body))
        .with_source(fault)
}

/// Decodes the records of a page one by one: the good ones go on, each bad one becomes an error with its raw text.
pub(crate) fn one_by_one<R: DeserializeOwned>(
    transport: &Transport,
    report: &Report,
    list: &str,
    records: &[&RawValue],
) -> Vec<Result<R>> {
    let decode = |(index, raw): (usize, &&RawValue)| {
        let mut json = serde_json::Deserializer::from_str(raw.get());
        serde_path_to_error::deserialize(&mut json).map_err(|fault| {
            let path = match plain(&fault.path().to_string()).as_str() {
                "." => format!("{list}[{index}]"),
                inner => format!("{list}[{index}].{inner}"),
            };
            bad_record(transport, report, path, raw.get().to_owned()).with_source(fault.into_inner())
        })
    };
    records.iter().enumerate().map(decode).collect()
}

/// A path ends up in error messages, and its names are the platform's to choose: plain characters only.
fn plain(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).take(120).collect()
}

/// A record that is not the documented shape.
fn bad_record(transport: &Transport, report: &Report, path: String, raw: String) -> Error {
    Error::new(ErrorKind::Record, "one record is not the documented shape")
        .of(transport.store())
        .with_answer(report.status, report.request_id(), report.attempts)
        .with_record(path, raw)
}

/// A record that an entry cannot be made of, whole, with the field at fault.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unfit<R> {
    /// The record, untouched.
    pub record: R,
    /// The field that an entry cannot do without.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl<R: serde::Serialize> Unfit<R> {
    pub(crate) fn new(record: R, field: &'static str, why: impl Into<String>) -> Box<Self> {
        Box::new(Self { record, field, why: why.into() })
    }

    /// The error of the record at this place of a list.
    pub(crate) fn at(self, transport: &Transport, report: &Report, list: &str, index: usize) -> Error {
        let raw = serde_json::to_string(&self.record).unwrap_or_default();
        bad_record(transport, report, format!("{list}[{index}].{}", self.field), raw).with_source(self.why)
    }
}

impl Report {
    /// When the answer came.
    pub(crate) fn observed(&self) -> Timestamp {
        self.observed.unwrap_or_else(Timestamp::now)
    }
}
