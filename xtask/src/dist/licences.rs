//! The licences of everything that the program is built from: most of them require a copy with the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::build::{Features, printed};
use super::target::Target;
use crate::Result;
use crate::workspace::{Workspace, cargo};

/// How files are called that hold a licence.
const NAMES: [&str; 4] = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];

/// Lists the packages with their licences, and then each text once, with the packages that have it.
pub(super) fn all(workspace: &Workspace, target: &Target, features: &Features) -> Result<String> {
    let tree = ["tree", "--locked", "--package=storelogs-cli", "--edges=normal,no-proc-macro", "--prefix=none"];
    let tree = printed(
        cargo()
            .args(tree)
            .args(["--format={p}", "--target", &target.to_string()])
            .args(features.arguments())
            .current_dir(&workspace.root),
    )?;
    let built: BTreeSet<String> = tree.lines().filter_map(name_and_version).collect();
    let metadata = printed(cargo().args(["metadata", "--locked", "--format-version=1"]).current_dir(&workspace.root))?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|e| format!("cargo metadata: {e}"))?;
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        let name = format!("{} {}", text("name"), text("version"));
        let Some(folder) = Path::new(text("manifest_path")).parent() else { continue };
        if package["source"].is_null() || !built.contains(&name) {
            continue;
        }
        list += &format!("{name}: {}, {}\n", text("license"), text("repository"));
        for text in texts_in(folder)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    let line = "-".repeat(80);
    let texts = texts.into_iter().map(|(text, names)| format!("\n{line}\n{}\n{line}\n\n{text}\n", names.join(", ")));
    Ok(format!("The program storelogs is built of these packages, too:\n\n{list}{}", texts.collect::<String>()))
}

/// The package of a line such as `memchr v2.8.3` or `storelogs v0.1.0 (/home/me/storelogs)`.
fn name_and_version(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    Some(format!("{name} {version}"))
}

fn texts_in(folder: &Path) -> Result<BTreeSet<String>> {
    let list = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let is_one = |name: &str| NAMES.iter().any(|start| name.to_uppercase().starts_with(start));
    let files = list.flatten().filter(|file| is_one(&file.file_name().to_string_lossy()) && file.path().is_file());
    let texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
    // The same text comes with one end of line or another.
    Ok(texts.map(|text| text.replace("\r\n", "\n").trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::name_and_version;

    #[test]
    fn packages_are_known_by_name_and_version() {
        assert_eq!(name_and_version("memchr v2.8.3").as_deref(), Some("memchr 2.8.3"));
        assert_eq!(name_and_version("zstd-sys v2.1.3+zstd.1.5.7 (*)").as_deref(), Some("zstd-sys 2.1.3+zstd.1.5.7"));
        assert_eq!(name_and_version("storelogs v0.1.0 (/some/where)").as_deref(), Some("storelogs 0.1.0"));
        assert_eq!(name_and_version(""), None);
    }
}
