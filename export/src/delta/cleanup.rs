//! Removal of what nobody needs any more: replaced files, orphans, and the log's beginning.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::action::Remove;
use super::{Table, checkpoint, commit_file, log};
use crate::error::Result;
use crate::name::of_address;

/// How long a replaced file stays: somebody may be reading an older version of the table.
const REMOVED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a file that no log mentions may belong to a writer at work. Ours commit within an hour.
const WRITERS_NEED: SignedDuration = SignedDuration::from_hours(24);

/// How long the log keeps older versions.
const LOG_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The files that were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Files of which no log speaks: of writers that were killed or beaten.
    pub orphans: u64,
    /// Files that counted, and are missing.
    pub missing: u64,
}

impl Table<'_> {
    /// Removes files that counted once, if that is long ago.
    pub(super) fn remove_expired(&mut self, now: Timestamp) -> Result<()> {
        let is_expired = |remove: &Remove| {
            let at = remove.deletion_timestamp.and_then(|at| Timestamp::from_millisecond(at).ok());
            at.is_none_or(|at| now.duration_since(at) > REMOVED_FOR)
        };
        self.drop_removed(is_expired)
    }

    /// Removes files that counted once, if `which` says so.
    pub(super) fn drop_removed(&mut self, which: impl Fn(&Remove) -> bool) -> Result<()> {
        let expired: Vec<String> =
            self.snapshot.removed.values().filter(|remove| which(remove)).map(|remove| remove.path.clone()).collect();
        for path in expired {
            if let Some(name) = of_address(&path) {
                self.storage.remove(&self.file_name(&name))?;
            }
            self.snapshot.removed.remove(&path);
        }
        Ok(())
    }

    /// Removes what the log says of versions of long ago.
    pub(super) fn remove_expired_log(&self, now: Timestamp) -> Result<()> {
        self.remove_log(|written| now.duration_since(written) > LOG_FOR)
    }

    fn remove_log(&self, which: impl Fn(Timestamp) -> bool) -> Result<()> {
        let Some(kept) = self.snapshot.checkpoint else { return Ok(()) };
        let folder = log::folder(self.definition.name);
        for file in self.storage.list(&folder)? {
            let own = file.name.rsplit('/').next().unwrap_or_default();
            let version = commit_file::version_of(own).or(checkpoint::version_of(own));
            if version.is_some_and(|version| version < kept) && which(file.written) {
                self.storage.remove(&file.name)?;
            }
        }
        Ok(())
    }

    /// Removes every file that counts no more, and what the log says of versions before this one. Nobody can read those
    /// from then on.
    pub(crate) fn drop_history(&mut self, now: Timestamp) -> Result<()> {
        self.drop_removed(|_| true)?;
        self.checkpoint(now)?;
        self.remove_log(|_| true)
    }

    /// Removes the files of writers that were killed or beaten, unless they may still be at work.
    pub(crate) fn clean(&mut self, now: Timestamp) -> Result<Cleaned> {
        let known = self.snapshot.files.keys().chain(self.snapshot.removed.keys());
        let known: HashSet<String> =
            known.filter_map(|path| of_address(path)).map(|name| self.file_name(&name)).collect();
        let mut cleaned = Cleaned::default();
        let mut there = HashSet::new();
        let mut orphans = Vec::new();
        for file in self.storage.list(self.definition.name)? {
            let own = file.name.rsplit('/').next().unwrap_or_default();
            let is_ours =
                own.starts_with(".unfinished-") || (own.ends_with(".parquet") && !own.contains(".checkpoint."));
            if is_ours && !known.contains(&file.name) && now.duration_since(file.written) > WRITERS_NEED {
                orphans.push(file.name);
            } else {
                there.insert(file.name);
            }
        }
        // Files that were committed while the list was made are no orphans.
        let newer = log::Snapshot::read(self.storage, self.definition.name)?;
        let counts: HashSet<String> = newer.files.keys().filter_map(|path| of_address(path)).collect();
        for name in orphans {
            let own = name.strip_prefix(&self.file_name("")).unwrap_or_default();
            if !counts.contains(own) {
                self.storage.remove(&name)?;
                cleaned.orphans += 1;
            }
        }
        let files = self.snapshot.files.keys().filter_map(|path| of_address(path));
        cleaned.missing = files.filter(|name| !there.contains(&self.file_name(name))).count() as u64;
        Ok(cleaned)
    }
}
