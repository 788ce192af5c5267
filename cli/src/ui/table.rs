//! The one table: aligned columns for reading.
//!
//! Widths fit the rows that come first, up to a number that the table buffers; a table without such a number buffers
//! all rows. A row may be followed by notes, which belong to no column.

use std::io::{self, Write};

use anstyle::Style;

use super::text::Text;

/// Rows on their way out, in aligned columns.
pub(crate) struct Table {
    columns: Vec<Column>,
    header: Option<Style>,
    gap: usize,
    indent: usize,
    /// The columns of the terminal, or of the page. Nothing is made to fit without it.
    limit: Option<usize>,
    /// How many rows are held back to measure them.
    held: usize,
    /// Whether later rows may widen a column.
    grows: bool,
    waiting: Vec<Line>,
    /// Once they are known.
    widths: Option<Vec<usize>>,
}

enum Line {
    Row(Vec<Text>),
    Note(Text),
}

/// A column, and what happens to a text that is wider than it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    name: String,
    least: usize,
    most: Option<usize>,
    /// It may be narrowed down to this width, so that the table fits.
    narrowest: Option<usize>,
    /// It is narrowed before others.
    long: bool,
    overflow: Overflow,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Overflow {
    /// It pushes on what comes behind it.
    #[default]
    Push,
    /// It is cut.
    Cut,
    /// It is cut where the line ends.
    CutAtEnd,
    /// It goes on in the next line.
    Wrap,
}

impl Column {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Makes the column at least this wide.
    pub(crate) fn least(self, width: usize) -> Self {
        Self { least: width, ..self }
    }

    /// Makes the column at most this wide. A text that is wider is no reason to widen it.
    pub(crate) fn most(self, width: usize) -> Self {
        Self { most: Some(width), ..self }
    }

    /// Narrowed down to that width where the table does not fit.
    pub(crate) fn narrowest(self, width: usize) -> Self {
        Self { narrowest: Some(width), ..self }
    }

    /// Narrowed before others.
    pub(crate) fn long(self) -> Self {
        Self { long: true, ..self }
    }

    /// Cut where the column ends.
    pub(crate) fn cut(self) -> Self {
        Self { overflow: Overflow::Cut, ..self }
    }

    /// Cut where the line ends: for the last column.
    pub(crate) fn cut_at_end(self) -> Self {
        Self { overflow: Overflow::CutAtEnd, ..self }
    }

    /// Broken into several lines.
    pub(crate) fn wrap(self) -> Self {
        Self { overflow: Overflow::Wrap, ..self }
    }

    fn width_for(&self, width: usize) -> usize {
        width.min(self.most.unwrap_or(usize::MAX)).max(self.least)
    }
}

impl Table {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            header: None,
            gap: 2,
            indent: 0,
            limit: None,
            held: usize::MAX,
            grows: false,
            waiting: Vec::new(),
            widths: None,
        }
    }

    /// Puts the names of the columns first.
    pub(crate) fn header(self, style: Style) -> Self {
        Self { header: Some(style), ..self }
    }

    /// Puts this many spaces between two columns; two otherwise.
    pub(crate) fn gap(self, gap: usize) -> Self {
        Self { gap, ..self }
    }

    /// Puts this many spaces before each row.
    pub(crate) fn indent(self, indent: usize) -> Self {
        Self { indent, ..self }
    }

    /// Fits that many columns, if that can be.
    pub(crate) fn limit(self, limit: Option<usize>) -> Self {
        Self { limit, ..self }
    }

    /// Holds that many rows back to measure them, and no more.
    pub(crate) fn hold(self, rows: usize) -> Self {
        Self { held: rows, ..self }
    }

    /// Allows later rows to widen a column.
    pub(crate) fn grow(self) -> Self {
        Self { grows: true, ..self }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Text>) {
        self.waiting.push(Line::Row(cells.into_iter().collect()));
    }

    /// Adds a line behind the row.
    pub(crate) fn note(&mut self, text: Text) {
        self.waiting.push(Line::Note(text));
    }

    /// Adds a line behind the row that an arrow in this style leads to.
    pub(crate) fn remark(&mut self, style: Style, text: &str) {
        self.note(Text::plain("  ").and(style, "→").and(Style::new(), " ").and(Style::new(), text));
    }

    /// Whether rows wait to be written.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes what need not be held back any longer.
    pub(crate) fn write_ready(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.widths.is_some() || self.waiting.len() >= self.held { self.write(out) } else { Ok(()) }
    }

    /// Writes all rows so far.
    pub(crate) fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut widths = match self.widths.take() {
            Some(widths) => widths,
            None => {
                let widths = self.measure(&waiting);
                self.write_header(out, &waiting, &widths)?;
                widths
            }
        };
        for line in waiting {
            match line {
                Line::Row(cells) => {
                    if self.grows {
                        self.widen(&mut widths, &cells);
                    }
                    self.write_row(out, cells, &widths)?;
                }
                Line::Note(text) => {
                    let mut line = String::new();
                    text.write(&mut line);
                    line.push('\n');
                    out.write_all(line.as_bytes())?;
                }
            }
        }
        self.widths = Some(widths);
        Ok(())
    }

    /// All rows as text.
    pub(crate) fn text(mut self) -> String {
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = self.write(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    fn measure(&self, lines: &[Line]) -> Vec<usize> {
        let named = |column: &Column| self.header.map_or(0, |_| Text::plain(&column.name).width());
        let mut widths: Vec<usize> = self.columns.iter().map(|column| column.width_for(named(column))).collect();
        for cells in rows(lines) {
            self.widen(&mut widths, cells);
        }
        if let Some(limit) = self.limit {
            let between = self.indent + self.gap * widths.len().saturating_sub(1);
            let mut words = vec![0; widths.len()];
            for cells in rows(lines) {
                words.iter_mut().zip(cells).for_each(|(word, cell)| *word = cell.widest_word().max(*word));
            }
            fit(&mut widths, &words, &self.columns, limit.saturating_sub(between));
        }
        widths
    }

    fn widen(&self, widths: &mut [usize], cells: &[Text]) {
        for ((width, column), cell) in widths.iter_mut().zip(&self.columns).zip(cells) {
            *width = (*width).max(column.width_for(cell.width()));
        }
    }

    /// The name of a column stands where its texts do.
    fn write_header(&self, out: &mut dyn Write, lines: &[Line], widths: &[usize]) -> io::Result<()> {
        let Some(style) = self.header.filter(|_| !self.columns.is_empty()) else { return Ok(()) };
        let is_right = |at: usize| rows(lines).any(|cells| cells.get(at).is_some_and(Text::is_right));
        let names = self.columns.iter().enumerate().map(|(at, column)| {
            let name = Text::new(style, &column.name);
            if is_right(at) { name.right() } else { name }
        });
        self.write_row(out, names.collect(), widths)
    }

    fn write_row(&self, out: &mut dyn Write, cells: Vec<Text>, widths: &[usize]) -> io::Result<()> {
        let wrap = |((cell, column), width): ((Text, &Column), &usize)| match column.overflow {
            Overflow::Wrap => cell.wrap(*width),
            Overflow::Cut if self.limit.is_some() => vec![cell.cut(*width)],
            Overflow::Push | Overflow::Cut | Overflow::CutAtEnd => vec![cell],
        };
        let mut cells: Vec<_> =
            cells.into_iter().zip(&self.columns).zip(widths).map(wrap).map(Vec::into_iter).collect();
        let height = cells.iter().map(ExactSizeIterator::len).max().unwrap_or_default();
        let mut text = String::new();
        for _ in 0..height {
            self.write_line(&mut text, cells.iter_mut().map(Iterator::next), widths);
        }
        out.write_all(text.as_bytes())
    }

    /// One line of a row. A column in which nothing stands takes no room, and no line ends with spaces.
    fn write_line(&self, text: &mut String, cells: impl Iterator<Item = Option<Text>>, widths: &[usize]) {
        let (mut used, mut owed) = (0, self.indent);
        for ((cell, column), width) in cells.zip(&self.columns).zip(widths) {
            if *width == 0 && column.overflow != Overflow::CutAtEnd {
                continue;
            }
            let mut cell = cell.unwrap_or_default();
            if let (Overflow::CutAtEnd, Some(limit)) = (column.overflow, self.limit) {
                cell = cell.cut(limit.saturating_sub(used + owed));
            }
            let taken = cell.width();
            let pad = width.saturating_sub(taken);
            if cell.is_right() {
                owed += pad;
            }
            if taken > 0 {
                text.extend(std::iter::repeat_n(' ', owed));
                cell.write(text);
                used += owed + taken;
                owed = 0;
            }
            owed += self.gap + if cell.is_right() { 0 } else { pad };
        }
        text.push('\n');
    }
}

fn rows(lines: &[Line]) -> impl Iterator<Item = &[Text]> {
    lines.iter().filter_map(|line| match line {
        Line::Row(cells) => Some(cells.as_slice()),
        Line::Note(_) => None,
    })
}

/// Narrows columns until all of them fit, or none can be made narrower: first those with long text, then those in which no
/// word has to be broken, then the widest. `words` are the widths of their widest words.
fn fit(widths: &mut [usize], words: &[usize], columns: &[Column], room: usize) {
    for (width, column) in widths.iter_mut().zip(columns) {
        if let Some(narrowest) = column.narrowest {
            *width = (*width).min(room.max(narrowest));
        }
    }
    while widths.iter().sum::<usize>() > room {
        let narrowable = widths.iter_mut().zip(words).zip(columns).filter_map(|((width, word), column)| {
            let narrowest = column.narrowest.filter(|narrowest| *width > *narrowest)?;
            Some((column.long && *width > 2 * narrowest, *width > *word, width))
        });
        match narrowable.max_by_key(|(long, whole, width)| (*long, *whole, **width)) {
            Some((.., width)) => *width -= 1,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way() {
        let fitted = |mut widths: Vec<usize>, limit: usize| {
            let columns = vec![Column::new("").narrowest(8); widths.len()];
            let room = limit - 2 * (widths.len() - 1);
            let words = vec![0; widths.len()];
            fit(&mut widths, &words, &columns, room);
            widths
        };
        assert_eq!(fitted(vec![10, 20], 80), [10, 20]);
        assert_eq!(fitted(vec![10, 200, 60], 80), [10, 33, 33]);
        assert_eq!(fitted(vec![20, 20, 20], 20), [8, 8, 8]);
    }

    #[test]
    fn long_text_gives_way_before_short_text() {
        let columns = [Column::new("").narrowest(8), Column::new("").narrowest(16).long()];
        let mut widths = [40, 40];
        fit(&mut widths, &[0, 0], &columns, 72);
        assert_eq!(widths, [40, 32]);
    }

    #[test]
    fn no_word_is_broken_while_another_column_has_room_between_words() {
        let column = || Column::new("").narrowest(8).wrap();
        let mut table = Table::new([column(), column()]).limit(Some(30));
        table.row([Text::plain("bigcommerce:abc123"), Text::plain("complete up to Mon 30 Nov")]);
        assert_eq!(
            table.text(),
            "bigcommerce:abc123  complete\n                    up to Mon\n                    30 Nov\n"
        );
    }

    #[test]
    fn numbers_stand_on_the_right_and_so_does_their_columns_name() {
        let mut table = Table::new([Column::new("STORE"), Column::new("ENTRIES")]).header(Style::new());
        table.row([Text::plain("商店"), Text::plain("7").right()]);
        table.remark(Style::new(), "it is fine");
        assert_eq!(table.text(), "STORE  ENTRIES\n商店         7\n  → it is fine\n");
    }

    #[test]
    fn no_line_ends_with_spaces_and_an_empty_column_takes_no_room() {
        let mut table = Table::new([Column::new(""), Column::new(""), Column::new("")]);
        table.row([Text::plain("a"), Text::plain(""), Text::plain("b")]);
        table.row([Text::plain("ccc"), Text::plain(""), Text::plain("")]);
        assert_eq!(table.text(), "a    b\nccc\n");
    }

    #[test]
    fn a_text_that_is_broken_goes_on_in_its_own_column() {
        let column = || Column::new("").narrowest(3).wrap();
        let mut table = Table::new([column(), column()]).limit(Some(8));
        table.row([Text::plain("one two"), Text::plain("abcdef")]);
        assert_eq!(table.text(), "one  abc\ntwo  def\n");
    }

    #[test]
    fn rows_that_are_not_held_back_widen_a_column_only_where_it_may_grow() {
        for (grows, expected) in [(true, "a  b\nccc  d\ne    f\n"), (false, "a  b\nccc  d\ne  f\n")] {
            let table = Table::new([Column::new(""), Column::new("")]).hold(1);
            let mut table = if grows { table.grow() } else { table };
            let mut out = Vec::new();
            for row in [["a", "b"], ["ccc", "d"], ["e", "f"]] {
                table.row(row.map(Text::plain));
                table.write_ready(&mut out).unwrap();
            }
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
