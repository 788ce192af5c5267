//! The lakes that `forget` reaches: those of the configuration, and those that an argument names.

use std::collections::HashSet;
use std::path::PathBuf;

use storelogs_collector::Archive;

use crate::config::{self, ExportTo};
use crate::error::CliError;
use crate::ui::{Ui, quoted};

/// Lakes, by their addresses.
pub(crate) struct Lakes(Vec<String>);

impl Lakes {
    /// The lakes of the configuration, and these.
    pub(crate) fn of(file: Option<&PathBuf>, named: &[String], ui: Ui) -> Result<Self, CliError> {
        let (exports, _) = config::exports(file, ui)?;
        let configured = exports.into_iter().filter_map(|export| match export.to {
            ExportTo::Lake(address) => Some(address),
            ExportTo::Otlp(_) => None,
        });
        let mut lakes: Vec<String> = configured.collect();
        lakes.extend(named.iter().cloned());
        lakes.dedup();
        Ok(Self(lakes))
    }

    pub(crate) fn addresses(&self) -> &[String] {
        &self.0
    }

    /// Says that rows of entries which the archive has pruned are not found by it, and how they are removed.
    pub(crate) fn say_older(&self, archive: &Archive, ui: Ui) -> Result<(), CliError> {
        let mut pruned = false;
        for (store, _) in archive.stores()? {
            pruned |= archive.prunings(store)?.any().is_some();
        }
        if let Some(address) = self.0.first().filter(|_| pruned) {
            let address = quoted(address);
            ui.note(&format!(
                "The archive has pruned older entries, and a lake keeps their rows: those were not looked through. Find the uids \
                 of those to forget in the lake, write them into a file, a line each, and run\n  storelogs export lake {address} \
                 --forget FILE\n"
            ));
        }
        Ok(())
    }

    /// Removes these entries from each lake. Returns what was done, a line each.
    #[cfg(feature = "lake")]
    pub(crate) fn forget(&self, uids: &HashSet<String>) -> Result<Vec<String>, CliError> {
        // A bucket has an event loop of its own, and it cannot be begun within another.
        let forget = |address: &String| {
            std::thread::scope(|scope| {
                let forgotten = scope.spawn(|| super::lake::forget(address, uids)).join();
                let forgotten = forgotten.map_err(|_| CliError::failed("it was given up".to_owned()))??;
                Ok(super::lake::of_forgetting(address, forgotten))
            })
        };
        self.0.iter().map(forget).collect()
    }

    /// Does nothing: this program was built without lakes.
    #[cfg(not(feature = "lake"))]
    pub(crate) fn forget(&self, _: &HashSet<String>) -> Result<Vec<String>, CliError> {
        match self.0.first() {
            None => Ok(Vec::new()),
            Some(address) => Err(CliError::usage(format!(
                "the lake {address} cannot be reached: this program was built without the feature lake"
            ))),
        }
    }
}
