//! How fast a store may be asked, where that is not what its platform documents.

use storelogs::{BigCommerce, Builder, Shopline};

/// What the files say of a store's rate limit. It depends on the store's plan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rate {
    /// SHOPLINE: how many requests leak out of the bucket in a second.
    pub(super) per_second: Option<f64>,
    /// SHOPLINE: how many requests the bucket holds.
    pub(super) bucket: Option<u32>,
    /// BigCommerce: the share of the quota that is left to the shop's other apps.
    pub(super) leave: Option<f64>,
}

impl Rate {
    pub(super) fn check(self, shopline: bool) -> Result<(), String> {
        if (self.per_second.is_some() || self.bucket.is_some()) && !shopline {
            return Err(
                "requests_per_second and bucket are for SHOPLINE stores only: BigCommerce tells its quota".to_owned()
            );
        }
        if self.leave.is_some() && shopline {
            return Err("leave_quota is for BigCommerce stores only: SHOPLINE's limit is each app's own".to_owned());
        }
        if self.per_second.is_some_and(|rate| !(rate > 0.0 && rate <= 10_000.0)) {
            return Err("requests_per_second is a number above 0, such as 4".to_owned());
        }
        if self.bucket.is_some_and(|requests| requests < 2) {
            return Err("bucket is how many requests may wait at once, 2 or more, such as 40".to_owned());
        }
        if self.leave.is_some_and(|share| !(0.0..1.0).contains(&share)) {
            return Err("leave_quota is a share from 0 to below 1, such as 0.25".to_owned());
        }
        Ok(())
    }

    pub(super) fn of_shopline(self, builder: Builder<Shopline>) -> Builder<Shopline> {
        if self.per_second.is_none() && self.bucket.is_none() {
            return builder;
        }
        let (requests, per_second) = storelogs::shopline::BUCKET;
        builder.bucket(self.bucket.unwrap_or(requests), self.per_second.unwrap_or(per_second))
    }

    pub(super) fn of_bigcommerce(self, builder: Builder<BigCommerce>) -> Builder<BigCommerce> {
        match self.leave {
            Some(share) => builder.leave_quota(share),
            None => builder,
        }
    }
}
