//! The archive and the packages, of the same files.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Dist;
use super::files::{self, Content, Format, Place};
use super::target::GLIBC;
use crate::Result;
use crate::readers::done;
use crate::workspace::{Workspace, write};

pub(super) const MAINTAINER: &str = "The storelogs contributors <storelogs@users.noreply.github.com>";

const DESCRIPTION: &str = "\
every store's log, in one model, with nothing missing
Reads the logs that BigCommerce and SHOPLINE keep of their stores: what
failed, what changed, and who did it. Collects them into an archive, proves
it complete, searches it, reports on it, and alerts on rules.";

/// Packs the tree, in the order of names, with one time and one owner.
pub(super) fn archive(dist: &Dist, moment: i64) -> Result {
    let mut tar = Command::new("tar");
    tar.args(["--create", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=go=rX,u+rw"]);
    // gzip would write the time into the file.
    tar.args(["--use-compress-program", "gzip -9 --no-name", "--mtime"]).arg(format!("@{moment}"));
    tar.arg("--file").arg(dist.archive()).arg("--directory").arg(&dist.folder).arg(dist.name());
    done(&mut tar)
}

/// Makes a `.deb` and an `.rpm` with nfpm.
pub(super) fn packages(workspace: &Workspace, dist: &Dist, tools: &Path, moment: i64) -> Result {
    let folder = dist.folder.join("packages");
    let places = files::places(workspace, &dist.tree(), &folder, &dist.version, moment)?;
    let config = folder.join("nfpm.yaml");
    let text = serde_json::to_string_pretty(&description(dist, &places, moment)?).map_err(|e| e.to_string())?;
    write(&config, &text)?;
    for (format, path) in [(Format::Deb, dist.deb()), (Format::Rpm, dist.rpm())] {
        let _ = fs::remove_file(&path); // of the run before, if there was one
        let mut nfpm = Command::new(tools.join("nfpm"));
        nfpm.args(["package", "--packager", format.name(), "--config"]).arg(&config).arg("--target").arg(path);
        done(nfpm.env("SOURCE_DATE_EPOCH", moment.to_string()).stdout(Stdio::null()))?;
    }
    Ok(())
}

/// The configuration for nfpm: YAML, of which JSON is a part.
fn description(dist: &Dist, places: &[Place], moment: i64) -> Result<Value> {
    let moment = Timestamp::from_second(moment).map_err(|e| e.to_string())?.to_string();
    Ok(json!({
        "name": "storelogs",
        "arch": dist.target.debian(),
        "platform": "linux",
        "version": dist.version,
        "release": "1",
        "section": "utils",
        "priority": "optional",
        "maintainer": MAINTAINER,
        "vendor": "storelogs",
        "homepage": "https://github.com/storelogs/storelogs",
        "license": "MIT OR Apache-2.0",
        "description": DESCRIPTION,
        "mtime": moment,
        "overrides": {
            "deb": {"depends": [format!("libc6 (>= {GLIBC})")], "recommends": ["ca-certificates"]},
            "rpm": {"depends": [format!("libc.so.6(GLIBC_{GLIBC})(64bit)")], "recommends": ["ca-certificates"]},
        },
        "deb": {"compression": "xz"},
        "rpm": {"compression": "xz", "summary": DESCRIPTION.lines().next(), "buildhost": "localhost"},
        "contents": places.iter().map(|place| content(place, &moment)).collect::<Vec<_>>(),
    }))
}

fn content(place: &Place, moment: &str) -> Value {
    let (source, kind, mode) = match &place.content {
        // Examples may be programs.
        Content::File(path) => {
            (Some(path), "", if path.extension().is_none() && is_program(path) { 0o755 } else { 0o644 })
        }
        Content::Program(path) => (Some(path), "", 0o755),
        Content::Settings(path) => (Some(path), "config|noreplace", 0o644),
        Content::Secrets => (None, "dir", 0o700),
    };
    let mut content = json!({
        "dst": place.path,
        "type": kind,
        "file_info": {"mode": mode, "owner": "root", "group": "root", "mtime": moment},
    });
    if let Some(source) = source {
        content["src"] = json!(source);
    }
    if let Some(format) = place.only {
        content["packager"] = json!(format.name());
    }
    content
}

fn is_program(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"#!"))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Content, Format, Place, description};
    use crate::dist::Dist;

    #[test]
    fn nfpm_is_given_each_place_with_its_mode_and_its_format() {
        let target = "aarch64-unknown-linux-gnu".parse().unwrap();
        let dist = Dist { folder: PathBuf::from("/nowhere"), target, version: "1.2.3".into() };
        let place = |path: &str, content, only| Place { path: path.into(), content, only };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/mail/storelogs-mail");
        let places = [
            place("/usr/bin/storelogs", Content::Program("p".into()), None),
            place("/etc/a.toml", Content::Settings("a".into()), None),
            place("/etc/tokens", Content::Secrets, Some(Format::Deb)),
            place("/usr/share/doc/b", Content::File("b".into()), Some(Format::Rpm)),
            place("/usr/share/doc/mail", Content::File(script), None),
        ];
        let text = description(&dist, &places, 1_785_542_400).unwrap();
        assert_eq!(text["arch"], "arm64");
        assert_eq!(text["mtime"], "2026-08-01T00:00:00Z");
        let contents = text["contents"].as_array().unwrap();
        let modes: Vec<u64> = contents.iter().map(|one| one["file_info"]["mode"].as_u64().unwrap()).collect();
        assert_eq!(modes, [0o755, 0o644, 0o700, 0o644, 0o755]);
        assert_eq!(contents[1]["type"], "config|noreplace");
        assert_eq!(contents[2]["packager"], "deb");
        assert!(contents[2].get("src").is_none() && contents[0].get("packager").is_none());
        assert_eq!(contents[3]["packager"], "rpm");
        assert_eq!(dist.deb(), Path::new("/nowhere/storelogs_1.2.3-1_arm64.deb"));
        assert_eq!(dist.rpm(), Path::new("/nowhere/storelogs-1.2.3-1.aarch64.rpm"));
    }
}
