//! A header of a request in an argument, which names where its value is.

use std::path::PathBuf;

use super::reference::is_variable;
use super::token::TokenSource;

/// A header and where its value comes from, as an argument has it: `NAME=env:VARIABLE` or `NAME=file:PATH`.
pub(crate) fn header(text: &str) -> Result<(String, TokenSource), String> {
    // The text is not shown: it may be the value itself.
    let wrong =
        || "write NAME=env:VARIABLE or NAME=file:PATH: a value itself would be seen by every user of this machine";
    let (name, source) = text.split_once('=').ok_or_else(wrong)?;
    let source = match source.split_once(':') {
        Some(("env", variable)) if is_variable(variable) => TokenSource::Env(variable.to_owned()),
        Some(("file", path)) if !path.is_empty() => TokenSource::File(PathBuf::from(path)),
        _ => return Err(wrong().to_owned()),
    };
    Ok((name.trim().to_ascii_lowercase(), source))
}
