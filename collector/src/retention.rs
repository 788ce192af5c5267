//! How long platforms keep their entries.

use jiff::SignedDuration;
use storelogs::Platform;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long a platform keeps its entries, by its documentation: 365 days at BigCommerce, three months at SHOPLINE.
/// Of a platform that is not known, a year is asked for.
pub fn retention(platform: &Platform) -> SignedDuration {
    if *platform == Platform::SHOPLINE { DAY * 92 } else { DAY * 365 }
}
