//! The lakes that `forget` reaches: those of the configuration, and those that an argument names.

use std::collections::HashSet;
use std::path::PathBuf;

use storelogs_collector::Archive;

use crate::config::{self, ExportTo};
use crate::error::CliError;
use crate::ui::{Ui, quoted};

/// Lakes, by their addresses.
pub(crate) struct Lakes {
    configured: Vec<String>,
    named: Vec<String>,
    /// Those of both that are there.
    found: Vec<String>,
}

impl Lakes {
    /// The lakes of the configuration, and these.
    pub(crate) fn of(file: Option<&PathBuf>, named: &[String], ui: Ui) -> Result<Self, CliError> {
        let (exports, _) = config::exports(file, ui)?;
        let configured = exports.into_iter().filter_map(|export| match export.to {
            ExportTo::Lake(address) => Some(address),
            ExportTo::Otlp(_) => None,
        });
        Ok(Self { configured: configured.collect(), named: named.to_vec(), found: Vec::new() })
    }

    /// Finds the lakes. One that is named, or that the archive was exported to, has to be there: a wrong address must not
    /// pass for a lake that is clear. One of the configuration may not have been begun yet.
    ///
    /// # Errors
    /// If one is not there. Nothing was changed.
    #[cfg(feature = "lake")]
    pub(crate) fn find(&mut self, archive: &Archive) -> Result<(), CliError> {
        for address in &self.configured {
            if apart(|| super::lake::is_there(address))? {
                self.found.push(address.clone());
            } else if archive.export(&super::lake::name(address))?.is_some_and(|state| state.last_success.is_some()) {
                return Err(CliError::failed(format!(
                    "no lake is at {address}, to which this archive was exported, so nothing was forgotten: bring it back, or \
                     take it out of the configuration"
                )));
            }
        }
        for address in &self.named {
            if !apart(|| super::lake::is_there(address))? {
                return Err(storelogs_export::Error::NoLake { address: address.clone() }.into());
            }
            self.found.push(address.clone());
        }
        self.found.dedup();
        Ok(())
    }

    /// Finds none: this program was built without lakes.
    #[cfg(not(feature = "lake"))]
    pub(crate) fn find(&mut self, _: &Archive) -> Result<(), CliError> {
        match self.configured.iter().chain(&self.named).next() {
            None => Ok(()),
            Some(address) => Err(CliError::usage(format!(
                "the lake {address} cannot be reached: this program was built without the feature lake"
            ))),
        }
    }

    pub(crate) fn addresses(&self) -> &[String] {
        &self.found
    }

    /// Says that rows of entries which the archive has pruned are not found by it, and how they are removed.
    pub(crate) fn say_older(&self, archive: &Archive, ui: Ui) -> Result<(), CliError> {
        let mut pruned = false;
        for (store, _) in archive.stores()? {
            pruned |= archive.prunings(store)?.any().is_some();
        }
        if let Some(address) = self.found.first().filter(|_| pruned) {
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
        let forget = |address: &String| {
            let forgotten = apart(|| super::lake::forget(address, uids))?;
            Ok(super::lake::of_forgetting(address, forgotten))
        };
        self.found.iter().map(forget).collect()
    }

    /// Does nothing: this program was built without lakes, and none was found.
    #[cfg(not(feature = "lake"))]
    #[allow(clippy::unused_self)]
    pub(crate) fn forget(&self, _: &HashSet<String>) -> Result<Vec<String>, CliError> {
        Ok(Vec::new())
    }
}

/// Does it in a thread of its own: a bucket has its own event loop, which cannot be begun within another.
#[cfg(feature = "lake")]
fn apart<T: Send>(work: impl FnOnce() -> Result<T, CliError> + Send) -> Result<T, CliError> {
    let done = std::thread::scope(|scope| scope.spawn(work).join());
    done.map_err(|_| CliError::failed("it was given up".to_owned()))?
}
