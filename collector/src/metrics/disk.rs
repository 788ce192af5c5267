//! What the archive takes of its disk, and what room is left there.

use std::fs;
use std::path::Path;

use super::family::Families;
use crate::archive::Archive;

/// Sizes in bytes.
pub(super) struct Disk {
    /// Of all files of the archive.
    size: u64,
    /// Of the file of changes among them.
    wal: u64,
    /// What there is room for, if that is known.
    room: Option<u64>,
}

impl Disk {
    pub(super) fn of(archive: &Archive) -> Self {
        let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        let with_changes = |path: &Path| {
            let mut changes = path.as_os_str().to_owned();
            changes.push("-wal");
            length(path) + length(Path::new(&changes))
        };
        let size = with_changes(archive.path()) + with_changes(&archive.index_path());
        Self { size, wal: archive.wal_size(), room: archive.room() }
    }

    pub(super) fn families(&self, families: &mut Families) {
        let gauges = [
            (
                "storelogs_archive_bytes",
                "The size of the archive, its index and their files of changes.",
                Some(self.size),
            ),
            (
                "storelogs_archive_wal_bytes",
                "The size of the file of changes beside the archive (-wal).",
                Some(self.wal),
            ),
            ("storelogs_archive_room_bytes", "What the archive's disk has room for.", self.room),
        ];
        for (name, help, bytes) in gauges {
            families.gauge(name, help, bytes.map(|bytes| (Vec::new(), bytes as f64)));
        }
    }
}
