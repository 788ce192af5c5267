//! The vendors' own example answers, all the way through the client.

use serde_json::Value;
use storelogs::testing::Response;
use storelogs::{LogEntry, Store, bigcommerce as bc, shopline as sl};

use crate::drain::{HANDLE, HASH};
use crate::offline::{bigcommerce, day, once, shopline};

macro_rules! sample {
    ($name:literal) => {
        ($name, include_str!(concat!("../samples/", $name, ".json")))
    };
}

const BIGCOMMERCE: [(&str, &str); 5] = [
    sample!("bigcommerce-1"),
    sample!("bigcommerce-2"),
    sample!("bigcommerce-3"),
    sample!("bigcommerce-4"),
    sample!("bigcommerce-5"),
];

const SHOPLINE: [(&str, &str); 1] = [sample!("shopline-1")];

/// The records of a sample. A field that is null and one that is left out are the same.
fn records(sample: &str) -> Vec<Value> {
    let mut page: Value = serde_json::from_str(sample).unwrap();
    let Value::Array(mut records) = page["data"].take() else { panic!("a sample holds `data`") };
    for record in &mut records {
        record.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    }
    records
}

fn snapshot(name: &str, entries: &[LogEntry]) {
    insta::assert_json_snapshot!(name, entries, { "[].observed" => "[now]" });
}

#[tokio::test]
async fn every_bigcommerce_sample_becomes_entries_and_its_records_again() {
    let store = Store::bigcommerce(HASH).unwrap();
    for (name, sample) in BIGCOMMERCE {
        let client = bigcommerce(&once(Response::text(200, sample))).build().unwrap();
        let page = client.page(|request| request).await.unwrap();
        let entry = |record| bc::entry(record, &store, page.observed).unwrap();
        let entries: Vec<_> = page.records.into_iter().map(|record| entry(record.unwrap())).collect();
        let rebuilt: Vec<_> = entries.iter().map(|e| serde_json::to_value(bc::record(e).unwrap()).unwrap()).collect();
        assert_eq!(rebuilt, records(sample), "{name}");
        snapshot(name, &entries);
    }
}

#[tokio::test]
async fn every_shopline_sample_becomes_entries_and_its_records_again() {
    let store = Store::shopline(HANDLE).unwrap();
    let (since, until) = day();
    for (name, sample) in SHOPLINE {
        let client = shopline(&once(Response::text(200, sample))).build().unwrap();
        let page = client.page(since, until, |request| request).await.unwrap();
        let entry = |record| sl::entry(record, &store, page.observed).unwrap();
        let entries: Vec<_> = page.records.into_iter().map(|record| entry(record.unwrap())).collect();
        let rebuilt: Vec<_> = entries.iter().map(|e| serde_json::to_value(sl::record(e).unwrap()).unwrap()).collect();
        assert_eq!(rebuilt, records(sample), "{name}");
        snapshot(name, &entries);
    }
}
