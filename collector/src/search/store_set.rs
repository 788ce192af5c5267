//! A set of stores, as a query may name by a label.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use storelogs::{Platform, Store};

/// Stores by platform and name, whose case does not count. However many they are, one is found at once, and a copy costs nothing:
/// a query is copied for each store that it is asked of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StoreSet(Arc<HashMap<Platform, HashSet<String>>>);

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
        Self(Arc::new(set))
    }
}
