//! The search that lists what a line of a report counts.

use jiff::Timestamp;
use storelogs::{Severity, Store};

use super::causes::Reasons;
use crate::archive::template::Template;
use crate::redact::{Field, Redact};
use crate::search::{always_quoted, quoted};

/// A query of `storelogs search` in the making.
#[derive(Clone)]
pub(super) struct Query<'a> {
    redact: &'a dyn Redact,
    parts: Vec<String>,
    /// The stores of the report, unless they are all that there are.
    stores: &'a [Store],
    /// It says itself of which stores.
    has_store: bool,
    since: Timestamp,
    until: Timestamp,
}

impl<'a> Query<'a> {
    /// Every entry of these stores in a time range. No store means all.
    pub(super) fn new(redact: &'a dyn Redact, stores: &'a [Store], since: Timestamp, until: Timestamp) -> Self {
        Self { redact, parts: Vec::new(), stores, has_store: false, since, until }
    }

    pub(super) fn between(mut self, since: Timestamp, until: Timestamp) -> Self {
        (self.since, self.until) = (since, until);
        self
    }

    pub(super) fn store(mut self, store: &Store) -> Self {
        self.has_store = true;
        self.with(format!("store:{store}"))
    }

    /// Only entries of these stores.
    pub(super) fn stores<'s>(mut self, stores: impl IntoIterator<Item = &'s Store>) -> Self {
        self.has_store = true;
        let parts: Vec<String> = stores.into_iter().map(|store| format!("store:{store}")).collect();
        self.with(if let [one] = &parts[..] { one.clone() } else { format!("({})", parts.join(" OR ")) })
    }

    pub(super) fn platform(self, platform: &str) -> Self {
        self.with(format!("platform:{platform}"))
    }

    pub(super) fn severity(self, severity: Severity) -> Self {
        self.with(format!("severity:{severity}"))
    }

    /// Warnings, errors, and what is not understood.
    pub(super) fn problems(self) -> Self {
        self.with("severity>=warning".to_owned())
    }

    /// A fact by its value; without one, that it has none.
    pub(super) fn fact(self, field: Field, name: &str, value: Option<&str>) -> Self {
        let part = match value {
            Some(value) => {
                // Like all punctuation it makes no difference, and would stand for any text.
                let value = self.redact.text(field, value).replace('*', " ");
                format!("{name}:{}", quoted(&value))
            }
            None => format!("-{name}:*"),
        };
        self.with(part)
    }

    /// Summaries of any of these forms.
    pub(super) fn like<'t>(self, templates: impl IntoIterator<Item = &'t Template>) -> Self {
        let like = |template: &Template| {
            format!("like:{}", always_quoted(&self.redact.text(Field::Template, template.as_str())))
        };
        let parts: Vec<String> = templates.into_iter().map(like).collect();
        let part = if let [one] = &parts[..] { one.clone() } else { format!("({})", parts.join(" OR ")) };
        self.with(part)
    }

    /// Messages that give a reason of this form.
    pub(super) fn reason(self, reason: &Template) -> Self {
        let part = said(reason);
        self.with(part)
    }

    /// Messages that give reasons of these forms.
    pub(super) fn reasons(self, reasons: &Reasons) -> Self {
        match reasons {
            Reasons::All => self,
            Reasons::Without(others) => {
                others.iter().fold(self, |query, other| query.with(format!("-{}", said(other))))
            }
            Reasons::Only(these) => {
                let parts: Vec<String> = these.iter().map(said).collect();
                self.with(if let [one] = &parts[..] { one.clone() } else { format!("({})", parts.join(" OR ")) })
            }
        }
    }

    /// Only changes that somebody made: see [`is_change`](super::changes::is_change).
    pub(super) fn changes(self) -> Self {
        self.with("(actor:* OR category:design)".to_owned())
    }

    /// Any of these words, each in its field.
    pub(super) fn mentions<'t>(self, mentions: impl IntoIterator<Item = &'t (&'static str, String)>) -> Self {
        let mention = |(field, words): &(&str, String)| format!("{field}:{}", always_quoted(words));
        let parts: Vec<String> = mentions.into_iter().map(mention).collect();
        let part = if let [one] = &parts[..] { one.clone() } else { format!("({})", parts.join(" OR ")) };
        self.with(part)
    }

    /// Changes that can do harm.
    pub(super) fn sensitive(self) -> Self {
        self.with("sensitive:yes".to_owned())
    }

    fn with(mut self, part: String) -> Self {
        self.parts.push(part);
        self
    }

    pub(super) fn text(&self) -> String {
        let mut parts = self.parts.clone();
        match self.stores {
            _ if self.has_store => {}
            [] => {}
            [store] => parts.push(format!("store:{store}")),
            several => {
                let stores: Vec<String> = several.iter().map(|store| format!("store:{store}")).collect();
                parts.push(format!("({})", stores.join(" OR ")));
            }
        }
        parts.push(format!("since:{} until:{}", self.since, self.until));
        parts.join(" ")
    }
}

fn said(reason: &Template) -> String {
    format!("reason:{}", always_quoted(reason.as_str()))
}

/// The query that finds one entry.
pub(super) fn uid(uid: &str) -> String {
    format!("uid:{}", quoted(uid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::NoRedaction;

    #[test]
    fn what_has_a_meaning_in_a_query_is_quoted() {
        let [since, until] = [0, 3600].map(|second| Timestamp::from_second(second).unwrap());
        let query = Query::new(&NoRedaction, &[], since, until);
        let text = query
            .clone()
            .fact(Field::Fact, "module", Some("A (\"b\\\") *c"))
            .fact(Field::Actor, "actor", None)
            .like([&Template::new("Order * of \"*\"")])
            .text();
        assert_eq!(
            text,
            r#"module:"A (\"b\\\")  c" -actor:* like:"Order * of \"*\"" since:1970-01-01T00:00:00Z until:1970-01-01T01:00:00Z"#
        );
        crate::search::Filter::parse(&text, since, &jiff::tz::TimeZone::UTC).unwrap();
        let stores: Vec<Store> = ["bigcommerce:a1", "shopline:b1"].map(|store| store.parse().unwrap()).into();
        let several = Query::new(&NoRedaction, &stores, since, until);
        assert!(several.text().starts_with("(store:bigcommerce:a1 OR store:shopline:b1) since:"));
        assert!(several.store(&stores[1]).text().starts_with("store:shopline:b1 since:"));
    }
}
