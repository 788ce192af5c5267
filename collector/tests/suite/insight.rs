//! Reports: they say what the archive holds.

use std::borrow::Cow;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::Value;
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::archive::Commit;
use storelogs_collector::insight::model::{Incident, Level, Section};
use storelogs_collector::insight::{
    Entries, Report, ReportOptions, document, html, report, report_with_entries, with_incidents,
};
use storelogs_collector::redact::{Field, NoRedaction, Redact};
use storelogs_collector::search::Filter;
use storelogs_collector::{Archive, TimeRange};

use crate::shop::{self, Shop, now};

fn options(days: i64) -> ReportOptions {
    ReportOptions {
        since: now() - SignedDuration::from_hours(24 * days),
        until: now(),
        compare: true,
        stores: Vec::new(),
        zone: None,
        now: now(),
    }
}

fn of(shop: &Shop, days: i64) -> Report {
    report(&shop.archive, &options(days), &NoRedaction).unwrap()
}

fn page(shop: &Shop, days: i64) -> String {
    let (report, entries) = report_with_entries(&shop.archive, &options(days), &NoRedaction).unwrap();
    html(&report, &entries)
}

/// The JSON of a page with this id.
fn embedded(page: &str, id: &str) -> Value {
    let start = format!("id=\"{id}\">");
    serde_json::from_str(page.split(&start).nth(1).unwrap().split("</script>").next().unwrap()).unwrap()
}

/// Calls `each` with every query of a report, and with how many entries it has to list.
fn each_query(json: &Value, each: &mut impl FnMut(&str, u64, &Value)) {
    match json {
        Value::Object(fields) => {
            if let Some(query) = fields.get("query").and_then(Value::as_str) {
                let number = |name: &str| fields.get(name).and_then(Value::as_u64);
                let entries = if fields.get("trend").is_some_and(|trend| trend == "gone") {
                    number("before")
                } else {
                    number("now").or(number("entries"))
                };
                let one = || query.starts_with("uid:").then_some(1);
                if let Some(entries) = one().or(entries) {
                    each(query, entries, json);
                }
            }
            fields.values().for_each(|json| each_query(json, each));
        }
        Value::Array(list) => list.iter().for_each(|json| each_query(json, each)),
        _ => {}
    }
}

/// Each finding whose title begins with a number: the search behind it finds as many.
#[track_caller]
fn assert_findings_list_what_they_count(archive: &Archive, report: &Value) -> usize {
    let mut looked_at = 0;
    for finding in report["summary"].as_array().unwrap() {
        let (title, query) = (finding["title"].as_str().unwrap(), finding["query"].as_str());
        let number = title.split(' ').next().unwrap().replace(',', "").parse::<u64>();
        let (Ok(number), Some(query)) = (number, query) else { continue };
        if title.contains("incident") {
            continue; // incidents are counted, not their entries
        }
        let filter = Filter::parse(query, now(), &TimeZone::UTC).unwrap();
        assert_eq!(archive.count_found(&filter).unwrap(), number, "{title}: {query}");
        looked_at += 1;
    }
    looked_at
}

#[test]
fn every_line_counts_what_its_query_finds() {
    let shop = shop::shop(1);
    for days in [30, 2, 90] {
        let report = serde_json::to_value(of(&shop, days)).unwrap();
        let mut queries = 0;
        each_query(&report, &mut |query, entries, line| {
            let filter = Filter::parse(query, now(), &TimeZone::UTC).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(shop.archive.count_found(&filter).unwrap(), entries, "{query}\n{line:#}");
            queries += 1;
        });
        assert!(queries > 60, "{days} days: {queries}");
        assert!(assert_findings_list_what_they_count(&shop.archive, &report) >= 2, "{days} days");
    }
}

#[test]
fn a_search_by_incidents_lists_the_entries_of_those_that_the_report_lists() {
    let shop = shop::shop(1);
    let listed = of(&shop, 30).incidents.list;
    assert!(listed.len() >= 2 && listed[0].start > listed[1].end, "{listed:?}");
    let of_query = |query: &str| {
        let filter = Filter::parse(query, now(), &TimeZone::UTC).unwrap();
        assert!(filter.names_incidents());
        let filter = with_incidents(&shop.archive, &filter, now(), &TimeZone::UTC).unwrap();
        assert!(!filter.names_incidents(), "{query}");
        shop.archive.count_found(&filter).unwrap()
    };
    let minute = |at: jiff::Timestamp| at.to_string()[..16].to_owned();
    let [last, before] = [listed[0].entries, listed[1].entries];
    assert_eq!(of_query("incident:last"), last);
    assert_eq!(of_query("incident:yes"), listed.iter().map(|incident| incident.entries).sum::<u64>());
    assert_eq!(of_query(&format!("incident:{}", minute(listed[0].start))), last, "at the minute in which it began");
    assert_eq!(of_query(&format!("incident:{}", &minute(listed[1].start)[..10])), before, "on that day");
    assert_eq!(of_query(&format!("incident:last until:{}Z", minute(listed[0].start))), before, "seen from before");
    let module = listed[1].module.as_ref().unwrap();
    assert_eq!(of_query(&format!("incident:yes module:\"{module}\"")), before);
    assert_eq!(of_query("incident:last store:shopline:open001"), 0, "nothing stands out in that store");
    assert_eq!(of_query("incident:open") + of_query("incident:2001-01-01"), 0);
    let all = Filter::parse("severity>=warning", now(), &TimeZone::UTC).unwrap().within(period());
    let all = shop.archive.count_found(&all).unwrap();
    let within = "since:2026-10-25 until:2026-11-24T12:00Z severity>=warning";
    assert_eq!(of_query(&format!("-incident:yes {within}")), all - of_query(&format!("incident:yes {within}")));
    // One of longer ago than the period is looked for around its time.
    let long = of(&shop, 90).incidents.list;
    let oldest = long.last().unwrap();
    assert!(oldest.start < period().since, "{oldest:?}");
    assert_eq!(of_query(&format!("incident:{}", minute(oldest.start))), oldest.entries);
}

#[test]
fn an_app_is_called_one_and_who_put_it_to_work_is_whom_to_ask() {
    let mut shop = shop::shop(1);
    let suspect = |report: &Report| {
        let changed = report.incidents.list.iter().find_map(|incident| incident.changes.listed.first().cloned());
        changed.filter(|change| change.who() == "the app Shipping Rules").expect("the app changed something first")
    };
    let report_before = of(&shop, 30);
    let app = suspect(&report_before).app.unwrap();
    assert!(app.by.is_none() && suspect(&report_before).ask().is_none(), "the log says nothing of who installed it");
    let finding = |report: &Report| {
        report.summary.iter().find(|finding| finding.text.contains("the app Shipping Rules")).unwrap().clone()
    };
    assert!(finding(&report_before).text.ends_with("The log does not say who installed or changed that app."));
    assert_eq!(finding(&report_before).ask, None);
    let person = report_before.people.actors.iter().find(|actor| actor.actor.as_str() == "Amelia Wong").unwrap();
    assert!(person.app.is_none());

    let store: Store = "shopline:open001".parse().unwrap();
    let id = shop.archive.store_id(&store).unwrap().unwrap();
    let done = |number: i64, actor: &str, days: i64, said: &str| {
        let at = now() - SignedDuration::from_hours(24 * days);
        let mut entry = LogEntry::new(&store, number.to_string(), at, at);
        entry.severity = Severity::Info;
        (entry.category, entry.action) = (Some("apps".into()), Some("install_app".into()));
        (entry.actor, entry.summary) = (Some(actor.to_owned()), Some(said.to_owned()));
        entry
    };
    let entries = vec![
        done(3, "Kenji Tan", 0, "Install app App:Shipping Rules Pro"), // after the incident
        done(2, "Amelia Wong", 40, "Install app App:Shipping Rules"),
        done(1, "Sofia Lim", 50, "Install app App:Other Thing"),
    ];
    shop.archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
    let report = of(&shop, 30);
    let change = suspect(&report);
    assert_eq!(change.ask().unwrap().as_str(), "Amelia Wong");
    assert_eq!(change.app.unwrap().query.as_deref(), Some("uid:shopline:open001:2"));
    assert_eq!(finding(&report).ask.unwrap().as_str(), "Amelia Wong");
    assert!(finding(&report).text.contains("Amelia Wong installed or changed that app last, on"));
}

/// The last 30 days, as a report of them begins.
fn period() -> TimeRange {
    TimeRange::new("2026-10-25T00:00:00Z".parse().unwrap(), now()).unwrap()
}

/// Texts that somebody may make a shop log to harm those who read them.
const HOSTILE: [&str; 9] = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror=\"window.hacked = 1\">",
    "<!--<script>",
    "]]> \u{2028} \u{2029} \u{0} \u{1b}[31m",
    "javascript:window.hacked=1",
    "'\"><svg/onload=window.hacked=1>",
    "\u{202e}txt.exe",
    "${window.hacked=1} {{hacked}} `hacked`",
    "\\u003c/script\\u003e",
];

/// An archive in which every text is hostile.
fn hostile() -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
    let store: Store = "bigcommerce:abc123".parse().unwrap();
    let id = archive.add_store(&store).unwrap();
    let entries = (0..900_i64).map(|n| {
        let text = HOSTILE[usize::try_from(n % 9).unwrap()];
        // All at once now and then, so that there are incidents, bulk operations and changes before them too.
        let time = now() - SignedDuration::from_secs(if n < 300 { 86_400 + n } else { (n - 299) * 3600 });
        let mut entry = LogEntry::new(&store, (10_000 - n).to_string(), time, time);
        entry.severity = if n % 2 == 0 { Severity::Error } else { Severity::Info };
        for field in [&mut entry.category, &mut entry.module, &mut entry.action, &mut entry.actor, &mut entry.summary] {
            *field = Some(text.to_owned());
        }
        entry.message = Some(text.to_owned());
        entry
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
    archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
    (folder, archive)
}

#[test]
fn no_text_of_the_log_is_anything_but_text_in_the_page() {
    let (_folder, archive) = hostile();
    let (report, entries) = report_with_entries(&archive, &options(30), &NoRedaction).unwrap();
    // The tags of the page are its own: there are as many without any text.
    let own = page(&shop::shop(1), 30);
    let page = html(&report, &entries);
    for tag in ["<script", "</script", "<!--", "<style", "<svg", "<img", "<iframe", "onerror=\"", "onload=\""] {
        assert_eq!(page.matches(tag).count(), own.matches(tag).count(), "{tag}");
    }
    assert!(!page.contains(['\u{2028}', '\u{2029}', '\u{202e}', '\u{1b}', '\u{0}']));
    let read = embedded(&page, "report");
    assert_eq!(read, serde_json::to_value(&report).unwrap(), "the page has all of the report");
    for read in [read, embedded(&page, "entries")] {
        assert!(read.to_string().contains("window.hacked"), "the hostile texts are in it");
    }
}

#[test]
fn every_hostile_text_can_be_searched_for() {
    let (_folder, archive) = hostile();
    let report = serde_json::to_value(report(&archive, &options(30), &NoRedaction).unwrap()).unwrap();
    let mut queries = 0;
    each_query(&report, &mut |query, entries, line| {
        let filter = Filter::parse(query, now(), &TimeZone::UTC).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(archive.count_found(&filter).unwrap(), entries, "{query}\n{line:#}");
        queries += 1;
    });
    assert!(queries > 30, "{queries}");
}

#[test]
fn the_page_lets_nothing_be_loaded_and_only_its_own_script_run() {
    let page = page(&shop::shop(2), 90);
    let policy = page.split("Content-Security-Policy\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for reference in ["src=\"", "href=\"http", "@import", "url("] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn every_text_of_a_report_goes_through_the_redaction() {
    struct Stars;
    impl Redact for Stars {
        fn text<'a>(&self, _: Field, text: &'a str) -> Cow<'a, str> {
            Cow::Owned("x".repeat(text.len().min(3)))
        }
    }
    let (_folder, archive) = hostile();
    let (redacted, entries) = report_with_entries(&archive, &options(30), &Stars).unwrap();
    let json = serde_json::to_string(&redacted).unwrap();
    assert!(!json.contains("hacked") && !json.contains("script"), "{json}");
    assert!(!html(&redacted, &entries).contains("window.hacked"));
}

#[test]
fn the_searches_of_a_redacted_report_find_what_it_counts() {
    let shop = shop::shop(3);
    let mut archive = shop.archive;
    let store: Store = "shopline:open001".parse().unwrap();
    let id = archive.store_id(&store).unwrap().unwrap();
    // Somebody who is known by an e-mail address only, another by more than that.
    let entries = (0..60_i64).map(|n| {
        let time = now() - SignedDuration::from_hours(n + 1);
        let mut entry = LogEntry::new(&store, (900_000_000 - n).to_string(), time, time);
        entry.severity = Severity::Info;
        let actor = if n % 3 == 0 { "Jane Doe <jane.doe@example.com>" } else { "bob@example.com" };
        (entry.actor, entry.action) = (Some(actor.to_owned()), Some("edit_payment_settings".to_owned()));
        (entry.category, entry.summary) = (Some("payment_settings".to_owned()), Some("Edit".to_owned()));
        if n % 5 == 0 {
            // What the words say whose name it is.
            entry.severity = Severity::Error;
            entry.summary = Some("The card was declined, customer name: John Miller".to_owned());
            entry.module = Some("Mail to module@example.com".to_owned());
        }
        if n % 7 == 0 {
            entry.category = Some("password: hunter2secret".to_owned());
        }
        entry
    });
    archive.commit([(id, &Commit { entries: entries.collect(), ..Commit::default() })]).unwrap();
    archive.index_words(usize::MAX).unwrap();
    let redacted = report(&archive, &options(30), &archive.redactor().unwrap()).unwrap();
    let json = serde_json::to_value(&redacted).unwrap();
    assert!(!json.to_string().contains("@example.com") && !json.to_string().contains("hunter2"));
    assert!(json.to_string().contains("Mail to [email "));
    let (mut queries, mut pseudonyms, mut names) = (0, 0, 0);
    each_query(&json, &mut |query, entries, line| {
        let filter = Filter::parse(query, now(), &TimeZone::UTC).unwrap_or_else(|error| panic!("{error}"));
        let found = archive.count_found(&filter.unveiled(&archive).unwrap()).unwrap();
        assert_eq!(found, entries, "{query}\n{line:#}");
        queries += 1;
        pseudonyms += u32::from(query.contains("[email "));
        names += u32::from(query.contains("like:\"The card was declined, customer name: [name "));
    });
    assert!(queries > 60 && pseudonyms > 3 && names > 0, "{queries} {pseudonyms} {names}");
}

/// The report on a time range.
fn at(archive: &Archive, since: &str, until: &str, compare: bool) -> Report {
    let [since, until] = [since, until].map(|time| time.parse().unwrap());
    report(archive, &ReportOptions { since, until, compare, ..options(1) }, &NoRedaction).unwrap()
}

/// All that a report says in words.
fn words(report: &Report) -> String {
    let mut text = Vec::new();
    document::markdown(&document::document(report), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn nothing_is_said_to_be_well_in_a_time_that_nobody_read() {
    let shop = shop::shop(1);
    let unread = at(&shop.archive, "2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z", true);
    assert_eq!(unread.verdict, "Nothing is known: none of this period was read.");
    assert_eq!((unread.summary[0].level, unread.summary[0].title.as_str()), (Level::Alarm, "Nothing is known"));
    assert!(unread.summary.iter().all(|finding| finding.level != Level::Good), "{:?}", unread.summary);
    let said = words(&unread);
    for absence in ["Nothing broke", "No problem", "No incident", "No hour stands out.", "✅"] {
        assert!(!said.contains(absence), "{absence} is in {said}");
    }
    let page = html(&unread, &Entries::default());
    for section in ["activity", "problems", "incidents", "people"] {
        let said =
            format!("<section id=\"{section}\" data-absence=\"Nothing is known: none of this period was read.\"");
        assert!(page.contains(&said), "{section}");
    }
    let empty = Archive::open(tempfile::tempdir().unwrap().path().join("archive.db")).unwrap();
    let empty = report(&empty, &options(30), &NoRedaction).unwrap();
    assert_eq!(empty.verdict, "Nothing is known: the archive holds no store.");
}

#[test]
fn a_verdict_says_how_many_problems_there_were_where_no_hour_stands_out() {
    let shop = shop::shop(1);
    let days = (1..24).map(|day| {
        let [since, until] = [day, day + 1].map(|day| format!("2026-11-{day:02}T00:00:00Z"));
        at(&shop.archive, &since, &until, false)
    });
    let is_calm = |report: &Report| report.incidents.list.is_empty() && !report.verdict.contains("new kind");
    let calm = days.into_iter().find(|report| is_calm(report) && report.problems.total.now > 1).unwrap();
    assert_eq!(calm.verdict, format!("No incident. {} problems.", calm.problems.total.now));
}

#[test]
fn a_verdict_on_a_time_that_was_read_in_part_begins_with_that() {
    let shop = shop::shop(1);
    let longer = of(&shop, 360);
    assert!(
        longer.verdict.starts_with("Only 2") && longer.verdict.contains(" % of the period is known. "),
        "{longer:?}"
    );
    // A store that refused its first request.
    shop.archive.add_store(&"bigcommerce:refused".parse().unwrap()).unwrap();
    let report = of(&shop, 30);
    assert!(report.verdict.starts_with("Nothing is known of 1 of 3 stores. "), "{}", report.verdict);
    let calm = at(&shop.archive, "2026-11-24T11:00:00Z", "2026-11-24T12:00:00Z", false);
    assert_eq!(calm.verdict, "Nothing is known of 1 of 3 stores. No incident in what is known. 1 problem.");
    assert!(calm.summary.iter().all(|finding| finding.level != Level::Good), "{:?}", calm.summary);
}

#[test]
fn a_period_of_which_too_little_was_read_is_compared_with_nothing() {
    let shop = shop::shop(1);
    let later = now() + SignedDuration::from_hours(24 * 10);
    let behind =
        ReportOptions { since: now() - SignedDuration::from_hours(24 * 10), until: later, now: later, ..options(1) };
    let behind = report(&shop.archive, &behind, &NoRedaction).unwrap();
    assert!(!behind.trust.comparable && behind.activity.total.before.is_none());
    let activity = behind.summary.iter().find(|finding| finding.section == Section::Activity).unwrap();
    assert_eq!(activity.text, "Too little of the period was read to compare it with the one before.");
}

#[test]
fn the_future_is_no_part_of_a_period() {
    let shop = shop::shop(1);
    let [capped, now] =
        ["2026-12-25T00:00:00Z", shop::NOW].map(|until| at(&shop.archive, "2026-11-20T00:00:00Z", until, true));
    assert_eq!(serde_json::to_value(&capped).unwrap(), serde_json::to_value(&now).unwrap());
    assert_eq!(capped.period.until, shop::now());
    let future = ReportOptions { since: shop::now(), until: shop::now() + SignedDuration::from_hours(1), ..options(1) };
    assert!(report(&shop.archive, &future, &NoRedaction).is_err());
}

#[test]
fn a_report_says_what_it_is_compared_with_and_why_with_nothing() {
    let shop = shop::shop(1);
    let said = |report: &Report| {
        let finding = report.summary.iter().find(|finding| finding.section == Section::Activity).unwrap();
        finding.text.clone()
    };
    assert!(said(&of(&shop, 30)).ends_with(&format!("than in the period before ({}).", {
        let before = of(&shop, 30).activity.total.before.unwrap();
        storelogs_collector::wording::format_count(before)
    })));
    let asked = at(&shop.archive, "2026-11-20T00:00:00Z", shop::NOW, false);
    assert_eq!(said(&asked), "They are compared with nothing.");
    let partly = said(&of(&shop, 60));
    assert!(
        partly.starts_with("Only ")
            && partly.ends_with(" % of the period before was read, too little to compare with.")
    );
    assert_eq!(said(&of(&shop, 95)), "Nothing of the period before was read, to compare with.");
}

/// Of a time that was pruned the counts are left, and nothing of who did what.
#[test]
fn of_an_incident_before_which_all_is_pruned_nobody_says_that_nothing_was_changed() {
    let mut shop = shop::shop(1);
    let before = of(&shop, 30);
    let is_suspected = |incident: &&Incident| !incident.changes.listed.is_empty();
    let start = before.incidents.list.iter().find(is_suspected).expect("something was changed").start;
    let cutoffs = Severity::ALL.map(|severity| (severity, start + SignedDuration::from_hours(48)));
    for (id, _) in shop.archive.stores().unwrap() {
        shop.archive.prune(id, &cutoffs, now(), |_| {}).unwrap();
    }
    let after = of(&shop, 30);
    let near = |incident: &&Incident| incident.start.duration_since(start).abs() <= SignedDuration::from_hours(1);
    assert!(after.incidents.list.iter().any(|incident| near(&incident)), "its counts are left");
    let text = |report: &Report| {
        let mut text = Vec::new();
        document::markdown(&document::document(report), &mut text).unwrap();
        String::from_utf8(text).unwrap()
    };
    let unknown = "What was changed in the hour before is not known: entries from before";
    assert!(text(&after).contains(unknown) && !text(&before).contains(unknown));
    let said = |report: &Report| report.summary.iter().any(|found| found.text.contains(unknown));
    assert!(said(&after) && !said(&before), "{:?}", after.summary);
}
