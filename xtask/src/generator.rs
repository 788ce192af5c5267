//! What build.rs is made of, as far as the chores use it or test it.

#[path = "../../build/corrections.rs"]
pub(crate) mod corrections;
#[path = "../../build/lists.rs"]
mod lists;
#[path = "../../build/unused.rs"]
mod unused;

mod corrections_tests;
mod lists_tests;
mod unused_tests;

// `lists` takes it from the module above, here and in build.rs.
use crate::Result;
