//! A lake in a folder of this machine.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Creation, NewFile, Storage, Stored};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::name::unique;

/// A folder of this machine. What is made in it is for its owner only, as the archive is.
#[derive(Debug)]
pub struct LocalStorage {
    folder: PathBuf,
    address: String,
}

/// The beginning of an unfinished file's name. No reader looks at names that begin with a dot.
const UNFINISHED: &str = ".unfinished-";

impl LocalStorage {
    /// The folder, which is made when something is written.
    ///
    /// # Errors
    /// If it is a file.
    pub fn new(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        let address = folder.display().to_string();
        if folder.is_file() {
            return Err(Error::Address { address, why: "it is a file, and a lake is a folder".to_owned() });
        }
        Ok(Self { folder, address })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn fault(&self, name: &str) -> impl FnOnce(io::Error) -> Error {
        let file = self.full_name(name);
        move |error| Error::Storage { file, why: error.into() }
    }

    /// Writes a file beside its final place, to the disk. Returns where.
    fn write_beside(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&self.folder);
        make_folder(folder)?;
        let beside = folder.join(format!("{UNFINISHED}{}", unique()));
        failpoint::step();
        let mut file = new_file(&beside)?;
        let written = file.write_all(content).and_then(|()| {
            failpoint::step();
            file.sync_all()
        });
        if let Err(error) = written {
            let _ = fs::remove_file(&beside); // what went wrong is said below
            return Err(error);
        }
        failpoint::step();
        Ok(beside)
    }
}

impl Storage for LocalStorage {
    fn address(&self) -> &str {
        &self.address
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match fs::read(self.path(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.fault(name)(error)),
        }
    }

    fn open(&self, name: &str) -> Result<File> {
        File::open(self.path(name)).map_err(self.fault(name))
    }

    fn create(&self, name: &str, content: &[u8]) -> Result<Creation> {
        let path = self.path(name);
        let beside = self.write_beside(name, content).map_err(self.fault(name))?;
        // A second name for the same file: there, or not, and whole.
        let linked = fs::hard_link(&beside, &path);
        failpoint::step();
        let _ = fs::remove_file(&beside); // a leftover name does no harm
        match linked {
            Ok(()) => {
                sync_folder(&path).map_err(self.fault(name))?;
                Ok(Creation::Created)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Creation::Taken),
            Err(error) => Err(self.fault(name)(error)),
        }
    }

    fn replace(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.path(name);
        let beside = self.write_beside(name, content).map_err(self.fault(name))?;
        fs::rename(&beside, &path).and_then(|()| sync_folder(&path)).map_err(self.fault(name))
    }

    fn begin(&self, name: &str) -> Result<Box<dyn NewFile>> {
        let path = self.path(name);
        make_folder(path.parent().unwrap_or(&self.folder)).map_err(self.fault(name))?;
        failpoint::step();
        let file = new_file(&path).map_err(self.fault(name))?;
        Ok(Box::new(LocalFile { file, path, name: self.full_name(name) }))
    }

    fn list(&self, folder: &str) -> Result<Vec<Stored>> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(self.path(&folder)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(self.fault(&folder)(error)),
            };
            for entry in entries {
                let entry = entry.map_err(self.fault(&folder))?;
                // Our own names are valid text.
                let Ok(own) = entry.file_name().into_string() else { continue };
                let name = if folder.is_empty() { own } else { format!("{folder}/{own}") };
                let Ok(about) = entry.metadata() else { continue }; // gone meanwhile
                if about.is_dir() {
                    folders.push(name);
                } else {
                    let written = about.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
                    let written = written.unwrap_or(Timestamp::MAX);
                    found.push(Stored { name, bytes: about.len(), written });
                }
            }
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    fn remove(&self, name: &str) -> Result<()> {
        failpoint::step();
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.fault(name)(error)),
            _ => Ok(()),
        }
    }

    /// Two names of one file are what makes a commit exclusive. Some network and USB disks do not have them.
    fn probe(&self) -> Result<()> {
        let fault = |error: io::Error| Error::Storage { file: self.address.clone(), why: error.into() };
        let not_exclusive = |why: String| Err(Error::NotExclusive { address: self.address.clone(), why });
        let path = self.path(&format!("{UNFINISHED}{}", unique()));
        let beside = self.write_beside(UNFINISHED, b"1").map_err(fault)?;
        let named = [(); 2].map(|()| fs::hard_link(&beside, &path));
        // It was only a test.
        let _ = fs::remove_file(&beside);
        let _ = fs::remove_file(&path);
        match named {
            [Ok(()), Err(again)] if again.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            [Ok(()), Ok(())] => not_exclusive("let a second file take the place of the first".to_owned()),
            // A file could be made there: it is the second name that is refused.
            [Err(why), _] if matches!(why.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
                not_exclusive(format!("does not give a file two names ({why})"))
            }
            [Err(why), _] | [Ok(()), Err(why)] => Err(fault(why)),
        }
    }
}

/// A file in its final place that no log mentions yet.
struct LocalFile {
    file: File,
    path: PathBuf,
    name: String,
}

impl NewFile for LocalFile {
    fn file(&mut self) -> &mut File {
        &mut self.file
    }

    fn finish(self: Box<Self>) -> Result<u64> {
        failpoint::step();
        let Self { file, path, name } = *self;
        let length = || {
            file.sync_all()?;
            sync_folder(&path)?;
            Ok(file.metadata()?.len())
        };
        length().map_err(|error: io::Error| Error::Storage { file: name, why: error.into() })
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A folder with those above it. Each new one is on the disk.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_folder(above)?;
    }
    failpoint::step();
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(folder),
    }
}

/// Syncs the folder of a path: a new name is on the disk only once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        failpoint::step();
        File::open(above)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
