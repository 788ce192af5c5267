//! Alerts as text for reading.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::LogEntry;
use storelogs_collector::watch::{Alert, Kind, Status};

use super::Format;

use crate::ui::{Out, Palette, Ui, printable, search_command};

/// How alerts look.
pub(super) struct Appearance {
    format: Format,
    zone: TimeZone,
    palette: Palette,
}

impl Appearance {
    pub(super) fn new(format: Format, zone: TimeZone, ui: Ui) -> Self {
        Self { format, zone, palette: ui.palette() }
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// A time by the clock on the wall, with how far that is from UTC.
    pub(super) fn clock(&self, time: Timestamp) -> String {
        let form = if self.zone == TimeZone::UTC { "%Y-%m-%d %H:%M:%SZ" } else { "%Y-%m-%d %H:%M:%S%:z" };
        time.to_zoned_datetime(self.zone.clone()).strftime(form).to_string()
    }

    pub(super) fn write(&self, alert: &Alert, out: &mut Out) -> io::Result<()> {
        match self.format {
            Format::Jsonl => {
                serde_json::to_writer(&mut *out, alert)?;
                writeln!(out)
            }
            Format::Pretty => self.write_pretty(alert, out),
        }
    }

    fn write_pretty(&self, alert: &Alert, out: &mut Out) -> io::Result<()> {
        let palette = &self.palette;
        let colour = match (alert.kind, alert.severity()) {
            _ if alert.status == Status::Resolved => palette.green,
            (Kind::Silence | Kind::Incident, _) => palette.red,
            (Kind::Sensitive, _) | (_, None) => palette.strong(palette.cyan),
            (_, Some(severity)) => palette.strong(palette.severity(severity)),
        };
        let (dim, bold) = (palette.dim, palette.bold);
        let (time, rule) = (self.clock(alert.at), printable::line(&alert.rule));
        let (subject, text) = (alert.subject(), printable::line(&alert.text));
        let subject = printable::line(&subject);
        writeln!(out, "{dim}{time}{dim:#}  {colour}{rule}{colour:#}  {subject}")?;
        writeln!(out, "  {bold}{}{bold:#}", text.trim())?;
        // An alert that shows the whole summary has nothing new in its example.
        let is_told = |entry: &&LogEntry| alert.kind == Kind::Sensitive && alert.text.ends_with(summary(entry));
        for entry in alert.examples.iter().filter(|entry| !is_told(entry)) {
            self.write_entry(entry, &alert.text, out)?;
        }
        if !alert.query.is_empty() {
            writeln!(out, "  {dim}{}{dim:#}", printable::line(&search_command(&alert.query)))?;
        }
        Ok(())
    }

    fn write_entry(&self, entry: &LogEntry, text: &str, out: &mut Out) -> io::Result<()> {
        let colour = self.palette.severity(entry.severity);
        let what = entry.module.as_deref().filter(|module| !module.trim().is_empty()).or(entry.actor.as_deref());
        let summary = Some(summary(entry)).filter(|summary| !text.ends_with(summary));
        let parts = [what, summary].into_iter().flatten().map(|part| format!("  {}", printable::line(part).trim()));
        let (time, severity) = (self.clock(entry.time), entry.severity);
        writeln!(out, "  {time}  {colour}{severity}{colour:#}{}", parts.collect::<String>())
    }
}

fn summary(entry: &LogEntry) -> &str {
    entry.summary.as_deref().unwrap_or_default().trim()
}
