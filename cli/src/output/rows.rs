//! The output formats of the rows of an SQL statement.

use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use serde::{Serialize, Serializer};
use serde_json::{Number, Value};
use storelogs_collector::query::Cell;

use super::FileFormat;
use super::csv::{guarded, io_error};
use super::into_file::IntoFile;
use super::rows_table::RowsTable;
use super::sink::Rows;
use super::values::{hex, text};
use crate::ui::{NewFile, Out, Palette};

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns for reading, safe to show on a terminal
    #[default]
    #[value(alias = "pretty")]
    Table,
    /// For spreadsheets: a header, and a ' before texts that could be taken as a formula
    Csv,
    /// One JSON array of objects
    Json,
    /// One JSON object a line
    Jsonl,
}

impl FileFormat for Format {
    const FOR_READING: Self = Self::Table;
    const ENDINGS: &'static str = ".csv, .json, .jsonl or .txt";

    fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "txt" => Some(Self::Table),
            _ => None,
        }
    }

    fn instead(ending: &str) -> Option<&'static str> {
        match ending {
            "xls" | "xlsx" | "ods" => Some("a spreadsheet opens the .csv"),
            "parquet" => Some("`storelogs export lake DIR` writes Parquet"),
            _ => None,
        }
    }
}

/// Rows that go into a file.
pub(crate) fn into_file(format: Format, path: &Path) -> io::Result<Box<dyn Rows>> {
    let (file, out) = NewFile::begin(path)?;
    Ok(Box::new(IntoFile::new(open(format, out, None, Palette::PLAIN), file)))
}

/// `width` and `palette` are those of the terminal that a table is for.
pub(crate) fn open(format: Format, out: Out, width: Option<usize>, palette: Palette) -> Box<dyn Rows> {
    match format {
        Format::Table => Box::new(RowsTable::new(out, width, palette)),
        Format::Csv => Box::new(Csv(csv::Writer::from_writer(out))),
        Format::Json => Box::new(Json { out, names: Vec::new(), rows: 0, array: true }),
        Format::Jsonl => Box::new(Json { out, names: Vec::new(), rows: 0, array: false }),
    }
}

struct Csv(csv::Writer<Out>);

impl Rows for Csv {
    fn columns(&mut self, names: &[&str]) -> io::Result<()> {
        self.0.write_record(names.iter().map(|name| guarded(name).into_owned())).map_err(io_error)
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let cell = |cell: &Cell<'_>| match cell {
            Cell::Text(text) => guarded(text).into_owned(),
            // A number of few digits is no formula, whatever its sign.
            Cell::Integer(number) if number.unsigned_abs() > SHORT => guarded(&number.to_string()).into_owned(),
            other => text(other).into_owned(),
        };
        self.0.write_record(cells.iter().map(cell)).map_err(io_error)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Objects, one a line.
struct Json {
    out: Out,
    names: Vec<String>,
    rows: u64,
    array: bool,
}

impl Rows for Json {
    fn columns(&mut self, names: &[&str]) -> io::Result<()> {
        // Two columns of one name would be one in an object.
        for name in names {
            let mut unique = (*name).to_owned();
            let mut number = 1;
            while self.names.contains(&unique) {
                number += 1;
                unique = format!("{name} {number}");
            }
            self.names.push(unique);
        }
        if self.array { self.out.write_all(b"[") } else { Ok(()) }
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        if self.array {
            self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
        }
        self.rows += 1;
        serde_json::to_writer(&mut self.out, &Object { names: &self.names, cells })?;
        if self.array { Ok(()) } else { self.out.write_all(b"\n") }
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.array {
            self.out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()
    }
}

/// One row, with its columns in their order.
struct Object<'a> {
    names: &'a [String],
    cells: &'a [Cell<'a>],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(self.cells.iter().map(json)))
    }
}

/// Beyond this number spreadsheets round.
const SHORT: u64 = 999_999_999_999_999;

/// Beyond this number jq, JavaScript and others round: what is beyond stands in JSON as text.
const EXACT: u64 = (1 << 53) - 1;

/// A value in JSON: bytes hexadecimal, and a number that would be rounded as text.
pub(crate) fn json(cell: &Cell<'_>) -> Value {
    match *cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) if number.unsigned_abs() > EXACT => Value::String(number.to_string()),
        Cell::Integer(number) => Value::Number(number.into()),
        // JSON knows no infinity.
        Cell::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Cell::Text(text) => Value::String(text.to_owned()),
        Cell::Blob(bytes) => Value::String(hex(bytes)),
    }
}
