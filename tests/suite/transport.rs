//! Retries, waits and pace, on a clock that stands still until everybody waits.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use serde_json::json;
use storelogs::raw::bigcommerce::{Client, ClientInfo};
use storelogs::secrecy::SecretString;
use storelogs::testing::{Recorder, Response};
use storelogs::{BigCommerce, Error, ErrorKind, HttpBackend, MAX_BODY, RetryPolicy, TokenProvider, TransportError};
use tokio::time::Instant;

use crate::offline::{bigcommerce, day, once, page_of, shopline};

const SECOND: Duration = Duration::from_secs(1);

/// The default policy, with no random wait: what remains is what the platform asked for.
fn exact() -> RetryPolicy {
    RetryPolicy::default().delays(Duration::ZERO, Duration::ZERO)
}

fn status(status: u16) -> Response {
    Response::text(status, "")
}

fn client(network: &Recorder, policy: RetryPolicy) -> BigCommerce {
    bigcommerce(network).retry(policy).build().unwrap()
}

async fn ask(client: &BigCommerce) -> Result<(), Error> {
    client.page(|request| request).await.map(drop)
}

/// The clock counts in milliseconds.
#[track_caller]
fn assert_elapsed(started: Instant, expected: Duration, context: &str) {
    let elapsed = started.elapsed();
    let late = Duration::from_millis(50);
    assert!(elapsed >= expected && elapsed <= expected + late, "{context}: {elapsed:?} instead of {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_asked_again_and_the_rest_is_not() {
    for code in 300..=599 {
        let again = matches!(code, 408 | 421 | 425 | 429 | 500 | 502..=504 | 520..=524 | 530);
        let network = once(status(code));
        let result = ask(&client(&network, exact())).await;
        assert_eq!(network.requests().len(), if again { 2 } else { 1 }, "{code}");
        assert_eq!(result.is_ok(), again, "{code}");
    }
    for failure in [TransportError::unreachable(), TransportError::interrupted()] {
        let network = Recorder::new().answer(failure);
        ask(&client(&network, exact())).await.unwrap();
        assert_eq!(network.requests().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_the_same_request_signed_again() {
    let network = once(status(503)).answer(status(502));
    client(&network, exact()).page(|request| request.module("order status").limit(9)).await.unwrap();
    let requests = network.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| *request == requests[0]));
    assert_eq!(requests[2].headers["x-auth-token"], "[redacted]");
}

#[tokio::test(start_paused = true)]
async fn attempts_are_capped_and_counted() {
    for cap in 1..=6 {
        let network = (0..10).fold(Recorder::new(), |network, _| network.answer(status(503)));
        let error = ask(&client(&network, exact().max_attempts(cap))).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Server, cap));
        assert_eq!(network.requests().len(), cap as usize);
    }
    let error = ask(&client(&once(status(503)), RetryPolicy::never())).await.unwrap_err();
    assert_eq!(error.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_can_be_smaller_is_given_up_sooner_where_that_may_help() {
    type Outcome = fn() -> Option<Response>;
    let always = |outcome: Outcome| match outcome() {
        Some(_) => Recorder::new().serve(move |_| outcome()),
        None => (0..9).fold(Recorder::new(), |network, _| network.answer(TransportError::interrupted())),
    };
    let cases: [(Outcome, usize); 7] = [
        (|| Some(status(500)), 2),
        (|| Some(status(502)), 2),
        (|| Some(status(504)), 2),
        (|| Some(Response::text(200, "{\"data\":[")), 2),
        (|| None, 2),
        (|| Some(status(503)), 5),
        (|| Some(status(429)), 5),
    ];
    for (outcome, attempts) in cases {
        let network = always(outcome);
        let transport = client(&network, exact()).raw().inner().for_large_page();
        transport.client::<Client>().get_store_system_logs().send().await.unwrap_err();
        assert_eq!(network.requests().len(), attempts, "{:?}", outcome());
        let network = always(outcome);
        ask(&client(&network, exact())).await.unwrap_err();
        assert_eq!(network.requests().len(), 5, "whoever cannot ask for less is patient: {:?}", outcome());
    }
}

#[tokio::test(start_paused = true)]
async fn random_waits_double_up_to_their_ceiling() {
    for _ in 0..50 {
        let network = (0..4).fold(Recorder::new(), |network, _| network.answer(status(500)));
        let started = Instant::now();
        ask(&client(&network, RetryPolicy::default().delays(SECOND, 3 * SECOND))).await.unwrap();
        // At most 1 + 2 + 3 + 3 seconds, and an eighth more of each.
        assert!(started.elapsed() <= Duration::from_millis(9_100), "{:?}", started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_platform_asks_for_is_the_least_wait_and_the_longest_wins() {
    type Headers = [(&'static str, &'static str)];
    let cases: [(u16, &Headers, u64); 11] = [
        (429, &[("x-retry-after", "15")], 15_000),
        (429, &[("x-rate-limit-time-reset-ms", "12345")], 12_345),
        (429, &[("retry-after", "7")], 7_000),
        (503, &[("retry-after", "7")], 7_000),
        (503, &[("x-retry-after", "7")], 7_000),
        (503, &[("x-rate-limit-time-reset-ms", "12345")], 0), // comes with every answer
        (429, &[("x-retry-after", "3"), ("x-rate-limit-time-reset-ms", "9000")], 9_000),
        (429, &[("x-retry-after", "9"), ("x-rate-limit-time-reset-ms", "3000")], 9_000),
        (429, &[("retry-after", "20"), ("x-retry-after", "9"), ("x-rate-limit-time-reset-ms", "3000")], 20_000),
        (429, &[("retry-after", "soon"), ("x-retry-after", "-1")], 500), // as if nothing was said
        (429, &[("retry-after", "Mon, 01 Jan 2001 00:00:00 GMT")], 0),
    ];
    for (code, headers, wait) in cases {
        let answer = || headers.iter().fold(status(code), |answer, (name, value)| answer.header(name, value));
        let wait = Duration::from_millis(wait);
        let started = Instant::now();
        ask(&client(&once(answer()), exact())).await.unwrap();
        assert_elapsed(started, wait, &format!("{code} {headers:?}"));
        let started = Instant::now();
        ask(&client(&once(answer()), RetryPolicy::default())).await.unwrap();
        assert!(started.elapsed() >= wait, "{code} {headers:?}: a random wait is never shorter");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_may_be_given_as_a_date() {
    let now = std::time::Instant::now();
    let date = crate::drain::present() + jiff::SignedDuration::from_secs(20);
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let started = Instant::now();
    ask(&client(&once(status(503).header("retry-after", &date)), exact())).await.unwrap();
    let elapsed = started.elapsed();
    // The date names whole seconds, and on a busy machine some of them pass before the answer is read.
    let (least, most) = ((19 * SECOND).saturating_sub(now.elapsed()), 20 * SECOND);
    assert!(elapsed >= least && elapsed <= most, "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_above_the_ceiling_is_an_error_at_once_and_not_begun() {
    let network = once(status(429).header("x-retry-after", "61"));
    let started = Instant::now();
    let error = ask(&client(&network, exact())).await.unwrap_err();
    assert_elapsed(started, Duration::ZERO, "no wait");
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(61 * SECOND)));
    assert_eq!((network.requests().len(), error.attempts()), (1, 1));
    assert!(error.to_string().contains("retry after 61 s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_behind_the_deadline() {
    let network = (0..10).fold(Recorder::new(), |n, _| n.answer(status(503).header("retry-after", "10")));
    let started = Instant::now();
    let error = ask(&client(&network, exact().max_attempts(10).deadline(25 * SECOND))).await.unwrap_err();
    assert_elapsed(started, 20 * SECOND, "attempts at 0, 10 and 20 seconds");
    assert_eq!(error.attempts(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_clones_share_ends_a_storm() {
    let storm = || (0..60).fold(Recorder::new(), |network, _| network.answer(status(503)));
    let network = storm();
    let one = client(&network, exact().budget(7));
    let clones: Vec<_> = (0..20).map(|_| one.clone()).collect();
    let errors = join_all(clones.iter().map(ask)).await;
    assert!(errors.iter().all(Result::is_err));
    assert_eq!(network.requests().len(), 20 + 7, "each once, and seven repeats among all");

    // A success gives one back.
    let network = once(status(503)).answer(page_of(&[])).answer(status(503)).answer(page_of(&[]));
    let client = client(&network, exact().budget(1));
    ask(&client).await.unwrap();
    ask(&client.clone()).await.unwrap();
    assert_eq!(network.requests().len(), 4);
}

/// A network that looks at the `User-Agent` header.
#[derive(Clone, Default)]
struct Agent(Arc<Mutex<String>>);

impl HttpBackend for Agent {
    fn send(
        &self,
        _: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>> {
        *self.0.lock().unwrap() = request.headers()["user-agent"].to_str().unwrap().to_owned();
        Box::pin(std::future::ready(Err(TransportError::unreachable())))
    }
}

#[tokio::test]
async fn the_user_agent_names_the_version() {
    let network = Agent::default();
    let client =
        bigcommerce(&Recorder::new()).http_backend(network.clone()).retry(RetryPolicy::never()).build().unwrap();
    ask(&client).await.unwrap_err();
    assert_eq!(*network.0.lock().unwrap(), concat!("storelogs/", env!("CARGO_PKG_VERSION")));
}

/// A network that never answers.
#[derive(Clone, Default)]
struct Silence(Arc<AtomicU32>);

impl HttpBackend for Silence {
    fn send(
        &self,
        _: &'static str,
        _: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_given_up_after_its_time_and_tried_again() {
    let network = Silence::default();
    let policy = exact().max_attempts(3).attempt_timeout(5 * SECOND);
    let client = bigcommerce(&Recorder::new()).http_backend(network.clone()).retry(policy).build().unwrap();
    let started = Instant::now();
    let error = ask(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.status()), (ErrorKind::TimedOut, 3, None));
    assert_eq!(network.0.load(Ordering::Relaxed), 3);
    assert_elapsed(started, 15 * SECOND, "three attempts");
}

/// An answer with a store's state of the rate limit.
fn limited(code: u16, quota: u32, left: u32, reset_ms: u32) -> Response {
    let body = json!({ "data": [] });
    Response::json(code, &body)
        .header("x-rate-limit-time-window-ms", "30000")
        .header("x-rate-limit-requests-quota", &quota.to_string())
        .header("x-rate-limit-requests-left", &left.to_string())
        .header("x-rate-limit-time-reset-ms", &reset_ms.to_string())
}

/// A network that counts down a quota of 150 in each window of 30 seconds.
fn counting_down() -> Recorder {
    (0..2)
        .flat_map(|_| (0..112).map(|n| 149 - n))
        .fold(Recorder::new(), |n, left| n.answer(limited(200, 150, left, 30_000)))
}

#[tokio::test(start_paused = true)]
async fn a_quarter_of_the_quota_is_left_to_the_shops_other_apps() {
    // 150 less a quarter, rounded down: 112 at once. The next ones wait for the next window.
    let network = counting_down();
    let one = client(&network, exact());
    let two = one.clone();
    let started = Instant::now();
    for n in 0..112 {
        ask(if n % 2 == 0 { &one } else { &two }).await.unwrap();
    }
    assert_elapsed(started, Duration::ZERO, "within the quota");
    assert_eq!(one.rate_limit().unwrap().left, 38);
    ask(&two).await.unwrap();
    assert_elapsed(started, 30 * SECOND, "the window's end");
    assert_eq!(two.rate_limit().unwrap().left, 149);
}

#[tokio::test(start_paused = true)]
async fn requests_sent_together_keep_to_the_quota_too() {
    let network = counting_down();
    let client = client(&network, exact());
    let started = Instant::now();
    let all = async { join_all((0..150).map(|_| ask(&client))).await };
    let watch = async {
        tokio::time::sleep(29 * SECOND).await;
        network.requests().len()
    };
    let (answers, early) = tokio::join!(all, watch);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((early, network.requests().len()), (112, 150));
    assert_elapsed(started, 30 * SECOND, "the second window");
}

#[tokio::test(start_paused = true)]
async fn what_other_apps_used_holds_us_back() {
    let network = once(limited(200, 150, 20, 9_000)).answer(limited(200, 150, 149, 30_000));
    let client = client(&network, exact());
    assert_eq!(client.rate_limit(), None, "no answer has said so yet");
    ask(&client).await.unwrap();
    let limit = client.rate_limit().unwrap();
    assert_eq!((limit.quota, limit.left, limit.resets_in), (150, 20, 9 * SECOND));
    let started = Instant::now();
    ask(&client).await.unwrap();
    assert_elapsed(started, 9 * SECOND, "the window's end");
}

#[tokio::test(start_paused = true)]
async fn any_share_lets_at_least_one_request_through() {
    for (share, at_once) in [(0.0, 10), (0.5, 5), (1.0, 1), (7.0, 1), (-1.0, 10)] {
        let network = (0..10).map(|n| 9 - n).fold(Recorder::new(), |n, left| n.answer(limited(200, 10, left, 30_000)));
        let client = bigcommerce(&network).retry(exact()).leave_quota(share).build().unwrap();
        let started = Instant::now();
        while network.requests().len() < at_once {
            ask(&client).await.unwrap();
        }
        assert_elapsed(started, Duration::ZERO, &format!("{at_once} at once where {share} is left"));
        ask(&client).await.unwrap();
        assert_elapsed(started, 30 * SECOND, &format!("one more where {share} is left"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_ends_too_late_is_an_error_at_once() {
    let network = once(limited(200, 150, 0, 120_000));
    let client = client(&network, exact());
    ask(&client).await.unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(120 * SECOND)));
    assert_eq!((network.requests().len(), error.attempts()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shopline_bucket_takes_39_at_once_then_4_a_second() {
    let network = Recorder::new();
    let one = shopline(&network).build().unwrap();
    let two = one.clone();
    assert_eq!((one.rate_limit().unwrap().quota, one.rate_limit().unwrap().left), (40, 40));
    let (since, until) = day();
    let started = Instant::now();
    for n in 0..39 {
        (if n % 2 == 0 { &one } else { &two }).page(since, until, |r| r).await.unwrap();
    }
    assert_elapsed(started, Duration::ZERO, "the bucket less one to spare");
    assert_eq!(two.rate_limit().unwrap().left, 1);
    for _ in 0..8 {
        one.page(since, until, |r| r).await.unwrap();
    }
    assert_elapsed(started, 2 * SECOND, "eight more at 4 a second");
}

#[tokio::test(start_paused = true)]
async fn a_429_fills_the_bucket_that_we_thought_had_room() {
    let network = once(status(429));
    let client = shopline(&network).retry(exact()).build().unwrap();
    let (since, until) = day();
    let started = Instant::now();
    client.page(since, until, |r| r).await.unwrap();
    assert_elapsed(started, SECOND / 2, "two places must leak out: one for the request, one to spare");
}

#[tokio::test]
async fn a_body_above_the_limit_is_not_read_to_its_end() {
    let network = once(Response::text(200, vec![b' '; MAX_BODY + 1]));
    let error = ask(&client(&network, exact())).await.unwrap_err();
    assert_eq!((error.kind(), network.requests().len()), (ErrorKind::TooLarge, 1));
    let mut largest = br#"{"data":[]}"#.to_vec();
    largest.resize(MAX_BODY, b' ');
    ask(&client(&once(Response::text(200, largest)), exact())).await.unwrap();
}

#[tokio::test]
async fn the_token_goes_to_no_other_origin() {
    let network = Recorder::new();
    let transport = bigcommerce(&network).build().unwrap().raw().inner().clone();
    for base in ["https://evil.example", "http://api.bigcommerce.com", "https://api.bigcommerce.com:8443"] {
        let client = Client::new(base, transport.clone());
        let error = client.get_store_system_logs().send().await.unwrap_err().to_string();
        assert!(error.contains("was not sent"), "{error}");
    }
    assert_eq!(network.requests(), []);
}

/// Gives one token, and a better one when asked.
struct Renewing;

impl TokenProvider for Renewing {
    fn token(&self) -> BoxFuture<'_, storelogs::Result<SecretString>> {
        Box::pin(async { Ok("old".into()) })
    }

    fn renew(&self, _: &SecretString) -> BoxFuture<'_, storelogs::Result<Option<SecretString>>> {
        Box::pin(async { Ok(Some("new".into())) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_a_request() {
    let network = once(status(401));
    let builder = || bigcommerce(&network).token_provider(Renewing).retry(RetryPolicy::never());
    ask(&builder().build().unwrap()).await.unwrap();
    assert_eq!(network.requests().len(), 2);
    let refusing = once(status(401)).answer(status(401));
    let error = ask(&builder().http_backend(refusing.clone()).build().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthorized, 2));
    assert_eq!(refusing.requests().len(), 2);
}

/// A provider whose vault is down: `failing` says for what.
struct Vault {
    kind: ErrorKind,
    renews: bool,
}

impl Vault {
    fn error(&self) -> Error {
        Error::new(self.kind, "the vault gave no token").with_source(std::io::Error::other("vault: 503"))
    }
}

impl TokenProvider for Vault {
    fn token(&self) -> BoxFuture<'_, storelogs::Result<SecretString>> {
        let token = if self.renews { Ok("old".into()) } else { Err(self.error()) };
        Box::pin(std::future::ready(token))
    }

    fn renew(&self, _: &SecretString) -> BoxFuture<'_, storelogs::Result<Option<SecretString>>> {
        Box::pin(std::future::ready(Err(self.error())))
    }
}

#[tokio::test(start_paused = true)]
async fn why_a_provider_has_no_token_reaches_the_caller_and_is_no_refusal() {
    let cases = [
        (ErrorKind::TokenNotFound, false, true),
        (ErrorKind::TokenTimedOut, true, false),
        (ErrorKind::TokenFailed, true, false),
    ];
    for (kind, transient, parks) in cases {
        for renews in [false, true] {
            let network = once(status(401));
            let store = bigcommerce(&network).token_provider(Vault { kind, renews }).build().unwrap();
            let error = ask(&store).await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (kind, renews.then_some(401)), "{error}");
            assert_eq!((kind.is_transient(), kind.should_park()), (transient, parks));
            let source = std::error::Error::source(&error).expect("the provider's own error");
            assert_eq!(source.to_string(), "vault: 503");
            assert!(error.to_string().starts_with("bigcommerce:abc123: the vault gave no token"), "{error}");
            assert_eq!(network.requests().len(), usize::from(renews), "the platform is asked no more than once");
        }
    }
}
