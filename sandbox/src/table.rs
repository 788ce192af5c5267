//! A store's records in order of time, with what is needed to find a page of them quickly.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use serde_json::Value;

use crate::{
    Platform,
    filter::{Filter, Matched},
    row::{Fields, Row, write_record},
};

/// How many filters' results are remembered.
const REMEMBERED_FILTERS: usize = 8;

/// Rows sorted by time, then id. Cloning it copies rows' heads, not their bytes.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    names: Names,
    /// Ids rise with time, so a row is found by halving.
    rising: bool,
    by_id: OnceLock<Vec<u32>>,
    matched: Mutex<Vec<(Filter, Arc<Matched>)>>,
}

impl Clone for Table {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), names: self.names.clone(), rising: self.rising, ..Self::default() }
    }
}

/// Collects rows for a table.
#[derive(Debug, Default)]
pub(crate) struct TableBuilder {
    rows: Vec<Row>,
    names: Names,
}

impl TableBuilder {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self { rows: Vec::with_capacity(rows), names: Names::default() }
    }

    pub(crate) fn add(&mut self, fields: &Fields<'_>, body: &[u8]) {
        let row = self.names.row(fields, body);
        self.rows.push(row);
    }

    pub(crate) fn add_value(&mut self, platform: Platform, record: &Value, now: i64) {
        let mut body = Vec::new();
        write_record(platform, record, &mut body);
        self.add(&Fields::of(platform, record, now), &body);
    }

    pub(crate) fn finish(mut self) -> Table {
        if !self.rows.is_sorted_by_key(order) {
            self.rows.sort_by_key(order);
        }
        let rising = rising(&self.rows);
        Table { rows: self.rows, names: self.names, rising, ..Table::default() }
    }
}

impl Table {
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The place of the first row at or after a second.
    pub(crate) fn first_at(&self, at: i64) -> usize {
        self.rows.partition_point(|row| row.at < at)
    }

    /// The place of the row with this id.
    pub(crate) fn place(&self, id: u64) -> Option<usize> {
        if self.rising {
            return self.rows.binary_search_by_key(&id, |row| row.id).ok();
        }
        let by_id = self.by_id();
        let found = by_id.binary_search_by_key(&id, |&place| self.rows[place as usize].id).ok()?;
        Some(by_id[found] as usize)
    }

    /// The greatest id, which on a late row need not be the newest one's.
    pub(crate) fn greatest_id(&self) -> u64 {
        let newest =
            if self.rising { self.rows.last() } else { self.by_id().last().map(|&place| &self.rows[place as usize]) };
        newest.map_or(0, |row| row.id)
    }

    /// Places by rising id, made once until the table changes.
    fn by_id(&self) -> &[u32] {
        self.by_id.get_or_init(|| {
            let mut places: Vec<u32> = (0..u32::try_from(self.rows.len()).unwrap_or(u32::MAX)).collect();
            places.sort_by_key(|&place| self.rows[place as usize].id);
            places
        })
    }

    /// The place that a row with this id has or would have, judging by ids alone.
    pub(crate) fn place_by_id(&self, id: u64) -> usize {
        self.rows.partition_point(|row| row.id < id)
    }

    /// The rows a filter matches, remembered until the table changes.
    pub(crate) fn matching(&self, filter: &Filter) -> Arc<Matched> {
        let mut matched = self.matched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = matched.iter().position(|(known, _)| known == filter) {
            return Arc::clone(&matched[found].1);
        }
        let rows = Arc::new(filter.apply(self));
        if matched.len() >= REMEMBERED_FILTERS {
            matched.remove(0);
        }
        matched.push((filter.clone(), Arc::clone(&rows)));
        rows
    }

    /// Puts a record in its place; a record of the same id is replaced.
    pub(crate) fn push(&mut self, platform: Platform, record: &Value, now: i64) {
        let fields = Fields::of(platform, record, now);
        if fields.id != 0 {
            self.remove(fields.id);
        }
        let mut body = Vec::new();
        write_record(platform, record, &mut body);
        let row = self.names.row(&fields, &body);
        let place = self.rows.partition_point(|other| order(other) <= order(&row));
        let fits = place.checked_sub(1).is_none_or(|before| self.rows[before].id < row.id)
            && self.rows.get(place).is_none_or(|after| row.id < after.id);
        self.rising = (self.rising || self.rows.is_empty()) && fits;
        self.rows.insert(place, row);
        self.forget();
    }

    /// Takes a record out. False if it was not there.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let Some(place) = self.place(id) else { return false };
        self.rows.remove(place);
        self.forget();
        true
    }

    /// Takes rows out from a place on, the oldest first.
    pub(crate) fn purge(&mut self, from: usize, count: usize) {
        let from = from.min(self.rows.len());
        let until = from.saturating_add(count).min(self.rows.len());
        self.rows.drain(from..until);
        self.forget();
    }

    fn forget(&mut self) {
        self.by_id = OnceLock::new();
        self.matched.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn order(row: &Row) -> (i64, u64) {
    (row.at, row.id)
}

fn rising(rows: &[Row]) -> bool {
    rows.windows(2).all(|pair| pair[0].id < pair[1].id)
}

/// Names that recur, each kept once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    list: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
}

impl Names {
    pub(crate) fn get(&self, number: u32) -> &str {
        self.list.get(number as usize).map_or("", |name| name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|name| &**name)
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.index.get(name) {
            return number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = name.into();
        self.list.push(Arc::clone(&name));
        self.index.insert(name, number);
        number
    }

    fn row(&mut self, fields: &Fields<'_>, body: &[u8]) -> Row {
        Row {
            id: fields.id,
            at: fields.at,
            kind: self.number(fields.kind),
            what: self.number(fields.what),
            rank: fields.rank,
            body: body.into(),
        }
    }
}
