//! Quoting of values for a query.

/// A value as a query takes it.
pub(crate) fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '@');
    if !value.is_empty() && value.chars().all(plain) { value.to_owned() } else { always_quoted(value) }
}

/// A value in quotes, whatever it holds.
pub(crate) fn always_quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The command that runs a search, as one writes it in a shell.
pub fn search_command(query: &str) -> String {
    format!("storelogs search '{}'", query.replace('\'', "'\\''"))
}
