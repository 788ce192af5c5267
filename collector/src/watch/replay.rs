//! What rules would have told.

use std::collections::HashMap;
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::alert::Alert;
use super::entries::{self, Glance};
use super::ledger::Ledger;
use super::part::Part;
use super::rule::{Rule, What};
use super::silence::Silences;
use super::templates::Templates;
use super::{changes, incidents};
use crate::archive::{Archive, StoreId};
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
            What::Sensitive => {
                archive.search::<Error>(&rule.filter.within(stretch), Order::OldestFirst, |entry| {
                    changes::look(rule, &entry, entry.time, &mut ledger);
                    Ok(ControlFlow::Continue(()))
                })?;
            }
            What::NewTemplate => {
                let stores: HashMap<String, StoreId> =
                    archive.stores()?.into_iter().map(|(id, store)| (store.to_string(), id)).collect();
                archive.search::<Error>(&rule.filter.within(stretch), Order::OldestFirst, |entry| {
                    if let Some(id) = stores.get(&Part::Store.of(&entry)) {
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
