//! The sandbox's own clock: real time plus an offset that a test can move.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// The time the sandbox believes it is.
///
/// Retention, token expiry, rate-limit windows and the `Date` header all follow it. Clones share one offset.
#[derive(Clone, Debug)]
pub struct Clock {
    base_ms: i64,
    started: Instant,
    offset_ms: Arc<AtomicI64>,
    /// When it was stopped, without the offset.
    stopped_ms: Arc<OnceLock<i64>>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            base_ms: Timestamp::now().as_millisecond(),
            started: Instant::now(),
            offset_ms: Arc::new(AtomicI64::new(0)),
            stopped_ms: Arc::default(),
        }
    }

    /// Milliseconds since 1970, offset included. It never runs backwards by itself.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.stopped_ms.get().copied().unwrap_or_else(|| self.real_ms()) + self.offset_ms()
    }

    /// Seconds since 1970, offset included.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    /// How far the clock is from real time, in milliseconds.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Sets the offset from real time, in seconds; negative puts the sandbox into the past.
    pub fn set_offset(&self, seconds: i64) {
        self.offset_ms.store(seconds.saturating_mul(1000), Ordering::Relaxed);
    }

    /// Stops the clock: from now on it moves only on request. A test of a rate limit then counts the same on a
    /// busy machine, however long its requests take.
    pub fn stop(&self) {
        self.stopped_ms.get_or_init(|| self.real_ms());
    }

    /// Moves the clock on. Rows grow old and rate-limit windows end at once.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4);
        self.offset_ms.fetch_add(by, Ordering::Relaxed);
    }

    fn real_ms(&self) -> i64 {
        self.base_ms + i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX / 2)
    }
}

/// A time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(unix_ms: i64) -> String {
    let time = Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
