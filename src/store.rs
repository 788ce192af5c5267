//! Stores: a platform, and the store's name on it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A commerce platform, by its short lower-case name.
///
/// An open set: another crate can add a platform with [`Platform::new`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Platform(Cow<'static, str>);

impl Platform {
    /// `bigcommerce`
    pub const BIGCOMMERCE: Self = Self(Cow::Borrowed("bigcommerce"));
    /// `shopline`
    pub const SHOPLINE: Self = Self(Cow::Borrowed("shopline"));

    /// A platform that this crate does not know. The name should be short and lower-case.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name, such as `bigcommerce`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One store, written `platform:name`, such as `bigcommerce:abc123` or `shopline:open001`.
///
/// The name is checked when a `Store` is made, so it can move neither the host nor the path of a request:
/// a BigCommerce store hash is lower-case letters and digits, a SHOPLINE handle is a DNS label.
///
/// ```
/// let store: storelogs::Store = "shopline:open001".parse()?;
/// assert_eq!(store.platform(), &storelogs::Platform::SHOPLINE);
/// assert!("shopline:evil.com/".parse::<storelogs::Store>().is_err());
/// # Ok::<(), storelogs::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Store {
    platform: Platform,
    name: Arc<str>,
}

impl Store {
    /// A store whose name was checked.
    pub(crate) fn checked(platform: Platform, name: &str) -> Self {
        Self { platform, name: name.into() }
    }

    /// The platform the store is on.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// The store hash or handle.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}:{}", self.platform, self.name))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({self})")
    }
}
