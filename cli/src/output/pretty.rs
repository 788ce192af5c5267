//! Aligned columns for reading.
//!
//! Nobody knows how wide the columns will be before the last entry, and waiting for that would take all the memory. So
//! the first rows are held back for a moment, the columns are made to fit them, and later ones may only widen them.
//! On a terminal a row is one line of it; anywhere else nothing is cut.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use anstyle::Style;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::{LogEntry, Severity, Store};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Out, Sink};
use crate::ui::printable;
use crate::ui::{CYAN, DIM, GREEN, MAGENTA, RED, YELLOW};

/// How rows look.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The columns of the terminal; `None` cuts nothing.
    pub(crate) width: Option<usize>,
    pub(crate) coloured: bool,
    /// The zone that times are shown in.
    pub(crate) zone: TimeZone,
}

/// The rows that the first widths are made for.
const HELD: usize = 64;
/// The full set of columns takes about 105 of a terminal. With fewer than this many the summary, which says most, would be
/// cut after a few words: then there are fewer and shorter columns before it.
const NARROW: usize = 150;
/// The widest that a column is padded to where nothing is cut.
const PADDED: usize = 32;

/// Of a message so many characters are shown before and behind what was looked for.
const BEFORE: usize = 24;
const BEHIND: usize = 40;

/// Time, store, severity, category, module or action, actor, summary. No entry has both a module and an action.
const COLUMNS: usize = 7;
const TIME: usize = 0;
const STORE: usize = 1;
const SEVERITY: usize = 2;
const CATEGORY: usize = 3;
const WHAT: usize = 4;
const ACTOR: usize = 5;
const SUMMARY: usize = 6;

pub(crate) struct Pretty {
    out: Out,
    layout: Layout,
    /// Whether the platform need not be named with the store.
    short_stores: bool,
    widths: [usize; COLUMNS],
    held: Option<Vec<Row>>,
    marks: Option<Marks>,
}

/// Says where in a text stands what was looked for.
pub(crate) type Marks = Box<dyn Fn(&str) -> Vec<Range<usize>>>;

struct Row {
    cells: [String; COLUMNS],
    severity: Severity,
}

impl Pretty {
    pub(crate) fn new(out: Out, layout: Layout, stores: &[Store]) -> Self {
        let alone = |store: &Store| stores.iter().filter(|other| other.name() == store.name()).count() == 1;
        let short_stores = layout.is_narrow() && stores.iter().all(alone);
        Self { out, layout, short_stores, widths: [0; COLUMNS], held: Some(Vec::new()), marks: None }
    }

    /// Makes what was looked for stand out, where there are colours.
    pub(crate) fn marking(mut self, marks: Marks) -> Self {
        self.marks = Some(marks).filter(|_| self.layout.coloured);
        self
    }

    fn row(&self, entry: &LogEntry) -> Row {
        let text = |text: &Option<String>| shown(text.as_deref().unwrap_or_default());
        let store =
            if self.short_stores { entry.store.to_string() } else { format!("{}:{}", entry.platform, entry.store) };
        let mut category = text(&entry.category);
        let mut what =
            text(if entry.module.as_deref().is_some_and(|m| !m.is_empty()) { &entry.module } else { &entry.action });
        let mut summary = match entry.summary.as_deref().filter(|summary| !summary.is_empty()) {
            Some(summary) => shown(summary),
            None => text(&entry.message),
        };
        let mut actor = text(&entry.actor);
        if self.layout.is_narrow() {
            // Few columns, so that most of the line is the summary: what SHOPLINE's action says is said there again.
            let category = std::mem::take(&mut category);
            if entry.module.as_deref().is_none_or(str::is_empty) && !category.is_empty() {
                what = category;
            }
            if !actor.is_empty() {
                summary = format!("{}: {summary}", std::mem::take(&mut actor));
            }
        }
        if let Some(excerpt) = self.excerpt(entry, &[&summary, &category, &what, &actor]) {
            summary = format!("{summary} {excerpt}");
        }
        let time = self.layout.time(entry.time);
        let severity = entry.severity.as_str().to_owned();
        Row { cells: [time, store, severity, category, what, actor, summary], severity: entry.severity }
    }

    /// Where what was looked for stands in the message only, the place in it.
    fn excerpt(&self, entry: &LogEntry, cells: &[&str]) -> Option<String> {
        let marks = self.marks.as_ref()?;
        let message = shown(entry.message.as_deref()?);
        if entry.summary.as_deref().is_none_or(str::is_empty) || cells.iter().any(|cell| !marks(cell).is_empty()) {
            return None;
        }
        let first = marks(&message).into_iter().next()?;
        let before = message[..first.start].char_indices().rev().nth(BEFORE - 1).map_or(0, |(at, _)| at);
        let after = message[first.end..].char_indices().nth(BEHIND).map_or(message.len(), |(at, _)| first.end + at);
        let dots = |cut: bool| if cut { "…" } else { "" };
        Some(format!("[{}{}{}]", dots(before > 0), &message[before..after], dots(after < message.len())))
    }

    /// Widens the columns to fit, as far as they may grow.
    fn fit(&mut self, row: &Row) {
        for (column, cell) in row.cells.iter().enumerate() {
            let width = cell.width().min(self.layout.widest(column));
            self.widths[column] = self.widths[column].max(width);
        }
    }

    fn write(&mut self, row: &Row) -> io::Result<()> {
        let gap = if self.layout.is_narrow() { " " } else { "  " };
        let (mut line, mut used, mut owed) = (String::new(), 0, 0);
        for (column, cell) in row.cells.iter().enumerate() {
            let last = column == SUMMARY;
            if !last && self.widths[column] == 0 {
                continue; // no entry so far has it
            }
            let room = match self.layout.width {
                None => usize::MAX,
                Some(width) if last => width.saturating_sub(used + owed),
                Some(_) => self.widths[column],
            };
            let cell = cut(cell, room);
            let width = cell.width();
            if width > 0 {
                line.extend(std::iter::repeat_n(' ', owed));
                used += owed;
                owed = 0;
                let style = style(column, row.severity);
                match &self.marks {
                    Some(marks) if column > SEVERITY => {
                        self.layout.paint_marked(&mut line, style, &cell, &marks(&cell));
                    }
                    _ => self.layout.paint(&mut line, style, &cell),
                }
                used += width;
            }
            owed += self.widths[column].saturating_sub(width) + gap.len();
        }
        line.push('\n');
        self.out.write_all(line.as_bytes())
    }

    fn release(&mut self) -> io::Result<()> {
        let Some(rows) = self.held.take() else { return Ok(()) };
        for row in &rows {
            self.fit(row);
        }
        rows.iter().try_for_each(|row| self.write(row))
    }
}

impl Pretty {
    fn take(&mut self, row: Row) -> io::Result<()> {
        if let Some(held) = &mut self.held {
            held.push(row);
            return if held.len() < HELD { Ok(()) } else { self.release() };
        }
        self.fit(&row);
        self.write(&row)
    }
}

impl Sink for Pretty {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.take(self.row(entry))
    }

    fn late(&mut self, entry: &LogEntry) -> io::Result<()> {
        let mut row = self.row(entry);
        row.cells[TIME].push_str(" late");
        self.take(row)
    }

    fn pause(&mut self) -> io::Result<()> {
        if self.held.as_ref().is_some_and(|held| !held.is_empty()) {
            self.release()?;
        }
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.release()?;
        self.out.flush()
    }
}

impl Layout {
    fn is_narrow(&self) -> bool {
        self.width.is_some_and(|width| width < NARROW)
    }

    /// The most that a column may take.
    fn widest(&self, column: usize) -> usize {
        match (self.width, column) {
            (None, _) => PADDED,
            (Some(_), STORE) if self.is_narrow() => 10,
            (Some(_), WHAT) if self.is_narrow() => 16,
            (Some(_), STORE | WHAT) => 24,
            (Some(_), CATEGORY | ACTOR) => 18,
            (Some(width), _) => width,
        }
    }

    /// On a terminal as short as can be; elsewhere it must be clear without knowing where it was written.
    fn time(&self, time: Timestamp) -> String {
        let zoned = time.to_zoned(self.zone.clone());
        let utc = self.zone == TimeZone::UTC;
        let form = match self.width {
            None if utc => "%Y-%m-%dT%H:%M:%SZ",
            None => "%Y-%m-%dT%H:%M:%S%:z",
            Some(_) if self.is_narrow() => "%m-%d %H:%M:%S",
            Some(_) if utc => "%Y-%m-%d %H:%M:%SZ",
            Some(_) => "%Y-%m-%d %H:%M:%S",
        };
        zoned.strftime(form).to_string()
    }

    fn paint_marked(&self, line: &mut String, style: Style, text: &str, marks: &[Range<usize>]) {
        let mut at = 0;
        for mark in marks {
            self.paint(line, style, &text[at..mark.start]);
            self.paint(line, RED, &text[mark.clone()]);
            at = mark.end;
        }
        self.paint(line, style, &text[at..]);
    }

    fn paint(&self, line: &mut String, style: Style, text: &str) {
        use std::fmt::Write as _;
        if text.is_empty() {
            return;
        }
        // Writing to a String does not fail.
        let _ = if self.coloured { write!(line, "{style}{text}{style:#}") } else { write!(line, "{text}") };
    }
}

/// The name of a severity in its colour.
pub(crate) fn shown_severity(severity: Severity) -> Style {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Notice => CYAN,
        Severity::Info => GREEN,
        Severity::Unspecified => MAGENTA,
    }
}

fn style(column: usize, severity: Severity) -> Style {
    match column {
        0 | STORE | ACTOR => DIM,
        SEVERITY => shown_severity(severity),
        SUMMARY if severity == Severity::Error => Style::new().bold(),
        _ => Style::new(),
    }
}

fn shown(text: &str) -> String {
    printable::line(text).trim().to_owned()
}

/// The text in so many columns; one that is cut ends with `…`.
fn cut(text: &str, room: usize) -> Cow<'_, str> {
    if text.width() <= room {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut used) = (String::new(), 1);
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(c);
    }
    if room > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_fits_whatever_its_script() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("商品商品", 6), "商品…");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(cut("abc", 0), "");
    }
}
