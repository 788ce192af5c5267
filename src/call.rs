//! One call through a generated client, with our error and a decoder that loses nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use progenitor_client::ResponseValue;
use reqwest::header::HeaderMap;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::value::RawValue;

use crate::body::{self, MAX_RECORDS, Repaired};
use crate::entry::LogEntry;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Store;
use crate::transport::{CallTrace, Generated, Transport, TransportError, http_date, http_error, whole};

impl Transport {
    /// Calls one operation of the generated client `C`. `send` gets a client that takes notes for this call alone.
    ///
    /// # Errors
    /// Whatever kept an answer with a status of success from coming. It names the store, the cause and the remedy.
    pub async fn call<C, T, F, Fut>(&self, send: F) -> Result<Reply<T>>
    where
        C: Generated,
        T: DeserializeOwned,
        F: FnOnce(C) -> Fut,
        Fut: Future<Output = Result<ResponseValue<T>, RawError>>,
    {
        let (noting, notes) = self.reporting();
        let mut result = decoded(send(noting.client()).await, &notes);
        // What cannot be decoded may be no whole answer.
        if let Ok(Decoded::Raw(bytes, _)) = &result
            && let Err(fault) = whole(bytes)
        {
            result = noting.decoded_again(&notes, fault).await;
        }
        let mut report = std::mem::take(&mut *noted(&notes));
        report.request = None; // it has the token, and nothing else needs it
        if let Some(error) = report.unsigned.take() {
            return Err(error.of(self.store()));
        }
        match result {
            Ok(body) => Ok(Reply { body, about: ResponseMeta { store: self.store().clone(), report } }),
            Err(error) => Err(explain(error, &report).await.of(self.store())),
        }
    }

    /// Sends the request of a call again whose answer is not whole, and decodes what comes.
    async fn decoded_again<T: DeserializeOwned>(
        &self,
        notes: &Mutex<CallTrace>,
        fault: TransportError,
    ) -> Result<Decoded<T>, RawError> {
        let (request, attempts) = {
            let mut notes = noted(notes);
            (notes.request.take(), notes.attempts)
        };
        let outcome = match request {
            Some((operation, request)) => self.run_again(operation, request, attempts, fault).await,
            None => Err(fault), // it cannot be sent twice
        };
        match outcome {
            Ok(answer) if answer.status.is_success() => Ok(match serde_json::from_slice(&answer.body) {
                Ok(body) => Decoded::Typed(body),
                Err(fault) => Decoded::Raw(answer.body, fault),
            }),
            Ok(answer) => Err(RawError::UnexpectedResponse(answer.into_response())),
            Err(failure) => Err(RawError::CommunicationError(failure.into_reqwest().await)),
        }
    }
}

type RawError = progenitor_client::Error<()>;

/// The body of a success, whatever its shape.
#[allow(clippy::result_large_err, reason = "the generated code's error goes through here once for each call")]
fn decoded<T>(result: Result<ResponseValue<T>, RawError>, notes: &Mutex<CallTrace>) -> Result<Decoded<T>, RawError> {
    match result {
        Ok(value) => Ok(Decoded::Typed(value.into_inner())),
        Err(RawError::InvalidResponsePayload(bytes, fault)) => Ok(Decoded::Raw(bytes, fault)),
        // A success that the document does not name, such as 204.
        Err(RawError::UnexpectedResponse(answer)) if answer.status().is_success() => {
            let what = format!("HTTP {} is not documented", answer.status().as_u16());
            Ok(Decoded::Raw(noted(notes).body.clone(), serde_json::Error::custom(what)))
        }
        Err(error) => Err(error),
    }
}

fn noted(notes: &Mutex<CallTrace>) -> MutexGuard<'_, CallTrace> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A platform's successful answer to one call. Its body may still be of any shape.
#[derive(Debug)]
pub struct Reply<T> {
    body: Decoded<T>,
    about: ResponseMeta,
}

#[derive(Debug)]
enum Decoded<T> {
    /// The documented shape.
    Typed(T),
    /// An answer of another shape: its bytes, and the place of the first fault.
    Raw(Bytes, serde_json::Error),
}

/// The metadata of an answer: all but its body.
#[derive(Debug)]
pub struct ResponseMeta {
    store: Store,
    report: CallTrace,
}

/// The records of one answer, in the platform's order. One that is not the documented shape is an error.
#[derive(Debug)]
pub struct List<R> {
    /// The records.
    pub records: Vec<Result<R>>,
    /// The metadata of the answer.
    pub about: ResponseMeta,
    /// The field that they are in.
    name: &'static str,
}

/// Makes an entry of a record. The time is when the answer came.
pub type Convert<R> = fn(R, &Store, Timestamp) -> Result<LogEntry, Box<InvalidRecord<R>>>;

/// The field of a record's `extra` that holds its text as it came, where that is no text that JSON allows.
const AS_SENT: &str = "raw_record";
/// The most records of one answer that may be another shape. Each is kept with its text.
const MAX_BAD_RECORDS: usize = 1_000;

type Fields<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

impl<T> Reply<T> {
    /// The body, if it is the documented shape. No body is one without fields.
    ///
    /// # Errors
    /// [`ErrorKind::Undecodable`] with what the platform said instead.
    pub fn typed(self) -> Result<(T, ResponseMeta)>
    where
        T: DeserializeOwned,
    {
        match self.body {
            Decoded::Typed(body) => Ok((body, self.about)),
            Decoded::Raw(bytes, fault) => {
                let repaired = Repaired::of(if body::is_blank(&bytes) { b"{}" } else { &bytes });
                match serde_json::from_str(repaired.text()) {
                    Ok(body) => Ok((body, self.about)),
                    Err(_) => Err(self.about.undecodable(fault)),
                }
            }
        }
    }

    /// The records of a page, and the rest of it. `take` gets both from the documented shape.
    ///
    /// If the body has another shape, the list is looked for under its `names`, in order, and decoded record by record:
    /// the good ones are returned. The rest is then read from the body as far as possible.
    ///
    /// An answer without a body, one whose list is null, and one with `meta` but no list are pages without records,
    /// unless the platform says in words that something is wrong.
    ///
    /// # Errors
    /// [`ErrorKind::Undecodable`] where there is no list at all.
    pub fn list<R, M>(
        self,
        names: &'static [&'static str],
        take: impl FnOnce(T) -> (Option<Vec<R>>, M),
    ) -> Result<(List<R>, M)>
    where
        R: DeserializeOwned,
        M: DeserializeOwned + Default,
    {
        let about = self.about;
        let name = names.first().copied().unwrap_or_default();
        match self.body {
            Decoded::Typed(body) => match take(body) {
                (Some(records), _) if records.len() > MAX_RECORDS => {
                    Err(about.error(ErrorKind::TooLarge, &body::crowded()))
                }
                (Some(records), rest) => {
                    let records = records.into_iter().map(Ok).collect();
                    Ok((List { records, about, name }, rest))
                }
                (None, rest) => {
                    about.check_empty(names)?;
                    Ok((List { records: Vec::new(), about, name }, rest))
                }
            },
            Decoded::Raw(bytes, _) if body::is_blank(&bytes) => {
                Ok((List { records: Vec::new(), about, name }, M::default()))
            }
            Decoded::Raw(bytes, fault) => {
                let repaired = Repaired::of(&bytes);
                let fields: Fields<'_> = match serde_json::from_str(repaired.text()) {
                    Ok(fields) => fields,
                    Err(fault) => return Err(about.undecodable(fault)),
                };
                let list =
                    |name: &&'static str| Some((*name, *fields.get(*name)?)).filter(|(_, raw)| raw.get() != "null");
                let (name, records) = match names.iter().find_map(list) {
                    None => {
                        about.check_empty(names)?;
                        (name, Vec::new())
                    }
                    Some((name, raw)) => match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
                        Ok(records) => (name, about.one_by_one(name, &records, &repaired)?),
                        Err(_) => return Err(about.undecodable(fault)),
                    },
                };
                let rest = serde_json::from_str(repaired.text()).unwrap_or_default();
                Ok((List { records, about, name }, rest))
            }
        }
    }
}

impl<R: serde::Serialize> List<R> {
    /// The entries that `convert` makes of the records. A record that is not fit to be one is an error, as the others are.
    pub fn entries(self, convert: Convert<R>) -> impl Iterator<Item = Result<LogEntry>> {
        let Self { records, about, name } = self;
        let observed = about.observed();
        records.into_iter().enumerate().map(move |(index, record)| {
            convert(record?, &about.store, observed).map_err(|invalid| invalid.at(&about, &format!("{name}[{index}]")))
        })
    }
}

impl ResponseMeta {
    /// The store that was asked.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// When the answer came, by this machine's clock.
    pub fn observed(&self) -> Timestamp {
        self.report.observed.unwrap_or_else(Timestamp::now)
    }

    /// When the answer was written, by the platform's clock.
    pub fn date(&self) -> Option<Timestamp> {
        http_date(&self.report.headers)
    }

    /// The platform's id of the request.
    pub fn request_id(&self) -> Option<String> {
        self.report.request_id()
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.report.headers
    }

    /// The error of an answer of another kind altogether, with the platform's own words from its body, if there are
    /// any.
    pub(crate) fn undecodable(&self, fault: serde_json::Error) -> Error {
        let body = &self.report.body;
        let (what, hint) = if body::is_markup(body) {
            (
                "the answer is a web page, not JSON",
                "a proxy, a sign-in page or another site may answer in the platform's place",
            )
        } else if fault.is_syntax() && !body::is_blank(body) {
            ("the answer is not JSON", "something between here and the platform may have changed it: try again later")
        } else {
            ("the answer is JSON of another shape than the documented one", "report its shape if it stays so")
        };
        self.error(ErrorKind::Undecodable, what).with_hint(hint).with_detail(self.words()).with_source(fault)
    }

    /// The error of an answer in which this field is missing, with the platform's own words.
    pub(crate) fn without(&self, field: &str) -> Error {
        self.undecodable(serde_json::Error::custom(format!("`{field}` is not there")))
    }

    /// The platform's own words, where it answers with success but not with what was asked for.
    pub(crate) fn words(&self) -> Option<String> {
        http_error::words(&self.report.body)
    }

    /// Checks that an answer without a list is a page without records: its list is null, or its `meta` is there.
    fn check_empty(&self, names: &[&str]) -> Result<()> {
        let repaired = Repaired::of(&self.report.body);
        if let Ok(fields) = serde_json::from_str::<Fields<'_>>(repaired.text()) {
            let is_null = names.iter().any(|name| fields.contains_key(*name));
            let is_meta = fields.get("meta").is_some_and(|meta| meta.get().starts_with('{'));
            if (is_null || is_meta) && self.words().is_none() {
                return Ok(());
            }
        }
        Err(self.without(&names.join("` or `")))
    }

    /// Decodes the records of a page one by one: the good ones go on, each bad one becomes an error with its raw text.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] where too many are bad to keep each of them.
    fn one_by_one<R: DeserializeOwned>(
        &self,
        list: &str,
        records: &[&RawValue],
        repaired: &Repaired,
    ) -> Result<Vec<Result<R>>> {
        let (mut decoded, mut bad) = (Vec::with_capacity(records.len()), 0);
        for (index, raw) in records.iter().enumerate() {
            let sent = repaired.sent(raw.get());
            let text = match &sent {
                None => Some(Cow::Borrowed(raw.get())),
                Some(sent) => with_text_as_sent(raw.get(), sent).map(Cow::Owned),
            };
            let record = match text {
                None => Err((format!("{list}[{index}].{AS_SENT}"), serde_json::Error::custom("is a name of our own"))),
                Some(text) => decode(&text).map_err(|(inner, fault)| match inner.as_str() {
                    "." => (format!("{list}[{index}]"), fault),
                    inner => (format!("{list}[{index}].{inner}"), fault),
                }),
            };
            let record = record.map_err(|(path, fault)| {
                self.bad_record(path, sent.unwrap_or_else(|| raw.get().to_owned())).with_source(fault)
            });
            bad += usize::from(record.is_err());
            if bad > MAX_BAD_RECORDS {
                let what = format!("more than {MAX_BAD_RECORDS} records of one answer are not the documented shape");
                return Err(self.error(ErrorKind::TooLarge, &what));
            }
            decoded.push(record);
        }
        Ok(decoded)
    }

    /// A record that is not the documented shape.
    fn bad_record(&self, path: String, raw: String) -> Error {
        self.error(ErrorKind::Record, "one record is not the documented shape").with_record(path, raw)
    }

    fn error(&self, kind: ErrorKind, what: &str) -> Error {
        let report = &self.report;
        Error::new(kind, what).of(&self.store).with_answer(report.status, report.request_id(), report.attempts)
    }
}

async fn explain(error: progenitor_client::Error<()>, report: &CallTrace) -> Error {
    use progenitor_client::Error as Raw;
    match error {
        Raw::UnexpectedResponse(response) => {
            let (status, headers) = (response.status(), response.headers().clone());
            // The transport read it whole; this cannot wait or fail.
            let body = response.bytes().await.unwrap_or_default();
            http_error::error(status, &headers, &body, report.attempts)
        }
        Raw::CommunicationError(error) | Raw::ResponseBodyError(error) | Raw::InvalidUpgrade(error) => {
            let failed = match TransportError::inside(&error) {
                Some(failure) => failure.explain(),
                None => Error::new(ErrorKind::Interrupted, "the request failed"),
            };
            failed.with_answer(None, report.request_id(), report.attempts).with_source(error)
        }
        // Our own hook writes whole sentences; the store is in them already where it matters.
        Raw::InvalidRequest(what) | Raw::Custom(what) => Error::invalid(what),
        Raw::ErrorResponse(_) | Raw::InvalidResponsePayload(..) => {
            Error::new(ErrorKind::Undecodable, "the answer is not the documented shape")
        }
    }
}

/// One record, or the place in it that is at fault, and why.
fn decode<R: DeserializeOwned>(text: &str) -> Result<R, (String, serde_json::Error)> {
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|fault| (plain(&fault.path().to_string()), fault.into_inner()))
}

/// A record with one more field, which holds the text that was sent. `None` if it has a field of that name.
fn with_text_as_sent(record: &str, sent: &str) -> Option<String> {
    if serde_json::from_str::<Fields<'_>>(record).is_ok_and(|fields| fields.contains_key(AS_SENT)) {
        return None;
    }
    let Some(fields) = record.strip_prefix('{') else { return Some(record.to_owned()) };
    let between = if fields.trim_start().starts_with('}') { "" } else { "," };
    Some(format!("{{\"{AS_SENT}\":{}{between}{fields}", serde_json::Value::from(sent)))
}

/// A path ends up in error messages, and its names are the platform's to choose: plain characters only.
fn plain(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).take(120).collect()
}

/// A record that an entry cannot be made of, whole, with the field at fault.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InvalidRecord<R> {
    /// The record, untouched.
    pub record: R,
    /// The field that an entry cannot do without.
    pub field: &'static str,
    /// The reason.
    pub why: String,
}

impl<R: serde::Serialize> InvalidRecord<R> {
    /// The record, because of this field. Boxed, as records are large and this is rare.
    pub fn new(record: R, field: &'static str, why: impl Into<String>) -> Box<Self> {
        Box::new(Self { record, field, why: why.into() })
    }

    /// The error of the record at this place of an answer.
    pub(crate) fn at(self, about: &ResponseMeta, place: &str) -> Error {
        let raw = serde_json::to_string(&self.record).unwrap_or_default();
        about.bad_record(format!("{place}.{}", self.field), raw).with_source(self.why)
    }
}
