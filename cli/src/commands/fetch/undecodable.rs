//! Invalid records: counted, and written to a file as they came if the user wants that.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;
use storelogs::Error;

use crate::error::CliError;
use crate::ui::{NewFile, Out, Ui};

/// Records that could not be decoded: counted for each store, and kept in a file if there is one.
pub(super) struct Undecodable {
    counts: BTreeMap<String, u64>,
    file: Option<(NewFile, Out)>,
}

impl Undecodable {
    /// Keeps the records in this file, if there is one.
    pub(super) fn new(path: Option<&Path>) -> Result<Self, CliError> {
        Ok(Self { counts: BTreeMap::new(), file: path.map(NewFile::begin).transpose()? })
    }

    pub(super) fn keep(&mut self, error: &Error) -> Result<(), CliError> {
        let store = error.store().map(ToString::to_string).unwrap_or_default();
        if let Some((_, out)) = &mut self.file {
            let raw = error.raw().unwrap_or_default();
            let line = json!({ "store": &store, "path": error.path(), "raw": raw });
            serde_json::to_writer(&mut *out, &line).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
        *self.counts.entry(store).or_default() += 1;
        Ok(())
    }

    /// Says how many there were, and returns that, by store.
    pub(super) fn finish(self, ui: Ui) -> Result<BTreeMap<String, u64>, CliError> {
        let kept = match self.file {
            Some((mut file, mut out)) => {
                out.flush()?;
                file.keep()?;
                format!("kept in {}", file.path().display())
            }
            None => "--raw-errors FILE keeps them".to_owned(),
        };
        for (store, count) in &self.counts {
            let records = if *count == 1 { "record is" } else { "records are" };
            ui.warning(&format!("{store}: {count} {records} not the documented shape and left out; {kept}"));
        }
        Ok(self.counts)
    }
}
