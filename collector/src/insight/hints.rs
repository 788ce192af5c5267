//! Hints for known failures: where to look, and which help page says so.
//!
//! A hint says only what the platform's own help says, in a few words, with its address. Other failures have no hint: a
//! wrong one would cost more than none. All of them are about the settings of a store, so that there is none where these are
//! not the cause: where stores with other settings fail with it, or where the other side did not answer.

use serde::Serialize;

/// A hint: what helps against a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// Advice on where to look, and what to do.
    pub text: &'static str,
    /// The page that says so.
    pub source: &'static str,
}

/// A failure that is known.
struct Known {
    platform: &'static str,
    /// Any of these stands in the module or, where that is unknown, in the category.
    of: &'static [&'static str],
    hint: Hint,
}

/// The first that fits counts: the particular stands before the general.
const KNOWN: [Known; 3] = [
    Known {
        platform: "bigcommerce",
        of: &["endicia"],
        hint: Hint {
            text: "If every request fails from some moment on, look at the connection to Endicia: in the store's shipping settings, \
                   edit the zone, and connect USPS by Endicia again under real-time shipping quotes, with the account number and \
                   the pass phrase. It is for stores that ship from the United States.",
            source: "https://support.bigcommerce.com/articles/Public/Setting-up-USPS-by-Endicia",
        },
    },
    Known {
        platform: "bigcommerce",
        of: &["usps", "fedex", "ups", "shipping", "royal mail", "canada post", "australia post"],
        hint: Hint {
            text: "Customers for whom no way of shipping is found cannot order. In the store's shipping settings, look at the origin \
                   address, the zone that fits the customer's address best, and the weights and sizes of the products; flat rates \
                   in the same zone are shown beside the carrier's.",
            source: "https://support.bigcommerce.com/articles/Public/Checkout-Errors",
        },
    },
    Known {
        platform: "bigcommerce",
        of: &["checkout"],
        hint: Hint {
            text: "Orders fail at the checkout mostly for shipping or payment. The customer is shown why; find out at which step, \
                   and go on with its settings.",
            source: "https://support.bigcommerce.com/articles/Public/Checkout-Errors",
        },
    },
];

/// Words of a reason that say that the other side did not answer, or could not.
const UNANSWERED: [&str; 12] = [
    "did not answer",
    "not respond",
    "no answer",
    "no response",
    "timed out",
    "time out",
    "timeout",
    "in time",
    "unavailable",
    "unreachable",
    "connection re",
    "bad gateway",
];

/// Whether a reason says that the other side did not answer: then no setting of the store is the cause.
pub(super) fn is_unanswered(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    UNANSWERED.iter().any(|words| reason.contains(words))
}

/// The hint for failures of a module or, where none is named, of a category.
pub(super) fn hint(platform: &str, module: Option<&str>, category: Option<&str>) -> Option<Hint> {
    let of = module.filter(|module| !module.trim().is_empty()).or(category)?.to_lowercase();
    let words: Vec<&str> = of.split(|c: char| !c.is_alphanumeric() && c != '.').collect();
    // Short names stand for themselves only: `ups` is no part of `groups`.
    let names = |name: &&str| if name.contains(' ') { of.contains(name) } else { words.contains(name) };
    let fits = |known: &&Known| known.platform == platform && known.of.iter().any(names);
    KNOWN.iter().find(fits).map(|known| known.hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_has_a_hint_and_what_is_not_has_none() {
        let source = |module, category| hint("bigcommerce", module, category).map(|hint| hint.source);
        assert!(source(Some("USPS (endicia)"), None).unwrap().ends_with("USPS-by-Endicia"));
        assert!(source(Some("FedEx Ground Home Delivery (5-7 Business Days) (flatrate)"), None).is_some());
        assert!(source(Some("Optimized Checkout"), None).is_some());
        assert_eq!(source(Some("Test Payment Gateway"), Some("payment")), None, "that is for its provider to say");
        assert!(source(Some(""), Some("shipping")).is_some());
        assert_eq!(source(Some("Customer Groups"), None), None, "that is no UPS");
        assert_eq!(source(Some("Theme Download"), Some("shipping")), None, "the module says more");
        assert_eq!(source(None, None), None);
        assert_eq!(hint("shopline", Some("USPS"), None), None, "its settings are elsewhere");
    }

    #[test]
    fn a_side_that_does_not_answer_is_told_from_one_that_refuses() {
        for reason in
            ["USPS did not answer in time", "Request timed out", "503 Service Unavailable", "Connection reset"]
        {
            assert!(is_unanswered(reason), "{reason}");
        }
        for reason in ["The pass phrase is wrong", "The card was declined", "No rates for this address"] {
            assert!(!is_unanswered(reason), "{reason}");
        }
    }

    #[test]
    fn a_hint_is_short_and_has_a_page_of_the_platform() {
        for known in KNOWN {
            assert!(known.hint.text.len() < 400 && !known.hint.text.contains("  "), "{}", known.hint.text);
            assert!(known.hint.source.starts_with("https://support.bigcommerce.com/"), "{}", known.hint.source);
            // Figures in a report are of the log.
            assert!(!known.hint.text.contains(|c: char| c.is_ascii_digit()));
        }
    }
}
