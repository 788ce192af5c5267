//! A report as text of 80 columns.
//!
//! Searches are long, so that a line only has the number of its search; they all stand at the end.

use std::io::{self, Write};

use anstyle::Style;
use storelogs_collector::insight::model::Level;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::document::{Block, Document, Kind, Row, Table, spark};
use crate::ui::printable;
use crate::ui::{BOLD, CYAN, DIM, GREEN, RED, YELLOW};

const WIDTH: usize = 80;
/// What a drawing of counts takes.
const SPARK: usize = 16;
/// The least of a column with long text.
const LEAST: usize = 16;

/// What is drawn and painted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    pub(super) sparks: bool,
    pub(super) coloured: bool,
}

struct Page<'a> {
    out: &'a mut dyn Write,
    look: Look,
    /// Searches, by their numbers less one.
    queries: Vec<String>,
}

pub(super) fn write(document: &Document, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out, look, queries: Vec::new() };
    for block in document {
        page.block(block)?;
    }
    page.searches()
}

/// A query as a command of a shell.
pub(crate) fn command(query: &str) -> String {
    format!("storelogs search '{}'", query.replace('\'', "'\\''"))
}

impl Page<'_> {
    fn style(&self, style: Style) -> Style {
        if self.look.coloured { style } else { Style::new() }
    }

    fn block(&mut self, block: &Block) -> io::Result<()> {
        let (bold, cyan) = (self.style(BOLD), self.style(CYAN.bold()));
        match block {
            Block::Title(text) => writeln!(self.out, "{bold}{}{bold:#}", printable::line(text)),
            Block::Heading(text) => writeln!(self.out, "\n{cyan}{}{cyan:#}", printable::line(text).to_uppercase()),
            Block::Part(text) => {
                writeln!(self.out)?;
                self.paragraph(text, 0, bold)
            }
            Block::Text(text) => self.paragraph(text, 0, Style::new()),
            Block::Finding(level, line) => {
                let (mark, style) = match level {
                    Level::Alarm => ("✗", RED),
                    Level::Warning => ("!", YELLOW),
                    Level::Note => ("·", DIM),
                    Level::Good => ("✓", GREEN),
                };
                let reference = self.reference(line.query.as_deref());
                let style = self.style(style);
                let title = wrap(&format!("{}{reference}", printable::line(&line.title)), WIDTH - 2);
                for (at, part) in title.iter().enumerate() {
                    let mark = if at == 0 { mark } else { " " };
                    writeln!(self.out, "{style}{mark}{style:#} {bold}{part}{bold:#}")?;
                }
                self.paragraph(&line.text, 2, Style::new())
            }
            Block::Table(table) => self.table(table),
        }
    }

    fn paragraph(&mut self, text: &str, indent: usize, style: Style) -> io::Result<()> {
        for line in wrap(&printable::line(text), WIDTH - indent) {
            writeln!(self.out, "{:indent$}{style}{line}{style:#}", "")?;
        }
        Ok(())
    }

    /// ` [3]`: where the search stands.
    fn reference(&mut self, query: Option<&str>) -> String {
        let Some(query) = query else { return String::new() };
        let number = match self.queries.iter().position(|other| other == query) {
            Some(at) => at + 1,
            None => {
                self.queries.push(query.to_owned());
                self.queries.len()
            }
        };
        format!(" [{number}]")
    }

    fn table(&mut self, table: &Table) -> io::Result<()> {
        let references: Vec<String> = table.rows.iter().map(|row| self.reference(row.query.as_deref())).collect();
        let references_width = references.iter().map(String::len).max().unwrap_or_default();
        let shown = |at: &usize| self.look.sparks || table.columns[*at].kind != Kind::Spark;
        let places: Vec<usize> = (0..table.columns.len()).filter(shown).collect();
        let cell = |row: &Row, at: usize| -> String {
            let Some(cell) = row.cells.get(at) else { return String::new() };
            if table.columns[at].kind == Kind::Spark {
                spark(&cell.counts, SPARK)
            } else {
                printable::line(&cell.text).into_owned()
            }
        };
        let natural = |at: &usize| {
            let widest = table.rows.iter().map(|row| cell(row, *at).width()).max().unwrap_or_default();
            widest.max(table.columns[*at].name.width())
        };
        let mut widths: Vec<usize> = places.iter().map(natural).collect();
        fit(&mut widths, &places.iter().map(|at| table.columns[*at].kind).collect::<Vec<_>>(), references_width);
        let dim = self.style(DIM);
        let mut head = String::new();
        for (width, at) in widths.iter().zip(&places) {
            pad(&mut head, table.columns[*at].name, *width, table.columns[*at].kind);
        }
        writeln!(self.out, "{dim}{}{dim:#}", head.trim_end())?;
        for (row, reference) in table.rows.iter().zip(references) {
            let cells: Vec<Vec<String>> =
                places.iter().zip(&widths).map(|(at, width)| wrap(&cell(row, *at), *width)).collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(1);
            for line in 0..height {
                let mut text = String::new();
                for ((lines, width), at) in cells.iter().zip(&widths).zip(&places) {
                    let part = lines.get(line).map_or("", String::as_str);
                    let style = self.style(row.cells.get(*at).and_then(|cell| cell.level).map_or(Style::new(), paint));
                    let mut padded = String::new();
                    pad(&mut padded, part, *width, table.columns[*at].kind);
                    text.push_str(&format!("{style}{padded}{style:#}"));
                }
                if line == 0 && !reference.is_empty() {
                    let reference = reference.trim_start();
                    writeln!(self.out, "{text}{dim}{reference}{dim:#}")?;
                } else if self.look.coloured {
                    writeln!(self.out, "{text}")?;
                } else {
                    writeln!(self.out, "{}", text.trim_end())?;
                }
            }
        }
        Ok(())
    }

    /// Every search that a line has the number of. They go into a shell as they are, line breaks included.
    fn searches(&mut self) -> io::Result<()> {
        if self.queries.is_empty() {
            return Ok(());
        }
        self.block(&Block::Heading("Searches".to_owned()))?;
        let width = self.queries.len().to_string().len() + 2;
        for (at, query) in std::mem::take(&mut self.queries).iter().enumerate() {
            let lines = wrap_query(&command(&printable::line(query)), WIDTH - width - 1);
            for (line, text) in lines.iter().enumerate() {
                let number = if line == 0 { format!("[{}]", at + 1) } else { String::new() };
                writeln!(self.out, "{number:<width$} {text}")?;
            }
        }
        Ok(())
    }
}

fn paint(level: Level) -> Style {
    match level {
        Level::Alarm => RED,
        Level::Warning => YELLOW,
        Level::Note => DIM,
        Level::Good => GREEN,
    }
}

/// Narrows the columns until they fit: those with long text first.
fn fit(widths: &mut [usize], kinds: &[Kind], references: usize) {
    let room = WIDTH.saturating_sub(references + 2 * widths.len());
    loop {
        let all: usize = widths.iter().sum();
        if all <= room {
            return;
        }
        let can_narrow = |(at, width): &(usize, &mut usize)| match kinds[*at] {
            Kind::Long => **width > LEAST,
            Kind::Text => **width > LEAST / 2,
            Kind::Number | Kind::Spark => false,
        };
        let long = |kind: Kind| kind == Kind::Long;
        let widest = widths.iter_mut().enumerate().filter(can_narrow);
        let widest = widest.max_by_key(|(at, width)| (long(kinds[*at]) && **width > 2 * LEAST, **width));
        match widest {
            Some((_, width)) => *width -= 1,
            None => return,
        }
    }
}

fn pad(line: &mut String, text: &str, width: usize, kind: Kind) {
    let gap = " ".repeat(width.saturating_sub(text.width()));
    if kind == Kind::Number {
        line.push_str(&gap);
        line.push_str(text);
    } else {
        line.push_str(text);
        line.push_str(&gap);
    }
    line.push_str("  ");
}

/// The text in lines of at most so many columns. Words that are wider are cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        loop {
            let line = lines.last_mut().map(|line| (line.width(), line));
            let Some((used, line)) = line else { break };
            let space = usize::from(used > 0);
            if used + space + word.width() <= width {
                if used > 0 {
                    line.push(' ');
                }
                line.push_str(word);
                break;
            }
            if used > 0 {
                lines.push(String::new());
                continue;
            }
            let (head, rest) = word.split_at(cut(word, width));
            line.push_str(head);
            word = rest;
            lines.push(String::new());
        }
    }
    if lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Where a text is cut so that it takes at most so many columns, and at least one character.
fn cut(text: &str, width: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or_default();
        if used > width && at > 0 {
            return at;
        }
    }
    text.len()
}

/// So many pieces of a command are `storelogs search '…`.
const BEGINNING: usize = 3;

/// A command in lines, broken only where a space means nothing: not within quotes.
fn wrap_query(query: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let (mut piece, mut quoted, mut escaped) = (String::new(), false, false);
    let mut pieces = Vec::new();
    for c in query.chars() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ' ' if !quoted => {
                pieces.push(std::mem::take(&mut piece));
                continue;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        piece.push(c);
    }
    pieces.push(piece);
    for (at, piece) in pieces.into_iter().enumerate() {
        match lines.last_mut() {
            // The command and where its query begins belong together, however long.
            Some(line) if at < BEGINNING || line.width() + 1 + piece.width() <= width => {
                line.push(' ');
                line.push_str(&piece);
            }
            _ => lines.push(piece),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_wide_words_are_cut() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("商品商品", 5), ["商品", "商品"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn a_query_is_not_broken_within_quotes() {
        let lines = wrap_query(r#"storelogs search 'like:"a b \" c d" since:x until:y'"#, 24);
        assert_eq!(lines, [r#"storelogs search 'like:"a b \" c d""#, "since:x until:y'"]);
    }
}
