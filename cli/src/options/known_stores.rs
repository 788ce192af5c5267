//! The stores that a shell offers while the name of one is typed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use clap_complete::{ArgValueCompleter, CompletionCandidate};
use storelogs::Store;
use storelogs_collector::printable;

use super::typed::Typed;
use crate::config;

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
    let typed = Typed::now();
    let mut known = BTreeMap::new();
    if let Some(archive) = typed.archive() {
        let mut labels = archive.labels().unwrap_or_default();
        let stores = archive.stores().unwrap_or_default();
        known.extend(stores.into_iter().map(|(id, store)| (store, labels.remove(&id).and_then(|label| label.name))));
    }
    let configured = config::known(&typed.configuration());
    known.extend(configured.into_iter().map(|settings| (settings.store, settings.labels.name)));
    let given: BTreeSet<&str> = typed.values("--store").collect();
    known.retain(|store, _| !given.contains(store.name()) && !given.contains(store.to_string().as_str()));
    known
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
}
