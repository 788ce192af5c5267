//! What a report says. As JSON it is kept stable: `version` tells when it is not.

use jiff::Timestamp;
use serde::Serialize;
use storelogs::Severity;

use super::period::Period;
use super::text::Text;
use crate::archive::State;
use crate::coverage::Stretch;

/// The version of the report's form. It rises when a field goes or changes its meaning, not when one comes.
pub const VERSION: u32 = 1;

/// What the logs say of a period.
///
/// A `query` is one of `storelogs search`: it lists exactly the entries that the line counts. Texts of the log are not to
/// be trusted; whoever shows them escapes them.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// When it was made.
    pub made: Timestamp,
    /// Whether people's data and secrets were taken out of its texts.
    pub redacted: bool,
    /// The time that it is about.
    pub period: Period,
    /// The stores, as `platform:name`. Elsewhere they are told by their number in this list.
    pub stores: Vec<String>,
    /// Those of them that a query has to name; none, if they are all that the archive has.
    pub scope: Vec<String>,
    /// The answer in one or two sentences.
    pub verdict: String,
    /// The answer in words, the most important first.
    pub glance: Vec<Finding>,
    /// What happened?
    pub activity: Activity,
    /// What is going wrong?
    pub problems: Problems,
    /// When did it go wrong?
    pub incidents: Incidents,
    /// Who did what?
    pub people: People,
    /// Can I trust this?
    pub trust: Trust,
}

/// One sentence or two that tell what a reader should know.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// The section that tells more.
    pub section: Section,
    /// What is the matter, in a few words.
    pub title: String,
    /// The whole of it.
    pub text: String,
    /// Who can tell more, if somebody did it.
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
    /// To know.
    Note,
    /// To look at.
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

/// So many entries, and those that they are compared with.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    /// Entries in the period.
    pub now: u64,
    /// Entries in the period before; `None` if that cannot be compared with.
    pub before: Option<u64>,
    /// Lists those of the period.
    pub query: String,
}

/// A count of what has a name.
#[derive(Clone, Debug, Serialize)]
pub struct Line<Name> {
    /// What is counted.
    pub name: Name,
    /// How often.
    #[serde(flatten)]
    pub count: Count,
}

/// What happened?
#[derive(Clone, Debug, Serialize)]
pub struct Activity {
    /// All entries.
    pub total: Count,
    /// By severity, the most serious first. What was never seen is left out, here and below.
    pub severities: Vec<Line<Severity>>,
    /// By platform, by name.
    pub platforms: Vec<Line<String>>,
    /// By store, the busiest first.
    pub stores: Vec<Line<String>>,
    /// By category, the most frequent first; `None` are entries without one.
    pub categories: Vec<Line<Option<Text>>>,
    /// The busiest hour of the week.
    pub busiest: Option<Busiest>,
    /// What the charts are drawn from.
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

/// What is going wrong? Warnings, errors and what is not understood.
#[derive(Clone, Debug, Serialize)]
pub struct Problems {
    /// All of them.
    pub total: Count,
    /// By what they say, the most frequent first; those that are gone stand last.
    pub templates: Vec<Template>,
    /// Problems whose templates are not listed.
    pub others: u64,
    /// How many templates those are.
    pub other_templates: u64,
    /// How often modules fail that also tell when they do not, the worst first.
    pub modules: Vec<Module>,
}

/// What problems have in common that say the same.
#[derive(Clone, Debug, Serialize)]
pub struct Template {
    /// The summary: `*` stands for a number, an id, an address or a quoted text, `…` for words that vary. Empty if they
    /// have none.
    pub template: Text,
    /// How it goes.
    pub trend: Trend,
    /// How many. If it is gone, the query lists those of the period before.
    #[serde(flatten)]
    pub count: Count,
    /// Its share in all problems, 0 to 1.
    pub share: f64,
    /// The time of the first in the archive.
    pub first: Timestamp,
    /// The time of the last up to the end of the period.
    pub last: Timestamp,
    /// How many in each step of the period.
    pub steps: Vec<u64>,
    /// Where they come from, the most frequent first.
    pub parts: Vec<Part>,
    /// The newest of them.
    pub example: Option<Example>,
}

/// How the number of problems of a template goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// Never seen before the period.
    New,
    /// At least half as many again as before, and more than chance explains.
    Rising,
    /// About as many as before, or there is nothing to compare with.
    Steady,
    /// At most two thirds as many as before, and fewer than chance explains.
    Falling,
    /// There were some in the period before, and none now.
    Gone,
}

/// Problems of a template in one place.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// The number of the store.
    pub store: u32,
    /// How serious.
    pub severity: Severity,
    /// The category.
    pub category: Option<Text>,
    /// The module.
    pub module: Option<Text>,
    /// How many in the period; of a template that is gone, in the period before.
    pub entries: u64,
}

/// One entry in full.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// Its uid.
    pub uid: String,
    /// When.
    pub time: Timestamp,
    /// What it says in short.
    pub summary: Option<Text>,
    /// What it says at length.
    pub message: Option<Text>,
    /// Finds it.
    pub query: String,
}

/// How often something fails.
#[derive(Clone, Debug, Serialize)]
pub struct Module {
    /// Its name.
    pub module: Text,
    /// All that it tells of.
    pub all: Count,
    /// The problems among it.
    pub failed: Count,
    /// The share of them, 0 to 1.
    pub rate: f64,
    /// The share in the period before.
    pub rate_before: Option<f64>,
}

/// When did it go wrong?
#[derive(Clone, Debug, Serialize)]
pub struct Incidents {
    /// How they are found, in words.
    pub method: String,
    /// A chance below 10 to this power stands out: for so many hours and series, once in a hundred reports.
    pub log10_threshold: f64,
    /// The newest first.
    pub list: Vec<Incident>,
    /// How many more there are that stand out less.
    pub others: u64,
}

/// A burst of problems.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// The number of the store.
    pub store: u32,
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
    /// From how many weeks that is known.
    pub weeks: f64,
    /// The chance that as many or more come about at the usual rate: 10 to this power.
    pub log10_chance: f64,
    /// What was changed in the hour before.
    pub changes: Changes,
}

/// What administrators and apps changed in a stretch of time, in all stores of the owner.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// The time that was looked at.
    pub stretch: Stretch,
    /// All that was changed.
    pub entries: u64,
    /// Lists them.
    pub query: String,
    /// Those that most likely have to do with it, the likeliest first.
    pub listed: Vec<Change>,
    /// The others by who did what, the most frequent first.
    pub ordinary: Vec<Deed>,
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
    /// What was done.
    pub action: Option<Text>,
    /// What it was done to.
    pub category: Option<Text>,
    /// In the log's words.
    pub summary: Option<Text>,
    /// What it can do harm to.
    pub topic: Option<Topic>,
    /// At an hour at which the actor hardly ever works.
    pub unusual_hour: bool,
    /// Finds it.
    pub query: String,
}

/// What a sensitive change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// Who may do what.
    Permissions,
    /// Where the money goes.
    Payment,
    /// How it is asked for.
    Checkout,
    /// Where the shop is found.
    Domain,
    /// What the shop pays the platform.
    Plan,
}

impl Topic {
    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permissions => "permissions",
            Self::Payment => "payment",
            Self::Checkout => "checkout",
            Self::Domain => "domain",
            Self::Plan => "plan",
        }
    }
}

/// So many times the same by the same actor.
#[derive(Clone, Debug, Serialize)]
pub struct Deed {
    /// Who.
    pub actor: Option<Text>,
    /// What.
    pub action: Option<Text>,
    /// How often.
    pub entries: u64,
}

/// Who did what?
#[derive(Clone, Debug, Serialize)]
pub struct People {
    /// Entries that name who did it.
    pub total: u64,
    /// Who, the busiest first.
    pub actors: Vec<Actor>,
    /// How many more there are.
    pub other_actors: u64,
    /// What was never done before in the archive, the newest first. Empty if the archive begins too late to tell.
    pub new_actions: Vec<NewAction>,
    /// Whether the archive begins early enough to tell what is new.
    pub knows_new: bool,
    /// Many entries in minutes by one actor with one action, the newest first.
    pub bulk: Vec<Bulk>,
    /// What was done outside the usual hours of who did it, the newest first.
    pub unusual: Vec<Unusual>,
    /// How many more such hours there are.
    pub other_unusual: u64,
    /// Changes of permissions, payment, checkout, domain and plan, the newest first.
    pub sensitive: Vec<Change>,
    /// How many more there are.
    pub other_sensitive: u64,
}

/// Somebody who acts.
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
    /// What was done, the most frequent first, at most five.
    pub actions: Vec<Line<Option<Text>>>,
    /// What it was done to, the most frequent first, at most five.
    pub categories: Vec<Line<Option<Text>>>,
    /// In how many hours something was done, by the hour of the day, in all of the archive.
    pub hours: Vec<u64>,
}

/// An action that was never seen before the period.
#[derive(Clone, Debug, Serialize)]
pub struct NewAction {
    /// What was done.
    pub action: Text,
    /// Who did it first.
    pub actor: Option<Text>,
    /// When.
    pub first: Timestamp,
    /// The number of the store.
    pub store: u32,
    /// How often since.
    pub entries: u64,
    /// Lists them.
    pub query: String,
}

/// Many entries in minutes.
#[derive(Clone, Debug, Serialize)]
pub struct Bulk {
    /// The number of the store.
    pub store: u32,
    /// Who.
    pub actor: Text,
    /// What.
    pub action: Option<Text>,
    /// To what.
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

/// Something done at an hour at which somebody hardly ever works.
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
    /// What was done, the most frequent first, at most three.
    pub actions: Vec<Text>,
    /// Lists them.
    pub query: String,
}

/// Can I trust this?
#[derive(Clone, Debug, Serialize)]
pub struct Trust {
    /// By store, those with something wrong first.
    pub stores: Vec<Trusted>,
    /// The share of the period that is covered, over all stores, 0 to 1.
    pub share: f64,
    /// Whether the period before is covered as well: else the comparison says less.
    pub comparable: bool,
}

/// How far a store's part of the report can be trusted.
#[derive(Clone, Debug, Serialize)]
pub struct Trusted {
    /// The number of the store.
    pub store: u32,
    /// The state that it is in.
    pub state: State,
    /// Why it is not active, with the remedy.
    pub reason: Option<String>,
    /// When it last answered.
    pub last_success: Option<Timestamp>,
    /// Entries in the period.
    pub entries: u64,
    /// Lists them.
    pub query: String,
    /// The share of the period that is covered, 0 to 1.
    pub share: f64,
    /// The share of the period before.
    pub share_before: Option<f64>,
    /// What of the period is not covered, oldest first: entries may be missing there.
    pub gaps: Vec<Stretch>,
    /// The time of the oldest entry of the archive.
    pub oldest: Option<Timestamp>,
    /// The time of the newest entry of the archive.
    pub newest: Option<Timestamp>,
    /// Entries that came after their time had been read, ever.
    pub late: u64,
    /// How late the latest of them came, to the next power of two, in seconds.
    pub latest_seconds: i64,
    /// Records of the period that could not be decoded.
    pub undecodable: u64,
    /// Entries that the platform has changed since they were archived, ever.
    pub revised: u64,
    /// How long the platform keeps its log, in seconds.
    pub retention_seconds: i64,
    /// How long until the platform may drop what the archive does not have yet, in seconds. Negative: it may have.
    pub headroom_seconds: Option<i64>,
}
