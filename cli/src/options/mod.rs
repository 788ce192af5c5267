//! Options that several commands share. No lower floor knows these types; it gets plain values.

mod archive;
mod clock;
mod collecting;
mod excluding_words;
mod filters;
mod global;
mod known_names;
mod known_stores;
mod output;
mod stores;
mod times;
mod typed;
mod written;

pub(crate) use archive::ArchiveOptions;
pub(crate) use clock::{ClockOptions, Named, of_shop, system};
pub(crate) use collecting::CollectingOptions;
pub(crate) use excluding_words::with_excluding_words;
pub(crate) use filters::Filters;
pub(crate) use global::GlobalOptions;
pub(crate) use known_names::{known_owners, known_rules, known_tags};
pub(crate) use known_stores::known_stores;
pub(crate) use output::OutputOptions;
pub(crate) use stores::StoreOptions;
pub(crate) use times::{TIMES, Times, empty};
pub(crate) use written::WrittenOptions;
