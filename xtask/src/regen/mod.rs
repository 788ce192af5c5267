//! `cargo xtask regen`: brings up to date what is made of the documents and the code, and kept as files.
//!
//! build.rs is the only generator, and the tests know what should be kept: this builds them, runs them so that they write
//! what they would compare with, and puts that in its place. With `--check` it only compares. With `--from` a newer
//! document of a vendor comes first.

mod derived;
#[cfg(test)]
mod editions_tests;
mod fix;
mod incoming;
mod keep;
mod kept;
mod replace;
#[cfg(test)]
mod replace_tests;
#[cfg(test)]
mod tests;
mod undo;

use self::derived::Derived;
pub(crate) use self::kept::{Mode, ensure_file, files_below};
use self::replace::Replacement;
use crate::changes::{Format, known_platform};
use crate::workspace::Workspace;
use crate::{Result, provenance};

const MEND: &str = "run `cargo xtask regen`, review what it changes, and commit it";

const HELP: &str = "cargo xtask regen [--check]
cargo xtask regen --from FILE|URL --platform NAME [--source TEXT] [--format terminal|markdown|json] [--deny-breaking]
                  [--fix] [--keep NAME]… [--drop NAME]… [--without-building]

Brings every file up to date that is made of the documents or the code. With --check it writes nothing, and fails if one
is stale.

With --from a newer document of a vendor takes the place of the one that is kept. Corrections that no longer apply are
named with what to do; what changes is reported; specs/README.md says where the document came from, in the words of
--source if there are any. If anything fails, the tree is left as it was.

  --fix      deletes the corrections that the vendor made needless, and moves those whose place only moved
  --keep     keeps what the vendor's document lost or changed as it was, by a correction that says so; NAME is a
             parameter (date_created:min), a field (SystemLog.summary), or a place (/info/contact/email)
  --drop     goes without a parameter that the vendor's document lost, although our code names it
  --without-building
             puts the document in its place although our code has to be changed first";

pub(crate) fn run(arguments: &[String]) -> Result {
    let (mut check, mut from, mut platform, mut source) = (false, None, None, None);
    let (mut format, mut deny_breaking, mut build) = (None, false, true);
    let (mut fix, mut keep, mut drop) = (false, Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} wants a value\n\n{HELP}"));
        match argument.as_str() {
            "--check" => check = true,
            "--from" => from = Some(value()?),
            "--platform" => platform = Some(known_platform(value()?)?),
            "--source" => source = Some(value()?.as_str()),
            "--format" => format = Some(value()?.parse()?),
            "--deny-breaking" => deny_breaking = true,
            "--fix" => fix = true,
            "--keep" => keep.push(value()?.clone()),
            "--drop" => drop.push(value()?.clone()),
            "--without-building" => build = false,
            "--help" | "-h" => {
                println!("{HELP}");
                return Ok(());
            }
            other => return Err(format!("it does not take {other}\n\n{HELP}")),
        }
    }
    let decided = fix || !keep.is_empty() || !drop.is_empty();
    let only_with_from = [platform.is_some(), source.is_some(), format.is_some(), deny_breaking, decided, !build];
    match from {
        None if !only_with_from.contains(&true) => refresh(if check { Mode::Check } else { Mode::Write }),
        Some(from) if !check => {
            let platform = platform.ok_or("--from wants --platform: whose document is it?")?;
            let format = format.unwrap_or(Format::Terminal);
            let (keep, drop) = (&keep[..], &drop[..]);
            replace(&Replacement { from, platform, source, format, deny_breaking, fix, keep, drop, build })
        }
        None => Err(format!("only --check goes without --from\n\n{HELP}")),
        Some(_) => Err(format!("--check takes no document\n\n{HELP}")),
    }
}

fn refresh(mode: Mode) -> Result {
    let workspace = Workspace::find()?;
    provenance::check(&workspace.root)?;
    let derived = Derived::collect(&workspace)?;
    let stale = kept::ensure(&workspace.root, &derived, mode)?;
    println!("{}", verdict(&stale, derived.files.len(), mode)?);
    Ok(())
}

/// What there is to say of the kept files.
///
/// # Errors
/// If one is stale and was not written: each of them, and the command that mends it.
fn verdict(stale: &[String], kept: usize, mode: Mode) -> Result<String> {
    let count = if stale.len() == 1 { "1 file is stale".into() } else { format!("{} files are stale", stale.len()) };
    match mode {
        Mode::Check if stale.is_empty() => Ok(format!("{kept} files are kept, and none is stale")),
        Mode::Check => Err(format!("{}\n{count}: {MEND}", stale.join("\n"))),
        Mode::Write if stale.is_empty() => Ok(format!("{kept} files are kept, and none was stale")),
        Mode::Write => Ok(format!("{}\n{kept} files are kept; these were stale", stale.join("\n"))),
    }
}

fn replace(replacement: &Replacement<'_>) -> Result {
    let workspace = Workspace::find()?;
    provenance::check(&workspace.root)?;
    let said = replacement.run(&workspace.root, || {
        eprintln!("Building everything with the new document.");
        Derived::collect(&workspace)
    })?;
    eprintln!("{said}");
    Ok(())
}
