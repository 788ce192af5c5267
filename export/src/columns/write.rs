//! Writing rows into a Parquet file.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

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
    writer: SerializedFileWriter<Noting<W>>,
    written: Written,
    fault: Fault,
}

/// Why a file could not be written, in the system's words: the writer of Parquet keeps only a text of some of its errors.
#[derive(Clone, Debug, Default)]
struct Fault(Arc<Mutex<Option<io::Error>>>);

impl Fault {
    /// The cause of an error of the writer.
    fn behind(&self, error: impl Into<Cause>) -> Cause {
        self.0.lock().ok().and_then(|mut fault| fault.take()).map_or_else(|| error.into(), Cause::from)
    }
}

/// Takes note of why something could not be written.
struct Noting<W> {
    into: W,
    fault: Fault,
}

impl<W: Write> Noting<W> {
    fn noted<T>(&mut self, write: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        write(&mut self.into).map_err(|error| {
            let passed_on = io::Error::new(error.kind(), error.to_string());
            if let Ok(mut fault) = self.fault.0.lock() {
                *fault = Some(error);
            }
            passed_on
        })
    }
}

impl<W: Write> Write for Noting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.noted(|into| into.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.noted(W::flush)
    }
}

impl<W: Write + Send> FileWriter<W> {
    /// Starts a file whose row groups have at most this many rows.
    pub(crate) fn new(into: W, columns: &'static [Column], most_rows: usize) -> Result<Self, Cause> {
        let (schema, properties) = (parquet_schema(columns)?, properties(columns, most_rows)?);
        let fault = Fault::default();
        let into = Noting { into, fault: fault.clone() };
        let writer = SerializedFileWriter::new(into, schema, properties).map_err(|error| fault.behind(error))?;
        Ok(Self { writer, written: Written::default(), fault })
    }

    /// Writes these of the rows, in this order, as a row group.
    pub(crate) fn write(&mut self, rows: &Frozen, order: &[u32]) -> Result<(), Cause> {
        self.write_group(rows, order).map_err(|error| self.fault.behind(error))
    }

    fn write_group(&mut self, rows: &Frozen, order: &[u32]) -> Result<(), Cause> {
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
        let fault = self.fault;
        let written = self.writer.into_inner().map_err(|error| fault.behind(error))?;
        Ok((written.into, self.written))
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

#[cfg(test)]
mod tests {
    use storelogs_collector::wording::room;

    use super::super::Rows;
    use super::*;

    const COLUMNS: [Column; 1] = [Column::required("uid", Kind::Text, Layout::Key)];

    /// A file that may not grow any more.
    struct Limited(usize);

    impl Write for Limited {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_file_that_cannot_grow_is_said_with_what_to_do_wherever_it_ends() {
        let write = |most: usize| -> Result<(), Cause> {
            let mut rows = Rows::new(&COLUMNS);
            rows.push(&[super::super::Cell::from("bigcommerce:abc123:1")]);
            let mut file = FileWriter::new(Limited(most), &COLUMNS, 10)?;
            file.write(&rows.freeze(), &[0])?;
            file.finish().map(drop)
        };
        let whole = (0..10_000).find(|most| write(*most).is_ok()).unwrap();
        assert!(whole > 200, "{whole}");
        for most in 0..whole {
            let error = write(most).unwrap_err();
            assert!(room(&*error).is_some(), "{most}: {error}");
        }
    }
}
