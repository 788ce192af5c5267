//! CSV for spreadsheets.

use std::borrow::Cow;
use std::io;

use storelogs::LogEntry;

use super::sink::Sink;
use crate::ui::Out;

/// The columns: the fields of an entry, `extra` as JSON.
const HEADER: [&str; 17] = [
    "uid",
    "platform",
    "store",
    "id",
    "time",
    "utc_offset",
    "observed",
    "severity",
    "severity_text",
    "category",
    "action",
    "module",
    "actor",
    "subject_id",
    "summary",
    "message",
    "extra",
];

pub(super) struct Csv(csv::Writer<Out>);

impl Csv {
    pub(super) fn new(out: Out) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(HEADER).map_err(io_error)?;
        Ok(Self(writer))
    }
}

impl Sink for Csv {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        let (time, observed) = (entry.time.to_string(), entry.observed.to_string());
        let offset = entry.utc_offset.to_string();
        let extra = if entry.extra.is_empty() { String::new() } else { serde_json::to_string(&entry.extra)? };
        let cells: [Cow<'_, str>; HEADER.len()] = [
            guarded(&entry.uid),
            guarded(entry.platform.as_str()),
            guarded(&entry.store),
            guarded(&entry.id),
            guarded(&time),
            guarded(&offset),
            guarded(&observed),
            guarded(entry.severity.as_str()),
            or_empty(&entry.severity_text),
            or_empty(&entry.category),
            or_empty(&entry.action),
            or_empty(&entry.module),
            or_empty(&entry.actor),
            or_empty(&entry.subject_id),
            or_empty(&entry.summary),
            or_empty(&entry.message),
            guarded(&extra),
        ];
        self.0.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(io_error)
    }

    fn pause(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn or_empty(text: &Option<String>) -> Cow<'_, str> {
    guarded(text.as_deref().unwrap_or_default())
}

/// A cell that a spreadsheet would take as a formula gets a `'` in front: log text is written by strangers.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

pub(super) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_cell_that_could_be_a_formula_is_guarded() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in ["", "a=1", " =1", "1-2"] {
            assert_eq!(guarded(text), text);
        }
    }
}
