//! The unified log model.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::severity::Severity;
use crate::store::{Platform, Store};

/// One entry of a store's log, whichever platform it came from.
///
/// The model follows OpenTelemetry's Logs Data Model; each field names its counterpart there. It is lossless: from an
/// entry the platform's own record can be rebuilt, with [`bigcommerce::record`](crate::bigcommerce::record) and
/// [`shopline::record`](crate::shopline::record). A field that the platform does not have is `None` and is left out of
/// JSON; nothing is guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LogEntry {
    /// Unique over all stores and platforms: `platform:store:id`. OpenTelemetry: attribute `log.record.uid`.
    pub uid: String,
    /// The platform. OpenTelemetry: resource attribute `shop.platform`.
    pub platform: Platform,
    /// The store hash or handle. OpenTelemetry: resource attribute `shop.tenant.id`.
    pub store: Arc<str>,
    /// The platform's id of the entry, digits. May exceed what a float can hold.
    pub id: String,
    /// When it happened, in UTC. OpenTelemetry: `Timestamp`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "date_time"))]
    pub time: Timestamp,
    /// The offset from UTC that the platform wrote the time with, such as `+08:00`.
    pub utc_offset: UtcOffset,
    /// When the answer that held the entry came, by this machine's clock. OpenTelemetry: `ObservedTimestamp`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "date_time"))]
    pub observed: Timestamp,
    /// How serious it is. OpenTelemetry: `SeverityNumber`.
    pub severity: Severity,
    /// The severity as the platform sent it, such as `errors`. OpenTelemetry: `SeverityText`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity_text: Option<String>,
    /// The kind of subject: BigCommerce's `type`, SHOPLINE's `subject_type`. OpenTelemetry: attribute `shop.category`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The action: SHOPLINE's `verb`. OpenTelemetry: attribute `shop.action`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The part of the shop that logged it: BigCommerce's `module`. OpenTelemetry: attribute `shop.module`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The actor: SHOPLINE's `author`. OpenTelemetry: attribute `user.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The id of the thing acted on: SHOPLINE's `subject_id`. OpenTelemetry: attribute `shop.subject.id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<String>,
    /// A summary in one line: BigCommerce's `summary`, SHOPLINE's `detail`. OpenTelemetry: `Body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The long form: plain text, HTML, or JSON in a string. Holds personal data. OpenTelemetry: attribute
    /// `shop.message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Fields of the record that the platform's document does not name, under their own names. Also the field as it
    /// was sent, where the model can't hold its exact form, such as a time that is not written the usual way. Where the
    /// record was no text that JSON allows, such as bytes that are not UTF-8 or half of a surrogate pair, `raw_record`
    /// is all of it as it was sent, with `\xff` for such a byte; the entry has U+FFFD in its place.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl LogEntry {
    /// An entry with what every entry has; the optional fields are empty and the severity is
    /// [`Unspecified`](Severity::Unspecified).
    pub fn new(store: &Store, id: impl Into<String>, time: Timestamp, observed: Timestamp) -> Self {
        let id = id.into();
        Self {
            uid: [store.platform().as_str(), ":", store.name(), ":", &id].concat(),
            platform: store.platform().clone(),
            store: store.shared_name(),
            id,
            time,
            utc_offset: UtcOffset::default(),
            observed,
            severity: Severity::default(),
            severity_text: None,
            category: None,
            action: None,
            module: None,
            actor: None,
            subject_id: None,
            summary: None,
            message: None,
            extra: Map::new(),
        }
    }

    /// The JSON Schema of an entry, as JSON Lines output follows it.
    #[cfg(feature = "schema")]
    pub fn json_schema() -> Value {
        schemars::schema_for!(Self).into()
    }
}

/// One line: the time, the severity, the store, where it came from and who did what, and what happened. Control characters
/// and those that turn the direction of text are escaped, as the text is not ours.
impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, severity, platform, store, .. } = self;
        write!(f, "{time} {severity} {platform}:{store}")?;
        let origin = self.module.as_deref().filter(|module| !module.is_empty());
        let origin = [origin.or(self.action.as_deref()).or(self.category.as_deref()), self.actor.as_deref()];
        for (joint, text) in [" ", " by "].into_iter().zip(origin) {
            if let Some(text) = text {
                f.write_str(joint)?;
                write_plain(f, text)?;
            }
        }
        if let Some(summary) = &self.summary {
            f.write_str(": ")?;
            write_plain(f, summary)?;
        }
        Ok(())
    }
}

fn write_plain(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}') {
            write!(f, "{}", c.escape_default())?;
        } else {
            write!(f, "{c}")?;
        }
    }
    Ok(())
}

/// An offset from UTC in seconds, written `+08:00`. East is positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UtcOffset(i32);

impl UtcOffset {
    /// An offset of this many seconds east of UTC; at most a day, beyond that it is cut.
    pub fn from_seconds(seconds: i32) -> Self {
        Self(seconds.clamp(-86_399, 86_399))
    }

    /// Seconds east of UTC.
    pub fn seconds(self) -> i32 {
        self.0
    }
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, all) = if self.0 < 0 { ('-', -self.0) } else { ('+', self.0) };
        write!(f, "{sign}{:02}:{:02}", all / 3600, all / 60 % 60)?;
        match all % 60 {
            0 => Ok(()),
            seconds => write!(f, ":{seconds:02}"),
        }
    }
}

impl FromStr for UtcOffset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::invalid(format!("{text:?} is not an offset from UTC such as +08:00"));
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => return Err(bad()),
        };
        let mut seconds = 0;
        for (unit, part) in [3600, 60, 1].iter().zip(rest.split(':')) {
            let number: i32 = part.parse().map_err(|_| bad())?;
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            if !digits || (*unit < 3600 && number > 59) {
                return Err(bad());
            }
            seconds += unit * number;
        }
        match (rest.len(), seconds) {
            (5 | 8, 0..86_400) => Ok(Self(sign * seconds)),
            _ => Err(bad()),
        }
    }
}

impl Serialize for UtcOffset {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UtcOffset {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
fn date_time(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "format": "date-time" })
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for UtcOffset {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "UtcOffset".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^[+-]\d\d:\d\d(:\d\d)?$",
            "description": "An offset from UTC, such as `+08:00`."
        })
    }
}
