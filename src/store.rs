//! Stores: a platform, and the store's name on it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::platform;

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
    /// A BigCommerce store by its hash, the part after `/stores/` in its API path. The whole API path is understood too, as
    /// the control panel shows it, and the address `store-HASH.mybigcommerce.com`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless the hash is 1 to 64 lower-case letters and digits.
    pub fn bigcommerce(hash: &str) -> Result<Self, Error> {
        let hash = pasted(hash, |host, path| match host {
            "api.bigcommerce.com" => path.strip_prefix("stores/")?.split('/').next(),
            _ => host.strip_prefix("store-")?.strip_suffix(".mybigcommerce.com"),
        });
        let fine = (1..=64).contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !fine {
            return Err(Error::invalid(format!(
                "{hash:?} is not a BigCommerce store hash: it is lower-case letters and digits only, the part after \
                 /stores/ in the API path"
            )));
        }
        Ok(Self { platform: Platform::BIGCOMMERCE, name: hash.into() })
    }

    /// A SHOPLINE store by its handle, the first label of its domain: `open001` of `open001.myshopline.com`. The whole address
    /// is understood too.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless the handle is a DNS label in lower case: letters, digits and inner hyphens.
    pub fn shopline(handle: &str) -> Result<Self, Error> {
        let handle = pasted(handle, |host, _| host.strip_suffix(".myshopline.com"));
        if !is_dns_label(handle) {
            return Err(Error::invalid(format!(
                "{handle:?} is not a SHOPLINE handle: it is lower-case letters, digits and hyphens, the part before \
                 .myshopline.com"
            )));
        }
        Ok(Self { platform: Platform::SHOPLINE, name: handle.into() })
    }

    /// A store of a platform that this crate does not know.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless the name is a DNS label in lower case: up to 63 letters, digits and inner hyphens.
    pub fn of(platform: Platform, name: &str) -> Result<Self, Error> {
        if !is_dns_label(name) {
            return Err(Error::invalid(format!(
                "{name:?} is not a store of {platform}: its name is lower-case letters, digits and inner hyphens, 63 at \
                 the most"
            )));
        }
        Ok(Self { platform, name: name.into() })
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

/// The name in an address that was pasted in its place, as `find` takes it from the host and the path; else the text.
fn pasted<'a>(text: &'a str, find: impl Fn(&'a str, &'a str) -> Option<&'a str>) -> &'a str {
    let address = text.trim();
    let address = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address);
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    find(host, path).unwrap_or(text)
}

fn is_dns_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

impl FromStr for Store {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let known = text.split_once(':').and_then(|(platform, name)| Some((platform::named(platform)?, name)));
        match known {
            Some((facts, name)) => facts.store(name),
            // An address says by itself whose it is.
            None if text.contains(".bigcommerce.com/stores/") || text.contains(".mybigcommerce.com") => {
                Self::bigcommerce(text)
            }
            None if text.contains(".myshopline.com") => Self::shopline(text),
            None => Err(Error::invalid(format!("{text:?} is not a store: write {}", platform::usage()))),
        }
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
