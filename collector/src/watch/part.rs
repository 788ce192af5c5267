//! The fields by which a rule counts entries separately, and what an alert is about.

use std::fmt;

use storelogs::LogEntry;

use crate::archive::text::Fact;

/// A field by which entries are counted separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Store,
    Platform,
    Fact(Fact),
}

impl Part {
    pub(super) const ALL: [Self; 6] = [
        Self::Store,
        Self::Platform,
        Self::Fact(Fact::Category),
        Self::Fact(Fact::Module),
        Self::Fact(Fact::Action),
        Self::Fact(Fact::Actor),
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Platform => "platform",
            Self::Fact(fact) => fact.name(),
        }
    }

    /// The entry's value of it, if it has one.
    pub(super) fn of(self, entry: &LogEntry) -> String {
        match self {
            Self::Store => format!("{}:{}", entry.platform, entry.store),
            Self::Platform => entry.platform.to_string(),
            Self::Fact(fact) => fact.of(entry).unwrap_or_default().to_owned(),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
