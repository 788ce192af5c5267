//! Code that the targets share: clients that get the answer under test, and the laws that hold for every error.

use std::future::Future;
use std::time::Duration;

use storelogs::testing::{Recorder, Response};
use storelogs::{BigCommerce, Build, Builder, Error, ErrorKind, Result, RetryPolicy, Shopline};

/// A client of a store that is answered with this, however often it asks.
pub fn bigcommerce(answer: &Response) -> Result<BigCommerce> {
    answered(BigCommerce::builder("abc123"), answer)
}

/// A client of a store that is answered with this, however often it asks.
pub fn shopline(answer: &Response) -> Result<Shopline> {
    answered(Shopline::builder("open001"), answer)
}

fn answered<C: Build>(builder: Builder<C>, answer: &Response) -> Result<C> {
    let network = Recorder::new().answer(answer.clone()).answer(answer.clone());
    // An input that asks for a wait gets none.
    let policy = RetryPolicy::never().ceiling(Duration::ZERO);
    builder.access_token("sandbox-token").http_backend(network).retry(policy).build()
}

/// Runs one input's calls. Nothing in them waits.
pub fn run<F: Future>(calls: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made");
    }
    RUNTIME.with(|runtime| runtime.block_on(calls))
}

/// Asserts the laws that every error keeps to, whatever the platform sent.
pub fn check_error(error: &Error) {
    let line = error.to_string();
    assert!(!line.chars().any(char::is_control), "more than one line: {line:?}");
    assert!(!line.contains("sandbox-token") && !format!("{error:?}").contains("sandbox-token"), "a token: {line:?}");
    if let Some(detail) = error.detail() {
        assert!((1..=500).contains(&detail.chars().count()), "{} characters of detail", detail.chars().count());
        assert!(!detail.chars().any(char::is_control), "a control character: {detail:?}");
    }
    assert_eq!(error.raw().is_some(), error.kind() == ErrorKind::Record, "{line}");
    assert_eq!(error.path().is_some(), error.kind() == ErrorKind::Record, "{line}");
}
