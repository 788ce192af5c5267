//! The entries behind the figures of a page.

use std::ops::ControlFlow;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::archive::Commit;
use storelogs_collector::insight::{ReportOptions, html, report_with_entries};
use storelogs_collector::redact::{NoRedaction, Redact};
use storelogs_collector::search::{Filter, Order};
use storelogs_collector::{Archive, Error};

use crate::shop::{self, now};

fn page(archive: &Archive, days: i64, redact: &dyn Redact) -> String {
    let options = ReportOptions {
        since: now() - SignedDuration::from_hours(24 * days),
        until: now(),
        compare: true,
        stores: Vec::new(),
        zone: Some(TimeZone::UTC),
        now: now(),
    };
    let (report, entries) = report_with_entries(archive, &options, redact).unwrap();
    html(&report, &entries)
}

/// The JSON of the entries in a page.
fn entries(page: &str) -> Value {
    embedded(page, "entries")
}

fn embedded(page: &str, id: &str) -> Value {
    let json = page.split(&format!("id=\"{id}\">")).nth(1).unwrap().split("</script>").next().unwrap();
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// The times of the newest entries that a search finds.
fn newest(archive: &Archive, filter: &Filter, most: usize) -> Vec<Timestamp> {
    let mut found = Vec::new();
    let each = |entry: LogEntry| -> Result<_, Error> {
        found.push(entry.time);
        Ok(if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    };
    archive.search(filter, Order::NewestFirst, each).unwrap();
    found
}

/// An archive of one store with these entries.
fn archive_of(entries: impl Iterator<Item = LogEntry>) -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
    let id = archive.add_store(&store()).unwrap();
    let mut entries: Vec<LogEntry> = entries.collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
    archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
    (folder, archive)
}

fn store() -> Store {
    "bigcommerce:abc123".parse().unwrap()
}

fn problem(number: i64, minutes: i64, summary: String, message: String) -> LogEntry {
    let time = now() - SignedDuration::from_mins(minutes);
    let mut entry = LogEntry::new(&store(), number.to_string(), time, time);
    entry.severity = Severity::Error;
    entry.summary = Some(summary);
    entry.message = Some(message);
    entry
}

#[test]
fn the_entries_of_a_figure_are_the_newest_that_its_search_finds() {
    let shop = shop::shop(4);
    let redactor = shop.archive.redactor().unwrap();
    for (days, redact) in [(30, &NoRedaction as &dyn Redact), (90, &redactor)] {
        let read = entries(&page(&shop.archive, days, redact));
        let (list, figures) = (read["list"].as_array().unwrap(), read["figures"].as_object().unwrap());
        let mut left_out = 0;
        for (query, figure) in figures {
            let filter = Filter::parse(query, now(), &TimeZone::UTC).unwrap().unveiled(&shop.archive).unwrap();
            let shown = figure["list"].as_array().unwrap();
            let shown: Vec<Timestamp> = shown
                .iter()
                .map(|at| {
                    list[usize::try_from(at.as_u64().unwrap()).unwrap()]["time"].as_str().unwrap().parse().unwrap()
                })
                .collect();
            assert_eq!(shown, newest(&shop.archive, &filter, shown.len()), "{query}");
            let of = shop.archive.count_found(&filter).unwrap();
            assert_eq!(figure["of"].as_u64().unwrap(), of, "{query}");
            assert_eq!(shown.len() as u64, of.min(50), "{query}");
            left_out += usize::from(of > 50);
        }
        for part in ["like:", "uid:", "reason:", "actor:", "order "] {
            assert!(figures.keys().any(|query| query.contains(part)), "no figure is searched by {part}");
        }
        assert!(figures.len() > 20 && left_out > 3, "{} figures, {left_out} with more entries", figures.len());
    }
}

#[test]
fn whoever_did_something_and_whatever_is_listed_or_drawn_has_its_entries() {
    let shop = shop::shop(4);
    let page = page(&shop.archive, 30, &NoRedaction);
    let report: Value = embedded(&page, "report");
    let read = entries(&page);
    let figures = read["figures"].as_object().unwrap();
    let lines = |lines: &Value, count: &str| -> Vec<String> {
        let counts = lines.as_array().unwrap().iter().map(|line| line.pointer(count).unwrap());
        let counts = counts.filter(|count| count.get("now").is_none_or(|now| now != 0));
        counts.map(|count| count["query"].as_str().unwrap().to_owned()).collect()
    };
    let (people, activity, problems) = (&report["people"], &report["activity"], &report["problems"]);
    for (what, listed) in [
        ("actors", lines(&people["actors"], "")),
        ("new actions", lines(&people["new_actions"], "")),
        ("stores", lines(&activity["stores"], "")),
        ("categories", lines(&activity["categories"], "")),
        ("modules", lines(&problems["modules"], "/all")),
        ("failures of modules", lines(&problems["modules"], "/failed")),
        ("totals", lines(&serde_json::json!([activity["total"], problems["total"]]), "")),
    ] {
        assert!(!listed.is_empty(), "the shop has no {what}");
        for query in listed {
            assert!(figures.contains_key(&query), "no entries of {what}: {query}");
        }
    }
    let list = read["list"].as_array().unwrap();
    let time = |time: &Value| time.as_str().unwrap().parse::<Timestamp>().unwrap();
    let mut bars: Vec<Timestamp> = report["period"]["steps"].as_array().unwrap().iter().map(time).collect();
    bars.push(time(&report["period"]["until"]));
    let mut full = 0;
    for bar in bars.windows(2) {
        for severities in ["", "severity>=warning "] {
            let query = format!("{severities}since:{} until:{}", bar[0], bar[1]);
            let filter = Filter::parse(&query, now(), &TimeZone::UTC).unwrap();
            let newest = newest(&shop.archive, &filter, 10);
            let of_bar = |entry: &&Value| {
                let is_problem = !["info", "notice"].contains(&entry["severity"].as_str().unwrap());
                (bar[0]..bar[1]).contains(&time(&entry["time"])) && (severities.is_empty() || is_problem)
            };
            let mut times: Vec<Timestamp> = list.iter().filter(of_bar).map(|entry| time(&entry["time"])).collect();
            times.sort_by(|a, b| b.cmp(a));
            assert_eq!(times[..newest.len()], newest, "{query}");
            full += usize::from(newest.len() == 10);
        }
    }
    assert!(full > 20, "{full} bars have ten entries or more");
    let charted = activity["cube"]["categories"].as_array().unwrap();
    for entry in list.iter().take(300) {
        let category = usize::try_from(entry["category"].as_u64().unwrap()).unwrap();
        assert!(category <= charted.len(), "{entry}");
    }
}

#[test]
fn the_page_of_a_busy_year_stays_small() {
    const WORDS: [&str; 12] =
        ["gateway", "label", "tax", "stock", "feed", "mail", "coupon", "price", "image", "theme", "refund", "invoice"];
    let word = |number: i64| WORDS[usize::try_from(number).unwrap() % WORDS.len()];
    // As many kinds as are listed, many of each, orders in all of them, and texts that take more room in a page.
    let problems = (0..3000_i64).map(|number| {
        let kind = number % 100;
        let (a, b) = (word(kind), word(kind / 12));
        let summary = format!("{a} {b} {a}s {b}s {a}ed {b}ed: no {a} of {b} for order {number} {}", "<&>".repeat(50));
        let message = format!(r#"{{"error": "<{number}>", "trace": "{}"}}"#, "<é>".repeat(200));
        problem(number, number * 173, summary, message)
    });
    let (_folder, archive) = archive_of(problems);
    let page = page(&archive, 365, &NoRedaction);
    assert!(page.len() <= 2_000_000, "{} bytes", page.len());
    assert!(page.len() > 1_950_000, "{} bytes: the room is used", page.len());
    let read = entries(&page);
    let figures: Vec<&Value> = read["figures"].as_object().unwrap().values().collect();
    assert!(figures.len() >= 200, "{} figures", figures.len());
    assert!(figures.iter().all(|figure| !figure["list"].as_array().unwrap().is_empty()), "none is without any");
    let short = |figure: &&&Value| figure["of"].as_u64().unwrap() > figure["list"].as_array().unwrap().len() as u64;
    let short = figures.iter().filter(short).count();
    assert!(short >= 10, "{short} figures have more entries than the page");
}

#[test]
fn the_entries_of_a_page_show_nobodys_data() {
    let secret = "shpat_not_a_real_token_0000000000";
    let problems = (0..40_i64).map(|number| {
        let summary = format!("Payment of ada{number}@example.com for order {number} failed");
        problem(
            number,
            number,
            summary,
            format!(r#"{{"error": "declined for ada{number}@example.com", "access_token": "{secret}"}}"#),
        )
    });
    let (_folder, archive) = archive_of(problems);
    let redactor = archive.redactor().unwrap();
    let [open, redacted] = [&NoRedaction as &dyn Redact, &redactor].map(|redact| page(&archive, 30, redact));
    for personal in ["@example.com", secret] {
        assert!(entries(&open).to_string().contains(personal), "{personal} is in the log");
        assert!(!redacted.contains(personal), "{personal}");
    }
    let read = entries(&redacted);
    let list = read["list"].as_array().unwrap();
    assert!(list.len() > 20);
    for entry in list {
        for field in ["summary", "reason", "message"] {
            assert!(entry[field].as_str().unwrap().contains("[email "), "{entry}");
        }
    }
}
