//! Rows in memory, column by column.

use std::cmp::Ordering;

use bytes::Bytes;
use parquet::data_type::ByteArray;

use super::{Column, Kind, Layout};

/// One value on its way into a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Text(Option<&'a str>),
    Int(i32),
    Long(i64),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

/// Rows that are being collected.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(super) columns: &'static [Column],
    pub(super) values: Vec<Values<Vec<u8>>>,
    pub(super) rows: usize,
    bytes: usize,
}

/// The values of one column; `T` holds those of a text, one behind the other.
#[derive(Debug)]
pub(super) enum Values<T> {
    Text { text: T, ends: Vec<u32>, present: Vec<bool> },
    Int(Vec<i32>),
    Long(Vec<i64>),
}

/// Rows that are complete. Their texts are shared, not copied.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub(crate) columns: &'static [Column],
    pub(super) values: Vec<Values<Bytes>>,
    pub(crate) rows: usize,
}

/// How much room is reserved for the text of a row in a column, in bytes: few have less, and memory that is never
/// written costs nothing.
const LEAST_TEXT: usize = 8;

impl Rows {
    pub(crate) fn new(columns: &'static [Column]) -> Self {
        Self::with_room_for(columns, 0)
    }

    /// Rows of which about this many will come: nothing is moved while they do.
    pub(crate) fn with_room_for(columns: &'static [Column], rows: usize) -> Self {
        let values = columns.iter().map(|column| match column.kind {
            Kind::Text => {
                let (ends, present) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
                Values::Text { text: Vec::with_capacity(rows * LEAST_TEXT), ends, present }
            }
            Kind::Int => Values::Int(Vec::with_capacity(rows)),
            Kind::Long | Kind::Time => Values::Long(Vec::with_capacity(rows)),
        });
        Self { columns, values: values.collect(), rows: 0, bytes: 0 }
    }

    pub(crate) fn columns(&self) -> &'static [Column] {
        self.columns
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// About how much memory they take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a row: its cells stand in the order of the columns and are of their kinds.
    pub(crate) fn push(&mut self, cells: &[Cell<'_>]) {
        debug_assert_eq!(cells.len(), self.values.len(), "a cell for each column");
        for (values, cell) in self.values.iter_mut().zip(cells) {
            self.bytes += values.push(*cell);
        }
        self.rows += 1;
    }

    /// Counts rows that the caller has added to each column.
    pub(super) fn added(&mut self, rows: usize, bytes: usize) {
        self.rows += rows;
        self.bytes += bytes;
    }

    pub(crate) fn freeze(self) -> Frozen {
        let values = self.values.into_iter().map(|values| match values {
            Values::Text { text, ends, present } => Values::Text { text: Bytes::from(text), ends, present },
            Values::Int(numbers) => Values::Int(numbers),
            Values::Long(numbers) => Values::Long(numbers),
        });
        Frozen { columns: self.columns, values: values.collect(), rows: self.rows }
    }
}

impl Values<Vec<u8>> {
    /// Adds a value, and says how much memory it takes.
    pub(super) fn push(&mut self, cell: Cell<'_>) -> usize {
        match (self, cell) {
            (Self::Text { text, ends, present }, Cell::Text(value)) => {
                let value = value.unwrap_or_default();
                text.extend_from_slice(value.as_bytes());
                // Batches are far smaller than this: exports and compactions stop at a few MiB.
                ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
                present.push(matches!(cell, Cell::Text(Some(_))));
                value.len() + 5
            }
            (Self::Int(numbers), Cell::Int(number)) => {
                numbers.push(number);
                4
            }
            (Self::Long(numbers), Cell::Long(number)) => {
                numbers.push(number);
                8
            }
            (values, cell) => {
                debug_assert!(false, "{cell:?} for a column of another kind");
                values.push_nothing();
                0
            }
        }
    }

    fn push_nothing(&mut self) {
        match self {
            Self::Text { .. } => {
                self.push(Cell::Text(None));
            }
            Self::Int(numbers) => numbers.push(0),
            Self::Long(numbers) => numbers.push(0),
        }
    }
}

impl Values<Bytes> {
    /// A text.
    pub(super) fn text(&self, row: u32) -> Option<ByteArray> {
        self.range(row).and_then(|range| match self {
            Self::Text { text, .. } => Some(ByteArray::from(text.slice(range))),
            Self::Int(_) | Self::Long(_) => None,
        })
    }

    fn range(&self, row: u32) -> Option<std::ops::Range<usize>> {
        let Self::Text { ends, present, .. } = self else { return None };
        let row = row as usize;
        let start = row.checked_sub(1).map_or(0, |before| ends[before] as usize);
        present[row].then_some(start..ends[row] as usize)
    }
}

impl Frozen {
    /// The columns that rows are sorted by, the first one first.
    pub(crate) fn sorted_columns(&self) -> impl Iterator<Item = usize> {
        (0..).zip(self.columns).filter(|(_, column)| column.layout == Layout::Sorted).map(|(number, _)| number)
    }

    /// The order of two rows by one column.
    pub(crate) fn compare(&self, column: usize, one: u32, other: u32) -> Ordering {
        match &self.values[column] {
            Values::Text { .. } => self.text(column, one).cmp(&self.text(column, other)),
            Values::Int(_) | Values::Long(_) => self.number(column, one).cmp(&self.number(column, other)),
        }
    }

    /// The text of a row in a column of texts.
    pub(crate) fn text(&self, column: usize, row: u32) -> Option<&str> {
        let values = &self.values[column];
        let range = values.range(row)?;
        match values {
            Values::Text { text, .. } => std::str::from_utf8(&text[range]).ok(),
            Values::Int(_) | Values::Long(_) => None,
        }
    }

    /// The number of a row in a column of numbers or times.
    fn number(&self, column: usize, row: u32) -> i64 {
        match &self.values[column] {
            Values::Text { .. } => 0,
            Values::Int(numbers) => numbers[row as usize].into(),
            Values::Long(numbers) => numbers[row as usize],
        }
    }
}
