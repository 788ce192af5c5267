//! Tests of the alerts on entries, in whatever order they come.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use storelogs::{LogEntry, Severity, Store};

use super::super::alert::Kind;
use super::super::rule::Draft;
use super::*;
use crate::archive::{Claim, Commit, Comparison};
use crate::coverage::TimeRange;
use crate::search::Filter;

#[path = "watcher_ends_tests.rs"]
mod ends;
#[path = "watcher_incident_tests.rs"]
mod incidents;

/// An archive that entries come into, and a watcher that can go and come back.
struct World {
    _folder: tempfile::TempDir,
    path: PathBuf,
    archive: Archive,
    rules: Vec<Rule>,
    watcher: Option<Watcher>,
    /// The alerts since the last call.
    alerts: Vec<Alert>,
}

/// A second of the world, which begins with one.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn rule(draft: Draft) -> Rule {
    // Those about what is over ask for it: watcher_ends_tests.rs.
    let resolve = draft.resolve.or(Some(false));
    Draft { name: "it".to_owned(), resolve, ..draft }.rule(Vec::new()).unwrap()
}

/// More than this many errors in ten minutes.
fn errors(more_than: u64) -> Draft {
    let text = |text: &str| Some(text.to_owned());
    Draft { when: text("severity>=error"), more_than: Some(more_than), within: text("10m"), ..Draft::default() }
}

fn shop() -> Store {
    "bigcommerce:abc123".parse().unwrap()
}

fn entry(store: &Store, id: u64, second: i64, severity: Severity, summary: &str) -> LogEntry {
    let mut entry = LogEntry::new(store, id.to_string(), at(second), at(second + 5));
    (entry.severity, entry.summary) = (severity, Some(summary.to_owned()));
    entry
}

fn error(id: u64, second: i64) -> LogEntry {
    entry(&shop(), id, second, Severity::Error, &format!("Order {id} failed"))
}

impl World {
    /// Watched since second 0, with a rule.
    fn new(draft: Draft) -> Self {
        Self::after(Vec::new(), draft)
    }

    /// In which this happened before.
    fn after(past: Vec<LogEntry>, draft: Draft) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive.db");
        let archive = Archive::open(&path).unwrap();
        archive.add_store(&shop()).unwrap();
        let mut world =
            Self { _folder: folder, path, archive, rules: vec![rule(draft)], watcher: None, alerts: Vec::new() };
        world.come(past);
        world.begin(0);
        world
    }

    fn begin(&mut self, second: i64) {
        self.watcher = None;
        let archive = Archive::open(&self.path).unwrap();
        self.watcher = Some(Watcher::new(archive, self.rules.clone(), at(second)).unwrap());
    }

    fn come(&mut self, mut entries: Vec<LogEntry>) {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
        let (mine, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| &*entry.store == shop().name());
        for entries in [mine, others] {
            let Some(first) = entries.first() else { continue };
            let store = Store::of(first.platform.clone(), &first.store).unwrap();
            let id = self.archive.add_store(&store).unwrap();
            self.archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
        }
    }

    fn cover(&mut self, since: i64, until: i64) {
        let id = self.archive.store_id(&shop()).unwrap().unwrap();
        let covered = TimeRange::new(at(since), at(until));
        let claim = Claim::Proof(storelogs::Proof::Counted);
        let audit = covered.map(|range| Comparison { range, claim, at: at(until) });
        self.archive.commit([(id, &Commit { covered, audit, ..Commit::default() })]).unwrap();
    }

    /// Looks, and takes the alerts.
    fn look(&mut self, second: i64) -> Vec<Alert> {
        let watcher = self.watcher.as_mut().unwrap();
        while watcher.look(at(second)).unwrap() {}
        for delivery in watcher.to_print("it", at(second)).unwrap() {
            self.alerts.push(serde_json::from_str(&delivery.alert).unwrap());
            watcher.arrived(delivery.id).unwrap();
        }
        std::mem::take(&mut self.alerts)
    }

    fn texts(&mut self, second: i64) -> Vec<String> {
        self.look(second).into_iter().map(|alert| alert.text).collect()
    }

    /// Every alert counts what its query lists.
    fn check(&self, alert: &Alert) {
        let filter = Filter::parse(&alert.query, at(0), &TimeZone::UTC).unwrap();
        assert_eq!(self.archive.count_found(&filter).unwrap(), alert.entries, "{alert:?}");
    }
}

#[test]
fn more_entries_than_a_rule_lets_pass_cause_one_alert_and_another_when_it_has_cooled_down() {
    let mut world = World::new(errors(2));
    world.come(vec![error(1, 10), error(2, 20)]);
    assert!(world.look(30).is_empty());
    world.come(vec![error(3, 200), error(4, 210)]);
    let alerts = world.look(220);
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].text, "4 entries in 3 min (more than 2 within 10 min)");
    assert_eq!(
        alerts[0].query,
        "severity>=error store:bigcommerce:abc123 since:2026-09-21T14:13:30Z until:2026-09-21T14:16:51Z"
    );
    world.check(&alerts[0]);
    assert_eq!(alerts[0].examples.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["4", "3"]);
    world.come(vec![error(5, 400), error(6, 1000)]); // the second one is a while after the others
    assert!(world.look(1100).is_empty());
    world.come(vec![error(7, 1010), error(8, 1020), error(9, 1030)]);
    assert!(world.look(1100).is_empty());
    assert!(world.look(220 + HOUR - 1).is_empty());
    let alerts = world.look(220 + HOUR);
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].follows && alerts[0].text == "5 more entries in 11 min", "{alerts:?}");
    world.check(&alerts[0]);
    assert!(world.look(220 + 3 * HOUR).is_empty());
}

#[test]
fn a_weekend_that_comes_at_once_is_no_burst_and_a_burst_of_the_weekend_is_one_when_it_comes() {
    let mut world = World::new(errors(2));
    world.come((1..=48).map(|id| error(id, i64::try_from(id).unwrap() * HOUR)).collect());
    assert!(world.look(49 * HOUR).is_empty(), "one an hour");
    world.come(vec![error(100, 5 * HOUR + 60), error(101, 5 * HOUR - 60)]);
    let alerts = world.look(50 * HOUR);
    assert_eq!(alerts.len(), 1, "two that came late around one that was there: {alerts:?}");
    assert_eq!((alerts[0].entries, alerts[0].since, alerts[0].until), (3, at(5 * HOUR - 60), at(5 * HOUR + 60)));
}

#[test]
fn history_causes_no_alert_however_late_it_is_read() {
    let mut world = World::after(vec![error(1, -500), error(2, -400)], errors(0));
    world.come(vec![error(3, -300), error(4, -DAY)]);
    assert!(world.look(10).is_empty());
    let other: Store = "shopline:open001".parse().unwrap();
    world.archive.add_store(&other).unwrap();
    assert!(world.look(20).is_empty());
    world.come(vec![entry(&other, 5, 10, Severity::Error, "before it was watched")]);
    world.come(vec![entry(&other, 6, 30, Severity::Error, "behind it")]);
    assert_eq!(world.texts(40), ["behind it"]);
}

#[test]
fn the_next_watcher_alerts_on_what_came_meanwhile_and_on_nothing_twice() {
    let mut world = World::new(errors(0));
    world.come(vec![error(1, 10)]);
    assert_eq!(world.texts(20), ["Order 1 failed"]);
    world.watcher = None;
    world.come(vec![error(2, 5 * HOUR)]);
    world.begin(6 * HOUR);
    assert_eq!(world.texts(6 * HOUR), ["Order 2 failed"]);
    world.begin(7 * HOUR);
    assert!(world.look(7 * HOUR).is_empty());
}

#[test]
fn whoever_was_away_for_two_months_begins_anew() {
    let mut world = World::new(errors(0));
    world.come(vec![error(1, 10)]);
    world.watcher = None;
    world.begin(60 * DAY);
    assert!(world.look(60 * DAY).is_empty());
    world.come(vec![error(2, 60 * DAY + 5)]);
    assert_eq!(world.texts(60 * DAY + 10), ["Order 2 failed"]);
}

#[test]
fn two_do_not_watch_at_the_same_time() {
    let world = World::new(errors(0));
    let other = Watcher::new(Archive::open(&world.path).unwrap(), Vec::new(), at(1));
    assert!(matches!(other, Err(crate::Error::Watched { .. })));
}

#[test]
fn an_entry_that_the_platform_changes_causes_an_alert_only_if_it_did_not_match_before() {
    let mut world = World::new(errors(0));
    world.come(vec![error(1, 10), entry(&shop(), 2, 20, Severity::Notice, "Order 2 waits")]);
    assert_eq!(world.texts(30).len(), 1);
    world.come(vec![entry(&shop(), 1, 10, Severity::Error, "Order 1 has failed")]);
    world.come(vec![entry(&shop(), 2, 20, Severity::Error, "Order 2 failed")]);
    assert!(world.look(40).is_empty(), "it cools down");
    assert_eq!(world.texts(30 + HOUR), ["Order 2 failed"]);
}

#[test]
fn what_a_rule_counts_separately_cools_down_separately() {
    let draft = Draft { per: Some(vec!["store".to_owned(), "module".to_owned()]), ..errors(0) };
    let mut world = World::new(draft);
    let of = |id, module: &str| {
        let mut entry = error(id, 10);
        entry.module = Some(module.to_owned());
        entry
    };
    world.come(vec![of(1, "USPS"), of(2, "usps"), of(3, "FedEx"), error(4, 10)]);
    let alerts = world.look(20);
    let mut subjects: Vec<String> = alerts.iter().map(Alert::subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["bigcommerce:abc123", "bigcommerce:abc123, FedEx", "bigcommerce:abc123, USPS"]);
    alerts.iter().for_each(|alert| world.check(alert));
}

#[test]
fn a_flood_becomes_one_alert() {
    let mut world = World::new(errors(0));
    let store = |n: u64| format!("shopline:shop{n}").parse::<Store>().unwrap();
    for n in 0..50 {
        world.archive.add_store(&store(n)).unwrap();
    }
    world.look(1);
    for n in 0..50 {
        world.come(vec![entry(&store(n), n + 1, 10, Severity::Error, "Failed")]);
    }
    let alerts = world.look(20);
    assert_eq!((alerts.len(), alerts[19].together, alerts[19].entries), (20, 31, 31));
    assert!(alerts[19].text.starts_with("31 more alerts: shopline:shop"), "{}", alerts[19].text);
}

#[test]
fn a_template_is_new_once_and_only_if_the_past_is_known() {
    let draft = || Draft { new_template: true, ..Draft::default() };
    let known = || (0..30).map(|n| error(n + 1, -n.cast_signed() * DAY - 5)).collect::<Vec<_>>();
    let mut world = World::after(known(), draft());
    world.come(vec![error(100, 10), entry(&shop(), 101, 11, Severity::Error, "The gateway is gone at 10:00")]);
    world.come(vec![entry(&shop(), 102, 12, Severity::Error, "The gateway is gone at 10:01")]);
    let alerts = world.look(20);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!((alerts[0].kind, &*alerts[0].text), (Kind::NewTemplate, "a new error: The gateway is gone at *:*"));
    let filter = Filter::parse(&alerts[0].query, at(0), &TimeZone::UTC).unwrap();
    assert_eq!(world.archive.count_found(&filter).unwrap(), 2, "{}", alerts[0].query);
    world.come(vec![entry(&shop(), 103, 30, Severity::Error, "The gateway is gone at 10:02")]);
    assert!(world.look(40).is_empty());
    let mut young = World::new(draft());
    young.come(vec![error(1, 10)]);
    assert!(young.look(20).is_empty(), "everything is new in an archive that has just begun");
}

#[test]
fn each_change_that_can_do_harm_causes_an_alert() {
    let mut world = World::new(Draft { sensitive: true, ..Draft::default() });
    let change = |id, category: &str, summary: &str| {
        let mut entry = entry(&shop(), id, 10, Severity::Info, summary);
        (entry.category, entry.action) = (Some(category.to_owned()), Some("edit".to_owned()));
        entry.actor = Some("Sofia Lim".to_owned());
        entry
    };
    world.come(vec![
        change(1, "payment_settings", "Payout account changed"),
        change(2, "payment_settings", "Mode: live"),
        change(3, "products", "Price changed"),
    ]);
    let mut texts = world.texts(20);
    texts.sort();
    assert_eq!(texts, ["payment: Sofia Lim: Mode: live", "payment: Sofia Lim: Payout account changed"]);
}

#[test]
fn old_alerts_are_forgotten_but_for_silence() {
    let mut world = World::new(Draft { per: Some(vec!["actor".to_owned()]), ..errors(0) });
    for day in [0_i64, 10, 40] {
        let mut entry = error(1 + day.unsigned_abs(), day * DAY + 10);
        entry.actor = Some(format!("somebody of day {day}"));
        world.come(vec![entry]);
        assert_eq!(world.look(day * DAY + 20).len(), 1);
    }
    assert_eq!(world.archive.last_alerts().unwrap().len(), 2, "those of days 10 and 40");
    let mut silent = World::new(Draft { silent_for: Some("2h".to_owned()), ..Draft::default() });
    silent.cover(-DAY, 90 * DAY);
    assert_eq!(silent.look(DAY).len(), 1);
    assert!(silent.look(40 * DAY).is_empty() && silent.look(80 * DAY).is_empty(), "it lasts");
}

#[test]
fn a_replay_says_of_a_silence_what_would_have_been_said_and_when_the_next_entry_came() {
    let mut world = World::after(
        vec![error(1, 10), error(2, 5 * HOUR + 10)],
        Draft { silent_for: Some("2h".to_owned()), ..Draft::default() },
    );
    world.cover(-DAY, 9 * HOUR);
    let range = TimeRange::new(at(0), at(8 * HOUR)).unwrap();
    let alerts = super::super::replay(&world.archive, &world.rules, range).unwrap();
    let said: Vec<_> = alerts.iter().map(|alert| (alert.at, alert.text.as_str())).collect();
    let [first, second] = [at(2 * HOUR + 10), at(7 * HOUR + 10)];
    assert_eq!(said, [(first, "no entry for 2 h; the next came after 5 h"), (second, "no entry for 2 h")]);
}

#[test]
fn silence_causes_an_alert_once_it_is_proved_and_not_for_want_of_reading() {
    let mut world = World::new(Draft { silent_for: Some("2h".to_owned()), ..Draft::default() });
    world.come(vec![error(1, 10)]);
    world.cover(-DAY, 100);
    assert!(world.look(100).is_empty());
    assert!(world.look(2 * HOUR + 20).is_empty(), "it was not read since");
    world.cover(100, 2 * HOUR + 60);
    assert_eq!(world.texts(2 * HOUR + 90), ["no entry for 2 h"]);
    world.cover(100, 5 * HOUR);
    assert!(world.look(5 * HOUR).is_empty(), "once");
    world.come(vec![error(2, 5 * HOUR)]);
    assert!(world.look(6 * HOUR).is_empty());
    let alerts = world.look(8 * HOUR);
    assert_eq!(alerts.len(), 1);
    assert!(
        alerts[0].text.starts_with("nothing is known of it for 3 h: unread: nobody has read so far since"),
        "{}",
        alerts[0].text
    );
}

/// The time of each entry, and the batch in which it comes.
fn arrivals() -> impl Strategy<Value = Vec<(i64, usize)>> {
    prop::collection::vec((0..(40 * MINUTE), 0..5_usize), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The law: whatever the order in which entries come, and whoever stops in between, an entry is alerts of just if it
    /// is one of too many within the time, and each alert counts what its query lists.
    #[test]
    fn an_entry_is_in_an_alert_exactly_if_it_is_one_of_too_many(
        arrivals in arrivals(), more_than in 0..4_u64, restarts in any::<u8>(), cool in prop::sample::select(vec!["0s", "5m", "1h"])
    ) {
        let mut world = World::new(Draft { cool_down: Some(cool.to_owned()), ..errors(more_than) });
        let entries: Vec<(LogEntry, usize)> =
            (1..).zip(&arrivals).map(|(id, (second, batch))| (error(id, *second), *batch)).collect();
        let mut alerts = Vec::new();
        for batch in 0..5 {
            world.come(entries.iter().filter(|(_, of)| *of == batch).map(|(entry, _)| entry.clone()).collect());
            let now = HOUR + 7 * MINUTE * i64::try_from(batch).unwrap();
            if restarts & (1 << batch) != 0 {
                world.begin(now);
            }
            let new = world.look(now);
            new.iter().filter(|alert| alert.together == 1).for_each(|alert| world.check(alert));
            alerts.extend(new);
        }
        alerts.extend(world.look(9 * HOUR));
        let mut seconds: Vec<i64> = arrivals.iter().map(|(second, _)| *second).collect();
        seconds.sort_unstable();
        // Windows that hold too many.
        let windows = seconds.iter().map(|first| *first..*first + 10 * MINUTE);
        let windows = windows.filter(|window| seconds.iter().filter(|at| window.contains(at)).count() as u64 > more_than);
        let windows: Vec<_> = windows.collect();
        for second in &seconds {
            let is_alerted = alerts.iter().any(|alert| alert.since <= at(*second) && at(*second) <= alert.until);
            // What lies between two bursts of one alert is part of it.
            prop_assert!(is_alerted || windows.iter().all(|window| !window.contains(second)), "{second} of {alerts:?}");
        }
        prop_assert_eq!(alerts.is_empty(), windows.is_empty(), "{:?}", alerts);
    }
}
