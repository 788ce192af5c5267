//! The archive's file and those beside it, which are readable by their owner only.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A database and every file that SQLite may have beside it.
pub(super) fn database_files(database: &Path) -> [PathBuf; 4] {
    ["", "-wal", "-shm", "-journal"].map(|ending| beside(database, ending))
}

/// The path of a file that is called as another, with an ending.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}

/// The file that a path names. What belongs to a file lies beside it, and not beside a link to it.
pub(super) fn target(path: PathBuf) -> PathBuf {
    let mut file = path.clone();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&file) else {
            return if file == path { path } else { file.canonicalize().unwrap_or(file) };
        };
        file = file.parent().unwrap_or(Path::new("")).join(next);
    }
    path // they lead nowhere, and whoever opens it learns that
}

/// How many links may lead to a file.
const MOST_LINKS: usize = 40;

/// Whether there is a file. That this cannot be found out is an error.
pub(super) fn is_there(file: &Path) -> Result<bool> {
    file.try_exists().map_err(|error| Error::of_file(file, error))
}

/// Whether two names are of one file.
pub(super) fn is_one_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        identity(one).is_some_and(|one| identity(other) == Some(one))
    }
    #[cfg(not(unix))]
    {
        let _ = (one, other);
        false
    }
}

/// Gives a side file to whom the archive belongs: made by root, who may do everything, it would keep its owner out.
pub(super) fn give_to_owner(file: &Path, archive: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        if let (Ok(file_is), Ok(archive_is)) = (fs::metadata(file), fs::metadata(archive))
            && (file_is.uid(), file_is.gid()) != (archive_is.uid(), archive_is.gid())
        {
            // Only root can, and nobody else has to.
            let _ = chown(file, Some(archive_is.uid()), Some(archive_is.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = (file, archive);
}

/// The URI of a file that nobody can change while it is read.
pub(super) fn unchanging(path: &Path) -> PathBuf {
    uri(path, "immutable=1")
}

/// The URI of a file that is read without locks, since nobody can change it.
pub(super) fn unshared(path: &Path) -> PathBuf {
    uri(path, if cfg!(unix) { "vfs=unix-none" } else { "vfs=win32-none" })
}

fn uri(path: &Path, parameter: &str) -> PathBuf {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let path = path.as_os_str().as_encoded_bytes().iter();
    let path: String =
        path.map(|&byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") }).collect();
    format!("file:{path}?{parameter}").into()
}

/// An empty file, if there is none yet, in folders that are there.
pub(super) fn make(path: &Path) -> std::io::Result<()> {
    make_folder(path)?;
    owners(OpenOptions::new().write(true).create(true).truncate(false)).open(path).map(drop)
}

/// The folders that a file is to stand in.
pub(super) fn make_folder(path: &Path) -> std::io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes sure that the name of a file is on the disk, too.
pub(super) fn sync_folder(file: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Files made with this are readable by their owner only. SQLite gives its side files the same permissions.
pub(super) fn owners(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
