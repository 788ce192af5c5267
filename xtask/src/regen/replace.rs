//! `cargo xtask regen --from`: a newer document of a vendor takes the place of the one that is kept.
//!
//! First all that can be known without a build: whether it is a document, which corrections no longer apply, what changes
//! for whom. Then it is put in its place and everything is built with it. Whatever fails, the tree is left as it was.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::derived::Derived;
use super::incoming::Incoming;
use super::kept::{self, Mode};
use super::mend::mend;
use super::undo::Undo;
use crate::changes::{self, Format, Landing, Report};
use crate::generator::corrections;
use crate::provenance::{self, Origin};
use crate::workspace::read;
use crate::{Result, changes::printable};

/// A file, and what it should say.
type Mended = (PathBuf, String);

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Replacement<'a> {
    /// A file or an address.
    pub(crate) from: &'a str,
    pub(crate) platform: &'static str,
    /// Where it came from, if `from` does not say.
    pub(crate) source: Option<&'a str>,
    pub(crate) format: Format,
    pub(crate) deny_breaking: bool,
    /// Whether to do to the corrections what asks for no decision.
    pub(crate) mend: bool,
    /// If not, the document is put in its place and our code is mended after.
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
        let (effective, mended) = self.corrected(root, &incoming.document)?;
        self.report(root, &effective)?;

        let mut undo = Undo::begin()?;
        let readme = root.join(provenance::FILE);
        undo.write(&root.join("specs").join(&origin.file), &incoming.bytes)?;
        undo.write(&readme, provenance::rewritten(&read(&readme)?, &origin).as_bytes())?;
        let mut changed = vec![
            "The new document is in its place. Review what changed:".to_owned(),
            format!("specs/{}: it is from {source}", origin.file),
            format!("{}: where it is from", provenance::FILE),
        ];
        if let Some((path, text)) = mended {
            undo.write(&path, text.as_bytes())?;
            changed.push(format!("specs/{}/patch.yml: without what the vendor mended", self.platform));
        }
        if self.build {
            let derived = collect().map_err(|why| {
                format!(
                    "{why}\nThe tree is as it was. If our code has to change with the document, run this again with \
                         --without-building, mend the code, and run `cargo xtask regen`"
                )
            })?;
            for path in kept::all(root, &derived)? {
                undo.note(&root.join(path))?;
            }
            changed.extend(
                kept::ensure(root, &derived, Mode::Write)?
                    .into_iter()
                    .map(|stale| stale.replace("is stale", "changes")),
            );
        } else {
            changed.push("nothing was built: mend our code, and run `cargo xtask regen`".into());
        }
        undo.keep()?;
        Ok(changed.join("\n"))
    }

    /// The document with our corrections; and `patch.yml`, if it was mended.
    ///
    /// # Errors
    /// Each correction that no longer applies, with what to do.
    fn corrected(&self, root: &Path, document: &Value) -> Result<(Value, Option<Mended>)> {
        let name = format!("specs/{}/patch.yml", self.platform);
        let path = root.join(&name);
        if !path.exists() {
            return Ok((document.clone(), None));
        }
        let apply = |text: &str| {
            let corrections = corrections::read(text).map_err(|why| format!("{name}: {why}"))?;
            let mut document = document.clone();
            let stale = corrections::apply(&mut document, &corrections);
            Ok::<_, String>((corrections.len(), document, stale))
        };
        let text = read(&path)?;
        let (count, effective, stale) = apply(&text)?;
        if stale.is_empty() {
            eprintln!("All {count} corrections of {name} still apply.");
            return Ok((effective, None));
        }
        let told: Vec<String> = corrections::told(&name, &stale).iter().map(|line| printable(line)).collect();
        let told = format!(
            "{} of {count} corrections no longer apply; {} do, and stay.\n\n- {}\n",
            stale.len(),
            count - stale.len(),
            told.join("\n- ")
        );
        if !self.mend {
            return Err(format!(
                "{told}\nThe tree is as it was. Run this again with --mend, which deletes what is to be deleted and writes \
                 what moved; or mend {name} yourself, from the last to the first, so that the lines stay where they are."
            ));
        }
        let mended = mend(&text, &stale);
        let (_, effective, left) = apply(&mended)?;
        if !left.is_empty() {
            return Err(format!(
                "{told}\nThe tree is as it was: not all of this can be mended without a decision. Mend {name} yourself, from \
                 the last to the first, so that the lines stay where they are. Then run this again."
            ));
        }
        eprintln!("{told}\nThis is done.");
        Ok((effective, Some((path, mended))))
    }

    fn report(&self, root: &Path, effective: &Value) -> Result {
        let name = format!("specs/{}/effective.json", self.platform);
        let before: Value = serde_json::from_str(&read(&root.join(&name))?).map_err(|e| format!("{name}: {e}"))?;
        let report = Report::new(changes::between(&before, effective), &Landing::read(root, self.platform)?);
        println!("{}", report.print(self.format));
        if self.deny_breaking { report.deny_breaking() } else { Ok(()) }
    }
}
