//! `cargo xtask regen --from`: a newer document of a vendor takes the place of the one that is kept.
//!
//! First all that can be known without a build: whether it is a document, which corrections no longer apply, what changes
//! for whom. Then it is put in its place and everything is built with it. Whatever fails, the tree is left as it was.

use std::path::Path;

use serde_json::Value;

use super::derived::Derived;
use super::incoming::Incoming;
use super::kept::{self, Mode};
use super::undo::Undo;
use crate::changes::{self, Format, Landing, Report};
use crate::generator::corrections;
use crate::provenance::{self, Origin};
use crate::workspace::read;
use crate::{Result, changes::printable};

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
        let effective = self.corrected(root, incoming.document)?;
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

    /// The document with our corrections.
    ///
    /// # Errors
    /// Each correction that no longer applies, with what to do.
    fn corrected(&self, root: &Path, mut document: Value) -> Result<Value> {
        let name = format!("specs/{}/patch.yml", self.platform);
        let path = root.join(&name);
        if !path.exists() {
            return Ok(document);
        }
        let corrections = corrections::read(&read(&path)?).map_err(|why| format!("{name}: {why}"))?;
        let stale = corrections::apply(&mut document, &corrections);
        match stale.len() {
            0 => {
                eprintln!("All {} corrections of {name} still apply.", corrections.len());
                Ok(document)
            }
            count => {
                let told: Vec<String> = corrections::told(&name, &stale).iter().map(|line| printable(line)).collect();
                let kept = corrections.len() - count;
                Err(format!(
                    "{count} of {} corrections no longer apply; {kept} do, and stay. The tree is as it was.\n\n- {}\n\nMend \
                     {name} from the last to the first, as they stand here, so that the lines stay where they are. Then run \
                     this again.",
                    corrections.len(),
                    told.join("\n- ")
                ))
            }
        }
    }

    fn report(&self, root: &Path, effective: &Value) -> Result {
        let name = format!("specs/{}/effective.json", self.platform);
        let before: Value = serde_json::from_str(&read(&root.join(&name))?).map_err(|e| format!("{name}: {e}"))?;
        let report = Report::new(changes::between(&before, effective), &Landing::read(root, self.platform)?);
        println!("{}", report.print(self.format));
        if self.deny_breaking { report.deny_breaking() } else { Ok(()) }
    }
}
