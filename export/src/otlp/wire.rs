//! Requests of OTLP: records are written once, and put together into requests of any size.

use std::ops::Range;

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use storelogs::Store;
use storelogs::otlp::opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use storelogs::otlp::opentelemetry_proto::tonic::logs::v1::LogRecord;
use storelogs::otlp::opentelemetry_proto::tonic::resource::v1::Resource;
use storelogs::otlp::{resource, scope};

use super::json;
use super::settings::Form;

/// The numbers of the fields.
const RESOURCE_LOGS: u32 = 1;
const RESOURCE: u32 = 1;
const SCOPE_LOGS: u32 = 2;
const SCOPE: u32 = 1;
const LOG_RECORDS: u32 = 2;

/// Adds a record to a text of records.
pub(super) fn write(form: Form, record: &LogRecord, into: &mut Vec<u8>) {
    match form {
        // A Vec grows.
        Form::Protobuf => drop(record.encode(into)),
        Form::Json => json::write(&json::record(record), into),
    }
}

/// The envelope around the records of a store.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    resource: Vec<u8>,
    scope: Vec<u8>,
}

impl Frame {
    pub(super) fn of(form: Form, store: &Store) -> Self {
        let (resource, scope): (Resource, InstrumentationScope) = (resource(store), scope());
        match form {
            Form::Protobuf => Self { resource: resource.encode_to_vec(), scope: scope.encode_to_vec() },
            Form::Json => {
                let text = |value| {
                    let mut text = Vec::new();
                    json::write(&value, &mut text);
                    text
                };
                Self { resource: text(json::resource(&resource)), scope: text(json::scope(&scope)) }
            }
        }
    }
}

/// A request of the records of some stores: of each its frame, and where in the text its records stand.
pub(super) fn request(form: Form, text: &[u8], stores: &[(&Frame, Vec<Range<usize>>)]) -> Vec<u8> {
    let mut body = Vec::with_capacity(text.len() / 2);
    match form {
        Form::Protobuf => stores.iter().for_each(|(frame, records)| protobuf(frame, text, records, &mut body)),
        Form::Json => {
            body.extend_from_slice(br#"{"resourceLogs":["#);
            for (number, (frame, records)) in stores.iter().enumerate() {
                body.extend_from_slice(if number == 0 { br#"{"resource":"# } else { br#",{"resource":"# });
                body.extend_from_slice(&frame.resource);
                body.extend_from_slice(br#","scopeLogs":[{"scope":"#);
                body.extend_from_slice(&frame.scope);
                body.extend_from_slice(br#","logRecords":["#);
                for (number, record) in records.iter().enumerate() {
                    if number > 0 {
                        body.push(b',');
                    }
                    body.extend_from_slice(&text[record.clone()]);
                }
                body.extend_from_slice(b"]}]}");
            }
            body.extend_from_slice(b"]}");
        }
    }
    body
}

fn protobuf(frame: &Frame, text: &[u8], records: &[Range<usize>], into: &mut Vec<u8>) {
    let records_len: usize = records.iter().map(|record| field_len(LOG_RECORDS, record.len())).sum();
    let scope_logs = field_len(SCOPE, frame.scope.len()) + records_len;
    let resource_logs = field_len(RESOURCE, frame.resource.len()) + field_len(SCOPE_LOGS, scope_logs);
    begin(RESOURCE_LOGS, resource_logs, into);
    begin(RESOURCE, frame.resource.len(), into);
    into.extend_from_slice(&frame.resource);
    begin(SCOPE_LOGS, scope_logs, into);
    begin(SCOPE, frame.scope.len(), into);
    into.extend_from_slice(&frame.scope);
    for record in records {
        begin(LOG_RECORDS, record.len(), into);
        into.extend_from_slice(&text[record.clone()]);
    }
}

fn field_len(field: u32, len: usize) -> usize {
    key_len(field) + encoded_len_varint(len as u64) + len
}

fn begin(field: u32, len: usize, into: &mut Vec<u8>) {
    encode_key(field, WireType::LengthDelimited, into);
    encode_varint(len as u64, into);
}

#[cfg(test)]
mod tests {
    use storelogs::otlp::opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use storelogs::{LogEntry, Severity};

    use super::*;

    fn entries() -> Vec<LogEntry> {
        let entry = |store: &str, id: &str| {
            let time = "2026-08-01T10:00:00.123456789Z".parse().unwrap();
            let entry = LogEntry::builder(&store.parse::<Store>().unwrap(), id, time).severity(Severity::Error);
            entry.summary("\"a\"\n\u{1F600}").extra("list", vec![1, 2]).extra("none", ()).extra("half", 0.5).build()
        };
        vec![
            entry("bigcommerce:abc123", "1"),
            entry("shopline:00123", "9007199254740993"),
            entry("shopline:00123", "2"),
        ]
    }

    fn body(form: Form) -> Vec<u8> {
        let (mut text, mut ranges) = (Vec::new(), Vec::new());
        for entry in entries() {
            let start = text.len();
            write(form, &LogRecord::from(&entry), &mut text);
            ranges.push(start..text.len());
        }
        let stores = ["bigcommerce:abc123", "shopline:00123"].map(|store| Frame::of(form, &store.parse().unwrap()));
        request(form, &text, &[(&stores[0], vec![ranges[0].clone()]), (&stores[1], ranges[1..].to_vec())])
    }

    #[test]
    fn what_is_put_together_is_what_the_messages_encode_to() {
        let request = ExportLogsServiceRequest { resource_logs: storelogs::otlp::resource_logs(&entries()) };
        assert_eq!(body(Form::Protobuf), request.encode_to_vec());
    }

    #[test]
    fn in_json_enums_are_numbers_and_long_integers_texts_and_what_is_empty_is_not_there() {
        let body: serde_json::Value = serde_json::from_slice(&body(Form::Json)).unwrap();
        let store = &body["resourceLogs"][1];
        assert_eq!(store["scopeLogs"][0]["logRecords"].as_array().unwrap().len(), 2);
        let record = &body["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
        assert_eq!(record["timeUnixNano"], "1785578400123456789");
        assert_eq!(record["severityNumber"], 17);
        assert_eq!(record["body"]["stringValue"], "\"a\"\n\u{1F600}");
        let attributes = record["attributes"].as_array().unwrap();
        let value = |name: &str| attributes.iter().find(|attribute| attribute["key"] == name).map(|a| &a["value"]);
        assert_eq!(value("shop.extra.list").unwrap()["arrayValue"]["values"][1]["intValue"], "2");
        assert_eq!(value("shop.extra.half").unwrap()["doubleValue"], 0.5);
        assert_eq!(value("shop.extra.none"), None);
        for absent in ["traceId", "spanId", "flags", "droppedAttributesCount"] {
            assert!(record.get(absent).is_none(), "{absent}");
        }
    }
}
