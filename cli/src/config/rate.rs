//! The rate limit of a store, if it is not the one that its platform documents.

use storelogs::Store;
use storelogs::platform::Setting;

use super::mistake::Wrong;
use super::platforms;

/// A store's rate limit in the files. It depends on the store's plan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rate {
    /// How many requests leak out of the store's bucket in a second.
    pub(super) per_second: Option<f64>,
    /// How many requests the bucket holds.
    pub(super) bucket: Option<u32>,
    /// The share of the store's quota that is left to its other apps.
    pub(super) leave: Option<f64>,
}

impl Rate {
    pub(super) fn check(self, store: &Store) -> Result<(), Wrong> {
        if self.per_second.is_some() || self.bucket.is_some() {
            let key = if self.per_second.is_some() { "requests_per_second" } else { "bucket" };
            platforms::check(store, "requests_per_second and bucket", Setting::Bucket).map_err(Wrong::of(key))?;
        }
        if self.leave.is_some() {
            platforms::check(store, "leave_quota", Setting::LeaveQuota).map_err(Wrong::of("leave_quota"))?;
        }
        if self.per_second.is_some_and(|rate| !(rate > 0.0 && rate <= 10_000.0)) {
            return Err(Wrong::of("requests_per_second")(
                "requests_per_second is a number above 0, such as 4".to_owned(),
            ));
        }
        if self.bucket.is_some_and(|requests| requests < 2) {
            return Err(Wrong::of("bucket")(
                "bucket is how many requests may wait at once, 2 or more, such as 40".to_owned(),
            ));
        }
        if self.leave.is_some_and(|share| !(0.0..1.0).contains(&share)) {
            return Err(Wrong::of("leave_quota")("leave_quota is a share from 0 to below 1, such as 0.25".to_owned()));
        }
        Ok(())
    }
}
