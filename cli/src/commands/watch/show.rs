//! An alert as it is printed.

use std::io::{self, Write};

use anstyle::Style;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::LogEntry;
use storelogs_collector::watch::{Alert, Kind};

use super::Format;
use crate::commands::report::command;
use crate::output::{Out, shown_severity};
use crate::ui::printable;
use crate::ui::{self, BOLD, CYAN, DIM, RED};

/// How alerts look.
pub(super) struct Look {
    format: Format,
    zone: TimeZone,
    coloured: bool,
}

impl Look {
    pub(super) fn new(format: Format, zone: TimeZone) -> Self {
        Self { format, zone, coloured: ui::stdout_is_coloured() }
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// A time by the clock on the wall.
    pub(super) fn clock(&self, time: Timestamp) -> String {
        let form = if self.zone == TimeZone::UTC { "%Y-%m-%d %H:%M:%SZ" } else { "%Y-%m-%d %H:%M:%S" };
        time.to_zoned(self.zone.clone()).strftime(form).to_string()
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

    fn style(&self, style: Style) -> Style {
        if self.coloured { style } else { Style::new() }
    }

    fn write_pretty(&self, alert: &Alert, out: &mut Out) -> io::Result<()> {
        let colour = self.style(match (alert.kind, alert.severity()) {
            (Kind::Silence | Kind::Incident, _) => RED,
            (Kind::Sensitive, _) | (_, None) => CYAN.bold(),
            (_, Some(severity)) => shown_severity(severity).bold(),
        });
        let (dim, bold) = (self.style(DIM), self.style(BOLD));
        let (time, rule) = (self.clock(alert.at), printable::line(&alert.rule));
        let (subject, text) = (alert.subject(), printable::line(&alert.text));
        let subject = printable::line(&subject);
        writeln!(out, "{dim}{time}{dim:#}  {colour}{rule}{colour:#}  {subject}")?;
        writeln!(out, "  {bold}{}{bold:#}", text.trim())?;
        // One that was told in full already says nothing new.
        let is_told = |entry: &&LogEntry| alert.kind == Kind::Sensitive && alert.text.ends_with(summary(entry));
        for entry in alert.examples.iter().filter(|entry| !is_told(entry)) {
            self.write_entry(entry, &alert.text, out)?;
        }
        if !alert.query.is_empty() {
            writeln!(out, "  {dim}{}{dim:#}", printable::line(&command(&alert.query)))?;
        }
        Ok(())
    }

    fn write_entry(&self, entry: &LogEntry, told: &str, out: &mut Out) -> io::Result<()> {
        let colour = self.style(shown_severity(entry.severity));
        let what = entry.module.as_deref().filter(|module| !module.trim().is_empty()).or(entry.actor.as_deref());
        let summary = Some(summary(entry)).filter(|summary| !told.ends_with(summary));
        let parts = [what, summary].into_iter().flatten().map(|part| format!("  {}", printable::line(part).trim()));
        let (time, severity) = (self.clock(entry.time), entry.severity);
        writeln!(out, "  {time}  {colour}{severity}{colour:#}{}", parts.collect::<String>())
    }
}

fn summary(entry: &LogEntry) -> &str {
    entry.summary.as_deref().unwrap_or_default().trim()
}
