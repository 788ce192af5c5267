//! Severities as BigCommerce writes them.

use crate::severity::Severity;

impl Severity {
    /// Reads what BigCommerce sends: a name, partly in the plural, or the number of its filter as text.
    pub(crate) fn from_bigcommerce(text: &str) -> Self {
        let is = |name: &str| {
            text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                && matches!(&text[name.len()..], "" | "s" | "S")
        };
        match text {
            "1" => Self::Info,
            "2" => Self::Notice,
            "3" => Self::Warning,
            "4" => Self::Error,
            _ if is("success") || text.eq_ignore_ascii_case("successes") => Self::Info,
            _ if is("notice") => Self::Notice,
            _ if is("warning") => Self::Warning,
            _ if is("error") => Self::Error,
            _ => Self::Unspecified,
        }
    }

    /// The number that BigCommerce's severity filters take, 1 to 4.
    pub(crate) const fn bigcommerce_number(self) -> Option<i64> {
        match self {
            Self::Unspecified => None,
            Self::Info => Some(1),
            Self::Notice => Some(2),
            Self::Warning => Some(3),
            Self::Error => Some(4),
        }
    }
}
