//! Platforms as the configuration knows them: their names, their variables, and the settings that each takes.

use storelogs::platform::{self, PlatformFacts, Setting};
use storelogs::{Platform, Store};
use storelogs_collector::nearest::{nearest, shown};

/// A platform, as the configuration knows it.
pub(super) fn facts(platform: &Platform) -> Result<&'static dyn PlatformFacts, String> {
    platform::named(platform.as_str()).ok_or_else(|| format!("the platform {platform} is not known to this program"))
}

/// The store that two entries of a file name: its platform and its own name. Of `None` the platform is not known.
pub(super) fn store(platform: &str, name: &str) -> Option<Result<Store, String>> {
    platform::named(platform).map(|facts| facts.store(name).map_err(|error| error.to_string()))
}

/// The names of the platforms: `bigcommerce or shopline`.
pub(super) fn names() -> String {
    let names: Vec<String> = platform::known().iter().map(|facts| facts.platform().to_string()).collect();
    either(&names, " or ")
}

/// The error about a platform that is not known.
pub(super) fn unknown(platform: &str) -> String {
    let known = platform::known().into_iter().map(|facts| facts.platform().to_string());
    let written = shown(platform).map(|name| format!("platform {name:?}"));
    let written = written.unwrap_or_else(|| "the platform".to_owned());
    match nearest(platform, known) {
        Some(near) => format!("{written} is not known: did you mean {near}?"),
        None => format!("{written} is not known: write {}", names()),
    }
}

/// An error unless the store's platform takes a setting, which these keys give.
pub(super) fn check(store: &Store, keys: &str, setting: Setting) -> Result<(), String> {
    if facts(store.platform())?.takes(setting) {
        return Ok(());
    }
    let takers = platform::known().into_iter().filter(|facts| facts.takes(setting));
    let takers: Vec<String> = takers.map(|facts| facts.title().to_owned()).collect();
    let takers = either(&takers, " and ");
    let are = if keys.contains(" and ") { "are" } else { "is" };
    Err(format!("{keys} {are} for {takers} stores only"))
}

/// The variables that hold something secret of a store of any platform.
pub(super) fn secret_variables() -> impl Iterator<Item = &'static str> {
    platform::known().into_iter().flat_map(|facts| {
        let variables = facts.variables();
        let app = variables.app.into_iter().flat_map(|(key, secret)| [key, secret]);
        std::iter::once(variables.access_token).chain(app)
    })
}

fn either(words: &[String], last: &str) -> String {
    match words.split_last() {
        Some((end, rest)) if !rest.is_empty() => format!("{}{last}{end}", rest.join(", ")),
        _ => words.concat(),
    }
}
