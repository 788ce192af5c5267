//! The costs of an archive of any size: to fill it, to open it, to search it, and to report about it.

use super::curve::{Curve, Unit};
use super::{Curves, runs};
use crate::Result;
use crate::archive::{Log, fill, resume, size};
use crate::large::{first_pages, report_apart};

/// Entries that are written and indexed in a second, about.
const RATE: f64 = 50_000.0;
/// How often what takes little is measured in the same archive.
const AGAIN: usize = 5;

pub(super) fn measure(sizes: &[usize]) -> Result<Vec<Curve>> {
    let mut filling = Curves::new([
        ("writing", Unit::Seconds),
        ("indexing the words", Unit::Seconds),
        ("bytes on disk", Unit::Bytes),
    ]);
    let mut reading = Curves::new([
        ("opening", Unit::Seconds),
        ("first pages", Unit::Seconds),
        ("report", Unit::Seconds),
        ("report's memory", Unit::Bytes),
    ]);
    let log = Log::new(100_000)?;
    for &entries in sizes {
        let folder = tempfile::tempdir()?;
        let path = |run| folder.path().join(format!("{run}.db"));
        let mut filled = Vec::new();
        for run in 0..runs(entries as f64 / RATE) {
            let times = fill(&path(run), &log, entries)?;
            filled.push([times.writing, times.indexing, size(&path(run))? as f64]);
        }
        filling.add(entries, &filled);
        let mut read = Vec::new();
        for _ in 0..AGAIN {
            let opened = resume(&path(0))?;
            let searched = first_pages(&path(0))?.iter().sum();
            let report = report_apart(&path(0))?;
            read.push([opened, searched, report.cpu, report.above as f64 * 1024.0]);
        }
        reading.add(entries, &read);
    }
    Ok([filling.0, reading.0].concat())
}
