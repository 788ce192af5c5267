//! The section of a report that answers: when did it go wrong, and what was changed before?

use jiff::Timestamp;
use serde::Serialize;
use storelogs::Severity;

use super::super::hints::Hint;
use super::{App, Line};
use crate::coverage::TimeRange;
use crate::redact::Text;
use crate::sensitive::Topic;

/// The section that answers: when did it go wrong?
#[derive(Clone, Debug, Serialize)]
pub struct Incidents {
    /// How they are found, in words.
    pub method: String,
    /// A probability below 10 to this power stands out: for all hours and series of a report, once in a hundred reports.
    pub log10_threshold: f64,
    /// The newest first.
    pub list: Vec<Incident>,
    /// How many more there are that stand out less.
    pub others: u64,
}

/// A burst of problems.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// The number of the store; of several, the one that was hit most.
    pub store: u32,
    /// The numbers of the stores, the one that was hit most first, if it is one of what several have in common. Its search
    /// and its counts are of all stores.
    pub stores: Vec<u32>,
    /// How many stores have anything of that module.
    pub of_stores: u64,
    /// The module that failed, if they name one.
    pub module: Option<Text>,
    /// The most frequent category of it.
    pub category: Option<Text>,
    /// The most serious of it.
    pub severity: Severity,
    /// The second of the first of them.
    pub start: Timestamp,
    /// The second behind the last of them.
    pub end: Timestamp,
    /// It may go on: it lasts into the last hour of the period.
    pub open: bool,
    /// How many, and what they say, the most frequent first.
    pub templates: Vec<Line<Text>>,
    /// The reasons that their messages give, by their form as templates are, the most frequent first.
    pub reasons: Vec<Line<Text>>,
    /// The reasons that came no more often than usual at that time, or stand out at another one. They are not counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_reasons: Vec<Line<Text>>,
    /// How many.
    pub entries: u64,
    /// Lists them.
    pub query: String,
    /// How many are usual in as long a time at this time of the week.
    pub usual: f64,
    /// How many problems of these templates there were in each hour, from a while before to a while after.
    pub hours: Vec<u64>,
    /// When the first of these hours begins.
    pub hours_since: Timestamp,
    /// The number of weeks from which that is known.
    pub weeks: f64,
    /// The chance that as many or more come about at the usual rate: 10 to this power.
    pub log10_chance: f64,
    /// A hint on what helps, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Hint>,
    /// The changes in the hour before.
    pub changes: Changes,
}

impl Incident {
    /// Whether it is one of what several stores have in common.
    pub fn is_wide(&self) -> bool {
        self.stores.len() > 1
    }

    /// How many whole minutes before it a change was made.
    pub fn minutes_after(&self, change: &Change) -> u64 {
        u64::try_from(self.start.duration_since(change.time).as_mins()).unwrap_or_default()
    }

    /// Why, in quotes: the reasons that at least a fourth of them give, if together that is at least half.
    pub fn why(&self) -> Option<String> {
        let named: Vec<_> = self.reasons.iter().filter(|reason| reason.count.now * 4 >= self.entries).collect();
        let explained: u64 = named.iter().map(|reason| reason.count.now).sum();
        let quoted: Vec<String> = named.iter().map(|reason| format!("“{}”", reason.name)).collect();
        (!named.is_empty() && explained * 2 >= self.entries).then(|| quoted.join(", "))
    }
}

/// The changes by administrators and apps in a time range, in all stores of the owner.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// The time that was looked at.
    pub range: TimeRange,
    /// All that was changed.
    pub entries: u64,
    /// The time up to which entries were pruned, if that is in it or behind it: what was changed is not known then.
    pub pruned_until: Option<Timestamp>,
    /// Lists them.
    pub query: String,
    /// The changes that most likely have to do with the incident, the likeliest first.
    pub listed: Vec<Change>,
    /// The others by who did what, the most frequent first.
    pub ordinary: Vec<ActionCount>,
}

/// A change.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The number of the store.
    pub store: u32,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub actor: Option<Text>,
    /// The action.
    pub action: Option<Text>,
    /// The kind of thing that was changed.
    pub category: Option<Text>,
    /// The change in the log's words.
    pub summary: Option<Text>,
    /// The sensitive topic that it belongs to, if any.
    pub topic: Option<Topic>,
    /// Whether it was made at an hour at which the actor hardly ever works.
    pub unusual_hour: bool,
    /// It was made in another store of the same owner.
    pub same_owner: bool,
    /// Set if an app made it, and not a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<App>,
    /// Finds it.
    pub query: String,
}

impl Change {
    /// The one who made it, in words.
    pub fn who(&self) -> String {
        match &self.actor {
            Some(app) if self.app.is_some() => format!("the app {app}"),
            Some(actor) => actor.to_string(),
            None => "somebody".to_owned(),
        }
    }

    /// The person to ask about it: its actor, or the one who installed or changed the app that made it, if the log says
    /// so.
    pub fn ask(&self) -> Option<&Text> {
        match &self.app {
            Some(app) => app.by.as_ref(),
            None => self.actor.as_ref(),
        }
    }
}

/// How often one actor did one action.
#[derive(Clone, Debug, Serialize)]
pub struct ActionCount {
    /// Who.
    pub actor: Option<Text>,
    /// The action.
    pub action: Option<Text>,
    /// How often.
    pub entries: u64,
}
