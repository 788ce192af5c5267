//! Sensitive topics, in which a change can do harm: permissions, payment, checkout, domain, plan.

use serde::Serialize;

use crate::words::each_word;

/// The topic of a sensitive change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// Permissions: who may do what.
    Permissions,
    /// Payment: where the money goes.
    Payment,
    /// How it is asked for.
    Checkout,
    /// The domain: where the shop is found.
    Domain,
    /// The plan: how much the shop pays the platform.
    Plan,
}

impl Topic {
    /// All of them. Where an entry fits several, the first counts.
    pub const ALL: [Self; 5] = [Self::Permissions, Self::Payment, Self::Checkout, Self::Domain, Self::Plan];

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

    /// The words for this topic in a category or an action, and those in a category only.
    const fn words_by_field(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Permissions => (
                &["permission", "permissions", "role", "roles", "password", "owner"],
                &["administrator", "administrators", "staff"],
            ),
            Self::Payment => (&["payout", "payouts"], &["payment", "payments"]),
            Self::Checkout => (&[], &["checkout"]),
            Self::Domain => (&["domain", "domains"], &[]),
            Self::Plan => (&[], &["plan", "plans", "billing", "subscription"]),
        }
    }

    /// Every word for this topic. An entry without one of them, in its category or action, is of another topic or of none.
    pub(crate) fn words(self) -> impl Iterator<Item = &'static str> {
        let (either, category) = self.words_by_field();
        either.iter().chain(category).copied()
    }
}

/// The sensitive topic of a change, by its category and action.
///
/// Only what somebody did is a change: BigCommerce's category `payment` is about payments.
pub(crate) fn topic(category: Option<&str>, action: Option<&str>) -> Option<Topic> {
    let action = words(action?);
    if action.is_empty() {
        return None;
    }
    let category = words(category.unwrap_or_default());
    let any = |words: &[String], wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    Topic::ALL.into_iter().find(|topic| {
        let (either, of_category) = topic.words_by_field();
        any(&category, either) || any(&category, of_category) || any(&action, either)
    })
}

/// The words of a category, an action or a text, as they are compared.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(text, |word| words.push(word.text.to_owned()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_somebody_did_to_something_sensitive_has_a_topic() {
        for (category, action, expected) in [
            (Some("Staff_Permission"), Some("update"), Some(Topic::Permissions)),
            (Some("payment"), Some("edit"), Some(Topic::Payment)),
            (Some("payment"), None, None),
            (Some("payment"), Some("…"), None),
            (Some("order"), Some("payout_created"), Some(Topic::Payment)),
            (Some("order"), Some("payment"), None),
            (None, Some("domain.remove"), Some(Topic::Domain)),
            (Some("checkout settings"), Some("save"), Some(Topic::Checkout)),
            (Some("billing"), Some("save"), Some(Topic::Plan)),
            (Some("planning"), Some("save"), None),
        ] {
            assert_eq!(topic(category, action), expected, "{category:?} {action:?}");
        }
    }
}
