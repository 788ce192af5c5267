//! `cargo xtask regen`: brings up to date what is made of the documents and the code, and kept as files.
//!
//! build.rs is the only generator, and the tests know what should be kept: this builds them, runs them so that they write
//! what they would compare with, and puts that in its place. With `--check` it only compares.

mod derived;
mod kept;
#[cfg(test)]
mod tests;

use self::derived::Derived;
use self::kept::Mode;
pub(crate) use self::kept::files_below;
use crate::workspace::Workspace;
use crate::{Result, sums};

const MEND: &str = "run `cargo xtask regen`, review what it changes, and commit it";

pub(crate) fn run(arguments: &[String]) -> Result {
    let mode = match arguments {
        [] => Mode::Write,
        [option] if option == "--check" => Mode::Check,
        _ => return Err("it takes --check, or nothing".into()),
    };
    let workspace = Workspace::find()?;
    sums::check(&workspace.root)?;
    let derived = Derived::collect(&workspace)?;
    let stale = kept::ensure(&workspace.root, &derived, mode)?;
    match mode {
        Mode::Write => {
            stale.iter().for_each(|fault| println!("{fault}"));
            println!("{} files are kept; {} were stale", derived.files.len(), stale.len());
            Ok(())
        }
        Mode::Check if stale.is_empty() => {
            println!("{} files are kept, and none is stale", derived.files.len());
            Ok(())
        }
        Mode::Check => Err(format!("{}\n{} stale files: {MEND}", stale.join("\n"), stale.len())),
    }
}
