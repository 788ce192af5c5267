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
                "{} is not a store of {platform}: its name is lower-case letters, digits and inner hyphens, 63 at the \
                 most",
                refused(name)
            )));
        }
        Ok(Self::checked(platform, name))
    }
}

/// The name in a text that was pasted in its place: in lower case, without blanks and quotes around it, and without what stands
/// around it in `platform:name` or in an address, of which `find` gets the host and the path.
pub(crate) fn pasted(platform: &Platform, text: &str, find: impl Fn(&str, &str) -> Option<String>) -> String {
    // A container's file of variables keeps the quotes around a value.
    let text = text.trim().trim_matches(['"', '\'']).trim().to_ascii_lowercase();
    let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(&text);
    let of_platform = address.strip_prefix(platform.as_str()).and_then(|rest| rest.strip_prefix(':'));
    let address = of_platform.unwrap_or(address).trim().trim_matches('/');
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let host = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(host, _)| host);
    find(host, path).unwrap_or_else(|| address.to_owned())
}

/// The longest text that an error shows. A longer one may be a secret in the wrong place.
const SHOWN: usize = 24;

/// A text that is no store's name, as an error shows it.
pub(crate) fn refused(text: &str) -> String {
    match text.chars().count() {
        ..=SHOWN => format!("{text:?}"),
        length => format!("a text of {length} characters, not shown as it may be the access token in the wrong place,"),
    }
}

/// Whether a name is more likely an access token: long, and letters and digits in turns, without a hyphen between words.
pub(crate) fn is_like_a_token(name: &str) -> bool {
    let turns = name.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
    name.len() > SHOWN && !name.contains('-') && turns.count() > 5
}

/// Whether a name is a label of a domain in lower case, so that it can move neither the host nor the path of a request.
pub(crate) fn is_dns_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
