//! The values of an SQL statement as text.

use std::borrow::Cow;

use storelogs_collector::query::Cell;

/// A value as text. Bytes are written as in SQL.
pub(super) fn text<'a>(cell: &Cell<'a>) -> Cow<'a, str> {
    match *cell {
        Cell::Null => "".into(),
        Cell::Integer(number) => number.to_string().into(),
        Cell::Real(number) => real(number).into(),
        Cell::Text(text) => text.into(),
        Cell::Blob(bytes) => format!("x'{}'", hex(bytes)).into(),
    }
}

/// `2.0` rather than `2`: it is no whole number.
fn real(number: f64) -> String {
    format!("{number:?}")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
