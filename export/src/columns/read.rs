//! Reading rows from a Parquet file.

use std::fs::File;

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArrayType, DataType};
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::RowGroupReader;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};

use super::rows::Values;
use super::{Cell, Rows};
use crate::error::Cause;

/// A file whose filters can be asked, too.
pub(crate) fn reader(file: File) -> Result<SerializedFileReader<File>, Cause> {
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new().with_reader_properties(properties).build();
    Ok(SerializedFileReader::new_with_options(file, options)?)
}

/// Adds the rows of a group. A column that the file does not have is without values.
pub(crate) fn read_row_group(group: &dyn RowGroupReader, rows: &mut Rows) -> Result<(), Cause> {
    let count = usize::try_from(group.metadata().num_rows())?;
    let schema = group.metadata().schema_descr_ptr();
    let mut bytes = 0;
    for (column, values) in rows.columns.iter().zip(&mut rows.values) {
        let at = schema.columns().iter().position(|other| other.name() == column.name);
        let Some(at) = at else {
            if !column.nullable {
                return Err(format!("it has no column {}", column.name).into());
            }
            (0..count).for_each(|_| bytes += values.push(Cell::Text(None)));
            continue;
        };
        let wrong = || Cause::from(format!("its column {} is of another kind", column.name));
        match (values, group.get_column_reader(at)?) {
            (Values::Long(numbers), ColumnReader::Int64ColumnReader(reader)) => {
                bytes += 8 * count;
                numbers.extend(all(reader, count)?.0);
            }
            (Values::Int(numbers), ColumnReader::Int32ColumnReader(reader)) => {
                bytes += 4 * count;
                numbers.extend(all(reader, count)?.0);
            }
            (values @ Values::Text { .. }, ColumnReader::ByteArrayColumnReader(reader)) => {
                let is_optional = schema.column(at).max_def_level() > 0;
                bytes += texts(reader, count, is_optional, values)?;
            }
            _ => return Err(wrong()),
        }
    }
    rows.added(count, bytes);
    Ok(())
}

/// How many values are read at once: what is in between is small beside what is kept.
const AT_ONCE: usize = 8192;

fn texts(
    mut reader: ColumnReaderImpl<ByteArrayType>,
    count: usize,
    is_optional: bool,
    into: &mut Values<Vec<u8>>,
) -> Result<usize, Cause> {
    let (mut done, mut bytes) = (0, 0);
    while done < count {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (read, ..) = reader.read_records(AT_ONCE.min(count - done), Some(&mut levels), None, &mut values)?;
        if read == 0 {
            return Err("it ends before its last row".into());
        }
        let mut values = values.iter();
        for row in 0..read {
            let is_there = !is_optional || levels.get(row).is_some_and(|level| *level > 0);
            let text = if is_there {
                let value = values.next().ok_or("it ends before its last value")?;
                Some(std::str::from_utf8(value.data())?)
            } else {
                None
            };
            bytes += into.push(Cell::Text(text));
        }
        done += read;
    }
    Ok(bytes)
}

fn all<T: DataType>(mut reader: ColumnReaderImpl<T>, count: usize) -> Result<(Vec<T::T>, usize), Cause> {
    let mut values = Vec::with_capacity(count);
    let mut done = 0;
    while done < count {
        let (read, ..) = reader.read_records(count - done, None, None, &mut values)?;
        if read == 0 {
            return Err("it ends before its last row".into());
        }
        done += read;
    }
    Ok((values, done))
}
