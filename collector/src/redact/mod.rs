//! Redaction: pseudonyms in place of data that must not leave this machine: e-mail and postal addresses, names,
//! telephone and card numbers, tokens.
//!
//! A pseudonym is a text such as `[email k3f9q2ab]`. The same person has the same one everywhere in one archive, and nobody
//! without the archive can find out who it is, or try names until one fits.

mod json;
mod pattern;
mod text;

use std::borrow::Cow;
use std::ops::Range;

use ring::hmac;
use storelogs::LogEntry;

pub(crate) use pattern::only_email;
pub use text::{Field, NoRedaction, Redact, Text};

use crate::archive::Archive;
use crate::error::Result;

/// A match in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A secret: an access token, a key, a password, a session.
    Token,
    /// The number of a payment card.
    Card,
    /// A telephone number.
    Phone,
    /// A postal address, or a part of one.
    Address,
    /// A person's name.
    Name,
}

/// The characters of a pseudonym's code: none that is taken for another.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many characters a code has: 40 bits keep a million people apart.
const CODE: usize = 8;

impl Kind {
    pub(crate) const ALL: [Self; 6] = [Self::Email, Self::Token, Self::Card, Self::Phone, Self::Address, Self::Name];

    /// The word that stands in a pseudonym.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Token => "token",
            Self::Card => "card",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Name => "name",
        }
    }
}

/// Replaces what is found by pseudonyms.
pub struct Redactor {
    key: hmac::Key,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive() // who has the key can try names
    }
}

impl Redactor {
    /// One whose pseudonyms depend on a secret: the same secret gives the same pseudonyms.
    pub fn new(secret: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// A text without what must not be shown. JSON in a string is read field by field; in everything else, HTML too, what
    /// looks like it is found by its form.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match json::redact(self, text) {
            Some(redacted) => Cow::Owned(redacted),
            None => self.replace(text, pattern::find(text)),
        }
    }

    /// A text of which nothing but e-mail addresses and secrets is taken.
    fn redact_secrets<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut found = pattern::find(text);
        found.retain(|(_, kind)| matches!(kind, Kind::Email | Kind::Token | Kind::Card));
        self.replace(text, found)
    }

    /// An entry whose texts show nobody's data. Who did it, and what it is about, stays, but for e-mail addresses and secrets
    /// in it.
    pub fn entry(&self, entry: &LogEntry) -> LogEntry {
        let mut entry = entry.clone();
        for text in [&mut entry.summary, &mut entry.message].into_iter().flatten() {
            *text = self.redact(text).into_owned();
        }
        let facts = [
            &mut entry.actor,
            &mut entry.subject_id,
            &mut entry.category,
            &mut entry.module,
            &mut entry.action,
            &mut entry.severity_text,
        ];
        for text in facts.into_iter().flatten() {
            *text = self.redact_secrets(text).into_owned();
        }
        for (name, value) in &mut entry.extra {
            json::redact_value(self, name, value);
        }
        entry
    }

    /// The name that stands for a text in this archive.
    fn pseudonym(&self, kind: Kind, text: &str) -> String {
        let plain = pattern::plain(text);
        let tag = hmac::sign(&self.key, format!("{}\0{plain}", kind.name()).as_bytes());
        let letter = |byte: &u8| char::from(LETTERS[usize::from(byte & 31)]);
        let code: String = tag.as_ref().iter().take(CODE).map(letter).collect();
        format!("[{} {code}]", kind.name())
    }

    fn replace<'a>(&self, text: &'a str, found: Vec<(Range<usize>, Kind)>) -> Cow<'a, str> {
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut redacted = String::with_capacity(text.len());
        let mut done = 0;
        for (place, kind) in found {
            redacted.push_str(&text[done..place.start]);
            redacted.push_str(&self.pseudonym(kind, &text[place.clone()]));
            done = place.end;
        }
        redacted.push_str(&text[done..]);
        Cow::Owned(redacted)
    }
}

/// Whether a text is nothing but a pseudonym.
fn is_pseudonym(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inside.and_then(|inside| inside.split_once(' ')).is_some_and(|(kind, code)| {
        Kind::ALL.iter().any(|known| known.name() == kind)
            && code.len() == CODE
            && code.bytes().all(|byte| LETTERS.contains(&byte))
    })
}

impl Redact for Redactor {
    fn text<'a>(&self, field: Field, text: &'a str) -> Cow<'a, str> {
        match field {
            Field::Summary | Field::Message | Field::Template => self.redact(text),
            Field::Actor | Field::Subject | Field::Fact => self.redact_secrets(text),
        }
    }
}

impl Archive {
    /// The redactor of this archive's texts. Its pseudonyms are the archive's own.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn redactor(&self) -> Result<Redactor> {
        let secret = match self.secret()? {
            Some(secret) => secret,
            // The archive is a copy without its secret: the pseudonyms reveal nothing either, but differ each time.
            None => self.passing_secret()?,
        };
        Ok(Redactor::new(&secret))
    }
}
