//! Entries made whole again while many are read: what they have in common is looked up once, and not for each of them.
//!
//! SQLite would join each entry with three tables and put its texts together in its own memory. For an export of all of
//! an archive that is half of the time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, OptionalExtension, Row};

use super::packing::Attributes;
use super::{Archive, ArrivedEntry, Fields, StoreId, row};
use crate::error::Result;

/// How many of each are remembered. Where more are in use, they are forgotten now and then.
const MOST: usize = 50_000;

/// The columns that [`Unpacking::entry`] reads, after the number of the arrival and that of the revision.
macro_rules! columns {
    () => {
        "entry.store, entry.id, entry.time, entry.nanos, entry.observed, entry.attributes, entry.subject_id, entry.extra, \
         entry.summary_template, entry.summary, entry.summary_2, entry.summary_3, \
         entry.message_template, entry.message, entry.message_2, entry.message_3, entry.message_4, entry.message_5, \
         entry.message_6"
    };
}
pub(super) use columns;

const SUMMARY: usize = 10;
const MESSAGE: usize = 14;

/// The parts of a template: what stands before, between and behind its variables.
type Parts = [Box<str>; 7];

/// What entries have in common, as far as it was looked up.
pub(super) struct Unpacking<'a> {
    find_attributes: CachedStatement<'a>,
    attributes: HashMap<i64, Attributes<Box<str>>>,
    templates: Templates<'a>,
    id: String,
    summary: String,
    message: String,
}

impl<'a> Unpacking<'a> {
    /// For the moment of a transaction: in another one, numbers may stand for something else.
    pub(super) fn new(archive: &'a Archive) -> Result<Self> {
        Ok(Self {
            find_attributes: archive.prepared(
                "SELECT severity, severity_text, category, action, module, actor, utc_offset FROM attributes WHERE id = ?1",
            )?,
            attributes: HashMap::new(),
            templates: Templates {
                find: archive.prepared(
                    "SELECT text_0, text_1, text_2, text_3, text_4, text_5, text_6 FROM template WHERE id = ?1",
                )?,
                known: HashMap::new(),
            },
            id: String::new(),
            summary: String::new(),
            message: String::new(),
        })
    }

    /// The entry of a row.
    pub(super) fn entry<'e>(&'e mut self, row: &'e Row<'_>) -> rusqlite::Result<ArrivedEntry<'e>> {
        let number = match row.get_ref(3)? {
            ValueRef::Integer(number) => {
                self.id.clear();
                // Writing into a string cannot fail.
                let _ = std::fmt::Write::write_fmt(&mut self.id, format_args!("{number}"));
                true
            }
            _ => false,
        };
        let summary = self.templates.put_together(row, SUMMARY, 3, &mut self.summary)?;
        let message = self.templates.put_together(row, MESSAGE, 6, &mut self.message)?;
        let Self { id, attributes, find_attributes, summary: summary_text, message: message_text, .. } = self;
        let common: &Attributes<Box<str>> = match place(attributes, row.get(7)?) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let found = find_attributes.query_row([place.key()], |row| Ok(Attributes::read(row, 0)?.to_known()))?;
                place.insert(found)
            }
        };
        let fields = Fields {
            id: if number { id } else { row.get_ref(3)?.as_str()? },
            time: row.get(4)?,
            nanos: row.get::<_, Option<i32>>(5)?.unwrap_or_default(),
            utc_offset: i32::try_from(common.utc_offset).map_err(|_| row::unreadable("an offset"))?,
            observed: row.get(6)?,
            severity: i32::try_from(common.severity).map_err(|_| row::unreadable("a severity"))?,
            severity_text: common.severity_text.as_deref(),
            category: common.category.as_deref(),
            action: common.action.as_deref(),
            module: common.module.as_deref(),
            actor: common.actor.as_deref(),
            subject_id: row::text(row, 8)?,
            summary: if summary { Some(summary_text) } else { row::text(row, SUMMARY + 1)? },
            message: if message { Some(message_text) } else { row::text(row, MESSAGE + 1)? },
            extra: row::text(row, 9)?,
        };
        Ok(ArrivedEntry { arrived: row.get(0)?, revision: row.get(1)?, store: StoreId(row.get(2)?), fields })
    }
}

/// The templates, as far as they were looked up.
struct Templates<'a> {
    find: CachedStatement<'a>,
    known: HashMap<i64, Parts>,
}

impl Templates<'_> {
    /// Puts a text together of its template, whose number is in this column, and of this many variables behind it. Says
    /// whether it has a template; without one, the first variable is the whole text.
    fn put_together(
        &mut self,
        row: &Row<'_>,
        column: usize,
        variables: usize,
        text: &mut String,
    ) -> rusqlite::Result<bool> {
        let Some(number) = row.get::<_, Option<i64>>(column)? else { return Ok(false) };
        let parts: &Parts = match place(&mut self.known, number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let read = |row: &Row<'_>| {
                    let mut parts = Parts::default();
                    for (column, part) in parts.iter_mut().enumerate() {
                        *part = row.get(column)?;
                    }
                    Ok(parts)
                };
                place.insert(self.find.query_row([number], read).optional()?.unwrap_or_default())
            }
        };
        text.clear();
        text.push_str(&parts[0]);
        for (variable, part) in parts[1..=variables].iter().enumerate() {
            text.push_str(row::text(row, column + 1 + variable)?.unwrap_or_default());
            text.push_str(part);
        }
        Ok(true)
    }
}

/// The place of a number among those that are remembered.
pub(super) fn place<T>(all: &mut HashMap<i64, T>, number: i64) -> Entry<'_, i64, T> {
    if all.len() >= MOST {
        all.clear();
    }
    all.entry(number)
}
