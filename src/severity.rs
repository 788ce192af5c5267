//! Severities: how serious an entry is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How serious an entry is, on the scale of OpenTelemetry.
///
/// Ordered from [`Info`](Severity::Info) to [`Error`](Severity::Error). [`Unspecified`](Severity::Unspecified) stands
/// for a value that this crate does not understand; a minimum-severity filter never hides it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Not understood, or not given.
    #[default]
    Unspecified,
    /// It worked. BigCommerce calls it success; every SHOPLINE entry is one.
    Info,
    /// It worked, and somebody may want to know.
    Notice,
    /// It may not have worked.
    Warning,
    /// It did not work.
    Error,
}

impl Severity {
    /// Every severity, least serious first.
    pub const ALL: [Self; 5] = [Self::Unspecified, Self::Info, Self::Notice, Self::Warning, Self::Error];

    /// The `SeverityNumber` of OpenTelemetry's Logs Data Model.
    pub const fn number(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::Info => 9,
            Self::Notice => 10,
            Self::Warning => 13,
            Self::Error => 17,
        }
    }

    /// Whether an entry of this severity passes a filter for `minimum`.
    /// A severity that is not understood always passes: it may be the worst of all.
    pub fn passes(self, minimum: Self) -> bool {
        self == Self::Unspecified || self >= minimum
    }

    /// The lower-case name, such as `warning`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|s| s.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
            Error::invalid(format!("{text:?} is not a severity: use unspecified, info, notice, warning or error"))
        })
    }
}
