//! Entries to a receiver: what it was sent is what it says it has and what was refused, whatever happens on the way.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;
use prost::Message;
use storelogs::otlp::opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use storelogs::otlp::opentelemetry_proto::tonic::common::v1::KeyValue;
use storelogs::otlp::opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use storelogs::secrecy::SecretString;
use storelogs::{Http, Proxy};
use storelogs_collector::{Archive, TimeRange};
use storelogs_export::{Delivered, Error, Otlp, OtlpSettings};

use crate::receiver::{Received, Receiver, Reply, ok, status};
use crate::world::{World, entry, now};

const STORE: &str = "bigcommerce:abc123";

/// The records that a receiver keeps: the uid and the body of each.
pub(crate) type Kept = Arc<Mutex<Vec<(String, String)>>>;

fn text(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Any::StringValue(text)) => text,
        other => panic!("{name}: {other:?}"),
    }
}

/// The records of a request.
pub(crate) fn records(request: &Received) -> Vec<(String, String)> {
    let body = match request.headers.get("content-encoding").map(String::as_str) {
        Some("gzip") => {
            let mut body = Vec::new();
            std::io::Read::read_to_end(&mut GzDecoder::new(&request.body[..]), &mut body).unwrap();
            body
        }
        None => request.body.clone(),
        other => panic!("{other:?}"),
    };
    let message = ExportLogsServiceRequest::decode(&body[..]).unwrap();
    let mut records = Vec::new();
    for of_store in &message.resource_logs {
        let resource = &of_store.resource.as_ref().unwrap().attributes;
        let store = format!("{}:{}:", text(resource, "shop.platform"), text(resource, "shop.tenant.id"));
        for record in &of_store.scope_logs[0].log_records {
            let uid = text(&record.attributes, "log.record.uid");
            assert!(uid.starts_with(&store), "{uid} among those of {store}");
            assert_eq!(record.event_name, "shop.log");
            let Some(Any::StringValue(body)) = record.body.clone().unwrap().value else { panic!("no text") };
            records.push((uid, body));
        }
    }
    records
}

/// A receiver that keeps what it takes. The function says what else it does with a request of these records: `None` for
/// nothing else.
pub(crate) fn keeping(mut does: impl FnMut(&[(String, String)]) -> Option<Reply> + Send + 'static) -> (Receiver, Kept) {
    let kept = Kept::default();
    let keeps = Arc::clone(&kept);
    let receiver = Receiver::start(move |request| {
        let records = records(request);
        if let Some(reply) = does(&records) {
            return reply;
        }
        keeps.lock().unwrap().extend(records);
        ok()
    });
    (receiver, kept)
}

fn settings(receiver: &Receiver) -> OtlpSettings {
    OtlpSettings { endpoint: Some(receiver.endpoint.clone()), ..OtlpSettings::default() }
}

fn otlp_of(settings: &OtlpSettings) -> Otlp {
    let http = Arc::new(Http::through(Proxy::none()).unwrap());
    Otlp::new(settings, http, now)
        .unwrap()
        .with_requests_of(8)
        .retry_for(Duration::from_secs(5), Duration::from_millis(5))
}

pub(crate) fn otlp(receiver: &Receiver) -> Otlp {
    otlp_of(&settings(receiver))
}

pub(crate) fn deliver(world: &mut World, receiver: &Receiver) -> storelogs_export::Result<Delivered> {
    otlp(receiver).deliver(&mut world.archive, &mut |_| {})
}

pub(crate) fn uids(each: u64) -> BTreeSet<String> {
    let stores = ["bigcommerce:abc123", "shopline:00123"];
    stores.iter().flat_map(|store| (1..=each).map(move |id| format!("{store}:{id}"))).collect()
}

pub(crate) fn got(kept: &Kept) -> Vec<String> {
    kept.lock().unwrap().iter().map(|(uid, _)| uid.clone()).collect()
}

/// The uids of entries that were refused alone, and how many others were refused.
pub(crate) fn refused(world: &World, receiver: &Receiver) -> (BTreeSet<String>, u64) {
    let stores: std::collections::HashMap<_, _> = world.archive.stores().unwrap().into_iter().collect();
    let (mut alone, mut others) = (BTreeSet::new(), 0);
    for kept in world.archive.refusals(&otlp(receiver).name()).unwrap() {
        match kept.entry {
            Some((store, id)) => drop(alone.insert(format!("{}:{id}", stores[&store]))),
            None => others += kept.refusal.entries,
        }
    }
    (alone, others)
}

#[test]
fn everything_is_sent_once_and_then_only_what_came_since() {
    let (receiver, kept) = keeping(|_| None);
    let mut world = World::with_entries(20);
    let done = deliver(&mut world, &receiver).unwrap();
    assert_eq!((done.sent, done.refused, done.requests), (40, 0, 5));
    assert_eq!(done.stores["shopline:00123"], (20, 0));
    assert_eq!((got(&kept).len(), got(&kept).into_iter().collect::<BTreeSet<_>>()), (40, uids(20)));
    assert_eq!(deliver(&mut world, &receiver).unwrap(), Delivered::default());
    // A form that the platform changed comes as one more record of the same uid.
    world.put(STORE, [entry(STORE, 3, "changed"), entry(STORE, 21, "new")]);
    assert_eq!(deliver(&mut world, &receiver).unwrap().sent, 2);
    let all = kept.lock().unwrap().clone();
    let mut last = all[40..].to_vec();
    last.sort();
    let of = |id: &str, body: &str| (format!("{STORE}:{id}"), body.to_owned());
    assert_eq!(last, [of("21", "new 21"), of("3", "changed 3")]);
    let state = world.archive.export(&otlp(&receiver).name()).unwrap().unwrap();
    assert_eq!((state.sent, state.arrived, state.failures), (42, world.archive.newest_arrival().unwrap(), 0));
}

#[test]
fn what_is_from_before_a_time_is_left_out_for_good_unless_it_is_sent_again() {
    let (receiver, kept) = keeping(|_| None);
    let mut world = World::with_entries(20);
    let since = entry(STORE, 15, "").time;
    let late = |world: &mut World| {
        let otlp = otlp(&receiver).since(storelogs_collector::Moment::At(since));
        otlp.deliver(&mut world.archive, &mut |_| {}).unwrap()
    };
    let done = late(&mut world);
    assert_eq!((done.sent, done.refused, done.left_out), (12, 0, 28));
    let newest = |uid: &String| uid.rsplit(':').next().unwrap().parse::<u64>().unwrap() >= 15;
    assert_eq!(got(&kept).into_iter().collect::<BTreeSet<_>>(), uids(20).into_iter().filter(newest).collect());
    // They are settled, also for an export that wants everything.
    assert_eq!(deliver(&mut world, &receiver).unwrap(), Delivered::default());
    world.put(STORE, [entry(STORE, 3, "changed"), entry(STORE, 21, "new")]);
    let done = late(&mut world);
    assert_eq!((done.sent, done.left_out), (1, 1));
    kept.lock().unwrap().clear();
    let first = TimeRange::new(entry(STORE, 1, "").time, entry(STORE, 3, "").time).unwrap();
    let done = otlp(&receiver).deliver_again(&mut world.archive, first, &mut |_| {}).unwrap();
    assert_eq!((done.sent, done.left_out), (4, 0));
}

#[test]
fn entries_that_are_too_old_are_parted_from_the_others_and_listed_with_the_reason() {
    let is_old = |uid: &str| uid.ends_with(":3") || uid.ends_with(":4") || uid.ends_with(":17");
    let (receiver, kept) = keeping(move |records| {
        let old = records.iter().any(|(uid, _)| is_old(uid));
        old.then(|| Reply::Answer(400, Vec::new(), b"entry has timestamp too old".to_vec()))
    });
    let mut world = World::with_entries(20);
    let done = deliver(&mut world, &receiver).unwrap();
    assert_eq!((done.sent, done.refused), (34, 6));
    assert_eq!(done.stores[STORE], (17, 3));
    assert_eq!(done.reason.as_deref(), Some("HTTP 400: entry has timestamp too old"));
    let old: BTreeSet<String> = uids(20).into_iter().filter(|uid| is_old(uid)).collect();
    assert_eq!(refused(&world, &receiver), (old.clone(), 0));
    let got = got(&kept);
    assert_eq!((got.len(), got.into_iter().collect::<BTreeSet<_>>()), (34, &uids(20) - &old));
    assert_eq!(deliver(&mut world, &receiver).unwrap(), Delivered::default());
}

#[test]
fn of_a_partial_success_the_rejected_are_counted_and_the_taken_not_sent_again() {
    let mut calls = 0;
    let kept = Kept::default();
    let keeps = Arc::clone(&kept);
    let receiver = Receiver::start(move |request| {
        let mut records = records(request);
        calls += 1;
        let rejected = match calls {
            2 => 3,
            4 => records.len(),
            _ => 0,
        };
        records.drain(..rejected);
        keeps.lock().unwrap().extend(records);
        let partial = ExportLogsPartialSuccess {
            rejected_log_records: i64::try_from(rejected).unwrap(),
            error_message: "not these".to_owned(),
        };
        let body = ExportLogsServiceResponse { partial_success: (rejected > 0).then_some(partial) }.encode_to_vec();
        Reply::Answer(200, vec![("content-type", "application/x-protobuf".to_owned())], body)
    });
    let mut world = World::with_entries(20);
    let done = deliver(&mut world, &receiver).unwrap();
    // Where it rejected all of them, one of the newest was sent ahead.
    assert_eq!((done.sent, done.refused, done.requests), (29, 11, 6));
    let got = got(&kept);
    assert_eq!((got.len(), got.iter().collect::<BTreeSet<_>>().len()), (29, 29));
    let (alone, others) = refused(&world, &receiver);
    assert_eq!((alone.len(), others), (8, 3));
}

#[test]
fn what_passes_is_waited_for_and_a_body_that_is_too_large_is_cut() {
    let mut calls = 0;
    let (receiver, kept) = keeping(move |records| {
        calls += 1;
        match calls {
            1 => Some(Reply::Answer(503, vec![("retry-after", "0".to_owned())], Vec::new())),
            2 => Some(status(429)),
            3 => Some(Reply::Nothing),
            4 => Some(status(502)),
            _ if records.len() > 3 => Some(status(413)),
            _ => None,
        }
    });
    let mut world = World::with_entries(10);
    let done = deliver(&mut world, &receiver).unwrap();
    assert_eq!((done.sent, done.refused), (20, 0));
    let got = got(&kept);
    assert_eq!((got.len(), got.into_iter().collect::<BTreeSet<_>>()), (20, uids(10)));
}

#[test]
fn one_entry_that_is_too_large_for_any_request_is_refused_and_the_rest_goes_on() {
    let (receiver, kept) = keeping(|records| records.iter().any(|(uid, _)| uid.ends_with(":5")).then(|| status(413)));
    let mut world = World::with_entries(9);
    let done = deliver(&mut world, &receiver).unwrap();
    assert_eq!((done.sent, done.refused, got(&kept).len()), (16, 2, 16));
}

#[test]
fn an_answer_that_is_lost_repeats_that_request_and_nothing_else() {
    let mut calls = 0;
    let kept = Kept::default();
    let keeps = Arc::clone(&kept);
    let receiver = Receiver::start(move |request| {
        calls += 1;
        keeps.lock().unwrap().extend(records(request));
        if calls == 2 { Reply::Nothing } else { ok() }
    });
    let mut world = World::with_entries(20);
    assert_eq!(deliver(&mut world, &receiver).unwrap().sent, 40);
    let got = got(&kept);
    assert_eq!((got.len(), got.into_iter().collect::<BTreeSet<_>>()), (48, uids(20)));
}

#[test]
fn a_receiver_that_takes_nothing_ends_it_and_nothing_is_lost_or_shown_that_is_secret() {
    for (reply, is_auth) in [(401, true), (404, false), (500, false), (503, false)] {
        let mut calls = 0;
        let (receiver, kept) = keeping(move |_| {
            calls += 1;
            (calls == 3).then(|| Reply::Answer(reply, Vec::new(), b"no: Bearer s3cret-token".to_vec()))
        });
        let mut world = World::with_entries(20);
        let mut settings = settings(&receiver);
        settings.headers.push(("authorization".to_owned(), SecretString::from("Bearer s3cret-token".to_owned())));
        let impatient = otlp_of(&settings).retry_for(Duration::ZERO, Duration::from_millis(1));
        let error = impatient.deliver(&mut world.archive, &mut |_| {}).unwrap_err();
        assert_eq!(matches!(error, Error::Unauthorized { .. }), is_auth, "{error}");
        assert!(error.to_string().contains(&receiver.endpoint), "{error}");
        let state = world.archive.export(&impatient.name()).unwrap().unwrap();
        assert_eq!((state.sent, state.failures), (16, 1));
        for shown in [error.to_string(), state.reason.unwrap(), format!("{settings:?} {impatient:?}")] {
            assert!(!shown.contains("s3cret"), "{shown}");
        }
        assert_eq!(impatient.deliver(&mut world.archive, &mut |_| {}).unwrap().sent, 24);
        assert_eq!(got(&kept).into_iter().collect::<BTreeSet<_>>(), uids(20));
        assert_eq!(got(&kept).len(), 40);
    }
}

#[test]
fn entries_of_a_time_are_sent_again_and_leave_the_list_of_the_refused_once_they_are_taken() {
    let strict = Arc::new(Mutex::new(true));
    let is_strict = Arc::clone(&strict);
    let (receiver, kept) = keeping(move |records| {
        let old = *is_strict.lock().unwrap() && records.iter().any(|(uid, _)| uid.ends_with(":4"));
        old.then(|| status(400))
    });
    let mut world = World::with_entries(10);
    assert_eq!(deliver(&mut world, &receiver).unwrap().refused, 2);
    *strict.lock().unwrap() = false;
    kept.lock().unwrap().clear();
    let time = |id: u64| entry(STORE, id, "").time;
    let range = TimeRange::new(time(3), time(6)).unwrap();
    world.put(STORE, [entry(STORE, 5, "changed")]);
    let done = otlp(&receiver).deliver_again(&mut world.archive, range, &mut |_| {}).unwrap();
    // What was never sent is not sent again.
    assert_eq!(done.sent, 6, "{:?}", got(&kept));
    assert_eq!(refused(&world, &receiver), (BTreeSet::new(), 0));
    assert_eq!(deliver(&mut world, &receiver).unwrap().sent, 1);
}

/// The work of a child process: it delivers.
#[test]
#[ignore = "the work of a child of the other tests"]
fn child() {
    let folder = std::env::var("STORELOGS_TEST_FOLDER").expect("a child of a test");
    let mut archive = Archive::open(format!("{folder}/archive.db")).unwrap();
    let endpoint = Some(std::env::var("STORELOGS_TEST_ENDPOINT").unwrap());
    let otlp = otlp_of(&OtlpSettings { endpoint, ..OtlpSettings::default() });
    otlp.deliver(&mut archive, &mut |_| {}).unwrap();
}

/// Delivers in a child that dies at a step. Whether it was done before.
pub(crate) fn child_of(world: &World, receiver: &Receiver, dies_at: u32) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["otlp::child", "--exact", "--ignored", "--test-threads=1"]);
    child.env("STORELOGS_TEST_FOLDER", world.folder.path()).env("STORELOGS_TEST_ENDPOINT", &receiver.endpoint);
    child.env("STORELOGS_ABORT_AT_STEP", dies_at.to_string());
    let ended = child.stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    assert!(ended.status.code().is_none_or(|code| code == 0), "{}", String::from_utf8_lossy(&ended.stderr));
    ended.status.success()
}

#[test]
fn killed_at_any_step_the_next_delivery_repeats_one_request_at_the_most() {
    let mut dies_at = 1;
    loop {
        let (receiver, kept) = keeping(|records| {
            let old = records.iter().any(|(uid, _)| uid.ends_with(":4"));
            old.then(|| status(400))
        });
        let mut world = World::with_entries(10);
        let is_done = child_of(&world, &receiver, dies_at);
        deliver(&mut world, &receiver).unwrap();
        let got = got(&kept);
        let (alone, others) = refused(&world, &receiver);
        let taken: BTreeSet<String> = got.iter().cloned().collect();
        assert_eq!((&taken | &alone, others), (uids(10), 0), "killed at step {dies_at}");
        assert!(taken.is_disjoint(&alone), "killed at step {dies_at}");
        assert!(got.len() - taken.len() <= 8, "killed at step {dies_at}: {} doubled", got.len() - taken.len());
        if is_done {
            break;
        }
        dies_at += 1;
    }
    assert!(dies_at > 20, "it has {dies_at} steps");
}

#[test]
fn in_json_each_record_arrives_too_with_a_bare_content_type() {
    let uids_got = Arc::new(Mutex::new(BTreeSet::new()));
    let keeps = Arc::clone(&uids_got);
    let receiver = Receiver::start(move |request| {
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(request.path, "/v1/logs");
        assert!(!request.headers.contains_key("content-encoding"));
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        for of_store in body["resourceLogs"].as_array().unwrap() {
            for record in of_store["scopeLogs"][0]["logRecords"].as_array().unwrap() {
                assert!(record["severityNumber"].is_u64() && record["timeUnixNano"].is_string(), "{record}");
                keeps
                    .lock()
                    .unwrap()
                    .insert(record["attributes"][0]["value"]["stringValue"].as_str().unwrap().to_owned());
            }
        }
        Reply::Answer(
            200,
            vec![("content-type", "application/json".to_owned())],
            br#"{"partialSuccess":null}"#.to_vec(),
        )
    });
    let mut world = World::with_entries(10);
    let mut settings = settings(&receiver);
    (settings.protocol, settings.compression) = (Some("http/json".to_owned()), Some("none".to_owned()));
    assert_eq!(otlp_of(&settings).deliver(&mut world.archive, &mut |_| {}).unwrap().sent, 20);
    assert_eq!(*uids_got.lock().unwrap(), uids(10));
}
