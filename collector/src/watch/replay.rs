//! The alerts that rules would have sent.

use std::collections::HashMap;
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::alert::Alert;
use super::alert_state::AlertState;
use super::entries::{self, Arrivals};
use super::part::Part;
use super::rule::{Rule, What};
use super::silence::Silences;
use super::templates::Templates;
use super::watcher::understand;
use super::{changes, incidents};
use crate::archive::{Archive, StoreId};
use crate::coverage::TimeRange;
use crate::error::{Error, Result};
use crate::search::Order;

/// The alerts that rules would have sent in a time range, in order, if each entry had come when it happened.
///
/// # Errors
/// If the archive cannot be read.
pub fn replay(archive: &Archive, rules: &[Rule], range: TimeRange) -> Result<Vec<Alert>> {
    let mut rules = rules.to_vec();
    understand(&mut rules, archive)?;
    let mut alerts = AlertState::replaying();
    let mut templates = Templates::default();
    for rule in &rules {
        match rule.what {
            What::Entries { more_than, within } => {
                let arrivals = Arrivals { is_new: &|_| true, at: &|entry| entry.time };
                entries::look(archive, rule, more_than, within, (None, range), &arrivals, &mut alerts)?;
            }
            What::Sensitive => {
                archive.search::<Error>(&rule.filter.within(range), Order::OldestFirst, |entry| {
                    changes::look(rule, &entry, entry.time, &mut alerts);
                    Ok(ControlFlow::Continue(()))
                })?;
            }
            What::NewTemplate => {
                let stores: HashMap<String, StoreId> =
                    archive.stores()?.into_iter().map(|(id, store)| (store.to_string(), id)).collect();
                archive.search::<Error>(&rule.filter.within(range), Order::OldestFirst, |entry| {
                    if let Some(id) = stores.get(&Part::Store.of(&entry)) {
                        templates.look(archive, rule, (*id, &entry), entry.time, &mut alerts)?;
                    }
                    Ok(ControlFlow::Continue(()))
                })?;
            }
            What::Incident => incidents::replay(archive, rule, range, &mut alerts)?,
            What::Silence(length) => {
                for (id, store) in archive.stores()?.iter().filter(|(_, store)| rule.filter.concerns(store)) {
                    Silences::replay(archive, rule, length, (*id, store), range, &mut alerts)?;
                }
            }
        }
        alerts.flush(rule, Timestamp::MAX);
    }
    alerts.take(archive, &rules, false)
}
