//! The costs of any number of stores: one process of the program reads them all, and again when there is nothing new.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use storelogs_sandbox::Sandbox;

use super::curve::{Curve, Unit};
use super::{Curves, runs};
use crate::Result;
use crate::archive::size as bytes_of;
use crate::process::cost;
use crate::program::program;
use crate::stores::{ENTRIES, READ, count, sandbox, write_stores};

/// Stores that are read in a second, about.
const RATE: f64 = 500.0;

pub(super) async fn measure(sizes: &[usize]) -> Result<(Vec<Curve>, Vec<Curve>)> {
    let costs = [("processor time", Unit::Seconds), ("peak memory", Unit::Bytes), ("requests", Unit::Count)];
    let [time, memory, requests] = costs;
    let mut first = Curves::new([time, memory, requests, ("bytes of the archive", Unit::Bytes)]);
    let mut again = Curves::new(costs);
    for &size in sizes {
        let stores = u32::try_from(size)?;
        let sandbox = sandbox(stores, Duration::ZERO).await?;
        let folder = tempfile::tempdir()?;
        write_stores(&sandbox, stores, folder.path())?;
        let (mut firsts, mut agains) = (Vec::new(), Vec::new());
        for run in 0..runs(size as f64 / RATE) {
            let archive = folder.path().join(format!("{run}.db"));
            let [time, memory, requests] = sync(&sandbox, &archive)?;
            let bytes = bytes_of(&archive)? as f64;
            firsts.push([time, memory, requests, bytes]);
            agains.push(sync(&sandbox, &archive)?);
            check(&archive, stores).await?;
        }
        first.add(size, &firsts);
        again.add(size, &agains);
    }
    Ok((first.0, again.0))
}

fn sync(sandbox: &Sandbox, archive: &Path) -> Result<[f64; 3]> {
    let mut sync = Command::new(program("storelogs")?);
    sync.args(["sync", "--stores", "stores.csv", "--log-level", "error", "--archive"]).arg(archive);
    if let Some(folder) = archive.parent() {
        sync.current_dir(folder);
    }
    sync.env_remove("STORELOGS_CONFIG");
    let before = sandbox.requests();
    let cost = cost(&sync)?;
    Ok([cost.cpu, cost.peak, (sandbox.requests() - before) as f64])
}

/// Every store must have been read to its end, and each entry must be there once.
async fn check(archive: &Path, stores: u32) -> Result<()> {
    let program = program("storelogs")?;
    let read = count(&program, archive, READ).await?;
    let entries = count(&program, archive, "SELECT count(*) FROM entries").await?;
    if (read, entries) == (u64::from(stores), u64::from(stores * ENTRIES)) {
        Ok(())
    } else {
        Err(format!("{read} of {stores} stores were read, with {entries} entries").into())
    }
}
