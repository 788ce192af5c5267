//! Entries that come newest first, written oldest first.

use std::io;

use storelogs::LogEntry;

use super::Sink;

/// Collects entries that come newest first, and passes them on oldest first at the end.
pub(super) struct OldestFirst {
    inner: Box<dyn Sink>,
    held: Vec<LogEntry>,
}

impl OldestFirst {
    pub(super) fn new(inner: Box<dyn Sink>) -> Self {
        Self { inner, held: Vec::new() }
    }
}

impl Sink for OldestFirst {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.held.push(entry.clone());
        Ok(())
    }

    fn pause(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        for entry in self.held.drain(..).rev() {
            self.inner.entry(&entry)?;
        }
        self.inner.finish()
    }
}
