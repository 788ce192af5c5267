//! The rows of an SQL statement in aligned columns.

use std::io::{self, Write};

use storelogs_collector::query::Cell;

use super::sink::Rows;
use super::values::text;
use crate::ui::{Column, Out, Palette, Table, Text};

/// How many rows decide the widths of the columns. Later rows are written as they come.
const MEASURED_ROWS: usize = 500;
/// No column is made narrower than this to fit the terminal.
const NARROWEST: usize = 8;

/// Writes rows in aligned columns; on a terminal, texts that are too long are cut.
pub(super) struct RowsTable {
    out: Out,
    /// The columns of the terminal.
    limit: Option<usize>,
    palette: Palette,
    table: Option<Table>,
}

impl RowsTable {
    pub(super) fn new(out: Out, limit: Option<usize>, palette: Palette) -> Self {
        Self { out, limit, palette, table: None }
    }
}

impl Rows for RowsTable {
    fn columns(&mut self, names: &[&str]) -> io::Result<()> {
        let columns = names.iter().map(|name| Column::new(name).narrowest(NARROWEST).cut());
        let table = Table::new(columns).header(self.palette.bold).limit(self.limit).hold(MEASURED_ROWS);
        self.table = Some(table);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let Some(table) = &mut self.table else { return Ok(()) };
        table.row(cells.iter().map(|cell| match cell {
            Cell::Null => Text::new(self.palette.dim, "NULL"),
            Cell::Integer(_) | Cell::Real(_) => Text::plain(&text(cell)).right(),
            Cell::Text(_) | Cell::Blob(_) => Text::plain(&text(cell)),
        }));
        table.write_ready(&mut self.out)
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(table) = &mut self.table {
            table.write(&mut self.out)?;
        }
        self.out.flush()
    }
}
