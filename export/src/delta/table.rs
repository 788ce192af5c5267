//! One table: its definition, its current state, and commits to it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::action::{Add, Format, Line, Metadata, Protocol, Remove, Txn};
use super::log::{self, Snapshot};
use super::{checkpoint, commit_file};
use crate::columns::{Column, delta_schema, statistics_columns};
use crate::error::{Error, Result};
use crate::name::uuid;
use crate::storage::{Creation, Storage};

/// The definition of a table in the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition {
    /// The name, and that of its folder.
    pub(crate) name: &'static str,
    /// Its content, in a sentence.
    pub(crate) description: &'static str,
    pub(crate) columns: &'static [Column],
    /// The columns that its folders are named by.
    pub(crate) partitions: &'static [&'static str],
}

/// A table and what counts in it.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(crate) definition: Definition,
    pub(super) snapshot: Snapshot,
}

/// A number that one application has come to, from another.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) application: String,
    /// Its number before the commit, which is void if the number is another by now.
    pub(crate) from: Option<i64>,
    pub(crate) to: i64,
}

/// The change of a commit: all of it, or nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    /// The kind of change, for people.
    pub(crate) operation: &'static str,
    pub(crate) adds: Vec<Add>,
    pub(crate) removes: Vec<Remove>,
    pub(crate) transactions: Vec<Transaction>,
}

/// The outcome of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Committed,
    /// Another writer did the same before, or removed what it rests on. Nothing was changed.
    Overtaken,
}

/// Versions of the protocol that ask for nothing that this program does not do.
const PROTOCOL: Protocol = Protocol { min_reader_version: 1, min_writer_version: 2 };

/// A table in which the numbers of applications are forgotten after a while: an export would begin again.
const FORGETS_TRANSACTIONS: &str = "delta.setTransactionRetentionDuration";

/// Settings that change what a commit has to hold.
const REFUSED: [&str; 5] = [
    FORGETS_TRANSACTIONS,
    "delta.enableDeletionVectors",
    "delta.enableChangeDataFeed",
    "delta.enableInCommitTimestamps",
    "delta.columnMapping.mode",
];

/// The property that names the columns whose least and greatest values writers keep in the table's log. With it, other
/// programs keep no texts there that may name a person; without it they do so for every column when they compact files.
const STATISTICS: &str = "delta.dataSkippingStatsColumns";

/// The number of commits after which there is a checkpoint.
const CHECKPOINT_EVERY: i64 = 10;

/// How often a writer tries the next number before it gives up.
const MOST_TRIES: u32 = 200;

/// How long a writer may take from its first file to the commit. Orphans are removed much later.
pub(crate) const COMMITS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

impl<'a> Table<'a> {
    /// The table, if there is one.
    pub(crate) fn find(storage: &'a dyn Storage, definition: Definition) -> Result<Option<Self>> {
        let snapshot = Snapshot::read(storage, definition.name)?;
        let table = Self { storage, definition, snapshot };
        if table.snapshot.version.is_none() {
            return Ok(None);
        }
        table.check()?;
        Ok(Some(table))
    }

    /// The table, which is made if there is none. What is amiss around its log is put right.
    pub(crate) fn open(storage: &'a dyn Storage, definition: Definition, now: Timestamp) -> Result<Self> {
        let mut table = match Self::find(storage, definition)? {
            Some(table) => table,
            None => Self::make(storage, definition, now)?,
        };
        if !table.snapshot.hint_is_right {
            table.write_hint()?;
        }
        Ok(table)
    }

    fn make(storage: &'a dyn Storage, definition: Definition, now: Timestamp) -> Result<Self> {
        let metadata = Metadata {
            id: uuid(),
            name: Some(definition.name.to_owned()),
            description: Some(definition.description.to_owned()),
            format: Format { provider: "parquet".to_owned(), options: BTreeMap::new() },
            schema_string: delta_schema(definition.columns, definition.partitions),
            partition_columns: definition.partitions.iter().map(|&name| name.to_owned()).collect(),
            configuration: [(STATISTICS.to_owned(), statistics_columns(definition.columns))].into(),
            created_time: Some(now.as_millisecond()),
        };
        let lines = [
            Line { protocol: Some(PROTOCOL), ..Line::default() },
            Line { meta_data: Some(metadata), ..Line::default() },
        ];
        let mut table = Self { storage, definition, snapshot: Snapshot::default() };
        let name = format!("{}/{}", log::folder(definition.name), commit_file::name(0));
        let content =
            commit_file::content("CREATE TABLE", &lines, now).map_err(|error| table.unwritable(&name, error))?;
        // A faster writer made the same table.
        storage.create(&name, &content)?;
        table.snapshot = Snapshot::read(storage, definition.name)?;
        table.check()?;
        Ok(table)
    }

    fn unwritable(&self, name: &str, error: serde_json::Error) -> Error {
        Error::Storage { file: self.storage.full_name(name), why: error.into() }
    }

    /// The address, for messages.
    pub(crate) fn address(&self) -> String {
        self.storage.full_name(self.definition.name)
    }

    /// The name of a file of the table in the storage.
    pub(crate) fn file_name(&self, name: &str) -> String {
        format!("{}/{name}", self.definition.name)
    }

    /// The version.
    pub(crate) fn version(&self) -> i64 {
        self.snapshot.version.unwrap_or_default()
    }

    /// The files that count.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Add> {
        self.snapshot.files.values()
    }

    /// The progress of an application.
    pub(crate) fn transaction(&self, application: &str) -> Option<i64> {
        self.snapshot.transactions.get(application).copied()
    }

    /// Whether it is a table that this program may write.
    fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::Table { table: self.address(), why });
        let (Some(protocol), Some(metadata)) = (&self.snapshot.protocol, &self.snapshot.metadata) else {
            return refuse(
                "its log does not say what it is: restore its first commit, or use another folder".to_owned(),
            );
        };
        if protocol.min_reader_version > PROTOCOL.min_reader_version
            || protocol.min_writer_version > PROTOCOL.min_writer_version
        {
            return refuse(format!(
                "another program has changed it to reader version {} and writer version {}, and this one writes 1 and 2: \
                 export into a new folder",
                protocol.min_reader_version, protocol.min_writer_version
            ));
        }
        if let Some(setting) = REFUSED.iter().find(|name| {
            metadata.configuration.get(**name).is_some_and(|value| !matches!(value.as_str(), "false" | "none"))
        }) {
            let why = if *setting == FORGETS_TRANSACTIONS {
                "with it the table forgets up to where it was exported, and everything would come twice"
            } else {
                "this program does not write such tables"
            };
            return refuse(format!("{setting} is set, and {why}: unset it, or export into a new folder"));
        }
        let expected = delta_schema(self.definition.columns, self.definition.partitions);
        let of = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        if of(&metadata.schema_string) != of(&expected) || metadata.partition_columns != self.definition.partitions {
            return refuse("its columns are not those that this program writes: export into a new folder".to_owned());
        }
        Ok(())
    }

    /// Commits a change that was begun at a time.
    pub(crate) fn commit(&mut self, change: &Change, [begun, now]: [Timestamp; 2]) -> Result<Outcome> {
        let lines = change.lines(now);
        let folder = log::folder(self.definition.name);
        let content =
            commit_file::content(change.operation, &lines, now).map_err(|error| self.unwritable(&folder, error))?;
        for _ in 0..MOST_TRIES {
            if !self.rests_on(change) {
                return Ok(Outcome::Overtaken);
            }
            if now.duration_since(begun) > COMMITS_WITHIN {
                return Err(Error::TooSlow { table: self.address() });
            }
            let version = self.version() + 1;
            let name = format!("{folder}/{}", commit_file::name(version));
            if self.storage.create(&name, &content)? == Creation::Created {
                lines.into_iter().for_each(|line| self.snapshot.apply(line));
                self.snapshot.version = Some(version);
                self.checkpoint_if_due(now)?;
                return Ok(Outcome::Committed);
            }
            let before = (self.snapshot.protocol.clone(), self.snapshot.metadata.clone());
            if !self.snapshot.follow(self.storage, self.definition.name, version)? {
                // Made and gone: somebody puts the folder back to an older state.
                return Err(Error::Log {
                    file: self.storage.full_name(&name),
                    why: "it came and went while it was read; run it again when nobody changes the folder".to_owned(),
                });
            }
            if before != (self.snapshot.protocol.clone(), self.snapshot.metadata.clone()) {
                self.check()?;
            }
        }
        Err(Error::Beaten { table: self.address() })
    }

    /// Whether everything is as a change takes it to be.
    fn rests_on(&self, change: &Change) -> bool {
        let at = |transaction: &Transaction| self.transaction(&transaction.application) == transaction.from;
        let there = |remove: &Remove| self.snapshot.files.contains_key(&remove.path);
        change.transactions.iter().all(at) && change.removes.iter().all(there)
    }

    fn checkpoint_if_due(&mut self, now: Timestamp) -> Result<()> {
        let since = self.version() - self.snapshot.checkpoint.unwrap_or_default();
        if since >= CHECKPOINT_EVERY { self.checkpoint(now) } else { Ok(()) }
    }

    /// Writes a checkpoint. What counted long ago is removed before it is left out.
    pub(crate) fn checkpoint(&mut self, now: Timestamp) -> Result<()> {
        self.remove_expired(now)?;
        let snapshot = &self.snapshot;
        let line = Line::default;
        let mut lines = vec![
            Line { protocol: snapshot.protocol.clone(), ..line() },
            Line { meta_data: snapshot.metadata.clone(), ..line() },
        ];
        lines.extend(snapshot.transactions.iter().map(|(app_id, version)| {
            let txn = Txn { app_id: app_id.clone(), version: *version, last_updated: Some(now.as_millisecond()) };
            Line { txn: Some(txn), ..line() }
        }));
        lines.extend(snapshot.files.values().map(|add| {
            // Files in a checkpoint are no change of data.
            Line { add: Some(Add { data_change: false, ..add.clone() }), ..line() }
        }));
        lines.extend(snapshot.removed.values().map(|remove| {
            let remove = Remove { data_change: false, ..remove.clone() };
            Line { remove: Some(remove), ..line() }
        }));
        let version = self.version();
        let name = format!("{}/{}", log::folder(self.definition.name), checkpoint::name(version));
        let fault = |why| Error::Parquet { file: self.storage.full_name(&name), why };
        let content = checkpoint::content(&lines).map_err(fault)?;
        // All writers of a version's checkpoint write the same.
        self.storage.replace(&name, &content)?;
        self.snapshot.checkpoint = Some(version);
        self.write_hint()?;
        self.remove_expired_log(now)
    }

    /// Writes the hint where readers begin to look: a hint that points at nothing would stop them all.
    fn write_hint(&mut self) -> Result<()> {
        let name = format!("{}/{}", log::folder(self.definition.name), checkpoint::LAST);
        match self.snapshot.checkpoint {
            Some(version) => {
                let size =
                    self.snapshot.files.len() + self.snapshot.removed.len() + self.snapshot.transactions.len() + 2;
                let hint = checkpoint::Hint { version, size: size as u64, parts: None };
                let content = serde_json::to_vec(&hint).map_err(|error| self.unwritable(&name, error))?;
                self.storage.replace(&name, &content)?;
            }
            None => self.storage.remove(&name)?,
        }
        self.snapshot.hint_is_right = true;
        Ok(())
    }
}

impl Change {
    fn lines(&self, now: Timestamp) -> Vec<Line> {
        let line = Line::default;
        let txns = self.transactions.iter().map(|transaction| {
            let txn = Txn {
                app_id: transaction.application.clone(),
                version: transaction.to,
                last_updated: Some(now.as_millisecond()),
            };
            Line { txn: Some(txn), ..line() }
        });
        let removes = self.removes.iter().map(|remove| Line { remove: Some(remove.clone()), ..line() });
        let adds = self.adds.iter().map(|add| Line { add: Some(add.clone()), ..line() });
        txns.chain(removes).chain(adds).collect()
    }
}
