//! The scope of a list: a time range, and the filters that the platform applies.

use jiff::{SignedDuration, Timestamp};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The rows that a list is asked to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scope {
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) category: Option<String>,
    pub(super) module: Option<String>,
    pub(super) severity_min: Option<i64>,
    pub(super) severity_max: Option<i64>,
    /// Asked for oldest first.
    pub(super) ascending: bool,
}

impl Scope {
    /// Whether a time may be in a list that obeys this range, as widely as it was asked for.
    pub(super) fn may_hold(&self, time: Timestamp) -> bool {
        let margin = SECOND * 3;
        self.since.is_none_or(|since| time >= since - margin) && self.until.is_none_or(|until| time <= until + margin)
    }

    /// Its two halves by time, the newer first. `None` where it is not longer than a second, or open at an end.
    pub(super) fn halves(&self) -> Option<[Self; 2]> {
        let (since, until) = (self.since?, self.until?);
        let seconds = until.duration_since(since).as_secs();
        let middle = since + SignedDuration::from_secs(seconds / 2);
        (seconds > 1)
            .then(|| [Self { since: Some(middle), ..self.clone() }, Self { until: Some(middle), ..self.clone() }])
    }
}
