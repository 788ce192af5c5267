//! `cargo xtask lint-specs`: the documents that the clients are generated from are valid OpenAPI.
//!
//! Two linters read them, because each finds what the other does not. An error fails. A warning fails only in the
//! document that is ours: the vendor's is not ours to tidy.

use std::path::Path;
use std::process::Command;

use crate::generator::PLATFORMS;
use crate::npm::Npm;
use crate::workspace::Workspace;
use crate::{Result, provenance};

/// The platform whose document is written by hand, here.
const OURS: &str = "shopline";

pub(crate) fn run() -> Result {
    let workspace = Workspace::find()?;
    provenance::check(&workspace.root)?;
    let documents = workspace.effective_documents()?;
    let npm = Npm::install(&workspace)?;
    let specs = workspace.root.join("specs");
    let mut failed = Vec::new();
    for platform in PLATFORMS.map(|platform| platform.name) {
        let document = documents.join(format!("{platform}.json"));
        for (linter, command) in [
            ("redocly", redocly(&npm, &specs, &document, platform == OURS)),
            ("spectral", spectral(&npm, &specs, &document, platform == OURS)),
        ] {
            println!("\n{platform}: {linter}");
            if !passes(command)? {
                failed.push(format!("{platform} ({linter})"));
            }
        }
    }
    if !failed.is_empty() {
        return Err(format!("errors in {}", failed.join(", ")));
    }
    println!("\nBoth documents pass both linters.");
    Ok(())
}

fn redocly(npm: &Npm, specs: &Path, document: &Path, strict: bool) -> Command {
    let mut command = npm.command("redocly", specs);
    command.args(["lint", "--config=redocly.yaml", "--format=stylish"]).arg(document);
    command.arg(if strict { "--extends=recommended-strict" } else { "--extends=recommended" });
    command
}

fn spectral(npm: &Npm, specs: &Path, document: &Path, strict: bool) -> Command {
    let mut command = npm.command("spectral", specs);
    command.args(["lint", "--ruleset=.spectral.yaml"]).arg(document);
    command.arg(if strict { "--fail-severity=warn" } else { "--fail-severity=error" });
    command
}

fn passes(mut command: Command) -> Result<bool> {
    let status = command.status().map_err(|e| format!("{}: {e}", command.get_program().display()))?;
    Ok(status.success())
}
