//! Failpoints: aborting the process just before a step, for tests of what is left then. No release has this.

/// A step that a crash can come before: what changes the storage.
#[inline]
pub(crate) fn step() {
    #[cfg(feature = "failpoints")]
    count();
}

#[cfg(feature = "failpoints")]
fn count() {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static LAST: OnceLock<u64> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let last = LAST.get_or_init(|| {
        let number = std::env::var("STORELOGS_ABORT_AT_STEP").ok().and_then(|number| number.parse().ok());
        number.unwrap_or(u64::MAX)
    });
    if PASSED.fetch_add(1, Ordering::Relaxed) + 1 >= *last {
        std::process::abort();
    }
}
