//! Writing rows into a Parquet file.

use std::io::Write;

use jiff::Timestamp;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use serde_json::{Map, Value, json};

use super::rows::Values;
use super::{Column, Frozen, Kind, Layout, parquet_schema, properties};
use crate::error::Cause;

/// The content of a file that was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    /// The least and greatest values of columns that engines choose files by.
    bounds: Map<String, Value>,
    upper: Map<String, Value>,
}

impl Written {
    /// The statistics in the form of the table's log.
    pub(crate) fn statistics(&self) -> String {
        json!({ "numRecords": self.rows, "minValues": self.bounds, "maxValues": self.upper, "nullCount": {} })
            .to_string()
    }
}

/// A file that is being written, one row group after the other.
pub(crate) struct FileWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    written: Written,
}

impl<W: Write + Send> FileWriter<W> {
    /// Starts a file whose row groups have at most this many rows.
    pub(crate) fn new(into: W, columns: &'static [Column], most_rows: usize) -> Result<Self, Cause> {
        let writer = SerializedFileWriter::new(into, parquet_schema(columns)?, properties(columns, most_rows)?)?;
        Ok(Self { writer, written: Written::default() })
    }

    /// Writes these of the rows, in this order, as a row group.
    pub(crate) fn write(&mut self, rows: &Frozen, order: &[u32]) -> Result<(), Cause> {
        if order.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for (values, column) in rows.values.iter().zip(rows.columns) {
            write_column(&mut group, values, column, order)?;
            // Engines choose files by what rows are sorted by; ids are everywhere.
            if column.layout == Layout::Sorted {
                self.written.widen(column, values, order);
            }
        }
        group.close()?;
        self.written.rows += order.len() as u64;
        Ok(())
    }

    /// Ends the file.
    pub(crate) fn finish(self) -> Result<(W, Written), Cause> {
        Ok((self.writer.into_inner()?, self.written))
    }
}

fn write_column<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &Values<bytes::Bytes>,
    column: &Column,
    order: &[u32],
) -> Result<(), Cause> {
    let Some(mut into) = group.next_column()? else { return Err("a column too many".into()) };
    match values {
        Values::Text { present, .. } => {
            let texts: Vec<ByteArray> = order.iter().filter_map(|&row| values.text(row)).collect();
            let there: Option<Vec<i16>> =
                column.nullable.then(|| order.iter().map(|&row| i16::from(present[row as usize])).collect());
            into.typed::<ByteArrayType>().write_batch(&texts, there.as_deref(), None)?;
        }
        Values::Int(numbers) => {
            let numbers: Vec<i32> = order.iter().map(|&row| numbers[row as usize]).collect();
            into.typed::<Int32Type>().write_batch(&numbers, None, None)?;
        }
        Values::Long(numbers) => {
            let numbers: Vec<i64> = order.iter().map(|&row| numbers[row as usize]).collect();
            into.typed::<Int64Type>().write_batch(&numbers, None, None)?;
        }
    }
    Ok(into.close()?)
}

impl Written {
    fn widen(&mut self, column: &Column, values: &Values<bytes::Bytes>, order: &[u32]) {
        let bounds = match values {
            Values::Text { .. } => {
                let texts = || order.iter().filter_map(|&row| values.text(row));
                let text = |value: Option<ByteArray>| Some(Value::from(std::str::from_utf8(value?.data()).ok()?));
                let compare = |one: &ByteArray, other: &ByteArray| one.data().cmp(other.data());
                [text(texts().min_by(compare)), text(texts().max_by(compare))]
            }
            Values::Int(numbers) => {
                let numbers = || order.iter().map(|&row| numbers[row as usize]);
                [numbers().min().map(Value::from), numbers().max().map(Value::from)]
            }
            Values::Long(numbers) => {
                let numbers = || order.iter().map(|&row| numbers[row as usize]);
                let value = |number: Option<i64>| Some(of_long(column.kind, number?));
                [value(numbers().min()), value(numbers().max())]
            }
        };
        let [Some(least), Some(greatest)] = bounds else { return };
        let name = column.name;
        if self.bounds.get(name).is_none_or(|known| is_less(&least, known)) {
            self.bounds.insert(name.to_owned(), least);
        }
        if self.upper.get(name).is_none_or(|known| is_less(known, &greatest)) {
            self.upper.insert(name.to_owned(), greatest);
        }
    }
}

fn of_long(kind: Kind, number: i64) -> Value {
    match kind {
        // Six digits, so that they sort as text does.
        Kind::Time => Timestamp::from_microsecond(number)
            .map_or(Value::Null, |time| Value::from(time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string())),
        _ => Value::from(number),
    }
}

fn is_less(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one < other,
        (one, other) => one.as_i64() < other.as_i64(),
    }
}
