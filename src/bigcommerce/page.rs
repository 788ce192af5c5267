//! One page of records, and which form of the request the platform takes.

use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;

use super::{BigCommerce, convert};
use crate::call::List;
use crate::error::{Error, Result};
use crate::raw::bigcommerce as raw;
use crate::raw::bigcommerce::builder::GetStoreSystemLogs;
use crate::raw::bigcommerce::types::{GetStoreSystemLogsResponse, IndexMeta, SystemLog};
use crate::severity::Severity;
use crate::source::Learned;
use crate::transport::Transport;
use crate::walk::{Regrowth, Row};

/// One page of records, as the platform sent it.
#[derive(Debug)]
#[non_exhaustive]
pub struct RecordPage {
    /// The records in the platform's order. One that is not the documented shape is an error.
    pub records: Vec<Result<SystemLog>>,
    /// What the page says of itself, if it says anything.
    pub pagination: Option<Pagination>,
    /// When the answer came, by this machine's clock.
    pub observed: Timestamp,
    /// The platform's id of the request.
    pub request_id: Option<String>,
}

/// What a page says of itself. The vendor's own examples contradict themselves here; take it as a hint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pagination {
    /// Records that the filters match, over all pages.
    pub total: Option<i64>,
    /// The size of a full page.
    pub per_page: Option<i64>,
    /// The number of this page, from 1.
    pub current_page: Option<i64>,
    /// How many pages there are.
    pub total_pages: Option<i64>,
    /// Whether there is a link to a next page.
    pub next: bool,
}

impl BigCommerce {
    /// One page. The closure sets any parameter that the platform documents, on the generated request.
    ///
    /// ```no_run
    /// # async fn run(store: storelogs::BigCommerce) -> storelogs::Result<()> {
    /// use storelogs::Severity;
    ///
    /// let page = store.page(|request| request.limit(10).min_severity(Severity::Error).module("order status")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Whatever kept the page from coming. One record of another shape is an item of the page.
    pub async fn page<F>(&self, set: F) -> Result<RecordPage>
    where
        F: for<'a> FnOnce(GetStoreSystemLogs<'a>) -> GetStoreSystemLogs<'a>,
    {
        let (list, pagination) = self.list(&self.transport, set).await?;
        let (observed, request_id) = (list.about.observed(), list.about.request_id());
        Ok(RecordPage { records: list.records, pagination, observed, request_id })
    }

    /// A page of at most this many rows, as rows of a walk, and its page info. Where it fails, the walk asks for
    /// fewer.
    pub(super) async fn rows<F>(&self, limit: i64, set: F) -> Result<(Vec<Row>, Option<Pagination>)>
    where
        F: for<'a> FnOnce(GetStoreSystemLogs<'a>) -> GetStoreSystemLogs<'a>,
    {
        let transport = if limit > 1 { self.transport.for_large_page() } else { self.transport.clone() };
        let (list, pagination) = self.list(&transport, set).await?;
        Ok((list.rows(convert::entry), pagination))
    }

    async fn list<F>(&self, transport: &Transport, set: F) -> Result<(List<SystemLog>, Option<Pagination>)>
    where
        F: for<'a> FnOnce(GetStoreSystemLogs<'a>) -> GetStoreSystemLogs<'a>,
    {
        let send = async |client: raw::Client| set(client.get_store_system_logs()).send().await;
        let reply = transport.call(send).await?;
        let take = |page: GetStoreSystemLogsResponse| (Some(page.data), Rest { meta: page.meta });
        let (list, rest) = reply.list(&["data"], take)?;
        Ok((list, rest.meta.map(pagination)))
    }
}

/// The filters of a page in the model's own types. The document's own setters take what is sent.
impl GetStoreSystemLogs<'_> {
    /// Only records at least this serious. The platform decides what to make of one that it does not understand itself.
    /// [`Severity::Unspecified`] is no filter.
    #[must_use]
    pub fn min_severity(self, severity: Severity) -> Self {
        match severity.bigcommerce_number() {
            Some(number) => self.severity_min(number),
            None => self,
        }
    }

    /// Only records at most this serious. [`Severity::Unspecified`] is no filter.
    #[must_use]
    pub fn max_severity(self, severity: Severity) -> Self {
        match severity.bigcommerce_number() {
            Some(number) => self.severity_max(number),
            None => self,
        }
    }

    /// Only records at this time or later. The platform may ignore it; a [walk](crate::guide::walks) finds out.
    #[must_use]
    pub fn since(self, time: Timestamp) -> Self {
        let begun = time.subsec_nanosecond() > 0; // of that second only a part is asked for
        self.date_created_min((time.as_second() + i64::from(begun)).to_string())
    }

    /// Only records before this time. The platform may ignore it.
    #[must_use]
    pub fn until(self, time: Timestamp) -> Self {
        let whole = time.subsec_nanosecond() == 0; // the platform includes the end
        self.date_created_max((time.as_second() - i64::from(whole)).to_string())
    }
}

fn pagination(meta: IndexMeta) -> Pagination {
    let Some(page) = meta.pagination else { return Pagination::default() };
    Pagination {
        total: page.total,
        per_page: page.per_page,
        current_page: page.current_page,
        total_pages: page.total_pages,
        next: page.links.is_some_and(|links| links.next.is_some()),
    }
}

/// What a page says besides its records.
#[derive(Default, Deserialize)]
struct Rest {
    meta: Option<IndexMeta>,
}

/// Which form of the list request the platform takes. Some of it is not documented, so the first answers decide, and
/// the clones of a client remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Records on a page.
    pub(super) limit: i64,
    /// Whether the date filters are sent.
    pub(super) dates: bool,
    /// Whether `sort` and `direction` are sent.
    pub(super) sort: bool,
}

/// The largest page of the general API. Where it is refused, smaller ones are tried.
const LIMITS: [i64; 4] = [250, 100, 50, 20];

impl Default for Shape {
    fn default() -> Self {
        Self { limit: LIMITS[0], dates: true, sort: true }
    }
}

impl Shape {
    /// The forms to try, the best first.
    fn all() -> impl Iterator<Item = Self> {
        let with = |sort, dates| LIMITS.into_iter().map(move |limit| Self { limit, dates, sort });
        // After each limit the filters are in doubt before a smaller limit is: three requests settle most cases.
        let pairs = |sort| with(sort, true).zip(with(sort, false)).flat_map(|(a, b)| [a, b]);
        pairs(true).chain(pairs(false))
    }

    /// Whether it is the form that is tried first.
    pub(super) fn is_first(self) -> bool {
        self == Self::default()
    }

    /// Whether the other form has the same parameters.
    pub(super) fn differs_in_size_only(self, other: Self) -> bool {
        (self.dates, self.sort) == (other.dates, other.sort)
    }

    /// The same form with smaller pages.
    pub(super) fn smaller(self) -> Option<Self> {
        let limit = [50, 5, 1].into_iter().find(|limit| *limit < self.limit)?;
        Some(Self { limit, ..self })
    }

    /// The next form to try after a refusal of this one. A 413 is about the size alone.
    pub(super) fn after(self, refusal: &Error) -> Option<Self> {
        let says = |word: &str| refusal.detail().is_some_and(|detail| detail.contains(word));
        let too_large = refusal.status() == Some(413) || says("limit");
        Self::all().skip_while(|shape| *shape != self).skip(1).find(|next| {
            if too_large {
                next.limit < self.limit && next.dates == self.dates && next.sort == self.sort
            } else if says("date_created") {
                !next.dates
            } else if says("direction") || says("sort") {
                !next.sort
            } else {
                true
            }
        })
    }
}

/// What the clones of a client know of the platform.
#[derive(Debug, Default)]
pub(super) struct Known {
    shape: Shape,
    learned: Learned,
    /// Some request was answered as it should be.
    answered: bool,
    /// More rows failed than are asked for now. That may pass: unlike a refusal, it says nothing of what is allowed.
    fewer: bool,
    regrowth: Regrowth,
}

impl BigCommerce {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn shape(&self) -> Shape {
        self.known().shape
    }

    pub(super) fn set_shape(&self, shape: Shape) {
        let mut known = self.known();
        known.shape = shape;
        if shape != Shape::default() {
            known.learn(|learned| {
                learned.page_size = u32::try_from(shape.limit).ok().filter(|_| shape.limit < LIMITS[0]);
                learned.date_filters = if shape.dates { learned.date_filters } else { Some(false) };
                learned.direction = if shape.sort { learned.direction } else { Some(false) };
            });
        }
    }

    pub(super) fn has_answered(&self) -> bool {
        self.known().answered
    }

    pub(super) fn answered(&self) {
        self.known().answered = true;
    }

    /// From now on fewer rows are asked for, because more failed. Later more are again.
    pub(super) fn ask_for_fewer(&self) {
        let mut known = self.known();
        let again = std::mem::replace(&mut known.fewer, true);
        known.regrowth.shrink(again);
    }

    /// The same, at once. `false` where it is one row already.
    pub(super) fn shrink(&self) -> bool {
        let smaller = self.shape().smaller();
        if let Some(smaller) = smaller {
            self.ask_for_fewer();
            self.set_shape(smaller);
        }
        smaller.is_some()
    }

    /// A page came with as many rows as were asked for.
    pub(super) fn came(&self, size: i64) {
        let mut known = self.known();
        if known.fewer && size >= known.shape.limit && known.regrowth.page_came() {
            let more = (known.shape.limit * 4).min(LIMITS[0]);
            (known.shape.limit, known.fewer) = (more, more < LIMITS[0]);
            let page_size = u32::try_from(more).ok().filter(|_| more < LIMITS[0]);
            known.learn(|learned| learned.page_size = page_size);
        }
    }

    /// The platform gives pages of this many rows, whatever is asked for.
    pub(super) fn learn_size(&self, size: i64) {
        let mut known = self.known();
        known.shape.limit = size.clamp(1, LIMITS[0]);
        let page_size = u32::try_from(size).ok();
        known.learn(|learned| learned.page_size = page_size);
    }

    /// Writes down what the platform was seen to do.
    pub(super) fn learn(&self, write: impl FnOnce(&mut Learned)) {
        self.known().learn(write);
    }

    pub(super) fn learnt(&self) -> Learned {
        self.known().learned.clone()
    }

    /// Begins with what was learned before. The date filters and the order are asked for all the same: what was refused
    /// once may be taken now, and what was ignored does no harm.
    pub(super) fn begin_with(&self, learned: &Learned) {
        let mut known = self.known();
        if let Some(size) = learned.page_size {
            known.shape.limit = i64::from(size).clamp(1, LIMITS[0]);
        }
        known.learned = learned.clone();
    }

    pub(super) fn in_flight(&self) -> usize {
        self.transport.in_flight()
    }
}

impl Known {
    fn learn(&mut self, write: impl FnOnce(&mut Learned)) {
        let before = self.learned.clone();
        write(&mut self.learned);
        if self.learned != before {
            self.learned.at = Some(Timestamp::now());
        }
    }
}
