//! Invalid records: counted, and written to a file as they came if the user wants that.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use storelogs::Error;

use crate::error::CliError;
use crate::ui::Ui;

/// Records that could not be decoded: counted for each store, and kept in a file if there is one.
pub(super) struct Undecodable {
    counts: BTreeMap<String, u64>,
    file: Option<(PathBuf, BufWriter<File>)>,
}

impl Undecodable {
    /// Keeps the records in this file, if there is one.
    pub(super) fn new(path: Option<&Path>) -> Result<Self, CliError> {
        let file = match path {
            None => None,
            Some(path) => match File::create(path) {
                Ok(file) => Some((path.to_owned(), BufWriter::new(file))),
                Err(error) => return Err(CliError::unwritable(path, error)),
            },
        };
        Ok(Self { counts: BTreeMap::new(), file })
    }

    pub(super) fn keep(&mut self, error: &Error) -> Result<(), CliError> {
        let store = error.store().map(ToString::to_string).unwrap_or_default();
        if let Some((path, file)) = &mut self.file {
            let raw = error.raw().unwrap_or_default();
            let line = json!({ "store": &store, "path": error.path(), "raw": raw });
            let written = serde_json::to_writer(&mut *file, &line).map_err(io::Error::from);
            written.and_then(|()| file.write_all(b"\n")).map_err(|error| CliError::unwritable(path, error))?;
        }
        *self.counts.entry(store).or_default() += 1;
        Ok(())
    }

    /// Says how many there were, and returns that.
    pub(super) fn finish(self, ui: Ui) -> Result<u64, CliError> {
        let kept = match self.file {
            Some((path, mut file)) => {
                file.flush().map_err(|error| CliError::unwritable(&path, error))?;
                format!("kept in {}", path.display())
            }
            None => "--raw-errors FILE keeps them".to_owned(),
        };
        for (store, count) in &self.counts {
            let records = if *count == 1 { "record is" } else { "records are" };
            ui.warning(&format!("{store}: {count} {records} not the documented shape and left out; {kept}"));
        }
        Ok(self.counts.values().sum())
    }
}
