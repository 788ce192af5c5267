//! The document model of a report: headings, paragraphs and tables, in whatever format it is written.

use storelogs_collector::insight::model::Level;

/// What a report is made of, in order. Texts in it are not to be trusted.
pub(super) type Document = Vec<Block>;

pub(super) enum Block {
    Title(String),
    Heading(String),
    /// The heading of a part.
    Part(String),
    Text(String),
    Finding(Level, Line),
    Table(Table),
}

/// What a report says about a finding.
pub(super) struct Line {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) query: Option<String>,
}

pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Short text.
    Text,
    /// Text that may take several lines.
    Long,
    /// To the right.
    Number,
    /// Counts, which are drawn.
    Spark,
}

#[derive(Default)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) query: Option<String>,
}

pub(super) struct Cell {
    pub(super) text: String,
    /// It is bad news, or good.
    pub(super) level: Option<Level>,
    pub(super) counts: Vec<u64>,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), level: None, counts: Vec::new() }
    }

    pub(super) fn spark(counts: &[u64]) -> Self {
        Self { text: String::new(), level: None, counts: counts.to_vec() }
    }

    pub(super) fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }
}

impl Table {
    pub(super) fn new(columns: &[(&'static str, Kind)]) -> Self {
        let columns = columns.iter().map(|(name, kind)| Column { name, kind: *kind }).collect();
        Self { columns, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, query: Option<&str>, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), query: query.map(str::to_owned) });
    }
}
