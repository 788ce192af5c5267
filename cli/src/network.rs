//! The network as the commands use it: one for all stores, with an ear on what passes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use storelogs::{Exchange, Failure, Http};

/// Counts the requests, and compares each answer's `Date` with this machine's clock.
#[derive(Clone)]
pub(crate) struct Network {
    http: Http,
    answers: Arc<AtomicU64>,
    skew: Arc<Mutex<Option<SignedDuration>>>,
}

impl Network {
    pub(crate) fn new() -> Result<Self, storelogs::Error> {
        Ok(Self { http: Http::new()?, answers: Arc::default(), skew: Arc::default() })
    }

    /// The same connections and count, with an ear for another platform's clock.
    pub(crate) fn another(&self) -> Self {
        Self { skew: Arc::default(), ..self.clone() }
    }

    /// How many answers came.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// How far the platform's clock is ahead of this machine's, give or take a second.
    pub(crate) fn skew(&self) -> Option<SignedDuration> {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange for Network {
    fn send(
        &self,
        operation: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, Failure>> {
        let sent = Timestamp::now();
        let answer = self.http.send(operation, request);
        let (answers, skew) = (Arc::clone(&self.answers), Arc::clone(&self.skew));
        Box::pin(async move {
            let response = answer.await?;
            answers.fetch_add(1, Ordering::Relaxed);
            let date = response.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok());
            if let Some(ahead) = date.and_then(|date| ahead(date, sent, Timestamp::now())) {
                *skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
            }
            Ok(response)
        })
    }
}

/// The platform wrote its date between these two moments, and cut it to the second.
fn ahead(date: &str, sent: Timestamp, received: Timestamp) -> Option<SignedDuration> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let middle = sent.checked_add(received.duration_since(sent) / 2).ok()?;
    Some(date.duration_since(middle) + SignedDuration::from_millis(500))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skew_is_measured_against_the_middle_of_the_exchange() {
        let sent = "2026-08-01T12:00:00Z".parse().unwrap();
        let received = "2026-08-01T12:00:01Z".parse().unwrap();
        let skew = |date| ahead(date, sent, received).unwrap().as_millis();
        assert_eq!(skew("Sat, 01 Aug 2026 12:00:00 GMT"), 0);
        assert_eq!(skew("Sat, 01 Aug 2026 12:01:00 GMT"), 60_000);
        assert!(ahead("yesterday", sent, received).is_none());
    }
}
