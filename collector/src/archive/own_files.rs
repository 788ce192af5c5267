//! The files that are an archive's own: its own file, and those beside it.

use std::path::{Path, PathBuf};

use super::side_file::{beside, database_files};
use super::{exports, index_file};

/// Whether a file is an archive, or one of those beside it that are the archive's own, by whatever name or link it is called.
pub(super) fn is_own(archive: &Path, file: &Path) -> bool {
    let (Some(archive), Some(file)) = (resolved(archive), resolved(file)) else { return false };
    let index = index_file::path_of(&archive);
    let databases = [&archive, &index].into_iter().flat_map(|database| database_files(database));
    let others = [".lock", ".watch.lock", exports::COPYING, ".secret", ".secret.new", ".partial", ".room"];
    let numbered = [".replaced", exports::LOCKS].map(|ending| beside(&archive, ending).into_os_string());
    databases.chain(others.into_iter().map(|ending| beside(&archive, ending))).any(|own| own == file)
        || numbered.iter().any(|own| file.as_os_str().as_encoded_bytes().starts_with(own.as_encoded_bytes()))
}

/// The path of a file without links, whether it is there or not.
fn resolved(file: &Path) -> Option<PathBuf> {
    file.canonicalize().ok().or_else(|| {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(file.file_name()?))
    })
}
