//! The two platforms.

use std::fmt;

/// A platform whose log the sandbox serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    /// BigCommerce store logs: `/stores/{hash}/v3/store/systemlogs`.
    BigCommerce,
    /// SHOPLINE operation logs: `/admin/openapi/{version}/store/operation_logs.json`.
    Shopline,
}

impl Platform {
    /// The name in lower case: `bigcommerce` or `shopline`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BigCommerce => "bigcommerce",
            Self::Shopline => "shopline",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
