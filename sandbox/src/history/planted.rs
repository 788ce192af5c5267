//! The truth about a seeded history: what was planted in it.

/// All that was planted. Times are Unix seconds; an end is the first second after.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Planted {
    /// Time ranges of failure, oldest first.
    pub incidents: Vec<Incident>,
    /// The actors of the log, the busiest first. BigCommerce names nobody.
    pub actors: Vec<Actor>,
    /// Many edits in minutes, oldest first.
    pub bulk_edits: Vec<BulkEdit>,
    /// Changes that a shop's owner would want to hear of, oldest first.
    pub sensitive: Vec<SensitiveChange>,
    /// Changes in the SHOPLINE shop after which the BigCommerce shop of the same owner broke, oldest first.
    pub causes: Vec<Cause>,
    /// Every form of words in which something goes wrong, by its words.
    pub forms: Vec<Form>,
}

impl Planted {
    /// The same, this many seconds later.
    pub(super) fn moved(mut self, by: i64) -> Self {
        for incident in &mut self.incidents {
            (incident.start, incident.end) = (incident.start + by, incident.end + by);
        }
        for edit in &mut self.bulk_edits {
            (edit.start, edit.end) = (edit.start + by, edit.end + by);
        }
        for change in &mut self.sensitive {
            change.at += by;
        }
        for cause in &mut self.causes {
            (cause.at, cause.incident) = (cause.at + by, cause.incident + by);
        }
        for form in &mut self.forms {
            (form.first, form.last) = (form.first + by, form.last + by);
        }
        self
    }
}

/// A change after which something broke.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// The record's id.
    pub id: String,
    /// The one who made it.
    pub actor: String,
    /// When.
    pub at: i64,
    /// The first second of the incident.
    pub incident: i64,
}

/// A form of words in which something goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// The summary, with `{}` for each part that varies.
    pub words: String,
    /// How many rows have it.
    pub rows: usize,
    /// The second of the first of them.
    pub first: i64,
    /// The second of the last of them.
    pub last: i64,
}

/// A time range of failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// The kind of the incident.
    pub kind: IncidentKind,
    /// The `type` of its rows.
    pub log_type: String,
    /// The `module` of its rows.
    pub module: String,
    /// Its first second.
    pub start: i64,
    /// The first second after it.
    pub end: i64,
    /// How many rows of error it wrote.
    pub rows: usize,
}

/// The kind of an incident: what failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IncidentKind {
    /// The payment gateway declined nearly everything.
    PaymentOutage,
    /// A carrier gave no quotes.
    CarrierFailure,
}

/// Someone who acts in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Actor {
    /// The name as the log has it.
    pub name: String,
    /// A person or an app.
    pub kind: ActorKind,
    /// How many rows are by this actor.
    pub rows: usize,
}

/// A person or an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A member of the shop's staff.
    Administrator,
    /// A program.
    App,
}

/// Many edits by one actor in minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkEdit {
    /// The one who made them.
    pub actor: String,
    /// The `verb` of its rows.
    pub verb: String,
    /// Its first second.
    pub start: i64,
    /// The first second after it.
    pub end: i64,
    /// How many rows it wrote.
    pub rows: usize,
}

/// A change that a shop's owner would want to hear of.
#[derive(Clone, Debug, PartialEq)]
pub struct SensitiveChange {
    /// The record's id.
    pub id: String,
    /// The one who made it.
    pub actor: String,
    /// When.
    pub at: i64,
    /// The `subject_type` of its row.
    pub subject_type: String,
    /// The `verb` of its row.
    pub verb: String,
    /// True between midnight and five in the shop's own time.
    pub at_night: bool,
}
