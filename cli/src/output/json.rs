//! JSON: one object a line, or one array. Both are written as the entries come.

use std::io::{self, Write};

use storelogs::LogEntry;

use super::sink::{Encode, Sink};
use crate::ui::Out;

pub(super) struct Lines {
    out: Out,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn new(out: Out) -> Self {
        Self { out, line: Vec::new() }
    }
}

fn line(entry: &LogEntry, out: &mut Vec<u8>) {
    entry.append_json(out);
    out.push(b'\n');
}

impl Sink for Lines {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.line.clear();
        line(entry, &mut self.line);
        self.out.write_all(&self.line)
    }

    fn encode(&self) -> Option<Encode> {
        Some(line)
    }

    fn encoded(&mut self, text: &[u8]) -> io::Result<()> {
        self.out.write_all(text)
    }

    fn pause(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

pub(super) struct Array {
    out: Out,
    begun: bool,
}

impl Array {
    pub(super) fn new(out: Out) -> Self {
        Self { out, begun: false }
    }
}

impl Sink for Array {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.out.write_all(if self.begun { b",\n" } else { b"[\n" })?;
        self.begun = true;
        Ok(serde_json::to_writer(&mut self.out, entry)?)
    }

    fn pause(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.write_all(if self.begun { b"\n]\n" } else { b"[]\n" })?;
        self.out.flush()
    }
}
