//! The section of a report that answers: what is going wrong?

use jiff::Timestamp;
use serde::Serialize;
use storelogs::Severity;

use super::Count;
use crate::redact::Text;

/// The section that answers: what is going wrong? It is about warnings, errors and entries of unknown severity.
#[derive(Clone, Debug, Serialize)]
pub struct Problems {
    /// All of them.
    pub total: Count,
    /// Problems by template, the most frequent first; those that are gone stand last.
    pub templates: Vec<Template>,
    /// Problems whose templates are not listed.
    pub others: u64,
    /// How many templates those are.
    pub other_templates: u64,
    /// How often modules fail that also report successes, the worst first.
    pub modules: Vec<Module>,
}

/// The common template of problems that say the same.
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
    /// The places they come from, the most frequent first.
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
    /// Its summary.
    pub summary: Option<Text>,
    /// Why, as its message gives it.
    pub reason: Option<Text>,
    /// Its message; HTML as its words.
    pub message: Option<Text>,
    /// Finds it.
    pub query: String,
}

/// How often something fails.
#[derive(Clone, Debug, Serialize)]
pub struct Module {
    /// Its name.
    pub module: Text,
    /// All entries of the module.
    pub all: Count,
    /// The problems among it.
    pub failed: Count,
    /// The share of them, 0 to 1.
    pub rate: f64,
    /// The share in the period before.
    pub rate_before: Option<f64>,
}
