//! `cargo xtask regen --from`: replaces a document by the vendor's newer one.
//!
//! It first checks everything that can be known without a build: whether it is a document, which corrections no longer
//! apply, what changes for whom. Then it puts the document in its place and builds everything with it. If anything
//! fails, the tree is left as it was.

use std::path::Path;

use serde_json::Value;

use super::derived::Derived;
use super::fix::fix;
use super::golden::{self, Mode};
use super::incoming::Incoming;
use super::keep::{self, Kept};
use super::undo::Undo;
use crate::changes::{self, Change, Class, Format, Landing, Place, Report};
use crate::generator::corrections;
use crate::provenance::{self, Origin};
use crate::workspace::read;
use crate::{Result, changes::printable};

/// The document with its corrections, as they are now.
struct Corrected {
    effective: Value,
    /// `patch.yml`, if it changes.
    patch: Option<String>,
    kept: Vec<Kept>,
}

/// The replacement that was asked for.
#[derive(Debug)]
pub(crate) struct Replacement<'a> {
    /// A file or an address.
    pub(crate) from: &'a str,
    pub(crate) platform: &'static str,
    /// The source of the document, if `from` does not say.
    pub(crate) source: Option<&'a str>,
    pub(crate) format: Format,
    pub(crate) deny_breaking: bool,
    /// Whether to do to the corrections what needs no decision.
    pub(crate) fix: bool,
    /// The names that are kept as they were although the document lost or changed them.
    pub(crate) keep: &'a [String],
    /// The parameters that the document lost and our code is to go without.
    pub(crate) drop: &'a [String],
    /// Whether to build. If not, the document is put in its place and our code is changed later.
    pub(crate) build: bool,
}

impl Replacement<'_> {
    /// Does it all; `collect` builds everything, and says what should be kept. Returns what there is to say after.
    ///
    /// # Errors
    /// Whatever is wrong with the document, with corrections that no longer apply, or with what is built of it. The tree
    /// is as it was.
    pub(crate) fn run(&self, root: &Path, collect: impl FnOnce() -> Result<Derived>) -> Result<String> {
        let origin = provenance::of_platform(root, self.platform)?;
        let incoming = Incoming::read(self.from)?;
        if origin.is_of(&incoming.bytes) {
            return Ok(format!("specs/{} is this very document: there is nothing to do", origin.file));
        }
        let source = self.source.unwrap_or(&incoming.source);
        if source.trim().is_empty() || source.contains(|c: char| c == '|' || c.is_control()) {
            return Err(format!("{source:?} cannot stand in a table: say with --source where the document came from"));
        }
        let origin = Origin::today(&origin.file, source, &incoming.bytes);
        let effective = format!("specs/{}/effective.json", self.platform);
        let before = read(&root.join(&effective))?;
        let before: Value = serde_json::from_str(&before).map_err(|e| format!("{effective}: {e}"))?;
        let landing = Landing::read(root, self.platform)?;
        let corrected = self.corrected(root, &incoming.document, &before, &origin.date, &landing)?;
        self.report(&before, &corrected, &landing)?;
        if let Some(choices) = self.choices(&before, &corrected.effective, &landing) {
            return Err(format!("{choices}\nThe tree is as it was."));
        }

        let mut undo = Undo::begin()?;
        let readme = root.join(provenance::FILE);
        undo.write(&root.join("specs").join(&origin.file), &incoming.bytes)?;
        undo.write(&readme, provenance::rewritten(&read(&readme)?, &origin).as_bytes())?;
        let mut changed = vec![
            "The new document is in its place. Review what changed:".to_owned(),
            format!("specs/{}: it is from {source}", origin.file),
            format!("{}: where it is from", provenance::FILE),
        ];
        if let Some(text) = corrected.patch {
            let name = format!("specs/{}/patch.yml", self.platform);
            undo.write(&root.join(&name), text.as_bytes())?;
            let kept = if corrected.kept.is_empty() { "" } else { ", with what is kept" };
            changed.push(format!("{name}: without what the vendor fixed{kept}"));
        }
        if self.build {
            let derived = collect().map_err(|why| {
                format!(
                    "{why}\nThe tree is as it was. What our code needs as it was, --keep NAME keeps. If our code has to \
                     change with the document, run this again with --without-building, change the code, and run `cargo \
                     xtask regen`"
                )
            })?;
            for path in golden::all(root, &derived)? {
                undo.note(&root.join(path))?;
            }
            changed.extend(
                golden::ensure(root, &derived, Mode::Write)?
                    .into_iter()
                    .map(|stale| stale.replace("is stale", "changes")),
            );
        } else {
            changed.push("nothing was built: change our code, and run `cargo xtask regen`".into());
        }
        undo.keep()?;
        Ok(changed.join("\n"))
    }

    /// The document with our corrections, and with what is kept.
    ///
    /// # Errors
    /// Each correction that no longer applies, with what to do.
    fn corrected(
        &self,
        root: &Path,
        document: &Value,
        before: &Value,
        date: &str,
        landing: &Landing,
    ) -> Result<Corrected> {
        let name = format!("specs/{}/patch.yml", self.platform);
        let path = root.join(&name);
        if !path.exists() {
            if self.keep.is_empty() {
                return Ok(Corrected { effective: document.clone(), patch: None, kept: Vec::new() });
            }
            return Err(format!("{name} does not exist, so nothing can be kept by a correction there"));
        }
        let apply = |text: &str| {
            let corrections = corrections::read(text).map_err(|why| format!("{name}: {why}"))?;
            let mut document = document.clone();
            let stale = corrections::apply(&mut document, &corrections);
            Ok::<_, String>((corrections.len(), document, stale))
        };
        let mut text = read(&path)?;
        let (count, mut effective, stale) = apply(&text)?;
        if stale.is_empty() {
            eprintln!("All {count} corrections of {name} still apply.");
        } else {
            let message: Vec<String> =
                corrections::remedies(&name, &stale).iter().map(|line| printable(line)).collect();
            let message = format!(
                "{} of {count} corrections no longer apply; {} do, and stay.\n\n- {}\n",
                stale.len(),
                count - stale.len(),
                message.join("\n- ")
            );
            let choices = || self.choices(before, &effective, landing).map(|it| it + "\n").unwrap_or_default();
            if !self.fix {
                return Err(format!(
                    "{message}\n{}The tree is as it was. Run this again with --fix, which deletes what is to be deleted and \
                     writes what moved; or edit {name} yourself, from the last to the first, so that the lines stay where \
                     they are.",
                    choices()
                ));
            }
            let decided = |gone: &str| {
                let is_it = |name: &String| name == gone || keep::place_of_field(name).is_some_and(|it| it == gone);
                self.keep.iter().chain(self.drop).any(is_it)
            };
            let (mut fixed, mut left) = (effective.clone(), stale);
            // The first thing that a correction is missing hides the others.
            while !left.is_empty() {
                let after = fix(&text, &left, decided);
                let before = std::mem::replace(&mut text, after);
                (_, fixed, left) = apply(&text)?;
                if text == before {
                    break;
                }
            }
            if !left.is_empty() {
                return Err(format!(
                    "{message}\n{}The tree is as it was: not all of this can be done without a decision. Edit {name} \
                     yourself, from the last to the first, so that the lines stay where they are. Then run this again.",
                    choices()
                ));
            }
            eprintln!("{message}\nThis is done.");
            effective = fixed;
        }
        let mut kept = Vec::new();
        for name in self.keep {
            kept.extend(keep::keep(name, before, &effective)?);
        }
        for kept in &kept {
            let used = self.keep.iter().find_map(|name| landing.setting(name).filter(|_| kept.what.contains(&**name)));
            text = format!("{}\n\n{}", text.trim_end(), kept.block(date, used.as_deref())?);
        }
        let (_, effective, left) = apply(&text)?;
        match left.first() {
            Some(stale) => Err(format!("a correction that was written does not apply: {stale}")),
            None => Ok(Corrected {
                effective,
                patch: Some(text).filter(|text| read(&path).is_ok_and(|old| old != *text)),
                kept,
            }),
        }
    }

    /// The parameters that the document lost and our code sets, and what can be chosen for each.
    fn choices(&self, before: &Value, effective: &Value, landing: &Landing) -> Option<String> {
        let mut lines = Vec::new();
        let mut names = Vec::new();
        for lost in keep::lost(before, effective) {
            let decided = self.keep.iter().chain(self.drop).any(|name| *name == lost.name);
            if let Some(places) = landing.setting(&lost.name).filter(|_| !decided) {
                lines.push(printable(&format!("- {} is gone, and is set in {places}", lost.what)));
                names.push(lost.name);
            }
        }
        names.sort();
        names.dedup();
        let options = |option: &str| {
            names.iter().map(|name| format!("--{option} '{}'", printable(name))).collect::<Vec<_>>().join(" ")
        };
        (!lines.is_empty()).then(|| {
            format!(
                "What our code sets is no longer in the document:\n\n{}\n\nChoose for each. A correction keeps it: run this \
                 again with {}. Or go without it: {}. What a walk only pushes down it then does without; whatever else names \
                 it has to be changed.\n",
                lines.join("\n"),
                options("keep"),
                options("drop"),
            )
        })
    }

    fn report(&self, before: &Value, corrected: &Corrected, landing: &Landing) -> Result {
        let mut changes = changes::between(before, &corrected.effective);
        let kept = corrected.kept.iter().map(|kept| Change {
            class: Class::Kept,
            what: format!("in the vendor's document {}", kept.what),
            place: Place::Nowhere,
        });
        changes.extend(kept);
        changes.sort();
        let report = Report::new(changes, landing);
        println!("{}", report.print(self.format));
        if self.deny_breaking { report.deny_breaking() } else { Ok(()) }
    }
}
