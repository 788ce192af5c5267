//! Histories: the same seed gives the same records, and what they say was planted is there.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashSet;

use common::MARCH;
use serde_json::Value;
use storelogs_sandbox::{ActorKind, History, IncidentKind, Platform, load_file};

const BOTH: [Platform; 2] = [Platform::BigCommerce, Platform::Shopline];

fn second(record: &Value) -> i64 {
    let date = record.get("date_created").or_else(|| record.get("created_at")).unwrap();
    date.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second()
}

#[test]
fn the_same_seed_makes_the_same_history() {
    for platform in BOTH {
        let make = |seed| History::seeded(seed).ending_at(MARCH).records(platform).values();
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }
}

#[test]
fn records_are_unique_ordered_and_within_the_time_range() {
    for platform in BOTH {
        for history in [
            History::seeded(7).ending_at(MARCH),
            History::bulk(7, 5000).ending_at(MARCH),
            History::bulk(7, 5000).rows_per_second(700).ending_at(MARCH),
        ] {
            let records = history.records(platform).values();
            let (since, until) = history.time_range();
            let ids: HashSet<String> = records.iter().map(|record| record["id"].to_string()).collect();
            assert_eq!(ids.len(), records.len());
            assert!(records.len() >= 5000 || matches!(platform, Platform::Shopline), "{}", records.len());
            assert!(records.is_sorted_by_key(second));
            assert!(records.iter().all(|record| (since..until).contains(&second(record))));
        }
    }
}

#[test]
fn shopline_ids_have_nineteen_digits_and_hold_the_millisecond() {
    for record in History::seeded(3).ending_at(MARCH).records(Platform::Shopline).values() {
        let id = record["id"].as_str().unwrap();
        assert_eq!(id.len(), 19);
        let ms = (id.parse::<u64>().unwrap() >> 24) as i64 + 1_330_328_108_600;
        assert_eq!(ms / 1000, second(&record));
    }
}

#[test]
fn planted_incidents_are_in_the_rows() {
    let history = History::seeded(7).ending_at(MARCH);
    let planted = history.planted(Platform::BigCommerce);
    let kinds: Vec<_> = planted.incidents.iter().map(|incident| incident.kind).collect();
    assert_eq!(kinds, [IncidentKind::PaymentOutage, IncidentKind::PaymentOutage, IncidentKind::CarrierFailure]);
    let records = history.records(Platform::BigCommerce).values();
    for incident in planted.incidents {
        let hit = |record: &&Value| {
            (incident.start..incident.end).contains(&second(record))
                && record["module"] == incident.module.as_str()
                && record["type"] == incident.log_type.as_str()
        };
        let errors = records.iter().filter(hit).filter(|record| record["severity"] == "errors").count();
        assert_eq!(errors, incident.rows);
        assert!(errors >= 20, "{incident:?}");
        assert!(errors * 10 >= records.iter().filter(hit).count() * 8);
    }
}

#[test]
fn planted_actions_are_in_the_rows() {
    let history = History::seeded(7).ending_at(MARCH);
    let planted = history.planted(Platform::Shopline);
    let records = history.records(Platform::Shopline).values();
    assert_eq!(planted.bulk_edits.len(), 2);
    for edit in &planted.bulk_edits {
        let hit = |record: &&Value| {
            (edit.start..edit.end).contains(&second(record))
                && record["author"] == edit.actor.as_str()
                && record["verb"] == edit.verb.as_str()
        };
        assert_eq!(records.iter().filter(hit).count(), edit.rows);
        assert!(edit.rows >= 200 && edit.end - edit.start <= 600);
    }
    // Three of their own, and one before each payment outage.
    assert_eq!(planted.sensitive.len(), 5);
    assert!(planted.sensitive.iter().any(|change| change.at_night && change.verb.ends_with("permissions")));
    for change in &planted.sensitive {
        let record = records.iter().find(|record| record["id"] == change.id.as_str()).unwrap();
        assert_eq!((second(record), &record["verb"]), (change.at, &Value::from(change.verb.as_str())));
    }
    assert!(planted.actors.iter().any(|actor| actor.kind == ActorKind::App));
    for actor in &planted.actors {
        let rows = records.iter().filter(|record| record["author"] == actor.name.as_str()).count();
        assert_eq!(rows, actor.rows);
    }
}

#[test]
fn something_was_changed_before_each_incident() {
    let history = History::seeded(7).ending_at(MARCH);
    let [incidents, causes] = [
        history.planted(Platform::BigCommerce).incidents.iter().map(|incident| incident.start).collect::<Vec<_>>(),
        history.planted(Platform::Shopline).causes.iter().map(|cause| cause.incident).collect(),
    ];
    assert_eq!(incidents, causes);
    let records = history.records(Platform::Shopline).values();
    for cause in history.planted(Platform::Shopline).causes {
        let record = records.iter().find(|record| record["id"] == cause.id.as_str()).unwrap();
        assert_eq!((second(record), &record["author"]), (cause.at, &Value::from(cause.actor.as_str())));
        assert!((1..3600).contains(&(cause.incident - cause.at)), "{cause:?}");
    }
}

#[test]
fn a_calm_history_hides_nothing() {
    let history = History::seeded(7).ending_at(MARCH).calm();
    for platform in [Platform::BigCommerce, Platform::Shopline] {
        let planted = history.planted(platform);
        assert!(planted.incidents.is_empty() && planted.bulk_edits.is_empty(), "{planted:?}");
        assert!(planted.sensitive.is_empty() && planted.causes.is_empty(), "{planted:?}");
        assert!(history.records(platform).values().len() > 3000);
    }
}

#[test]
fn planted_forms_are_all_that_goes_wrong() {
    let history = History::seeded(7).ending_at(MARCH);
    let forms = history.planted(Platform::BigCommerce).forms;
    let records = history.records(Platform::BigCommerce).values();
    let wrong: Vec<&Value> =
        records.iter().filter(|record| record["severity"] == "errors" || record["severity"] == "warnings").collect();
    assert_eq!(forms.iter().map(|form| form.rows).sum::<usize>(), wrong.len());
    for form in forms {
        let pieces: Vec<&str> = form.words.split("{}").collect();
        let has = |record: &&&Value| pieces.iter().all(|piece| record["summary"].as_str().unwrap().contains(piece));
        let of: Vec<i64> = wrong.iter().filter(has).map(|record| second(record)).collect();
        assert_eq!((of.len(), of[0], of[of.len() - 1]), (form.rows, form.first, form.last), "{form:?}");
    }
}

#[test]
fn messages_take_every_form_the_platform_is_known_for() {
    let records = History::seeded(7).ending_at(MARCH).records(Platform::BigCommerce).values();
    let has = |test: &dyn Fn(&Value) -> bool| records.iter().any(|record| test(&record["message"]));
    assert!(has(&|message| message.is_null()));
    assert!(has(&|message| message == ""));
    assert!(has(&|message| message.as_str().is_some_and(|text| text.starts_with("<p>"))));
    let quote = |message: &Value| {
        let quote = message.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok())?;
        let email = quote["customerEmail"].as_str()?.to_owned();
        (email.ends_with("@example.com") && quote["destination"]["streetAddress1"].is_string()).then_some(())
    };
    assert!(has(&|message| quote(message).is_some()));
}

#[test]
fn a_file_shows_its_platform_by_its_fields() {
    let folder = std::env::temp_dir().join(format!("storelogs-sandbox-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let page = r#"{"data":[{"id":5,"severity":"success","summary":"","date_created":"2021-12-20T23:15:24+00:00"}]}"#;
    let loaded = load_file(write("page.json", page)).unwrap();
    assert_eq!((loaded.platform, loaded.records.len()), (Platform::BigCommerce, 1));
    let old =
        r#"{"operationLogs":[{"id":"5","verb":"edit","subject_type":"x","created_at":"2024-08-01T12:38:49+08:00"}]}"#;
    assert_eq!(load_file(write("old.json", old)).unwrap().platform, Platform::Shopline);
    let array = r#"[{"id":"5","created_at":"2024-08-01T12:38:49+08:00"}]"#;
    let loaded = load_file(write("array.json", array)).unwrap();
    assert_eq!(loaded.store("open001").name(), "open001");
    for (name, text) in [("bad.json", "{"), ("none.json", "{}"), ("other.json", r#"[{"a":1}]"#)] {
        let error = load_file(write(name, text)).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
    assert!(load_file(write("empty.json", r#"{"data":[]}"#)).unwrap_err().to_string().contains("holds no record"));
    assert!(load_file(folder.join("missing.json")).unwrap_err().to_string().contains("missing.json"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_a_moved_history_holds_depends_on_no_hour_and_no_weekday() {
    let times = |platform, end: i64| -> Vec<(i64, String)> {
        let records = History::seeded(7).rows_per_day(20).moved_to(end).records(platform).values();
        let said = if platform == Platform::BigCommerce { "summary" } else { "detail" };
        records.iter().map(|record| (end - second(record), record[said].to_string())).collect()
    };
    let planted = |platform, end: i64| {
        let planted = History::seeded(7).rows_per_day(20).moved_to(end).planted(platform);
        let incidents = planted.incidents.iter().map(|incident| (end - incident.start, end - incident.end));
        let causes = planted.causes.iter().map(|cause| (end - cause.at, end - cause.incident));
        incidents.chain(causes).collect::<Vec<_>>()
    };
    // A Sunday night, and the last second of a year.
    for other in [1_790_550_000, 1_798_761_599] {
        for platform in BOTH {
            assert_eq!(times(platform, other), times(platform, MARCH), "{platform:?} {other}");
            assert_eq!(planted(platform, other), planted(platform, MARCH), "{platform:?} {other}");
        }
    }
}

#[test]
fn a_history_ends_now_and_holds_entries_of_its_last_hours_at_any_time() {
    for platform in BOTH {
        let history = History::seeded(7);
        let (since, until) = history.time_range();
        assert_eq!(until - since, 90 * 86_400);
        let records = history.records(platform).values();
        let last = second(records.last().unwrap());
        assert!((until - 4 * 3600..until).contains(&last), "{platform:?} {}", until - last);
    }
}

#[test]
fn at_each_hour_of_a_week_both_shops_have_a_screenful_of_entries_and_an_incident_with_its_cause() {
    for hour in 0..7 * 24 {
        let end = MARCH + hour * 3600;
        let history = History::seeded(1).months(1).rows_per_day(20).ending_at(end);
        for platform in BOTH {
            let records = history.records(platform).values();
            let week = records.iter().filter(|record| second(record) >= end - 7 * 86_400).count();
            assert!(week >= 8, "{platform:?} at hour {hour}: {week} in the last week");
        }
        let incidents = history.planted(Platform::BigCommerce).incidents;
        let causes = history.planted(Platform::Shopline).causes;
        let last = incidents.last().unwrap_or_else(|| panic!("no incident at hour {hour}"));
        assert!(last.rows > 20 && causes.iter().any(|cause| cause.incident == last.start), "hour {hour}: {last:?}");
    }
}
