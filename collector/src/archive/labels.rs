//! The names, owners and tags of stores from the configuration, kept so that reports and searches know them without it.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{TransactionBehavior, params};
use serde::Serialize;
use storelogs::Store;

use super::{Archive, StoreId};
use crate::error::{Error, Result};

/// The name, owner and tags of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Labels {
    /// The name that people use for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whose it is. Stores of one owner may be each other's cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Its tags.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
}

impl Labels {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let name = self.name.as_deref().map(|value| ("name", value));
        let owner = self.owner.as_deref().map(|value| ("owner", value));
        name.into_iter().chain(owner).chain(self.tags.iter().map(|value| ("tag", value.as_str())))
    }

    fn add(&mut self, kind: &str, value: String) {
        match kind {
            "name" => self.name = Some(value),
            "owner" => self.owner = Some(value),
            "tag" => drop(self.tags.insert(value)),
            _ => {} // of a newer version
        }
    }
}

impl Archive {
    /// Keeps the labels of these stores, of those that the archive knows; other stores keep theirs. Writes nothing if
    /// nothing has changed.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn keep_labels<'a>(&mut self, labels: impl IntoIterator<Item = (&'a Store, &'a Labels)>) -> Result<()> {
        let known = self.labels()?;
        let ids: HashMap<Store, StoreId> = self.stores()?.into_iter().map(|(id, store)| (store, id)).collect();
        let changed: Vec<(StoreId, &Labels)> = labels
            .into_iter()
            .filter_map(|(store, labels)| Some((*ids.get(store)?, labels)))
            .filter(|(id, labels)| known.get(id).map_or(!labels.is_empty(), |known| known != *labels))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let path = &self.path;
        let fault = |error: rusqlite::Error| Error::of(path, error);
        let change = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        for (id, labels) in changed {
            change
                .prepare_cached("DELETE FROM label WHERE store = ?1")
                .and_then(|mut old| old.execute([id.0]))
                .map_err(fault)?;
            for (kind, value) in labels.rows() {
                let mut add = change
                    .prepare_cached("INSERT INTO label (store, kind, value) VALUES (?1, ?2, ?3)")
                    .map_err(fault)?;
                add.execute(params![id.0, kind, value]).map_err(fault)?;
            }
        }
        change.commit().map_err(fault)
    }

    /// The labels of each store that has any.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn labels(&self) -> Result<HashMap<StoreId, Labels>> {
        let rows = self.rows("SELECT store, kind, value FROM label", [], |row| {
            Ok((StoreId(row.get(0)?), row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let mut labels: HashMap<StoreId, Labels> = HashMap::new();
        for (store, kind, value) in rows {
            labels.entry(store).or_default().add(&kind, value);
        }
        Ok(labels)
    }
}
