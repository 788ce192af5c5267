//! Changes, and which of them are sensitive.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};
use storelogs::LogEntry;

use super::Context;
use super::hours::Hours;
use super::model::{ActionCount, Change, Changes};
use super::query;
use crate::archive::entries::Which;
use crate::archive::text::value;
use crate::coverage::TimeRange;
use crate::error::Result;
use crate::redact::Field;
use crate::sensitive::{topic, words};

/// How long before an incident is looked for what was changed.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);
/// An owner of more stores than this is taken for somebody who looks after the stores of others: then a change in one
/// store is no reason for an incident in another.
const MOST_STORES: usize = 20;
/// The most changes that are listed, and the most lines of others.
const MOST_LISTED: usize = 5;
const MOST_ORDINARY: usize = 5;

/// The weight of a change in the same store: the same as if it is about what failed. So a change in another store comes
/// first only if it is sensitive and about what failed.
const SAME_STORE: u8 = 3;

/// Whether an entry is about something that somebody changed: it names who, or it is about the design of the shop.
pub(super) fn is_change(actor: Option<&str>, category: Option<&str>) -> bool {
    actor.is_some_and(|actor| !value(actor).is_empty()) || category.is_some_and(|category| value(category) == "design")
}

/// How likely a change breaks something.
fn weight(entry: &LogEntry, of: Option<&str>) -> u8 {
    let category = entry.category.as_deref().unwrap_or_default();
    let is_of = |wanted: &str| words(category).iter().any(|word| word == wanted);
    let weight = match topic(entry.category.as_deref(), entry.action.as_deref()) {
        Some(_) => 4,
        None if is_of("settings") || is_of("management") || is_of("app") || is_of("apps") => 3,
        None if is_of("design") || is_of("theme") || is_of("language") => 2,
        None => return 0,
    };
    // It is about what failed.
    let related = |word: &String| word.len() > 3 && of.is_some_and(|of| words(of).contains(word));
    let text = [Some(category), entry.summary.as_deref()].into_iter().flatten();
    weight + 3 * u8::from(text.flat_map(words).any(|word| related(&word)))
}

/// Says what of the same owner was changed in the hour before an incident in a store, of this category.
pub(super) fn before(
    context: &Context<'_>,
    hours: &Hours,
    (store, is_wide): (u32, bool),
    start: Timestamp,
    category: Option<&str>,
) -> Result<Option<Changes>> {
    let Some(range) = start.checked_sub(BEFORE).ok().and_then(|since| TimeRange::new(since, start)) else {
        return Ok(None);
    };
    let (mut entries, mut query) = (0, context.query().changes().between(range.since, range.until));
    let mut listed: Vec<(u8, LogEntry, u32)> = Vec::new();
    let mut ordinary: BTreeMap<(Option<String>, Option<String>), u64> = BTreeMap::new();
    let mut looked_at: Vec<u32> = (0..u32::try_from(context.stores.len()).unwrap_or(u32::MAX)).collect();
    let owner = context.owner(store);
    if owner.is_some() {
        // Whose the others are is known, or they are somebody else's.
        looked_at.retain(|other| *other == store || context.owner(*other) == owner);
        query = query.stores(looked_at.iter().map(|other| &context.stores[*other as usize].1));
    } else if context.stores.len() > MOST_STORES {
        looked_at = vec![store];
        query = query.store(&context.stores[store as usize].1);
    }
    if is_wide && looked_at.len() < context.stores.len() {
        // A failure in stores of many owners was caused by none of them.
        return Ok(None);
    }
    for other in looked_at {
        each_change(context, other, range, |entry| {
            entries += 1;
            match weight(&entry, category) {
                0 => *ordinary.entry((entry.actor, entry.action)).or_default() += 1,
                weight => {
                    let weight = weight + if other == store { SAME_STORE } else { 0 };
                    listed.push((weight, entry, other));
                    listed.sort_by_key(|(weight, entry, _)| (Reverse(*weight), Reverse(entry.time)));
                    if let Some((_, entry, _)) = listed.drain(MOST_LISTED.min(listed.len())..).next() {
                        *ordinary.entry((entry.actor, entry.action)).or_default() += 1;
                    }
                }
            }
        })?;
    }
    let mut ordinary: Vec<_> = ordinary.into_iter().collect();
    ordinary.sort_by_key(|(_, entries)| Reverse(*entries));
    let action_count = |((actor, action), entries): ((Option<String>, Option<String>), u64)| ActionCount {
        actor: actor.map(|actor| context.text(Field::Actor, &actor)),
        action: action.map(|action| context.text(Field::Fact, &action)),
        entries,
    };
    Ok(Some(Changes {
        range,
        entries,
        pruned_until: None,
        query: query.text(),
        listed: listed
            .iter()
            .map(|(_, entry, other)| Change {
                same_owner: *other != store && owner.is_some(),
                ..change(context, hours, *other, entry)
            })
            .collect(),
        ordinary: ordinary.into_iter().take(MOST_ORDINARY).map(action_count).collect(),
    }))
}

/// A change as it is shown.
pub(super) fn change(context: &Context<'_>, hours: &Hours, store: u32, entry: &LogEntry) -> Change {
    let text = |field, text: &Option<String>| {
        text.as_deref().filter(|text| !text.is_empty()).map(|text| context.text(field, text))
    };
    Change {
        store,
        time: entry.time,
        actor: text(Field::Actor, &entry.actor),
        action: text(Field::Fact, &entry.action),
        category: text(Field::Fact, &entry.category),
        summary: text(Field::Summary, &entry.summary),
        topic: topic(entry.category.as_deref(), entry.action.as_deref()),
        unusual_hour: hours.is_unusual(context, entry.actor.as_deref(), entry.time),
        same_owner: false,
        app: entry.actor.as_deref().and_then(|actor| context.apps.of(context, actor, Some(store), entry.time)),
        query: query::uid(&entry.uid),
    }
}

fn each_change(context: &Context<'_>, store: u32, range: TimeRange, mut each: impl FnMut(LogEntry)) -> Result<()> {
    let id = context.stores[store as usize].0;
    context.archive.each_of_store(id, [range.since, range.until], Which::Changes, |entry| {
        if is_change(entry.actor.as_deref(), entry.category.as_deref()) {
            each(entry);
        }
        ControlFlow::Continue(())
    })
}
