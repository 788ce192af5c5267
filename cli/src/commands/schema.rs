//! `schema`: the JSON Schema of an entry.

use storelogs::LogEntry;

use crate::error::{CliError, Exit};
use crate::ui::Ui;

pub(crate) fn schema(ui: Ui) -> Result<Exit, CliError> {
    ui.json(&LogEntry::json_schema())?;
    Ok(Exit::Done)
}
