//! What several commands take by the same arguments. Nothing below knows of these types: what is below gets values.

mod archive;
mod clock;
mod filters;
mod global;
mod stores;

pub(crate) use archive::ArchiveOptions;
pub(crate) use clock::{ClockOptions, of_shop, system};
pub(crate) use filters::Filters;
pub(crate) use global::GlobalOptions;
pub(crate) use stores::StoreOptions;
