//! Which stores there are, and how each is reached: the arguments, then the environment, then the file.

mod bounded;
mod connect;
pub(crate) mod directories;
pub(crate) mod environment;
mod file;
mod files;
mod fixed;
mod rate;
mod rule;
mod table;
mod token;
mod watched;

use std::path::Path;

use storelogs::secrecy::ExposeSecret;
use storelogs::{Platform, Proxy, Store};
use storelogs_collector::network::Network;

use crate::commands::StoreOptions;
use crate::error::Stop;
use crate::ui;

pub(crate) use connect::{Connected, connect};
use files::{All, Files};
pub(crate) use fixed::Fixed;
pub(crate) use rate::Rate;
pub(crate) use rule::RuleFiles;
pub(crate) use token::TokenSource;
pub(crate) use watched::Watched;

/// One store and how it is reached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) store: Store,
    pub(crate) token: TokenSource,
    pub(crate) api_url: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) app: Option<App>,
    pub(crate) rate: Rate,
}

impl Settings {
    /// The origin of its API.
    pub(crate) fn origin(&self) -> String {
        let own = || {
            if *self.store.platform() == Platform::SHOPLINE {
                format!("https://{}.myshopline.com", self.store.name())
            } else {
                storelogs::bigcommerce::API_URL.to_owned()
            }
        };
        self.api_url.clone().unwrap_or_else(own)
    }

    /// The edition of SHOPLINE's API that it is asked by.
    pub(crate) fn edition(&self) -> Option<String> {
        let own = || storelogs::shopline::API_VERSION.to_owned();
        (*self.store.platform() == Platform::SHOPLINE).then(|| self.api_version.clone().unwrap_or_else(own))
    }

    /// Where what is secret of the store comes from.
    fn secrets(&self) -> impl Iterator<Item = &TokenSource> {
        std::iter::once(&self.token).chain(self.app.iter().flat_map(|app| [&app.key, &app.secret]))
    }

    fn secrets_mut(&mut self) -> impl Iterator<Item = &mut TokenSource> {
        std::iter::once(&mut self.token).chain(self.app.iter_mut().flat_map(|app| [&mut app.key, &mut app.secret]))
    }
}

/// An OAuth app of SHOPLINE's, whose tokens live ten hours.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct App {
    pub(crate) key: TokenSource,
    pub(crate) secret: TokenSource,
}

/// The stores of a call.
pub(crate) struct Configured {
    pub(crate) stores: Vec<Settings>,
    /// How many lines of the configuration are wrong. Each was told.
    pub(crate) problems: usize,
    told: Vec<String>,
    files: Files,
    proxy: Option<TokenSource>,
}

impl Configured {
    /// The network, through the proxy that the files or the environment name.
    pub(crate) fn network(&self) -> Result<Network, Stop> {
        Network::through(self.proxy()?).map_err(|error| Stop::Usage(error.to_string()))
    }

    /// The proxy that the files or, else, the environment name. An empty address in a file is none.
    pub(crate) fn proxy(&self) -> Result<Proxy, Stop> {
        let wrong = |error: storelogs::Error| Stop::Usage(error.to_string());
        let address = match &self.proxy {
            Some(source) => source.read_now("proxy").map_err(Stop::Usage)?,
            None => None,
        };
        match address {
            Some(address) if address.expose_secret().is_empty() => Ok(Proxy::none()),
            Some(address) => Proxy::new(address.expose_secret()).map_err(wrong),
            None => Proxy::from_env().map_err(wrong),
        }
    }
}

/// The stores of this call: those picked, or all that are configured. A wrong line of a table, or a wrong file of
/// several, is told, and the others go on.
pub(crate) fn read(options: &StoreOptions) -> Result<Configured, Stop> {
    let mut files = Files::find(options.config.as_ref(), options.stores.as_ref())?;
    let All { stores: found, mut problems, proxy, .. } = files.read();
    if let Some(why) = files.main_problem() {
        return Err(Stop::Usage(why.to_owned()));
    }
    let picked = &options.store;
    if let Some(twice) = picked.iter().enumerate().find(|(at, store)| picked[..*at].contains(store)) {
        return Err(Stop::Usage(format!("the store {} is given twice", twice.1)));
    }
    let known = with_environment(found)?;
    let mut stores = Vec::new();
    for store in picked {
        match known.iter().find(|settings| settings.store == *store).cloned() {
            Some(settings) => stores.push(settings),
            None => match environment::named(store)? {
                Some(settings) => stores.push(settings),
                None => {
                    tell(&problems);
                    return Err(Stop::Usage(not_configured(store)));
                }
            },
        }
    }
    if picked.is_empty() {
        stores = known;
    } else {
        problems.clear(); // of other stores
    }
    match (stores.is_empty(), problems.pop()) {
        (true, None) => return Err(Stop::Usage(NONE.to_owned())),
        (true, Some(last)) => {
            tell(&problems);
            return Err(Stop::Usage(last));
        }
        (false, last) => problems.extend(last),
    }
    tell(&problems);
    Ok(Configured { stores, problems: problems.len(), told: problems, files, proxy })
}

/// Adds the stores of the environment. For the same store it beats the files.
fn with_environment(mut known: Vec<Settings>) -> Result<Vec<Settings>, Stop> {
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
    Ok(known)
}

/// So many wrong lines are shown.
const TOLD: usize = 20;

fn tell(problems: &[String]) {
    for problem in problems.iter().take(TOLD) {
        ui::error(problem);
    }
    if problems.len() > TOLD {
        ui::error(&format!("and {} more lines of the configuration are wrong", problems.len() - TOLD));
    }
}

/// The stores that the text of a `storelogs.toml` names, or what is wrong with it.
///
/// # Errors
/// One sentence that names the file, the line and the remedy. It shows nothing of a token that stands there.
pub fn configured(text: &str, path: &Path) -> Result<Vec<Store>, String> {
    Ok(file::read(text, path)?.stores.into_iter().map(|(settings, _)| settings.store).collect())
}

const NONE: &str = "\
no store is configured. There are three ways:

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
    let variable = environment::token_variable(store.platform());
    format!("the store {store} is not configured: set {variable}, or add the store to storelogs.toml")
}
