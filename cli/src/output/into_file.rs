//! Output that goes into a file, which is there once it is whole.

use std::io;

use storelogs::LogEntry;
use storelogs_collector::query::Cell;

use super::sink::{Encode, Rows, Sink};
use crate::ui::NewFile;

/// Passes everything on, and keeps the file at the end.
pub(super) struct IntoFile<T: ?Sized> {
    file: NewFile,
    inner: Box<T>,
}

impl<T: ?Sized> IntoFile<T> {
    pub(super) fn new(inner: Box<T>, file: NewFile) -> Self {
        Self { file, inner }
    }
}

impl Sink for IntoFile<dyn Sink> {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.inner.entry(entry)
    }

    fn encode(&self) -> Option<Encode> {
        self.inner.encode()
    }

    fn encoded(&mut self, text: &[u8]) -> io::Result<()> {
        self.inner.encoded(text)
    }

    fn late(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.inner.late(entry)
    }

    fn pause(&mut self) -> io::Result<()> {
        self.inner.pause()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.inner.finish()?;
        self.file.keep()
    }
}

impl Rows for IntoFile<dyn Rows> {
    fn columns(&mut self, names: &[&str]) -> io::Result<()> {
        self.inner.columns(names)
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.inner.row(cells)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.inner.finish()?;
        self.file.keep()
    }
}
