//! A rule: what to look for, and where its alerts go.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Store};

use super::action::Action;
use super::alert::Level;
use super::part::Part;
use crate::archive::Labels;
use crate::length::Length;
use crate::nearest::no_such;
use crate::search::Filter;
use crate::wording::format_duration;

/// A rule as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Its name. Alerts show it, and the rule's state is stored by it.
    pub name: String,
    /// The entries it is about, as a query of `storelogs search`; without it, all.
    pub when: Option<String>,
    /// The most entries within `within` that cause no alert.
    pub more_than: Option<u64>,
    /// Within how long a time they have to be: `10m`.
    pub within: Option<String>,
    /// Alert on problems whose template was never seen before.
    pub new_template: bool,
    /// Alert on bursts of problems, as a report finds them.
    pub incident: bool,
    /// Alert on changes that can do harm, as a report lists them.
    pub sensitive: bool,
    /// Alert when no entry comes for this long: `2h`.
    pub silent_for: Option<String>,
    /// The parts that are counted separately: `store` by default, `module`, …
    pub per: Option<Vec<String>>,
    /// How long further alerts are suppressed after one was sent, and then summed up in one: `1h`.
    pub cool_down: Option<String>,
    /// Whether personal data and secrets are removed from alerts that leave this machine.
    pub redact: Option<bool>,
    /// Whether an alert says when it is over, where something can be.
    pub resolve: Option<bool>,
    /// How bad it is: `info`, `warning`, `error` or `critical`.
    pub level: Option<String>,
}

/// A rule: what to look for, and where its alerts go.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(super) name: String,
    /// The query as it is written. Empty: every entry.
    pub(super) when: String,
    /// Its meaning in this archive, and its text.
    pub(super) filter: Filter,
    pub(super) written: Filter,
    pub(super) what: What,
    pub(super) per: Vec<Part>,
    pub(super) cool_down: SignedDuration,
    pub(super) redact: bool,
    pub(super) resolve: bool,
    pub(super) level: Level,
    pub(super) actions: Vec<Action>,
}

/// The kind of a rule: what it looks for among its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// More than this many entries within this time.
    Entries { more_than: u64, within: SignedDuration },
    /// Problems whose template was never seen before.
    NewTemplate,
    /// Bursts of problems.
    Incident,
    /// Changes that can do harm.
    Sensitive,
    /// No entry for this long.
    Silence(SignedDuration),
}

impl What {
    /// The time without anything of it after which it is over. `None`: it has no end.
    pub(super) const fn calm(self) -> Option<SignedDuration> {
        match self {
            Self::Entries { more_than: 1.., within } => Some(within),
            Self::Incident => Some(INCIDENT_CALM),
            Self::Silence(_) => Some(SignedDuration::ZERO),
            Self::Entries { .. } | Self::NewTemplate | Self::Sensitive => None,
        }
    }
}

/// An incident is over when none of its problems came for so long; what begins again sooner is the same.
pub(super) const INCIDENT_CALM: SignedDuration = SignedDuration::from_hours(1);
/// The default of `within`.
const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// The longest time over which entries are counted, and none may be missed.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);
/// The default of `cool_down`. Alerts on sensitive changes and new templates are never suppressed by default.
const COOL_DOWN: SignedDuration = SignedDuration::from_hours(1);

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongRule {
    /// The key that it is about, as a configuration file has it.
    pub key: Option<&'static str>,
    /// What is wrong, in words for its author.
    pub why: String,
    /// Whether the value is wrong by itself, whatever else the rule says.
    pub alone: bool,
}

impl fmt::Display for WrongRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for WrongRule {}

/// A value that is wrong by itself.
fn wrong(key: &'static str, why: impl Into<String>) -> WrongRule {
    WrongRule { key: Some(key), why: why.into(), alone: true }
}

/// A value that is wrong beside the others, or without them.
fn misplaced(key: &'static str, why: impl Into<String>) -> WrongRule {
    WrongRule { alone: false, ..wrong(key, why) }
}

/// What the values of a rule mean, each by itself.
struct Values {
    within: Option<SignedDuration>,
    silent_for: Option<SignedDuration>,
    cool_down: Option<SignedDuration>,
    level: Option<Level>,
    per: Option<Vec<Part>>,
    filter: Filter,
}

impl Draft {
    /// The rule, with what it does with an alert besides printing it.
    ///
    /// # Errors
    /// The error says what is wrong with it, in words for its author.
    pub fn rule(self, actions: Vec<Action>) -> Result<Rule, WrongRule> {
        let name = self.name.trim().to_owned();
        if name.is_empty() {
            return Err(wrong("name", "a rule has no name: write name = \"…\""));
        }
        let named = |wrong: WrongRule| WrongRule { why: format!("the rule {name:?}: {}", wrong.why), ..wrong };
        let values = self.values().map_err(named)?;
        let what = self.what(&values).map_err(named)?;
        let per = values.per.unwrap_or_else(|| vec![Part::Store]);
        if matches!(what, What::Silence(_) | What::Incident) && per != [Part::Store] {
            return Err(named(misplaced("per", "per: silence and incidents are always counted store by store")));
        }
        let cool_down = match values.cool_down {
            Some(length) => length,
            None if matches!(what, What::Sensitive | What::NewTemplate) => SignedDuration::ZERO,
            None => COOL_DOWN,
        };
        let level = match values.level {
            Some(level) => level,
            None if matches!(what, What::Incident | What::Silence(_)) => Level::Error,
            None => Level::Warning,
        };
        let resolve = self.resolve.unwrap_or(true);
        if self.resolve == Some(true) && what.calm().is_none() {
            return Err(named(misplaced("resolve", "resolve: a single entry, change or template has no end")));
        }
        let redact = self.redact.unwrap_or(true);
        let (when, filter) = (self.when.unwrap_or_default().trim().to_owned(), values.filter);
        Ok(Rule { name, when, written: filter.clone(), filter, what, per, cool_down, redact, resolve, level, actions })
    }

    fn values(&self) -> Result<Values, WrongRule> {
        let length =
            |key, text: &Option<String>, least| text.as_deref().map(|text| length(key, text, least)).transpose();
        let when = self.when.as_deref().unwrap_or_default().trim();
        // A query is seen from now, but nothing of it may depend on that: the rule holds for as long as it is there.
        let filter = Filter::parse(when, Timestamp::now(), &TimeZone::UTC);
        let filter = filter.map_err(|error| wrong("when", format!("when: {error}")))?;
        if filter.names_times() {
            return Err(wrong("when", "when: a rule is about what comes: leave out since, until and time"));
        }
        if filter.names_incidents() {
            let why = "when: a rule about incidents has incident = true, and no incident: in its query";
            return Err(wrong("when", why));
        }
        Ok(Values {
            within: length("within", &self.within, SignedDuration::from_secs(1))?,
            silent_for: length("silent_for", &self.silent_for, SignedDuration::from_mins(1))?,
            cool_down: length("cool_down", &self.cool_down, SignedDuration::ZERO)?,
            level: self.level.as_deref().map(Level::named).transpose().map_err(|why| wrong("level", why))?,
            per: self.per.as_deref().map(parts).transpose()?,
            filter,
        })
    }

    fn what(&self, values: &Values) -> Result<What, WrongRule> {
        let counts = self.more_than.is_some() || self.within.is_some();
        let asked = [
            (counts, if self.more_than.is_some() { "more_than" } else { "within" }),
            (self.new_template, "new_template"),
            (self.incident, "incident"),
            (self.sensitive, "sensitive"),
            (self.silent_for.is_some(), "silent_for"),
        ];
        let asked: Vec<&'static str> = asked.into_iter().filter(|(asked, _)| *asked).map(|(_, name)| name).collect();
        if let [one, other, ..] = asked[..] {
            return Err(misplaced(other, format!("{one} and {other} are in one rule: write two rules")));
        }
        if self.within.is_some() && self.more_than.is_none() {
            return Err(misplaced("within", "within says nothing without more_than"));
        }
        if asked.is_empty() && self.when.as_deref().is_none_or(|when| when.trim().is_empty()) {
            let why = "it would alert on every entry: write when = \"…\", incident = true, new_template = true, sensitive = \
                       true or silent_for = \"…\"";
            return Err(misplaced("when", why));
        }
        Ok(match values.silent_for {
            Some(length) => What::Silence(length),
            None if self.new_template => What::NewTemplate,
            None if self.incident => What::Incident,
            None if self.sensitive => What::Sensitive,
            None => {
                let within = values.within.unwrap_or(WITHIN);
                What::Entries { more_than: self.more_than.unwrap_or(0), within }
            }
        })
    }
}

/// The parts of these names, in an order of their own.
fn parts(names: &[String]) -> Result<Vec<Part>, WrongRule> {
    if let Some(unknown) = names.iter().find(|name| Part::ALL.iter().all(|part| part.name() != name.as_str())) {
        return Err(wrong("per", format!("per: {}", no_such(unknown, &Part::ALL.map(Part::name)))));
    }
    let is_written = |part: &Part| names.iter().any(|name| name == part.name());
    Ok(Part::ALL.into_iter().filter(is_written).collect())
}

fn length(name: &'static str, text: &str, least: SignedDuration) -> Result<SignedDuration, WrongRule> {
    let written = |_| wrong(name, format!("{name}: write how long: 90s, 15m, 24h, 7d or 2w"));
    match text.parse::<Length>().map_err(written)?.fixed() {
        Some(length) if length < least => {
            Err(wrong(name, format!("{name} is too short: {} at the least", format_duration(least))))
        }
        Some(length) if length <= LONGEST => Ok(length),
        _ => Err(wrong(name, format!("{name} is too long: 31 days are the most"))),
    }
}

impl Rule {
    /// The parts of its query, such as `owner:acme`, that name no store of these: whatever they ask for never comes.
    pub fn naming_none(&self, known: &[(Store, Labels)]) -> Vec<String> {
        self.written.naming_none(known)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The time without anything new after which one of its alerts is over. `None`: no alert says when it is over.
    pub(super) fn calm(&self) -> Option<SignedDuration> {
        self.what.calm().filter(|_| self.resolve)
    }

    /// Its actions on an alert, besides printing it.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The values by which an entry is counted together with others.
    pub(super) fn about(&self, entry: &LogEntry) -> Vec<(Part, String)> {
        self.per.iter().map(|part| (*part, part.of(entry))).collect()
    }

    pub(super) fn is_per_store(&self) -> bool {
        self.per.contains(&Part::Store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::text::Fact;

    fn named(name: &str) -> Draft {
        Draft { name: name.to_owned(), ..Draft::default() }
    }

    fn when(query: &str) -> Draft {
        Draft { when: Some(query.to_owned()), ..named("it") }
    }

    #[test]
    fn a_rule_is_what_its_documentation_says() {
        let rule = when("severity>=error").rule(Vec::new()).unwrap();
        assert_eq!(rule.what, What::Entries { more_than: 0, within: WITHIN });
        assert_eq!((rule.cool_down, &rule.per[..], rule.redact), (COOL_DOWN, &[Part::Store][..], true));
        let draft = Draft { more_than: Some(5), within: Some("90s".into()), ..when("x") };
        let within = SignedDuration::from_secs(90);
        assert_eq!(draft.rule(Vec::new()).unwrap().what, What::Entries { more_than: 5, within });
        let sensitive = Draft { sensitive: true, ..named("it") }.rule(Vec::new()).unwrap();
        assert_eq!((sensitive.what, sensitive.cool_down), (What::Sensitive, SignedDuration::ZERO));
        let silent = Draft { silent_for: Some("2h".into()), ..named("it") }.rule(Vec::new()).unwrap();
        assert_eq!(silent.what, What::Silence(SignedDuration::from_hours(2)));
        let apart = Draft { per: Some(vec!["module".into(), "store".into(), "module".into()]), ..when("x") };
        assert_eq!(apart.rule(Vec::new()).unwrap().per, [Part::Store, Part::Fact(Fact::Module)]);
    }

    #[test]
    fn what_is_wrong_with_a_rule_is_said_with_its_name_and_the_remedy() {
        let text = |text: &str| Some(text.to_owned());
        let list = |text: &str| Some(vec![text.to_owned()]);
        for (draft, why) in [
            (named(" "), "a rule has no name"),
            (named("it"), "it would alert on every entry: write when"),
            (Draft { incident: true, sensitive: true, ..named("it") }, "incident and sensitive are in one rule"),
            (Draft { within: text("10m"), ..when("x") }, "within says nothing without more_than"),
            (
                Draft { more_than: Some(1), within: text("ten"), ..when("x") },
                "within: write how long: 90s, 15m, 24h, 7d or 2w",
            ),
            (Draft { more_than: Some(1), within: text("0s"), ..when("x") }, "within is too short: 1 s at the least"),
            (Draft { silent_for: text("400d"), ..named("it") }, "silent_for is too long"),
            (Draft { cool_down: text("1y"), ..when("x") }, "cool_down is too long: 31 days"),
            (when("severity>=terrible"), "when: a severity is unspecified, info"),
            (when("refund since:7d"), "when: a rule is about what comes: leave out since"),
            (when("(a OR -(b time<2026-01-01))"), "leave out since, until and time"),
            (when("incident:last severity>=error"), "has incident = true, and no incident: in its query"),
            (Draft { per: list("shop"), ..when("x") }, "per: there is no \"shop\": use store, platform, category"),
            (Draft { per: list("module"), incident: true, ..named("it") }, "always counted store by store"),
        ] {
            let WrongRule { key, why: error, .. } = draft.rule(Vec::new()).unwrap_err();
            assert!(error.contains(why), "{error}");
            assert!(key.is_some_and(|key| error.contains(key)), "{key:?}: {error}");
            assert!(error.starts_with("the rule \"it\": ") || error.starts_with("a rule has no name"), "{error}");
        }
    }
}
