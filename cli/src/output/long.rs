//! Entries in full, for reading: every field, and the message with its JSON or HTML made readable.

use std::io::{self, Write};

use storelogs::LogEntry;
use storelogs_collector::message;

use super::pretty::Layout;
use super::sink::Sink;
use crate::ui::{Out, printable};

/// One block for each entry.
pub(crate) struct Long {
    out: Out,
    layout: Layout,
    begun: bool,
}

impl Long {
    pub(crate) fn new(out: Out, layout: Layout) -> Self {
        Self { out, layout, begun: false }
    }

    fn field(&mut self, name: &str, text: &str) -> io::Result<()> {
        let palette = &self.layout.palette;
        write!(self.out, "{}{name:<10}{} ", palette.dim.render(), palette.dim.render_reset())?;
        let mut lines = text.lines();
        writeln!(self.out, "{}", printable::line(lines.next().unwrap_or_default()))?;
        for line in lines {
            writeln!(self.out, "           {}", printable::line(line))?;
        }
        Ok(())
    }
}

impl Sink for Long {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            writeln!(self.out)?;
        }
        let message = entry.message.as_deref().filter(|message| !message.is_empty());
        let style = self.layout.palette.severity(entry.severity);
        let head = entry.summary.as_deref().filter(|summary| !summary.is_empty()).unwrap_or("(no summary)");
        writeln!(self.out, "{}{}{}", style.render(), printable::line(head), style.render_reset())?;
        if let Some(reason) = message.and_then(message::reason) {
            self.field("reason", &reason)?;
        }
        let time = self.layout.whole_time(entry.time);
        self.field("time", &time)?;
        // What the platform itself calls it, if that is more than a plural.
        let severity = entry.severity.as_str();
        let says_more = |text: &&str| {
            let text = text.trim();
            !text.is_empty() && !text.trim_end_matches(['s', 'S']).eq_ignore_ascii_case(severity)
        };
        match entry.severity_text.as_deref().filter(says_more) {
            Some(text) => self.field("severity", &format!("{severity} ({text})"))?,
            None => self.field("severity", severity)?,
        }
        self.field("store", &format!("{}:{}", entry.platform, entry.store))?;
        let fields = [
            ("category", &entry.category),
            ("module", &entry.module),
            ("action", &entry.action),
            ("actor", &entry.actor),
            ("subject", &entry.subject_id),
        ];
        for (name, text) in fields {
            if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
                self.field(name, text)?;
            }
        }
        self.field("uid", &entry.uid)?;
        for (name, value) in &entry.extra {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.field(&printable::line(name), &text)?;
        }
        if let Some(message) = message {
            writeln!(self.out)?;
            for line in message::readable(message).lines() {
                writeln!(self.out, "  {}", printable::line(line))?;
            }
        }
        Ok(())
    }

    fn pause(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
