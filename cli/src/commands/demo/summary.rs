//! What many entries add up to, with a bar for each count.

use std::collections::HashMap;
use std::io::{self, Write};

use anstyle::Style;
use storelogs::{LogEntry, Severity};
use storelogs_collector::insight::grouped;
use unicode_width::UnicodeWidthStr;

use crate::output::{Layout, Out, shown_severity};
use crate::ui::printable;
use crate::ui::{BOLD, CYAN, DIM};

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

    pub(crate) fn write(&self, out: &mut Out, layout: &Layout, title: &str) -> io::Result<()> {
        let style = |style: Style| if layout.coloured { style } else { Style::new() };
        writeln!(out, "\n{}{title}{:#}", style(DIM), style(DIM))?;
        let mut severities: Vec<_> = self.severities.iter().map(|(severity, count)| (*severity, *count)).collect();
        severities.sort_by_key(|(severity, _)| std::cmp::Reverse(severity.number()));
        let severities = severities.into_iter();
        let bars = severities.map(|(severity, count)| (severity.to_string(), count, style(shown_severity(severity))));
        self.table(out, "severity", bars.collect(), style(BOLD))?;
        for (title, counts) in [("category", &self.categories), ("actor", &self.actors)] {
            self.table(out, title, most(counts, style(CYAN), style(DIM)), style(BOLD))?;
        }
        out.flush()
    }

    fn table(&self, out: &mut Out, title: &str, lines: Vec<(String, usize, Style)>, bold: Style) -> io::Result<()> {
        writeln!(out, "\n{bold}by {title}{bold:#}")?;
        let label = lines.iter().map(|(label, ..)| label.width()).max().unwrap_or_default();
        let most = lines.iter().map(|(_, count, _)| *count).max().unwrap_or(1).max(1);
        for (name, count, style) in lines {
            let (bar, count) = (bar(count, most), grouped(count as u64));
            let pad = " ".repeat(label - name.width());
            writeln!(out, "  {name}{pad}  {count:>7}  {style}{bar}{style:#}")?;
        }
        Ok(())
    }
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
fn most(counts: &HashMap<String, usize>, style: Style, others: Style) -> Vec<(String, usize, Style)> {
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    let rest = sorted.split_off(sorted.len().min(LINES));
    let mut lines: Vec<_> =
        sorted.into_iter().map(|(name, count)| (printable::line(name).into_owned(), *count, style)).collect();
    if !rest.is_empty() {
        let sum = rest.iter().map(|(_, count)| **count).sum();
        lines.push((format!("{} others", rest.len()), sum, others));
    }
    lines
}

/// In eighths of a column, and never nothing for something.
fn bar(count: usize, most: usize) -> String {
    let eighths = (count * BAR * 8 / most).max(usize::from(count > 0));
    let mut bar = "█".repeat(eighths / 8);
    bar.extend([' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'].get(eighths % 8).filter(|c| **c != ' '));
    bar
}
