//! The entries that the writer wrote and that the index of words does not have yet. It is brought up to date between two
//! commits, in steps: whoever waits for a commit waits for one step at most.

use crate::archive::Archive;
use crate::error::Result;

/// With this many entries it is time to catch up. Words are sorted once for many pages, and not page by page.
const MANY: u64 = 100_000;
/// The fewest entries of a step: a tenth of a second's work.
const STEP: u64 = 10_000;
/// How many times as many entries are indexed after a commit as came with it, so that the backlog becomes smaller.
const PACE: u64 = 2;

/// How many entries wait to be indexed, about, and whether it is time.
pub(super) struct Backlog {
    entries: u64,
    catching_up: bool,
}

impl Backlog {
    pub(super) fn of(archive: &Archive) -> Self {
        Self { entries: archive.unindexed().unwrap_or_default(), catching_up: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Takes note of a commit with this many entries that are new or changed. Takes a step when it is time.
    pub(super) fn after_commit(&mut self, archive: &mut Archive, entries: u64) {
        self.entries += entries;
        self.catching_up |= self.entries >= MANY;
        if self.catching_up {
            self.step(archive, STEP.max(PACE * entries));
        }
    }

    /// Takes a step while there is nothing else to do.
    pub(super) fn while_idle(&mut self, archive: &mut Archive) {
        self.step(archive, STEP);
    }

    /// Indexes all of it.
    pub(super) fn finish(&mut self, archive: &mut Archive) {
        let done = archive.index_words(usize::MAX).map(|_| 0);
        self.note(done);
    }

    fn step(&mut self, archive: &mut Archive, most: u64) {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let left = archive.index_step(most).and_then(|more| if more { archive.unindexed() } else { Ok(0) });
        self.note(left);
    }

    /// If a step fails, a search does it, or goes without.
    fn note(&mut self, left: Result<u64>) {
        self.entries = left.unwrap_or_else(|error| {
            tracing::warn!(target: "storelogs::sync", reason = %error, "the index of words could not be brought up to date");
            0
        });
        self.catching_up &= self.entries > 0;
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use storelogs::{LogEntry, Store};
    use tempfile::TempDir;

    use super::*;
    use crate::archive::Commit;

    /// An archive whose index has everything but this many entries.
    fn archive_with_unindexed(entries: u64) -> (TempDir, Archive) {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
        let store = Store::bigcommerce("abc123").unwrap();
        let entry = |id: u64| LogEntry::new(&store, id.to_string(), Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        let id = archive.add_store(&store).unwrap();
        archive.commit([(id, &Commit { entries: vec![entry(0)], ..Commit::default() })]).unwrap();
        archive.index_words(usize::MAX).unwrap();
        let commit = Commit { entries: (1..=entries).map(entry).collect(), ..Commit::default() };
        archive.commit([(id, &commit)]).unwrap();
        (folder, archive)
    }

    #[test]
    fn from_a_large_backlog_on_each_commit_is_followed_by_one_step_until_all_is_indexed() {
        let (_folder, mut archive) = archive_with_unindexed(STEP + 1_000);
        let mut backlog = Backlog { entries: MANY - 2, catching_up: false };
        let mut left_after_a_commit = || {
            backlog.after_commit(&mut archive, 1);
            archive.unindexed().unwrap()
        };
        assert_eq!([(); 3].map(|()| left_after_a_commit()), [STEP + 1_000, 1_000, 0]);
        assert!(!backlog.catching_up);
    }

    #[test]
    fn more_is_indexed_after_a_commit_than_came_with_it() {
        let (_folder, mut archive) = archive_with_unindexed(2 * STEP);
        let mut backlog = Backlog { entries: MANY, catching_up: true };
        backlog.after_commit(&mut archive, STEP);
        assert_eq!(archive.unindexed().unwrap(), 0);
    }
}
