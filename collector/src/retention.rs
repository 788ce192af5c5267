//! How long platforms keep their entries, and how much they count at once.

use jiff::SignedDuration;
use storelogs::Platform;
use storelogs::platform::{self, PlatformFacts};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long a platform keeps its entries, by its documentation. Of a platform that is not known, a year is asked for.
pub fn retention(platform: &Platform) -> SignedDuration {
    platform::named(platform.as_str()).map_or(DAY * 365, PlatformFacts::retention)
}

/// The longest time range that a platform counts at once.
pub(crate) fn longest_count(platform: &Platform) -> SignedDuration {
    platform::named(platform.as_str()).map_or(DAY * 28, PlatformFacts::longest_count)
}
