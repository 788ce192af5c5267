//! The parts of build.rs that the chores use or test.

// Some functions are called by a build script only.
#[allow(dead_code)]
#[path = "../../../build/pipeline.rs"]
mod pipeline;
#[path = "../../../build/platforms.rs"]
mod platforms;

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod corrections_tests;
#[cfg(test)]
mod document_tests;
#[cfg(test)]
mod edition_tests;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod lists_tests;
#[cfg(test)]
mod push_down_tests;
#[cfg(test)]
mod records_tests;
#[cfg(test)]
mod unused_tests;

pub(crate) use pipeline::{Platform, PushedDown, Record, client, corrections, document, limits, lists, operations};
#[cfg(test)]
use pipeline::{records, unused};
pub(crate) use platforms::PLATFORMS;
