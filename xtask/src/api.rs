//! `cargo xtask api`: the library's public Rust API as a list, so that every change of it shows in review.
//!
//! The crate `public-api` reads it from rustdoc's JSON. cargo-semver-checks judges the same JSON, but only against a
//! published release, and leaves no list for a reviewer. It would have to be installed as a program; the crate comes
//! with the chores.
//!
//! rustdoc's JSON is unstable: each toolchain may write another form of it, and std's own paths change. So one
//! toolchain is always used. The generated clients have a list of their own: it changes with a vendor's document, the
//! other one only by our own changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use public_api::Builder;

use crate::Result;
use crate::regen::{Mode, ensure_file};
use crate::workspace::{Workspace, cargo, read};

/// The toolchain whose rustdoc writes what the `public-api` of Cargo.toml reads. They change together.
const TOOLCHAIN: &str = "1.95.0";

const WRITTEN_BY_HAND: &str = "docs/public-api.txt";
const GENERATED: &str = "docs/public-api-generated.txt";

const REMEDY: &str = "if that is meant, run `cargo xtask api`, and write it into CHANGELOG.md";

/// Traits that types have or lack by what they are made of. Nobody reviews these; `Send` and `Sync` are kept.
const NOISE: [&str; 6] =
    ["::Freeze", "::StructuralPartialEq", "::Unpin", "::UnsafeUnpin", "::RefUnwindSafe", "::UnwindSafe"];

/// The modules that the generator writes.
const RAW: [&str; 2] = ["storelogs::raw::bigcommerce", "storelogs::raw::shopline"];

#[derive(clap::Args)]
pub(crate) struct ApiArgs {
    /// Write nothing, and fail if the list is stale.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(ApiArgs { check }: ApiArgs) -> Result {
    let mode = if check { Mode::Check } else { Mode::Write };
    let workspace = Workspace::find()?;
    let json = document(&workspace)?;
    let api = Builder::from_rustdoc_json(json).omit_blanket_impls(true).build().map_err(|e| e.to_string())?;
    let (generated, by_hand) =
        reviewed(api.items().map(ToString::to_string)).into_iter().partition(|item| is_generated(item));
    let mut stale = Vec::new();
    for (path, items) in [(WRITTEN_BY_HAND, by_hand), (GENERATED, generated)] {
        let before = read(&workspace.root.join(path)).unwrap_or_default();
        let now = text(items);
        if let Some(fault) = ensure_file(&workspace.root, Path::new(path), Some(&now), mode)? {
            println!("{}", difference(&before, &now));
            stale.push(fault);
        }
    }
    match (mode, stale.is_empty()) {
        (_, true) => println!("The public API has not changed."),
        (Mode::Write, false) => println!("{}", stale.join("\n")),
        (Mode::Check, false) => return Err(format!("{}\nthe public API changed: {REMEDY}", stale.join("\n"))),
    }
    Ok(())
}

/// Makes rustdoc write the library as JSON, and returns its path.
fn document(workspace: &Workspace) -> Result<PathBuf> {
    let mut doc = if is_active(TOOLCHAIN)? { cargo() } else { pinned() };
    let status = doc
        .args(["doc", "--package=storelogs", "--lib", "--all-features", "--no-deps", "--quiet"])
        .current_dir(&workspace.root)
        .env("RUSTDOC", workspace.root.join("xtask/unstable-rustdoc"))
        .env("RUSTDOCFLAGS", "-Zunstable-options --output-format=json")
        .status()
        .map_err(|e| format!("{}: {e}", doc.get_program().display()))?;
    if !status.success() {
        return Err(format!(
            "the library could not be documented. If the toolchain {TOOLCHAIN} is missing: rustup toolchain install \
             {TOOLCHAIN} --profile minimal"
        ));
    }
    Ok(workspace.target.join("doc/storelogs.json"))
}

fn is_active(toolchain: &str) -> Result<bool> {
    let version = Command::new("rustc").arg("--version").output().map_err(|e| format!("rustc: {e}"))?;
    Ok(String::from_utf8_lossy(&version.stdout).starts_with(&format!("rustc {toolchain} ")))
}

fn pinned() -> Command {
    let mut rustup = Command::new("rustup");
    // These name the toolchain that runs us.
    rustup.args(["run", TOOLCHAIN, "cargo"]).env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTDOC");
    rustup
}

/// The items worth a review: all but the methods of known traits, and the traits listed in [`NOISE`].
fn reviewed(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut of_a_known_trait = false;
    let is_reviewed = |item: &String| {
        if !item.starts_with("impl") {
            let is_method = item.starts_with("pub fn");
            of_a_known_trait &= is_method || item.starts_with("pub type");
            return !(of_a_known_trait && is_method);
        }
        let of = trait_of(item).unwrap_or_default();
        of_a_known_trait = ["core::", "alloc::", "std::", "serde_core::"].iter().any(|known| of.starts_with(known));
        !NOISE.iter().any(|noise| of.ends_with(noise))
    };
    items.filter(is_reviewed).collect()
}

/// The trait of `impl<T> TRAIT for TYPE`.
fn trait_of(implementation: &str) -> Option<&str> {
    let (head, _) = implementation.split_once(" for ")?;
    let head = head.rsplit_once("> ").map_or(head, |(_, name)| name);
    Some(head.strip_prefix("impl ").unwrap_or(head).trim_start_matches('!'))
}

/// Whether this is an item of a generated client, by the first path of ours in it: that is its own.
fn is_generated(item: &str) -> bool {
    let own = match item.split_once(" for ") {
        Some((_, subject)) if item.starts_with("impl") && subject.contains("storelogs::") => subject,
        _ => item,
    };
    let own = own.find("storelogs::").map_or("", |at| &own[at..]);
    RAW.iter().any(|module| own.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}

fn text(items: Vec<String>) -> String {
    items.into_iter().map(|item| item + "\n").collect()
}

/// The items that are gone, and those that are new.
fn difference(before: &str, now: &str) -> String {
    let (before, now): (BTreeSet<&str>, BTreeSet<&str>) = (before.lines().collect(), now.lines().collect());
    let gone = before.difference(&now).map(|item| format!("- {item}"));
    let new = now.difference(&before).map(|item| format!("+ {item}"));
    gone.chain(new).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<String> {
        reviewed(text.lines().map(|line| line.trim().to_owned()))
    }

    #[test]
    fn what_a_known_trait_says_of_itself_is_left_out() {
        let kept = items(
            "pub struct storelogs::Store
             impl storelogs::Store
             pub fn storelogs::Store::name(&self) -> &str
             impl<'a, T> core::convert::TryFrom<&'a [T]> for storelogs::Store where T: core::marker::Unpin
             pub type storelogs::Store::Error = storelogs::Error
             pub fn storelogs::Store::try_from(&[T]) -> core::result::Result<Self, storelogs::Error>
             impl storelogs::LogSource for storelogs::Store
             pub fn storelogs::Store::store(&self) -> &storelogs::Store
             impl !core::marker::Unpin for storelogs::Store
             impl core::marker::Send for storelogs::Store",
        );
        let gone = ["::try_from(", "Unpin for"];
        assert_eq!(kept.len(), 8, "{kept:#?}");
        assert!(!kept.iter().any(|item| gone.iter().any(|gone| item.contains(gone))), "{kept:#?}");
    }

    #[test]
    fn an_item_is_generated_if_its_own_path_is() {
        for (item, expected) in [
            ("pub mod storelogs::raw::bigcommerce", true),
            ("pub fn storelogs::raw::bigcommerce::Client::new(&storelogs::Store) -> Self", true),
            ("impl core::convert::From<storelogs::Store> for storelogs::raw::shopline::Client", true),
            ("impl core::convert::From<storelogs::raw::shopline::types::Kind> for i64", true),
            ("pub fn storelogs::BigCommerce::raw(&self) -> storelogs::raw::bigcommerce::Client", false),
            ("impl core::convert::From<storelogs::raw::shopline::Client> for storelogs::Store", false),
            ("pub struct storelogs::raw::CommaSeparated<T>(_)", false),
            ("pub mod storelogs::raw", false),
        ] {
            assert_eq!(is_generated(item), expected, "{item}");
        }
    }

    #[test]
    fn what_is_gone_and_what_is_new_is_listed() {
        assert_eq!(difference("a\nb\nc\n", "a\nc\nd\n"), "- b\n+ d");
    }
}
