//! Reading and writing Parquet rows with structs, lists and maps, for checkpoints.
//!
//! A row is a JSON object by its schema: groups are objects, lists are arrays, maps are objects. Every field of the schema is
//! optional, keys of maps apart.

use parquet::basic::{LogicalType, Repetition};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::reader::{ChunkReader, FileReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::record::{Field, Row};
use parquet::schema::types::{Type, TypePtr};
use serde_json::{Map, Value};

use crate::error::Cause;

/// The values of one column, with the levels that say where each stands.
#[derive(Debug, Default)]
struct Leaf {
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    values: Vec<Value>,
}

/// A file of these rows.
pub(super) fn write(schema: &TypePtr, properties: WriterPropertiesPtr, rows: &[Value]) -> Result<Vec<u8>, Cause> {
    let mut writer = SerializedFileWriter::new(Vec::new(), schema.clone(), properties)?;
    let mut leaves: Vec<Leaf> = Vec::new();
    leaves.resize_with(writer.schema_descr().num_columns(), Leaf::default);
    for row in rows {
        let mut next = leaves.iter_mut();
        for field in schema.get_fields() {
            shred(field, row.get(field.name()), Levels::default(), &mut next)?;
        }
    }
    let mut group = writer.next_row_group()?;
    for leaf in leaves {
        let Some(mut column) = group.next_column()? else { return Err("a column too many".into()) };
        let levels = (Some(leaf.definitions.as_slice()), Some(leaf.repetitions.as_slice()));
        let wrong = || Cause::from("a value of another kind");
        let whole = || leaf.values.iter().map(|value| value.as_i64().ok_or_else(wrong));
        match column.untyped() {
            ColumnWriter::BoolColumnWriter(_) => {
                let values = leaf.values.iter().map(|value| value.as_bool().ok_or_else(wrong));
                column.typed::<BoolType>().write_batch(&values.collect::<Result<Vec<_>, _>>()?, levels.0, levels.1)?;
            }
            ColumnWriter::Int32ColumnWriter(_) => {
                let values = whole().map(|value| Ok::<_, Cause>(i32::try_from(value?)?));
                column.typed::<Int32Type>().write_batch(&values.collect::<Result<Vec<_>, _>>()?, levels.0, levels.1)?;
            }
            ColumnWriter::Int64ColumnWriter(_) => {
                let values = whole().collect::<Result<Vec<_>, _>>()?;
                column.typed::<Int64Type>().write_batch(&values, levels.0, levels.1)?;
            }
            _ => {
                let texts = leaf.values.iter().map(|value| value.as_str().map(ByteArray::from).ok_or_else(wrong));
                let texts = texts.collect::<Result<Vec<_>, _>>()?;
                column.typed::<ByteArrayType>().write_batch(&texts, levels.0, levels.1)?;
            }
        }
        column.close()?;
    }
    group.close()?;
    Ok(writer.into_inner()?)
}

/// The levels of a value: how many of the optional and repeated fields above it are there, and which of the repeated
/// ones goes on.
#[derive(Clone, Copy, Debug, Default)]
struct Levels {
    definition: i16,
    repetition: i16,
    /// How many repeated fields there are so far.
    depth: i16,
}

fn shred<'a>(
    field: &Type,
    value: Option<&Value>,
    at: Levels,
    leaves: &mut impl Iterator<Item = &'a mut Leaf>,
) -> Result<(), Cause> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return absent(field, at, leaves) };
    let at = Levels { definition: at.definition + 1, ..at };
    if field.is_primitive() {
        let leaf = leaves.next().ok_or("a field too many")?;
        leaf.definitions.push(at.definition);
        leaf.repetitions.push(at.repetition);
        leaf.values.push(value.clone());
        return Ok(());
    }
    match items(field, value) {
        None => {
            for inner in field.get_fields() {
                shred(inner, value.get(inner.name()), at, leaves)?;
            }
            Ok(())
        }
        Some(items) => {
            let repeated = field.get_fields().first().ok_or("a list of nothing")?;
            if items.is_empty() {
                return absent(repeated, at, leaves);
            }
            let mut own: Vec<&'a mut Leaf> = leaves.by_ref().take(count_leaves(repeated)).collect();
            for (number, item) in items.iter().enumerate() {
                let at = Levels {
                    definition: at.definition + 1,
                    repetition: if number == 0 { at.repetition } else { at.depth + 1 },
                    depth: at.depth + 1,
                };
                let mut next = own.iter_mut().map(|leaf| &mut **leaf);
                for inner in repeated.get_fields() {
                    shred_item(inner, item.get(inner.name()), at, &mut next)?;
                }
            }
            Ok(())
        }
    }
}

/// A field of an item of a list or map. There are no lists of lists.
fn shred_item<'a>(
    field: &Type,
    value: Option<&Value>,
    at: Levels,
    leaves: &mut impl Iterator<Item = &'a mut Leaf>,
) -> Result<(), Cause> {
    let leaf = leaves.next().filter(|_| field.is_primitive()).ok_or("a list of what is no text or number")?;
    let value = value.filter(|value| !value.is_null());
    let optional = field.get_basic_info().repetition() == Repetition::OPTIONAL;
    leaf.definitions.push(at.definition + i16::from(optional && value.is_some()));
    leaf.repetitions.push(at.repetition);
    match value {
        Some(value) => leaf.values.push(value.clone()),
        None if optional => {}
        None => return Err(format!("there is no {}", field.name()).into()),
    }
    Ok(())
}

/// The items of a list or map as objects by the fields of the repeated group. `None`: it is neither.
fn items(field: &Type, value: &Value) -> Option<Vec<Value>> {
    let object = |pairs: Vec<(&str, Value)>| -> Value {
        Value::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    match field.get_basic_info().logical_type_ref()? {
        LogicalType::List => {
            let items = value.as_array()?.iter();
            Some(items.map(|item| object(vec![("element", item.clone())])).collect())
        }
        LogicalType::Map => {
            let items = value.as_object()?.iter();
            Some(
                items
                    .map(|(key, value)| object(vec![("key", key.as_str().into()), ("value", value.clone())]))
                    .collect(),
            )
        }
        _ => None,
    }
}

fn absent<'a>(field: &Type, at: Levels, leaves: &mut impl Iterator<Item = &'a mut Leaf>) -> Result<(), Cause> {
    for _ in 0..count_leaves(field) {
        let leaf = leaves.next().ok_or("a field too many")?;
        leaf.definitions.push(at.definition);
        leaf.repetitions.push(at.repetition);
    }
    Ok(())
}

fn count_leaves(field: &Type) -> usize {
    if field.is_primitive() { 1 } else { field.get_fields().iter().map(|field| count_leaves(field)).sum() }
}

/// The rows of a file.
pub(super) fn read<R: ChunkReader + 'static>(file: R) -> Result<Vec<Value>, Cause> {
    let reader = SerializedFileReader::new(file)?;
    let rows = reader.get_row_iter(None)?;
    rows.map(|row| Ok(of_row(&row?))).collect()
}

fn of_row(row: &Row) -> Value {
    let fields = row.get_column_iter().filter(|(_, field)| !matches!(field, Field::Null));
    Value::Object(fields.map(|(name, field)| (name.clone(), of_field(field))).collect())
}

fn of_field(field: &Field) -> Value {
    match field {
        Field::Bool(value) => Value::from(*value),
        Field::Int(value) => Value::from(*value),
        Field::Long(value) => Value::from(*value),
        Field::Str(value) => Value::from(value.as_str()),
        Field::Bytes(value) => std::str::from_utf8(value.data()).map_or(Value::Null, Value::from),
        Field::Group(row) => of_row(row),
        Field::ListInternal(list) => list.elements().iter().map(of_field).collect(),
        Field::MapInternal(map) => {
            let entries = map.entries().iter().filter_map(|(key, value)| match key {
                Field::Str(key) => Some((key.clone(), of_field(value))),
                _ => None,
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        // A log needs no other kind; other programs add columns that this one does not read.
        _ => Value::Null,
    }
}
