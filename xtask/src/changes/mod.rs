//! The changes that a newer document makes, for users of the library and for the requests that it sends.
//!
//! No crate does this. `drift` (Oxide) compares documents, but not servers, security, styles or single enum values;
//! fields that came or went are one "unhandled" difference, an `allOf` of several parts is another, and an answer that
//! loses its JSON panics. `schemadoc-diff` and `anicca` print differences without saying whom they break. None knows
//! our code. This module prints one line for each change, with how bad it is and which places of our code it affects.

mod answers;
mod compare;
mod document;
mod landing;
#[cfg(test)]
mod landing_tests;
mod parameters;
mod report;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::document::Document;
pub(crate) use self::landing::Landing;
pub(crate) use self::report::{Format, Report, printable};
use crate::Result;
use crate::generator::PLATFORMS;
use crate::generator::document as documents;
use crate::workspace::{Workspace, read};

/// Whom a change concerns. The worst stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// A request that was right is refused, ignored, or means something else.
    Requests,
    /// Rust code that uses the library no longer compiles, or gets something else.
    Users,
    Additive,
    /// The vendor's document lost or changed it, and a correction keeps it as it was.
    Kept,
    /// Words only.
    Editorial,
}

impl Class {
    pub(crate) const ALL: [Self; 5] = [Self::Requests, Self::Users, Self::Additive, Self::Kept, Self::Editorial];

    pub(crate) fn is_breaking(self) -> bool {
        matches!(self, Self::Requests | Self::Users)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Requests => "breaking for our requests",
            Self::Users => "breaking for our users",
            Self::Additive => "additive",
            Self::Kept => "kept by a correction",
            Self::Editorial => "editorial",
        }
    }
}

/// One difference between two documents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    pub(crate) class: Class,
    /// The place and the change, in words.
    pub(crate) what: String,
    pub(crate) place: Place,
}

/// A place in the document that changed, as far as our code has a name for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// By its `operationId`.
    Operation(String),
    Parameter(String),
    NewParameter(String),
    /// A field of an answer: the last of its names.
    Field(String),
    /// Whether the type that gets it keeps what it does not know.
    NewField {
        kept: bool,
        /// The schema that has it, if it has a name.
        schema: Option<String>,
    },
    /// A Rust type.
    Type(String),
    Server(String),
    Security,
    Header(String),
    Nowhere,
}

/// The changes from one document to another, the worst first.
pub(crate) fn between(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = BTreeSet::new();
    compare::documents(&Document::read(old), &Document::read(new), old, new, &mut changes);
    changes.into_iter().collect()
}

#[derive(clap::Args)]
pub(crate) struct ChangesArgs {
    /// A document, YAML or JSON, such as specs/bigcommerce/effective.json of an older commit.
    old: PathBuf,
    /// The newer document.
    new: PathBuf,
    /// Follow each change to where our code has to do with it.
    #[arg(long, value_name = "NAME", value_parser = known_platform)]
    platform: Option<&'static str>,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// Fail if a change breaks our requests or our users.
    #[arg(long)]
    deny_breaking: bool,
}

pub(crate) fn run(ChangesArgs { old, new, platform, format, deny_breaking }: ChangesArgs) -> Result {
    let landing = match platform {
        Some(platform) => Landing::read(&Workspace::find()?.root, platform)?,
        None => Landing::default(),
    };
    let report = Report::new(between(&parsed(&old)?, &parsed(&new)?), &landing);
    print!("{}", report.print(format));
    if deny_breaking { report.deny_breaking() } else { Ok(()) }
}

pub(crate) fn known_platform(name: &str) -> Result<&'static str> {
    let names = PLATFORMS.map(|platform| platform.name);
    let known = names.into_iter().find(|known| *known == name);
    known.ok_or_else(|| format!("there is no platform {name}; there are {}", names.join(" and ")))
}

fn parsed(path: &Path) -> Result<Value> {
    let (document, _) = documents::read(&read(path)?).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(document)
}
