//! Files that output goes into.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::stdout::{BUFFER, Out};
use crate::error::OfFile;

/// The files that are being written. A signal ends the process without dropping anything.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what is being written: the process ends.
pub(super) fn remove_unfinished() {
    for path in std::mem::take(&mut *unfinished()) {
        // Nothing else can be done about it.
        let _ = fs::remove_file(path);
    }
}

/// Files that are not whole yet. They are removed if a signal ends the process before this is dropped.
pub(crate) struct Unfinished(Vec<PathBuf>);

impl Unfinished {
    pub(crate) fn new(files: Vec<PathBuf>) -> Self {
        unfinished().extend(files.iter().cloned());
        Self(files)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut all = unfinished();
        self.0.iter().for_each(|file| {
            all.remove(file);
        });
    }
}

/// A file that output goes into. It is written beside its place, and takes that place when it is whole: whatever ends the
/// program before, what was there stays as it is. Dropped before it is kept, it is removed.
#[must_use = "without `keep` it is removed"]
pub(crate) struct NewFile {
    path: PathBuf,
    /// `None`: it is written in place, or was kept.
    beside: Option<Beside>,
}

/// Where a file is written, and the place that it takes.
struct Beside {
    partial: PathBuf,
    target: PathBuf,
}

impl NewFile {
    /// Begins a file, and the way into it. Errors of either name the file.
    pub(crate) fn begin(path: &Path) -> io::Result<(Self, Out)> {
        let named = |error| OfFile::error(path, error);
        let (file, beside) = match begin_beside(path).map_err(named)? {
            Some((file, beside)) => {
                unfinished().insert(beside.partial.clone());
                (file, Some(beside))
            }
            None => (File::create(path).map_err(named)?, None),
        };
        let way = Named { path: path.to_owned(), file };
        Ok((Self { path: path.to_owned(), beside }, Out::with_capacity(BUFFER, Box::new(way))))
    }

    /// Its place.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the file into its place. Everything has to be flushed before.
    pub(crate) fn keep(&mut self) -> io::Result<()> {
        if let Some(Beside { partial, target }) = &self.beside {
            fs::rename(partial, target).map_err(|error| OfFile::error(&self.path, error))?;
            unfinished().remove(partial);
            self.beside = None;
        }
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(Beside { partial, .. }) = &self.beside {
            // Nothing else can be done about it.
            let _ = fs::remove_file(partial);
            unfinished().remove(partial);
        }
    }
}

/// A file beside the one that is named. `None`: what is there is written itself, since it is no regular file, such as
/// `/dev/stdout`, or its folder takes no other.
fn begin_beside(path: &Path) -> io::Result<Option<(File, Beside)>> {
    // A link stays one.
    let (target, there) = match fs::canonicalize(path) {
        Ok(target) => (target, Some(fs::metadata(path)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(error),
    };
    let leads_nowhere = there.is_none() && fs::symlink_metadata(path).is_ok();
    if leads_nowhere || there.as_ref().is_some_and(|there| !there.is_file()) {
        return Ok(None);
    }
    if there.is_some() {
        // Whoever may not write it may not replace it either.
        OpenOptions::new().write(true).open(&target)?;
    }
    let Some(name) = target.file_name() else { return Ok(None) };
    let name: String = name.to_string_lossy().chars().take(LONGEST_NAME).collect();
    let mut number = 0_u32;
    let (file, partial) = loop {
        let partial = target.with_file_name(format!(".{name}.{}-{number}.partial", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&partial) {
            Ok(file) => break (file, partial),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST_TRIALS => number += 1,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && there.is_some() => return Ok(None),
            Err(error) => return Err(error),
        }
    };
    if let Some(there) = there {
        // Some file systems have no permissions.
        let _ = file.set_permissions(there.permissions());
    }
    Ok(Some((file, Beside { partial, target })))
}

/// The most characters of a file's name that are in that of its partial one: names have a limit.
const LONGEST_NAME: usize = 50;
/// How many partial files of earlier runs may be in the way.
const MOST_TRIALS: u32 = 100;

/// The way into a file. Its errors name the file.
struct Named {
    path: PathBuf,
    file: File,
}

impl Write for Named {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.file.write(text).map_err(|error| OfFile::error(&self.path, error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| OfFile::error(&self.path, error))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_there_stays_until_the_new_file_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        fs::write(&path, "old").unwrap();
        let (file, mut out) = NewFile::begin(&path).unwrap();
        out.write_all(b"new").unwrap();
        out.flush().unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(folder.path()).len()), ("old", 2));
        drop((file, out));
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(folder.path()).len()), ("old", 1));
        let (mut file, mut out) = NewFile::begin(&path).unwrap();
        out.write_all(b"new").unwrap();
        out.flush().unwrap();
        file.keep().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["log.csv"]);
    }

    #[test]
    fn what_is_unfinished_goes_with_the_process_and_what_is_done_stays() {
        let folder = tempfile::tempdir().unwrap();
        let [begun, done] = ["copy.db.partial", "other.db.partial"].map(|name| folder.path().join(name));
        fs::write(&begun, "half").unwrap();
        fs::write(&done, "whole").unwrap();
        let of_begun = Unfinished::new(vec![begun, folder.path().join("never made")]);
        drop(Unfinished::new(vec![done]));
        remove_unfinished();
        assert_eq!(names(folder.path()), ["other.db.partial"]);
        drop(of_begun);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_a_file_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("log.csv"), folder.path().join("latest.csv"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("log.csv", &link).unwrap();
        let (mut file, mut out) = NewFile::begin(&link).unwrap();
        out.write_all(b"new").unwrap();
        out.flush().unwrap();
        file.keep().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_written_in_place_and_a_folder_is_refused() {
        let (mut file, mut out) = NewFile::begin(Path::new("/dev/null")).unwrap();
        out.write_all(b"x").unwrap();
        out.flush().unwrap();
        file.keep().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| NewFile::begin(path).map(drop).unwrap_err().kind();
        assert_eq!(refused(folder.path()), io::ErrorKind::IsADirectory);
        assert_eq!(refused(&folder.path().join("no/such")), io::ErrorKind::NotFound);
        assert!(names(folder.path()).is_empty());
    }
}
