//! A report on many stores: what they share, and who owns them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::Archive;
use storelogs_collector::TimeRange;
use storelogs_collector::archive::{Claim, Commit, Comparison, Finding, Labels};
use storelogs_collector::insight::{Report, ReportOptions, document, report};
use storelogs_collector::redact::NoRedaction;
use storelogs_collector::search::Filter;

use crate::shop::now;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// The number of days of which everything is archived.
const DAYS: i64 = 40;

struct Fleet {
    _folder: tempfile::TempDir,
    archive: Archive,
    ids: u64,
}

fn store(number: usize) -> Store {
    format!("bigcommerce:store{number:03}").parse().unwrap()
}

/// When the carrier went down: a Monday evening.
fn outage() -> Timestamp {
    "2026-11-23T23:23:00Z".parse().unwrap()
}

impl Fleet {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().join("archive.db")).unwrap();
        Self { _folder: folder, archive, ids: 0 }
    }

    fn failure(&mut self, number: usize, module: &str, time: Timestamp) -> LogEntry {
        self.ids += 1;
        let mut entry = LogEntry::new(&store(number), self.ids.to_string(), time, time);
        (entry.severity, entry.module) = (Severity::Error, Some(module.to_owned()));
        entry.summary = Some(format!("No rates for order {}", 1000 + self.ids));
        entry
    }

    fn change(&mut self, number: usize, time: Timestamp) -> LogEntry {
        let mut entry = self.failure(number, "", time);
        (entry.severity, entry.module) = (Severity::Info, None);
        (entry.actor, entry.category) = (Some("Sofia Lim".to_owned()), Some("payment_settings".to_owned()));
        entry.summary = Some("Account changed".to_owned());
        entry
    }

    /// Two failures a day of a module, as usual.
    fn usual(&mut self, number: usize, module: &str) -> Vec<LogEntry> {
        let days =
            (1..=DAYS).flat_map(|day| [5, 16].map(|hour| now() - HOUR * i32::try_from(day * 24 - hour).unwrap()));
        let days: Vec<Timestamp> = days.filter(|time| *time < now()).collect();
        days.into_iter().map(|time| self.failure(number, module, time)).collect()
    }

    /// This many failures of a module, four minutes apart.
    fn burst(&mut self, number: usize, module: &str, since: Timestamp, many: i32) -> Vec<LogEntry> {
        (0..many).map(|at| self.failure(number, module, since + SignedDuration::from_mins(4) * at)).collect()
    }

    fn come(&mut self, number: usize, mut entries: Vec<LogEntry>) {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
        let id = self.archive.add_store(&store(number)).unwrap();
        let covered = TimeRange::new(now() - HOUR * i32::try_from(DAYS * 24).unwrap(), now());
        let claim = Claim::Known(Finding::Counted);
        let audit = covered.map(|range| Comparison { range, claim, at: now() });
        self.archive.commit([(id, &Commit { entries, covered, audit, ..Commit::default() })]).unwrap();
    }

    fn label(&mut self, number: usize, name: Option<&str>, owner: Option<&str>) {
        let [name, owner] = [name, owner].map(|text| text.map(str::to_owned));
        let labels = Labels { name, owner, ..Labels::default() };
        self.archive.keep_labels([(&store(number), &labels)]).unwrap();
    }

    fn report(&self) -> Report {
        let options = ReportOptions {
            since: now() - HOUR * (7 * 24),
            until: now(),
            compare: true,
            stores: Vec::new(),
            zone: Some(TimeZone::UTC),
            now: now(),
        };
        report(&self.archive, &options, &NoRedaction).unwrap()
    }

    fn count(&self, query: &str) -> u64 {
        self.archive.count_found(&Filter::parse(query, now(), &TimeZone::UTC).unwrap()).unwrap()
    }
}

#[test]
fn what_fails_in_many_stores_at_once_is_one_incident_of_what_they_share() {
    let mut fleet = Fleet::new();
    for number in 0..24 {
        let mut entries = fleet.usual(number, "USPS");
        if number < 23 {
            // Not from the same minute on.
            let since = outage() + SignedDuration::from_mins(i64::try_from(number).unwrap());
            entries.extend(fleet.burst(number, "USPS", since, 60));
            if number == 22 {
                entries.extend(fleet.burst(number, "USPS", since + SignedDuration::from_mins(2), 40));
            }
        }
        fleet.come(number, entries);
    }
    let report = fleet.report();
    let [incident] = &report.incidents.list[..] else { panic!("{:#?}", report.incidents.list) };
    assert_eq!(
        (incident.stores.len(), incident.of_stores, report.place(incident)),
        (23, 24, "23 of 24 stores".to_owned())
    );
    assert_eq!(incident.store, 22, "it was hit most");
    let late = incident.start.duration_since(outage());
    assert!((SignedDuration::ZERO..HOUR / 6).contains(&late), "{late}");
    assert_eq!(fleet.count(&incident.query), incident.entries);
    assert!((1300..=1420).contains(&incident.entries), "{}", incident.entries);
    let templates: u64 = incident.templates.iter().map(|line| line.count.now).sum();
    assert_eq!(templates, incident.entries);
    for line in &incident.templates {
        assert_eq!(fleet.count(&line.count.query), line.count.now);
    }
    let first = &report.summary[0];
    assert!(first.title.starts_with("USPS failed in 23 of 24 stores, "), "{}", first.title);
    assert!(first.text.contains("it is USPS, or what they share, and none of these stores"), "{}", first.text);
    assert!(first.ask.is_none(), "nobody did it");
    assert!(incident.hint.is_none(), "no setting of one store did it");
    let mut text = Vec::new();
    document::markdown(&document::document(&report), &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("USPS in 23 of 24 stores") && text.contains("and 3 more."), "{text}");
}

#[test]
fn what_fails_in_few_stores_or_one_after_the_other_stays_apart() {
    let mut fleet = Fleet::new();
    for number in 0..5 {
        let mut entries = fleet.usual(number, "USPS");
        let later = HOUR * i32::try_from(4 * number.saturating_sub(1)).unwrap() - HOUR * 24;
        entries.extend(fleet.burst(number, "USPS", outage() + later, 30));
        fleet.come(number, entries);
    }
    let report = fleet.report();
    assert_eq!(report.incidents.list.len(), 5);
    assert!(report.incidents.list.iter().all(|incident| !incident.is_wide() && incident.hint.is_some()));
}

#[test]
fn a_carrier_that_does_not_answer_is_no_reason_to_change_the_settings_of_the_store() {
    let hint = |reason: &str| {
        let mut fleet = Fleet::new();
        let mut entries = fleet.usual(0, "USPS (endicia)");
        let mut burst = fleet.burst(0, "USPS (endicia)", outage(), 40);
        burst.iter_mut().for_each(|entry| entry.message = Some(format!(r#"{{"errorDetail":"{reason}"}}"#)));
        entries.append(&mut burst);
        fleet.come(0, entries);
        fleet.report().incidents.list[0].hint
    };
    assert!(hint("USPS did not answer in time").is_none());
    assert!(hint("The pass phrase is wrong").is_some());
}

#[test]
fn a_change_in_another_store_counts_if_both_have_one_owner_and_is_never_one_of_another_owner() {
    let mut fleet = Fleet::new();
    for number in 0..3 {
        let mut entries = fleet.usual(number, "Gateway");
        if number == 0 {
            entries.extend(fleet.burst(number, "Gateway", outage(), 40));
        } else {
            entries.push(fleet.change(number, outage() - SignedDuration::from_mins(10)));
        }
        fleet.come(number, entries);
    }
    let changes = |fleet: &Fleet| {
        let report = fleet.report();
        let incident = report.incidents.list[0].clone();
        assert_eq!(fleet.count(&incident.changes.query), incident.changes.entries);
        let listed: Vec<(u32, bool)> = incident.changes.listed.iter().map(|one| (one.store, one.same_owner)).collect();
        (listed, report.summary[0].text.clone())
    };
    let (listed, text) = changes(&fleet);
    assert_eq!(listed.len(), 2, "whose they are is not known");
    assert!(
        text.contains("in another of your stores") && text.ends_with("Only who made it knows whether that is chance."),
        "{text}"
    );
    fleet.label(0, None, Some("Acme"));
    fleet.label(1, Some("North"), Some("Acme"));
    fleet.label(2, None, Some("Other Inc."));
    let (listed, text) = changes(&fleet);
    assert_eq!(listed, [(1, true)]);
    assert!(text.contains("in another store of the same owner (North (bigcommerce:store001)), Sofia Lim"), "{text}");
}

#[test]
fn a_search_knows_whose_a_store_is_and_what_it_is_filed_under() {
    let mut fleet = Fleet::new();
    for number in 0..3 {
        let entry = fleet.failure(number, "USPS", now() - HOUR);
        fleet.come(number, vec![entry]);
    }
    fleet.archive.index_words(usize::MAX).unwrap();
    fleet.label(0, Some("North & Söhne"), Some("Acme Inc."));
    fleet.label(1, None, Some("acme inc."));
    let tags = ["Gold".to_owned(), "eu".to_owned()].into();
    fleet.archive.keep_labels([(&store(2), &Labels { tags, ..Labels::default() })]).unwrap();
    for (query, found) in [
        ("owner:\"Acme Inc.\"", 2),
        ("owner:acme*", 2),
        ("-owner:acme*", 1),
        ("owner:acme", 0),
        ("-owner:nobody", 3),
        ("name:\"north & söhne\" module:usps", 1),
        ("tag:gold OR tag:eu", 1),
        ("tag:gold owner:*", 0),
        ("owner:* OR tag:*", 3),
    ] {
        assert_eq!(fleet.count(query), found, "{query}");
    }
    // What is not said any more is gone.
    fleet.label(0, None, None);
    assert_eq!(fleet.count("owner:*"), 1);
}
