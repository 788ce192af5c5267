//! The document model of a report: headings, paragraphs and tables, in whatever format it is written.

mod build;
mod markdown;

use super::model::Level;

pub use build::{document, finding};
pub use markdown::write as markdown;

/// The parts of a report, in order. Texts in them are not to be trusted.
pub type Document = Vec<Block>;

/// A part of a document.
pub enum Block {
    /// The title of the whole.
    Title(String),
    /// The heading of a section.
    Heading(String),
    /// The heading of a part.
    Part(String),
    /// A paragraph.
    Text(String),
    /// A finding, and how bad it is.
    Finding(Level, Line),
    /// A table.
    Table(Table),
}

/// A finding in a report.
pub struct Line {
    /// The subject, in a few words.
    pub title: String,
    /// One or two sentences.
    pub text: String,
    /// The search that lists its entries.
    pub query: Option<String>,
}

/// A table.
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, with a cell for each column.
    pub rows: Vec<Row>,
}

/// A column of a table.
#[derive(Clone, Copy)]
pub struct Column {
    /// The head.
    pub name: &'static str,
    /// The content of its cells.
    pub kind: Kind,
}

/// The content of a column's cells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Short text.
    Text,
    /// Text that may take several lines.
    Long,
    /// A number, aligned to the right.
    Number,
    /// Counts, drawn as a sparkline.
    Spark,
}

/// A row of a table.
#[derive(Default)]
pub struct Row {
    /// Its cells, one for each column.
    pub cells: Vec<Cell>,
    /// The search that lists its entries.
    pub query: Option<String>,
}

/// A cell of a table.
pub struct Cell {
    /// Its text.
    pub text: String,
    /// Whether it is bad news, or good.
    pub level: Option<Level>,
    /// The counts of a sparkline.
    pub counts: Vec<u64>,
}

impl Cell {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), level: None, counts: Vec::new() }
    }

    fn spark(counts: &[u64]) -> Self {
        Self { text: String::new(), level: None, counts: counts.to_vec() }
    }

    fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }
}

impl Table {
    fn new(columns: &[(&'static str, Kind)]) -> Self {
        let columns = columns.iter().map(|(name, kind)| Column { name, kind: *kind }).collect();
        Self { columns, rows: Vec::new() }
    }

    fn row(&mut self, query: Option<&str>, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), query: query.map(str::to_owned) });
    }
}
