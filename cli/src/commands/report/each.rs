//! `report --each`: a report for each owner, or for each store.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use storelogs::Store;
use storelogs_collector::Archive;
use storelogs_collector::archive::Labels;
use storelogs_collector::nearest::nearest;
use storelogs_collector::wording::{listed, pluralize};

use super::Format;
use crate::error::CliError;

/// How many owners or tags an error names.
const MOST_NAMED: usize = 10;

/// The choice of reports: one for each owner, or for each store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Each {
    /// For each owner that the configuration names, about all of their stores
    Owner,
    /// For each store
    Store,
}

/// Whose stores, or which, a report is about.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Labelled<'a> {
    pub(crate) owners: &'a [String],
    pub(crate) tags: &'a [String],
}

impl Labelled<'_> {
    /// Whether nothing is asked.
    pub(super) fn is_empty(&self) -> bool {
        self.owners.is_empty() && self.tags.is_empty()
    }

    /// The stores that are meant, of these. Without owners and tags, all of them.
    pub(super) fn among(&self, archive: &Archive, stores: Vec<Store>) -> Result<Vec<Store>, CliError> {
        let labelled = labelled(archive, stores)?;
        let labels = || labelled.iter().map(|(_, labels)| labels);
        refuse_unknown("--owner", self.owners, labels().filter_map(|labels| labels.owner.as_ref()))?;
        refuse_unknown("--tag", self.tags, labels().flat_map(|labels| &labels.tags))?;
        let is_meant = |labels: &Labels| {
            (self.owners.is_empty() || self.owners.iter().any(|owner| is_owner(labels, owner)))
                && self.tags.iter().all(|tag| has_tag(labels, tag))
        };
        let found: Vec<Store> =
            labelled.into_iter().filter(|(_, labels)| is_meant(labels)).map(|(store, _)| store).collect();
        if found.is_empty() {
            return Err(CliError::usage("no store has all of that".to_owned()));
        }
        Ok(found)
    }
}

/// Refuses what no store has, and says what there is.
fn refuse_unknown<'a>(
    option: &str,
    wanted: &[String],
    known: impl Iterator<Item = &'a String>,
) -> Result<(), CliError> {
    let known: BTreeSet<&String> = known.collect();
    let is_known = |name: &&String| known.iter().any(|other| other.eq_ignore_ascii_case(name));
    let Some(unknown) = wanted.iter().find(|name| !is_known(name)) else { return Ok(()) };
    let instead = match nearest(unknown, known.iter().copied().cloned()) {
        Some(near) => format!(", did you mean {near:?}?"),
        None if known.is_empty() => String::new(),
        None => format!(": it knows {}", listed(known, MOST_NAMED)),
    };
    Err(CliError::usage(format!("{option}: no store in the archive has {unknown:?}{instead}"))
        .hint("`storelogs sync` takes names, owners and tags over from the configuration"))
}

fn is_owner(labels: &Labels, owner: &str) -> bool {
    labels.owner.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(owner))
}

fn has_tag(labels: &Labels, tag: &str) -> bool {
    labels.tags.iter().any(|other| other.eq_ignore_ascii_case(tag))
}

fn labelled(archive: &Archive, stores: Vec<Store>) -> Result<Vec<(Store, Labels)>, CliError> {
    let mut labels = archive.labels()?;
    let mut labelled = Vec::new();
    for store in stores {
        let id = archive.store_id(&store)?;
        labelled.push((store, id.and_then(|id| labels.remove(&id)).unwrap_or_default()));
    }
    Ok(labelled)
}

/// One report of several: whom it is for, the file that it is written into, and the stores that it is about.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file: PathBuf,
    pub(super) stores: Vec<Store>,
}

/// The reports to make of these stores, and what is to be said of stores that are in none.
pub(super) fn parts(
    archive: &Archive,
    each: Each,
    stores: Vec<Store>,
    folder: &Path,
    format: Format,
) -> Result<(Vec<Part>, Option<String>), CliError> {
    let mut named: BTreeMap<String, Vec<Store>> = BTreeMap::new();
    let mut without = 0;
    match each {
        Each::Store => named.extend(stores.into_iter().map(|store| (store.to_string(), vec![store]))),
        Each::Owner => {
            for (store, labels) in labelled(archive, stores)? {
                match labels.owner {
                    Some(owner) => named.entry(owner).or_default().push(store),
                    None => without += 1,
                }
            }
        }
    }
    if named.is_empty() {
        let why = "--each owner: no store in the archive has an owner: write owner = \"…\" into its [[store]], or a column \
                   owner into the table, and run `storelogs sync`";
        return Err(CliError::usage(why.to_owned()));
    }
    let mut taken = HashSet::new();
    let parts = named
        .into_iter()
        .map(|(name, stores)| {
            let file = folder.join(format!("{}.{}", file_name(&name, &mut taken), format.ending()));
            Part { name, file, stores }
        })
        .collect();
    let without =
        (without > 0).then(|| format!("{} without an owner: in no report", pluralize(without, "store", "stores")));
    Ok((parts, without))
}

/// A name for a file that no other has, on any disk.
fn file_name(name: &str, taken: &mut HashSet<String>) -> String {
    let plain =
        |c: char| if c.is_alphanumeric() || "._".contains(c) { c.to_lowercase().next().unwrap_or(c) } else { '-' };
    let plain: String = name.chars().map(plain).take(60).collect();
    let plain = match plain.trim_matches(['-', '.']) {
        "" => "report",
        some => some,
    };
    let mut free = plain.to_owned();
    for number in 2.. {
        if taken.insert(free.clone()) {
            break;
        }
        free = format!("{plain}-{number}");
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_file_of_its_own_that_stays_in_the_folder() {
        let mut taken = HashSet::new();
        let names = ["Acme Inc.", "acme inc", "../../etc/passwd", "..", "bigcommerce:abc123", "王"];
        let files = names.map(|name| file_name(name, &mut taken));
        assert_eq!(files, ["acme-inc", "acme-inc-2", "etc-passwd", "report", "bigcommerce-abc123", "王"]);
    }
}
