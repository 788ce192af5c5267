//! Secrets: no token shows up where it could be read. A canary is looked for in everything that can be printed.

use std::fmt::{Debug, Write};

use futures::future::BoxFuture;
use storelogs::raw::bigcommerce::ClientInfo;
use storelogs::secrecy::SecretString;
use storelogs::testing::{Recorder, Response};
use storelogs::{Error, LogQuery, LogSource, Result, RetryPolicy, TokenProvider, TransportError};

use crate::drain::drain;
use crate::offline::{bigcommerce, day, shopline};

const CANARY: &str = "canary";

/// Everything that was printed.
#[derive(Default)]
struct Printed(String);

impl Printed {
    fn debug(&mut self, thing: &dyn Debug) {
        writeln!(self.0, "{thing:?}\n{thing:#?}").unwrap();
    }

    fn error(&mut self, error: &(dyn std::error::Error + 'static)) {
        self.debug(&error);
        let mut next = Some(error);
        while let Some(error) = next {
            writeln!(self.0, "{error}\n{error:#?}").unwrap();
            next = error.source();
        }
    }

    #[track_caller]
    fn assert_clean(&self) {
        assert!(self.0.len() > 100, "nothing was printed");
        let at = self.0.find(CANARY);
        assert!(at.is_none(), "{}", &self.0[at.unwrap_or(0).saturating_sub(200)..]);
    }
}

/// One answer of each sort that makes an error, and the failures without one.
fn failing() -> Vec<Recorder> {
    let answers = [301, 400, 401, 402, 403, 404, 423, 429, 500, 200].map(|status| Response::text(status, "<html>"));
    let records = Response::text(200, r#"{"data":[{"id":[]}]}"#);
    let mut networks: Vec<_> = answers.into_iter().chain([records]).map(|a| Recorder::new().answer(a)).collect();
    networks.extend(
        [TransportError::unreachable(), TransportError::interrupted()].map(|failure| Recorder::new().answer(failure)),
    );
    networks
}

#[tokio::test]
async fn no_client_builder_or_transport_prints_its_token() {
    let network = Recorder::new();
    let mut printed = Printed::default();
    let builder = || bigcommerce(&network).access_token(CANARY);
    printed.debug(&builder());
    let client = builder().build().unwrap();
    printed.debug(&client);
    printed.debug(&client.raw());
    printed.debug(client.raw().inner());
    printed.debug(&client.raw().get_store_system_logs());
    let builder = || shopline(&network).access_token(CANARY).app("key", CANARY);
    printed.debug(&builder());
    let client = builder().build().unwrap();
    printed.debug(&client);
    printed.debug(&client.raw());
    printed.debug(client.raw().inner());
    printed.debug(&client.raw().list_operation_logs());
    printed.assert_clean();
}

#[tokio::test]
async fn no_error_prints_the_token() {
    let mut printed = Printed::default();
    for index in 0..failing().len() {
        let network = || failing().swap_remove(index);
        let client = bigcommerce(&network()).access_token(CANARY).retry(RetryPolicy::never()).build().unwrap();
        for error in drain(&client, LogQuery::new()).await.errors {
            printed.error(&error);
        }
        let client = bigcommerce(&network()).access_token(CANARY).retry(RetryPolicy::never()).build().unwrap();
        match client.raw().get_store_system_logs().send().await {
            Ok(answer) => printed.debug(&answer),
            Err(error) => printed.error(&error),
        }
        let (since, until) = day();
        let client = shopline(&network()).access_token(CANARY).retry(RetryPolicy::never()).build().unwrap();
        for error in drain(&client, LogQuery::new().since(since).until(until)).await.errors {
            printed.error(&error);
        }
        let client = shopline(&network()).access_token(CANARY).retry(RetryPolicy::never()).build().unwrap();
        match client.raw().get_operation_log().id("1").send().await {
            Ok(answer) => printed.debug(&answer),
            Err(error) => printed.error(&error),
        }
    }
    printed.assert_clean();
}

#[tokio::test]
async fn a_token_that_an_error_answer_echoes_is_taken_out() {
    let echo = || {
        let body = serde_json::json!({ "title": format!("Bearer {CANARY} is wrong"), "errors": [CANARY] });
        Recorder::new().answer(Response::json(401, &body).header("x-request-id", CANARY).header("x-echo", CANARY))
    };
    let mut printed = Printed::default();
    let client = bigcommerce(&echo()).access_token(CANARY).build().unwrap();
    let error = client.page(|r| r).await.unwrap_err();
    printed.error(&error);
    printed.debug(&(error.detail(), error.request_id()));
    assert_eq!(error.detail(), Some("Bearer [redacted] is wrong; [redacted]"));
    let client = shopline(&echo()).access_token(CANARY).build().unwrap();
    printed.error(&client.raw().get_operation_log().id("1").send().await.unwrap_err());
    let error = shopline(&echo()).access_token(CANARY).build().unwrap().get("1").await.unwrap_err();
    printed.debug(&(&error, error.detail(), error.request_id()));
    printed.assert_clean();
}

#[tokio::test]
async fn a_recorded_request_shows_that_it_was_signed_and_not_with_what() {
    let network = Recorder::new();
    bigcommerce(&network).access_token(CANARY).build().unwrap().page(|r| r).await.unwrap();
    let (since, until) = day();
    shopline(&network).access_token(CANARY).build().unwrap().page(since, until, |r| r).await.unwrap();
    let mut printed = Printed::default();
    printed.debug(&network);
    printed.0 += &serde_json::to_string(&network.requests()).unwrap();
    assert_eq!(printed.0.matches("[redacted]").count() % 2, 0, "one for each platform");
    assert!(printed.0.contains("[redacted]"));
    printed.assert_clean();
}

#[test]
fn a_panic_does_not_print_the_token() {
    let bad = bigcommerce(&Recorder::new()).access_token(format!("{CANARY} {CANARY}"));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bad.build().unwrap())).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("access token") && !message.contains(CANARY), "{message}");
}

struct BadProvider;

impl TokenProvider for BadProvider {
    fn token(&self) -> BoxFuture<'_, Result<SecretString>> {
        Box::pin(async { Ok(SecretString::from(format!("{CANARY}\r\n{CANARY}"))) })
    }
}

#[tokio::test]
async fn a_provided_token_that_no_header_can_carry_is_refused_unseen() {
    let network = Recorder::new();
    let mut printed = Printed::default();
    let client = shopline(&network).token_provider(BadProvider).build().unwrap();
    let error: Error = client.get("1").await.unwrap_err();
    printed.error(&error);
    printed.error(&client.raw().get_operation_log().id("1").send().await.unwrap_err());
    printed.debug(client.store());
    printed.assert_clean();
    assert_eq!(network.requests(), []);
}
