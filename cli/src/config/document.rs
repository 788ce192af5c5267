//! The text of a configuration file, table by table.

use std::collections::HashMap;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::mistake::{Fault, Mistake, Sections, Wrong};
use super::syntax::{self, Lines};
use super::value::{Value, keys, kind};

/// The content of a file, of which tables are taken one by one, and what is wrong with those that were taken.
pub(super) struct Document<'i> {
    lines: Lines,
    root: DeTable<'i>,
    own: &'static [&'static str],
    sections: &'i Sections,
    faults: Vec<Fault>,
}

/// The lines of a table.
pub(super) struct Place {
    /// The one that it begins with.
    pub(super) line: usize,
    /// Its number among those of its name, from 1.
    pub(super) number: usize,
    keys: HashMap<String, usize>,
}

impl<'i> Document<'i> {
    /// Reads the text of a file with keys as `T` has them, and with these tables. Behind what is no TOML nothing can be
    /// distinguished: that is the only fault then.
    pub(super) fn parse<T: Deserialize<'i>>(text: &'i str, sections: &'i Sections) -> Result<Self, Fault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let names = sections.iter().map(|(name, keys)| (Some(*name), *keys));
        let own = keys::<T>();
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            syntax::fault(text, at, error.message() == "duplicate key", names.chain([(None, own)]))
        })?;
        Ok(Self { lines: Lines::of(text), root: root.into_inner(), own, sections, faults: Vec::new() })
    }

    fn line(&self, at: usize) -> usize {
        self.lines.number(at)
    }

    /// The tables of this name that can be read, and the lines of each.
    pub(super) fn each<T: Deserialize<'i>>(&mut self, section: &'static str) -> Vec<(Place, T)> {
        let Some((_, value)) = self.root.remove_entry(section) else { return Vec::new() };
        let line = self.line(value.span().start);
        let parts = match value.into_inner() {
            DeValue::Array(parts) => parts,
            DeValue::Table(_) => {
                self.faults.push((line, syntax::two_brackets(section)));
                return Vec::new();
            }
            other => {
                self.faults.push((line, no_table(section, &other)));
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        for (number, part) in (1..).zip(parts) {
            let at = part.span().start;
            let line = self.line(at);
            match part.into_inner() {
                DeValue::Table(table) => {
                    let keys = table.keys().map(|key| (key.get_ref().to_string(), self.line(key.span().start)));
                    let place = Place { line, number, keys: keys.collect() };
                    found.extend(self.table(table, at, Some(section)).map(|table| (place, table)));
                }
                other => self.faults.push((line, no_table(section, &other))),
            }
        }
        found
    }

    /// What is left: the keys of the file itself.
    pub(super) fn rest<T: Deserialize<'i>>(&mut self) -> Option<T> {
        let rest = std::mem::take(&mut self.root);
        self.table(rest, 0, None)
    }

    /// A table that begins at this byte. With each key that is wrong it is read once more without that key.
    fn table<T: Deserialize<'i>>(&mut self, mut table: DeTable<'i>, at: usize, section: Option<&str>) -> Option<T> {
        let mut wrong = Vec::new();
        loop {
            let mistake: Mistake = match T::deserialize(Value(DeValue::Table(table.clone()))) {
                Ok(read) => return Some(read).filter(|_| wrong.is_empty()),
                Err(mistake) if mistake.misses_one_of(&wrong) => return None,
                Err(mistake) => mistake,
            };
            let line = self.line(mistake.at.unwrap_or(at));
            self.faults.push((line, mistake.sentence(section, self.own, self.sections)));
            let (key, _) = mistake.entry().and_then(|key| table.remove_entry(key))?;
            wrong.push(key.into_inner().into_owned());
        }
    }

    /// Adds what is wrong with a table that could be read.
    pub(super) fn refuse(&mut self, place: &Place, Wrong { key, why }: Wrong) {
        let line = key.and_then(|key| place.keys.get(key)).copied().unwrap_or(place.line);
        self.faults.push((line, why));
    }

    /// All that is wrong, from the top of the file to its end.
    pub(super) fn faults(mut self) -> Vec<Fault> {
        self.faults.sort_by_key(|(line, _)| *line);
        self.faults
    }
}

fn no_table(section: &str, value: &DeValue<'_>) -> String {
    format!("{section} is {}: write a line [[{section}]], and the keys below it", kind(value))
}
