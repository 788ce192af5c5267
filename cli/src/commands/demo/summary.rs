//! A summary of many entries, with a bar for each count.

use std::collections::HashMap;
use std::io::{self, Write};

use anstyle::Style;
use storelogs::{LogEntry, Severity};
use storelogs_collector::wording::format_count;

use crate::ui::{Column, Out, Palette, Table, Text, bar};

/// Counts by severity, category and actor.
#[derive(Default)]
pub(crate) struct Summary {
    entries: usize,
    severities: HashMap<Severity, usize>,
    categories: HashMap<String, usize>,
    actors: HashMap<String, usize>,
}

/// The lines of one table; the rest is added up in one more.
const LINES: usize = 8;
const BAR: usize = 30;

impl Summary {
    pub(crate) fn add(&mut self, entry: &LogEntry) {
        self.entries += 1;
        *self.severities.entry(entry.severity).or_default() += 1;
        count(&mut self.categories, entry.category.as_deref());
        count(&mut self.actors, entry.actor.as_deref());
    }

    pub(crate) fn entries(&self) -> usize {
        self.entries
    }

    pub(crate) fn write(&self, out: &mut Out, palette: &Palette, title: &str) -> io::Result<()> {
        writeln!(out, "\n{}{title}{:#}", palette.dim, palette.dim)?;
        let mut severities: Vec<_> = self.severities.iter().map(|(severity, count)| (*severity, *count)).collect();
        severities.sort_by_key(|(severity, _)| std::cmp::Reverse(severity.number()));
        let severities = severities.into_iter();
        let bars = severities.map(|(severity, count)| (severity.to_string(), count, palette.severity(severity)));
        table(out, palette, "severity", bars.collect())?;
        for (title, counts) in [("category", &self.categories), ("actor", &self.actors)] {
            table(out, palette, title, most(counts, palette))?;
        }
        out.flush()
    }
}

fn table(out: &mut Out, palette: &Palette, title: &str, lines: Vec<(String, usize, Style)>) -> io::Result<()> {
    let bold = palette.bold;
    writeln!(out, "\n{bold}by {title}{bold:#}")?;
    let most = lines.iter().map(|(_, count, _)| *count).max().unwrap_or(1);
    let mut table = Table::new([Column::new(""), Column::new("").least(7), Column::new("")]).indent(2);
    for (name, count, style) in lines {
        let number = Text::plain(&format_count(count as u64)).right();
        table.row([Text::plain(&name), number, Text::new(style, &bar(count, most, BAR))]);
    }
    table.write(out)
}

fn count(counts: &mut HashMap<String, usize>, name: Option<&str>) {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return };
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

/// The highest counts, and one line for all others.
fn most(counts: &HashMap<String, usize>, palette: &Palette) -> Vec<(String, usize, Style)> {
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    let rest = sorted.split_off(sorted.len().min(LINES));
    let mut lines: Vec<_> = sorted.into_iter().map(|(name, count)| ((*name).clone(), *count, palette.cyan)).collect();
    if !rest.is_empty() {
        let sum = rest.iter().map(|(_, count)| **count).sum();
        lines.push((format!("{} others", rest.len()), sum, palette.dim));
    }
    lines
}
