//! The content of one configuration file.

use std::path::PathBuf;

use storelogs_collector::retention::Keep;

use super::export::ExportSettings;
use super::rule;
use super::settings::Settings;
use super::token::TokenSource;

/// The content of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct ParsedFile {
    /// Its stores, and the line of each.
    pub(super) stores: Vec<(Settings, usize)>,
    /// Its rules, and the line of each.
    pub(super) rules: Vec<(rule::Settings, usize)>,
    /// The destinations of exports.
    pub(super) exports: Vec<ExportSettings>,
    /// A table of stores that it names.
    pub(super) csv: Option<PathBuf>,
    /// The address of the proxy to go through.
    pub(super) proxy: Option<TokenSource>,
    /// How long entries are kept of stores that do not say it.
    pub(super) keep: Option<Keep>,
    /// Harmless parts of it that are ignored.
    pub(super) notes: Vec<String>,
    /// Errors in single lines of it.
    pub(super) problems: Vec<String>,
}
