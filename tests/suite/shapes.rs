//! The shapes of requests: every call and every filter as it is on the wire.

use std::collections::BTreeMap;

use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use storelogs::raw::bigcommerce::builder::GetStoreSystemLogs;
use storelogs::raw::bigcommerce::types::{GetStoreSystemLogsDirection as Direction, GetStoreSystemLogsSort as Sort};
use storelogs::raw::shopline::builder::{CountOperationLogs, ListOperationLogs};
use storelogs::testing::{Recorder, Request, Response};
use storelogs::{LogQuery, LogSource, Severity};

use crate::drain::at;
use crate::offline::{bigcommerce, day, shopline};

type SetSystemLogs = for<'a> fn(GetStoreSystemLogs<'a>) -> GetStoreSystemLogs<'a>;
type SetOperationLogs = for<'a> fn(ListOperationLogs<'a>) -> ListOperationLogs<'a>;
type SetCount = for<'a> fn(CountOperationLogs<'a>) -> CountOperationLogs<'a>;

const SYSTEM_LOGS: [(&str, SetSystemLogs); 20] = [
    ("nothing", |r| r),
    ("limit", |r| r.limit(250)),
    ("page", |r| r.page(3)),
    ("type", |r| r.type_("shipping")),
    ("type, one that is not documented", |r| r.type_("loyalty")),
    ("type:not", |r| r.type_not("general")),
    ("module, order status", |r| r.module("order status")),
    ("module, USPS (endicia)", |r| r.module("USPS (endicia)")),
    ("module, hostile", |r| r.module("a&b=c#d%2B+é\u{202e}\n")),
    ("module:not", |r| r.module_not("export only")),
    ("severity", |r| r.severity(4)),
    ("severity:min", |r| r.severity_min(3)),
    ("severity:max", |r| r.severity_max(2)),
    ("id:in", |r| r.id_in([3, 4, 6])),
    ("id:in, as text", |r| r.id_in("3,4,6")),
    ("date_created:min", |r| r.date_created_min("1657688400")),
    ("date_created:max", |r| r.date_created_max("1658379600")),
    ("sort", |r| r.sort(Sort::DateCreated)),
    ("direction", |r| r.direction(Direction::Desc)),
    ("several", |r| r.severity_min(4).limit(10).page(2).module("order status")),
];

const OPERATION_LOGS: [(&str, SetOperationLogs); 7] = [
    ("created_at_min and created_at_max", |r| r),
    ("subject_type", |r| r.subject_type("administrator_roles_and_permissions")),
    ("verb", |r| r.verb("edit_product")),
    ("limit", |r| r.limit(200)),
    ("since_id", |r| r.since_id("6579336590463354672")),
    ("page_info", |r| r.page_info("eyJzaW5jZSI6MX0=")),
    ("several", |r| r.subject_type("products").verb("edit_product").limit(10)),
];

const COUNTS: [(&str, SetCount); 3] = [
    ("count, created_at_min and created_at_max", |r| r),
    ("count, subject_type", |r| r.subject_type("products")),
    ("count, verb", |r| r.verb("edit_product")),
];

/// The query of a request, as sent and decoded.
fn query(request: &Request) -> Value {
    let decoded: BTreeMap<&str, &str> = request.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(decoded.len(), request.parameters.len(), "a parameter stands twice");
    json!({ "sent": request.query, "decoded": decoded })
}

/// A request with everything but its query.
fn frame(request: &Request) -> (&str, &str, &str, &BTreeMap<String, String>) {
    (&request.method, &request.origin, &request.path, &request.headers)
}

fn only(network: &Recorder) -> Request {
    let [request] = <[Request; 1]>::try_from(network.requests()).unwrap();
    request
}

async fn system_logs(set: SetSystemLogs) -> Request {
    let (easy, raw) = (Recorder::new(), Recorder::new());
    bigcommerce(&easy).build().unwrap().page(set).await.unwrap();
    set(bigcommerce(&raw).build().unwrap().raw().get_store_system_logs()).send().await.unwrap();
    assert_eq!(only(&easy), only(&raw), "the raw client asks as the adapter does");
    only(&easy)
}

async fn operation_logs(set: SetOperationLogs) -> Request {
    let (easy, raw) = (Recorder::new(), Recorder::new());
    let (since, until) = day();
    shopline(&easy).build().unwrap().page(since, until, set).await.unwrap();
    let client = shopline(&raw).build().unwrap().raw();
    let (since, until) = ("2026-08-01T00:00:00+00:00", "2026-08-02T00:00:00+00:00");
    set(client.list_operation_logs().created_at_min(since).created_at_max(until)).send().await.unwrap();
    assert_eq!(only(&easy), only(&raw), "the raw client asks as the adapter does");
    only(&easy)
}

async fn count(set: SetCount) -> Request {
    let (easy, raw) = (Recorder::new(), Recorder::new());
    let (since, until) = day();
    shopline(&easy).build().unwrap().count_where(since, until, set).await.unwrap();
    let client = shopline(&raw).build().unwrap().raw();
    let (since, until) = ("2026-08-01T00:00:00+00:00", "2026-08-02T00:00:00+00:00");
    set(client.count_operation_logs().created_at_min(since).created_at_max(until)).send().await.unwrap();
    assert_eq!(only(&easy), only(&raw), "the raw client asks as the adapter does");
    only(&easy)
}

async fn one_operation_log(id: &str) -> Request {
    let network = Recorder::new();
    let error = shopline(&network).build().unwrap().get(id).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    only(&network)
}

#[tokio::test]
async fn every_operation_is_signed_and_says_what_it_takes() {
    let requests = BTreeMap::from([
        ("bigcommerce list", system_logs(|r| r.limit(10)).await),
        ("shopline list", operation_logs(|r| r.limit(10)).await),
        ("shopline count", count(|r| r).await),
        ("shopline get", one_operation_log("6579336590463354672").await),
    ]);
    for (name, request) in &requests {
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        assert_eq!(header("api-version"), None, "{name}");
        assert_eq!(header("accept"), Some("application/json"), "{name}");
        assert_eq!(header("user-agent"), Some("storelogs/[version]"), "{name}");
        let (secret, json) = match *name {
            "bigcommerce list" => ("x-auth-token", None),
            _ => ("authorization", Some("application/json; charset=utf-8")),
        };
        assert_eq!(header(secret), Some("[redacted]"), "{name}");
        assert_eq!(header("content-type"), json, "{name}");
    }
    insta::assert_json_snapshot!(requests);
}

#[tokio::test]
async fn every_bigcommerce_filter_is_sent_under_its_own_name() {
    let plain = system_logs(|r| r).await;
    let mut queries = BTreeMap::new();
    for (name, set) in SYSTEM_LOGS {
        let request = system_logs(set).await;
        assert_eq!(frame(&request), frame(&plain), "{name}");
        queries.insert(name, query(&request));
    }
    insta::assert_json_snapshot!(queries);
}

#[tokio::test]
async fn every_shopline_filter_is_sent_under_its_own_name() {
    let mut queries = BTreeMap::new();
    let plain = operation_logs(|r| r).await;
    for (name, set) in OPERATION_LOGS {
        let request = operation_logs(set).await;
        assert_eq!(frame(&request), frame(&plain), "{name}");
        queries.insert(name, query(&request));
    }
    let plain = count(|r| r).await;
    for (name, set) in COUNTS {
        let request = count(set).await;
        assert_eq!(frame(&request), frame(&plain), "{name}");
        queries.insert(name, query(&request));
    }
    insta::assert_json_snapshot!(queries);
}

#[tokio::test]
async fn an_id_cannot_leave_its_place_in_the_path() {
    for id in ["../../secrets", "a/b", "..", "a?b=c", "a#b", "é", "%2e%2e"] {
        let network = Recorder::new();
        let _ = shopline(&network).build().unwrap().get(id).await;
        for request in network.requests() {
            assert!(request.path.starts_with("/admin/openapi/v20260301/store/operation_logs/"), "{id}: {request:?}");
            assert_eq!(request.path.matches('/').count(), 6, "{id}: {}", request.path);
            assert_eq!(request.query, "", "{id}");
        }
    }
}

#[tokio::test]
async fn another_edition_origin_and_user_agent_are_used_as_given() {
    let network = Recorder::new();
    let builder = shopline(&network).api_url("http://127.0.0.1:4011/").api_version("v20260601").user_agent("shop/2");
    let (since, until) = day();
    builder.build().unwrap().page(since, until, |r| r).await.unwrap();
    let request = only(&network);
    assert_eq!(request.origin, "http://127.0.0.1:4011");
    assert_eq!(request.path, "/admin/openapi/v20260601/store/operation_logs.json");
    assert_eq!(request.headers["user-agent"], "shop/2");
}

/// The queries of the first requests that a walk sends; none where the platform has nothing of the kind.
async fn walk(source: &dyn LogSource, network: &Recorder, query: LogQuery) -> Vec<String> {
    let _ = source.pages(query, None).next().await;
    network.requests().into_iter().take(1).map(|request| readable(&request)).collect()
}

fn readable(request: &Request) -> String {
    let pairs: Vec<String> = request.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    pairs.join(", ")
}

#[tokio::test]
async fn a_log_query_asks_each_platform_for_what_it_can_filter() {
    let (since, until) = day();
    let day = LogQuery::new().since(since).until(until);
    let with_fraction = |time: jiff::Timestamp| time + jiff::SignedDuration::from_millis(1_500);
    let cases = [
        ("a day", day.clone()),
        ("a day, with fractions", LogQuery::new().since(with_fraction(since)).until(with_fraction(until))),
        ("category", day.clone().category("shipping")),
        ("category in capitals", day.clone().category("Shipping")),
        ("two categories", day.clone().category("shipping").category("products")),
        ("module", day.clone().module("USPS (endicia)")),
        ("two modules", day.clone().module("order status").module("export only")),
        ("action", day.clone().action("edit_product")),
        ("actor", day.clone().actor("shopline")),
        ("limit", day.clone().limit(7)),
        ("limit of what is checked here", day.clone().limit(7).min_severity(Severity::Info)),
        ("limit above a page", day.clone().limit(100_000)),
        ("limit of none", day.clone().limit(0)),
        ("least severity info", day.clone().min_severity(Severity::Info)),
        ("least severity error", day.clone().min_severity(Severity::Error)),
        ("since before 1970", LogQuery::new().since(at(-5)).until(at(5))),
        ("all at once", day.category("orders").action("edit").module("order status").actor("a").limit(3)),
    ];
    let mut sent = BTreeMap::new();
    for (name, query) in cases {
        let (one, other) = (Recorder::new(), Recorder::new());
        let asked = json!({
            "bigcommerce": walk(&bigcommerce(&one).build().unwrap(), &one, query.clone()).await,
            "shopline": walk(&shopline(&other).build().unwrap(), &other, query).await,
        });
        sent.insert(name, asked);
    }
    insta::assert_json_snapshot!(sent);
}

#[tokio::test]
async fn a_least_severity_is_asked_for_once_the_counts_prove_that_it_hides_nothing() {
    let records: Vec<Value> = (0..250).map(|n| record(5_000 - n)).collect();
    let pagination = |total: i64, per_page: i64| {
        let pages = (total + per_page - 1) / per_page;
        json!({ "total": total, "count": 1, "per_page": per_page, "current_page": 1, "total_pages": pages })
    };
    let page = |total, per_page, records: &[Value]| {
        Response::json(200, &json!({ "data": records, "meta": { "pagination": pagination(total, per_page) } }))
    };
    let mut network = Recorder::new().answer(page(5_000, 250, &records));
    for total in [5_000, 200] {
        network = network.answer(page(total, 1, &records[..1]));
    }
    let (since, until) = day();
    let query = LogQuery::new().since(since).until(until).min_severity(Severity::Error);
    let _ = bigcommerce(&network).build().unwrap().pages(query, None).next().await;
    let requests: Vec<String> = network.requests().iter().take(4).map(readable).collect();
    insta::assert_json_snapshot!(requests);
}

fn record(id: i64) -> Value {
    let time = at(1_785_542_400 + id).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    json!({ "id": id, "type": "general", "severity": "errors", "summary": "s", "date_created": time })
}

#[tokio::test]
async fn the_filters_of_a_page_can_be_set_in_the_models_own_types() {
    let network = Recorder::new();
    let store = bigcommerce(&network).build().unwrap();
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let (since, until) = (time("2026-11-01T00:00:00Z"), time("2026-11-02T00:00:00Z"));
    store.page(|r| r.min_severity(Severity::Warning).max_severity(Severity::Error)).await.unwrap();
    store.page(|r| r.since(since).until(until).min_severity(Severity::Unspecified)).await.unwrap();
    store.page(|r| r.since(time("2026-11-01T00:00:00.5Z")).until(time("2026-11-02T00:00:00.5Z"))).await.unwrap();
    let sent: Vec<_> = network.requests().iter().map(|request| request.parameters.clone()).collect();
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect::<Vec<(String, String)>>()
    };
    assert_eq!(sent[0], pairs(&[("severity:max", "4"), ("severity:min", "3")]));
    // Half-open for us, both ends included for the platform.
    assert_eq!(sent[1], pairs(&[("date_created:max", "1793577599"), ("date_created:min", "1793491200")]));
    assert_eq!(sent[2], pairs(&[("date_created:max", "1793577600"), ("date_created:min", "1793491201")]));
}

#[tokio::test]
async fn a_value_that_a_filter_does_not_have_is_refused_with_those_that_it_has() {
    let network = Recorder::new();
    let store = bigcommerce(&network).build().unwrap();
    let error = store.page(|request| request.severity(9)).await.unwrap_err();
    assert_eq!(error.to_string(), "bigcommerce:abc123: `severity` must be one of 1, 2, 3, 4");
    let error = store.page(|request| request.direction("down")).await.unwrap_err();
    assert!(error.to_string().ends_with("`direction` must be one of asc, desc"), "{error}");
    assert!(network.requests().is_empty());
}

#[test]
fn the_last_hours_begin_where_they_are_said_to() {
    let hour = std::time::Duration::from_secs(3_600);
    let (one, two) = (LogQuery::last(hour), LogQuery::last(2 * hour));
    let apart = one.since.unwrap().duration_since(two.since.unwrap()).as_secs();
    assert!((3_500..=3_700).contains(&apart), "{apart} s");
    assert_eq!(LogQuery::last(std::time::Duration::MAX).since, Some(Timestamp::MIN));
    let time = std::time::UNIX_EPOCH + hour;
    assert_eq!(LogQuery::new().since_system_time(time).since.unwrap().as_second(), 3_600);
}
