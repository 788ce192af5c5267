//! The files that list the stores, and what each said when it was last valid.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use storelogs::Store;
use storelogs_collector::retention::Keep;

use super::export::ExportSettings;
use super::parsed::ParsedFile;
use super::settings::Settings;
use super::token::TokenSource;
use super::{directories, file, platforms, reference, rule, table, variables};
use crate::error::CliError;

const NAME: &str = "storelogs.toml";
/// The folder beside it with further files of the same form.
const FOLDER: &str = "conf.d";
/// A file that was changed so lately may not be whole yet.
const SETTLED: Duration = Duration::from_secs(1);

/// All stores of all files, and what is wrong with them.
#[derive(Debug, Default)]
pub(super) struct AllFiles {
    pub(super) stores: Vec<Settings>,
    pub(super) rules: Vec<rule::Settings>,
    /// The destinations of exports.
    pub(super) exports: Vec<ExportSettings>,
    /// The proxy that the first file to name one names.
    pub(super) proxy: Option<TokenSource>,
    /// How long entries are kept of stores that do not say it: what the first file to say it says.
    pub(super) keep: Option<Keep>,
    /// Harmless parts that are ignored: one line each.
    pub(super) notes: Vec<String>,
    /// One line each. The stores in question are left out, or as they were before.
    pub(super) problems: Vec<String>,
}

impl AllFiles {
    /// The variables that hold something secret: of any store, the address of any webhook, the headers of any receiver, and
    /// the proxy with its password.
    pub(super) fn secret_variables(&self) -> Vec<String> {
        let webhooks = self.rules.iter().flat_map(rule::Settings::secrets);
        let headers = self.exports.iter().flat_map(ExportSettings::secrets);
        let sources = self.stores.iter().flat_map(Settings::secrets).chain(webhooks).chain(headers).chain(&self.proxy);
        let named = sources.filter_map(|source| match source {
            TokenSource::Env(name) => Some(name.clone()),
            _ => None,
        });
        let all: BTreeSet<String> = platforms::secret_variables().map(str::to_owned).chain(named).collect();
        all.into_iter().collect()
    }

    fn secrets_mut(&mut self) -> impl Iterator<Item = &mut TokenSource> {
        let webhooks = self.rules.iter_mut().flat_map(rule::Settings::secrets_mut);
        let headers = self.exports.iter_mut().flat_map(ExportSettings::secrets_mut);
        self.stores.iter_mut().flat_map(Settings::secrets_mut).chain(webhooks).chain(headers).chain(&mut self.proxy)
    }
}

/// The files that stores are read from. Only what has changed is read again.
#[derive(Debug)]
pub(super) struct Files {
    main: Option<PathBuf>,
    folder: Option<PathBuf>,
    /// A table that an argument names.
    table: Option<PathBuf>,
    known: BTreeMap<PathBuf, Known>,
}

#[derive(Debug, Default)]
struct Known {
    stamp: Option<Stamp>,
    /// Its content when it was last valid.
    found: Option<ParsedFile>,
    /// What is wrong with it now, if anything.
    broken: Vec<String>,
}

/// The signs that a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// The file itself, and when anything of it changed, its permissions too.
    inode: (u64, i64, i64),
}

impl Stamp {
    /// `None` if there is no such file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            (about.ino(), about.ctime(), about.ctime_nsec())
        };
        #[cfg(not(unix))]
        let inode = (0, 0, 0);
        Some(Self { modified: about.modified().ok(), length: about.len(), inode })
    }

    fn is_settled(&self) -> bool {
        let age = self.modified.and_then(|at| SystemTime::now().duration_since(at).ok());
        age.is_none_or(|age| age >= SETTLED)
    }
}

impl Files {
    /// Finds the files: those that an argument or the environment names, or those of this directory, or the user's own.
    pub(super) fn find(config: Option<&PathBuf>, table: Option<&PathBuf>) -> Result<Self, CliError> {
        let named = match config {
            Some(path) => Some(path.clone()),
            None => variables::text("STORELOGS_CONFIG")?.map(PathBuf::from),
        };
        let own = directories::configuration().map(|directory| directory.join("storelogs"));
        let here = Some(PathBuf::from(NAME)).filter(|path| path.is_file());
        let (main, folder) = match (named.or(here), own) {
            (Some(main), _) => {
                let folder = reference::beside(&main, Path::new(FOLDER));
                (Some(main), Some(folder))
            }
            (None, Some(own)) => (Some(own.join(NAME)).filter(|path| path.is_file()), Some(own.join(FOLDER))),
            (None, None) => (None, None),
        };
        let folder = folder.filter(|folder| folder.is_dir() || main.is_some());
        Ok(Self { main, folder, table: table.cloned(), known: BTreeMap::new() })
    }

    /// What is wrong with the main file, if anything, a line each.
    pub(super) fn main_problem(&self) -> Option<String> {
        self.problem_of(self.main.as_ref()?)
    }

    /// What is wrong with a table that an argument or the main file names, if it cannot be used at all.
    pub(super) fn table_problem(&self) -> Option<String> {
        let of_main = self.main.as_ref().and_then(|main| self.known.get(main)?.found.as_ref()?.csv.as_ref());
        [self.table.as_ref(), of_main].into_iter().flatten().find_map(|table| self.problem_of(table))
    }

    fn problem_of(&self, file: &Path) -> Option<String> {
        let broken = &self.known.get(file)?.broken;
        (!broken.is_empty()).then(|| broken.join("\n"))
    }

    /// Reads what has changed. A file that is broken says what it said before; one that was changed just now is read
    /// the next time, unless it is the first.
    pub(super) fn read(&mut self) -> AllFiles {
        let mut all = AllFiles::default();
        let mut order: Vec<PathBuf> = self.main.iter().cloned().collect();
        match self.folder.as_deref().map(members) {
            Some(Ok(members)) => order.extend(members),
            // Its last content is kept.
            Some(Err(why)) => {
                let folder = self.folder.as_deref().unwrap_or(Path::new(FOLDER));
                order.extend(self.known.keys().filter(|path| path.parent() == Some(folder)).cloned());
                all.problems.push(format!("{} cannot be read: {why}", folder.display()));
            }
            None => {}
        }
        for path in &order {
            self.look(path, |bytes| {
                let text = std::str::from_utf8(bytes);
                let text = text.map_err(|_| vec![format!("{} is not UTF-8 text", path.display())])?;
                file::read(text, path)
            });
        }
        let mut tables: Vec<PathBuf> = self.table.iter().cloned().collect();
        tables.extend(order.iter().filter_map(|path| self.known.get(path)?.found.as_ref()?.csv.clone()));
        tables.dedup();
        for path in &tables {
            self.look(path, |bytes| table::read(bytes, path).map_err(|why| vec![why]));
        }
        order.extend(tables);
        self.known.retain(|path, _| order.contains(path));
        self.gather(&order, &mut all);
        let secrets = all.secret_variables();
        all.secrets_mut().for_each(|source| source.keep_from(&secrets));
        all
    }

    /// All stores and rules. Of one that stands twice the first counts.
    fn gather(&self, order: &[PathBuf], all: &mut AllFiles) {
        let mut places: HashMap<&Store, (&Path, usize)> = HashMap::new();
        let mut names: HashMap<&str, (&Path, usize)> = HashMap::new();
        for path in order {
            let Some(known) = self.known.get(path) else { continue };
            if let Some((last, others)) = known.broken.split_last() {
                let kept = known.found.as_ref().map_or(0, |found| found.stores.len());
                let kept = match kept {
                    0 => String::new(),
                    1 => "; the store that it had before is kept".to_owned(),
                    many => format!("; the {many} stores that it had before are kept"),
                };
                all.problems.extend(others.iter().cloned());
                all.problems.push(format!("{last}{kept}"));
            }
            let Some(found) = &known.found else { continue };
            all.problems.extend(found.problems.iter().cloned());
            all.notes.extend(found.notes.iter().cloned());
            all.keep = all.keep.take().or_else(|| found.keep.clone());
            all.proxy = all.proxy.take().or_else(|| found.proxy.clone());
            for export in &found.exports {
                if !all.exports.iter().any(|known| known.to == export.to) {
                    all.exports.push(export.clone());
                }
            }
            for (settings, line) in &found.stores {
                if let Some((first, at)) = places.get(&settings.store) {
                    let (path, first, store) = (path.display(), first.display(), &settings.store);
                    all.problems.push(format!("{path} line {line}: the store {store} is already in {first} line {at}"));
                    continue;
                }
                places.insert(&settings.store, (path, *line));
                all.stores.push(settings.clone());
            }
            for (rule, line) in &found.rules {
                if let Some((first, at)) = names.get(rule.name()) {
                    let (path, first, name) = (path.display(), first.display(), rule.name());
                    all.problems.push(format!(
                        "{path} line {line}: the rule {name:?} is already in {first} line {at}: give it another name"
                    ));
                    continue;
                }
                names.insert(rule.name(), (path, *line));
                all.rules.push(rule.clone());
            }
        }
    }

    fn look(&mut self, path: &Path, read: impl FnOnce(&[u8]) -> Result<ParsedFile, Vec<String>>) {
        let first = !self.known.contains_key(path);
        let known = self.known.entry(path.to_owned()).or_default();
        let stamp = Stamp::of(path);
        let fresh = first || stamp != known.stamp;
        if !fresh || (!first && stamp.is_some_and(|stamp| !stamp.is_settled())) {
            return;
        }
        known.stamp = stamp;
        let bytes = fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()));
        let bytes = bytes.and_then(|bytes| closed(path).map(|()| bytes)).map_err(|why| vec![why]);
        match bytes.and_then(|bytes| read(&bytes)) {
            Ok(found) => (known.found, known.broken) = (Some(found), Vec::new()),
            Err(why) => known.broken = why,
        }
    }
}

/// The files of a folder that are ours, by name. Hidden ones are not.
fn members(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut members = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            members.push(path);
        }
    }
    members.sort();
    Ok(members)
}

/// The file can name programs to run and where tokens go, so a stranger must not be able to write it.
fn closed(path: &Path) -> Result<(), String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_open = |path: &Path| fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o002 != 0);
        let (open_file, open_folder, path) = (is_open(path), is_open(folder), path.display());
        if open_file {
            return Err(format!("every user of this machine can write {path}, so it is not used: chmod o-w it"));
        }
        if open_folder {
            let folder = folder.display();
            return Err(format!(
                "every user of this machine can put files into {folder}, so {path} is not used: move it elsewhere"
            ));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
