//! The log model: nothing of a record is lost, and its JSON is what its schema says.

use jiff::Timestamp;
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use storelogs::raw::bigcommerce::types::SystemLog;
use storelogs::raw::shopline::types::OperationLog;
use storelogs::{LogEntry, LogQuery, Severity, Store, UtcOffset, bigcommerce, shopline};

use crate::drain::{HANDLE, HASH, at};

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map("\\PC{0,6}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Fields that no document names, some of them with names that the model uses for something else.
fn unknown_fields() -> impl Strategy<Value = Map<String, Value>> {
    const TAKEN: &[&str] =
        &["uid", "platform", "store", "time", "utc_offset", "observed", "category", "action", "actor", "extra"];
    let name = prop_oneof!["x_[a-z]{1,6}", proptest::sample::select(TAKEN).prop_map(str::to_owned)];
    hash_map(name, json(), 0..4).prop_map(|map| map.into_iter().collect())
}

/// Times in every form that ISO 8601 allows with an offset, the usual ones more often.
fn date() -> impl Strategy<Value = String> {
    const OFFSETS: &[&str] =
        &["+00:00", "+08:00", "Z", "z", "-00:00", "+05:30", "-11:45", "+0530", "-08", "+24:00", "+25:59"];
    const FRACTIONS: &[&str] = &["", "", "", ".5", ".000", ".123456789", ",25"];
    let clock = (1_i64..9_990, 1..=12_i8, 1..=28_i8, 0..24_i8, 0..60_i8, 0..=60_i8);
    let form = (
        proptest::sample::select(&["T", "T", "t", " "][..]),
        proptest::sample::select(FRACTIONS),
        proptest::sample::select(OFFSETS),
    );
    (clock, form).prop_map(|((year, month, day, hour, minute, second), (between, fraction, offset))| {
        format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}{fraction}{offset}")
    })
}

fn text() -> impl Strategy<Value = Option<String>> {
    option::of("\\PC{0,20}|[\\x00-\\x1f]{1,3}|<p>\\PC{0,9}</p>|\\{\"a\":\"\\\\n\"\\}")
}

fn severity() -> impl Strategy<Value = Value> {
    const NAMED: &[&str] =
        &["success", "notices", "notice", "warning", "warnings", "errors", "error", "ERROR", "2", "", "critical"];
    prop_oneof![
        Just(Value::Null),
        proptest::sample::select(NAMED).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..6_i64).prop_map(Value::from),
    ]
}

fn with(mut record: Value, extra: Map<String, Value>) -> Value {
    record.as_object_mut().unwrap().extend(extra);
    record
}

prop_compose! {
    fn system_log()(
        id: i64, date in date(), severity in severity(), extra in unknown_fields(),
        (kind, module, summary, message) in (text(), text(), text(), text()),
    ) -> Value {
        with(json!({
            "id": id, "date_created": date, "severity": severity, "type": kind, "module": module, "summary": summary,
            "message": message,
        }), extra)
    }
}

prop_compose! {
    fn operation_log()(
        id in "[0-9]{1,30}|\\PC{1,8}", date in date(), extra in unknown_fields(), severity in option::of(severity()),
        (subject, subject_id, verb, author, detail) in (text(), text(), text(), text(), text()),
    ) -> Value {
        let mut record = with(json!({
            "id": id, "created_at": date, "subject_type": subject, "subject_id": subject_id, "verb": verb,
            "author": author, "detail": detail,
        }), extra);
        if let Some(severity) = severity {
            record["severity"] = severity; // means nothing here, and is kept
        }
        record
    }
}

/// The entry of a record, by way of the typed record, and the record of that entry.
fn bigcommerce_both_ways(record: &Value) -> (LogEntry, Value, Value) {
    let typed: SystemLog = serde_json::from_value(record.clone()).unwrap();
    let before = serde_json::to_value(&typed).unwrap();
    let entry = bigcommerce::entry(typed, &Store::bigcommerce(HASH).unwrap(), Timestamp::UNIX_EPOCH).unwrap();
    let after = serde_json::to_value(bigcommerce::record(&entry).unwrap()).unwrap();
    (entry, before, after)
}

fn shopline_both_ways(record: &Value) -> (LogEntry, Value, Value) {
    let typed: OperationLog = serde_json::from_value(record.clone()).unwrap();
    let before = serde_json::to_value(&typed).unwrap();
    let entry = shopline::entry(typed, &Store::shopline(HANDLE).unwrap(), Timestamp::UNIX_EPOCH).unwrap();
    let after = serde_json::to_value(shopline::record(&entry).unwrap()).unwrap();
    (entry, before, after)
}

/// A record as it was sent, but for named fields that are null: that is the same as missing.
fn without_nulls(mut record: Value, named: &[&str]) -> Value {
    record.as_object_mut().unwrap().retain(|name, value| !(value.is_null() && named.contains(&name.as_str())));
    record
}

/// Also by way of JSON, which is how entries are kept.
fn assert_kept_as_json(entry: &LogEntry) -> Result<(), TestCaseError> {
    let text = serde_json::to_string(entry).unwrap();
    prop_assert_eq!(&serde_json::from_str::<LogEntry>(&text).unwrap(), entry);
    let value = serde_json::to_value(entry).unwrap();
    prop_assert_eq!(fits(&LogEntry::json_schema(), &LogEntry::json_schema(), &value), Ok(()));
    Ok(())
}

proptest! {
    #[test]
    fn nothing_of_a_bigcommerce_record_is_lost(record in system_log()) {
        let (entry, before, after) = bigcommerce_both_ways(&record);
        prop_assert_eq!(&before, &after);
        prop_assert_eq!(without_nulls(record, &["severity", "type", "module", "summary", "message"]), after);
        let uid = format!("bigcommerce:{HASH}:{}", entry.id);
        prop_assert_eq!(&entry.uid, &uid);
        assert_kept_as_json(&entry)?;
        prop_assert!(shopline::record(&entry).is_err());
    }

    #[test]
    fn nothing_of_a_shopline_record_is_lost(record in operation_log()) {
        let (entry, before, after) = shopline_both_ways(&record);
        prop_assert_eq!(&before, &after);
        prop_assert_eq!(without_nulls(record, &["subject_type", "subject_id", "verb", "author", "detail"]), after);
        prop_assert_eq!(entry.severity, Severity::Info);
        assert_kept_as_json(&entry)?;
        prop_assert!(bigcommerce::record(&entry).is_err());
    }

    #[test]
    fn an_offset_is_read_as_it_was_written(seconds in -200_000..200_000_i32) {
        let offset = UtcOffset::from_seconds(seconds);
        prop_assert_eq!(offset.to_string().parse::<UtcOffset>().unwrap(), offset);
        prop_assert_eq!(offset.seconds(), seconds.clamp(-86_399, 86_399));
    }

    #[test]
    fn nonsense_is_no_offset(text in "[+-][+0-9]{2}:[-+0-9é]{2}(:[0-9]{2})?|[+-]?[0-9:é]{0,9}") {
        if let Ok(offset) = text.parse::<UtcOffset>() {
            let short = text.strip_suffix(":00").filter(|short| short.len() > 3).unwrap_or(&text);
            let written = offset.to_string();
            prop_assert!(written == text || written == short || short == "-00:00");
        }
    }

    #[test]
    fn a_query_for_nothing_in_particular_takes_everything(record in system_log()) {
        let (entry, ..) = bigcommerce_both_ways(&record);
        prop_assert!(LogQuery::new().matches(&entry));
        prop_assert!(LogQuery::new().limit(0).matches(&entry), "the limit aside");
    }

    #[test]
    fn a_time_range_and_what_follows_share_no_entry_and_miss_none(record in system_log(), bound: i32) {
        let (entry, ..) = bigcommerce_both_ways(&record);
        for bound in [at(bound.into()), entry.time] {
            let (before, behind) = (LogQuery::new().until(bound), LogQuery::new().since(bound));
            prop_assert!(before.matches(&entry) != behind.matches(&entry));
        }
    }

    #[test]
    fn every_further_filter_takes_away_and_every_further_value_gives(record in system_log(), other in "[a-z]{1,5}") {
        let (entry, ..) = bigcommerce_both_ways(&record);
        let own = LogQuery::new().category(entry.category.clone().unwrap_or_default());
        prop_assert_eq!(own.matches(&entry), entry.category.is_some());
        if own.matches(&entry) {
            prop_assert!(own.clone().category(other.clone()).matches(&entry));
            let upper = entry.category.clone().unwrap().to_ascii_uppercase();
            prop_assert!(LogQuery::new().category(upper).matches(&entry));
        }
        prop_assert!(!own.clone().action(other.clone()).matches(&entry), "the platform has no actions");
        prop_assert!(!own.actor(other).matches(&entry), "nor actors");
    }

    #[test]
    fn a_least_severity_hides_what_is_below_it_and_never_what_is_not_understood(record in system_log()) {
        let (entry, ..) = bigcommerce_both_ways(&record);
        for least in Severity::ALL {
            let taken = LogQuery::new().min_severity(least).matches(&entry);
            prop_assert_eq!(taken, entry.severity == Severity::Unspecified || entry.severity >= least);
        }
    }
}

#[test]
fn every_form_of_a_severity_has_its_place_on_the_scale() {
    use Severity::{Error, Info, Notice, Unspecified, Warning};
    let table = [
        (json!("success"), Info),
        (json!("successes"), Info),
        (json!("Success"), Info),
        (json!("notice"), Notice),
        (json!("notices"), Notice),
        (json!("warning"), Warning),
        (json!("warnings"), Warning),
        (json!("error"), Error),
        (json!("errors"), Error),
        (json!("ERRORS"), Error),
        (json!("1"), Info),
        (json!("2"), Notice),
        (json!("3"), Warning),
        (json!("4"), Error),
        (json!(1), Info),
        (json!(4), Error),
        (json!("0"), Unspecified),
        (json!(5), Unspecified),
        (json!(-1), Unspecified),
        (json!("critical"), Unspecified),
        (json!("errorss"), Unspecified),
        (json!("error "), Unspecified),
        (json!("err"), Unspecified),
        (json!("ſuccess"), Unspecified),
        (json!(""), Unspecified),
        (Value::Null, Unspecified),
    ];
    for (sent, severity) in table {
        let (entry, ..) = bigcommerce_both_ways(&json!({ "id": 1, "date_created": DATE, "severity": sent }));
        assert_eq!(entry.severity, severity, "{sent}");
        assert!(entry.severity != Unspecified || Severity::ALL.iter().all(|least| entry.severity.passes(*least)));
    }
    let numbers = Severity::ALL.map(Severity::number);
    assert_eq!(numbers, [0, 9, 10, 13, 17], "OpenTelemetry's SeverityNumber");
    for severity in Severity::ALL {
        assert_eq!(severity.to_string().parse::<Severity>().unwrap(), severity);
        assert_eq!(serde_json::to_value(severity).unwrap(), json!(severity.as_str()));
    }
}

const DATE: &str = "2026-08-01T09:00:00+08:00";

#[test]
fn large_ids_pass_through_untouched() {
    for id in [i64::MAX, i64::MIN, 0, 9_007_199_254_740_993] {
        let (entry, before, after) = bigcommerce_both_ways(&json!({ "id": id, "date_created": DATE }));
        assert_eq!((entry.id, before), (id.to_string(), after));
    }
    for id in ["6579336590463354672", "99999999999999999999999999", "0007", "id"] {
        let (entry, before, after) = shopline_both_ways(&json!({ "id": id, "created_at": DATE }));
        assert_eq!((entry.id.as_str(), before), (id, after));
    }
}

#[test]
fn a_time_keeps_its_moment_and_its_offset() {
    let table = [
        ("2024-08-01T12:38:49+08:00", "2024-08-01T04:38:49Z", "+08:00"),
        ("2021-12-20T23:15:24+00:00", "2021-12-20T23:15:24Z", "+00:00"),
        ("2021-12-20T23:15:24Z", "2021-12-20T23:15:24Z", "+00:00"),
        ("2024-02-29t12:00:00.25+05:30", "2024-02-29T06:30:00.25Z", "+05:30"),
        ("2024-12-31 23:59:60-08:00", "2025-01-01T07:59:59Z", "-08:00"),
    ];
    for (sent, time, offset) in table {
        let (entry, ..) = shopline_both_ways(&json!({ "id": "1", "created_at": sent }));
        assert_eq!((entry.time.to_string().as_str(), entry.utc_offset.to_string().as_str()), (time, offset), "{sent}");
    }
}

#[test]
fn text_is_compared_without_regard_to_case() {
    let (entry, ..) = bigcommerce_both_ways(&json!({ "id": 1, "date_created": DATE, "module": "USPS (Élan)" }));
    for (module, matches) in [("usps (élan)", true), ("USPS (ÉLAN)", true), ("usps", false), ("", false)] {
        assert_eq!(LogQuery::new().module(module).matches(&entry), matches, "{module}");
    }
}

#[test]
fn the_schema_refuses_what_is_no_entry() {
    let schema = LogEntry::json_schema();
    let (entry, ..) = shopline_both_ways(&json!({ "id": "1", "created_at": DATE }));
    let entry = serde_json::to_value(entry).unwrap();
    for (field, value) in
        [("time", json!("yesterday")), ("severity", json!("bad")), ("id", json!(1)), ("extra", json!([]))]
    {
        let mut wrong = entry.clone();
        wrong[field] = value;
        assert!(fits(&schema, &schema, &wrong).is_err(), "{field}");
    }
    let mut short = entry;
    short.as_object_mut().unwrap().remove("uid");
    assert!(fits(&schema, &schema, &short).is_err());
}

/// Checks a value against as much of JSON Schema as the model's schema uses. A keyword that is not known here fails.
fn fits(schema: &Value, root: &Value, value: &Value) -> Result<(), String> {
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("string") => value.is_string(),
        Some("null") => value.is_null(),
        _ => panic!("the type {kind} is not checked here"),
    };
    let Value::Object(keywords) = schema else { return Ok(()) }; // `true`
    for (keyword, rule) in keywords {
        let fine = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" => true,
            "$ref" => {
                let pointer = rule.as_str().unwrap().trim_start_matches('#');
                return fits(root.pointer(pointer).unwrap(), root, value);
            }
            "type" => rule.as_array().map_or_else(|| is(rule), |kinds| kinds.iter().any(is)),
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "oneOf" => rule.as_array().unwrap().iter().filter(|s| fits(s, root, value).is_ok()).count() == 1,
            "anyOf" => rule.as_array().unwrap().iter().any(|s| fits(s, root, value).is_ok()),
            "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "format" => *rule == "date-time" && value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
            "pattern" => value.as_str().is_some_and(|text| text.parse::<UtcOffset>().is_ok()),
            "additionalProperties" => *rule == true,
            "properties" => {
                for (name, schema) in rule.as_object().unwrap() {
                    value.get(name).map_or(Ok(()), |value| fits(schema, root, value))?;
                }
                true
            }
            _ => return Err(format!("the keyword {keyword} is not checked here")),
        };
        if !fine {
            return Err(format!("{value} is not as {keyword} says: {rule}"));
        }
    }
    Ok(())
}

#[test]
fn an_entry_is_one_line_of_plain_text_whatever_is_in_it() {
    let entry = storelogs::testing::entry(7);
    assert_eq!(entry.clone().build().to_string(), "2026-01-01T00:07:00Z info bigcommerce:abc123 general: Entry 7");
    let change = entry.clone().action("edit_product").actor("alice\u{1b}[2J").summary("a\nb \u{202e}c é 商");
    assert_eq!(
        change.build().to_string(),
        r"2026-01-01T00:07:00Z info bigcommerce:abc123 edit_product by alice\u{1b}[2J: a\nb \u{202e}c é 商"
    );
}

#[test]
fn a_platform_may_be_written_as_its_maker_writes_it() {
    for text in ["BigCommerce:abc123", "BIGCOMMERCE:ABC123", "bigcommerce:abc123"] {
        assert_eq!(text.parse::<Store>().unwrap().to_string(), "bigcommerce:abc123");
    }
    assert_eq!("SHOPLINE:open001".parse::<Store>().unwrap().to_string(), "shopline:open001");
}

#[test]
fn a_pasted_address_is_a_store_of_the_platform_whose_address_it_is() {
    for (text, store) in [
        ("https://api.bigcommerce.com/stores/abc123/v3/", "bigcommerce:abc123"),
        ("store-abc123.mybigcommerce.com", "bigcommerce:abc123"),
        ("bigcommerce:https://store-abc123.mybigcommerce.com/manage", "bigcommerce:abc123"),
        ("https://open001.myshopline.com/admin", "shopline:open001"),
        ("open001.myshopline.com", "shopline:open001"),
        ("Open001.myshopline.com:443", "shopline:open001"),
        ("HTTPS://Open001.MyShopline.com/", "shopline:open001"),
        ("shopline:open001/", "shopline:open001"),
        ("bigcommerce: ABC123 ", "bigcommerce:abc123"),
        ("bigcommerce:\"abc123\"", "bigcommerce:abc123"),
        ("bigcommerce:stores/abc123", "bigcommerce:abc123"),
        ("bigcommerce:/stores/abc123/v3/", "bigcommerce:abc123"),
    ] {
        assert_eq!(text.parse::<Store>().unwrap().to_string(), store, "{text}");
    }
    assert_eq!(Store::bigcommerce("bigcommerce:abc123").unwrap().name(), "abc123");
    assert_eq!(Store::shopline("shopline:open001").unwrap().name(), "open001");
    for (text, why) in [
        ("https://api.bigcommerce.com/stores/a-c/v3", "is not a BigCommerce store hash"),
        ("evil.example/x.myshopline.com", "is not a SHOPLINE handle"),
        ("https://example.com/stores/abc123", "is not a store: write bigcommerce:HASH or shopline:HANDLE"),
    ] {
        let error = text.parse::<Store>().unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn what_looks_like_a_token_is_no_name_and_is_not_shown() {
    let of_bigcommerce = "a1b2c3d4e5f6g7h8".repeat(2);
    let of_shopline = "Ab3-_".repeat(20);
    for token in [&of_bigcommerce[..31], of_shopline.as_str(), &format!("{of_shopline}.{of_shopline}")] {
        for made in [
            Store::bigcommerce(token),
            Store::shopline(&token.replace('_', "")),
            format!("bigcommerce:{token}").parse(),
            token.parse(),
        ] {
            let Err(error) = made else { continue };
            let error = error.to_string();
            assert!(!error.contains(&token[..20]) && error.contains("the access token in the wrong place"), "{error}");
        }
        assert!(Store::bigcommerce(token).is_err() && token.parse::<Store>().is_err(), "{token}");
    }
    assert!(Store::shopline(&of_bigcommerce).is_err());
    for handle in ["the-best-shop-of-2024-in-the-world", "abcdefghijklmnopqrstuvwxyz2024"] {
        assert_eq!(Store::shopline(handle).unwrap().name(), handle);
    }
}
