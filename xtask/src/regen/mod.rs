//! `cargo xtask regen`: updates the golden files, which are made from the documents and the code.
//!
//! build.rs is the only generator, and the tests know the golden files: this chore builds the tests, runs them so that
//! they write the files that they compare with, and puts those in their places. With `--check` it only compares. With
//! `--from` it first takes a vendor's newer document.

mod derived;
#[cfg(test)]
mod editions_tests;
mod fix;
mod golden;
mod incoming;
mod keep;
mod replace;
#[cfg(test)]
mod replace_tests;
#[cfg(test)]
mod tests;
mod undo;

use self::derived::Derived;
pub(crate) use self::golden::{Mode, ensure_file, files_below};
use self::replace::Replacement;
use crate::changes::{Format, known_platform};
use crate::workspace::Workspace;
use crate::{Result, provenance};

const REMEDY: &str = "run `cargo xtask regen`, review what it changes, and commit it";

#[derive(clap::Args)]
pub(crate) struct RegenArgs {
    /// Write nothing, and fail if a file is stale.
    #[arg(long, conflicts_with = "from")]
    check: bool,
    /// A vendor's newer document, a file or an address, to replace the present one
    #[arg(long, value_name = "FILE|URL", requires = "platform")]
    from: Option<String>,
    /// Whose document it is.
    #[arg(long, value_name = "NAME", requires = "from", value_parser = known_platform)]
    platform: Option<&'static str>,
    /// Where the document came from, in words for specs/README.md.
    #[arg(long, value_name = "TEXT", requires = "from")]
    source: Option<String>,
    /// How the report of what changes is written.
    #[arg(long, value_enum, default_value_t = Format::Terminal, requires = "from")]
    format: Format,
    /// Fail if a change breaks our requests or our users.
    #[arg(long, requires = "from")]
    deny_breaking: bool,
    /// Delete the corrections that the vendor made needless, and move those whose place only moved.
    #[arg(long, requires = "from")]
    fix: bool,
    /// Keep what the document lost or changed as it was, by a correction that says so: a parameter (date_created:min), a
    /// field (SystemLog.summary), or a place (/info/contact/email).
    #[arg(long, value_name = "NAME", requires = "from")]
    keep: Vec<String>,
    /// Go without a parameter that the document lost, although our code names it.
    #[arg(long, value_name = "NAME", requires = "from")]
    drop: Vec<String>,
    /// Put the document in its place although our code has to be changed first.
    #[arg(long, requires = "from")]
    without_building: bool,
}

pub(crate) fn run(args: &RegenArgs) -> Result {
    let RegenArgs { check, from, platform, source, format, deny_breaking, fix, keep, drop, without_building } = args;
    let (Some(from), Some(platform)) = (from, platform) else {
        return refresh(if *check { Mode::Check } else { Mode::Write });
    };
    replace(&Replacement {
        from,
        platform,
        source: source.as_deref(),
        format: *format,
        deny_breaking: *deny_breaking,
        fix: *fix,
        keep,
        drop,
        build: !without_building,
    })
}

fn refresh(mode: Mode) -> Result {
    let workspace = Workspace::find()?;
    provenance::check(&workspace.root)?;
    let derived = Derived::collect(&workspace)?;
    let stale = golden::ensure(&workspace.root, &derived, mode)?;
    println!("{}", verdict(&stale, derived.files.len(), mode)?);
    Ok(())
}

/// The chore's message about the golden files.
///
/// # Errors
/// If one is stale and was not written: each of them, and the command that fixes it.
fn verdict(stale: &[String], files: usize, mode: Mode) -> Result<String> {
    let count = if stale.len() == 1 { "1 file is stale".into() } else { format!("{} files are stale", stale.len()) };
    match mode {
        Mode::Check if stale.is_empty() => Ok(format!("{files} golden files, and none is stale")),
        Mode::Check => Err(format!("{}\n{count}: {REMEDY}", stale.join("\n"))),
        Mode::Write if stale.is_empty() => Ok(format!("{files} golden files, and none was stale")),
        Mode::Write => Ok(format!("{}\n{files} golden files; these were stale", stale.join("\n"))),
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
