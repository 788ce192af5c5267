//! Walks over platforms whose faults only a count reveals: a walk delivers everything, or its error says what is
//! missing. Nothing is delivered twice, and every walk ends.

mod bigcommerce;
mod bytes;
mod empty_pages;
mod shopline;

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;
use std::time::Duration;

use futures::StreamExt;
use storelogs::{BigCommerce, Error, ErrorKind, LogQuery, LogSource, Proof, RetryPolicy, Shopline};
use storelogs_sandbox::{
    Behavior, BigCommerceBehavior, Faults, History, Listing, Platform, Sandbox, ShoplineBehavior, Store,
};

use crate::drain::{HANDLE, HASH, at, present, quick};

/// No walk of these tests takes longer, on a slow machine.
const LONGEST: Duration = Duration::from_secs(240);
/// Long enough for a loopback answer on a slow machine, short enough to wait for twice.
const ATTEMPT: Duration = Duration::from_secs(2);

/// The last second of the histories here: the same for all of them, so that two of one seed have the same rows. The newest
/// are some hours old, so that no day decides what is read.
static END: LazyLock<i64> = LazyLock::new(|| present().as_second() - 6 * 3600);

/// A bulk history of two months that ends some hours ago.
fn history(seed: u64, rows: usize) -> History {
    History::bulk(seed, rows).ending_at(*END)
}

fn bigcommerce_with(listing: Listing) -> BigCommerceBehavior {
    BigCommerceBehavior { listing, ..BigCommerceBehavior::unlimited() }
}

fn shopline_with(listing: Listing) -> ShoplineBehavior {
    ShoplineBehavior { listing, ..ShoplineBehavior::unlimited() }
}

/// One store of one platform under test.
struct Audited {
    sandbox: Sandbox,
    platform: Platform,
    history: History,
}

/// The result of a walk.
struct Walked {
    ids: Vec<String>,
    /// Records that could not be decoded.
    records: Vec<Error>,
    error: Option<Error>,
    proof: Option<Proof>,
    requests: usize,
}

impl Audited {
    async fn new(platform: Platform, history: History, behavior: impl Into<Behavior>) -> Self {
        Self::failing(platform, history, behavior, Faults::none()).await
    }

    async fn failing(platform: Platform, history: History, behavior: impl Into<Behavior>, faults: Faults) -> Self {
        let store = match platform {
            Platform::BigCommerce => Store::bigcommerce(HASH),
            Platform::Shopline => Store::shopline(HANDLE),
        };
        let store = store.history(history.clone()).behavior(behavior).faults(faults);
        Self { sandbox: Sandbox::builder().store(store).start().await.unwrap(), platform, history }
    }

    fn name(&self) -> &'static str {
        if self.platform == Platform::BigCommerce { HASH } else { HANDLE }
    }

    /// The whole history's ids, as the store has them now.
    fn truth(&self) -> BTreeSet<String> {
        let (since, until) = self.history.time_range();
        self.sandbox.oracle(self.platform, self.name(), since, until).into_iter().collect()
    }

    /// Reads the whole history, and fails if that does not end.
    async fn walk(&self) -> Walked {
        let (since, until) = self.history.time_range();
        self.walk_of(LogQuery::new().since(at(since)).until(at(until))).await
    }

    async fn walk_of(&self, query: LogQuery) -> Walked {
        let before = self.sandbox.requests();
        let reading = tokio::time::timeout(LONGEST, self.read(query)).await;
        let requests = usize::try_from(self.sandbox.requests() - before).unwrap();
        let mut walked = reading.unwrap_or_else(|_| panic!("no end after {requests} requests"));
        walked.requests = requests;
        walked
    }

    async fn read(&self, query: LogQuery) -> Walked {
        let mut walked = Walked { ids: Vec::new(), records: Vec::new(), error: None, proof: None, requests: 0 };
        let mut pages = self.source().pages(query, None);
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => {
                    walked.proof = page.proof;
                    for entry in page.entries {
                        match entry {
                            Ok(entry) => walked.ids.push(entry.id),
                            Err(error) => walked.records.push(error),
                        }
                    }
                }
                Err(error) => walked.error = Some(error),
            }
        }
        walked
    }

    fn source(&self) -> Box<dyn LogSource> {
        let (token, url) = (self.sandbox.token(self.platform, self.name()), self.sandbox.origin(self.platform));
        match self.platform {
            Platform::BigCommerce => {
                let client = BigCommerce::builder(HASH).access_token(token).api_url(url).retry(policy());
                Box::new(client.build().unwrap())
            }
            Platform::Shopline => {
                let client = Shopline::builder(HANDLE).access_token(token).api_url(url).retry(policy());
                Box::new(client.bucket(1_000_000, 1_000_000.0).build().unwrap())
            }
        }
    }
}

fn policy() -> RetryPolicy {
    quick().budget(10_000).max_attempts(2).attempt_timeout(ATTEMPT)
}

impl Walked {
    /// Everything, once, and no error.
    #[track_caller]
    fn assert_exact(&self, truth: &BTreeSet<String>, context: &str) {
        self.assert_honest(truth, context);
        assert!(self.error.is_none(), "{context}: {:?}, {}", self.error, self.lacks(truth));
        assert!(self.records.is_empty(), "{context}: {} records not decoded", self.records.len());
    }

    /// Nothing twice, nothing that is not there; and all of it, or an error that says what is missing.
    #[track_caller]
    fn assert_honest(&self, truth: &BTreeSet<String>, context: &str) {
        let unique: HashSet<&str> = self.ids.iter().map(String::as_str).collect();
        assert_eq!(unique.len(), self.ids.len(), "{context}: {} delivered twice", self.ids.len() - unique.len());
        let others = unique.iter().filter(|id| !truth.contains(**id)).count();
        assert_eq!(others, 0, "{context}: {others} delivered that are not in the store");
        let lacking = truth.len() - unique.len();
        match &self.error {
            None => assert!(lacking <= self.records.len(), "{context}: no error, and {}", self.lacks(truth)),
            Some(error) => {
                assert_eq!(self.proof, None, "{context}: a proof and an error: {error}");
                if let (ErrorKind::Incomplete, Some(missing)) = (error.kind(), error.missing()) {
                    assert!(missing as usize >= lacking.saturating_sub(self.records.len()), "{context}: {error}");
                }
            }
        }
        if self.proof == Some(Proof::Counted) {
            assert!(lacking <= self.records.len(), "{context}: counted, and {}", self.lacks(truth));
        }
    }

    /// Everything that the platform lists was delivered, and the error says how much more it counts.
    #[track_caller]
    fn assert_lacks(&self, missing: u64, truth: &BTreeSet<String>, context: &str) {
        self.assert_honest(truth, context);
        let error = self.error.as_ref().unwrap_or_else(|| panic!("{context}: no error"));
        assert_eq!((error.kind(), error.missing()), (ErrorKind::Incomplete, Some(missing)), "{context}: {error}");
    }

    #[track_caller]
    fn assert_requests(&self, most: usize, context: &str) {
        assert!(self.requests <= most, "{context}: {} requests, more than {most}", self.requests);
    }

    fn lacks(&self, truth: &BTreeSet<String>) -> String {
        let lacking = truth.iter().filter(|id| !self.ids.contains(id)).count();
        format!("{lacking} of {} missing after {} requests", truth.len(), self.requests)
    }
}
