//! Facts about an archive's files, found without reading entries.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use storelogs::Store;

use super::side_file::{beside, database_files, is_one_file};
use super::{Archive, open, prunings, row, secret, wal};
use crate::error::{Error, Result};
use crate::micros::Micros;

impl Archive {
    /// Whether a process collects into it at this moment. One that cannot be asked does not.
    pub(crate) fn is_in_use(&self) -> bool {
        matches!(self.lock(), Err(Error::InUse { .. }))
    }

    /// The reason why its lock cannot be used, if it cannot.
    pub(crate) fn lock_fault(&self) -> Option<String> {
        match open::lock(&self.path) {
            // Nobody can collect into a read-only archive.
            Err(Error::Unlockable { .. }) if self.unchanging => None,
            Err(error @ Error::Unlockable { .. }) => Some(error.to_string()),
            _ => None,
        }
    }

    /// The bytes of the file, and how many of them are of empty pages.
    pub(crate) fn size_and_free(&self) -> Result<(u64, u64)> {
        let number = |pragma: &str| {
            let value = self.sql.pragma_query_value(Some("main"), pragma, |row| row.get::<_, i64>(0));
            value.map(i64::unsigned_abs).map_err(|error| self.fault(error))
        };
        let page = number("page_size")?;
        Ok((number("page_count")? * page, number("freelist_count")? * page))
    }

    /// The bytes that its file and its index of words take, with the changes beside them.
    pub fn size_on_disk(&self) -> u64 {
        let size = |database: &Path| fs::metadata(database).map_or(0, |file| file.len()) + wal::size(database);
        size(&self.path) + size(&self.index_path())
    }

    /// The bytes that its disk has room for. `None` if that cannot be found out.
    pub(crate) fn room(&self) -> Option<u64> {
        #[cfg(unix)]
        {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let disk = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
            Some(disk.f_bavail.saturating_mul(disk.f_frsize))
        }
        #[cfg(not(unix))]
        None
    }

    /// Its files that others than their owner may read or write.
    pub(crate) fn open_to_others(&self) -> Vec<PathBuf> {
        let mut files = vec![self.path.clone(), self.secret_path(), self.index_path()];
        for ending in ["-wal", "-shm"] {
            let mut name = self.path.clone().into_os_string();
            name.push(ending);
            files.push(name.into());
        }
        files.retain(|file| is_open(file));
        files
    }

    /// Files that a killed run has left beside it.
    pub(crate) fn left_behind(&self) -> Result<Vec<PathBuf>> {
        let partial = beside(&self.path, ".partial");
        let mut left = database_files(&partial).to_vec();
        // It may be this archive's own, and on its way.
        if self.has_secret_in_place()? {
            left.push(secret::path_of(&partial));
        }
        left.retain(|file| file.exists());
        // A second name of the archive, from a restore that was killed before the first was given away.
        let names = (1..).map(|number| beside(&self.path, &format!(".replaced-{number}")));
        left.extend(names.take_while(|name| name.exists()).filter(|name| is_one_file(name, &self.path)));
        Ok(left)
    }

    /// How far the clocks of platforms were ahead of this machine's, by answers of the last day.
    pub(crate) fn clocks(&self, now: Timestamp) -> Result<Vec<(Store, SignedDuration)>> {
        let since = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
        let find = "SELECT store.platform, store.name, ahead FROM learned JOIN store ON store.id = learned.store \
                    WHERE ahead IS NOT NULL AND heard >= ?1 AND heard <= ?2 ORDER BY 1, 2";
        self.rows(find, [Micros::of(since), Micros::of(now)], |row| {
            let store = row::store(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?)?;
            Ok((store, SignedDuration::from_micros(row.get(2)?)))
        })
    }

    /// Entries that were deleted by another hand, and of which the counts do not know yet.
    pub(crate) fn unsettled(&self) -> Result<u64> {
        let found = self.rows("SELECT count(*) FROM deleted", [], |row| row.get::<_, i64>(0))?;
        Ok(found.into_iter().map(i64::unsigned_abs).sum())
    }

    /// Entries that are pruned and are there still: a pruning was killed.
    pub(crate) fn pruned_and_held(&self) -> Result<u64> {
        let mut held = 0;
        for (id, _) in self.stores()? {
            if prunings::prunings(&self.sql, id).map_err(|error| self.fault(error))?.any().is_some() {
                held += self.prunable(id, &[])?.entries;
            }
        }
        Ok(held)
    }
}

fn is_open(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(file).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = (file, fs::metadata(file));
        false
    }
}
