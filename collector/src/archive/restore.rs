//! Restoring a backup. Killed at any moment, it leaves a whole archive under the archive's name: that of before, or the
//! restored one. What was forgotten is taken out of the copy before that gets the name.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use storelogs::{Severity, Store};

use super::backup::{begun, copy, fold_changes_in, is_same, remove};
use super::erase::Tombstone;
use super::prunings::Prunings;
use super::side_file::{beside, is_one_file, is_there, make_folder, sync_folder, target};
use super::{Archive, Lock, open, secret, wal};
use crate::error::{Error, Result};

/// An archive that was restored.
#[derive(Debug)]
pub struct Restored {
    /// The archive.
    pub archive: Archive,
    /// What stood in its place, under the name that it has now.
    pub replaced: Option<PathBuf>,
    /// The stores of which entries are back that had been pruned since, while something was forgotten: no tombstone
    /// was made of pruned entries, so they may be among what was to be forgotten.
    pub unpruned: Vec<Store>,
}

impl Archive {
    /// Begins to put a backup in the place of an archive. What stands there is kept beside it under another name, and what that
    /// has forgotten since will not be in the restored archive either.
    ///
    /// # Errors
    /// If the backup is none; if an archive is there and is not to be replaced, is in use, or does not say what it has
    /// forgotten. Then nothing was changed.
    pub fn restore(backup: &Path, archive: &Path, replace: bool) -> Result<Restore> {
        let (backup, archive) = (target(backup.to_owned()), target(archive.to_owned()));
        if !is_there(&backup)? || backup.is_dir() {
            return Err(Error::NoBackup { path: backup });
        }
        let source = match Self::look(backup.clone()) {
            Err(Error::Empty { path }) => return Err(Error::NoBackup { path }),
            looked => looked?.1,
        };
        if is_same(&backup, &archive) {
            return Err(Error::Itself { path: backup });
        }
        let replaces = fs::metadata(&archive).is_ok_and(|file| file.len() > 0);
        if !replaces && wal::size(&archive) > 0 {
            return Err(Error::Orphaned { path: archive });
        }
        if replaces && !replace {
            return Err(Error::Occupied { path: archive });
        }
        make_folder(&archive).map_err(|error| Error::of_file(&archive, error))?;
        let lock = open::lock(&archive)?;
        let before = if replaces { Some(Before::of(&archive)?) } else { None };
        let partial = beside(&archive, ".partial");
        Ok(Restore { source, backup, archive, partial, before, lock })
    }
}

/// A backup on its way into the place of an archive.
pub struct Restore {
    source: Archive,
    backup: PathBuf,
    archive: PathBuf,
    /// Where the copy grows.
    partial: PathBuf,
    before: Option<Before>,
    lock: Lock,
}

impl Restore {
    /// The files that it begins beside the archive. Whoever ends the process before [`copy`](Self::copy) has returned can
    /// remove them; else the next one does. Afterwards they have to stay: the archive's secret is among them.
    pub fn begun(&self) -> Vec<PathBuf> {
        begun(&self.partial)
    }

    /// Copies the backup, verifies the copy, and makes it what is to stand in the archive's place.
    ///
    /// # Errors
    /// If the backup is damaged, or the copy cannot be written. Then nothing was changed.
    pub fn copy(self, progress: impl Fn(f64) + Send + 'static) -> Result<VerifiedCopy> {
        let Self { mut source, backup, archive, partial, before, lock } = self;
        let made = copy(&mut source.sql, &backup, &partial, progress)
            .and_then(|_| prepare(&source, &partial, &archive, before.as_ref()))
            .and_then(|()| fold_changes_in(&archive));
        if let Err(error) = made {
            let _ = remove(&partial); // the next one does it
            return Err(error);
        }
        Ok(VerifiedCopy { archive, partial, before, _lock: lock })
    }
}

/// A verified copy of a backup, beside the archive in whose place it is to stand.
pub struct VerifiedCopy {
    archive: PathBuf,
    partial: PathBuf,
    before: Option<Before>,
    _lock: Lock,
}

impl VerifiedCopy {
    /// Puts it in the archive's place, and opens that.
    ///
    /// # Errors
    /// If a file cannot be written. Then one of the two stands in the archive's place, whole.
    pub fn put_in_place(self) -> Result<Restored> {
        let Self { archive, partial, before, _lock } = &self;
        let failed = |error: io::Error| Error::of_file(archive, error);
        let replaced = match before {
            Some(before) => Some(keep(archive, before.secret.as_deref()).map_err(failed)?),
            None => None,
        };
        step();
        fs::rename(partial, archive).and_then(|()| sync_folder(archive)).map_err(failed)?;
        step();
        let restored = Archive::open(archive)?; // its secret comes with it
        remove(partial).map_err(failed)?;
        let unpruned = match before {
            Some(before) => before.pruned_further_than(&restored)?,
            None => Vec::new(),
        };
        Ok(Restored { archive: restored, replaced, unpruned })
    }
}

/// What has to be known of the archive that is replaced.
struct Before {
    fingerprint: Option<String>,
    secret: Option<Vec<u8>>,
    tombstones: Vec<Tombstone>,
    prunings: Vec<(Store, Prunings)>,
}

impl Before {
    fn of(archive: &Path) -> Result<Self> {
        let read = || {
            // One that an earlier version of the program made has its secret among its tables.
            let before = Archive::read(archive)?;
            before.place_secret()?;
            let prunings = before.stores()?.into_iter().map(|(id, store)| Ok((store, before.prunings(id)?)));
            Ok(Self {
                fingerprint: before.fingerprint()?,
                secret: before.secret()?,
                tombstones: before.tombstones()?,
                prunings: prunings.collect::<Result<_>>()?,
            })
        };
        read().map_err(|error| match error {
            Error::Corrupt { .. } | Error::NotAnArchive { .. } | Error::Sql { .. } => {
                Error::TombstonesUnread { path: archive.to_owned(), why: error.into() }
            }
            error => error,
        })
    }

    /// The stores that were pruned further than they are in the restored archive, if anything was forgotten.
    fn pruned_further_than(&self, restored: &Archive) -> Result<Vec<Store>> {
        let mut further = Vec::new();
        if !self.tombstones.is_empty() && restored.fingerprint()? == self.fingerprint {
            for (store, prunings) in &self.prunings {
                let Some(id) = restored.store_id(store)? else { continue };
                let known = restored.prunings(id)?;
                if Severity::ALL.into_iter().any(|severity| prunings.of(severity) > known.of(severity)) {
                    further.push(store.clone());
                }
            }
        }
        Ok(further)
    }
}

/// Makes the copy of a backup what is to stand in the archive's place, its secret beside it.
fn prepare(backup: &Archive, partial: &Path, archive: &Path, before: Option<&Before>) -> Result<()> {
    // The secret of another archive is of no use to anybody.
    let secrets = [secret::read(&secret::path_of(backup.path())), secret::read(&secret::path_of(archive))];
    let own = secrets.into_iter().flatten().find(|own| secret::is_of(&backup.sql, own).unwrap_or(false));
    if let Some(own) = &own {
        secret::write(partial, own).map_err(|error| Error::of_file(partial, error))?;
    }
    let identity = backup.fingerprint();
    let mut restored = Archive::open(partial).map_err(|error| match error {
        Error::NoSecret { .. } => Error::NoSecret { path: secret::path_of(backup.path()) },
        error => error,
    })?;
    if let Some(before) = before.filter(|before| !before.tombstones.is_empty()) {
        if identity.is_ok_and(|known| known == before.fingerprint) && own.is_none() {
            return Err(Error::NoSecret { path: secret::path_of(archive) });
        }
        if restored.fingerprint()? == before.fingerprint {
            restored.forget_as(&before.tombstones)?;
        }
    }
    drop(restored);
    fold_changes_in(partial)?;
    File::open(partial).and_then(|file| file.sync_all()).map_err(|error| Error::of_file(partial, error))
}

/// Keeps an archive under another name, too, with its secret.
fn keep(archive: &Path, secret: Option<&[u8]>) -> io::Result<PathBuf> {
    let names = (1..).map(|number| beside(archive, &format!(".replaced-{number}")));
    // One that was killed before has given it a name already.
    let is_free = |name: &PathBuf| !name.exists() || is_one_file(name, archive);
    let kept = names.into_iter().find(is_free).unwrap_or_else(|| beside(archive, ".replaced"));
    step();
    if let Some(secret) = secret {
        secret::write(&kept, secret)?;
    }
    step();
    // A disk that knows no second names gets a second file.
    if !is_one_file(archive, &kept) && fs::hard_link(archive, &kept).is_err() {
        fs::copy(archive, &kept)?;
        File::open(&kept)?.sync_all()?;
    }
    sync_folder(&kept)?;
    Ok(kept)
}

/// A step on the disk, before which tests let the process die.
fn step() {
    #[cfg(feature = "failpoints")]
    super::failpoint::pass();
}
