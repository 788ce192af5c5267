//! Switches for what is not known for sure about SHOPLINE.

use std::time::Duration;

use crate::Listing;

/// How a SHOPLINE store's log behaves. The default is the documented or observed reading.
#[derive(Clone, Debug, PartialEq)]
pub struct ShoplineBehavior {
    /// The meaning of `since_id`.
    pub since_id: SinceId,
    /// Whether answers carry a `link` header with an opaque `page_info`.
    pub link_header: LinkHeader,
    /// The longest time range that may be asked for, in days.
    pub max_time_range_days: Option<i64>,
    /// How far back a time range may begin.
    pub horizon: Option<Horizon>,
    /// Rows older than this many calendar months are not served.
    pub retention_months: Option<u32>,
    /// The name of the list in the answer.
    pub envelope: Envelope,
    /// Whether records carry `subject_id`.
    pub subject_id: SubjectId,
    /// Whether the time range takes in the seconds that bound it.
    pub time_range_bounds: TimeRangeBounds,
    /// Whether the count is right.
    pub count: Count,
    /// The shape of `errors` in an error body.
    pub error_shape: ErrorShape,
    /// True adds a `code` and a `message` to error bodies.
    pub error_code: bool,
    /// The status of a bad request: a missing or malformed parameter, a time range too long.
    pub bad_request_status: u16,
    /// The greatest page size.
    pub max_limit: u64,
    /// The status when `Content-Type` is not `application/json; charset=utf-8`; `None` does not care.
    pub wrong_content_type: Option<u16>,
    /// The versions in service; any other answers 404.
    pub versions: Vec<String>,
    /// The first time this page of a time range is asked for it is empty; asked again it is right.
    pub empty_middle_page: Option<u64>,
    /// True answers the last page again where nothing would be left.
    pub repeat_last_page: bool,
    /// True lists the first row of every page twice; the page then holds one new row fewer.
    pub duplicate_rows: bool,
    /// True adds fields to every record that the documentation does not name.
    pub extra_fields: bool,
    /// True answers 403: the token lacks the scope `read_store_log`.
    pub missing_scope: bool,
    /// The leaky bucket; `None` is no limit.
    pub bucket: Option<Bucket>,
    /// When repeated excess locks the store.
    pub lock: Option<Lock>,
    /// How long a token stays valid after it was refreshed.
    pub old_token_lives: Duration,
    /// How long a refreshed token lives: 10 hours.
    pub token_lives: Duration,
    /// One of this many answers has several values in `traceId`, joined by commas; 0 is never.
    pub joined_trace_every: u64,
    /// True compares ids where `since_id` is given, in whatever order of time they are.
    pub since_id_compares_ids: bool,
    /// How the bounds of the time range are read.
    pub time_range: TimeRangeReading,
    /// Behaviour that both platforms' lists share.
    pub listing: Listing,
}

impl Default for ShoplineBehavior {
    fn default() -> Self {
        Self {
            since_id: SinceId::ExclusiveOlder,
            link_header: LinkHeader::Absent,
            max_time_range_days: None,
            horizon: None,
            retention_months: None,
            envelope: Envelope::Data,
            subject_id: SubjectId::Missing,
            time_range_bounds: TimeRangeBounds::Inclusive,
            count: Count::Right,
            error_shape: ErrorShape::String,
            error_code: false,
            bad_request_status: 400,
            max_limit: 200,
            wrong_content_type: Some(406),
            versions: ["v20260301", "v20251201", "v20250901", "v20250601"].map(String::from).to_vec(),
            empty_middle_page: None,
            repeat_last_page: false,
            duplicate_rows: false,
            extra_fields: false,
            missing_scope: false,
            bucket: Some(Bucket { size: 40.0, per_second: 4.0 }),
            lock: None,
            old_token_lives: Duration::from_secs(300),
            token_lives: Duration::from_secs(36_000),
            joined_trace_every: 3,
            since_id_compares_ids: false,
            time_range: TimeRangeReading::AsSent,
            listing: Listing::default(),
        }
    }
}

impl ShoplineBehavior {
    /// The default without a rate limit, for tests that are not about pacing.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { bucket: None, ..Self::default() }
    }
}

/// The meaning of `since_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinceId {
    /// Go on in list order after that row: older rows, that row left out.
    ExclusiveOlder,
    /// Go on in list order from that row: older rows, that row first.
    InclusiveOlder,
    /// Rows with greater ids, oldest first.
    NewerAscending,
    /// Rows with greater ids, still newest first.
    NewerDescending,
    /// Nothing.
    Ignored,
}

/// Whether there is a `link` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkHeader {
    /// There is none.
    Absent,
    /// `rel="next"` while rows are left; `page_info` then overrides every filter but `limit`.
    Present,
}

/// How far back a time range may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// Calendar months back from now.
    pub months: u32,
    /// The answer to a time range that begins before that.
    pub beyond: BeyondHorizon,
}

/// The answer to a time range that begins beyond the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeyondHorizon {
    /// This status.
    Reject(u16),
    /// No rows, not even those of its later part.
    Empty,
}

/// The name of the list in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// `{"data":[…]}`
    Data,
    /// `{"operationLogs":[…]}`, seen with an earlier version.
    OperationLogs,
}

/// Whether records carry `subject_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectId {
    /// Only those that were given one.
    Missing,
    /// All of them.
    Present,
}

/// Whether the time range takes in the seconds that bound it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeRangeBounds {
    /// Both, as documented.
    Inclusive,
    /// The first but not the last.
    MaxExclusive,
    /// Neither.
    Exclusive,
}

/// Whether the count is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// It is.
    Right,
    /// The endpoint answers 404.
    Unavailable,
    /// It is off by this many, but never below 0.
    Wrong(i64),
    /// It is always 0.
    Zero,
    /// It is that of this many seconds ago: what is newer is not counted yet.
    Stale(i64),
    /// The answer has no count in it.
    Missing,
}

/// How the bounds of a time range are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeRangeReading {
    /// With the offset that they were sent with.
    AsSent,
    /// As times at this offset in hours, whatever offset they were sent with: the range is another one.
    OwnZone(i8),
    /// Not at all: every range is all of time.
    Ignored,
}

/// The shape of `errors` in an error body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorShape {
    /// `{"errors":"…"}`
    String,
    /// `{"errors":["…"]}`
    Array,
    /// `{"errors":{"base":["…"]}}`
    Map,
}

/// A leaky bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// How many requests it holds.
    pub size: f64,
    /// How many leak out per second.
    pub per_second: f64,
}

/// When repeated excess locks the store with 423.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The number of answers of 429 in a row after which it begins.
    pub after: u32,
    /// How long it lasts.
    pub lasts: Duration,
}
