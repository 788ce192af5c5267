//! The table of verdicts: which time ranges of each store are complete in the archive, and what is short. Written anew by each
//! export.

use std::collections::BTreeMap;

use storelogs_collector::Archive;
use storelogs_collector::status::{Brief, briefly};
use storelogs_collector::verdict::Verdict;

use super::Lake;
use super::days::ARCHIVE;
use super::group::{Group, GroupFile, discard};
use super::hours::unowned;
use crate::columns::{Cell, Column, Kind, Layout, Rows};
use crate::delta::{Add, Change, Definition, Outcome, Table, Transaction};
use crate::error::Result;

pub(super) const TABLE: Definition = Definition {
    name: "coverage",
    description: "What is known of each time range of each store: complete, short, or not read",
    columns: &COLUMNS,
    partitions: &["platform"],
};

const COLUMNS: [Column; 7] = [
    Column::required("store", Kind::Text, Layout::Sorted),
    Column::required("since", Kind::Time, Layout::Sorted),
    Column::required("until", Kind::Time, Layout::Numbers),
    Column::required("verdict", Kind::Text, Layout::Words),
    Column::required("detail", Kind::Text, Layout::Words),
    Column::required("entries", Kind::Long, Layout::Words),
    Column::required("as_of", Kind::Time, Layout::Numbers),
];

pub(super) fn export(lake: &Lake, archive: &Archive, application: &str) -> Result<()> {
    let mut table = Table::open(&*lake.storage, TABLE, lake.now())?;
    loop {
        let now = lake.now();
        let mut platforms: BTreeMap<String, Vec<Brief>> = BTreeMap::new();
        for brief in briefly(archive, now)? {
            platforms.entry(brief.store.platform().as_str().to_owned()).or_default().push(brief);
        }
        let mut adds = Vec::new();
        for (platform, mut stores) in platforms {
            stores.sort_by(|one, other| one.store.name().cmp(other.store.name()));
            let mut file = write(lake, platform, &stores)?;
            file.tags = Some([(ARCHIVE.to_owned(), Some(application.to_owned()))].into());
            adds.push(file);
        }
        let own = table.files().filter(|file| file.tag(ARCHIVE) == Some(application));
        let removes: Vec<_> = own.chain(unowned(&table)).map(|file| file.removed(now.as_millisecond(), true)).collect();
        if adds.is_empty() && removes.is_empty() {
            return Ok(());
        }
        let from = table.transaction(application);
        let to = from.unwrap_or_default() + 1;
        let transactions = vec![Transaction { application: application.to_owned(), from, to }];
        let change = Change { operation: "WRITE", adds, removes, transactions };
        match table.commit(&change, [now, lake.now()])? {
            Outcome::Committed => return Ok(()),
            Outcome::Overtaken => discard(&*lake.storage, &table, &change.adds)?,
        }
    }
}

fn write(lake: &Lake, platform: String, stores: &[Brief]) -> Result<Add> {
    let mut rows = Rows::new(&COLUMNS);
    for Brief { store, judgement, present, .. } in stores {
        for found in &judgement.findings {
            let entries = match &found.verdict {
                Verdict::Short { entries } | Verdict::Over { entries } => *entries,
                Verdict::InQuarantine { records } => *records,
                _ => 0,
            };
            rows.push(&[
                Cell::from(store.name()),
                Cell::Long(found.range.since.as_microsecond()),
                Cell::Long(found.range.until.as_microsecond()),
                Cell::from(found.verdict.word()),
                Cell::from(&*found.verdict.to_string()),
                Cell::Long(i64::try_from(entries).unwrap_or(i64::MAX)),
                Cell::Long(present.as_microsecond()),
            ]);
        }
    }
    let rows = rows.freeze();
    let order: Vec<u32> = (0..).take(rows.rows).collect();
    let mut file = GroupFile::begin(&*lake.storage, &TABLE, Group(vec![("platform", platform)]))?;
    file.write(&rows, &order)?;
    file.finish(lake.now())
}
