//! The list of stores: from arguments, the environment, and files.

use std::path::PathBuf;

use storelogs::{Proxy, Store};
use storelogs_collector::Archive;
use storelogs_collector::network::Network;
use storelogs_collector::retention::Keep;
use storelogs_collector::sync::Shard;

use super::environment;
use super::export::ExportSettings;
use super::files::{AllFiles, Files};
use super::platforms::facts;
use super::proxy::read_proxy;
use super::rule;
use super::settings::Settings;
use super::store_name::StoreName;
use super::token::TokenSource;
use super::variables::text;
use crate::error::CliError;
use crate::ui::Ui;

/// The stores that a command is about, and the files that say how they are reached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// The stores that were picked; none of them for all that are configured.
    pub(crate) stores: Vec<StoreName>,
    /// The configuration file, if one was named.
    pub(crate) file: Option<PathBuf>,
    /// A table of stores besides.
    pub(crate) table: Option<PathBuf>,
}

/// The stores of a call.
pub(crate) struct Configured {
    pub(crate) stores: Vec<Settings>,
    /// The stores that were picked; none of them for all that are configured.
    pub(crate) picked: Vec<Store>,
    /// How many lines of the configuration are wrong. Each was reported.
    pub(crate) problems: usize,
    pub(super) reported: Vec<String>,
    pub(super) files: Files,
    pub(super) proxy: Option<TokenSource>,
    pub(super) keep: Option<Keep>,
    /// The destinations of exports.
    pub(crate) exports: Vec<ExportSettings>,
    pub(super) rules: Vec<rule::Settings>,
    /// The variables that hold something secret.
    pub(super) secrets: Vec<String>,
    pub(super) ui: Ui,
}

impl Configured {
    /// The network, through the proxy that the files or the environment name.
    pub(crate) fn network(&self) -> Result<Network, CliError> {
        Network::through(self.proxy()?).map_err(CliError::usage)
    }

    /// How many rules of `watch` there are, and what keeps them from sending an alert. Nothing is sent.
    pub(crate) async fn rules(&self) -> (usize, Vec<String>) {
        let mut faults = Vec::new();
        for rule in &self.rules {
            faults.extend(rule.rule(&self.secrets, self.ui).await.err().unwrap_or_default());
            faults.extend(rule.program_fault());
        }
        (self.rules.len(), faults)
    }

    /// Leaves out the stores that are not in this share.
    pub(crate) fn share(&mut self, shard: Option<Shard>) {
        self.stores.retain(|settings| shard.is_none_or(|shard| shard.holds(&settings.store)));
    }

    /// How long entries are kept, of each store of which that is said.
    pub(crate) fn keeps(&self) -> Vec<(Store, Keep)> {
        let keep = |settings: &Settings| settings.keep.clone().or_else(|| self.keep.clone());
        self.stores.iter().filter_map(|settings| Some((settings.store.clone(), keep(settings)?))).collect()
    }

    /// Keeps in the archive what its stores are called, whose they are, and what they are filed under.
    pub(crate) fn label(&self, archive: &mut Archive) -> storelogs_collector::Result<()> {
        keep_labels(archive, &self.stores)
    }

    /// The proxy that the files or, else, the environment name. An empty address in a file is none.
    pub(crate) fn proxy(&self) -> Result<Proxy, CliError> {
        read_proxy(self.proxy.as_ref(), self.ui)
    }
}

/// Keeps the labels of these stores. One that has any is known from then on.
pub(super) fn keep_labels(archive: &mut Archive, stores: &[Settings]) -> storelogs_collector::Result<()> {
    for settings in stores.iter().filter(|settings| !settings.labels.is_empty()) {
        archive.add_store(&settings.store)?;
    }
    archive.keep_labels(stores.iter().map(|settings| (&settings.store, &settings.labels)))
}

/// The exports and the proxy that the files name, for a command that is about no store.
pub(crate) fn exports(file: Option<&PathBuf>, ui: Ui) -> Result<(Vec<ExportSettings>, Proxy), CliError> {
    let mut files = Files::find(file, None)?;
    let all = files.read();
    if let Some(why) = files.main_problem() {
        return Err(CliError::usage(why));
    }
    Ok((all.exports, read_proxy(all.proxy.as_ref(), ui)?))
}

/// All stores of the files and the environment, as far as they can be read.
pub(crate) fn known(selection: &Selection) -> Vec<Settings> {
    let files = Files::find(selection.file.as_ref(), selection.table.as_ref());
    let found = files.map(|mut files| files.read().stores).unwrap_or_default();
    with_environment(found.clone()).unwrap_or(found)
}

/// The names of the rules of the files, as far as they can be read.
pub(crate) fn known_rules(selection: &Selection) -> Vec<String> {
    let files = Files::find(selection.file.as_ref(), selection.table.as_ref());
    let rules = files.map(|mut files| files.read().rules).unwrap_or_default();
    rules.iter().map(|rule| rule.name().to_owned()).collect()
}

/// The stores of this call: those picked, or all that are configured. A wrong line of a table, or a wrong file of
/// several, is reported, and the others go on.
pub(crate) fn read(selection: &Selection, ui: Ui) -> Result<Configured, CliError> {
    let mut files = Files::find(selection.file.as_ref(), selection.table.as_ref())?;
    let all = files.read();
    let secrets = all.secret_variables();
    let AllFiles { stores: found, mut problems, notes, proxy, keep, exports, rules } = all;
    // What an argument names is what the user means: the other stores are not.
    if let Some(why) = files.main_problem().or_else(|| files.table_problem()) {
        return Err(CliError::usage(why));
    }
    for note in &notes {
        ui.note(&format!("{note}\n"));
    }
    let known = with_environment(found)?;
    let names = selection.stores.iter();
    let picked = names.map(|name| name.among(known.iter().map(|settings| &settings.store)));
    // The line of a store that is not known may be among those that are wrong.
    let picked = picked.collect::<Result<Vec<_>, _>>().inspect_err(|_| say(&problems, ui))?;
    if let Some(twice) = picked.iter().enumerate().find(|(at, store)| picked[..*at].contains(store)) {
        return Err(CliError::usage(format!("the store {} is given twice", twice.1)));
    }
    let mut stores = Vec::new();
    for store in &picked {
        match known.iter().find(|settings| settings.store == *store).cloned() {
            Some(settings) => stores.push(settings),
            None => match environment::named(store)? {
                Some(settings) => stores.push(settings),
                None => {
                    say(&problems, ui);
                    return Err(CliError::usage(not_configured(store)));
                }
            },
        }
    }
    if picked.is_empty() {
        // Nobody may take the others for all of them.
        for why in environment::half_named(&known)?.iter().filter(|_| !known.is_empty()) {
            ui.warning(&format!("{why}; until then no store of this platform is read"));
        }
        stores = known;
    } else {
        problems.clear(); // of other stores
    }
    match (stores.is_empty(), problems.pop()) {
        (true, None) => return Err(none()?),
        (true, Some(last)) => {
            say(&problems, ui);
            return Err(CliError::usage(last));
        }
        (false, last) => problems.extend(last),
    }
    say(&problems, ui);
    Ok(Configured {
        stores,
        picked,
        problems: problems.len(),
        reported: problems,
        files,
        proxy,
        keep,
        exports,
        rules,
        secrets,
        ui,
    })
}

/// Adds the stores of the environment. For the same store it beats the files.
pub(super) fn with_environment(mut known: Vec<Settings>) -> Result<Vec<Settings>, CliError> {
    for settings in environment::stores()? {
        match known.iter_mut().find(|other| other.store == settings.store) {
            Some(other) => {
                if matches!(settings.token, TokenSource::Text(_) | TokenSource::App) {
                    other.token = settings.token;
                }
                other.app = settings.app.or(other.app.take());
                other.api_url = settings.api_url.or(other.api_url.take());
                other.api_version = settings.api_version.or(other.api_version.take());
            }
            None => known.push(settings),
        }
    }
    // A token must not go to the platform where all the others go to a stand-in for it.
    for settings in known.iter_mut().filter(|settings| settings.api_url.is_none()) {
        settings.api_url = text(facts(settings.store.platform()).map_err(CliError::usage)?.variables().api_url)?;
    }
    Ok(known)
}

/// No store is configured. A token without its store is half of one.
fn none() -> Result<CliError, CliError> {
    let half = environment::half_named(&[])?;
    Ok(match half.is_empty() {
        true => CliError::usage("no store is configured. There are three ways:").hint(WAYS),
        false => CliError::usage(half.join("\n")),
    })
}

/// How many wrong lines are shown.
const SHOWN: usize = 20;

fn say(problems: &[String], ui: Ui) {
    for problem in problems.iter().take(SHOWN) {
        ui.error(problem);
    }
    if problems.len() > SHOWN {
        ui.error(&format!("and {} more lines of the configuration are wrong", problems.len() - SHOWN));
    }
}

/// How a store can be configured.
const WAYS: &str = "
1. the environment: BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_ACCESS_TOKEN,
   or SHOPLINE_HANDLE and SHOPLINE_ACCESS_TOKEN
2. --store bigcommerce:HASH or --store shopline:HANDLE, with the token in the environment as above
3. a file storelogs.toml, here or in the configuration directory:

   [[store]]
   platform = \"bigcommerce\"
   store = \"abc123\"
   access_token = { env = \"BIGCOMMERCE_ACCESS_TOKEN\" }

Thousands of stores stand in a table: --stores stores.csv.
To see the program at work without any store: storelogs demo";

fn not_configured(store: &Store) -> String {
    let variable = match facts(store.platform()) {
        Ok(facts) => facts.variables().access_token,
        Err(why) => return why,
    };
    format!("the store {store} is not configured: set {variable}, or add the store to storelogs.toml")
}
