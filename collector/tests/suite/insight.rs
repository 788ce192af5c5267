//! What a report says is what the archive holds.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::Value;
use storelogs_collector::insight::{AsItIs, Options, Report, report};
use storelogs_collector::search::Filter;

use crate::shop::{self, Shop, now};

fn options(days: i64) -> Options {
    Options {
        since: now() - SignedDuration::from_hours(24 * days),
        until: now(),
        compare: true,
        stores: Vec::new(),
        zone: None,
        now: now(),
    }
}

fn of(shop: &Shop, days: i64) -> Report {
    report(&shop.archive, &options(days), &AsItIs).unwrap()
}

/// Calls `each` with every query of a report, and with how many entries it has to list.
fn each_query(json: &Value, each: &mut impl FnMut(&str, u64, &Value)) {
    match json {
        Value::Object(fields) => {
            if let Some(query) = fields.get("query").and_then(Value::as_str) {
                let number = |name: &str| fields.get(name).and_then(Value::as_u64);
                let entries = if fields.get("trend").is_some_and(|trend| trend == "gone") {
                    number("before")
                } else {
                    number("now").or(number("entries"))
                };
                let one = || query.starts_with("uid:").then_some(1);
                if let Some(entries) = one().or(entries) {
                    each(query, entries, json);
                }
            }
            fields.values().for_each(|json| each_query(json, each));
        }
        Value::Array(list) => list.iter().for_each(|json| each_query(json, each)),
        _ => {}
    }
}

#[test]
fn every_line_counts_what_its_query_finds() {
    let shop = shop::shop(1);
    for days in [30, 2, 90] {
        let report = serde_json::to_value(of(&shop, days)).unwrap();
        let mut queries = 0;
        each_query(&report, &mut |query, entries, line| {
            let filter = Filter::parse(query, now(), &TimeZone::UTC).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(shop.archive.count_found(&filter).unwrap(), entries, "{query}\n{line:#}");
            queries += 1;
        });
        assert!(queries > 60, "{days} days: {queries}");
    }
}

#[test]
fn what_was_planted_is_found() {
    let shop = shop::shop(1);
    let report = of(&shop, 90);
    let second = |time: jiff::Timestamp| time.as_second();
    for planted in &shop.bigcommerce.incidents {
        let found = report.incidents.list.iter().find(|found| {
            found.module.as_ref().is_some_and(|module| module.as_str() == planted.module)
                && second(found.start) < planted.end
                && second(found.end) > planted.start
        });
        let found = found.unwrap_or_else(|| panic!("{planted:?} is not found"));
        assert!(second(found.start).abs_diff(planted.start) < 1800, "{found:?}");
        assert!(second(found.end).abs_diff(planted.end) < 1800, "{found:?}");
        assert!(found.entries.abs_diff(planted.rows as u64) <= 2, "{} {planted:?}", found.entries);
    }
    assert_eq!(report.incidents.list.len(), shop.bigcommerce.incidents.len());
    let bulk: Vec<_> = report.people.bulk.iter().rev().map(|bulk| (bulk.actor.as_str(), bulk.entries)).collect();
    let planted: Vec<_> = shop.shopline.bulk_edits.iter().map(|bulk| (bulk.actor.as_str(), bulk.rows as u64)).collect();
    assert_eq!(bulk, planted);
}
