//! The output formats of entries.

pub(crate) mod csv;
mod file_format;
mod into_file;
mod json;
mod long;
mod oldest_first;
mod pretty;
pub(crate) mod rows;
mod rows_table;
mod sink;
mod values;
mod viewer;

use std::path::Path;

use clap::ValueEnum;
use jiff::tz::TimeZone;
use storelogs::Store;

use crate::error::CliError;
use crate::ui::{NewFile, Palette, Ui};

pub(crate) use file_format::FileFormat;
use into_file::IntoFile;
use oldest_first::OldestFirst;
pub(crate) use pretty::{Layout, Marks, Pretty};
pub(crate) use sink::{Encode, Rows, Sink};

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
    /// One JSON object a line as programs for reading logs expect it, oldest first: docs/elsewhere.md
    Viewer,
    /// Each entry whole, for reading
    #[value(skip)]
    Long,
    /// For spreadsheets: a header, and a ' before cells that could be taken as a formula
    Csv,
}

impl FileFormat for Format {
    const FOR_READING: Self = Self::Pretty;
    const ENDINGS: &'static str = ".csv, .json, .jsonl or .txt";

    fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "txt" | "log" => Some(Self::Pretty),
            _ => None,
        }
    }

    fn instead(ending: &str) -> Option<&'static str> {
        match ending {
            "xls" | "xlsx" | "ods" => Some("a spreadsheet opens the .csv"),
            "parquet" => Some("`storelogs export lake DIR` writes Parquet, from the archive"),
            "html" | "htm" | "md" | "pdf" => Some("`storelogs report -o report.html` writes a page"),
            _ => None,
        }
    }
}

/// The destination of entries, and their format.
pub(crate) struct Target<'a> {
    pub(crate) format: Format,
    /// A file, in place of stdout.
    pub(crate) path: Option<&'a Path>,
    /// The stores that entries may come from.
    pub(crate) stores: &'a [Store],
    /// The zone that times are shown in.
    pub(crate) zone: TimeZone,
    /// Finds the places in a text that a search matched, which a terminal highlights.
    pub(crate) marks: Option<Marks>,
    /// Entries come newest first.
    pub(crate) newest_first: bool,
    /// Whether entries are written oldest first, as programs for reading logs want them in any case.
    pub(crate) oldest_first: bool,
}

/// Opens an output.
pub(crate) fn open(target: Target<'_>, ui: Ui) -> Result<Box<dyn Sink>, CliError> {
    let Target { format, path, stores, zone, marks, newest_first, oldest_first } = target;
    let (file, out) = match (path, format) {
        (Some(path), _) => {
            let (file, out) = NewFile::begin(path)?;
            (Some(file), out)
        }
        (None, Format::Pretty | Format::Long) => (None, ui.stdout()),
        (None, _) => (None, ui.stdout_for_machines()),
    };
    let layout = match path {
        Some(_) => Layout { width: None, palette: Palette::PLAIN, zone },
        None => Layout { width: ui.stdout_width(), palette: ui.palette(), zone },
    };
    let sink: Box<dyn Sink> = match format {
        Format::Pretty => Box::new(Pretty::new(out, layout, stores, marks)),
        Format::Long => Box::new(long::Long::new(out, layout)),
        Format::Viewer => Box::new(viewer::Viewer(out)),
        Format::Json => Box::new(json::Array::new(out)),
        Format::Jsonl => Box::new(json::Lines::new(out)),
        Format::Csv => Box::new(csv::Csv::new(out)?),
    };
    let sink: Box<dyn Sink> = match file {
        Some(file) => Box::new(IntoFile::new(sink, file)),
        None => sink,
    };
    let turned = newest_first && (oldest_first || format == Format::Viewer);
    Ok(if turned { Box::new(OldestFirst::new(sink)) } else { sink })
}
