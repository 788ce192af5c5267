//! Tests of plans: everything that is missing gets read, and a plan ends.

use proptest::prelude::*;

use super::*;
use crate::archive::Walk;
use crate::coverage::Coverage;

const RETENTION: SignedDuration = SignedDuration::from_hours(365 * 24);

fn now() -> Timestamp {
    "2026-08-01T12:00:00Z".parse().unwrap()
}

fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

fn between(since: i64, until: i64) -> TimeRange {
    TimeRange::new(ago(since), ago(until)).unwrap()
}

fn plan(covered: &[(i64, i64)]) -> Plan {
    let ranges = covered.iter().filter_map(|(since, until)| TimeRange::new(ago(*since), ago(*until)));
    Plan::new(Progress { coverage: ranges.collect(), ..Progress::default() }, &Platform::BIGCOMMERCE, true)
}

fn gap(since: i64, until: i64, next_attempt: Timestamp) -> Gap {
    Gap { range: between(since, until), reason: String::new(), attempts: 1, next_attempt }
}

impl Plan {
    /// Everything that is to be read.
    fn any(&mut self, now: Timestamp) -> Option<Job> {
        self.next(now).or_else(|| self.again(now))
    }
}

/// Reads everything that the plan says, and returns it.
fn read_all(plan: &mut Plan) -> Vec<TimeRange> {
    let mut read = Vec::new();
    while let Some(job) = plan.any(now()) {
        read.push(job.range());
        if let Job::Again(..) = job {
            let done = plan.end_rereading();
            plan.progress.rewalked.extend(done);
        } else {
            let covered = Some(job.range());
            let commit = crate::archive::Commit { covered, ..Default::default() };
            plan.progress.apply(&commit, &Default::default());
        }
        assert!(read.len() < 10_000, "it never ends");
    }
    read
}

#[test]
fn everything_is_read_in_the_order_in_which_it_expires() {
    let mut plan = plan(&[(300 * 24, 200 * 24)]);
    plan.progress.rewalked = plan.begin_tiers(now()).into_iter().collect();
    let read = read_all(&mut plan);
    assert_eq!((read[0].since, read[0].length()), (now() - RETENTION, FIRST_SLICE));
    assert!(read.is_sorted_by_key(|range| range.since), "{read:?}");
    assert!(read.len() >= 265, "one slice a day, as long as nothing was learned: {}", read.len());
}

#[test]
fn what_is_new_is_read_with_some_overlap_and_not_further_back_than_an_hour() {
    assert_eq!(plan(&[(365 * 24, 1)]).news(now()), Some(Job::News(TimeRange::new(ago(1) - OVERLAP, now()).unwrap())));
    assert_eq!(plan(&[(365 * 24, 48)]).news(now()), Some(Job::News(between(1, 0))));
    assert_eq!(plan(&[]).news(now()), Some(Job::News(between(1, 0))));
}

/// The time at which the next reading of what is new begins, in hours ago.
fn news_begin(plan: &Plan) -> f64 {
    let Some(Job::News(range)) = plan.news(now()) else { panic!("nothing is asked for") };
    now().duration_since(range.since).as_secs_f64() / 3600.0
}

/// A plan of a store that was read up to half an hour ago, whose newest entries are this many hours old.
fn quiet(newest: &[i64]) -> Plan {
    let end = now() - SignedDuration::from_mins(30);
    let mut plan = plan(&[(365 * 24, 1)]);
    plan.progress.coverage.add(TimeRange::new(ago(1), end).unwrap());
    plan.lists(newest.iter().map(|hours| ago(*hours)));
    plan
}

#[test]
fn what_is_new_is_read_from_the_newest_entry_on_so_that_a_list_without_news_is_not_empty() {
    assert_eq!(news_begin(&quiet(&[50, 40])), 40.0);
    let overlap = 0.5 + OVERLAP.as_secs_f64() / 3600.0;
    assert_eq!(news_begin(&quiet(&[])), overlap, "nothing is known");
    assert_eq!(news_begin(&quiet(&[40 * 24])), overlap, "that would be two requests");
    assert_eq!(news_begin(&quiet(&[40; 500])), overlap, "that second fills pages");
    let mut refused = quiet(&[40]);
    refused.obeys_ranges(true, Some(SignedDuration::from_hours(24)));
    assert_eq!(news_begin(&refused), overlap, "a range of this length is refused");
}

#[test]
fn what_is_new_is_not_read_across_anything_that_would_take_requests_of_its_own() {
    let overlap = news_begin(&quiet(&[]));
    let mut unread = quiet(&[40]);
    unread.progress.coverage.remove(between(30, 29));
    assert_eq!(news_begin(&unread), overlap);
    let mut failed = quiet(&[40]);
    failed.progress.gaps = vec![gap(30, 29, now())];
    assert_eq!(news_begin(&failed), overlap);
    for (finding, begin) in [
        (Finding::Short { entries: 1 }, overlap),
        (Finding::Over { entries: 1 }, overlap),
        (Finding::NotCountable, 40.0),
        (Finding::Counted, 40.0),
    ] {
        let mut audited = quiet(&[40]);
        audited.progress.audits.set(Audit { range: between(30, 29), finding, at: now() });
        assert_eq!(news_begin(&audited), begin, "{finding:?}");
    }
}

#[test]
fn what_is_due_to_be_read_again_is_read_with_what_is_new_if_a_page_holds_it() {
    let day = SignedDuration::from_hours(24);
    let due = |entries: usize, read: SignedDuration| {
        let mut plan = quiet(&[]);
        plan.progress.rewalked = plan.begin_tiers(now()).into_iter().collect();
        plan.progress.rewalked.insert(day, ago(7));
        plan.note_density(TimeRange::new(now() - read, now()).unwrap(), entries);
        plan
    };
    let overlap = news_begin(&quiet(&[]));
    let hour = SignedDuration::from_hours(1);
    assert_eq!(news_begin(&due(4, hour)), 24.0);
    assert_eq!(news_begin(&due(40, hour)), overlap, "a thousand entries are more than a page");
    assert_eq!(news_begin(&due(0, hour / 20)), overlap, "three quiet minutes say nothing of a day");
    let mut plan = due(4, hour);
    let along: Vec<_> = plan.reread_along(between(24, 0)).into_iter().map(|(tier, _)| tier).collect();
    assert_eq!(along, [day], "the hour was read again just now");
    plan.progress.rewalked.insert(day, now());
    assert_eq!(news_begin(&plan), overlap);
    assert!(plan.reread_along(between(24, 0)).is_empty());
    plan.progress.rewalked.clear();
    assert!(plan.reread_along(between(24, 0)).is_empty(), "their time has not begun");
}

#[test]
fn a_store_is_looked_at_once_and_then_read_in_slices() {
    let mut plan = plan(&[]);
    let whole = TimeRange::new(now() - RETENTION, now()).unwrap();
    assert_eq!(plan.any(now()), Some(Job::Look(whole)));
    plan.looks();
    assert!(!plan.looked_in_vain(false), "one failure is no reason to park a store");
    let Some(Job::Slice(first, None)) = plan.any(now()) else { panic!("no slice") };
    assert_eq!((first.since, first.length()), (whole.since, FIRST_SLICE));
}

#[test]
fn where_this_clock_says_that_nothing_can_be_new_the_platform_is_asked_all_the_same() {
    let Some(Job::News(asked)) = plan(&[(365 * 24, -24)]).news(now()) else { panic!() };
    assert_eq!((asked.since, asked.until), (ago(-24) - OVERLAP, ago(-24) + SignedDuration::from_secs(1)));
}

#[test]
fn what_is_new_does_not_keep_gaps_and_rereadings_waiting() {
    let mut plan = plan(&[(365 * 24, 10), (8, 0)]);
    plan.progress.gaps = vec![gap(10, 8, now())];
    // Each moment makes something new; that is read when it is worth it, or asked for.
    let later = now() + OVERLAP;
    assert_eq!(plan.any(later), Some(Job::Fill(between(10, 8))));
    plan.progress.gaps[0].next_attempt = later + SignedDuration::from_mins(1);
    assert!(matches!(plan.any(later), Some(Job::Again(..))));
}

#[test]
fn a_walk_that_was_begun_goes_on_unless_it_leads_to_nothing_any_more() {
    let mut plan = plan(&[(365 * 24, 100), (50, 0)]);
    let cursor = Cursor { reached: Some(ago(50)), ..Cursor::default() };
    plan.progress.walk = Some(Walk { range: between(100, 20), cursor: cursor.clone() });
    assert_eq!(plan.any(now()), Some(Job::Slice(between(100, 20), Some(cursor))));
    plan.progress.coverage.add(between(110, 40));
    assert!(matches!(plan.any(now()), Some(Job::Again(..))));
}

#[test]
fn slices_grow_while_they_are_small_and_shrink_when_they_are_large() {
    let mut plan = plan(&[]);
    plan.learn(between(24, 0), 1);
    assert_eq!(plan.slice, FIRST_SLICE * 2);
    plan.learn(between(48, 0), 20);
    assert_eq!(plan.slice, FIRST_SLICE * 2);
    plan.learn(between(48, 0), 100);
    assert_eq!(plan.slice, FIRST_SLICE);
}

#[test]
fn a_list_that_ignores_time_ranges_is_read_once_and_never_in_parts() {
    let mut plan = plan(&[(300 * 24, 200 * 24)]);
    plan.obeys_ranges(false, None);
    let whole = TimeRange::new(now() - RETENTION, now()).unwrap();
    assert_eq!(plan.any(now()), Some(Job::Slice(whole, None)));
    plan.suspect(whole, "it fails", false);
    let Some(Job::Fill(first)) = plan.any(now()) else { panic!("nothing is read again") };
    assert_eq!(first, between(200 * 24, 0), "what is read already is not asked for by its halves");
    plan.suspect(first, "it fails", false);
    assert_eq!(plan.answered(now()).len(), 2, "what failed twice waits");
}

#[test]
fn the_longest_time_range_that_is_due_is_read_again_part_by_part_and_counts_for_the_shorter_ones() {
    let mut plan = plan(&[(365 * 24, 20), (18, 0)]);
    plan.progress.gaps = vec![gap(20, 18, now() + SignedDuration::from_hours(1))];
    plan.progress.rewalked = plan.begin_tiers(ago(24 * 4)).into_iter().collect();
    assert_eq!(plan.any(now()), Some(Job::Again(between(18, 0), None)));
    assert_eq!(plan.end_rereading(), []);
    assert_eq!(plan.any(now()), Some(Job::Again(between(24 * 7, 20), None)));
    let done = plan.end_rereading();
    assert_eq!(done.len(), 3);
    plan.progress.rewalked.extend(done);
    assert_eq!(plan.any(now()), None);
}

#[test]
fn entries_that_came_very_late_make_it_look_back_further() {
    let mut plan = plan(&[(365 * 24, 0)]);
    plan.progress.lateness = SignedDuration::from_hours(24 * 10);
    assert_eq!(plan.any(now()), Some(Job::Again(between(24 * 20, 0), None)));
}

#[test]
fn a_clock_that_was_set_back_keeps_nothing_waiting_for_ever() {
    let mut plan = plan(&[(365 * 24, 10), (8, 0)]);
    let far = ago(-24 * 900);
    plan.progress.gaps = vec![gap(10, 8, far)];
    plan.progress.rewalked = plan.begin_tiers(far).into_iter().collect();
    assert_eq!(plan.any(now()), Some(Job::Fill(between(10, 8))));
    plan.progress.gaps[0].next_attempt = now() + SignedDuration::from_hours(1);
    assert!(matches!(plan.any(now()), Some(Job::Again(..))));
}

#[test]
fn a_gap_is_cut_where_the_platform_keeps_nothing_any_more() {
    let mut plan = plan(&[(365 * 24 - 10, 0)]);
    plan.progress.rewalked = plan.begin_tiers(now()).into_iter().collect();
    plan.progress.gaps = vec![gap(400 * 24, 366 * 24, now()), gap(366 * 24, 365 * 24 - 10, now())];
    assert_eq!(plan.any(now()), Some(Job::Fill(between(365 * 24, 365 * 24 - 10))));
    let horizon = now() - RETENTION + SHORTEST_GAP;
    assert_eq!(plan.expired(now()), Some(horizon));
    let commit = crate::archive::Commit { expired: plan.expired(now()), ..Default::default() };
    plan.progress.apply(&commit, &Default::default());
    let rest: Vec<TimeRange> = plan.progress.gaps.iter().map(|gap| gap.range).collect();
    assert_eq!(rest, [TimeRange::new(horizon, ago(365 * 24 - 10)).unwrap()]);
    assert_eq!(plan.expired(now()), None);
}

#[test]
fn what_was_read_and_counts_more_waits_for_its_time_when_it_fails_again() {
    let fails: [fn(&mut Plan); 2] = [
        |plan| _ = plan.suspect(between(48, 24), "HTTP 422", false),
        |plan| plan.leave(between(48, 24), "one row alone comes empty"),
    ];
    for fail in fails {
        let mut plan = plan(&[(365 * 24, 0)]);
        plan.progress.gaps = vec![gap(48, 24, ago(1))];
        assert_eq!(plan.next(now()), Some(Job::Fill(between(48, 24))));
        fail(&mut plan);
        let gaps = plan.answered(now());
        assert_eq!((gaps[0].range, gaps[0].attempts), (between(48, 24), 2));
        assert!(gaps[0].next_attempt > now());
        plan.progress.gaps = gaps;
        assert_eq!(plan.next(now()), None);
    }
}

#[test]
fn where_nearly_everything_fails_no_more_is_cut_until_the_store_rests() {
    let fails = |plan: &mut Plan| {
        let mut failures = 0;
        while let Some(job) = plan.next(now()) {
            plan.suspect(job.range(), "it fails", false);
            let gaps = plan.answered(now());
            plan.progress.apply(&crate::archive::Commit { gaps, ..Default::default() }, &Default::default());
            failures += 1;
            assert!(failures < 10_000, "it never ends");
        }
        failures
    };
    let mut plan = Plan::new(Progress::default(), &Platform::BIGCOMMERCE, false);
    let first = fails(&mut plan);
    assert!((policy::CUTS..policy::CUTS * 4).contains(&first), "{first}");
    plan.rests();
    plan.tried.clear(); // the next run
    assert!(fails(&mut plan) > policy::CUTS, "what was left is cut further");
}

#[test]
fn a_store_that_never_answers_is_not_cut_into_gaps() {
    let mut plan = plan(&[(365 * 24, 100)]);
    for failures in 1..=policy::FAILURES {
        let job = plan.any(now()).unwrap();
        assert_eq!(plan.suspect(job.range(), "it fails", false), failures == policy::FAILURES);
    }
    plan.acquit();
    assert_eq!(plan.progress.gaps, []);
    assert!(matches!(plan.any(now()), Some(Job::Slice(..))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_was_covered_everything_gets_read_in_the_end(
        covered in proptest::collection::vec((0..9000_i64, 0..9000_i64), 0..8),
        gaps in proptest::collection::vec((1..8000_i64, 1..50_i64), 0..4),
        pages in proptest::collection::vec(0..100_usize, 1..10),
    ) {
        let mut plan = plan(&covered);
        plan.progress.rewalked = plan.begin_tiers(now()).into_iter().collect();
        for (since, length) in gaps {
            plan.progress.gaps.push(gap(since + length, since, now() + SignedDuration::from_hours(1)));
        }
        let mut known: Coverage = plan.progress.gaps.iter().map(|gap| gap.range).collect();
        let mut steps = 0;
        while let Some(job) = plan.any(now()) {
            let range = job.range();
            prop_assert!(!plan.progress.coverage.covers(range), "{range} is read twice");
            plan.progress.coverage.add(range);
            plan.learn(range, pages[steps % pages.len()]);
            steps += 1;
            prop_assert!(steps < 10_000, "it never ends");
        }
        // But for less than the overlap at the newest end, which is not worth a request yet.
        let range = TimeRange::new(now() - RETENTION + SHORTEST_GAP, now() - OVERLAP).unwrap();
        plan.progress.coverage.ranges().for_each(|range| known.add(range));
        prop_assert_eq!(known.gaps(range), vec![]);
    }

    /// Reading a time range that holds a fault fails; every other one is read.
    #[test]
    fn all_is_read_but_for_a_minute_around_each_fault(
        faults in proptest::collection::btree_set(1..365 * 24 * 60 - 1_i64, 1..4),
        patient in any::<bool>(),
    ) {
        let faults: Vec<Timestamp> = faults.into_iter().map(|ago| now() - SignedDuration::from_mins(ago)).collect();
        let mut plan = Plan::new(Progress::default(), &Platform::BIGCOMMERCE, patient);
        plan.slice = SignedDuration::from_hours(24 * 30);
        plan.progress.rewalked = plan.begin_tiers(now()).into_iter().collect();
        let (mut steps, mut store_fails) = (0, 0);
        while let Some(job) = plan.any(now()) {
            let range = job.range();
            if let Job::Look(_) = job {
                plan.looks();
                plan.looked_in_vain(false);
                continue;
            }
            if faults.iter().any(|at| range.contains(*at)) {
                if plan.suspect(range, "a fault", false) {
                    store_fails += 1;
                    plan.acquit();
                }
            } else {
                let gaps = plan.answered(now());
                let commit = crate::archive::Commit { covered: Some(range), gaps, ..Default::default() };
                plan.progress.apply(&commit, &Default::default());
            }
            steps += 1;
            prop_assert!(steps < 1000, "it never ends");
        }
        prop_assert_eq!(store_fails, 0);
        let range = TimeRange::new(now() - RETENTION + SHORTEST_GAP, now() - OVERLAP).unwrap();
        let gaps = plan.progress.coverage.gaps(range);
        for gap in &gaps {
            prop_assert!(gap.length() <= SHORTEST_GAP * 3, "{} around {:?}", gap, faults);
            prop_assert!(faults.iter().any(|at| gap.contains(*at)));
        }
    }
}
