//! The columns of a table, and the type of each in Parquet and in Delta's schema.

mod read;
mod rows;
mod write;

use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, TypePtr};
use serde_json::{Value, json};

use crate::error::{Cause, Error};

pub(crate) use read::{read_row_group, reader};
pub(crate) use rows::{Cell, Frozen, Rows};
pub(crate) use write::FileWriter;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether it may have no value. Only texts can.
    pub(crate) nullable: bool,
    pub(crate) layout: Layout,
}

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int,
    Long,
    /// Microseconds since 1970, UTC. Some engines refuse files with nanoseconds.
    Time,
}

/// How a column is laid out. Least and greatest values are kept of nothing that may be about a person: they would stand in
/// the log of a table long after the rows are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Few different values.
    Words,
    /// Text with as many values as rows, of which nobody looks for one.
    Prose,
    /// Values that rows are looked up by: a bloom filter says which files they may be in.
    Key,
    /// Values that rows are sorted by.
    Sorted,
    /// Numbers that are near to each other.
    Numbers,
}

impl Column {
    pub(crate) const fn text(name: &'static str, layout: Layout) -> Self {
        Self { name, kind: Kind::Text, nullable: true, layout }
    }

    pub(crate) const fn required(name: &'static str, kind: Kind, layout: Layout) -> Self {
        Self { name, kind, nullable: false, layout }
    }

    /// Whether its least and greatest values are kept.
    pub(crate) fn has_statistics(&self) -> bool {
        matches!(self.layout, Layout::Key | Layout::Sorted | Layout::Numbers)
    }
}

/// The schema of a table as Delta's log has it: the columns of its files, then those that are in their folders' names.
pub(crate) fn delta_schema(columns: &[Column], partitions: &[&str]) -> String {
    let field = |name: &str, kind: &str, nullable: bool| -> Value {
        json!({ "name": name, "type": kind, "nullable": nullable, "metadata": {} })
    };
    let own = columns.iter().map(|column| {
        let kind = match column.kind {
            Kind::Text => "string",
            Kind::Int => "integer",
            Kind::Long => "long",
            Kind::Time => "timestamp",
        };
        field(column.name, kind, column.nullable)
    });
    let fields: Vec<Value> = own.chain(partitions.iter().map(|name| field(name, "string", true))).collect();
    json!({ "type": "struct", "fields": fields }).to_string()
}

/// The columns of which the log keeps least and greatest values.
pub(crate) fn statistics_columns(columns: &[Column]) -> String {
    let sorted = columns.iter().filter(|column| column.layout == Layout::Sorted).map(|column| column.name);
    sorted.collect::<Vec<_>>().join(",")
}

/// The schema of a table's files.
fn parquet_schema(columns: &[Column]) -> Result<TypePtr, Cause> {
    let mut message = "message entry {\n".to_owned();
    for column in columns {
        let (kind, logical) = match column.kind {
            Kind::Text => ("BYTE_ARRAY", " (STRING)"),
            Kind::Int => ("INT32", ""),
            Kind::Long => ("INT64", ""),
            Kind::Time => ("INT64", " (TIMESTAMP(MICROS,true))"),
        };
        let repetition = if column.nullable { "OPTIONAL" } else { "REQUIRED" };
        message.push_str(&format!("  {repetition} {kind} {}{logical};\n", column.name));
    }
    message.push('}');
    Ok(Arc::new(parse_message_type(&message)?))
}

/// How a table's files are written.
fn properties(columns: &[Column], most_rows: usize) -> Result<WriterPropertiesPtr, Cause> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(None)
        .set_created_by(concat!("storelogs version ", env!("CARGO_PKG_VERSION")).to_owned());
    let mut sorting = Vec::new();
    for column in columns {
        let path = ColumnPath::from(column.name);
        if column.has_statistics() {
            properties = properties.set_column_statistics_enabled(path.clone(), EnabledStatistics::Page);
        }
        let encoding = match (column.kind, column.layout) {
            (_, Layout::Words) | (Kind::Text, Layout::Sorted) => {
                properties = properties.set_column_dictionary_enabled(path, true);
                continue;
            }
            (Kind::Text, Layout::Key) => {
                let most = u64::try_from(most_rows).unwrap_or(u64::MAX);
                properties = properties
                    .set_column_bloom_filter_enabled(path.clone(), true)
                    .set_column_bloom_filter_fpp(path.clone(), 0.01)
                    .set_column_bloom_filter_max_ndv(path.clone(), most.max(1));
                Encoding::DELTA_BYTE_ARRAY
            }
            (Kind::Text, _) => Encoding::PLAIN,
            _ => Encoding::DELTA_BINARY_PACKED,
        };
        properties = properties.set_column_encoding(path, encoding);
    }
    for (number, column) in columns.iter().enumerate() {
        if column.layout == Layout::Sorted {
            let column_idx = i32::try_from(number).unwrap_or_default();
            sorting.push(SortingColumn { column_idx, descending: false, nulls_first: false });
        }
    }
    let sorting = (!sorting.is_empty()).then_some(sorting);
    Ok(Arc::new(properties.set_sorting_columns(sorting).build()))
}

/// The error for a fault of a Parquet file.
pub(crate) fn fault(file: &str) -> impl Fn(Cause) -> Error + '_ {
    move |why| Error::Parquet { file: file.to_owned(), why }
}
