//! JSON for log viewers, with the field names and formats that all of them read.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use storelogs::{LogEntry, Severity};

use super::sink::Sink;
use crate::ui::Out;

/// One object a line, in the order in which entries come.
pub(super) struct Viewer(pub(super) Out);

/// The fields that viewers find by name: `time` with exactly three decimals, `level`, `msg`. No other field is a time, as
/// viewers would sort by it.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: &'static str,
    msg: &'a str,
    store: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    uid: &'a str,
}

impl<'a> Line<'a> {
    fn new(entry: &'a LogEntry) -> Self {
        let given = |text: &'a Option<String>| text.as_deref().filter(|text| !text.is_empty());
        let first = [&entry.summary, &entry.message, &entry.action, &entry.category].into_iter().find_map(given);
        Self {
            time: time(entry.time),
            level: level(entry.severity),
            msg: first.unwrap_or("(nothing)"),
            store: format!("{}:{}", entry.platform, entry.store),
            category: given(&entry.category),
            module: given(&entry.module),
            action: given(&entry.action),
            actor: given(&entry.actor),
            subject_id: given(&entry.subject_id),
            detail: given(&entry.message),
            uid: &entry.uid,
        }
    }
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// A level that every viewer has. What is not understood may be serious.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info | Severity::Notice => "info",
        Severity::Unspecified | Severity::Warning => "warn",
        Severity::Error => "error",
    }
}

impl Sink for Viewer {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, &Line::new(entry))?;
        self.0.write_all(b"\n")
    }

    fn pause(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
