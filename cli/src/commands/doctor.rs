//! `doctor`: what is wrong with the archive, and how to fix it.

use std::io::{self, Write};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use storelogs_collector::doctor::{self, Check, Health};

use super::prune::existing;
use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, WrittenOptions};
use crate::ui::{Column, Out, Progress, Table, Text, Ui};

/// Check the archive for damage
///
/// Checks the file, what is derived from the entries, what a killed run left, disk space, locks, permissions and
/// clocks, and says what helps. Whether entries are missing is for `verify` to say. Nothing is sent to a platform.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    archive: ArchiveOptions,

    /// Rebuild what is derived from the entries, and finish what a killed run had begun
    #[arg(long)]
    fix: bool,

    #[command(flatten)]
    written: WrittenOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs doctor
  storelogs doctor --fix
  storelogs doctor --format json | jq '.[] | {name, health}'

Exit codes:
  0  nothing is wrong, or everything was fixed
  1  something is wrong, or the archive cannot be read
  2  wrong arguments or environment";

pub(crate) fn doctor(args: &DoctorArgs, ui: Ui) -> Result<Exit, CliError> {
    let now = Timestamp::now();
    let progress = Progress::new(ui, "looking at the archive".to_owned(), false);
    let (before, after) = examined(args, now, &progress).inspect_err(|_| progress.clear())?;
    progress.clear();
    let fixed = |check: &Check| {
        let was = before.iter().find(|was| was.name == check.name).map(|was| was.health);
        check.health == Health::Well && was.is_some_and(|was| was != Health::Well)
    };
    if args.written.is_json() {
        let checks = after.iter().map(|check| {
            let mut object = json!(check);
            object["fixed"] = fixed(check).into();
            object
        });
        ui.json(&checks.collect::<Vec<_>>())?;
    } else {
        let mut out = ui.stdout();
        show(&mut out, ui, &after, fixed)?;
        out.flush()?;
    }
    let wrong = after.iter().any(|check| matches!(check.health, Health::Fixable | Health::Wrong));
    Ok(if wrong { Exit::Failed } else { Exit::Done })
}

/// The findings before and after fixing.
fn examined(args: &DoctorArgs, now: Timestamp, progress: &Progress) -> Result<(Vec<Check>, Vec<Check>), CliError> {
    let before = doctor::examine(&args.archive.read()?, now)?;
    let damaged = before.iter().any(|check| check.name == "integrity" && check.health != Health::Well);
    if !args.fix || damaged {
        return Ok((before.clone(), before));
    }
    let mut archive = existing(&args.archive)?;
    {
        let _lock = archive.lock()?;
        doctor::fix(&mut archive, now, |share| progress.share(share))?;
    }
    let after = doctor::examine(&archive, now)?;
    Ok((before, after))
}

fn show(out: &mut Out, ui: Ui, checks: &[Check], fixed: impl Fn(&Check) -> bool) -> io::Result<()> {
    let palette = ui.palette();
    let mut table = Table::new([Column::new("").least(7), Column::new("").least(11), Column::new("")]);
    for check in checks {
        let (word, colour) = match check.health {
            Health::Well if fixed(check) => ("fixed", palette.green),
            Health::Well => ("well", palette.green),
            Health::Note => ("note", palette.yellow),
            Health::Fixable | Health::Wrong => ("wrong", palette.red),
        };
        table.row([Text::new(colour, word), Text::plain(check.name), Text::plain(&check.found)]);
        if let Some(remedy) = &check.remedy {
            table.remark(colour, remedy);
        }
    }
    table.write(out)
}
