//! A store as a user names it: in full, or by its name alone if only one fits.

use std::str::FromStr;

use storelogs::Store;
use storelogs_collector::nearest::nearest;

use crate::error::CliError;

/// `bigcommerce:abc123`, the address of its API or shop, or only `abc123`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreName {
    Full(Store),
    Bare(String),
    /// What no store is called, and may be a secret: clap would show it.
    Wrong(String),
}

impl StoreName {
    /// The store that is meant, of those that are known. One named in full need not be.
    pub(crate) fn among<'a>(&self, known: impl IntoIterator<Item = &'a Store>) -> Result<Store, CliError> {
        let name = match self {
            Self::Full(store) => return Ok(store.clone()),
            Self::Bare(name) => name,
            Self::Wrong(why) => return Err(CliError::usage(why.as_str())),
        };
        let known: Vec<&Store> = known.into_iter().collect();
        let fits: Vec<&Store> = known.iter().copied().filter(|store| store.name() == name).collect();
        match fits[..] {
            [one] => Ok(one.clone()),
            [] => {
                if known.is_empty() {
                    let why = "no store is known here, so a name needs its platform: write bigcommerce:HASH or shopline:HANDLE";
                    return Err(CliError::usage(why));
                }
                let why = format!("no store here is called {name}: write bigcommerce:HASH or shopline:HANDLE");
                let hint = match nearest(name, known.iter().map(|store| store.name().to_owned())) {
                    Some(near) => format!("did you mean {near}? The stores are {}", some(&known)),
                    None => format!("the stores are {}", some(&known)),
                };
                Err(CliError::usage(why).hint(&hint))
            }
            [..] => Err(CliError::usage(format!("several stores are called {name}: write {}", some(&fits)))),
        }
    }
}

/// How many stores an error names.
const SHOWN: usize = 8;

fn some(stores: &[&Store]) -> String {
    let names: Vec<String> = stores.iter().take(SHOWN).map(ToString::to_string).collect();
    let rest = if stores.len() > SHOWN { format!(" and {} more", stores.len() - SHOWN) } else { String::new() };
    format!("{}{rest}", names.join(", "))
}

impl FromStr for StoreName {
    type Err = storelogs::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match text.parse::<Store>() {
            Ok(store) => Ok(Self::Full(store)),
            Err(error) => {
                // A name of either platform is one of SHOPLINE's form, or BigCommerce's.
                if let Ok(store) = Store::shopline(text).or_else(|_| Store::bigcommerce(text)) {
                    Ok(Self::Bare(store.name().to_owned()))
                } else if text.len() > LONGEST {
                    Ok(Self::Wrong(error.to_string()))
                } else {
                    Err(error)
                }
            }
        }
    }
}

/// A longer text that is no name is shown nowhere.
const LONGEST: usize = 24;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_enough_where_only_one_store_has_it() {
        let known: Vec<Store> = ["bigcommerce:abc123", "shopline:open001", "shopline:both", "bigcommerce:both"]
            .map(|s| s.parse().unwrap())
            .into();
        let found = |text: &str| text.parse::<StoreName>().unwrap().among(&known).map(|store| store.to_string());
        assert_eq!(found("abc123").unwrap(), "bigcommerce:abc123");
        assert_eq!(found("open001").unwrap(), "shopline:open001");
        assert_eq!(found("shopline:elsewhere").unwrap(), "shopline:elsewhere");
        assert_eq!(found("open001.myshopline.com").unwrap(), "shopline:open001");
        assert_eq!(found(" Open001/ ").unwrap(), "shopline:open001");
        assert_eq!(found("stores/abc123").unwrap(), "bigcommerce:abc123");
        let error = found(&"a1b2".repeat(8)).unwrap_err().to_string();
        assert!(error.starts_with("a text of 32 characters, not shown"), "{error}");
        let error = found("both").unwrap_err().to_string();
        assert!(error.contains("write shopline:both, bigcommerce:both"), "{error}");
        let error = found("nobody").unwrap_err().to_string();
        assert!(error.contains("bigcommerce:abc123, shopline:open001"), "{error}");
        let error = found("opne001").unwrap_err().to_string();
        assert!(error.contains("did you mean open001?"), "{error}");
        assert!("etsy:abc".parse::<StoreName>().is_err() && "a b".parse::<StoreName>().is_err());
    }
}
