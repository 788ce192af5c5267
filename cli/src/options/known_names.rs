//! The names that a shell offers while one is typed: of rules, owners, tags and time zones. Where there is nothing to read,
//! nothing is offered, and nothing said.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;

use clap_complete::{ArgValueCompleter, CompletionCandidate};
use storelogs_collector::archive::Labels;

use super::typed::Typed;
use crate::config;

/// The most that are offered.
const MOST: usize = 1000;

/// Completes the name of a rule of the configuration.
pub(crate) fn known_rules() -> ArgValueCompleter {
    completer("--rule", |typed| config::known_rules(&typed.configuration()))
}

/// Completes an owner of the configuration or the archive.
pub(crate) fn known_owners() -> ArgValueCompleter {
    completer("--owner", |typed| labels(typed).into_iter().filter_map(|labels| labels.owner).collect())
}

/// Completes a tag of the configuration or the archive.
pub(crate) fn known_tags() -> ArgValueCompleter {
    completer("--tag", |typed| labels(typed).into_iter().flat_map(|labels| labels.tags).collect())
}

/// Completes a time zone by its name in the IANA database.
pub(crate) fn known_time_zones() -> ArgValueCompleter {
    completer("--time-zone", |_| jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect())
}

/// Offers the names that begin with what is typed, but none that this option has already.
fn completer(option: &'static str, names: fn(&Typed) -> Vec<String>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |begun: &OsStr| {
        let (begun, typed) = (begun.to_str().unwrap_or_default(), Typed::now());
        let given: BTreeSet<&str> = typed.values(option).collect();
        let names: BTreeSet<String> = names(&typed).into_iter().filter(|name| is_offered(name, begun)).collect();
        let names = names.into_iter().filter(|name| !given.contains(name.as_str()));
        names.take(MOST).map(CompletionCandidate::new).collect()
    })
}

/// A name with control characters could write to the terminal that it is offered on.
fn is_offered(name: &str, begun: &str) -> bool {
    name.starts_with(begun) && !name.chars().any(char::is_control)
}

fn labels(typed: &Typed) -> Vec<Labels> {
    let mut all: Vec<Labels> = config::known(&typed.configuration()).into_iter().map(|store| store.labels).collect();
    all.extend(typed.archive().and_then(|archive| archive.labels().ok()).into_iter().flat_map(HashMap::into_values));
    all
}
