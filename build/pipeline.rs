//! The pipeline from a vendor's document to a raw client, for any platform: it reads the document, applies its patch,
//! generates the client, and writes it to `$OUT_DIR`.
//!
//! A build script includes this file as a module. Its paths are relative to the crate that is built.

pub(crate) mod client;
pub(crate) mod corrections;
mod docs;
pub(crate) mod document;
mod edition;
mod flatten;
mod json;
pub(crate) mod limits;
pub(crate) mod lists;
mod media;
mod names;
pub(crate) mod operations;
mod parameters;
mod platform;
mod push_down;
pub(crate) mod records;
mod schemas;
pub(crate) mod unused;
mod yaml;

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

pub(crate) use platform::{Platform, PushedDown, Record};

type Result<T = (), E = String> = std::result::Result<T, E>;

/// Generates the clients, or ends the build with what is wrong.
pub(crate) fn run(platforms: &[Platform]) {
    for platform in platforms {
        if let Err(why) = generate(platform) {
            // Cargo shows it as its own error, without a backtrace: the reader has a document to fix.
            why.lines().for_each(|why| println!("cargo::error={}: {why}", platform.name));
            std::process::exit(1);
        }
    }
}

fn generate(platform: &Platform) -> Result {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run cargo build")?);
    let mut document = read_document(platform)?;
    if let Some(patch) = platform.patch {
        apply(&mut document, patch)?;
    }
    let effective = serde_json::to_string_pretty(&document).map_err(|e| e.to_string())?;
    write(&out.join(format!("{}.json", platform.name)), &(effective + "\n"))?;
    let client = client::generate(document, platform)?;
    for left_out in &client.left_out {
        println!("cargo::warning={}: {left_out}", platform.name);
    }
    write(&out.join(format!("{}.rs", platform.name)), &client.code)
}

fn read_document(platform: &Platform) -> Result<Value> {
    let path = platform.document;
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let (document, lost) = document::read(&text).map_err(|e| format!("{path}: {e}"))?;
    for lost in lost {
        println!("cargo::warning={}: {lost}", platform.name);
    }
    Ok(document)
}

/// Applies a patch.
///
/// # Errors
/// Every correction that no longer applies, with what to do, each on a line. The last stands first.
fn apply(document: &mut Value, path: &str) -> Result {
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let corrections = corrections::read(&text).map_err(|e| format!("{path}: {e}"))?;
    let stale = corrections::apply(document, &corrections);
    if stale.is_empty() {
        return Ok(());
    }
    Err(corrections::remedies(path, &stale).join("\n"))
}

fn write(path: &Path, text: &str) -> Result {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
