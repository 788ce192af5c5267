//! The rule `silent_for`: stores without new entries.
//!
//! Silence is proved like everything else: the time range without entries has to be covered. Where it is not, because the
//! store cannot be read or nobody collects, the alert says that.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Store};

use super::alert::{Alert, Kind};
use super::alert_state::AlertState;
use super::entries::name;
use super::part::Part;
use super::query;
use super::rule::Rule;
use crate::archive::{Archive, StoreId};
use crate::coverage::TimeRange;
use crate::error::{Error, Result};
use crate::search::Order;
use crate::verdict::{Evidence, Judgement};
use crate::wording::format_duration;

/// A store that is followed is read every 15 minutes at the least: before twice as much, nothing is wrong.
const SILENCE_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// When the newest entry of each store came that a rule is about.
#[derive(Debug, Default)]
pub(super) struct Silences {
    newest: HashMap<String, HashMap<StoreId, Timestamp>>,
}

impl Silences {
    /// An entry came.
    pub(super) fn hear(&mut self, rule: &Rule, store: StoreId, entry: &LogEntry) {
        if let Some(newest) = self.newest.get_mut(&rule.name).and_then(|of| of.get_mut(&store))
            && *newest < entry.time
            && rule.filter.matches(entry)
        {
            *newest = entry.time;
        }
    }

    /// Alerts on stores that are silent.
    pub(super) fn look(
        &mut self,
        archive: &Archive,
        rule: &Rule,
        length: SignedDuration,
        watched: &HashMap<StoreId, Timestamp>,
        now: Timestamp,
        alerts: &mut AlertState,
    ) -> Result<()> {
        let ends = archive.ends()?;
        let evidence = Evidence::of_all(archive)?;
        let newest = self.newest.entry(rule.name.clone()).or_default();
        for (id, store) in archive.stores()? {
            let Some(watched) = watched.get(&id).filter(|_| rule.filter.concerns(&store)) else { continue };
            let newest = match newest.get(&id) {
                Some(newest) => *newest,
                None => {
                    let found = query::newest(archive, &rule.filter.of_store(&store))?;
                    *newest.entry(id).or_insert(found.map_or(*watched, |found| found.time.max(*watched)))
                }
            };
            let Ok(over) = newest.checked_add(length) else { continue };
            let evidence = evidence.get(&id).cloned().unwrap_or_default();
            // Entries are dated by the platform's clock.
            let now = evidence.present(now);
            let about = vec![(Part::Store, store.to_string())];
            if over > now || alerts.last(rule, &name(&about)).is_some_and(|last| last >= newest) {
                continue;
            }
            let end = ends.get(&id).copied();
            let known = TimeRange::new(newest, over).map(|range| evidence.judge_range(range, store.platform(), now));
            let known = known.filter(|_| end.is_some_and(|end| end >= over));
            let read = known.as_ref().is_some_and(Judgement::shows_silence);
            let text = if read {
                format!("no entry for {}", format_duration(end.unwrap_or(now).duration_since(newest)))
            } else {
                let unread = end.unwrap_or(*watched);
                if now.duration_since(unread) < length.max(SILENCE_AFTER) {
                    continue; // it is read in a while
                }
                let since = TimeRange::new(newest, now).unwrap_or(TimeRange { since: newest, until: now });
                let verdict = evidence.judge_range(since, store.platform(), now);
                let why = archive.status(id)?.reason;
                let why = why.unwrap_or_else(|| format!("{verdict}; is it collected? storelogs sync --follow"));
                format!("nothing is known of it for {}: {why}", format_duration(now.duration_since(unread)))
            };
            raise(rule, &about, [now, newest], text, alerts);
        }
        Ok(())
    }

    /// Alerts on each silence of one store in a time range.
    pub(super) fn replay(
        archive: &Archive,
        rule: &Rule,
        length: SignedDuration,
        store: (StoreId, &Store),
        range: TimeRange,
        alerts: &mut AlertState,
    ) -> Result<()> {
        let (id, store) = store;
        let about = vec![(Part::Store, store.to_string())];
        let filter = rule.filter.of_store(store);
        let before = TimeRange::new(Timestamp::MIN, range.since);
        let before = before.map_or(Ok(None), |before| query::newest(archive, &filter.within(before)))?;
        let mut silences: Vec<(Timestamp, Option<Timestamp>)> = Vec::new();
        let mut last = before.map_or(range.since, |before| before.time);
        let mut hear = |entry: Option<Timestamp>| {
            let time = entry.unwrap_or(range.until);
            if time.duration_since(last) >= length {
                silences.push((last, entry));
            }
            last = time;
        };
        archive.search::<Error>(&filter.within(range), Order::OldestFirst, |entry| {
            hear(Some(entry.time));
            Ok(ControlFlow::Continue(()))
        })?;
        hear(None);
        let evidence = Evidence::of(archive, id)?;
        for (from, next) in silences {
            let Ok(over) = from.checked_add(length) else { continue };
            let quiet = TimeRange::new(from.max(range.since), over);
            let known = |range| evidence.judge_range(range, store.platform(), evidence.present(Timestamp::now()));
            if over >= range.since && quiet.is_none_or(|range| known(range).shows_silence()) {
                let mut text = format!("no entry for {}", format_duration(length));
                if let Some(next) = next {
                    let _ = write!(text, "; the next came after {}", format_duration(next.duration_since(from)));
                }
                raise(rule, &about, [over, from], text, alerts);
            }
        }
        Ok(())
    }
}

fn raise(rule: &Rule, about: &[(Part, String)], [at, newest]: [Timestamp; 2], text: String, alerts: &mut AlertState) {
    let mut alert = Alert::new(&rule.name, Kind::Silence, at, about);
    (alert.since, alert.until, alert.text) = (newest, newest, text);
    // The last entries before it stand first.
    let until = newest.checked_add(SignedDuration::from_secs(1)).unwrap_or(newest);
    alert.query = format!("{} until:{}", query::listing(rule, about), until.strftime("%Y-%m-%dT%H:%M:%SZ"));
    alerts.offer(rule, &name(about), alert.clone(), alert);
}
