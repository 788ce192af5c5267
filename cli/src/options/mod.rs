//! What several commands are told by the same arguments.

pub(crate) mod archive;
pub(crate) mod filters;
