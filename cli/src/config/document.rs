//! The text of a configuration file, table by table.

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::mistake::{Fault, Sections, Wrong};
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

/// Where a table is.
pub(super) struct Place {
    /// The one that it begins with.
    pub(super) line: usize,
    /// Its number among those of its name, from 1.
    pub(super) number: usize,
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

    /// What `make` makes of the tables of this name, and where each is. Those with anything wrong are left out.
    pub(super) fn each<T: Deserialize<'i>, S>(
        &mut self,
        section: &'static str,
        make: impl Fn(T, &Place) -> Result<S, Wrong>,
    ) -> Vec<(Place, S)> {
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
                    let place = Place { line, number };
                    let made = self.table(table, at, Some(section), |table| make(table, &place));
                    found.extend(made.map(|made| (place, made)));
                }
                other => self.faults.push((line, no_table(section, &other))),
            }
        }
        found
    }

    /// What is left: the keys of the file itself.
    pub(super) fn rest<T: Deserialize<'i>>(&mut self) -> Option<T> {
        let rest = std::mem::take(&mut self.root);
        self.table(rest, 0, None, Ok)
    }

    /// What `make` makes of a table that begins at this byte. With each key that is wrong it is read once more without that
    /// key, so that all of them are found.
    fn table<T: Deserialize<'i>, S>(
        &mut self,
        mut table: DeTable<'i>,
        at: usize,
        section: Option<&str>,
        make: impl Fn(T) -> Result<S, Wrong>,
    ) -> Option<S> {
        let mut left_out = Vec::new();
        loop {
            let made = match T::deserialize(Value(DeValue::Table(table.clone()))) {
                Ok(read) => make(read),
                Err(mistake) if mistake.misses_one_of(&left_out) => return None,
                Err(mistake) => {
                    let line = self.line(mistake.at.unwrap_or(at));
                    self.faults.push((line, mistake.sentence(section, self.own, self.sections)));
                    let (key, _) = mistake.entry().and_then(|key| table.remove_entry(key))?;
                    left_out.push(key.into_inner().into_owned());
                    continue;
                }
            };
            let Wrong { key, why, alone } = match made {
                Ok(made) => return Some(made).filter(|_| left_out.is_empty()),
                Err(wrong) => wrong,
            };
            if !alone && !left_out.is_empty() {
                return None; // A key that was left out may be all that it lacks.
            }
            let entry = key.and_then(|key| table.remove_entry(key));
            let line = self.line(entry.as_ref().map_or(at, |(key, _)| key.span().start));
            self.faults.push((line, why));
            let (key, _) = entry.filter(|_| alone)?;
            left_out.push(key.into_inner().into_owned());
        }
    }

    /// Adds what is wrong with a table that could be read.
    pub(super) fn refuse(&mut self, place: &Place, why: String) {
        self.faults.push((place.line, why));
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
