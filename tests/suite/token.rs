//! How long SHOPLINE tokens live, and how they are replaced.

use futures::future::join_all;
use jiff::SignedDuration;
use storelogs::testing::Recorder;
use storelogs::{ErrorKind, LogQuery, Shopline, shopline};
use storelogs_sandbox::{Endpoint, Fault, Faults, History, Platform, Sandbox, ShoplineBehavior, Store, shopline_token};

use crate::drain::{HANDLE, drain, present, quick};

fn minutes_from_now(minutes: i64) -> i64 {
    (present() + SignedDuration::from_mins(minutes)).as_second()
}

async fn sandbox(faults: Faults) -> Sandbox {
    let store = Store::shopline(HANDLE).history(History::bulk(31, 500)).behavior(ShoplineBehavior::unlimited());
    Sandbox::builder().store(store.faults(faults)).start().await.unwrap()
}

fn app(sandbox: &Sandbox, secret: &str, token: &str) -> Shopline {
    let builder = Shopline::builder(HANDLE).api_url(sandbox.shopline_url()).retry(quick());
    builder.app("sandbox-app", secret).access_token(token).build().unwrap()
}

fn refreshes(sandbox: &Sandbox) -> usize {
    sandbox.journal().iter().filter(|entry| entry.path.ends_with("/token/refresh")).count()
}

#[test]
fn a_token_says_when_it_ends() {
    let end = 1_900_000_000;
    assert_eq!(shopline::expiry(&shopline_token(HANDLE, end)).unwrap().as_second(), end);
    for other in ["", "a-token", "a.b.c", "..", "a.e30.c"] {
        assert_eq!(shopline::expiry(other), None, "{other:?}");
    }
}

#[test]
fn a_token_in_quotes_is_refused_and_not_shown() {
    for quoted in ["\"sandbox-token\"", "'sandbox-token'", "“sandbox-token”"] {
        let error = Shopline::builder(HANDLE).access_token(quoted).build().unwrap_err().to_string();
        assert!(error.contains("in quotes") && !error.contains("sandbox-token"), "{error}");
    }
}

#[tokio::test]
async fn an_expired_token_is_said_before_any_request() {
    let network = Recorder::new();
    let token = shopline_token(HANDLE, minutes_from_now(-1));
    let store = Shopline::builder(HANDLE).access_token(&token).http_backend(network.clone()).build().unwrap();
    let drained = drain(&store, LogQuery::new()).await;
    assert_eq!(drained.errors[0].kind(), ErrorKind::Unauthorized);
    assert!(drained.errors[0].to_string().contains("expired at"), "{}", drained.errors[0]);
    assert!(!drained.errors[0].to_string().contains(&token));
    assert_eq!(network.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_near_its_end_is_replaced_once_however_many_wait() {
    let sandbox = sandbox(Faults::none()).await;
    let store = app(&sandbox, "sandbox-secret", &shopline_token(HANDLE, minutes_from_now(2)));
    let now = present();
    let pages = join_all((0..12).map(|_| store.page(now, now, |request| request))).await;
    assert!(pages.iter().all(Result::is_ok), "{pages:?}");
    assert_eq!(refreshes(&sandbox), 1);
    assert!(store.token_expiry().unwrap() > now + SignedDuration::from_hours(9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_replaced_and_the_request_sent_again() {
    let sandbox = sandbox(Faults::none()).await;
    // It claims to live on, but the platform does not know it.
    let store = app(&sandbox, "sandbox-secret", &shopline_token("other", minutes_from_now(600)));
    let drained = drain(&store, LogQuery::new()).await;
    assert!(drained.errors.is_empty() && drained.entries.len() == 500, "{:?}", drained.errors);
    assert_eq!(refreshes(&sandbox), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_refresh_names_the_store_and_no_secret() {
    let sandbox = sandbox(Faults::none()).await;
    let store = app(&sandbox, "wrong-secret", &shopline_token(HANDLE, minutes_from_now(-5)));
    let drained = drain(&store, LogQuery::new()).await;
    let error = &drained.errors[0];
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().starts_with("shopline:open001: "), "{error}");
    assert!(!format!("{error} {error:?} {store:?}").contains("wrong-secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_fails_leaves_the_old_token_in_use_while_it_lives() {
    let faults = Faults::none().always(Fault::Status(500)).on(Endpoint::Refresh);
    let sandbox = sandbox(faults).await;
    sandbox.set_token(Platform::Shopline, HANDLE, shopline_token(HANDLE, minutes_from_now(3)));
    let store = app(&sandbox, "sandbox-secret", &sandbox.token(Platform::Shopline, HANDLE));
    let drained = drain(&store, LogQuery::new()).await;
    assert!(drained.errors.is_empty() && drained.entries.len() == 500, "{:?}", drained.errors);
    assert_eq!(refreshes(&sandbox), 1, "asked for once, then not again for a while");
}
