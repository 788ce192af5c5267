//! The files that users get, and where packages put them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;

use super::Dist;
use super::build::{Features, printed};
use super::licences;
use crate::Result;
use crate::readers::done;
use crate::workspace::{Workspace, cargo, read, write};

/// The format of the packages that a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Deb,
    Rpm,
}

impl Format {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
        }
    }
}

/// The content of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    File(PathBuf),
    Program(PathBuf),
    /// A file that an administrator changes: an update leaves it alone.
    Settings(PathBuf),
    /// A folder that only root may look into.
    Secrets,
}

/// A place in a system, and what a package puts there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) content: Content,
    /// Packages of every format, or of one.
    pub(super) only: Option<Format>,
}

/// Lays the archive's tree: the program, what says how to use it, its licences and the examples of `deploy/`.
pub(super) fn lay(workspace: &Workspace, dist: &Dist, program: &Path, features: &Features, moment: i64) -> Result {
    let tree = dist.tree();
    let _ = fs::remove_dir_all(&tree); // of the run before, if there was one
    copy(program, &tree.join("storelogs"))?;
    for name in ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&workspace.root.join(name), &tree.join(name))?;
    }
    for name in examples(workspace)? {
        copy(&workspace.root.join(&name), &tree.join(&name))?;
    }
    write(&tree.join("LICENSES-THIRD-PARTY"), &licences::all(workspace, &dist.target, features)?)?;
    let pages = tree.join("man");
    let make = ["run", "--quiet", "--package=storelogs-cli", "--example=help_files"];
    done(
        cargo()
            .args(make)
            .args(features.arguments())
            .arg("--")
            .arg(&pages)
            .arg(day(moment)?)
            .current_dir(&workspace.root),
    )?;
    for name in ["storelogs.bash", "_storelogs", "storelogs.fish"] {
        copy(&pages.join(name), &tree.join("completions").join(name))?;
        fs::remove_file(pages.join(name)).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

/// Lays what packages have in a form of its own, into a folder, and lists everything that they hold.
pub(super) fn places(
    workspace: &Workspace,
    tree: &Path,
    folder: &Path,
    version: &str,
    moment: i64,
) -> Result<Vec<Place>> {
    let _ = fs::remove_dir_all(folder); // of the run before, if there was one
    let mut places = Vec::new();
    let mut put = |path: &str, content: Content, only: Option<Format>| {
        places.push(Place { path: path.to_owned(), content, only });
    };
    let file = |path: PathBuf| Content::File(path);
    let (deb, rpm) = (Some(Format::Deb), Some(Format::Rpm));

    put("/usr/bin/storelogs", Content::Program(tree.join("storelogs")), None);
    for page in entries(&tree.join("man"))? {
        let name = format!("{}.gz", page.file_name().unwrap_or_default().to_string_lossy());
        put(&format!("/usr/share/man/man1/{name}"), file(packed(&page, &folder.join(&name))?), None);
    }
    let completions = tree.join("completions");
    put("/usr/share/bash-completion/completions/storelogs", file(completions.join("storelogs.bash")), None);
    put("/usr/share/fish/vendor_completions.d/storelogs.fish", file(completions.join("storelogs.fish")), None);
    put("/usr/share/zsh/vendor-completions/_storelogs", file(completions.join("_storelogs")), deb);
    put("/usr/share/zsh/site-functions/_storelogs", file(completions.join("_storelogs")), rpm);

    let unit = folder.join("storelogs.service");
    let text = read(&workspace.root.join("deploy/systemd/storelogs.service"))?;
    write(&unit, &text.replace("/usr/local/bin/storelogs", "/usr/bin/storelogs"))?;
    put("/usr/lib/systemd/system/storelogs.service", file(unit), None);
    let settings = workspace.root.join("deploy/packages/storelogs.toml");
    put("/etc/storelogs/storelogs.toml", Content::Settings(settings), None);
    put("/etc/storelogs/tokens", Content::Secrets, None);

    let documents = "/usr/share/doc/storelogs";
    put(&format!("{documents}/README.md"), file(tree.join("README.md")), None);
    put(
        &format!("{documents}/LICENSES-THIRD-PARTY.gz"),
        file(packed(&tree.join("LICENSES-THIRD-PARTY"), &folder.join("others.gz"))?),
        None,
    );
    put(
        &format!("{documents}/changelog.gz"),
        file(packed(&tree.join("CHANGELOG.md"), &folder.join("changelog.gz"))?),
        None,
    );
    for name in examples(workspace)?.iter().filter(|name| !name.starts_with("deploy/packages/")) {
        let path = name.trim_start_matches("deploy/");
        put(&format!("{documents}/examples/{path}"), file(workspace.root.join(name)), None);
    }
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        put(&format!("/usr/share/licenses/storelogs/{name}"), file(tree.join(name)), rpm);
    }
    write(&folder.join("copyright"), &copyright(&read(&tree.join("LICENSE-MIT"))?)?)?;
    put(&format!("{documents}/copyright"), file(folder.join("copyright")), deb);
    write(&folder.join("changes"), &changes(version, moment)?)?;
    let packed = packed(&folder.join("changes"), &folder.join("changelog.Debian.gz"))?;
    put(&format!("{documents}/changelog.Debian.gz"), file(packed), deb);
    put("/usr/share/lintian/overrides/storelogs", file(workspace.root.join("deploy/packages/lintian-overrides")), deb);
    Ok(places)
}

/// The files of `deploy/`, seen from the project's root.
fn examples(workspace: &Workspace) -> Result<Vec<String>> {
    let list = printed(Command::new("git").args(["ls-files", "deploy"]).current_dir(&workspace.root))?;
    Ok(list.lines().map(str::to_owned).collect())
}

/// The file of copyrights that Debian's policy demands: the holder, and which of the common licences it is.
fn copyright(mit: &str) -> Result<String> {
    let (title, rest) = mit.split_once("\n\n").ok_or("LICENSE-MIT has no title")?;
    let (owner, text) = rest.split_once("\n\n").ok_or(format!("{title} has no owner"))?;
    let owner = owner.trim_start_matches("Copyright (c) ");
    let text: String =
        text.lines().map(|line| if line.is_empty() { " .\n".into() } else { format!(" {line}\n") }).collect();
    Ok(format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: storelogs\n\
         Source: https://github.com/storelogs/storelogs\n\
         Comment: LICENSES-THIRD-PARTY.gz has the licences of what the program is built of.\n\n\
         Files: *\n\
         Copyright: {owner}\n\
         License: Expat or Apache-2.0\n\n\
         License: Expat\n{text}\n\
         License: Apache-2.0\n See /usr/share/common-licenses/Apache-2.0.\n"
    ))
}

/// The changelog of the package, as Debian writes it. The program's changelog is another file.
fn changes(version: &str, moment: i64) -> Result<String> {
    let time = time(moment)?.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    Ok(format!(
        "storelogs ({version}-1) unstable; urgency=medium\n\n  * Version {version}: see changelog.gz.\n\n -- {}  {time}\n",
        super::packages::MAINTAINER
    ))
}

fn day(moment: i64) -> Result<String> {
    Ok(time(moment)?.strftime("%Y-%m-%d").to_string())
}

fn time(moment: i64) -> Result<Timestamp> {
    Timestamp::from_second(moment).map_err(|e| e.to_string())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = list.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn copy(from: &Path, to: &Path) -> Result {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    fs::copy(from, to).map(drop).map_err(|e| format!("{}: {e}", from.display()))
}

/// Packs a file without its name and its time.
fn packed(from: &Path, to: &Path) -> Result<PathBuf> {
    copy(from, to)?;
    let output = Command::new("gzip").args(["-9", "--no-name", "--stdout"]).arg(from).output();
    let output = output.map_err(|e| format!("gzip: {e}"))?;
    fs::write(to, output.stdout).map_err(|e| format!("{}: {e}", to.display()))?;
    Ok(to.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{changes, copyright};

    #[test]
    fn debian_reads_the_copyright_and_the_changes() {
        let text = copyright(include_str!("../../../LICENSE-MIT")).unwrap();
        assert!(text.contains("\nCopyright: 2026 The storelogs contributors\n"), "{text}");
        assert!(text.contains("\nLicense: Expat\n Permission is hereby granted"), "{text}");
        assert!(!text.contains("\n\n\n") && text.contains("\n .\n"), "{text}");
        let text = changes("1.2.3", 1_785_542_400).unwrap();
        assert!(text.starts_with("storelogs (1.2.3-1) "), "{text}");
        assert!(text.ends_with(">  Sat, 01 Aug 2026 00:00:00 +0000\n"), "{text}");
    }
}
