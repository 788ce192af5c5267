//! Texts of the log on their way into a report.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// The kind of a text of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The summary of an entry.
    Summary,
    /// The message of an entry: text, HTML, or JSON in a string.
    Message,
    /// The one who did it.
    Actor,
    /// The thing that it was done to.
    Subject,
    /// A template of summaries.
    Template,
    /// A module, a category or an action.
    Fact,
}

/// Takes out of texts what must not leave this machine.
///
/// Every text that comes from the log and goes into a report goes through it, those in queries too. So that the same
/// person stays the same, it gives the same text for the same text.
pub trait Redact {
    /// The text as it may be shown.
    fn text<'a>(&self, field: Field, text: &'a str) -> Cow<'a, str>;

    /// Whether it takes anything out at all.
    fn hides(&self) -> bool {
        true
    }
}

/// Shows everything as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRedaction;

impl Redact for NoRedaction {
    fn text<'a>(&self, _: Field, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }

    fn hides(&self) -> bool {
        false
    }
}

/// The longest text of a report, in bytes.
const LONGEST: usize = 4000;

/// A text of the log as it may be shown: it went through [`Redact`]. It is not to be trusted: whoever shows it has to
/// escape it. Longer ones end with `…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    pub(crate) fn new(redact: &dyn Redact, field: Field, text: &str) -> Self {
        // Cut behind it: half an address would not be recognised.
        Self(redact.text(field, text).into_owned()).cut(LONGEST)
    }

    /// The text up to this many bytes.
    pub(crate) fn cut(mut self, longest: usize) -> Self {
        let Self(text) = &mut self;
        if text.len() > longest {
            text.truncate((0..=longest).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default());
            text.push('…');
        }
        self
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
