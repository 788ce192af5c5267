//! The choice of files that a compaction merges.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::days::{ARCHIVE, Held};
use super::group::{Group, group_of};
use crate::delta::{Add, Table};

/// A file below this is small.
const SMALL: i64 = 64 << 20;

/// The largest size of a merged file.
const LARGE: i64 = 256 << 20;

/// Files that become one.
pub(super) struct Portion {
    pub(super) group: Group,
    pub(super) files: Vec<Add>,
    /// The tags of the new file.
    pub(super) tags: Option<BTreeMap<String, Option<String>>>,
}

/// Small files of entries of the same month.
pub(super) fn of_entries(table: &Table<'_>) -> Vec<Portion> {
    let mut groups: BTreeMap<Group, Vec<Add>> = BTreeMap::new();
    for file in table.files().filter(|file| file.size < SMALL) {
        groups.entry(group_of(table, file)).or_default().push(file.clone());
    }
    let mut portions = Vec::new();
    for (group, mut files) in groups {
        // Of stores and times that are near to each other.
        files.sort_by(|one, other| (&one.stats, &one.path).cmp(&(&other.stats, &other.path)));
        portions.extend(parts(files).map(|files| Portion { group: group.clone(), files, tags: None }));
    }
    portions
}

/// Small files of counts of an archive, of days that follow each other in a month that is over.
pub(super) fn of_counts(table: &Table<'_>, now: Timestamp) -> Vec<Portion> {
    let mut groups: BTreeMap<(Group, &str), Vec<(Held, &Add)>> = BTreeMap::new();
    for file in table.files() {
        let Some((held, archive)) = Held::of(file).zip(file.tag(ARCHIVE)) else { continue };
        if held.days.month().is_over(now) {
            groups.entry((group_of(table, file), archive)).or_default().push((held, file));
        }
    }
    let mut portions = Vec::new();
    for ((group, archive), mut files) in groups {
        files.sort_by_key(|(held, _)| held.days);
        // Beyond a large file another one begins, so that no two have the same days.
        for run in files.split(|(_, file)| file.size >= SMALL) {
            for files in parts(run.iter().map(|(_, file)| (*file).clone()).collect()) {
                let held = files.iter().filter_map(Held::of).reduce(|one, other| one.with(&other));
                portions.push(Portion { group: group.clone(), files, tags: held.map(|held| held.tags(archive)) });
            }
        }
    }
    portions
}

/// Files in parts of which each fits into one file. One that would be alone stays as it is.
fn parts(files: Vec<Add>) -> impl Iterator<Item = Vec<Add>> {
    let mut parts: Vec<Vec<Add>> = Vec::new();
    let mut room = 0;
    for file in files {
        let size = file.size;
        match parts.last_mut() {
            Some(part) if size <= room => part.push(file),
            _ => {
                parts.push(vec![file]);
                room = LARGE;
            }
        }
        room -= size;
    }
    parts.into_iter().filter(|files| files.len() > 1)
}
