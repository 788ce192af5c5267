//! The configuration: which stores there are, and how each is reached, from arguments, the environment and files.

mod archive;
mod bounded;
mod connect;
mod directories;
mod document;
mod environment;
mod export;
mod file;
mod files;
#[cfg(feature = "otlp")]
mod header;
mod keep;
mod labels;
mod mistake;
mod parsed;
mod platforms;
mod proxy;
mod rate;
mod reference;
mod reloading_stores;
mod rule;
mod rule_files;
mod settings;
mod static_stores;
mod store_name;
mod stores;
mod syntax;
mod table;
mod token;
mod value;
mod variables;

use std::path::Path;

use storelogs::Store;

pub(crate) use archive::archive;
pub(crate) use connect::{StoreConnection, connect, sources};
#[cfg(feature = "otlp")]
pub(crate) use export::OtlpTarget;
pub(crate) use export::{ExportSettings, ExportTo};
#[cfg(feature = "otlp")]
pub(crate) use header::header;
pub(crate) use rate::Rate;
pub(crate) use reloading_stores::ReloadingStores;
pub(crate) use rule_files::RuleFiles;
pub(crate) use settings::Settings;
pub(crate) use static_stores::StaticStores;
pub(crate) use store_name::StoreName;
pub(crate) use stores::{Configured, Selection, exports, known, known_rules, read};
pub(crate) use token::TokenSource;
#[cfg(feature = "otlp")]
pub(crate) use variables::text as variable;

/// The stores that the text of a `storelogs.toml` names, or what is wrong with it.
///
/// # Errors
/// What is wrong: of each mistake the file, the line and the remedy, in a line or two. It shows nothing of a token that
/// stands there.
pub fn configured(text: &str, path: &Path) -> Result<Vec<Store>, String> {
    let found = file::read(text, path).map_err(|why| why.join("\n"))?;
    Ok(found.stores.into_iter().map(|(settings, _)| settings.store).collect())
}
