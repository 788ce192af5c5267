//! The section of a report that answers: who did what?

use jiff::Timestamp;
use serde::Serialize;

use super::super::key::Key;
use super::{Change, Count, Line};
use crate::redact::Text;

/// The section that answers: who did what?
#[derive(Clone, Debug, Serialize)]
pub struct People {
    /// Entries that name who did it.
    pub total: u64,
    /// The actors, the busiest first.
    pub actors: Vec<Actor>,
    /// How many more there are.
    pub other_actors: u64,
    /// Actions that were never done before in the archive, the newest first. Empty if the archive begins too late to
    /// know.
    pub new_actions: Vec<NewAction>,
    /// Whether the archive begins early enough to know what is new.
    pub knows_new: bool,
    /// Many entries in minutes by one actor with one action, the newest first.
    pub bulk: Vec<Bulk>,
    /// Actions outside the usual hours of their actors, the newest first.
    pub unusual: Vec<Unusual>,
    /// How many more such hours there are.
    pub other_unusual: u64,
    /// Changes of permissions, payment, checkout, domain and plan, the newest first.
    pub sensitive: Vec<Change>,
    /// How many more there are.
    pub other_sensitive: u64,
    /// Lists them all.
    pub sensitive_query: String,
}

/// An actor: a person or an app that did something.
#[derive(Clone, Debug, Serialize)]
pub struct Actor {
    /// The name.
    pub actor: Text,
    /// How much.
    #[serde(flatten)]
    pub count: Count,
    /// Never seen before the period.
    pub new: bool,
    /// The time of the first entry in the archive.
    pub first: Timestamp,
    /// The time of the last up to the end of the period.
    pub last: Timestamp,
    /// The numbers of the stores, ascending.
    pub stores: Vec<u32>,
    /// The actions, the most frequent first, at most five.
    pub actions: Vec<Line<Option<Text>>>,
    /// The kinds of things that were changed, the most frequent first, at most five.
    pub categories: Vec<Line<Option<Text>>>,
    /// The number of hours in which something was done, by the hour of the day, in all of the archive.
    pub hours: Vec<u64>,
    /// Set if it is an app, and not a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<App>,
}

/// An app that acts, as its name or the log says. Nobody can ask it; who put it to work can be asked.
#[derive(Clone, Debug, Serialize)]
pub struct App {
    /// The one who last installed or changed it before that, as far as the log says.
    pub by: Option<Text>,
    /// When.
    pub time: Option<Timestamp>,
    /// That change in the log's words.
    pub summary: Option<Text>,
    /// Finds it.
    pub query: Option<String>,
    /// The number of the store that it was in.
    #[serde(skip)]
    pub(in crate::insight) store: Option<u32>,
}

/// An action that was never seen before the period.
#[derive(Clone, Debug, Serialize)]
pub struct NewAction {
    /// The action.
    pub action: Text,
    /// The first actor who did it.
    pub actor: Option<Text>,
    /// When.
    pub first: Timestamp,
    /// The number of the store.
    pub store: u32,
    /// How often since.
    pub entries: u64,
    /// Lists them.
    pub query: String,
    /// What they have in common.
    #[serde(skip)]
    pub(in crate::insight) key: Key,
}

/// Many entries in minutes.
#[derive(Clone, Debug, Serialize)]
pub struct Bulk {
    /// The number of the store.
    pub store: u32,
    /// Who.
    pub actor: Text,
    /// The action.
    pub action: Option<Text>,
    /// The kind of thing that it was done to.
    pub category: Option<Text>,
    /// The second of the first.
    pub start: Timestamp,
    /// The second behind the last.
    pub end: Timestamp,
    /// How many.
    pub entries: u64,
    /// Lists them.
    pub query: String,
}

/// An action at an hour at which its actor hardly ever works.
#[derive(Clone, Debug, Serialize)]
pub struct Unusual {
    /// The number of the store.
    pub store: u32,
    /// Who.
    pub actor: Text,
    /// The beginning of the hour.
    pub start: Timestamp,
    /// The end of the last such hour in a row.
    pub end: Timestamp,
    /// How much.
    pub entries: u64,
    /// How much of the actor's hours of work are at this hour of the day and the two beside it, 0 to 1.
    pub share: f64,
    /// The actions, the most frequent first, at most three.
    pub actions: Vec<Text>,
    /// Lists them.
    pub query: String,
}
