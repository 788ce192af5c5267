//! Gateways, caches and proxies that change requests and answers on their way.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use storelogs::testing::{Recorder, Request, Response};
use storelogs::{BigCommerce, Error, ErrorKind, LogQuery, LogSource, RetryPolicy, Shopline};
use tokio::time::Instant;

use crate::drain::drain;
use crate::offline::{bigcommerce, day, once, page_of, shopline};

const SECOND: Duration = Duration::from_secs(1);

async fn ask(client: &BigCommerce) -> Result<usize, Error> {
    client.page(|request| request).await.map(|page| page.records.len())
}

async fn ask_shopline(client: &Shopline) -> Result<usize, Error> {
    let (since, until) = day();
    client.page(since, until, |request| request).await.map(|page| page.records.len())
}

fn client(network: &Recorder) -> BigCommerce {
    bigcommerce(network).build().unwrap()
}

/// A gateway that lets this many requests a second through, and a few more at once, as nginx' `limit_req` does.
fn limiting(per_second: f64, burst: f64, refused: Arc<Mutex<u32>>) -> Recorder {
    let state = Mutex::new((0.0_f64, None::<Instant>));
    Recorder::new().serve(move |_| {
        let (level, last) = &mut *state.lock().unwrap();
        let now = Instant::now();
        let passed = last.replace(now).map_or(0.0, |last| (now - last).as_secs_f64());
        *level = (*level - passed * per_second).max(0.0);
        if *level > burst {
            *refused.lock().unwrap() += 1;
            return Some(Response::text(429, "<html><h1>429 Too Many Requests</h1></html>"));
        }
        *level += 1.0;
        Some(page_of(&[json!({ "id": 1, "date_created": "2026-08-01T08:00:00+00:00" })]))
    })
}

#[tokio::test(start_paused = true)]
async fn a_hidden_limit_is_found_and_everything_comes_near_its_rate() {
    for (per_second, burst) in [(5.0, 2.0), (5.0, 0.0), (2.0, 1.0), (20.0, 5.0)] {
        for under_way in [1, 4, 8, 16] {
            let refused = Arc::default();
            let network = limiting(per_second, burst, Arc::clone(&refused));
            let client = client(&network);
            let started = Instant::now();
            let results = join_all((0..under_way).map(|_| async {
                let mut all = Ok(());
                for _ in 0..(160 / under_way) {
                    all = all.and(ask(&client).await.map(drop));
                }
                all
            }));
            for result in results.await {
                assert!(result.is_ok(), "{per_second}/s, {burst} more, {under_way} under way: {result:?}");
            }
            let best = 160.0 / per_second;
            let took = started.elapsed().as_secs_f64();
            assert!(
                took < 2.0 * best + 5.0,
                "{took} s at {per_second}/s with {under_way} under way; {refused:?} refused"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_without_a_word_every_request_of_the_store_waits_and_then_speeds_up_again() {
    let network = once(Response::text(429, ""));
    let client = client(&network);
    let started = Instant::now();
    join_all((0..6).map(|_| ask(&client))).await.into_iter().for_each(|page| {
        page.unwrap();
    });
    assert!(started.elapsed() >= SECOND, "{:?}", started.elapsed());
    for _ in 0..200 {
        ask(&client).await.unwrap();
    }
    let started = Instant::now();
    join_all((0..50).map(|_| ask(&client))).await;
    assert_eq!(started.elapsed(), Duration::ZERO, "nothing is held any more");
}

#[tokio::test(start_paused = true)]
async fn rate_limit_headers_that_were_doubled_or_folded_count_as_the_worst() {
    let lines = [("149, 2", "20000, 9000"), ("2.0", "20000.0"), ("-3", "20000"), ("2,149", "100, 20000")];
    for (left, reset) in lines {
        let answer = Response::json(200, &json!({ "data": [] }))
            .header("x-rate-limit-time-window-ms", "30000")
            .header("x-rate-limit-requests-quota", "150")
            .header("x-rate-limit-requests-left", left)
            .header("x-rate-limit-time-reset-ms", reset);
        let client = client(&once(answer));
        ask(&client).await.unwrap();
        let limit = client.rate_limit().unwrap();
        assert!(limit.left <= 2 && limit.resets_in == 20 * SECOND, "{left}: {limit:?}");
    }
    let doubled = Response::json(200, &json!({ "data": [] }))
        .header("x-rate-limit-requests-quota", "150")
        .header("x-rate-limit-requests-left", "149")
        .header("x-rate-limit-requests-left", "7")
        .header("x-rate-limit-time-reset-ms", "9000");
    let client = client(&once(doubled));
    ask(&client).await.unwrap();
    assert_eq!(client.rate_limit().unwrap().left, 7);
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_read_in_every_form_and_the_longest_counts() {
    let in_twenty = crate::drain::present() + jiff::SignedDuration::from_secs(20);
    let date = |format: &str| in_twenty.strftime(format).to_string();
    let cases = [
        (vec!["2, 2".to_owned()], 2),
        (vec!["2".to_owned(), "7".to_owned()], 7),
        (vec!["3, 20.0, -3".to_owned()], 20),
        (vec![date("%A, %d-%b-%y %H:%M:%S GMT")], 18),
        (vec![date("%a %b %e %H:%M:%S %Y")], 18),
        (vec![format!("2, {}", date("%a, %d %b %Y %H:%M:%S GMT"))], 18),
    ];
    for (lines, least) in cases {
        let answer = lines.iter().fold(Response::text(503, ""), |answer, line| answer.header("retry-after", line));
        let error = bigcommerce(&once(answer)).retry(RetryPolicy::never()).build().unwrap().page(|r| r).await;
        let wait = error.unwrap_err().retry_after().unwrap();
        assert!(wait >= least * SECOND && wait <= 20 * SECOND, "{lines:?}: {wait:?}");
    }
}

#[tokio::test]
async fn a_link_is_found_beside_others_and_behind_commas() {
    let next = |link: &str| {
        let answer = Response::json(200, &json!({ "data": [] })).header("link", link);
        let client = shopline(&once(answer)).build().unwrap();
        async move {
            let (since, until) = day();
            client.page(since, until, |request| request).await.unwrap().page_info
        }
    };
    let cases = [
        (r#"<https://x/?page_info=A>; rel="next""#, Some("A")),
        (r#"<https://x/?page_info=A>; rel="previous", <https://x/?page_info=B>; rel="next""#, Some("B")),
        (r#"<https://x/?page_info=B&fields=a,b>; rel="next", <https://x/?page_info=A>; rel="previous""#, Some("B")),
        (r#"<https://x/?fields=id,verb&page_info=B>;rel=next"#, Some("B")),
        (r#"<https://x/?page_info=B>; title="a, b"; REL="prev next""#, Some("B")),
        (r#"<https://x/?page_info=A>; rel="previous""#, None),
        (r#"<https://x/?page_info=>; rel="next""#, None),
        ("<https://x/?page_info=A", None),
        ("", None),
    ];
    for (link, value) in cases {
        assert_eq!(next(link).await.as_deref(), value, "{link}");
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_coding_that_was_asked_for_is_taken_off_however_it_is_written() {
    let body = br#"{"data":[{"id":1,"date_created":"2026-08-01T08:00:00+00:00"}]}"#;
    let cases = [
        ("gzip", gzip(body)),
        ("x-gzip", gzip(body)),
        ("GZip", gzip(body)),
        ("gzip, gzip", gzip(&gzip(body))),
        ("identity", body.to_vec()),
        ("", body.to_vec()),
        ("gzip", body.to_vec()), // unpacked on the way, and the header left
        ("gzip", [gzip(&body[..9]), gzip(&body[9..])].concat()),
    ];
    for (coding, body) in cases {
        let answer = Response::text(200, body).header("content-encoding", coding);
        assert_eq!(ask(&client(&once(answer))).await.unwrap(), 1, "{coding}");
    }
    let two =
        Response::text(200, gzip(&gzip(body))).header("content-encoding", "gzip").header("content-encoding", "gzip");
    assert_eq!(ask(&client(&once(two))).await.unwrap(), 1);

    for coding in ["br", "zstd", "gzip, br", "Deflate"] {
        let network = once(Response::text(200, gzip(body)).header("content-encoding", coding));
        let error = ask(&client(&network)).await.unwrap_err();
        let name = coding.rsplit(' ').next().unwrap().to_lowercase();
        assert_eq!((error.kind(), error.reason()), (ErrorKind::Undecodable, Some("unknown_coding")));
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    let packed = gzip(body);
    let cut = Response::text(200, &packed[..packed.len() - 9]).header("content-encoding", "gzip");
    let network = once(cut);
    assert_eq!(ask(&client(&network)).await.unwrap(), 0, "sent again, to an empty page");
    assert_eq!(network.requests().len(), 2);
    let error = Response::text(403, gzip(br#"{"title":"No scope"}"#)).header("content-encoding", "gzip");
    assert_eq!(ask(&client(&once(error))).await.unwrap_err().detail(), Some("No scope"));
}

fn moved(status: u16, place: &str) -> Response {
    Response::text(status, "<html>moved</html>").header("location", place)
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed_with_the_token() {
    for status in [301, 302, 303, 307, 308] {
        for place in [
            "/elsewhere?page=2",
            "https://api.bigcommerce.com/elsewhere?page=2",
            "//api.bigcommerce.com:443/elsewhere?page=2",
        ] {
            let network = once(moved(status, place));
            assert_eq!(ask(&client(&network)).await.unwrap(), 0, "{place}");
            let requests = network.requests();
            assert_eq!(requests.len(), 2, "{place}");
            assert_eq!((requests[1].path.as_str(), requests[1].query.as_str()), ("/elsewhere", "page=2"));
            assert_eq!(requests[1].headers["x-auth-token"], "[redacted]");
        }
    }
}

#[tokio::test]
async fn a_redirect_to_any_other_origin_is_refused_and_sees_no_request() {
    let places = [
        "https://evil.example/",
        "http://api.bigcommerce.com/",
        "https://api.bigcommerce.com:8443/",
        "//evil.example/",
        "https://api.bigcommerce.com@evil.example/",
        "https://me:pwd@api.bigcommerce.com/",
        "\\\\evil.example",
    ];
    for place in places {
        let network = once(moved(302, place));
        let error = ask(&client(&network)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status(), network.requests().len()),
            (ErrorKind::Refused, Some(302), 1),
            "{place}"
        );
        assert!(!error.to_string().contains("pwd"), "{error}");
    }
    let network = once(moved(302, "https://login.example/?token=x"));
    let error = ask(&client(&network)).await.unwrap_err().to_string();
    assert!(error.contains("a redirect to https://login.example, which"), "{error}");
}

#[tokio::test]
async fn redirects_in_a_circle_end_after_three() {
    let network = Recorder::new().serve(|_: &Request| Some(moved(307, "/again")));
    let error = ask(&client(&network)).await.unwrap_err();
    assert_eq!((error.kind(), network.requests().len()), (ErrorKind::Refused, 4));
}

#[tokio::test(start_paused = true)]
async fn a_500_that_names_a_scope_is_a_missing_scope_and_other_words_are_shown_too() {
    let scope = r#"{"errors":"This action requires merchant approval for read_store_log scope"}"#;
    let network = once(Response::text(500, scope));
    let error = ask_shopline(&shopline(&network).build().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Forbidden, Some(500), 1));
    assert!(error.detail().unwrap().contains("read_store_log"));
    let network = Recorder::new().serve(|_| Some(Response::json(503, &json!({ "title": "Store is suspended" }))));
    let error = ask(&client(&network)).await.unwrap_err();
    assert_eq!((error.detail(), error.attempts()), (Some("Store is suspended"), 5));
    assert!(error.to_string().contains("suspended"), "{error}");
    let plain = "<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>";
    let error = ask(&client(&once(Response::text(400, plain)))).await.unwrap_err();
    assert_eq!(error.reason(), Some("https_wanted"));
}

#[tokio::test]
async fn a_token_that_any_answer_echoes_is_taken_out_before_it_is_kept_or_shown() {
    const SECRET: &str = "ab/canary+cd==";
    let forms = [SECRET.to_owned(), SECRET.replace('/', "\\/"), "ab%2Fcanary%2Bcd%3D%3D".to_owned()];
    for form in forms {
        let body = format!(
            r#"{{"data":[{{"id":1,"date_created":"2026-08-01T08:00:00+00:00","summary":"saw {form}"}},
                {{"id":[],"summary":"Bearer {form}"}}]}}"#
        );
        let network = once(Response::text(200, body).header("x-request-id", SECRET).header("traceid", SECRET));
        let client = bigcommerce(&network).access_token(SECRET).build().unwrap();
        let drained = drain(&client as &dyn LogSource, LogQuery::new()).await;
        let text = format!(
            "{:?} {:?} {:?}",
            drained.entries,
            drained.errors,
            drained.errors.iter().map(|error| (error.raw(), error.request_id(), error.to_string())).collect::<Vec<_>>()
        );
        assert!(text.contains("saw [redacted]") && text.contains("Bearer [redacted]"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}
