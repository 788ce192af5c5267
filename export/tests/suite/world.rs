//! An archive, a lake, and what one should hold of the other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::Commit;
use storelogs_export::{Exported, Lake};

use crate::reader::{self, Row};

/// The clock of all tests.
pub(crate) fn now() -> Timestamp {
    "2026-08-02T12:00:00Z".parse().unwrap()
}

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) archive: Archive,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().join("archive.db")).unwrap();
        Self { folder, archive }
    }

    /// Two stores of two platforms with this many entries each, over some months.
    pub(crate) fn with_entries(each: u64) -> Self {
        let mut world = Self::new();
        for store in ["bigcommerce:abc123", "shopline:00123"] {
            world.put(store, (1..=each).map(|id| entry(store, id, "first")));
        }
        world
    }

    /// The archive as another process opens it.
    pub(crate) fn other(&self) -> Archive {
        Archive::open(self.archive.path()).unwrap()
    }

    pub(crate) fn put(&mut self, store: &str, entries: impl IntoIterator<Item = LogEntry>) {
        put(&mut self.archive, store, entries);
    }

    pub(crate) fn lake_folder(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    pub(crate) fn table(&self, name: &str) -> PathBuf {
        self.lake_folder().join(name)
    }

    pub(crate) fn lake(&self) -> Lake {
        Lake::at(self.lake_folder().to_str().unwrap(), now).unwrap()
    }

    pub(crate) fn export(&self) -> storelogs_export::Result<Exported> {
        self.lake().export(&self.archive)
    }

    pub(crate) fn entries(&self) -> Vec<Row> {
        reader::rows(&self.table("entries"))
    }

    /// The lake holds each revision of each entry of these archives once, and nothing else.
    pub(crate) fn assert_exact(&self, archives: &[&Archive]) {
        let mut expected: Vec<Row> = archives.iter().flat_map(|archive| expected(archive)).collect();
        let mut found = self.entries();
        for row in &mut found {
            row.remove("arrived").unwrap();
        }
        let key = |row: &Row| (row["uid"].clone(), row["revision"].clone());
        expected.sort_by_key(key);
        found.sort_by_key(key);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
    }
}

pub(crate) fn put(archive: &mut Archive, store: &str, entries: impl IntoIterator<Item = LogEntry>) {
    let id = archive.add_store(&store.parse().unwrap()).unwrap();
    // As a platform lists them.
    let mut entries: Vec<LogEntry> = entries.into_iter().collect();
    entries.reverse();
    archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
}

/// An entry of a store: every tenth of a day one, from May 2026 on.
pub(crate) fn entry(store: &str, id: u64, summary: &str) -> LogEntry {
    let start: Timestamp = "2026-05-01T00:00:00Z".parse().unwrap();
    let time = start + jiff::SignedDuration::from_secs(8640 * i64::try_from(id).unwrap());
    let store: Store = store.parse().unwrap();
    let mut entry = LogEntry::new(&store, id.to_string(), time, time + jiff::SignedDuration::from_secs(30));
    entry.severity = if id.is_multiple_of(7) { Severity::Error } else { Severity::Info };
    entry.severity_text = Some("success".to_owned());
    entry.module = Some(format!("module {}", id % 3));
    entry.summary = Some(format!("{summary} {id}"));
    entry
}

/// The rows that the lake should have of an archive: each revision, as the archive's own interface has it.
fn expected(archive: &Archive) -> Vec<Row> {
    let mut rows = Vec::new();
    let ever = storelogs_collector::TimeRange::new(Timestamp::MIN, Timestamp::MAX).unwrap();
    let stores: BTreeMap<String, _> =
        archive.stores().unwrap().into_iter().map(|(id, store)| (store.to_string(), id)).collect();
    archive
        .each_entry::<storelogs_collector::Error>(ever, |entry| {
            let store = stores[&format!("{}:{}", entry.platform, entry.store)];
            let mut forms = archive.revisions(store, &entry.id).unwrap();
            forms.push(entry);
            rows.extend(forms.iter().enumerate().map(|(revision, entry)| row(entry, revision)));
            Ok(())
        })
        .unwrap();
    rows
}

fn row(entry: &LogEntry, revision: usize) -> Row {
    let mut row: Row = [
        ("uid", entry.uid.clone()),
        ("platform", entry.platform.to_string()),
        ("month", entry.time.strftime("%Y-%m").to_string()),
        ("store", entry.store.to_string()),
        ("id", entry.id.clone()),
        ("time", entry.time.as_nanosecond().div_euclid(1000).to_string()),
        ("time_nanos", entry.time.as_nanosecond().rem_euclid(1000).to_string()),
        ("utc_offset", entry.utc_offset.seconds().to_string()),
        ("observed", entry.observed.as_microsecond().to_string()),
        ("severity", entry.severity.as_str().to_owned()),
        ("severity_number", entry.severity.number().to_string()),
        ("revision", revision.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let extra = (!entry.extra.is_empty()).then(|| serde_json::to_string(&entry.extra).unwrap());
    let optional = [
        ("severity_text", &entry.severity_text),
        ("category", &entry.category),
        ("action", &entry.action),
        ("module", &entry.module),
        ("actor", &entry.actor),
        ("subject_id", &entry.subject_id),
        ("summary", &entry.summary),
        ("message", &entry.message),
        ("extra", &extra),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            row.insert(name.to_owned(), value.clone());
        }
    }
    row
}

/// Copies a folder.
pub(crate) fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}
