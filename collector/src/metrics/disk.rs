//! Metrics of the disk: the archive's size, and the room that is left.

use std::fs;
use std::path::Path;

use super::family::Families;
use crate::archive::{Archive, wal_size};

/// Sizes in bytes.
pub(super) struct Disk {
    /// The size of all files of the archive.
    size: u64,
    /// The size of the file of changes among them.
    wal: u64,
    /// The free space, if it is known.
    room: Option<u64>,
}

impl Disk {
    pub(super) fn of(archive: &Archive) -> Self {
        let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        let (wal, index) = (archive.wal_size(), archive.index_path());
        let size = length(archive.path()) + wal + length(&index) + wal_size(&index);
        Self { size, wal, room: archive.room() }
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
