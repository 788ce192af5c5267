//! The current state of a table, read from its log, beginning at the newest checkpoint.

use std::collections::BTreeMap;

use super::action::{Add, Line, Metadata, Protocol, Remove};
use super::{checkpoint, commit_file};
use crate::error::{Error, Result};
use crate::storage::Storage;

/// The state of the table at a version.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    /// The version. `None`: there is no table yet.
    pub(super) version: Option<i64>,
    pub(super) protocol: Option<Protocol>,
    pub(super) metadata: Option<Metadata>,
    /// The files that count, by their addresses.
    pub(super) files: BTreeMap<String, Add>,
    /// Files that counted once.
    pub(super) removed: BTreeMap<String, Remove>,
    /// The progress of each application.
    pub(super) transactions: BTreeMap<String, i64>,
    /// The version of the newest checkpoint.
    pub(super) checkpoint: Option<i64>,
    /// Whether the hint to it is right.
    pub(super) hint_is_right: bool,
}

/// The folder of a table's log.
pub(super) fn folder(table: &str) -> String {
    format!("{table}/_delta_log")
}

impl Snapshot {
    /// The present state.
    pub(super) fn read(storage: &dyn Storage, table: &str) -> Result<Self> {
        let folder = folder(table);
        let named = |name: &str| format!("{folder}/{name}");
        let damaged = |name: &str, why: String| Error::Log { file: storage.full_name(&named(name)), why };
        let listed = storage.list(&folder)?;
        let names: Vec<&str> =
            listed.iter().filter_map(|file| file.name.strip_prefix(&folder)?.strip_prefix('/')).collect();
        let mut snapshot = Self::default();
        let newest = names.iter().filter_map(|name| checkpoint::version_of(name)).max();
        let commits = || names.iter().filter_map(|name| commit_file::version_of(name));
        if newest.is_none()
            && commits().min().is_none_or(|first| first > 0)
            && let Some(name) = names.iter().find(|name| checkpoint::is_of_another_form(name))
        {
            return Err(damaged(name, "it is a checkpoint in a form that this program does not read".to_owned()));
        }
        if let Some(version) = newest {
            let name = checkpoint::name(version);
            let content = storage.read(&named(&name))?.unwrap_or_default();
            let lines = checkpoint::read(content).map_err(|why| {
                damaged(
                    &name,
                    format!("{why}; restore it from a backup, or remove it if every commit since 0 is there"),
                )
            })?;
            lines.into_iter().for_each(|line| snapshot.apply(line));
            (snapshot.version, snapshot.checkpoint) = (Some(version), Some(version));
        }
        let hint = storage.read(&named(checkpoint::LAST))?;
        snapshot.hint_is_right = match (hint, newest) {
            (None, None) => true,
            (Some(hint), _) => serde_json::from_slice::<checkpoint::Hint>(&hint)
                .is_ok_and(|hint| hint.parts.is_none() && names.contains(&&*checkpoint::name(hint.version))),
            (None, Some(_)) => false,
        };
        let mut after: Vec<i64> = commits().filter(|version| newest.is_none_or(|newest| *version > newest)).collect();
        after.sort_unstable();
        for version in after {
            let expected = snapshot.version.map_or(0, |before| before + 1);
            if version != expected {
                return Err(damaged(
                    &commit_file::name(expected),
                    format!("it is missing, and {} is there; restore it from a backup", commit_file::name(version)),
                ));
            }
            snapshot.follow(storage, table, version)?;
        }
        Ok(snapshot)
    }

    /// Takes up the commit of the next version. Whether it is there.
    pub(super) fn follow(&mut self, storage: &dyn Storage, table: &str, version: i64) -> Result<bool> {
        let name = format!("{}/{}", folder(table), commit_file::name(version));
        let Some(content) = storage.read(&name)? else { return Ok(false) };
        let lines = commit_file::read(&content).map_err(|why| Error::Log {
            file: storage.full_name(&name),
            why: format!(
                "{why}; restore it from a backup. If it is the newest one and cannot be restored, remove it: what it \
                 held is exported again"
            ),
        })?;
        lines.into_iter().for_each(|line| self.apply(line));
        self.version = Some(version);
        Ok(true)
    }

    /// Takes up an action.
    pub(super) fn apply(&mut self, line: Line) {
        if let Some(protocol) = line.protocol {
            self.protocol = Some(protocol);
        }
        if let Some(metadata) = line.meta_data {
            self.metadata = Some(metadata);
        }
        if let Some(txn) = line.txn {
            self.transactions.insert(txn.app_id, txn.version);
        }
        if let Some(remove) = line.remove {
            self.files.remove(&remove.path);
            self.removed.insert(remove.path.clone(), remove);
        }
        if let Some(add) = line.add {
            self.removed.remove(&add.path);
            self.files.insert(add.path.clone(), add);
        }
    }
}
