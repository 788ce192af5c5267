//! Any text as a severity, a time and an id: a record becomes an entry and itself again, or is handed back whole.
//!
//! The input's lines are the severity, the time and the id.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use storelogs::{LogEntry, Store, bigcommerce, shopline};

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (severity, time, id) = (line(), line(), line());
    let number = id.parse::<i64>();
    let observed = Timestamp::UNIX_EPOCH;

    let store = Store::bigcommerce("abc123").expect("a store");
    let severity = severity.parse::<i64>().map_or_else(|_| json!(severity), |number| json!(number));
    let sent = json!({ "date_created": time, "id": number.unwrap_or(7), "severity": severity });
    match bigcommerce::entry(serde_json::from_value(sent.clone()).expect("a record"), &store, observed) {
        Ok(entry) => {
            let record = bigcommerce::record(&entry).expect("an entry of BigCommerce");
            check(&entry, &sent, &json!(record));
        }
        Err(invalid) => assert_eq!((invalid.field, json!(invalid.record)), ("date_created", sent)),
    }

    let store = Store::shopline("open001").expect("a store");
    let sent = json!({ "created_at": time, "id": id });
    match shopline::entry(serde_json::from_value(sent.clone()).expect("a record"), &store, observed) {
        Ok(entry) => {
            assert!(!id.is_empty());
            let record = shopline::record(&entry).expect("an entry of SHOPLINE");
            check(&entry, &sent, &json!(record));
        }
        Err(invalid) => assert_eq!(json!(invalid.record), sent, "{}: {}", invalid.field, invalid.why),
    }
});

fn check(entry: &LogEntry, sent: &Value, rebuilt: &Value) {
    assert_eq!(rebuilt, sent);
    let text = serde_json::to_string(entry).expect("an entry is JSON");
    assert_eq!(&serde_json::from_str::<LogEntry>(&text).expect("JSON of an entry is one"), entry);
    let offset = entry.utc_offset.to_string();
    assert_eq!(offset.parse().ok(), Some(entry.utc_offset), "{offset}");
}
