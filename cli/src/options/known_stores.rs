//! The stores that a shell offers while the name of one is typed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::PathBuf;

use clap_complete::{ArgValueCompleter, CompletionCandidate};
use storelogs::Store;
use storelogs_collector::{Archive, printable};

use crate::config::{self, Selection};

/// The most that are offered.
const MOST: usize = 1000;

/// Completes the name of a store: of those that are configured, and those that the archive has. Where neither can be read,
/// nothing is offered, and nothing said.
pub(crate) fn known_stores() -> ArgValueCompleter {
    ArgValueCompleter::new(|begun: &OsStr| offered(begun.to_str().unwrap_or_default(), &known()))
}

/// A name alone, where only one store has it; names in full, where the typed words are the beginning of one. The help of a
/// store is what it is called.
fn offered(begun: &str, known: &BTreeMap<Store, Option<String>>) -> Vec<CompletionCandidate> {
    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    known.keys().for_each(|store| *names.entry(store.name()).or_default() += 1);
    let mut offered = Vec::new();
    for (store, label) in known {
        let full = store.to_string();
        let word = match store.name() {
            name if names[name] == 1 && name.starts_with(begun) => name.to_owned(),
            _ if full.starts_with(begun) => full,
            _ => continue,
        };
        let label = label.as_deref().map(printable::line).map(|label| label.into_owned().into());
        offered.push(CompletionCandidate::new(word).help(label));
        if offered.len() == MOST {
            break;
        }
    }
    offered
}

/// All stores, and what each is called.
fn known() -> BTreeMap<Store, Option<String>> {
    let typed: Vec<String> = std::env::args_os().filter_map(|word| word.into_string().ok()).collect();
    // Anything but a file might be read for ever.
    let file = |option| value(&typed, option).map(PathBuf::from).filter(|path| path.is_file());
    let mut known = BTreeMap::new();
    if let Ok(path) = config::archive(value(&typed, "--archive").map(PathBuf::from).as_deref())
        && path.is_file()
        && let Ok(archive) = Archive::read(path)
    {
        let mut labels = archive.labels().unwrap_or_default();
        let stores = archive.stores().unwrap_or_default();
        known.extend(stores.into_iter().map(|(id, store)| (store, labels.remove(&id).and_then(|label| label.name))));
    }
    let selection = Selection { stores: Vec::new(), file: file("--config"), table: file("--stores") };
    let configured = config::known(&selection);
    known.extend(configured.into_iter().map(|settings| (settings.store, settings.labels.name)));
    let given: BTreeSet<&str> = values(&typed, "--store").collect();
    known.retain(|store, _| !given.contains(store.name()) && !given.contains(store.to_string().as_str()));
    known
}

/// The value typed behind an option so far.
fn value<'a>(typed: &'a [String], option: &'a str) -> Option<&'a str> {
    values(typed, option).next_back()
}

fn values<'a>(typed: &'a [String], option: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
    let complete = typed.split_last().map_or(&[][..], |(_, before)| before);
    let behind = move |(at, word): (usize, &'a String)| match word.strip_prefix(option)? {
        "" => complete.get(at + 1).map(String::as_str),
        rest => rest.strip_prefix('='),
    };
    complete.iter().enumerate().filter_map(behind)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_offered_where_it_is_enough_and_a_full_one_where_it_is_typed() {
        let stores = ["bigcommerce:abc123", "bigcommerce:both", "shopline:both", "shopline:open001"];
        let known: BTreeMap<Store, Option<String>> =
            stores.iter().map(|store| (store.parse().unwrap(), None)).collect();
        let words = |begun: &str| -> Vec<String> {
            let offered = offered(begun, &known);
            offered.iter().map(|word| word.get_value().to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(words(""), ["abc123", "bigcommerce:both", "shopline:both", "open001"]);
        assert_eq!(words("ab"), ["abc123"]);
        assert_eq!(words("shopline:"), ["shopline:both", "shopline:open001"]);
        assert!(words("x").is_empty());
    }

    #[test]
    fn what_a_store_is_called_cannot_write_to_the_terminal() {
        let called = Some("Nice\u{1b}]0;title\u{7}\tshop\n$(reboot)".to_owned());
        let known = BTreeMap::from([("bigcommerce:abc123".parse().unwrap(), called)]);
        let help = offered("", &known)[0].get_help().unwrap().to_string();
        assert_eq!(help, "Nice shop $(reboot)");
    }

    #[test]
    fn options_that_were_typed_before_count() {
        let typed = ["storelogs", "report", "--archive=a.db", "--config", "x.toml", "--archive", "b.db", "--store", ""];
        let typed = typed.map(str::to_owned);
        assert_eq!((value(&typed, "--archive"), value(&typed, "--config")), (Some("b.db"), Some("x.toml")));
        assert_eq!((value(&typed, "--store"), value(&typed, "--stores")), (None, None));
    }
}
