//! Entries as the messages of OpenTelemetry's protocol, OTLP.
//!
//! A [`LogEntry`] becomes a [`LogRecord`] with `into()`. [`resource_logs`] makes the whole body of an export, by store.
//! [`opentelemetry_proto`] is re-exported: its version is ours.
//!
//! ```
//! use storelogs::otlp::{opentelemetry_proto::tonic::logs::v1::LogRecord, resource_logs};
//! use storelogs::{LogEntry, Severity, Store};
//!
//! let store = Store::bigcommerce("abc123")?;
//! let time = "2026-11-01T08:00:00Z".parse().expect("a literal that is a time");
//! let entry = LogEntry::builder(&store, "7", time).severity(Severity::Error).summary("No rates").build();
//! let record = LogRecord::from(&entry);
//! assert_eq!(record.severity_number, 17);
//! assert_eq!(resource_logs([&entry]).len(), 1);
//! # Ok::<(), storelogs::Error>(())
//! ```
//!
//! | in OTLP | of the entry |
//! |---|---|
//! | `time_unix_nano`, `observed_time_unix_nano` | `time`, `observed`; 0, which is "unknown", before 1970 |
//! | `severity_number`, `severity_text` | `severity`, `severity_text` |
//! | `body` | `summary` |
//! | attribute `log.record.uid` | `uid` |
//! | attributes `shop.category`, `.action`, `.module`, `.subject.id`, `.message`, `.utc_offset`, and `user.name` | the fields of that name, and `actor` |
//! | attributes `shop.extra.NAME` | `extra`; a field that is `null` is left out, and a list with a `null` in it is its JSON, as text, for receivers that refuse a value that is none |
//! | `event_name` | `shop.log` |
//! | resource `service.name` and `shop.platform`, `shop.tenant.id` | `platform`, `store` |

pub use opentelemetry_proto;

use std::collections::BTreeMap;

use jiff::Timestamp;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Number, Value};

use crate::entry::LogEntry;
use crate::store::Store;

/// The name of the event that every entry is: all have this one form.
pub const EVENT: &str = "shop.log";

impl From<&LogEntry> for LogRecord {
    fn from(entry: &LogEntry) -> Self {
        let mut attributes = vec![text("log.record.uid", &entry.uid)];
        let named = [
            ("shop.category", &entry.category),
            ("shop.action", &entry.action),
            ("shop.module", &entry.module),
            ("user.name", &entry.actor),
            ("shop.subject.id", &entry.subject_id),
            ("shop.message", &entry.message),
        ];
        attributes.extend(named.into_iter().filter_map(|(name, value)| Some(text(name, value.as_ref()?))));
        attributes.push(text("shop.utc_offset", &entry.utc_offset.to_string()));
        let extra = entry.extra.iter();
        attributes.extend(extra.filter_map(|(name, value)| Some(attribute(format!("shop.extra.{name}"), any(value)?))));
        Self {
            time_unix_nano: nanoseconds(entry.time),
            observed_time_unix_nano: nanoseconds(entry.observed),
            severity_number: i32::from(entry.severity.number()),
            severity_text: entry.severity_text.clone().unwrap_or_default(),
            body: entry.summary.clone().map(|summary| AnyValue { value: Some(Any::StringValue(summary)) }),
            attributes,
            event_name: EVENT.to_owned(),
            ..Self::default()
        }
    }
}

impl From<LogEntry> for LogRecord {
    fn from(entry: LogEntry) -> Self {
        Self::from(&entry)
    }
}

/// The entries as the body of an export, one resource for each store.
pub fn resource_logs<'a>(entries: impl IntoIterator<Item = &'a LogEntry>) -> Vec<ResourceLogs> {
    let mut stores: BTreeMap<(&str, &str), Vec<LogRecord>> = BTreeMap::new();
    for entry in entries {
        stores.entry((entry.platform.as_str(), &entry.store)).or_default().push(entry.into());
    }
    let of_store = |((platform, store), log_records)| ResourceLogs {
        resource: Some(resource_of(platform, store)),
        scope_logs: vec![ScopeLogs { scope: Some(scope()), log_records, ..ScopeLogs::default() }],
        ..ResourceLogs::default()
    };
    stores.into_iter().map(of_store).collect()
}

/// The resource of a store.
pub fn resource(store: &Store) -> Resource {
    resource_of(store.platform().as_str(), store.name())
}

/// The scope of the records: this library.
pub fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

fn resource_of(platform: &str, store: &str) -> Resource {
    Resource {
        attributes: vec![
            text("service.name", platform),
            text("shop.platform", platform),
            text("shop.tenant.id", store),
        ],
        ..Resource::default()
    }
}

fn nanoseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_nanosecond()).unwrap_or(0)
}

fn text(name: &str, value: &str) -> KeyValue {
    attribute(name.to_owned(), AnyValue { value: Some(Any::StringValue(value.to_owned())) })
}

fn attribute(key: String, value: AnyValue) -> KeyValue {
    KeyValue { key, value: Some(value), ..KeyValue::default() }
}

/// A value, or nothing for `null`: receivers refuse a value that is none, and with it the whole request.
fn any(value: &Value) -> Option<AnyValue> {
    let value = match value {
        Value::Null => return None,
        Value::Bool(value) => Any::BoolValue(*value),
        Value::Number(number) => numeric(number),
        Value::String(text) => Any::StringValue(text.clone()),
        // Without its `null`s the others would stand in other places.
        Value::Array(items) => match items.iter().map(any).collect() {
            Some(values) => Any::ArrayValue(ArrayValue { values }),
            None => Any::StringValue(value.to_string()),
        },
        Value::Object(fields) => Any::KvlistValue(KeyValueList {
            values: fields.iter().filter_map(|(name, value)| Some(attribute(name.clone(), any(value)?))).collect(),
        }),
    };
    Some(AnyValue { value: Some(value) })
}

/// A number that OTLP's types would change goes as text.
fn numeric(number: &Number) -> Any {
    let text = number.to_string();
    let exact = |float: &f64| text.parse::<f64>().is_ok_and(|read| read == *float) && text.len() <= 17;
    match (number.as_i64(), number.as_f64().filter(exact)) {
        (Some(integer), _) => Any::IntValue(integer),
        (None, Some(float)) => Any::DoubleValue(float),
        (None, None) => Any::StringValue(text),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::Severity;

    fn entry(store: &str) -> LogEntry {
        let time = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(1_500);
        let builder = LogEntry::builder(&store.parse::<Store>().expect("a store"), "7", time);
        let builder = builder.observed(time + SignedDuration::from_secs(1)).severity(Severity::Notice);
        builder
            .severity_text("notices")
            .actor("alice")
            .summary("Saved")
            .extra("big", 12_345_678_901_234_567_890_u64)
            .build()
    }

    fn value<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Any> {
        attributes.iter().find(|attribute| attribute.key == name)?.value.as_ref()?.value.as_ref()
    }

    #[test]
    fn an_entry_is_a_record_of_the_data_model_and_nothing_of_it_is_changed() {
        let record = LogRecord::from(entry("shopline:open001"));
        assert_eq!((record.time_unix_nano, record.observed_time_unix_nano), (1_500_000_000, 2_500_000_000));
        assert_eq!((record.severity_number, record.severity_text.as_str()), (10, "notices"));
        let text = |text: &str| Some(Any::StringValue(text.to_owned()));
        assert_eq!(record.body.as_ref().and_then(|body| body.value.clone()), text("Saved"));
        let named = |name: &str| value(&record.attributes, name).cloned();
        assert_eq!(named("log.record.uid"), text("shopline:open001:7"));
        assert_eq!(named("user.name"), text("alice"));
        assert_eq!(named("shop.module"), None);
        assert_eq!(named("shop.extra.big"), text("12345678901234567890"), "no double holds it");
    }

    #[test]
    fn no_value_is_none_wherever_a_null_stands() {
        let mut entry = entry("shopline:open001");
        let extra = serde_json::json!({
            "none": null,
            "fields": {"none": null, "list": ["", null, 1.50, [null]], "empty": []},
            "lists": [[null], [7]],
        });
        entry.extra = serde_json::from_value(extra).expect("fields");
        let text = |text: &str| AnyValue { value: Some(Any::StringValue(text.to_owned())) };
        let list = |values| AnyValue { value: Some(Any::ArrayValue(ArrayValue { values })) };
        let seven = AnyValue { value: Some(Any::IntValue(7)) };
        let attributes = LogRecord::from(&entry).attributes;
        let value = |name: &str| Some(attributes.iter().find(|attribute| attribute.key == name)?.value.clone());
        assert_eq!(value("shop.extra.none"), None);
        assert_eq!(value("shop.extra.lists"), Some(Some(list(vec![text("[null]"), list(vec![seven])]))));
        let Some(Some(AnyValue { value: Some(Any::KvlistValue(fields)) })) = value("shop.extra.fields") else {
            panic!("no fields")
        };
        let fields = fields.values.into_iter().map(|field| (field.key, field.value));
        let expected = [("list", text(r#"["",null,1.5,[null]]"#)), ("empty", list(Vec::new()))];
        let expected = expected.map(|(name, value)| (name.to_owned(), Some(value)));
        assert_eq!(std::collections::BTreeMap::from_iter(fields), expected.into());
    }

    #[test]
    fn a_time_before_1970_is_unknown_and_does_not_wrap() {
        let mut entry = entry("shopline:open001");
        entry.time = Timestamp::MIN;
        assert_eq!(LogRecord::from(&entry).time_unix_nano, 0);
    }

    #[test]
    fn each_store_is_a_resource_with_its_own_entries() {
        let entries = ["shopline:open001", "bigcommerce:abc123", "shopline:open001"].map(entry);
        let resources = resource_logs(&entries);
        let shown: Vec<_> = resources
            .iter()
            .map(|of_store| {
                let attributes = &of_store.resource.as_ref().expect("a resource").attributes;
                let Some(Any::StringValue(store)) = value(attributes, "shop.tenant.id") else { panic!("no store") };
                (store.as_str(), of_store.scope_logs[0].log_records.len())
            })
            .collect();
        assert_eq!(shown, [("abc123", 1), ("open001", 2)]);
    }
}
