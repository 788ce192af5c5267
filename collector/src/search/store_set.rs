//! A set of stores, as a query may name by a label.

use std::collections::{HashMap, HashSet};

use storelogs::{Platform, Store};

/// Stores by platform and name, whose case does not count. However many they are, one is found at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StoreSet(HashMap<Platform, HashSet<String>>);

impl StoreSet {
    pub(super) fn has(&self, platform: &Platform, name: &str) -> bool {
        let Some(names) = self.0.get(platform) else { return false };
        names.contains(name) || (has_capitals(name) && names.contains(&name.to_ascii_lowercase()))
    }
}

fn has_capitals(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_uppercase())
}

impl<'a> FromIterator<&'a Store> for StoreSet {
    fn from_iter<I: IntoIterator<Item = &'a Store>>(stores: I) -> Self {
        let mut set: HashMap<Platform, HashSet<String>> = HashMap::new();
        for store in stores {
            set.entry(store.platform().clone()).or_default().insert(store.name().to_ascii_lowercase());
        }
        Self(set)
    }
}
