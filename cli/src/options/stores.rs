//! The options that choose stores.

use std::path::PathBuf;

use clap::Args;

use super::known_stores;
use crate::config::{Selection, StoreName};

/// The stores that a command is about.
#[derive(Args, Debug)]
pub(crate) struct StoreOptions {
    /// A store, as bigcommerce:HASH, shopline:HANDLE or only its name; repeat it for several [default: all configured]
    #[arg(long, value_name = "STORE", add = known_stores())]
    store: Vec<StoreName>,

    /// The configuration file [default: storelogs.toml, here or in the configuration directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// A table of stores (CSV), besides those of the configuration file
    #[arg(long, value_name = "FILE")]
    stores: Option<PathBuf>,
}

impl StoreOptions {
    pub(crate) fn selection(&self) -> Selection {
        Selection { stores: self.store.clone(), file: self.config.clone(), table: self.stores.clone() }
    }
}
