//! The meaning of a query, in the archive and in memory.

mod laws;
mod scripts;

use std::ops::ControlFlow;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::archive::Commit;
use storelogs_collector::search::{Filter, Order};
use storelogs_collector::{Archive, Error};

const NOW: &str = "2026-08-10T12:00:00.5Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn filter(query: &str) -> Filter {
    Filter::parse(query, time(NOW), &TimeZone::UTC).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(query: &str) -> String {
    Filter::parse(query, time(NOW), &TimeZone::UTC).expect_err(query).to_string()
}

fn found(archive: &Archive, filter: &Filter, order: Order) -> Vec<LogEntry> {
    let mut found = Vec::new();
    archive
        .search::<Error>(filter, order, |entry| {
            found.push(entry);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    found
}

fn archive() -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path().join("archive.db")).unwrap();
    (folder, archive)
}

fn put(archive: &mut Archive, entries: &[LogEntry]) {
    for entry in entries {
        let store = format!("{}:{}", entry.platform, entry.store).parse().unwrap();
        let id = archive.add_store(&store).unwrap();
        archive.commit([(id, &Commit { entries: vec![entry.clone()], ..Commit::default() })]).unwrap();
    }
}

/// One entry after the other, an hour apart, the first the newest.
fn samples() -> Vec<LogEntry> {
    let samples = [
        ("bigcommerce:abc123", Severity::Error, "Payment declined", "<b>Card 4242</b> was declined by bob@example.com"),
        ("bigcommerce:abc123", Severity::Warning, "Export only: 12 rows", ""),
        ("bigcommerce:other", Severity::Unspecified, "Something odd", "café Straße"),
        ("shopline:open001", Severity::Info, "编辑商品「红色连衣裙」", ""),
        ("shopline:my-shop", Severity::Notice, "refund requested, refunds wait", "order-status pending"),
    ];
    let facts = [
        [Some("Test Payment Gateway"), Some("payment"), None, None, None],
        [Some("Export Only"), Some("general"), None, None, None],
        [None, None, None, None, None],
        [None, Some("products"), Some("edit_product"), Some("Li Wei"), Some("16058")],
        [None, Some("draft_order"), Some("change_status"), Some("app:Refunder"), None],
    ];
    let entry = |(at, ((store, severity, summary, message), facts)): (usize, _)| {
        let store: Store = str::parse(store).unwrap();
        let when = time(NOW) - SignedDuration::from_hours(1 + i64::try_from(at).unwrap());
        let mut entry = LogEntry::new(&store, (100 + at).to_string(), when, time(NOW));
        let text = |text: &str| Some(text.to_owned());
        let facts: [Option<&str>; 5] = facts;
        (entry.severity, entry.summary, entry.message) = (severity, text(summary), text(message));
        [entry.module, entry.category, entry.action, entry.actor, entry.subject_id] = facts.map(|f| f.and_then(text));
        entry
    };
    let mut entries: Vec<_> = samples.into_iter().zip(facts).enumerate().map(entry).collect();
    entries[2].extra = serde_json::from_str(r#"{"region": {"code": "EU-west"}, "tries": [7, "a\nb"]}"#).unwrap();
    entries
}

/// The last digits of the ids that a query finds, newest first.
#[track_caller]
fn finds(archive: &Archive, entries: &[LogEntry], query: &str, expected: &str) {
    let filter = filter(query);
    let digits = |entries: &[LogEntry]| entries.iter().map(|entry| entry.id[2..].to_owned()).collect::<String>();
    assert_eq!(digits(&found(archive, &filter, Order::NewestFirst)), expected, "{query}");
    let matching: Vec<_> = entries.iter().filter(|entry| filter.matches(entry)).cloned().collect();
    assert_eq!(digits(&matching), expected, "in memory: {query}");
    assert_eq!(archive.count_found(&filter).unwrap(), expected.len() as u64, "counted: {query}");
}

/// Makes the index store where words stand, as it does once many entries have words without spaces.
fn index_with_places(archive: &mut Archive) {
    archive.index_words(usize::MAX).unwrap();
    let index = rusqlite::Connection::open(archive.index_path()).unwrap();
    index.execute("UPDATE state SET written = 1000, parts = 1000", []).unwrap();
    archive.index_words(usize::MAX).unwrap();
    assert_eq!(index.query_row("SELECT places FROM state", [], |row| row.get(0)), Ok(1));
}

/// Runs a test with entries in the index and others that are not there yet, whether or not the index knows where words
/// stand.
fn everywhere(each: impl Fn(&Archive, &[LogEntry])) {
    let entries = samples();
    let (_folder, mut archive) = archive();
    put(&mut archive, &entries[3..]);
    archive.index_words(usize::MAX).unwrap();
    put(&mut archive, &entries[..3]);
    each(&archive, &entries);
    archive.index_words(usize::MAX).unwrap();
    each(&archive, &entries);
    index_with_places(&mut archive);
    each(&archive, &entries);
}

#[test]
fn words_are_found_in_every_text_whatever_their_case_and_accents() {
    everywhere(|archive, entries| {
        let finds = |query: &str, expected: &str| finds(archive, entries, query, expected);
        finds("", "01234");
        finds("declined", "0");
        finds("DECLINED card", "0");
        finds("\"was declined\"", "0");
        finds("\"declined was\"", "");
        finds("bob@example.com", "0");
        finds("example", "0");
        finds("strasse CAFE", "2");
        finds("refund", "4");
        finds("refund*", "4");
        finds("exp*", "1");
        finds("\"12 ro\"*", "1");
        finds("\"12 ro*\"", "1");
        finds("ayment", "");
        finds("gateway", "0");
        finds("16058", "3");
        finds("west 7", "2");
        finds("summary:declined", "0");
        finds("summary:card", "");
        finds("message:\"card 4242\"", "0");
    });
}

#[test]
fn summaries_of_a_form_are_found_whatever_was_taken_out_of_it() {
    everywhere(|archive, entries| {
        let finds = |query: &str, expected: &str| finds(archive, entries, query, expected);
        finds("like:\"Payment declined\"", "0");
        finds("like:\"payment declined\"", "");
        finds("like:Payment", "");
        finds("like:\"Payment …\"", "0");
        finds("like:\"… declined\"", "0");
        finds("like:\"Export only: * rows\"", "1");
        finds("like:\"Export only: … rows\"", "1");
        finds("like:\"* only: * rows\"", "");
        finds("like:编辑商品「红色连衣裙」", "3");
        finds("like:…", "01234");
        finds("-like:\"Payment …\"", "1234");
        finds("like:\"\"", "");
    });
}

#[test]
fn reasons_are_found_by_a_word_by_their_form_and_wherever_there_is_any() {
    let mut entries = samples();
    for (entry, message) in entries.iter_mut().zip([
        r#"{"errorDetail":"did not answer in time (Log ID: 7)"}"#,
        r#"{"reason":"timeout","order":"in time"}"#,
        "did not answer in time",
        r#"{"order":"in time"}"#,
    ]) {
        entry.message = Some(message.to_owned());
    }
    let (_folder, mut archive) = archive();
    put(&mut archive, &entries);
    for (query, expected) in [
        ("reason:*", "01"),
        ("reason:time", "0"),
        ("reason:time*", "01"),
        ("reason:ANSWER", "0"),
        (r#"reason:"did not answer in time (Log ID: *)""#, "0"),
        (r#"reason:"answer""#, ""),
        ("-reason:*", "234"),
        ("reason:order", ""),
    ] {
        finds(&archive, &entries, query, expected);
    }
    assert!(refusal("reason:---").contains("letter or digit"));
}

#[test]
fn a_phrase_does_not_reach_from_one_text_into_another() {
    everywhere(|archive, entries| {
        finds(archive, entries, "\"gateway payment\"", "");
        finds(archive, entries, "\"declined card\"", "");
        finds(archive, entries, "\"7 a\"", "");
        finds(archive, entries, "\"a b\"", "2");
        finds(archive, entries, "module*", "");
    });
}

#[test]
fn fields_are_compared_by_their_whole_value() {
    everywhere(|archive, entries| {
        let finds = |query: &str, expected: &str| finds(archive, entries, query, expected);
        finds("module:\"test payment gateway\"", "0");
        finds("module:payment", "");
        finds("module:*gateway*", "0");
        finds("module:*only", "1");
        finds("module:test*", "0");
        finds("module:*", "01");
        finds("category:order", "");
        finds("category:draft-order", "4");
        finds("action=edit_product", "3");
        finds("actor:\"li wei\"", "3");
        finds("actor:app:*", "4");
        finds("subject:160*", "3");
        finds("subject_id:16058", "3");
        finds("subject:*58", "3");
        finds("store:abc123", "01");
        finds("store:bigcommerce:abc123", "01");
        finds("store:shopline:abc123", "");
        finds("store:my-*", "4");
        finds("store:https://api.bigcommerce.com/stores/abc123/v3/", "01");
        finds("store:open001.myshopline.com", "3");
        finds("store:MY-SHOP", "4");
        finds("store:a*", "01");
        finds("platform:shopline", "34");
        finds("platform:s*", "34");
        finds("id:101", "1");
        finds("id:10*", "01234");
        finds("uid:shopline:open001:103", "3");
        finds("uid:shopline:open001:999", "");
        finds("uid:nonsense", "");
        finds("uid:*:103", "3");
    });
}

#[test]
fn a_minimum_severity_does_not_hide_what_is_not_understood() {
    everywhere(|archive, entries| {
        let finds = |query: &str, expected: &str| finds(archive, entries, query, expected);
        finds("severity:error", "0");
        finds("severity:Unspecified", "2");
        finds("severity>=warning", "012");
        finds("severity>warning", "02");
        finds("severity<warning", "34");
        finds("severity<=warning", "134");
        finds("-severity>=warning", "34");
        finds("severity<info", "");
        finds("severity>=unspecified", "01234");
    });
}

#[test]
fn times_are_those_of_the_options_since_and_until() {
    everywhere(|archive, entries| {
        let finds = |query: &str, expected: &str| finds(archive, entries, query, expected);
        finds("since:2h", "01");
        finds("time>=2h", "01");
        finds("until:2h", "234");
        finds("time<2026-08-10T09:00:00.5Z", "34");
        finds("time<=2026-08-10T09:00:00.5Z", "234");
        finds("time>2026-08-10T09:00:00.5Z", "01");
        finds("since:2026-08-10 until:2026-08-11", "01234");
        finds("time>2026-08-10", "");
        finds("time<=2026-08-10", "01234");
        finds("time<2026-08-10", "");
        finds("since:\"2026-08-10 09:30\" declined", "0");
        finds("-since:2h", "234");
        finds("store:abc123 since:2026-08-10T10:00:00.5Z", "01");
        finds("store:abc123 until:2026-08-10T11:00:00.5Z", "1");
    });
}

#[test]
fn the_end_of_a_time_range_is_not_included_whatever_the_id() {
    let (_folder, mut archive) = archive();
    let (store, edge) = ("bigcommerce:abc123".parse().unwrap(), time("2026-08-01T10:00:00Z"));
    let entries: Vec<_> = [1 << 30, 0, 77].map(|id: u64| LogEntry::new(&store, id.to_string(), edge, edge)).into();
    put(&mut archive, &entries);
    for query in ["", "store:abc123"] {
        assert_eq!(archive.count_found(&filter(&format!("{query} until:2026-08-01T10:00:00Z"))).unwrap(), 0);
        assert_eq!(archive.count_found(&filter(&format!("{query} since:2026-08-01T10:00:00Z"))).unwrap(), 3);
    }
}

#[test]
fn parts_can_be_ruled_out_grouped_and_chosen_from() {
    everywhere(|archive, entries| {
        let finds = |query: &str, expected: &str| finds(archive, entries, query, expected);
        finds("-declined", "1234");
        finds("NOT declined", "1234");
        finds("platform:bigcommerce -declined", "12");
        finds("store:abc123 -declined", "1");
        finds("odd OR declined", "02");
        finds("(odd OR declined) store:abc123", "0");
        finds("-(odd OR declined)", "134");
        finds("-(card AND declined)", "1234");
        finds("declined OR store:open001", "03");
        finds("refund* -requested", "");
        finds("refund* -module:*", "4");
        finds("--declined", "0");
        finds("-module:*gateway*", "1234");
        finds("\"or\"", "");
        finds("or", "");
        finds("(((odd)))", "2");
        finds("foo(odd)", "");
        finds("id:103 OR id:100", "03");
        finds("store:abc123 OR store:open001", "013");
        finds("store:abc123 store:other", "");
        finds("severity<warning refund*", "4");
        finds("refund OR -severity>=notice", "34");
        finds("declined* (odd OR -card)", "");
        finds("platform:bigcommerce (odd OR -card)", "12");
    });
}

#[test]
fn a_query_that_is_wrong_is_an_error_with_the_place() {
    let wrong = |query: &str, at: &str, why: &str| {
        let message = refusal(query);
        let lines: Vec<&str> = message.lines().collect();
        assert!(lines[0].contains(why), "{query}: {message}");
        assert_eq!(lines[1..], [query, at], "{message}");
    };
    wrong("refund \"not closed", "       ^", "never closed");
    wrong("a (b OR c", "  ^", "never closed");
    wrong("a b) c", "   ^", "closes nothing");
    wrong("modul:x", "^^^^^", "no field modul");
    wrong("a verb:edit", "  ^^^^", "action");
    wrong("https://example.com", "^^^^^", "in quotes");
    wrong("severity>=bad", "          ^^^", "info, notice, warning or error");
    wrong("a incident:soon", "           ^^^^", "incident:last, incident:open");
    wrong("error_detail:x", "^^^^^^^^^^^^", "it is reason here");
    wrong("商品 since:sometimes", "           ^^^^^^^^^", "7d");
    wrong("since:", "      ^", "missing");
    wrong("module>=x", "      ^^", "no order");
    wrong("time:2026-08-01", "    ^", "time>=");
    wrong("a OR", "    ^", "missing");
    wrong("OR a", "^", "missing");
    wrong("()", " ^", "missing");
    wrong("a AND OR b", "      ^", "missing");
    wrong("a 🛒 b", "  ^^", "letter or digit");
    wrong("a -", "  ^", "letter or digit");
    wrong("module:---", "       ^^^", "letter or digit");
    wrong("re*fund", "^^^^^^^", "at the end");
    let deep = format!("{}a", "(".repeat(5000));
    assert!(refusal(&deep).contains("nested too deeply"));
    assert!(refusal(&"-".repeat(5000)).contains("nested too deeply"));
}

#[test]
fn the_words_that_were_asked_for_are_marked() {
    let marked = |query: &str, text: &str| {
        let marks = filter(query).marks(text);
        marks.into_iter().map(|mark| text[mark].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(marked("refund* declined -card", "Refunds: DECLINED card, declinedx"), ["Refunds", "DECLINED"]);
    assert_eq!(marked("\"card declined\"", "card; declined card declined"), ["card; declined", "card declined"]);
    assert_eq!(marked("商品 OR 品类", "编辑商品类"), ["商品类"]);
    assert_eq!(marked("a a", "a b a"), ["a", "a"]);
    assert_eq!(marked("é", "e\u{301}!"), ["e\u{301}"]);
    assert!(marked("module:x severity:error", "x error").is_empty());
}

#[test]
fn entries_come_in_order_of_time_and_the_search_can_be_broken_off() {
    let (_folder, mut archive) = archive();
    let store: Store = "bigcommerce:abc123".parse().unwrap();
    // Ids that fall on keys out of order within their second.
    let entry = |id: u64| {
        let when = time("2026-08-01T10:00:00Z") + SignedDuration::from_millis(i64::try_from(id * 100).unwrap());
        let mut entry = LogEntry::new(&store, (100 - id).to_string(), when, when);
        entry.summary = Some("same".to_owned());
        entry
    };
    let entries: Vec<_> = (0..40).map(entry).collect();
    put(&mut archive, &entries[..17]);
    archive.index_words(usize::MAX).unwrap();
    put(&mut archive, &entries[17..]);
    for query in ["", "same", "store:abc123"] {
        assert_eq!(found(&archive, &filter(query), Order::OldestFirst), entries, "{query}");
        let mut backwards = found(&archive, &filter(query), Order::NewestFirst);
        backwards.reverse();
        assert_eq!(backwards, entries, "{query}");
        let mut seen = 0;
        let first = |_| {
            seen += 1;
            Ok::<_, Error>(if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        archive.search(&filter(query), Order::NewestFirst, first).unwrap();
        assert_eq!(seen, 3);
    }
}

#[test]
fn an_entry_that_was_changed_is_found_by_what_it_says_now() {
    let (_folder, mut archive) = archive();
    let mut entry = samples().remove(0);
    put(&mut archive, std::slice::from_ref(&entry));
    archive.index_words(usize::MAX).unwrap();
    entry.summary = Some("Payment captured".to_owned());
    entry.message = None;
    put(&mut archive, std::slice::from_ref(&entry));
    for _ in 0..2 {
        assert!(found(&archive, &filter("declined"), Order::NewestFirst).is_empty());
        assert_eq!(found(&archive, &filter("captured"), Order::NewestFirst), [entry.clone()]);
        archive.index_words(usize::MAX).unwrap();
    }
}

#[test]
fn an_archive_that_cannot_be_written_is_searched_too() {
    let (_folder, mut archive) = archive();
    put(&mut archive, &samples());
    let mut reader = Archive::read(archive.path()).unwrap();
    assert!(reader.catch_up(|_| {}).is_ok(), "so few are not worth it");
    assert_eq!(found(&reader, &filter("declined OR 商品"), Order::NewestFirst).len(), 2);
}
