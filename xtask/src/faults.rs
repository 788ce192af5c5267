//! `cargo xtask faults`: prints `docs/faults.md` again, from the table that the tests hold the walks to.

use crate::workspace::Workspace;
use crate::{Result, workspace};

pub(crate) fn run() -> Result {
    let workspace = Workspace::find()?;
    let mut test = workspace::cargo();
    test.args(["test", "--quiet", "--package=storelogs", "--test=suite", "the_document_says_what_the_table_says"]);
    test.env("STORELOGS_WRITE_DOCS", "1").current_dir(&workspace.root);
    let status = test.status().map_err(|e| format!("cargo test: {e}"))?;
    if !status.success() {
        return Err("the table could not be printed".into());
    }
    println!("docs/faults.md says what tests/suite/faults/table.rs says");
    Ok(())
}
