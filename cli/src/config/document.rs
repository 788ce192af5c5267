//! The text of a configuration file, table by table.

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::mistake::{Fault, Mistake, Sections};
use super::syntax::{self, Lines};
use super::value::{Value, keys, kind};

/// The content of a file, of which tables are taken one by one.
pub(super) struct Document<'i> {
    lines: Lines,
    root: DeTable<'i>,
    own: &'static [&'static str],
    sections: &'i Sections,
}

impl<'i> Document<'i> {
    /// Reads the text of a file with keys as `T` has them, and with these tables.
    pub(super) fn parse<T: Deserialize<'i>>(text: &'i str, sections: &'i Sections) -> Result<Self, Fault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let names = sections.iter().map(|(name, keys)| (Some(*name), *keys));
        let own = keys::<T>();
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            syntax::fault(text, at, error.message() == "duplicate key", names.chain([(None, own)]))
        })?;
        Ok(Self { lines: Lines::of(text), root: root.into_inner(), own, sections })
    }

    fn line(&self, at: usize) -> usize {
        self.lines.number(at)
    }

    fn fault(&self, mistake: &Mistake, section: Option<&str>) -> Fault {
        (self.line(mistake.at.unwrap_or(0)), mistake.sentence(section, self.own, self.sections))
    }

    /// The tables of this name, and the line of each.
    pub(super) fn each<T: Deserialize<'i>>(&mut self, section: &'static str) -> Result<Vec<(usize, T)>, Fault> {
        let Some((_, value)) = self.root.remove_entry(section) else { return Ok(Vec::new()) };
        let line = self.line(value.span().start);
        let parts = match value.into_inner() {
            DeValue::Array(parts) => parts,
            DeValue::Table(_) => {
                return Err((line, format!("write [[{section}]], with two brackets: there may be several")));
            }
            other => return Err((line, no_table(section, &other))),
        };
        let mut found = Vec::new();
        for part in parts {
            let place = part.span();
            let line = self.line(place.start);
            let part: DeValue<'i> = part.into_inner();
            if !part.is_table() {
                return Err((line, no_table(section, &part)));
            }
            let table = T::deserialize(Value(part));
            found.push((line, table.map_err(|mistake| self.fault(&mistake.at(place), Some(section)))?));
        }
        Ok(found)
    }

    /// What is left: the keys of the file itself.
    pub(super) fn rest<T: Deserialize<'i>>(&mut self) -> Result<T, Fault> {
        let rest = Value(DeValue::Table(std::mem::take(&mut self.root)));
        T::deserialize(rest).map_err(|mistake| self.fault(&mistake, None))
    }
}

fn no_table(section: &str, value: &DeValue<'_>) -> String {
    format!("{section} is {}: write a line [[{section}]], and the keys below it", kind(value))
}
