//! Undoing changes to the tree: it is left as it was unless all goes well.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Result;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Files as they were. Dropped, it puts them back.
pub(crate) struct Undo {
    before: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Undo {
    /// Makes Ctrl-C and its like end the build from here on, and not us before the tree is as it was.
    ///
    /// # Errors
    /// If the system does not let us.
    pub(crate) fn begin() -> Result<Self> {
        static ONCE: Once = Once::new();
        let mut outcome = Ok(());
        ONCE.call_once(|| outcome = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst)));
        outcome.map_err(|e| format!("interrupts cannot be handled: {e}"))?;
        Ok(Self { before: BTreeMap::new() })
    }

    /// Remembers a file, or that there is none, before somebody changes it.
    pub(crate) fn note(&mut self, path: &Path) -> Result {
        if self.before.contains_key(path) {
            return Ok(());
        }
        let contents = match fs::read(path) {
            Ok(contents) => Some(contents),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => None,
            Err(why) => return Err(format!("{}: {why}", path.display())),
        };
        self.before.insert(path.to_owned(), contents);
        Ok(())
    }

    pub(crate) fn write(&mut self, path: &Path, contents: &[u8]) -> Result {
        self.note(path)?;
        fs::write(path, contents).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// All went well: nothing is put back.
    ///
    /// # Errors
    /// If somebody interrupted us, which is not well.
    pub(crate) fn keep(mut self) -> Result {
        if INTERRUPTED.load(Ordering::SeqCst) {
            return Err("interrupted".into());
        }
        self.before.clear();
        Ok(())
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        for (path, before) in &self.before {
            let done = match before {
                Some(before) if fs::read(path).is_ok_and(|now| now == *before) => Ok(()),
                Some(before) => fs::write(path, before),
                None if path.exists() => fs::remove_file(path),
                None => Ok(()),
            };
            if let Err(why) = done {
                eprintln!("{} could not be put back: {why}", path.display());
            }
        }
    }
}
