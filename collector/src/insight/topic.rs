//! The topics of changes, by what they can do harm to.

use super::model::Topic;
use crate::archive::text::value;

/// What a change can do harm to, by its category and action.
///
/// Only what somebody did is a change: BigCommerce's category `payment` is about payments.
pub(crate) fn topic(category: Option<&str>, action: Option<&str>) -> Option<Topic> {
    let action = action.filter(|action| !value(action).is_empty())?;
    let (category, action) = (words(category.unwrap_or_default()), words(action));
    let any = |words: &[String], wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let either = |wanted: &[&str]| any(&category, wanted) || any(&action, wanted);
    match () {
        () if either(&["permission", "permissions", "role", "roles", "password", "owner"])
            || any(&category, &["administrator", "administrators", "staff"]) =>
        {
            Some(Topic::Permissions)
        }
        () if any(&category, &["payment", "payments", "payout", "payouts"]) || any(&action, &["payout", "payouts"]) => {
            Some(Topic::Payment)
        }
        () if any(&category, &["checkout"]) => Some(Topic::Checkout),
        () if either(&["domain", "domains"]) => Some(Topic::Domain),
        () if any(&category, &["plan", "plans", "billing", "subscription"]) => Some(Topic::Plan),
        () => None,
    }
}

/// The words of a category, an action or a text, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect()
}
