//! Rows in aligned columns.

use std::io::{self, Write};

use anstyle::Style;
use storelogs_collector::query::Cell;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::rows::{Rows, text};
use crate::output::Out;
use crate::ui::printable;
use crate::ui::{BOLD, DIM};

/// The widths of the columns are those of so many rows. What comes behind them is written as it comes.
const LOOKED_AT: usize = 500;
/// No column is made narrower than this to fit the terminal.
const NARROWEST: usize = 8;
/// Between two columns.
const SPACE: usize = 2;

/// Writes rows in aligned columns; on a terminal, texts that are too long are cut.
pub(crate) struct Table {
    out: Out,
    /// The columns of the terminal.
    limit: Option<usize>,
    coloured: bool,
    names: Vec<String>,
    /// Rows that wait for the widths to be known.
    waiting: Vec<Vec<Shown>>,
    widths: Option<Vec<usize>>,
}

/// A value as it is shown.
struct Shown {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// Stands on the right side of its column.
    Number,
    Null,
}

impl Table {
    pub(crate) fn new(out: Out, limit: Option<usize>, coloured: bool) -> Self {
        Self { out, limit, coloured, names: Vec::new(), waiting: Vec::new(), widths: None }
    }

    /// Fixes the widths, and writes what waited for them.
    fn begin(&mut self) -> io::Result<()> {
        let mut widths: Vec<usize> = self.names.iter().map(|name| name.width()).collect();
        for row in &self.waiting {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        if let Some(limit) = self.limit {
            fit(&mut widths, limit);
        }
        let header: Vec<Shown> = self.names.iter().map(|name| Shown { text: name.clone(), kind: Kind::Text }).collect();
        let numbers: Vec<bool> = (0..widths.len())
            .map(|column| self.waiting.iter().any(|row| row.get(column).is_some_and(|cell| cell.kind == Kind::Number)))
            .collect();
        let header = header
            .into_iter()
            .zip(numbers)
            .map(|(cell, right)| Shown { kind: if right { Kind::Number } else { cell.kind }, ..cell });
        let style = if self.coloured { BOLD } else { Style::new() };
        self.widths = Some(widths);
        self.line(&header.collect::<Vec<_>>(), style)?;
        for row in std::mem::take(&mut self.waiting) {
            self.line(&row, Style::new())?;
        }
        Ok(())
    }

    fn line(&mut self, cells: &[Shown], style: Style) -> io::Result<()> {
        let widths = self.widths.as_deref().unwrap_or_default();
        let dim = if self.coloured { DIM } else { Style::new() };
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            if column > 0 {
                write!(self.out, "{:SPACE$}", "")?;
            }
            let text = if self.limit.is_some() { cut(&cell.text, *width) } else { (cell.text.clone(), false) };
            let (text, was_cut) = text;
            let pad = width.saturating_sub(text.width() + usize::from(was_cut));
            let style = if cell.kind == Kind::Null { dim } else { style };
            let ellipsis = if was_cut { "…" } else { "" };
            if cell.kind == Kind::Number {
                write!(self.out, "{:pad$}{style}{text}{ellipsis}{style:#}", "")?;
            } else if column + 1 == cells.len() {
                write!(self.out, "{style}{text}{ellipsis}{style:#}")?;
            } else {
                write!(self.out, "{style}{text}{ellipsis}{style:#}{:pad$}", "")?;
            }
        }
        writeln!(self.out)
    }
}

impl Rows for Table {
    fn columns(&mut self, names: &[&str]) -> io::Result<()> {
        self.names = names.iter().map(|name| printable::line(name).into_owned()).collect();
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let row: Vec<Shown> = cells.iter().map(Shown::of).collect();
        if self.widths.is_some() {
            return self.line(&row, Style::new());
        }
        self.waiting.push(row);
        if self.waiting.len() == LOOKED_AT { self.begin() } else { Ok(()) }
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.widths.is_none() && !self.names.is_empty() {
            self.begin()?;
        }
        self.out.flush()
    }
}

impl Shown {
    fn of(cell: &Cell<'_>) -> Self {
        let kind = match cell {
            Cell::Null => return Self { text: "NULL".to_owned(), kind: Kind::Null },
            Cell::Integer(_) | Cell::Real(_) => Kind::Number,
            Cell::Text(_) | Cell::Blob(_) => Kind::Text,
        };
        Self { text: printable::line(&text(cell)).into_owned(), kind }
    }
}

/// Makes the widest columns narrower until all of them fit, or none can be made narrower.
fn fit(widths: &mut [usize], limit: usize) {
    let room = limit.saturating_sub(SPACE * widths.len().saturating_sub(1));
    loop {
        let over = widths.iter().sum::<usize>().saturating_sub(room);
        let widest = widths.iter().copied().max().unwrap_or(0);
        if over == 0 || widest <= NARROWEST {
            return;
        }
        let next = widths.iter().copied().filter(|width| *width < widest).max().unwrap_or(0).max(NARROWEST);
        let many = widths.iter().filter(|width| **width == widest).count();
        // Together down to the next narrower one, or as far as is needed.
        let less = (widest - next).min(over.div_ceil(many)).max(1);
        widths.iter_mut().filter(|width| **width == widest).for_each(|width| *width -= less);
    }
}

/// As much of a text as fits, and whether something was left out: then there is room for a mark.
fn cut(text: &str, width: usize) -> (String, bool) {
    if text.width() <= width {
        return (text.to_owned(), false);
    }
    let mut room = width.saturating_sub(1);
    let fits = text.chars().take_while(|c| {
        let wide = c.width().unwrap_or(0);
        let fits = wide <= room;
        room = room.saturating_sub(wide);
        fits
    });
    (fits.collect(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way() {
        let fitted = |mut widths: Vec<usize>, limit| {
            fit(&mut widths, limit);
            widths
        };
        assert_eq!(fitted(vec![10, 20], 80), [10, 20]);
        assert_eq!(fitted(vec![10, 200, 60], 80), [10, 33, 33]);
        assert_eq!(fitted(vec![20, 20, 20], 20), [8, 8, 8]);
    }

    #[test]
    fn a_text_is_cut_by_its_width_on_the_screen() {
        assert_eq!(cut("商品已编辑", 6), ("商品".to_owned(), true));
        assert_eq!(cut("商品", 4), ("商品".to_owned(), false));
        assert_eq!(cut("plain", 1), (String::new(), true));
    }
}
