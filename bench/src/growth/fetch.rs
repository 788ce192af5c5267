//! The costs of fetching a log of any length: one process of the program, which writes each entry as a JSON line.

use std::sync::Arc;
use std::time::Duration;

use storelogs_sandbox::Platform;

use super::curve::{Curve, Unit};
use super::long_log::LongLog;
use super::{Curves, runs};
use crate::Result;
use crate::process::cost;
use crate::program::{Reader, command};
use crate::served::{OLDEST_FIRST, Server};

/// Entries that are read in a second, about.
const RATE: f64 = 300_000.0;

pub(super) fn measure(sizes: &[usize]) -> Result<Vec<Curve>> {
    let mut curves = Curves::new([
        ("processor time", Unit::Seconds),
        ("peak memory", Unit::Bytes),
        ("requests", Unit::Count),
        ("bytes written", Unit::Bytes),
    ]);
    for &entries in sizes {
        let server = Server::start(Arc::new(LongLog::new(entries)?), OLDEST_FIRST, Duration::ZERO)?;
        let mut costs = Vec::new();
        for _ in 0..runs(entries as f64 / RATE) {
            costs.push(fetch(&server, entries)?);
        }
        curves.add(entries, &costs);
    }
    Ok(curves.0)
}

fn fetch(server: &Server, entries: usize) -> Result<[f64; 4]> {
    let folder = tempfile::tempdir()?;
    server.take_requests();
    let cost = cost(&command(Platform::BigCommerce, server, Reader::Program, folder.path())?)?;
    if cost.lines != entries as u64 {
        return Err(format!("{} of {entries} entries were fetched", cost.lines).into());
    }
    Ok([cost.cpu, cost.peak, server.take_requests() as f64, cost.bytes as f64])
}
