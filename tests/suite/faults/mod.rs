//! Every fault, once and permanently, against both platforms over real HTTP: what is delivered, what the error is, and
//! how many requests it takes. `docs/faults.md` is printed from the same table; see the module `kept`.

pub(crate) mod table;

use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use storelogs::{BigCommerce, ErrorKind, Http, LogQuery, LogSource, Shopline};
use storelogs_sandbox::Fault as Wire;
use storelogs_sandbox::{Behavior, Faults, History, Platform, Rule, Sandbox, Store, When};

use crate::drain::{Drained, HANDLE, HASH, assert_same_set, at, drain, quick};
use table::{Case, Delivered, Fault, Outcome};

/// Three pages on each platform: two full ones and the rest.
pub(crate) const PLATFORMS: [(Platform, &str, usize, usize); 2] =
    [(Platform::BigCommerce, HASH, 600, 250), (Platform::Shopline, HANDLE, 500, 200)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_has_the_outcome_that_the_table_says() {
    let http = Http::new().unwrap();
    let cells = table::cases().into_iter().flat_map(|case| PLATFORMS.map(|platform| (case.clone(), platform)));
    let wrong: Vec<String> = stream::iter(cells)
        .map(|(case, platform)| {
            let http = http.clone();
            async move { cell(&case, platform, http).await }
        })
        .buffered(8)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Walks a store with a fault, and says what is wrong about it.
async fn cell(case: &Case, (platform, name, rows, page): (Platform, &str, usize, usize), http: Http) -> Option<String> {
    let expected = case.outcome(platform);
    // Twenty days: SHOPLINE's longest slice is 28.
    let history = History::bulk(31, rows / 2 * 3).months(1);
    let start = history.time_range().1 - 20 * 86_400;
    let mut store = match platform {
        Platform::BigCommerce => Store::bigcommerce(name),
        Platform::Shopline => Store::shopline(name),
    };
    let mut behavior = Behavior::unlimited();
    store = match &case.fault {
        Fault::Script(rules) => {
            let rules = rules.iter().map(|rule| on_second_page(rule, platform, &history, page)).collect();
            store.faults(Faults { rules }).history(history)
        }
        Fault::Habit(change) => {
            change(&mut behavior);
            store.history(history)
        }
        Fault::Records(change) => {
            let mut records = history.records(platform).values();
            records.iter_mut().rev().skip(page).take(3).for_each(change);
            store.records(records)
        }
        Fault::NobodyListens => store.history(history),
    };
    let sandbox = Sandbox::builder().store(store.behavior(behavior)).start().await.unwrap();
    let url = match case.fault {
        Fault::NobodyListens => "http://127.0.0.1:1".to_owned(), // reserved: nothing listens there
        _ => sandbox.origin(platform),
    };
    let mut retry = quick();
    if let Some(timeout) = case.attempt_timeout {
        retry = retry.attempt_timeout(timeout);
    }
    let token = sandbox.token(platform, name);
    let source: Box<dyn LogSource> = match platform {
        Platform::BigCommerce => {
            let builder = BigCommerce::builder(name).access_token(token).api_url(url).retry(retry);
            Box::new(builder.http_backend(http).in_flight(1).build().unwrap())
        }
        Platform::Shopline => {
            let builder = Shopline::builder(name).access_token(token).api_url(url).retry(retry);
            Box::new(builder.bucket(1_000_000, 1e6).http_backend(http).in_flight(1).build().unwrap())
        }
    };
    let drained =
        tokio::time::timeout(Duration::from_secs(120), drain(&*source, LogQuery::new().since(at(start)))).await;
    let Ok(drained) = drained else { return Some(format!("{} ({platform}): no end", case.name)) };
    let oracle = sandbox.oracle(platform, name, start, i64::MAX);
    let requests = match case.fault {
        Fault::NobodyListens => drained.errors.iter().map(|error| error.attempts() as usize).sum(),
        _ => sandbox.journal().len(),
    };
    let found = Outcome { delivered: delivered(&drained, &oracle, page), error: error(&drained), requests };
    let bounded = Outcome { requests: found.requests, ..expected };
    let as_expected =
        found == expected || (expected.requests == table::UP_TO && found == bounded && found.requests < table::UP_TO);
    (!as_expected).then(|| format!("{} ({platform}): {found:?}, not {expected:?}", case.name))
}

/// A rule of the second page, as this platform is asked for it: a fault that lasts strikes the rows of that page however
/// they are asked for; SHOPLINE is asked for each page by its time, so it has no second one.
fn on_second_page(rule: &Rule, platform: Platform, history: &History, page: usize) -> Rule {
    let of_one_answer = matches!(
        rule.fault,
        Wire::MalformedRecord(_) | Wire::WrongTypes(_) | Wire::EmptyPage | Wire::RepeatPage | Wire::Delay(_)
    );
    let when = match (rule.when, rule.times) {
        // A BigCommerce list may end with a 404: there it is a page that fails, and not its rows.
        (When::Page(2), None) if rule.fault == Wire::Status(404) && platform == Platform::BigCommerce => rule.when,
        (When::Page(2), None) if !of_one_answer => {
            let date = |record: &serde_json::Value| {
                let date = ["date_created", "created_at"].iter().find_map(|name| record[name].as_str()).unwrap();
                date.parse::<jiff::Timestamp>().unwrap().as_second()
            };
            let mut times: Vec<i64> = history.records(platform).values().iter().map(date).collect();
            times.sort_unstable();
            let newest = |place: usize| times[times.len() - 1 - place];
            When::RowsOf(newest(2 * page - 1), newest(page) + 1)
        }
        (When::Page(2), _) if platform == Platform::Shopline => When::Nth(2),
        (when, _) => when,
    };
    Rule { when, ..rule.clone() }
}

fn error(drained: &Drained) -> Option<ErrorKind> {
    assert!(drained.errors.len() <= 1, "{:?}", drained.errors);
    drained.errors.first().map(storelogs::Error::kind)
}

fn delivered(drained: &Drained, oracle: &[String], page: usize) -> Delivered {
    let ids = drained.ids();
    let newest: Vec<String> = oracle.iter().rev().take(page).cloned().collect();
    match ids.len() {
        0 => Delivered::Nothing,
        count if count == oracle.len() => {
            assert_same_set(&ids, oracle, "all");
            Delivered::All
        }
        count if count + 1 == oracle.len() => {
            assert!(ids.iter().all(|id| oracle.contains(id)));
            Delivered::AllButOne
        }
        count if count == page => {
            assert_same_set(&ids, &newest, "the first page");
            Delivered::FirstPage
        }
        count => Delivered::Other(count),
    }
}
