//! The names that a store can have.

use crate::error::{Error, Result};
use crate::store::{Platform, Store};

impl Store {
    /// A store of a platform that this crate does not know.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless the name is a DNS label in lower case: up to 63 letters, digits and inner hyphens.
    pub fn of(platform: Platform, name: &str) -> Result<Self> {
        if !is_dns_label(name) {
            return Err(Error::invalid(format!(
                "{name:?} is not a store of {platform}: its name is lower-case letters, digits and inner hyphens, 63 at \
                 the most"
            )));
        }
        Ok(Self::checked(platform, name))
    }
}

/// The name in an address that was pasted in its place, as `find` takes it from the host and the path; else the text.
pub(crate) fn pasted<'a>(text: &'a str, find: impl Fn(&'a str, &'a str) -> Option<&'a str>) -> &'a str {
    let address = text.trim();
    let address = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address);
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    find(host, path).unwrap_or(text)
}

/// Whether a name is a label of a domain in lower case, so that it can move neither the host nor the path of a request.
pub(crate) fn is_dns_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
