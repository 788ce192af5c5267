//! The JSON form of OTLP: enums as numbers, 64-bit integers as text, without empty fields.

use serde_json::{Map, Value, json};
use storelogs::otlp::opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use storelogs::otlp::opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use storelogs::otlp::opentelemetry_proto::tonic::logs::v1::LogRecord;
use storelogs::otlp::opentelemetry_proto::tonic::resource::v1::Resource;

/// Adds a value to a text.
pub(super) fn write(value: &Value, into: &mut Vec<u8>) {
    // A Vec grows, and a Value can always be written.
    let _ = serde_json::to_writer(into, value);
}

/// A record. It belongs to no trace, so it has no ids of one.
pub(super) fn record(record: &LogRecord) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    for (name, time) in
        [("timeUnixNano", record.time_unix_nano), ("observedTimeUnixNano", record.observed_time_unix_nano)]
    {
        if time > 0 {
            put(name, Value::String(time.to_string()));
        }
    }
    if record.severity_number > 0 {
        put("severityNumber", Value::from(record.severity_number));
    }
    for (name, text) in [("severityText", &record.severity_text), ("eventName", &record.event_name)] {
        if !text.is_empty() {
            put(name, Value::from(text.as_str()));
        }
    }
    if let Some(body) = &record.body {
        put("body", any(body));
    }
    put("attributes", attributes(&record.attributes));
    Value::Object(fields)
}

pub(super) fn resource(resource: &Resource) -> Value {
    json!({ "attributes": attributes(&resource.attributes) })
}

pub(super) fn scope(scope: &InstrumentationScope) -> Value {
    json!({ "name": scope.name, "version": scope.version })
}

fn attributes(attributes: &[KeyValue]) -> Value {
    let pair = |attribute: &KeyValue| {
        let value = attribute.value.as_ref().map_or_else(|| json!({}), any);
        json!({ "key": attribute.key, "value": value })
    };
    attributes.iter().map(pair).collect()
}

fn any(value: &AnyValue) -> Value {
    match &value.value {
        Some(Any::StringValue(text)) => json!({ "stringValue": text }),
        Some(Any::BoolValue(value)) => json!({ "boolValue": value }),
        Some(Any::IntValue(number)) => json!({ "intValue": number.to_string() }),
        // Anything that is no number was made text before.
        Some(Any::DoubleValue(number)) => json!({ "doubleValue": number }),
        Some(Any::ArrayValue(list)) => {
            json!({ "arrayValue": { "values": list.values.iter().map(any).collect::<Vec<_>>() } })
        }
        Some(Any::KvlistValue(list)) => json!({ "kvlistValue": { "values": attributes(&list.values) } }),
        // Nothing of ours is bytes.
        _ => json!({}),
    }
}
