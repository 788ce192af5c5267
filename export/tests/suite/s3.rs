//! A lake in a bucket, whatever the bucket does.

use storelogs_export::{Error, Lake};

use crate::bucket::{Bucket, Fault};
use crate::world::{World, entry, now};

const STORE: &str = "bigcommerce:abc123";

fn lake(bucket: &Bucket) -> Lake {
    Lake::on(bucket.storage(), now)
}

/// The lake in the bucket is what the archive holds.
fn assert_exact(world: &World, bucket: &Bucket) {
    let _ = std::fs::remove_dir_all(world.lake_folder());
    bucket.copy_to(&world.lake_folder());
    world.assert_exact(&[&world.archive]);
}

#[test]
fn a_bucket_holds_what_a_folder_would() {
    let mut world = World::with_entries(100);
    let bucket = Bucket::new();
    lake(&bucket).with_commits_of(30).export(&world.archive).unwrap();
    assert_exact(&world, &bucket);
    world.put(STORE, (1..20).map(|id| entry(STORE, id, "changed")));
    assert_eq!(lake(&bucket).export(&world.archive).unwrap().entries, 19);
    assert!(lake(&bucket).compact().unwrap().into == 2);
    assert_exact(&world, &bucket);
    let uids = [format!("{STORE}:5")].into();
    assert_eq!(lake(&bucket).forget(&uids).unwrap().rows, 2);
    assert!(bucket.requests().iter().any(|request| request.starts_with("DELETE /logs/of/stores/entries/platform=")));
}

#[test]
fn lost_answers_and_answers_that_are_wrong_change_nothing() {
    for fault in [Fault::LosesAnswers, Fault::DoneAnd500, Fault::Says409, Fault::Says500] {
        for every in [2, 3] {
            let mut world = World::with_entries(20);
            let bucket = Bucket::new().with_fault(fault, every);
            lake(&bucket).with_commits_of(3).export(&world.archive).unwrap();
            world.put(STORE, [entry(STORE, 70, "new")]);
            lake(&bucket).export(&world.archive).unwrap();
            assert_exact(&world, &bucket);
        }
    }
}

#[test]
fn an_answer_that_is_always_lost_still_commits_once() {
    let world = World::with_entries(20);
    for fault in [Fault::LosesAnswers, Fault::DoneAnd500] {
        let bucket = Bucket::new().with_fault(fault, 1);
        lake(&bucket).with_commits_of(3).export(&world.archive).unwrap();
        assert_exact(&world, &bucket);
    }
}

#[test]
fn two_exports_into_one_bucket_bring_everything_once() {
    let world = World::with_entries(40);
    for fault in [Fault::None, Fault::LosesAnswers, Fault::Says409] {
        let bucket = Bucket::new().with_fault(fault, 4);
        let path = world.archive.path().to_owned();
        let export = || {
            let archive = storelogs_collector::Archive::read(&path).unwrap();
            lake(&bucket).with_commits_of(3).export(&archive).unwrap().entries
        };
        let brought: u64 = std::thread::scope(|scope| {
            let exports: Vec<_> = (0..3).map(|_| scope.spawn(export)).collect();
            exports.into_iter().map(|export| export.join().unwrap()).sum()
        });
        assert_eq!(brought, 80, "{fault:?}");
        assert_exact(&world, &bucket);
    }
}

#[test]
fn a_storage_on_which_writers_replace_each_other_is_refused_before_anything_is_written() {
    let world = World::with_entries(5);
    for bucket in [Bucket::new().ignoring_if_none_match(), Bucket::new().refusing_if_none_match()] {
        let error = lake(&bucket).export(&world.archive).unwrap_err();
        assert!(matches!(error, Error::NotExclusive { .. }), "{error}");
        assert!(error.to_string().contains("If-None-Match") && !error.to_string().contains("of-the-tests"), "{error}");
        let left = world.folder.path().join("left");
        bucket.copy_to(&left);
        assert!(!left.join("entries").exists());
    }
}

#[test]
fn a_storage_that_never_takes_a_commit_is_said_and_nothing_is_half_there() {
    let world = World::with_entries(5);
    // The probe is answered with 412: only what is new fails.
    let bucket = Bucket::new().with_fault(Fault::Says500, 1);
    let error = lake(&bucket).export(&world.archive).unwrap_err();
    assert!(matches!(error, Error::Storage { .. }), "{error}");
    let said = error.to_string();
    assert!(said.contains("s3://logs/of/stores/entries/_delta_log/00000000000000000000.json"), "{said}");
    assert!(!said.contains("of-the-tests") && !said.contains("AKID"), "{said}");
}

#[test]
fn a_large_file_is_sent_in_parts() {
    let mut world = World::new();
    let mut random = fastrand::Rng::with_seed(3);
    let entries = (1..=24).map(|id| {
        let mut entry = entry(STORE, id, "large");
        entry.message = Some((0..700_000).map(|_| random.alphanumeric()).collect());
        entry
    });
    world.put(STORE, entries.collect::<Vec<_>>());
    let bucket = Bucket::new();
    lake(&bucket).export(&world.archive).unwrap();
    assert!(bucket.requests().iter().any(|request| request.starts_with("POST ")));
    assert_exact(&world, &bucket);
}
