//! Aligned columns for reading.
//!
//! Nobody knows how wide the columns will be before the last entry, and waiting for that would take all the memory. So
//! the first rows wait for a moment, the columns are made to fit them, and later rows may only widen them. On a
//! terminal a row is cut to one line; anywhere else nothing is cut.

use std::io::{self, Write};
use std::ops::Range;

use anstyle::Style;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::{LogEntry, Severity, Store};

use super::sink::Sink;
use crate::ui::{Column, Out, Palette, Table, Text, printable};

/// How rows look.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The columns of the terminal; `None` cuts nothing.
    pub(crate) width: Option<usize>,
    pub(crate) palette: Palette,
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

/// How many characters of a message are shown before and after a match.
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

/// Entries in aligned columns.
pub(crate) struct Pretty {
    out: Out,
    layout: Layout,
    /// Whether the platform need not be named with the store.
    short_stores: bool,
    table: Table,
    marks: Option<Marks>,
}

/// Says where in a text stands what was looked for.
pub(crate) type Marks = Box<dyn Fn(&str) -> Vec<Range<usize>>>;

impl Pretty {
    /// Makes a pretty output. With marks, the matches of a search are highlighted where there are colours.
    pub(crate) fn new(out: Out, layout: Layout, stores: &[Store], marks: Option<Marks>) -> Self {
        let alone = |store: &Store| stores.iter().filter(|other| other.name() == store.name()).count() == 1;
        let short_stores = layout.is_narrow() && stores.iter().all(alone);
        let table = Table::new((0..COLUMNS).map(|column| layout.column(column)));
        let table = table.gap(if layout.is_narrow() { 1 } else { 2 }).limit(layout.width).hold(HELD).grow();
        let marks = marks.filter(|_| layout.palette.is_coloured());
        Self { out, layout, short_stores, table, marks }
    }

    fn cells(&self, entry: &LogEntry) -> [String; COLUMNS] {
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
        let severity = entry.severity.as_str().to_owned();
        [self.layout.time(entry.time), store, severity, category, what, actor, summary]
    }

    /// The passage of the message, if only the message matches the search.
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

    fn add(&mut self, cells: &[String; COLUMNS], severity: Severity) -> io::Result<()> {
        let palette = &self.layout.palette;
        self.table.row(cells.iter().enumerate().map(|(column, cell)| {
            let style = style(palette, column, severity);
            match &self.marks {
                Some(marks) if column > SEVERITY => Text::marked(style, cell, palette.red, &marks(cell)),
                _ => Text::new(style, cell),
            }
        }));
        self.table.write_ready(&mut self.out)
    }
}

impl Sink for Pretty {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.add(&self.cells(entry), entry.severity)
    }

    fn late(&mut self, entry: &LogEntry) -> io::Result<()> {
        let mut cells = self.cells(entry);
        cells[TIME].push_str(" late");
        self.add(&cells, entry.severity)
    }

    fn pause(&mut self) -> io::Result<()> {
        if self.table.is_waiting() {
            self.table.write(&mut self.out)?;
        }
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.table.write(&mut self.out)?;
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

    /// The time of an entry: as short as possible on a terminal; elsewhere clear without knowing where it was written.
    fn time(&self, time: Timestamp) -> String {
        let zoned = time.to_zoned_datetime(self.zone.clone());
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

    /// The time with the day and the zone.
    pub(super) fn whole_time(&self, time: Timestamp) -> String {
        let form = if self.zone == TimeZone::UTC { "%Y-%m-%d %H:%M:%SZ" } else { "%Y-%m-%d %H:%M:%S %:z" };
        time.to_zoned_datetime(self.zone.clone()).strftime(form).to_string()
    }

    fn column(&self, column: usize) -> Column {
        let widest = Column::new("").most(self.widest(column));
        if column == SUMMARY { widest.cut_at_end() } else { widest.cut() }
    }
}

fn style(palette: &Palette, column: usize, severity: Severity) -> Style {
    match column {
        TIME | STORE | ACTOR => palette.dim,
        SEVERITY => palette.severity(severity),
        SUMMARY if severity == Severity::Error => palette.bold,
        _ => Style::new(),
    }
}

fn shown(text: &str) -> String {
    printable::line(text).trim().to_owned()
}
