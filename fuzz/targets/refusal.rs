//! An answer that is no success, of any shape: the error says what the status says, in one line.
//!
//! The first byte chooses the status. Six lines follow that end in `\n`, the values of [`HEADERS`]; the rest is the body.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use storelogs::testing::Response;
use storelogs::{Error, ErrorKind};
use storelogs_fuzz::{check_error, run};

const STATUSES: [u16; 34] = [
    300, 301, 304, 307, 399, 400, 401, 402, 403, 404, 405, 406, 408, 409, 412, 413, 422, 423, 424, 429, 432, 433, 434,
    436, 437, 499, 500, 501, 502, 503, 504, 599, 600, 999,
];

const HEADERS: [&str; 6] = [
    "x-retry-after",
    "retry-after",
    "x-rate-limit-time-reset-ms",
    "x-rate-limit-requests-quota",
    "x-rate-limit-requests-left",
    "traceid",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, mut rest)) = data.split_first() else { return };
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    let mut headers = Vec::new();
    for name in HEADERS {
        let Some(end) = rest.iter().position(|b| *b == b'\n') else { break };
        // A value that no header can carry is left out.
        headers.extend(std::str::from_utf8(&rest[..end]).ok().filter(|text| carried(text)).map(|text| (name, text)));
        rest = &rest[end + 1..];
    }
    let answer = headers.iter().fold(Response::text(status, rest), |answer, (name, text)| answer.header(name, text));
    run(async {
        let store = storelogs_fuzz::bigcommerce(&answer).expect("the settings are right");
        check(store.page(|request| request).await.err(), status);
        // The second request meets what the first answer said of the rate limit.
        check_error(&store.page(|request| request).await.expect_err("no page came"));
        let store = storelogs_fuzz::shopline(&answer).expect("the settings are right");
        let (since, until) = (Timestamp::UNIX_EPOCH, Timestamp::constant(86_400, 0));
        check(store.page(since, until, |request| request).await.err(), status);
        // A 429 fills our bucket, and then nothing is sent; another client has another bucket.
        let store = storelogs_fuzz::shopline(&answer).expect("the settings are right");
        check(store.count_where(since, until, |request| request).await.err(), status);
    });
});

fn carried(text: &str) -> bool {
    text.bytes().all(|b| b == b'\t' || (b >= b' ' && b != 0x7f))
}

fn check(error: Option<Error>, status: u16) {
    let error = error.expect("no page came");
    check_error(&error);
    assert_eq!((error.status(), error.attempts()), (Some(status), 1));
    let expected = match status {
        401 => ErrorKind::Unauthorized,
        402 => ErrorKind::Frozen,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        408 => ErrorKind::TimedOut,
        423 => ErrorKind::Locked,
        429 => ErrorKind::RateLimited,
        433..=436 => ErrorKind::Blocked,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Refused,
    };
    assert_eq!(error.kind(), expected, "HTTP {status}");
}
