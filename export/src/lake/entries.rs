//! The table of entries: a row for each revision of an entry.

use std::collections::HashMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use storelogs::{Severity, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::{ArrivedEntry, StoreId};

use super::group::{Group, GroupFile, Month};
use super::{MOST_BYTES, identity};
use crate::columns::{Cell, Column, Frozen, Kind, Layout, Rows};
use crate::delta::{Add, Change, Definition, Table, Transaction};
use crate::error::{Error, Result};
use crate::storage::Storage;

pub(super) const TABLE: Definition = Definition {
    name: "entries",
    description: "Log entries of stores, each form of each entry once: the newest has the greatest revision",
    columns: &COLUMNS,
    partitions: &["platform", "month"],
};

/// The columns of the files. Texts that may name a person have no least and greatest value, nowhere.
const COLUMNS: [Column; 20] = [
    Column::required("uid", Kind::Text, Layout::Key),
    Column::required("store", Kind::Text, Layout::Sorted),
    Column::required("id", Kind::Text, Layout::Key),
    Column::required("time", Kind::Time, Layout::Sorted),
    Column::required("time_nanos", Kind::Int, Layout::Words),
    Column::required("utc_offset", Kind::Int, Layout::Words),
    Column::required("observed", Kind::Time, Layout::Numbers),
    Column::required("severity", Kind::Text, Layout::Words),
    Column::required("severity_number", Kind::Int, Layout::Words),
    Column::text("severity_text", Layout::Words),
    Column::text("category", Layout::Words),
    Column::text("action", Layout::Words),
    Column::text("module", Layout::Words),
    Column::text("actor", Layout::Words),
    Column::text("subject_id", Layout::Words),
    Column::text("summary", Layout::Words),
    Column::text("message", Layout::Prose),
    Column::text("extra", Layout::Prose),
    Column::required("revision", Kind::Int, Layout::Words),
    Column::required("arrived", Kind::Long, Layout::Numbers),
];
pub(super) const UID: usize = 0;

/// The entries after an arrival, as many as are committed at once.
pub(super) struct Batch {
    rows: Frozen,
    /// The group of each row, the rank of its store, its time, and the row: in the order in which they are written.
    order: Vec<(u32, u32, i64, u32)>,
    groups: Vec<Group>,
    /// The number, the store and the id of each arrival that is kept in mind.
    arrivals: Vec<(i64, String, String)>,
    last: i64,
}

/// A store as rows name it.
struct Named {
    store: Store,
    /// The beginning of its uids.
    prefix: String,
    /// The month that an entry of it was in last, and the number of that group.
    month: Option<(Month, u32)>,
}

/// The entries that are being read.
struct Reading<'a> {
    archive: &'a Archive,
    stores: HashMap<StoreId, Named>,
    groups: Vec<Group>,
    rows: Rows,
    /// The group, the store and the time of each row.
    places: Vec<(u32, StoreId, i64)>,
    uid: String,
    first: i64,
}

impl Batch {
    /// Reads what comes next: this many entries, or fewer if they take too much room. `None`: nothing came. The number is
    /// brought to what the next batch should have.
    pub(super) fn read(archive: &Archive, after: i64, rows: &mut usize, most_rows: usize) -> Result<Option<Self>> {
        loop {
            let mut reading = Reading {
                archive,
                stores: HashMap::new(),
                groups: Vec::new(),
                rows: Rows::with_room_for(&COLUMNS, *rows),
                places: Vec::new(),
                uid: String::new(),
                first: i64::MAX,
            };
            let (mut failed, mut is_too_much) = (None, false);
            let last = archive.each_arrived_of(after, *rows, |entry| {
                is_too_much = reading.rows.bytes() >= MOST_BYTES && *rows > 1;
                match if is_too_much { None } else { reading.add(entry).err() } {
                    None if !is_too_much => return ControlFlow::Continue(()),
                    None => {}
                    Some(error) => failed = Some(error),
                }
                ControlFlow::Break(())
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            if is_too_much {
                *rows /= 2;
                continue;
            }
            let Some(last) = last.filter(|_| reading.rows.len() > 0) else { return Ok(None) };
            // This many would nearly fill the room.
            let each = reading.rows.bytes().div_ceil(reading.rows.len()).max(1);
            *rows = (MOST_BYTES / 8 * 7 / each).clamp(1, most_rows);
            return reading.finish(last).map(Some);
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.rows.rows as u64
    }

    /// The number of the last arrival.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// Writes a file for each group.
    pub(super) fn write(&self, storage: &dyn Storage, now: Timestamp) -> Result<Vec<Add>> {
        let files = self.order.chunk_by(|one, other| one.0 == other.0).map(|rows| {
            let group = self.groups[rows[0].0 as usize].clone();
            let mut file = GroupFile::begin(storage, &TABLE, group)?;
            let order: Vec<u32> = rows.iter().map(|row| row.3).collect();
            file.write(&self.rows, &order)?;
            file.finish(now)
        });
        files.collect()
    }

    /// The commit of these files: the rows, and up to where the archive is exported now.
    pub(super) fn change(&self, table: &Table<'_>, application: &str, files: &[Add]) -> Change {
        let from = table.transaction(application);
        let last = Transaction { application: application.to_owned(), from, to: self.last };
        let marks = identity::marks(table, application, &self.arrivals);
        Change {
            operation: "WRITE",
            adds: files.to_vec(),
            removes: Vec::new(),
            transactions: std::iter::once(last).chain(marks).collect(),
        }
    }
}

impl Reading<'_> {
    fn add(&mut self, entry: &ArrivedEntry<'_>) -> Result<()> {
        let (archive, fields) = (self.archive, &entry.fields);
        if !self.stores.contains_key(&entry.store) {
            self.stores.extend(archive.stores()?.into_iter().map(|(id, store)| {
                let prefix = format!("{}:{}:", store.platform().as_str(), store.name());
                (id, Named { store, prefix, month: None })
            }));
        }
        let Some(named) = self.stores.get_mut(&entry.store) else {
            return Err(Error::Archive(storelogs_collector::Error::Stores(format!(
                "the archive {} holds an entry of a store that it does not know",
                archive.path().display()
            ))));
        };
        let group = match &named.month {
            Some((month, group)) if month.contains(fields.time) => *group,
            _ => {
                let month = Month::of(fields.time);
                let group = Group::of(named.store.platform().as_str(), &month);
                let number = self.groups.iter().position(|known| *known == group).unwrap_or_else(|| {
                    self.groups.push(group);
                    self.groups.len() - 1
                });
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                named.month = Some((month, number));
                number
            }
        };
        self.uid.clear();
        self.uid.push_str(&named.prefix);
        self.uid.push_str(fields.id);
        self.rows.push(&[
            Cell::from(&*self.uid),
            Cell::from(named.store.name()),
            Cell::from(fields.id),
            Cell::Long(fields.time),
            Cell::Int(fields.nanos),
            Cell::Int(fields.utc_offset),
            Cell::Long(fields.observed),
            Cell::from(severity(fields.severity)),
            Cell::Int(fields.severity),
            Cell::Text(fields.severity_text),
            Cell::Text(fields.category),
            Cell::Text(fields.action),
            Cell::Text(fields.module),
            Cell::Text(fields.actor),
            Cell::Text(fields.subject_id),
            Cell::Text(fields.summary),
            Cell::Text(fields.message),
            Cell::Text(fields.extra),
            Cell::Int(i32::try_from(entry.revision).unwrap_or(i32::MAX)),
            Cell::Long(entry.arrived),
        ]);
        self.places.push((group, entry.store, fields.time));
        self.first = self.first.min(entry.arrived);
        Ok(())
    }

    fn finish(self, last: i64) -> Result<Batch> {
        let Self { archive, stores, groups, rows, places, first, .. } = self;
        let mut ranked: Vec<(&str, StoreId)> = stores.iter().map(|(id, named)| (named.store.name(), *id)).collect();
        ranked.sort_unstable();
        let ranks: HashMap<StoreId, u32> = (0..).zip(ranked).map(|(rank, (_, id))| (id, rank)).collect();
        let mut order: Vec<(u32, u32, i64, u32)> = (0..)
            .zip(places)
            .map(|(row, (group, store, time))| (group, ranks.get(&store).copied().unwrap_or_default(), time, row))
            .collect();
        order.sort_unstable();
        let mut arrivals = Vec::new();
        for arrived in identity::numbers(first, last) {
            if let Some((store, id)) = archive.arrived_at(arrived)?
                && let Some(named) = stores.get(&store)
            {
                arrivals.push((arrived, named.store.to_string(), id));
            }
        }
        Ok(Batch { rows: rows.freeze(), order, groups, arrivals, last })
    }
}

/// The name of a severity by its number.
pub(super) fn severity(number: i32) -> &'static str {
    let known = Severity::ALL.into_iter().find(|severity| i32::from(severity.number()) == number);
    known.unwrap_or_default().as_str()
}
