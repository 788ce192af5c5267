//! The content of a report. Its JSON is stable: `version` rises when it changes.

mod incidents;
mod orders;
mod people;
mod problems;
mod trust;

use jiff::Timestamp;
use serde::Serialize;
use storelogs::Severity;

use super::key::Key;
use super::period::Period;
use crate::archive::Labels;
use crate::redact::Text;
pub use crate::sensitive::Topic;
use crate::wording::format_count;

pub use incidents::{ActionCount, Change, Changes, Incident, Incidents};
pub use orders::{Amount, Cost, Order, Orders, Success};
pub use people::{Actor, App, Bulk, NewAction, People, Unusual};
pub use problems::{Example, Module, Part, Problems, Template, Trend};
pub(crate) use trust::ENOUGH;
pub use trust::{Comparison, Trust, Trusted};
pub(super) use trust::{Knowledge, Lack};

/// The version of the report's form. It rises when a field goes or changes its meaning, not when one comes.
pub const VERSION: u32 = 1;

/// The report: what the logs say about a period.
///
/// A `query` is one of `storelogs search`: it lists exactly the entries that the line counts. Texts of the log are not to
/// be trusted; whoever shows them escapes them.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// When it was made.
    pub made: Timestamp,
    /// Whether its texts have pseudonyms in place of personal data and secrets.
    pub redacted: bool,
    /// The time that it is about.
    pub period: Period,
    /// The stores, as `platform:name`. Elsewhere they are given by their number in this list.
    pub stores: Vec<String>,
    /// The name, owner and tags of each of them, if those are known of any.
    pub labels: Vec<Labels>,
    /// The stores that a query has to name; none, if the report is about all that the archive has.
    pub scope: Vec<String>,
    /// The answer in one or two sentences.
    pub verdict: String,
    /// The answer in words, the most important first.
    pub summary: Vec<Finding>,
    /// The section that answers: what happened?
    pub activity: Activity,
    /// The section that answers: what is going wrong?
    pub problems: Problems,
    /// The section that answers: when did it go wrong?
    pub incidents: Incidents,
    /// The section that answers: which orders were hit?
    pub orders: Orders,
    /// The section that answers: who did what?
    pub people: People,
    /// How far the report can be trusted.
    pub trust: Trust,
}

impl Report {
    /// A store, as people call it.
    pub fn store(&self, number: u32) -> String {
        let store = self.stores.get(number as usize).map_or("", String::as_str);
        match self.labels.get(number as usize).and_then(|labels| labels.name.as_deref()) {
            Some(name) => format!("{name} ({store})"),
            None => store.to_owned(),
        }
    }

    /// What has to be said of the period beside its days.
    pub(super) fn about_period(&self) -> String {
        let whole = if self.period.widened { " Entries are counted by whole hours." } else { "" };
        let compared = if self.trust.comparable { " Compared with as long a time before." } else { "" };
        format!("{whole}{compared}")
    }

    /// The command that makes a report about the same in another form.
    pub(super) fn command(&self, output: &str) -> String {
        let Period { since, until, time_zone, .. } = &self.period;
        // The hour that is under way ends in the future.
        let until = until.min(&self.made).strftime("%Y-%m-%dT%H:%M:%SZ");
        let stores: String = self.scope.iter().map(|store| format!(" --store {store}")).collect();
        let redact = if self.redacted { "" } else { " --no-redact" };
        format!("storelogs report --since {since} --until {until} --time-zone {time_zone}{stores}{redact} -o {output}")
    }

    /// The statement that something did not happen, as far as that is known. It is without its full stop.
    pub(super) fn absence(&self, statement: &str) -> String {
        match self.trust.knowledge() {
            Knowledge::Nothing(why) => format!("Nothing is known: {why}"),
            Knowledge::Part(_) => format!("{statement} in what is known"),
            Knowledge::Enough => statement.to_owned(),
        }
    }

    /// The sentence for an incident before which no change was found.
    pub(super) fn no_change(&self, changes: &Changes) -> String {
        match changes.pruned_until {
            Some(until) => {
                let until = self.period.clock(until);
                format!("What was changed in the hour before is not known: entries from before {until} were pruned.")
            }
            None => "Nothing was changed in the hour before, as far as the logs show.".to_owned(),
        }
    }

    /// The place of an incident: a store, or the number of stores.
    pub fn place(&self, incident: &Incident) -> String {
        if !incident.is_wide() {
            return self.store(incident.store);
        }
        let stores = format_count(incident.stores.len() as u64);
        format!("{stores} of {} stores", format_count(incident.of_stores.max(incident.stores.len() as u64)))
    }
}

/// One or two sentences that a reader should know.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// The section with the details.
    pub section: Section,
    /// The finding in a few words.
    pub title: String,
    /// The whole of it.
    pub text: String,
    /// The person to ask, if that is known.
    pub ask: Option<Text>,
    /// Lists what it is about.
    pub query: Option<String>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// All is well.
    Good,
    /// Something to know.
    Note,
    /// Something to look at.
    Warning,
    /// Something broke.
    Alarm,
}

/// A part of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// [`Activity`]
    Activity,
    /// [`Problems`]
    Problems,
    /// [`Incidents`]
    Incidents,
    /// [`People`]
    People,
    /// [`Trust`]
    Trust,
}

/// A number of entries, and the number that it is compared with.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    /// Entries in the period.
    pub now: u64,
    /// Entries in the period before; `None` if that cannot be compared with.
    pub before: Option<u64>,
    /// Lists those of the period.
    pub query: String,
    /// What they have in common, if the hourly counts say it.
    #[serde(skip)]
    pub(in crate::insight) key: Option<Key>,
}

/// A count of what has a name.
#[derive(Clone, Debug, Serialize)]
pub struct Line<Name> {
    /// The name of what is counted.
    pub name: Name,
    /// How often.
    #[serde(flatten)]
    pub count: Count,
}

/// The section that answers: what happened?
#[derive(Clone, Debug, Serialize)]
pub struct Activity {
    /// All entries.
    pub total: Count,
    /// Entries by severity, the most serious first. Severities that were never seen are left out, and so it is below.
    pub severities: Vec<Line<Severity>>,
    /// Entries by platform, in the order of their names.
    pub platforms: Vec<Line<String>>,
    /// Entries by store, the busiest first.
    pub stores: Vec<Line<String>>,
    /// Entries by category, the most frequent first; `None` are entries without one.
    pub categories: Vec<Line<Option<Text>>>,
    /// The busiest hour of the week.
    pub busiest: Option<Busiest>,
    /// The data of the charts.
    pub cube: Cube,
}

/// An hour of the week.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Busiest {
    /// 0 is Monday.
    pub weekday: u8,
    /// The hour of the day.
    pub hour: u8,
    /// Entries in all such hours of the period.
    pub entries: u64,
}

/// The counts of the period by what they can be filtered by. What a report has many of is counted in one.
#[derive(Clone, Debug, Serialize)]
pub struct Cube {
    /// Numbers of [`Report::stores`]; one place further stand all others.
    pub stores: Vec<u32>,
    /// The severities.
    pub severities: Vec<Severity>,
    /// Categories, `None` for entries without one; one place further stand all others.
    pub categories: Vec<Option<Text>>,
    /// Step of the period, store, severity, category, entries: all but the last are places in the lists.
    pub steps: Vec<[u64; 5]>,
    /// Hour of the week from Monday 0:00, store, severity, category, entries.
    pub week: Vec<[u64; 5]>,
}
