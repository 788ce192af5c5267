//! A set of stores, as a query may name by a label.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use storelogs::{Platform, Store};

/// How many stores are few enough to look up one by one.
const FEW: usize = 16;

/// Stores by platform and name, whose case does not count. However many they are, one is found at once, and a copy costs nothing:
/// a query is copied for each store that it is asked of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StoreSet(Arc<Stores>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Stores {
    names: HashMap<Platform, HashSet<String>>,
    /// The first of them, as they were named.
    first: Vec<Store>,
}

impl StoreSet {
    pub(super) fn has(&self, platform: &Platform, name: &str) -> bool {
        let Some(names) = self.0.names.get(platform) else { return false };
        names.contains(name) || (has_capitals(name) && names.contains(&name.to_ascii_lowercase()))
    }

    /// All of them, if they are few.
    pub(super) fn few(&self) -> Option<&[Store]> {
        (self.0.first.len() <= FEW).then_some(&self.0.first)
    }
}

fn has_capitals(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_uppercase())
}

impl<'a> FromIterator<&'a Store> for StoreSet {
    fn from_iter<I: IntoIterator<Item = &'a Store>>(stores: I) -> Self {
        let mut set = Stores::default();
        for store in stores {
            let names = set.names.entry(store.platform().clone()).or_default();
            if names.insert(store.name().to_ascii_lowercase()) && set.first.len() <= FEW {
                set.first.push(store.clone());
            }
        }
        Self(Arc::new(set))
    }
}
