//! `backup`: a verified copy of the archive, made while it is in use.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use storelogs_collector::archive::begun_beside;
use storelogs_collector::wording::{format_bytes, pluralize};

use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, WrittenOptions};
use crate::ui::{Progress, Ui, Unfinished, end_on_signal};

/// Copy the archive while it is in use
///
/// The copy is the archive as it was at one moment, checked and on the disk when this ends. It replaces an earlier
/// backup of the same archive, and no other file. The secret of the pseudonyms is copied, too, as FILE.secret.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BackupArgs {
    /// Where to put the copy
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    archive: ArchiveOptions,

    #[command(flatten)]
    written: WrittenOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs backup copy.db
  storelogs restore last-week.db --archive elsewhere.db

If it is ended before it is done, the earlier backup stays: run it again.

Exit codes:
  0  the copy is there, whole and verified
  1  it failed; what was there before is still there
  2  the file exists and is no backup of this archive; nothing was changed
  130  interrupted with Ctrl-C before it was done; 143 by SIGTERM";

pub(crate) fn backup(args: &BackupArgs, ui: Ui) -> Result<Exit, CliError> {
    let mut archive = args.archive.read()?;
    let progress = Progress::new(ui, "copying the archive".to_owned(), false);
    let begun = Unfinished::new(begun_beside(&args.file));
    end_on_signal(Some(&progress));
    let copied = {
        let progress = progress.clone();
        archive.backup(&args.file, move |share| progress.share(share))
    };
    drop(begun);
    progress.clear();
    let copied = copied?;
    if args.written.is_json() {
        ui.json(&json!({
            "file": args.file,
            "entries": copied.entries,
            "stores": copied.stores,
            "bytes": copied.bytes,
            "has_secret": copied.has_secret,
        }))?;
    } else {
        let mut out = ui.stdout();
        writeln!(
            out,
            "{} of {}, {}: copied to {} and verified",
            pluralize(copied.entries, "entry", "entries"),
            pluralize(copied.stores, "store", "stores"),
            format_bytes(copied.bytes),
            args.file.display()
        )?;
        out.flush()?;
    }
    if !copied.has_secret {
        ui.warning(&format!(
            "{} is missing or of another archive, so the copy has no secret: put it back from beside an earlier backup. Without it \
             pseudonyms are others, and a copy of an archive that has forgotten something cannot be restored",
            archive.secret_path().display()
        ));
    }
    Ok(Exit::Done)
}
