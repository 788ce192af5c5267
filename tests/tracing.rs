//! The spans and events of walks and requests, with the feature `tracing`.
//!
//! This is a program of its own: `tracing` asks once for all threads whether anybody listens to a place in the code, and tests
//! that run beside these and do not listen would answer for them.
#![allow(clippy::unwrap_used)]

use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use storelogs::testing::{self, Recorder, Response};
use storelogs::{LogQuery, LogSource, TransportError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::set_default;
use tracing::{Event, Metadata, Subscriber};

/// Writes down each span and each event, a line each, with the spans that it stands in.
#[derive(Clone, Default)]
struct Heard {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<Mutex<Vec<(u64, String)>>>,
    open: Arc<Mutex<Vec<u64>>>,
    last: Arc<AtomicU64>,
}

/// The fields of a span or an event, without those that say how long it took.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "milliseconds" => {}
            "message" => write!(self.0, " {value:?}").unwrap(),
            name => write!(self.0, " {name}={value:?}").unwrap(),
        }
    }
}

impl Heard {
    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    fn write(&self, metadata: &Metadata<'_>, what: &str) {
        let (spans, open) = (self.spans.lock().unwrap(), self.open.lock().unwrap());
        let named = |id: &u64| spans.iter().find(|(other, _)| other == id).unwrap().1.as_str();
        let within: Vec<&str> = open.iter().map(named).collect();
        let line = format!("{} {}:{what}", metadata.level(), within.join(" > "));
        self.lines.lock().unwrap().push(line);
    }
}

impl Subscriber for Heard {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "storelogs"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let name = span.metadata().name();
        self.write(span.metadata(), &format!(" {name} begins{}", fields.0));
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.spans.lock().unwrap().push((id, name.to_owned()));
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.write(event.metadata(), &fields.0);
    }

    fn enter(&self, id: &Id) {
        self.open.lock().unwrap().push(id.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.open.lock().unwrap().pop();
    }
}

const CANARY: &str = "canary";

#[tokio::test(start_paused = true)]
async fn a_walk_and_each_of_its_requests_is_a_span_with_what_happened_in_it() {
    let heard = Heard::default();
    let _listening = set_default(heard.clone());
    let network = Recorder::new()
        .answer(Response::status(503))
        .answer(TransportError::interrupted())
        .answer(testing::bigcommerce::page([2, 1].map(testing::bigcommerce::record)));
    let store = testing::bigcommerce::builder(&network).access_token(CANARY).build().unwrap();
    let entries: Vec<_> = store.logs(LogQuery::new()).collect().await;
    assert_eq!(entries.len(), 2);
    // A page that broke off twice is asked for in smaller ones: that is another request.
    let expected = [
        "INFO : walk begins store=bigcommerce:abc123",
        "DEBUG walk: request begins store=bigcommerce:abc123 operation=\"get_store_system_logs\"",
        "DEBUG walk > request: answered attempt=1 status=503",
        "DEBUG walk > request: is sent again after a wait",
        "DEBUG walk > request: failed attempt=2 failure=the connection broke before the answer was complete",
        "DEBUG walk: request begins store=bigcommerce:abc123 operation=\"get_store_system_logs\"",
        "DEBUG walk > request: answered attempt=1 status=200",
        "DEBUG walk: page records=2 entries=2 last=true",
    ];
    assert_eq!(heard.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_and_answered_is_in_no_span_and_no_event() {
    let heard = Heard::default();
    let _listening = set_default(heard.clone());
    let secret = testing::bigcommerce::record(1);
    let secret = storelogs::raw::bigcommerce::types::SystemLog { message: Some("hidden@example.com".into()), ..secret };
    let network = Recorder::new()
        .answer(Response::text(401, "canary is not known").header("x-echo", CANARY))
        .answer(testing::bigcommerce::page([secret]));
    let store = testing::bigcommerce::builder(&network).access_token(CANARY).build().unwrap();
    assert!(store.logs(LogQuery::new().module("hidden module")).next().await.unwrap().is_err());
    assert!(store.logs(LogQuery::new().module("hidden module")).next().await.is_none());
    let all = heard.lines().join("\n");
    assert!(all.contains("DEBUG walk: the walk failed kind=Unauthorized") && all.contains("page records=1"), "{all}");
    assert!(!all.contains(CANARY) && !all.contains("hidden"), "{all}");
}
