//! Incidents of one template that fails for several reasons.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::archive::{Claim, Commit, Comparison, Finding};
use storelogs_collector::insight::{Entries, Report, ReportOptions, document, html, report, with_incidents};
use storelogs_collector::redact::NoRedaction;
use storelogs_collector::search::Filter;
use storelogs_collector::{Archive, TimeRange};

use crate::shop::now;

/// The number of days of which everything is archived.
const DAYS: i32 = 40;
const SLOW: &str = "did not answer in time";
const DECLINED: &str = "the card was declined";

struct Payments {
    _folder: tempfile::TempDir,
    archive: Archive,
    ids: u64,
    entries: Vec<LogEntry>,
}

fn store(number: usize) -> Store {
    format!("bigcommerce:store{number:03}").parse().unwrap()
}

fn hours(hours: i32) -> SignedDuration {
    SignedDuration::from_hours(hours.into())
}

/// The first minute of the hour in which something breaks.
fn outage() -> Timestamp {
    "2026-11-23T14:00:00Z".parse().unwrap()
}

impl Payments {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().join("archive.db")).unwrap();
        Self { _folder: folder, archive, ids: 0, entries: Vec::new() }
    }

    /// This many failures from a moment on, so far apart.
    fn fail(&mut self, number: usize, reason: &str, since: Timestamp, many: i32, apart: SignedDuration) {
        for at in 0..many {
            self.ids += 1;
            let time = since + apart * at;
            let mut entry = LogEntry::new(&store(number), self.ids.to_string(), time, time);
            (entry.severity, entry.module) = (Severity::Error, Some("Gateway".to_owned()));
            entry.summary = Some(format!("Payment for order {} failed", 1000 + self.ids));
            entry.message = (!reason.is_empty()).then(|| serde_json::json!({ "errorDetail": reason }).to_string());
            self.entries.push(entry);
        }
    }

    /// A failure every half an hour, all the time.
    fn steady(&mut self, number: usize, reason: &str) {
        let since = now() - hours(24 * DAYS) + SignedDuration::from_mins(7);
        self.fail(number, reason, since, 48 * DAYS - 1, SignedDuration::from_mins(30));
    }

    fn burst(&mut self, number: usize, reason: &str, minute: i64, many: i32) {
        self.fail(number, reason, outage() + SignedDuration::from_mins(minute), many, SignedDuration::from_secs(50));
    }

    fn come(&mut self, number: usize) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
        let id = self.archive.add_store(&store(number)).unwrap();
        let covered = TimeRange::new(now() - hours(24 * DAYS), now());
        let audit = covered.map(|range| Comparison { range, claim: Claim::Known(Finding::Counted), at: now() });
        self.archive.commit([(id, &Commit { entries, covered, audit, ..Commit::default() })]).unwrap();
    }

    /// The report of the last week, in which each figure is what its search lists.
    fn report(&self) -> Report {
        let options = ReportOptions {
            since: now() - hours(24 * 7),
            until: now(),
            compare: true,
            stores: Vec::new(),
            zone: Some(TimeZone::UTC),
            now: now(),
        };
        let report = report(&self.archive, &options, &NoRedaction).unwrap();
        for incident in &report.incidents.list {
            assert_eq!(self.count(&incident.query), incident.entries, "{}", incident.query);
            let lines = [&incident.templates, &incident.reasons, &incident.other_reasons];
            for line in lines.into_iter().flatten() {
                assert_eq!(self.count(&line.count.query), line.count.now, "{}", line.count.query);
            }
        }
        report
    }

    fn count(&self, query: &str) -> u64 {
        let filter = Filter::parse(query, now(), &TimeZone::UTC).unwrap();
        let filter = with_incidents(&self.archive, &filter, now(), &TimeZone::UTC).unwrap();
        self.archive.count_found(&filter).unwrap()
    }
}

fn names(lines: &[storelogs_collector::insight::model::Line<storelogs_collector::redact::Text>]) -> Vec<(&str, u64)> {
    lines.iter().map(|line| (line.name.as_str(), line.count.now)).collect()
}

#[test]
fn the_steady_background_of_one_reason_is_no_part_of_a_burst_of_another() {
    let mut payments = Payments::new();
    payments.steady(1, DECLINED);
    payments.burst(1, SLOW, 5, 50);
    payments.come(1);
    let report = payments.report();
    let [incident] = &report.incidents.list[..] else { panic!("{:#?}", report.incidents.list) };
    assert_eq!((incident.entries, names(&incident.reasons)), (50, vec![(SLOW, 50)]));
    assert_eq!(names(&incident.other_reasons), [(DECLINED, 2)]);
    assert!(incident.usual < 0.1, "such a reason was never given before: {}", incident.usual);
    assert!(report.summary[0].title.ends_with("“did not answer in time”"), "{}", report.summary[0].title);
    assert_eq!(payments.count("incident:last"), 50);
    let mut text = Vec::new();
    document::markdown(&document::document(&report), &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("not counted: as usual, or at another time"), "{text}");
    assert!(html(&report, &Entries::default()).contains(DECLINED));
}

#[test]
fn a_background_that_gives_no_reason_is_left_out_as_well() {
    let mut payments = Payments::new();
    payments.steady(1, "");
    payments.burst(1, SLOW, 5, 50);
    payments.come(1);
    let report = payments.report();
    let [incident] = &report.incidents.list[..] else { panic!("{:#?}", report.incidents.list) };
    assert_eq!((incident.entries, incident.other_reasons.len()), (50, 0));
}

#[test]
fn a_burst_of_the_reason_that_is_always_there_counts_it_whole() {
    let mut payments = Payments::new();
    payments.steady(1, DECLINED);
    payments.burst(1, DECLINED, 5, 50);
    payments.come(1);
    let report = payments.report();
    let [incident] = &report.incidents.list[..] else { panic!("{:#?}", report.incidents.list) };
    assert_eq!((incident.entries, names(&incident.reasons)), (52, vec![(DECLINED, 52)]));
}

#[test]
fn reasons_one_after_the_other_in_one_hour_are_incidents_of_their_own() {
    let mut payments = Payments::new();
    payments.burst(1, SLOW, 2, 20);
    payments.burst(1, DECLINED, 35, 25);
    let rare =
        ["no route", "the bank is closed today", "currency unknown", "signature does not fit", "wrong hour", "refused"];
    for (reason, minute) in rare.into_iter().zip([3, 16, 20, 25, 31, 40]) {
        payments.burst(1, reason, minute, 1);
    }
    payments.come(1);
    let report = payments.report();
    let [last, first] = &report.incidents.list[..] else { panic!("{:#?}", report.incidents.list) };
    assert_eq!((names(&first.reasons)[0], names(&last.reasons)[0]), ((SLOW, 20), (DECLINED, 25)));
    assert!(first.end <= last.start && first.entries < 25 && last.entries < 30, "{first:?} {last:?}");
    assert_eq!(payments.count("incident:last"), last.entries);
    assert_eq!(payments.count("incident:yes"), first.entries + last.entries);
}

#[test]
fn reasons_at_the_same_time_are_one_incident_that_names_both() {
    let mut payments = Payments::new();
    payments.burst(1, SLOW, 2, 30);
    payments.burst(1, "connection refused", 4, 25);
    payments.come(1);
    let report = payments.report();
    let [incident] = &report.incidents.list[..] else { panic!("{:#?}", report.incidents.list) };
    assert_eq!(names(&incident.reasons), [(SLOW, 30), ("connection refused", 25)]);
    assert_eq!((incident.entries, incident.other_reasons.len()), (55, 0));
    let title = &report.summary[0].title;
    assert!(title.ends_with(": “did not answer in time”, “connection refused”"), "{title}");
}

#[test]
fn reasons_of_which_none_stands_out_stay_one_incident() {
    let mut payments = Payments::new();
    for (at, what) in ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"].iter().enumerate() {
        payments.burst(1, &format!("refused: {what} {at}"), 5 + at as i64, 3);
    }
    payments.come(1);
    let report = payments.report();
    let [incident] = &report.incidents.list[..] else { panic!("{:#?}", report.incidents.list) };
    assert_eq!(incident.entries, 24);
}

#[test]
fn what_many_stores_share_leaves_out_the_reasons_that_each_has_all_the_time() {
    let mut payments = Payments::new();
    for number in 0..12 {
        payments.steady(number, DECLINED);
        if number < 11 {
            payments.burst(number, SLOW, i64::try_from(number).unwrap(), 40);
        }
        payments.come(number);
    }
    let report = payments.report();
    let [incident] = &report.incidents.list[..] else { panic!("{:#?}", report.incidents.list) };
    assert_eq!((report.place(incident), incident.entries), ("11 of 12 stores".to_owned(), 440));
    assert_eq!(names(&incident.reasons), [(SLOW, 440)]);
}
