//! The forms in which entries go out.

mod csv;
mod json;
mod pretty;
pub(crate) mod rows;
mod rows_table;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use clap::ValueEnum;
use jiff::tz::TimeZone;
use storelogs::{LogEntry, Store};

use crate::error::Stop;
use crate::ui::{self, printable};

pub(crate) use pretty::{Layout, Marks, Pretty, shown_severity};

/// How entries are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns for reading, safe to show on a terminal
    #[default]
    Pretty,
    /// One JSON array
    Json,
    /// One JSON object a line; see `storelogs schema`
    Jsonl,
    /// For spreadsheets: a header, and a ' before cells that could be taken as a formula
    Csv,
}

/// Takes entries, one by one.
pub(crate) trait Sink {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()>;

    /// One that comes after younger ones were shown.
    fn late(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.entry(entry)
    }

    /// Nothing comes for a while: everything so far should be seen.
    fn pause(&mut self) -> io::Result<()>;

    /// That was the last one.
    fn finish(&mut self) -> io::Result<()>;
}

/// How much is gathered before it is written.
const BUFFER: usize = 64 * 1024;

/// What stdout or a file is written through.
pub(crate) type Out = BufWriter<Box<dyn Write>>;

/// Stdout, with styles taken out again where it does not know them.
pub(crate) fn stdout() -> Out {
    BufWriter::with_capacity(BUFFER, Box::new(anstream::stdout().lock()))
}

/// Stdout for machines, which get every byte as it is. A terminal does not: it would obey some.
pub(crate) fn for_machines() -> Out {
    let stdout = io::stdout().lock();
    let out: Box<dyn Write> =
        if stdout.is_terminal() { Box::new(printable::Harmless::new(stdout)) } else { Box::new(stdout) };
    Out::with_capacity(BUFFER, out)
}

pub(crate) fn file(path: &Path) -> Result<Out, Stop> {
    let file = File::create(path)
        .map_err(|error| Stop::Failed(format!("the file {} cannot be written: {error}", path.display())))?;
    Ok(BufWriter::with_capacity(BUFFER, Box::new(file)))
}

/// Opens an output.
pub(crate) fn open(
    format: Format,
    path: Option<&Path>,
    stores: &[Store],
    zone: TimeZone,
) -> Result<Box<dyn Sink>, Stop> {
    open_marking(format, path, stores, zone, None)
}

/// Opens an output in which what was looked for stands out on a terminal.
pub(crate) fn open_marking(
    format: Format,
    path: Option<&Path>,
    stores: &[Store],
    zone: TimeZone,
    marks: Option<Marks>,
) -> Result<Box<dyn Sink>, Stop> {
    let out = match (path, format) {
        (Some(path), _) => file(path)?,
        (None, Format::Pretty) => stdout(),
        (None, _) => for_machines(),
    };
    Ok(match format {
        Format::Pretty => {
            let layout = Layout {
                width: if path.is_some() { None } else { ui::stdout_width() },
                coloured: path.is_none() && ui::stdout_is_coloured(),
                zone,
            };
            let pretty = Pretty::new(out, layout, stores);
            Box::new(if let Some(marks) = marks { pretty.marking(marks) } else { pretty })
        }
        Format::Json => Box::new(json::Array::new(out)),
        Format::Jsonl => Box::new(json::Lines(out)),
        Format::Csv => Box::new(csv::Csv::new(out)?),
    })
}
