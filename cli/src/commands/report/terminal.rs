//! A report as text of 80 columns.
//!
//! Searches are long, so a line has only the number of its search, and the searches are listed at the end.

use std::io::{self, Write};

use anstyle::Style;
use storelogs_collector::insight::document::{Block, Document, Kind, Row, Table};
use storelogs_collector::insight::model::Level;
use unicode_width::UnicodeWidthStr;

use crate::ui::{self, Column, Palette, Text, printable, search_command, sparkline, wrap};

const WIDTH: usize = 80;
/// The width of a sparkline.
const SPARK: usize = 16;
/// The least of a column with long text.
const LEAST: usize = 16;

/// The style of the terminal: charts and colours.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Appearance {
    pub(super) sparks: bool,
    pub(super) palette: Palette,
}

struct Page<'a> {
    out: &'a mut dyn Write,
    look: Appearance,
    /// Searches, by their numbers less one.
    queries: Vec<String>,
}

pub(super) fn write(document: &Document, look: Appearance, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out, look, queries: Vec::new() };
    for block in document {
        page.block(block)?;
    }
    page.searches()
}

impl Page<'_> {
    fn block(&mut self, block: &Block) -> io::Result<()> {
        let palette = self.look.palette;
        let (bold, cyan) = (palette.bold, palette.strong(palette.cyan));
        match block {
            Block::Title(text) => writeln!(self.out, "{bold}{}{bold:#}", printable::line(text)),
            Block::Heading(text) => writeln!(self.out, "\n{cyan}{}{cyan:#}", printable::line(text).to_uppercase()),
            Block::Part(text) => {
                writeln!(self.out)?;
                self.paragraph(text, 0, bold)
            }
            Block::Text(text) => self.paragraph(text, 0, Style::new()),
            Block::Finding(level, line) => {
                let style = paint(*level, &palette);
                let mark = match level {
                    Level::Alarm => "✗",
                    Level::Warning => "!",
                    Level::Note => "·",
                    Level::Good => "✓",
                };
                let reference = self.reference(line.query.as_deref());
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
        let Appearance { sparks, palette } = self.look;
        let shown = |at: &usize| sparks || table.columns[*at].kind != Kind::Spark;
        let places: Vec<usize> = (0..table.columns.len()).filter(shown).collect();
        let columns = places.iter().map(|at| {
            let column = Column::new(table.columns[*at].name).wrap();
            match table.columns[*at].kind {
                Kind::Long => column.narrowest(LEAST).long(),
                Kind::Text => column.narrowest(LEAST / 2),
                Kind::Number | Kind::Spark => column,
            }
        });
        // The numbers of searches stand behind the last column, which has no name.
        let mut drawn = ui::Table::new(columns.chain([Column::new("")])).header(palette.dim).limit(Some(WIDTH));
        for (row, reference) in table.rows.iter().zip(&references) {
            let cells = places.iter().map(|at| cell(row, *at, table.columns[*at].kind, &palette));
            drawn.row(cells.chain([Text::new(palette.dim, reference.trim_start())]));
        }
        drawn.write(self.out)
    }

    /// Every search that a line has the number of. They go into a shell as they are, line breaks included.
    fn searches(&mut self) -> io::Result<()> {
        if self.queries.is_empty() {
            return Ok(());
        }
        self.block(&Block::Heading("Searches".to_owned()))?;
        let width = self.queries.len().to_string().len() + 2;
        for (at, query) in std::mem::take(&mut self.queries).iter().enumerate() {
            let lines = wrap_query(&search_command(&printable::line(query)), WIDTH - width - 1);
            for (line, text) in lines.iter().enumerate() {
                let number = if line == 0 { format!("[{}]", at + 1) } else { String::new() };
                writeln!(self.out, "{number:<width$} {text}")?;
            }
        }
        Ok(())
    }
}

fn cell(row: &Row, at: usize, kind: Kind, palette: &Palette) -> Text {
    let Some(cell) = row.cells.get(at) else { return Text::default() };
    let style = cell.level.map_or(Style::new(), |level| paint(level, palette));
    match kind {
        Kind::Spark => Text::new(style, &sparkline(&cell.counts, SPARK)),
        Kind::Number => Text::new(style, &cell.text).right(),
        Kind::Text | Kind::Long => Text::new(style, &cell.text),
    }
}

fn paint(level: Level, palette: &Palette) -> Style {
    match level {
        Level::Alarm => palette.red,
        Level::Warning => palette.yellow,
        Level::Note => palette.dim,
        Level::Good => palette.green,
    }
}

/// How many pieces of a command are `storelogs search '…`.
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
    fn a_query_is_not_broken_within_quotes() {
        let lines = wrap_query(r#"storelogs search 'like:"a b \" c d" since:x until:y'"#, 24);
        assert_eq!(lines, [r#"storelogs search 'like:"a b \" c d""#, "since:x until:y'"]);
    }
}
