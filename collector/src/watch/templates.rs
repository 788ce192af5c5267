//! The rule `new_template`: problems whose template was never seen before.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use storelogs::{LogEntry, Severity};

use jiff::{SignedDuration, Timestamp};

use super::alert::{Alert, Kind};
use super::alert_state::AlertState;
use super::entries::name;
use super::query;
use super::rule::Rule;
use crate::archive::rollup::has_shape;
use crate::archive::shape::shape;
use crate::archive::{Archive, StoreId};
use crate::drain::{Mined, mined};
use crate::error::Result;
use crate::insight::KNOWS_NEW;
use crate::search::quoted;

/// One store, or all.
type Scope = Option<StoreId>;

/// The problems that are known.
#[derive(Debug, Default)]
pub(super) struct Templates {
    known: HashSet<(Scope, String)>,
    /// The templates of the archive as it was at this look.
    mined: Option<Mined>,
    /// The second at which each shape was first seen.
    firsts: HashMap<Scope, HashMap<String, i64>>,
}

impl Templates {
    /// Looks again, as more may have come.
    pub(super) fn refresh(&mut self) {
        self.mined = None;
        self.firsts.clear();
    }

    /// Alerts on an entry whose template nobody saw before it, if the archive goes back far enough to know that.
    pub(super) fn look(
        &mut self,
        archive: &Archive,
        rule: &Rule,
        (store, entry): (StoreId, &LogEntry),
        at: Timestamp,
        alerts: &mut AlertState,
    ) -> Result<()> {
        if !has_shape(entry.severity) || !rule.filter.matches(entry) {
            return Ok(());
        }
        let scope = rule.is_per_store().then_some(store);
        let shape = shape(entry.summary.as_deref().unwrap_or_default());
        if !self.known.insert((scope, shape.clone())) {
            return Ok(());
        }
        let begins = begins(archive, scope)?;
        if begins.is_none_or(|begins| entry.time.duration_since(begins) < KNOWS_NEW) {
            return Ok(());
        }
        if self.mined.is_none() {
            self.mined = Some(mined(archive)?);
        }
        let template = self.mined.iter().flat_map(|mined| &mined.templates).find(|template| template.covers(&shape));
        let firsts = match self.firsts.entry(scope) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(archive.problem_shapes_first_seen(scope)?),
        };
        let covers = |other: &str| template.map_or(other == shape, |template| template.covers(other));
        let first = firsts.iter().filter(|(other, _)| covers(other)).map(|(_, second)| *second).min();
        if first.is_some_and(|first| first < entry.time.as_second()) {
            return Ok(());
        }
        let template = template.map_or(shape.as_str(), |template| template.as_str());
        let about = rule.about(entry);
        let key = format!("{}\u{1f}{template}", name(&about));
        if alerts.last(rule, &key).is_some() {
            return Ok(());
        }
        let mut alert = Alert::new(&rule.name, Kind::NewTemplate, at, &about).with(entry);
        alert.about.insert("template".to_owned(), template.to_owned());
        let word = if entry.severity == Severity::Unspecified { "problem" } else { entry.severity.as_str() };
        alert.text = format!("a new {word}: {template}");
        alert.query = format!("{} like:{}", query::listing(rule, &about), quoted(template)).trim_start().to_owned();
        alerts.offer(rule, &key, alert.clone(), alert);
        Ok(())
    }
}

/// The first hour of which the archive holds anything.
fn begins(archive: &Archive, scope: Scope) -> Result<Option<Timestamp>> {
    let hour = archive.first_hour(scope)?;
    Ok(hour.and_then(|hour| Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(hour)).ok()))
}
