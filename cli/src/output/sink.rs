//! The destination of entries and of rows of SQL: standard output or a file.

use std::io;

use storelogs::LogEntry;
use storelogs_collector::query::Cell;

/// Appends the text of an entry.
pub(crate) type Encode = fn(&LogEntry, &mut Vec<u8>);

/// Takes entries, one by one.
pub(crate) trait Sink {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()>;

    /// A function that makes the text of an entry, if that text depends on no other entry. It can then be made in any
    /// thread, and is passed on by [`encoded`](Self::encoded) in place of the entry.
    fn encode(&self) -> Option<Encode> {
        None
    }

    /// The text of entries that [`encode`](Self::encode) has made.
    fn encoded(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    /// One that comes after younger ones were shown.
    fn late(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.entry(entry)
    }

    /// Shows everything so far, since nothing comes for a while.
    fn pause(&mut self) -> io::Result<()>;

    /// Ends the output after the last one.
    fn finish(&mut self) -> io::Result<()>;
}

/// Takes the rows of one statement.
pub(crate) trait Rows {
    fn columns(&mut self, names: &[&str]) -> io::Result<()>;
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()>;
    /// Ends the output after the last one.
    fn finish(&mut self) -> io::Result<()>;
}
