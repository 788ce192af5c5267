//! What build.rs is made of, as far as the chores use it or test it.

#[path = "../../build/corrections.rs"]
pub(crate) mod corrections;
#[cfg(test)]
#[path = "../../build/lists.rs"]
mod lists;
// What only the generator reads is not read here.
#[allow(dead_code)]
#[path = "../../build/platform.rs"]
mod platform;
#[path = "../../build/platforms.rs"]
mod platforms;
#[cfg(test)]
#[path = "../../build/records.rs"]
mod records;
#[cfg(test)]
#[path = "../../build/unused.rs"]
mod unused;

#[cfg(test)]
mod corrections_tests;
#[cfg(test)]
mod lists_tests;
#[cfg(test)]
mod records_tests;
#[cfg(test)]
mod unused_tests;

// `lists` and `records` take it from the module above, here and in build.rs.
#[cfg(test)]
use crate::Result;

pub(crate) use platform::{Platform, Record};
pub(crate) use platforms::PLATFORMS;
