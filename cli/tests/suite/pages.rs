//! The documentation names files, folders and headings that exist.

use std::fs;
use std::path::{Path, PathBuf};

/// The paths of the repository that a text names, in backticks or as the target of a link.
fn paths(text: &str) -> Vec<String> {
    let folders = fs::read_dir(ROOT).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let roots: Vec<String> = folders.map(|name| format!("{name}/")).collect();
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter(|path| roots.iter().any(|root| path.starts_with(root.as_str())))
        .filter(|path| !path.contains(['<', '*', ' ']) && !path.starts_with("target/"))
        .map(str::to_owned)
        .collect()
}

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The text without its figures.
fn prose(page: &str) -> String {
    let text = fs::read_to_string(Path::new(ROOT).join(page)).unwrap();
    text.split("```").step_by(2).collect()
}

#[test]
fn every_path_that_the_pages_for_contributors_name_exists() {
    for page in ["CONTRIBUTING.md", "docs/architecture.md", "docs/adding-a-platform.md"] {
        let named = paths(&prose(page));
        let missing: Vec<_> = named.iter().filter(|path| !Path::new(ROOT).join(path).exists()).collect();
        assert!(missing.is_empty(), "{page}: {missing:?}");
        assert!(named.len() >= 5, "{page}: {named:?}");
    }
}

/// The figure of the way of one entry: a crate in its first column, and a path below its `src/` in the second.
#[test]
fn every_file_of_the_figure_exists() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/architecture.md")).unwrap();
    let figure = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (mut folder, mut found) = ("", 0);
    for line in figure.lines() {
        let crates = [(" cli ", "cli/src"), (" collector ", "collector/src"), (" library ", "src")];
        folder = crates.iter().find(|(start, _)| line.starts_with(start)).map_or(folder, |(_, folder)| *folder);
        let mut words = line.split([' ', ',']);
        let Some(path) = words.find(|word| word.ends_with('/') || word.ends_with(".rs") || word.contains("s/")) else {
            continue;
        };
        for platform in ["bigcommerce", "shopline"] {
            let path = Path::new(ROOT).join(folder).join(path.replace("<platform>", platform));
            assert!(path.exists(), "{}: {line}", path.display());
        }
        found += 1;
    }
    assert!(found >= 11, "{found} files");
}

/// The pages that users and contributors read.
fn pages() -> Vec<PathBuf> {
    let folders = ["", "docs", "specs", "findings"].map(|folder| Path::new(ROOT).join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// A heading as a link writes it: `exit-codes` for `## Exit codes`.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
}

#[test]
fn every_link_between_pages_leads_to_a_file_and_a_heading_that_exist() {
    let (mut broken, mut followed) = (Vec::new(), 0);
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        for link in links.filter(|link| !link.contains("://")) {
            followed += 1;
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let is_there = target.exists()
                && (heading.is_empty()
                    || fs::read_to_string(&target)
                        .unwrap()
                        .lines()
                        .any(|line| line.starts_with('#') && anchor(line) == heading));
            if !is_there {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(followed > 100, "{followed} links");
}
