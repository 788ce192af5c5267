//! What is shown to a person.

pub(crate) mod logs;
pub(crate) mod printable;
pub(crate) mod progress;
mod screen;
pub(crate) mod signals;

pub(crate) use screen::*;
