//! Bugs that fuzzing found, each as small as possible.

use std::time::Duration;

use storelogs::testing::{Recorder, Response};
use storelogs::{ErrorKind, RetryPolicy};

use crate::offline::{bigcommerce, day, once, shopline};

#[tokio::test]
async fn a_bucket_that_hardly_leaks_takes_for_ever_and_does_not_panic() {
    let client = shopline(&Recorder::new()).bucket(2, f64::MIN_POSITIVE).retry(RetryPolicy::never()).build().unwrap();
    let (since, until) = day();
    client.page(since, until, |request| request).await.unwrap();
    assert_eq!(client.rate_limit().unwrap().resets_in, Duration::MAX);
    let refused = client.page(since, until, |request| request).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::RateLimited);
}

#[tokio::test]
async fn the_name_of_a_field_at_fault_does_not_break_the_line() {
    let page = r#"{"data": [{"id": 1, "date_created": "2024-08-01T12:38:49Z", "module": {"a\n\u001b[2Jb": 1}}]}"#;
    let client = bigcommerce(&once(Response::text(200, page))).build().unwrap();
    let page = client.page(|request| request).await.unwrap();
    let error = page.records[0].as_ref().unwrap_err();
    assert_eq!(error.path(), Some("data[0].module"));
    assert!(!error.to_string().contains(char::is_control));
}
