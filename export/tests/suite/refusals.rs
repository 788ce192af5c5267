//! Receivers that refuse much: some entries for good, or whatever they are sent.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use prost::Message;
use storelogs::otlp::opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use storelogs_collector::TimeRange;
use storelogs_export::{Delivered, Error};

use crate::otlp::{Kept, child_of, deliver, got, keeping, otlp, refused, uids};
use crate::receiver::{Receiver, Reply, status};
use crate::world::{World, entry};

const STORE: &str = "bigcommerce:abc123";

/// How often a request is cut until its entries are sent one by one.
const CUTS: usize = 3;

fn id(uid: &str) -> u64 {
    uid.rsplit(':').next().unwrap().parse().unwrap()
}

/// A receiver that refuses each request with one of these entries.
fn refusing(is_refused: impl Fn(&str) -> bool + Send + 'static) -> (Receiver, Kept) {
    keeping(move |records| {
        let refused = records.iter().find(|(uid, _)| is_refused(uid));
        refused
            .map(|(uid, _)| Reply::Answer(400, Vec::new(), format!("entry {uid} has timestamp too old").into_bytes()))
    })
}

/// Entries 1 to 300 of each store are too old, the others are not.
fn is_old(uid: &str) -> bool {
    id(uid) <= 300
}

#[test]
fn a_receiver_that_refuses_whatever_it_is_sent_costs_few_requests_and_nothing_counts() {
    let (is_broken, requests) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (broken, counted) = (Arc::clone(&is_broken), Arc::clone(&requests));
    let (receiver, kept) = keeping(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        broken.load(Ordering::Relaxed).then(|| Reply::Answer(400, Vec::new(), b"unknown field shop".to_vec()))
    });
    let mut world = World::with_entries(500);
    for time in 1..=2 {
        let error = deliver(&mut world, &receiver).unwrap_err();
        assert!(matches!(error, Error::RefusesAll { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains(&receiver.endpoint) && said.contains("HTTP 400: unknown field shop"), "{said}");
        let state = world.archive.export(&otlp(&receiver).name()).unwrap().unwrap();
        assert_eq!((state.arrived, state.sent, state.refused, state.failures), (0, 0, 0, time));
        assert_eq!(refused(&world, &receiver), (BTreeSet::new(), 0));
    }
    // Cutting the first request, eight entries by themselves and four ahead, at the most; and that twice.
    assert!(requests.load(Ordering::Relaxed) <= 2 * (CUTS + 8 + 8 + 4), "{requests:?}");
    is_broken.store(false, Ordering::Relaxed);
    assert_eq!(deliver(&mut world, &receiver).unwrap().sent, 1000);
    assert_eq!((got(&kept).len(), got(&kept).into_iter().collect::<BTreeSet<_>>()), (1000, uids(500)));
}

#[test]
fn one_that_breaks_midway_has_what_it_took_and_nothing_after_that_counts() {
    let mut calls = 0;
    let (receiver, kept) = keeping(move |_| {
        calls += 1;
        (calls > 20).then(|| status(400))
    });
    let mut world = World::with_entries(500);
    let error = deliver(&mut world, &receiver).unwrap_err();
    assert!(matches!(error, Error::RefusesAll { .. }), "{error}");
    let state = world.archive.export(&otlp(&receiver).name()).unwrap().unwrap();
    assert_eq!((got(&kept).len(), state.sent, state.refused), (160, 160, 0));
}

#[test]
fn one_that_refuses_everything_as_a_partial_success_does_not_get_through_the_archive_either() {
    let mut requests = 0;
    let receiver = Receiver::start(move |request| {
        requests += 1;
        assert!(requests < 10, "it goes on");
        let records = i64::try_from(crate::otlp::records(request).len()).unwrap();
        let partial = ExportLogsPartialSuccess { rejected_log_records: records, error_message: "full".to_owned() };
        let body = ExportLogsServiceResponse { partial_success: Some(partial) }.encode_to_vec();
        Reply::Answer(200, vec![("content-type", "application/x-protobuf".to_owned())], body)
    });
    let mut world = World::with_entries(500);
    let error = deliver(&mut world, &receiver).unwrap_err();
    assert!(matches!(error, Error::RefusesAll { .. }) && error.to_string().contains("full"), "{error}");
    let state = world.archive.export(&otlp(&receiver).name()).unwrap().unwrap();
    assert_eq!((state.arrived, state.refused), (0, 0));
}

#[test]
fn entries_that_are_too_old_are_got_through_with_hardly_more_than_a_request_each() {
    let (receiver, kept) = refusing(is_old);
    let mut world = World::with_entries(400);
    let done = deliver(&mut world, &receiver).unwrap();
    assert_eq!((done.sent, done.refused), (200, 600));
    assert_eq!(done.stores[STORE], (100, 300));
    assert!(done.requests < 700, "{}", done.requests);
    let old: BTreeSet<String> = uids(400).into_iter().filter(|uid| is_old(uid)).collect();
    assert_eq!(refused(&world, &receiver), (old.clone(), 0));
    // Those that were sent ahead did not come again.
    assert_eq!((got(&kept).len(), got(&kept).into_iter().collect::<BTreeSet<_>>()), (200, &uids(400) - &old));
    assert_eq!(deliver(&mut world, &receiver).unwrap(), Delivered::default());
    let state = world.archive.export(&otlp(&receiver).name()).unwrap().unwrap();
    assert_eq!((state.sent, state.refused, state.failures), (200, 600, 0));
}

#[test]
fn where_all_are_too_old_they_count_as_soon_as_a_newer_one_is_taken() {
    for each in [1, 100] {
        let (receiver, kept) = refusing(is_old);
        let mut world = World::with_entries(each);
        let error = deliver(&mut world, &receiver).unwrap_err();
        assert!(matches!(error, Error::RefusesAll { .. }), "{error}");
        assert_eq!(refused(&world, &receiver), (BTreeSet::new(), 0));
        world.put(STORE, [entry(STORE, 301, "new")]);
        let done = deliver(&mut world, &receiver).unwrap();
        assert_eq!((done.sent, done.refused), (1, 2 * each));
        assert_eq!(refused(&world, &receiver), (uids(each), 0));
        // Sent ahead, and again as long as no other one was taken: each time after twice as many refusals.
        let got = got(&kept);
        assert!(got.len() <= 5 && got.iter().all(|uid| *uid == format!("{STORE}:301")), "{got:?}");
    }
}

/// A shop in which little happens: nothing newer comes that could prove the receiver well.
#[test]
fn where_nothing_but_refused_entries_came_one_that_was_taken_before_proves_the_receiver_well() {
    let (is_broken, requests) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (broken, counted) = (Arc::clone(&is_broken), Arc::clone(&requests));
    let (receiver, kept) = refusing(move |uid| {
        counted.fetch_add(1, Ordering::Relaxed);
        broken.load(Ordering::Relaxed) || is_old(uid) || uid.ends_with(":303")
    });
    let mut world = World::with_entries(302);
    assert_eq!(deliver(&mut world, &receiver).unwrap().sent, 4);
    world.put(STORE, [entry(STORE, 303, "late")]);
    is_broken.store(true, Ordering::Relaxed);
    let error = deliver(&mut world, &receiver).unwrap_err();
    assert!(matches!(error, Error::RefusesAll { .. }), "{error}");
    assert_eq!(refused(&world, &receiver).0.len(), 600, "it refuses what it took before, too");
    is_broken.store(false, Ordering::Relaxed);
    let before = requests.load(Ordering::Relaxed);
    let taken = got(&kept).len();
    let done = deliver(&mut world, &receiver).unwrap();
    assert_eq!((done.sent, done.refused, done.requests), (0, 1, 2));
    assert_eq!(requests.load(Ordering::Relaxed) - before, 2, "the entry, and one that was taken before");
    assert_eq!((refused(&world, &receiver).0.len(), got(&kept).len()), (601, taken + 1));
    assert_eq!(deliver(&mut world, &receiver).unwrap(), Delivered::default());
}

#[test]
fn a_newest_entry_with_a_fault_of_its_own_does_not_stop_the_others() {
    let (receiver, kept) = refusing(|uid| is_old(uid) || uid.ends_with(":320"));
    let mut world = World::with_entries(320);
    let done = deliver(&mut world, &receiver).unwrap();
    assert_eq!((done.sent, done.refused, got(&kept).len()), (38, 602, 38));
}

#[test]
fn refused_once_more_entries_stay_in_the_list_and_none_is_added() {
    let (receiver, _) = refusing(is_old);
    let mut world = World::with_entries(310);
    assert_eq!(deliver(&mut world, &receiver).unwrap().refused, 600);
    let before = world.archive.refusals(&otlp(&receiver).name()).unwrap();
    let time = |id: u64| entry(STORE, id, "").time;
    let range = TimeRange::new(time(1), time(300)).unwrap();
    let again = otlp(&receiver).deliver_again(&mut world.archive, range, &mut |_| {}).unwrap_err();
    assert!(matches!(again, Error::RefusesAll { .. }), "{again}");
    assert_eq!(world.archive.refusals(&otlp(&receiver).name()).unwrap(), before);
    // With those that it takes, they are refused again.
    let range = TimeRange::new(time(1), time(311)).unwrap();
    let done = otlp(&receiver).deliver_again(&mut world.archive, range, &mut |_| {}).unwrap();
    assert_eq!((done.sent, done.refused), (20, 600));
    assert_eq!(world.archive.refusals(&otlp(&receiver).name()).unwrap().len(), 600);
}

#[test]
fn killed_among_refusals_nothing_is_lost_and_only_what_was_sent_ahead_may_come_twice() {
    let mut dies_at = 1;
    loop {
        let (receiver, kept) = refusing(|uid| id(uid) <= 10);
        let mut world = World::with_entries(14);
        let is_done = child_of(&world, &receiver, dies_at);
        deliver(&mut world, &receiver).unwrap();
        let got = got(&kept);
        let (alone, others) = refused(&world, &receiver);
        let taken: BTreeSet<String> = got.iter().cloned().collect();
        assert_eq!((&taken | &alone, others), (uids(14), 0), "killed at step {dies_at}");
        assert!(taken.iter().all(|uid| id(uid) > 10) && alone.len() == 20, "killed at step {dies_at}");
        assert!(got.len() - taken.len() <= 8 + 1, "killed at step {dies_at}: {} doubled", got.len() - taken.len());
        if is_done {
            break;
        }
        dies_at += 1;
    }
    assert!(dies_at > 20, "it has {dies_at} steps");
}

#[test]
fn of_two_exports_to_one_receiver_the_second_says_so_and_nothing_is_sent_twice() {
    let (here, arrived) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let mut is_first = true;
    let (receiver, kept) = keeping(move |_| {
        if std::mem::take(&mut is_first) {
            here.send(()).unwrap();
            wait.recv().unwrap();
        }
        None
    });
    let mut world = World::with_entries(20);
    let mut same = storelogs_collector::Archive::open(world.archive.path()).unwrap();
    let first = otlp(&receiver);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| first.deliver(&mut same, &mut |_| {}).unwrap());
        arrived.recv().unwrap();
        let error = deliver(&mut world, &receiver).unwrap_err();
        assert!(matches!(&error, Error::Busy { endpoint } if endpoint.starts_with(&receiver.endpoint)), "{error}");
        // Another receiver has nothing to do with it, and that it was busy is no failure.
        let (other, _) = keeping(|_| None);
        assert_eq!(deliver(&mut world, &other).unwrap().sent, 40);
        go_on.send(()).unwrap();
        assert_eq!(first.join().unwrap().sent, 40);
    });
    assert_eq!(deliver(&mut world, &receiver).unwrap(), Delivered::default());
    assert_eq!((got(&kept).len(), got(&kept).into_iter().collect::<BTreeSet<_>>()), (40, uids(20)));
    let state = world.archive.export(&otlp(&receiver).name()).unwrap().unwrap();
    assert_eq!((state.sent, state.failures), (40, 0));
}

#[test]
fn nothing_can_be_sent_again_before_anything_was_sent() {
    let (receiver, kept) = keeping(|_| None);
    let mut world = World::with_entries(3);
    let range = TimeRange::new(entry(STORE, 1, "").time, entry(STORE, 4, "").time).unwrap();
    let error = otlp(&receiver).deliver_again(&mut world.archive, range, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::NeverSent { .. }), "{error}");
    assert_eq!((got(&kept).len(), world.archive.exports().unwrap()), (0, Vec::new()));
}
