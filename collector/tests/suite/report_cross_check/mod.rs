//! A cross-check of reports: an SQL query of its own finds every figure in the archive. The queries read the documented
//! views, and never the hourly counts that a report is made from.

mod events;
mod people;
mod trust;
mod words;

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::Value;
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::TimeRange;
use storelogs_collector::archive::{Commit, State, Status};
use storelogs_collector::insight::{ReportOptions, report};
use storelogs_collector::redact::NoRedaction;
use storelogs_sandbox::History;

use crate::shop::{self, Shop, now};

/// The condition for a problem, in SQL.
const PROBLEM: &str = "severity IN ('warning', 'error', 'unspecified')";
/// The shop's time zone, as SQLite takes it.
const ZONE: &str = "'+8 hours'";

/// A report as JSON, the archive that it is of, and which of its figures were looked at.
struct Figures {
    sql: Connection,
    report: Value,
    /// Every form of words in which something goes wrong, as SQL.
    forms: Vec<String>,
    /// The period, and the one before, as SQL.
    now: String,
    before: Option<String>,
    checked: RefCell<BTreeSet<String>>,
}

impl Figures {
    fn of(shop: &Shop, days: i64, stores: &[&str]) -> Self {
        let since = now() - SignedDuration::from_hours(24 * days);
        let stores = stores.iter().map(|store| store.parse().unwrap()).collect();
        let options = ReportOptions { since, until: now(), compare: true, stores, zone: None, now: now() };
        let report = serde_json::to_value(report(&shop.archive, &options, &NoRedaction).unwrap()).unwrap();
        let sql = Connection::open(shop.archive.path()).unwrap();
        // What is asked of the archive is asked of the report's stores only.
        let named: Vec<String> = report["stores"].as_array().unwrap().iter().map(|store| quoted(text(store))).collect();
        sql.execute_batch(&format!(
            "CREATE TEMP TABLE log AS SELECT platform || ':' || store AS shop, unixepoch(time) AS second, \
             ((strftime('%w', time, {ZONE}) + 6) % 7) * 24 + strftime('%H', time, {ZONE}) AS slot, * FROM entries \
             WHERE platform || ':' || store IN ({}); CREATE INDEX log_second ON log (second)",
            named.join(", ")
        ))
        .unwrap();
        let forms = shop.bigcommerce.forms.iter().map(|form| form.words.replace("{}", "*"));
        let forms = forms.chain(["It said *", ""].map(str::to_owned)).map(|form| like(&form.into())).collect();
        let between =
            |range: &Value| format!("second >= {} AND second < {}", second(&range["since"]), second(&range["until"]));
        let comparable = report["trust"]["comparable"].as_bool().unwrap();
        let before = comparable.then(|| between(&report["period"]["previous"]));
        Self { forms, now: between(&report["period"]), before, sql, report, checked: RefCell::default() }
    }

    /// A part of the report. Figures in it count as looked at.
    fn at(&self, path: &str) -> &Value {
        let found = self.report.pointer(path).unwrap_or_else(|| panic!("{path} is not there"));
        let mut checked = self.checked.borrow_mut();
        each_figure(found, &pattern(path), &mut |figure| {
            checked.insert(figure.to_owned());
        });
        found
    }

    /// The list at a path, none of which counts as looked at yet.
    fn list(&self, path: &str) -> &Vec<Value> {
        self.report.pointer(path).and_then(Value::as_array).unwrap_or_else(|| panic!("{path} is no list"))
    }

    fn ask(&self, query: &str) -> f64 {
        self.sql.query_row(query, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{error}: {query}"))
    }

    fn rows<const N: usize>(&self, query: &str) -> Vec<[Value; N]> {
        let mut find = self.sql.prepare(query).unwrap_or_else(|error| panic!("{error}: {query}"));
        let value = |row: &rusqlite::Row<'_>, column| match row.get(column).unwrap() {
            rusqlite::types::Value::Integer(number) => number.into(),
            rusqlite::types::Value::Real(number) => number.into(),
            rusqlite::types::Value::Text(text) => text.into(),
            _ => Value::Null,
        };
        let rows = find.query_map([], |row| Ok(std::array::from_fn(|column| value(row, column)))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// The figure is what the query finds.
    #[track_caller]
    fn same(&self, path: &str, query: &str) {
        let reported = self.at(path).as_f64().unwrap_or_else(|| panic!("{path} is no figure"));
        let found = self.ask(query);
        assert!((reported - found).abs() < 1e-9, "{path} says {reported}, SQL {found}: {query}");
    }

    /// Each order: as many problems as have it in their words, and where they begin and end.
    fn orders(&self) {
        let others = number(self.at("/orders/others"));
        assert!(others < 0.5 || self.list("/orders/list").len() == 200, "{others} more");
        let problems = format!("severity IN ('warning', 'error', 'unspecified') AND {}", self.now);
        for (at, one) in self.list("/orders/list").iter().enumerate() {
            let store = is("shop", &self.report["stores"][one["store"].as_u64().unwrap() as usize]);
            let order = text(&one["order"]);
            let named = format!("(summary LIKE '%order {order}%' OR message LIKE '%order%{order}%')");
            self.counts(&format!("/orders/list/{at}/entries"), &format!("{store} AND {named} AND {problems}"));
            self.at(&format!("/orders/list/{at}/store"));
            // The first success of the gateway for it since, but for refunds.
            let (last, until) = (second(&one["last"]), second(&self.report["period"]["until"]));
            let success = self.rows::<2>(&format!(
                "SELECT second, summary FROM log WHERE {store} AND {named} AND severity = 'info' AND module IN \
                 (SELECT module FROM log WHERE {store} AND {named} AND {problems} AND second = {last}) AND second > {last} \
                 AND second < {until} AND summary NOT LIKE '%refund%' ORDER BY second LIMIT 1"
            ));
            let reported = &one["came_through"];
            match success.first() {
                Some([at, summary]) => {
                    assert_eq!(
                        (second(&reported["time"]), &reported["summary"]),
                        (at.as_i64().unwrap(), summary),
                        "{one}"
                    );
                }
                None => assert!(reported.is_null(), "{one}"),
            }
        }
    }

    /// The figure is how many entries there are of which this holds.
    #[track_caller]
    fn counts(&self, path: &str, what: &str) {
        self.same(path, &format!("SELECT count(*) FROM log WHERE {what}"));
    }

    /// `now` and `before` of a count are how many entries there are of which this holds.
    #[track_caller]
    fn count(&self, path: &str, what: &str) {
        self.counts(&format!("{path}/now"), &format!("{what} AND {}", self.now));
        match &self.before {
            Some(before) => self.counts(&format!("{path}/before"), &format!("{what} AND {before}")),
            None => assert!(self.at(&format!("{path}/before")).is_null(), "{path} is compared with nothing"),
        }
    }

    /// A list has as many lines as the query finds.
    #[track_caller]
    fn length(&self, path: &str, query: &str) {
        let (reported, found) = (self.list(path).len(), self.ask(query));
        assert!((reported as f64 - found).abs() < 1e-9, "{path} has {reported} lines, SQL {found}: {query}");
    }

    /// Asserts that a figure of every sort in the report was checked.
    fn assert_all_checked(&self) {
        let mut all = BTreeSet::new();
        each_figure(&self.report, "", &mut |figure| {
            all.insert(figure.to_owned());
        });
        let checked = self.checked.borrow();
        let left: Vec<_> = all.difference(&checked).filter(|figure| *figure != "/version").collect();
        assert!(left.is_empty(), "no query was asked for {left:?}");
    }
}

/// A path in which all places in lists are alike.
fn pattern(path: &str) -> String {
    let place =
        |part: &str| if part.bytes().all(|byte| byte.is_ascii_digit()) { "[]".to_owned() } else { part.to_owned() };
    path.split('/').map(|part| if part.is_empty() { String::new() } else { place(part) }).collect::<Vec<_>>().join("/")
}

fn each_figure(json: &Value, path: &str, each: &mut impl FnMut(&str)) {
    match json {
        Value::Number(_) => each(path),
        Value::Array(list) => list.iter().for_each(|json| each_figure(json, &format!("{path}/[]"), each)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, json)| each_figure(json, &format!("{path}/{name}"), each));
        }
        _ => {}
    }
}

fn text(json: &Value) -> &str {
    json.as_str().unwrap_or_else(|| panic!("{json} is no text"))
}

fn number(json: &Value) -> f64 {
    json.as_f64().unwrap_or_else(|| panic!("{json} is no figure"))
}

fn second(json: &Value) -> i64 {
    text(json).parse::<Timestamp>().unwrap().as_second()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The condition that a column has a value; `null` stands for none.
fn is(column: &str, value: &Value) -> String {
    format!("coalesce({column}, '') = {}", quoted(value.as_str().unwrap_or_default()))
}

/// The condition that a summary is one of those that a template stands for.
fn like(template: &Value) -> String {
    let template = text(template).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("coalesce(summary, '') LIKE {} ESCAPE '\\'", quoted(&template.replace(['*', '…'], "%")))
}

/// Both stores of an owner and a third, with everything that a report can show: gaps, records that could not be
/// decoded, entries that came late or were changed, more categories than a chart shows apart, problems without text.
fn eventful(seed: u64) -> Shop {
    let history = History::seeded(seed).ending_at(now().as_second()).rows_per_day(60);
    let mut shop = shop::read_since(&history, history.time_range().0);
    let begin = now() - SignedDuration::from_hours(24 * 100);
    let third: Store = "shopline:third003".parse().unwrap();
    let id = shop.archive.add_store(&third).unwrap();
    let mut entries: Vec<LogEntry> = (0..400_i64)
        .map(|n| {
            let time = begin + SignedDuration::from_secs(n * 21_000 + n * n % 977);
            let mut entry = LogEntry::new(&third, (n + 1).to_string(), time, time + SignedDuration::from_secs(30));
            entry.utc_offset = storelogs::UtcOffset::from_seconds(8 * 3600);
            entry.severity = Severity::ALL[usize::try_from(n % 5).unwrap()];
            entry.category = (n % 17 != 0).then(|| format!("category_{}", n % 17));
            entry.action = (n % 3 != 0).then(|| format!("act_{}", n % 4));
            entry.actor =
                (n % 2 == 0).then(|| ["Amelia Wong", "Robot"][usize::try_from(n / 2 % 2).unwrap()].to_owned());
            entry.summary = (n % 11 != 0).then(|| format!("It said {n}"));
            entry
        })
        .collect();
    entries.reverse();
    let whole = TimeRange::new(begin, now() - SignedDuration::from_secs(7777));
    let gap = TimeRange::new(now() - SignedDuration::from_hours(250), now() - SignedDuration::from_hours(230));
    let status = Status { state: State::Unreachable, ..shop.archive.status(id).unwrap() };
    let mut changed = entries[7].clone();
    changed.summary = Some("It said something else".into());
    let filled = Commit { entries, covered: whole, status: Some(status), ..Commit::default() };
    shop.archive.commit([(id, &filled)]).unwrap();
    let late = (0..5_i64).map(|n| {
        let time = now() - SignedDuration::from_hours(100 + n);
        let observed = time + SignedDuration::from_secs(4000 + n);
        LogEntry::new(&third, (9000 + n).to_string(), time, observed)
    });
    let entries = std::iter::once(changed).chain(late).collect();
    shop.archive.commit([(id, &Commit { entries, uncovered: gap, ..Commit::default() })]).unwrap();
    let bigcommerce = shop.archive.store_id(&"bigcommerce:abc123".parse().unwrap()).unwrap().unwrap();
    let gap = TimeRange::new(now() - SignedDuration::from_hours(50), now() - SignedDuration::from_hours(49));
    shop.archive.commit([(bigcommerce, &Commit { uncovered: gap, ..Commit::default() })]).unwrap();
    let sql = Connection::open(shop.archive.path()).unwrap();
    for (number, hours) in [20, 40, 500, 1500].into_iter().enumerate() {
        let time = (now() - SignedDuration::from_hours(hours)).as_microsecond();
        sql.execute(
            "INSERT INTO quarantine (store, observed, time, reason, raw) SELECT id, ?1, ?1, 'no', ?2 FROM store \
             WHERE name = 'third003'",
            (time, number.to_string()),
        )
        .unwrap();
    }
    shop
}

#[test]
fn every_figure_is_what_a_query_of_its_own_finds() {
    let shop = eventful(5);
    let mut checked = BTreeSet::new();
    for (days, stores) in
        [(30, &[][..]), (7, &[]), (2, &[]), (90, &[]), (450, &[]), (30, &["shopline:open001", "shopline:third003"])]
    {
        let figures = Figures::of(&shop, days, stores);
        figures.activity();
        figures.problems();
        figures.incidents();
        figures.orders();
        figures.people();
        figures.trust();
        figures.assert_all_checked();
        checked.append(&mut figures.checked.borrow_mut());
    }
    // None of them was empty everywhere.
    assert!(checked.len() >= 70, "{} {checked:#?}", checked.len());
}
