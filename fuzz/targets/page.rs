//! Any bytes as a page of logs: nothing panics, no record is lost, and what decodes is kept whole.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde_json::Value;
use storelogs::testing::Response;
use storelogs::{Error, LogEntry, Result, bigcommerce, shopline};
use storelogs_fuzz::{check_error, run};

fuzz_target!(|body: &[u8]| {
    let answer = Response::text(200, body);
    let sent = serde_json::from_slice(body).unwrap_or_default();
    run(async {
        let store = storelogs_fuzz::bigcommerce(&answer).expect("the settings are right");
        match store.page(|request| request).await {
            Ok(page) => {
                let entry = |record| bigcommerce::entry(record, store_of(&store), page.observed).ok();
                check(page.records, list(&sent, &["data"]), entry, bigcommerce::record);
            }
            Err(error) => check_error(&error),
        }
        let store = storelogs_fuzz::shopline(&answer).expect("the settings are right");
        let (since, until) = (Timestamp::UNIX_EPOCH, Timestamp::constant(86_400, 0));
        match store.page(since, until, |request| request).await {
            Ok(page) => {
                let entry = |record| shopline::entry(record, store_of(&store), page.observed).ok();
                check(page.records, list(&sent, &["data", "operationLogs"]), entry, shopline::record);
            }
            Err(error) => check_error(&error),
        }
    });
});

fn store_of(source: &impl storelogs::LogSource) -> &storelogs::Store {
    source.store()
}

/// The records as they were sent. `None` where JSON as a whole says less than the page's own decoder.
fn list<'a>(sent: &'a Value, fields: &[&str]) -> Option<&'a Vec<Value>> {
    fields.iter().find_map(|field| sent.get(field)?.as_array())
}

fn check<R: Clone + Serialize>(
    records: Vec<Result<R>>,
    sent: Option<&Vec<Value>>,
    entry: impl Fn(R) -> Option<LogEntry>,
    record: impl Fn(&LogEntry) -> Result<R, Error>,
) {
    if let Some(sent) = sent {
        assert_eq!(records.len(), sent.len(), "every record is there, as itself or as an error");
    }
    for one in records {
        let one = match one {
            Ok(one) => one,
            Err(error) => {
                check_error(&error);
                continue;
            }
        };
        let before = serde_json::to_value(&one).expect("a record is JSON");
        let Some(made) = entry(one) else { continue };
        let again = record(&made).expect("an entry is a record of its platform");
        assert_eq!(serde_json::to_value(&again).expect("a record is JSON"), before, "the record comes back");
        assert_eq!(entry(again).as_ref(), Some(&made), "and makes the same entry");
        let text = serde_json::to_string(&made).expect("an entry is JSON");
        assert!(!text.contains('\n'), "an entry is one line");
        assert_eq!(serde_json::from_str::<LogEntry>(&text).expect("JSON of an entry is one"), made);
    }
}
