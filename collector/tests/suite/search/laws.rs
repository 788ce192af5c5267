//! The law of searches: for any query and any entries, the archive finds what matches in memory.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::search::{Filter, Order};

use super::{NOW, archive, filter, found, index_with_places, put, samples, time};

const TEXTS: [&str; 18] = [
    "refund",
    "Refunds requested",
    "Order #1042",
    "编辑商品",
    "商品 A",
    "주문 실패했습니다",
    "주문#1234 실패",
    "注文ABC失敗",
    "ｶｰﾄﾞとカート",
    "ชำระเงินไม่สำเร็จ",
    "สินค้า 12 ชิ้น",
    "café",
    "CAFE",
    "order status",
    "a b a b",
    "",
    "<b>x</b>",
    "\u{0} \u{202e}odd",
];
const FACTS: [&str; 10] =
    ["Order Status", "order", "状态", "관리자", "カード決済", "a-b", "", "café *", "Staff/Permissions", "支付payment"];

const STORES: [&str; 4] = ["bigcommerce:abc", "bigcommerce:shop", "shopline:abc", "shopline:shop-2"];

fn any_text(texts: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    proptest::option::weighted(0.7, proptest::collection::vec(proptest::sample::select(texts), 1..3))
        .prop_map(|texts| texts.map(|texts| texts.join(" ")))
}

fn any_entry() -> impl Strategy<Value = LogEntry> {
    let who = (proptest::sample::select(&STORES[..]), 0..30_u64, 0..14_i64, 0..3_i64);
    let facts = [any_text(&FACTS), any_text(&FACTS), any_text(&FACTS), any_text(&FACTS), any_text(&FACTS)];
    let texts = (any_text(&TEXTS), any_text(&TEXTS), proptest::sample::select(&Severity::ALL[..]));
    (who, facts, texts).prop_map(|((store, id, half_seconds, nanos), facts, (summary, message, severity))| {
        let store: Store = store.parse().unwrap();
        let offset = SignedDuration::from_millis(half_seconds * 500) + SignedDuration::from_nanos(nanos);
        let mut entry = LogEntry::new(&store, id.to_string(), time(NOW) - offset, time(NOW));
        [entry.module, entry.category, entry.action, entry.actor, entry.subject_id] = facts;
        (entry.summary, entry.message, entry.severity) = (summary, message, severity);
        entry
    })
}

fn any_term() -> impl Strategy<Value = String> {
    let select = |choices: &'static [&'static str]| proptest::sample::select(choices).prop_map(str::to_owned);
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', ""));
    // Marks without anything to stand on are no words.
    let is_mark = |c: char| matches!(c, '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{ff9e}');
    let has_word = move |text: &String| text.chars().any(|c| c.is_alphanumeric() && !is_mark(c));
    prop_oneof![
        select(&[
            "refund",
            "ref*",
            "requested",
            "商",
            "编辑*",
            "cafe",
            "\"a b\"",
            "\"b a\"*",
            "order-status",
            "x",
            "104*"
        ]),
        select(&[
            "summary:refund*",
            "message:order",
            "summary:\"a b\"",
            "store:abc",
            "store:shop*",
            "store:*s*",
            "store:no"
        ]),
        select(&["platform:shopline", "-platform:b*", "store:shopline:abc", "id:7", "id:1*", "uid:shopline:abc:3"]),
        select(&["sensitive:yes", "-sensitive:yes", "sensitive:payment", "sensitive:permissions", "sensitive:plan"]),
        select(&["severity>=notice", "severity:info", "severity<warning", "severity<=notice", "severity>info"]),
        select(&["since:3s", "until:2s", "time>=2026-08-10T11:59:58.500000001Z", "time<2026-08-10T11:59:57Z"]),
        select(&["time<=2026-08-10T11:59:58Z", "time>2026-08-10T11:59:56.5Z", "since:2027-01-01", "until:1969-01-01"]),
        (
            select(&["module", "category", "action", "actor", "subject"]),
            select(&[
                "order",
                "or*",
                "*",
                "*a*",
                "*状*",
                "관*",
                "*리자",
                "*ｰﾄﾞ*",
                "a*b",
                "\"cafe *\"",
                "\"order *\"",
                "*-b"
            ])
        )
            .prop_map(|(field, value)| format!("{field}:{value}")),
        proptest::sample::select(&TEXTS[..]).prop_map(quoted).prop_filter("a word", has_word),
        any_part().prop_map(move |part| quoted(&part)).prop_filter("a word", has_word),
    ]
}

/// Some of what stands in the texts, and what only resembles it.
fn any_part() -> impl Strategy<Value = String> {
    let part = (proptest::sample::select(&TEXTS[..]), 0..20_usize, 1..6_usize)
        .prop_map(|(text, from, length)| text.chars().skip(from).take(length).collect());
    prop_oneof![part, "[주문실패했商品注文失敗カｶーﾄﾞﾞสินค้าเง1A ]{1,4}"]
}

fn any_query() -> impl Strategy<Value = String> {
    any_term().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.join(" ")),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            inner.prop_map(|part| format!("-({part})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_archive_finds_what_matches_in_memory(
        entries in proptest::collection::vec(any_entry(), 0..40),
        indexed in 0..40_usize,
        places in any::<bool>(),
        queries in proptest::collection::vec(any_query(), 24),
    ) {
        let (_folder, mut archive) = archive();
        let (before, after) = entries.split_at(indexed.min(entries.len()));
        put(&mut archive, before);
        archive.index_words(usize::MAX).unwrap();
        if places && !before.is_empty() {
            index_with_places(&mut archive);
        }
        put(&mut archive, after);
        let all = found(&archive, &Filter::all(), Order::NewestFirst);
        let mut reversed = all.clone();
        reversed.reverse();
        prop_assert!(all.windows(2).all(|pair| pair[0].time >= pair[1].time));
        for query in queries {
            let filter = filter(&query);
            let expected: Vec<_> = all.iter().filter(|entry| filter.matches(entry)).cloned().collect();
            prop_assert_eq!(&found(&archive, &filter, Order::NewestFirst), &expected, "{}", query);
            prop_assert_eq!(archive.count_found(&filter).unwrap(), expected.len() as u64, "{}", query);
            let backwards: Vec<_> = reversed.iter().filter(|entry| filter.matches(entry)).cloned().collect();
            prop_assert_eq!(&found(&archive, &filter, Order::OldestFirst), &backwards, "{}", query);
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_a_query(query in "(\\PC|[-():\"*<>=\\\\ ]|OR |since:|module:){0,20}") {
        let now = time(NOW);
        match Filter::parse(&query, now, &TimeZone::UTC) {
            Ok(filter) => {
                let entry = &samples()[0];
                let (_folder, mut archive) = archive();
                put(&mut archive, std::slice::from_ref(entry));
                archive.index_words(usize::MAX).unwrap();
                prop_assert_eq!(archive.count_found(&filter).unwrap() == 1, filter.matches(entry));
                filter.marks(&query);
            }
            Err(error) => {
                prop_assert!(query.get(error.at()).is_some());
                prop_assert_eq!(error.to_string().lines().count(), 3);
            }
        }
    }
}
