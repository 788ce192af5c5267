//! The registry of platforms: those of this crate, and those that a program adds.

use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::facts::PlatformFacts;
use crate::store::Store;
use crate::store_name::refused;
use crate::{bigcommerce, shopline};

/// The platforms of this crate.
static OWN: [&dyn PlatformFacts; 2] = [&bigcommerce::Facts, &shopline::Facts];

/// The platforms that were added.
static ADDED: RwLock<Vec<&'static dyn PlatformFacts>> = RwLock::new(Vec::new());

/// Makes a platform of another crate known to this process: its stores can be parsed, configured and collected from then
/// on. A program does so first of all.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a platform of this name is known already.
pub fn register(facts: &'static dyn PlatformFacts) -> Result<()> {
    let mut added = ADDED.write().unwrap_or_else(PoisonError::into_inner);
    let platform = facts.platform();
    if OWN.iter().chain(added.iter()).any(|known| known.platform() == platform) {
        return Err(Error::invalid(format!("the platform {platform} is known already")));
    }
    added.push(facts);
    Ok(())
}

/// The platforms that are known, those of this crate first.
pub fn known() -> Vec<&'static dyn PlatformFacts> {
    let added = ADDED.read().unwrap_or_else(PoisonError::into_inner);
    OWN.iter().chain(added.iter()).copied().collect()
}

/// The facts of the platform with this name, such as `bigcommerce`. Case does not count: its maker writes BigCommerce.
pub fn named(name: &str) -> Option<&'static dyn PlatformFacts> {
    let is_it = |facts: &&&'static dyn PlatformFacts| facts.platform().as_str().eq_ignore_ascii_case(name);
    let own = OWN.iter().find(is_it).copied();
    own.or_else(|| {
        let added = ADDED.read().unwrap_or_else(PoisonError::into_inner);
        added.iter().find(is_it).copied()
    })
}

/// How a store is written, of each known platform: `bigcommerce:HASH or shopline:HANDLE`.
pub fn usage() -> String {
    let forms: Vec<String> =
        known().iter().map(|facts| format!("{}:{}", facts.platform(), facts.placeholder())).collect();
    match forms.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => forms.concat(),
    }
}

impl FromStr for Store {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let written = text.split_once(':').and_then(|(platform, name)| Some((named(platform)?, name)));
        // An address says by itself whose it is.
        let address = || known().into_iter().find(|facts| facts.is_address(text)).map(|facts| (facts, text));
        match written.or_else(address) {
            Some((facts, name)) => facts.store(name),
            None => Err(Error::invalid(format!("{} is not a store: write {}", refused(text), usage()))),
        }
    }
}
