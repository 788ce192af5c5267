//! What rules would have told.

use std::ops::ControlFlow;

use jiff::Timestamp;

use super::alert::Alert;
use super::entries::{self, Glance};
use super::ledger::Ledger;
use super::rule::{Rule, What};
use super::silence::Silences;
use super::templates::Templates;
use super::{changes, incidents};
use crate::archive::Archive;
use crate::coverage::Stretch;
use crate::error::{Error, Result};
use crate::search::Order;

/// What rules would have told in a stretch of time, in order, if each entry had come when it happened. Nothing is sent.
///
/// # Errors
/// If the archive cannot be read.
pub fn replay(archive: &Archive, rules: &[Rule], stretch: Stretch) -> Result<Vec<Alert>> {
    let mut ledger = Ledger::replaying();
    let mut templates = Templates::default();
    for rule in rules {
        match rule.what {
            What::Entries { more_than, within } => {
                let glance = Glance { is_new: &|_| true, at: &|entry| entry.time };
                entries::look(archive, rule, more_than, within, (None, stretch), &glance, &mut ledger)?;
            }
            What::Sensitive | What::NewTemplate => {
                let stores = archive.stores()?;
                archive.search::<Error>(&rule.filter.within(stretch), Order::OldestFirst, |entry| {
                    if rule.what == What::Sensitive {
                        changes::look(rule, &entry, entry.time, &mut ledger);
                        return Ok(ControlFlow::Continue(()));
                    }
                    let is_of =
                        |name: &str, platform: &str| *entry.store == *name && entry.platform.as_str() == platform;
                    let store = stores.iter().find(|(_, store)| is_of(store.name(), store.platform().as_str()));
                    if let Some((id, _)) = store {
                        templates.look(archive, rule, (*id, &entry), entry.time, &mut ledger)?;
                    }
                    Ok(ControlFlow::Continue(()))
                })?;
            }
            What::Incident => incidents::replay(archive, rule, stretch, &mut ledger)?,
            What::Silence(length) => {
                for (id, store) in archive.stores()?.iter().filter(|(_, store)| rule.filter.concerns(store)) {
                    Silences::replay(archive, rule, length, (*id, store), stretch, &mut ledger)?;
                }
            }
        }
        ledger.flush(rule, Timestamp::MAX);
    }
    ledger.take(archive, rules, false)
}
