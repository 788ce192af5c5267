//! One page of records, and which form of the request the platform takes.

use std::sync::PoisonError;

use jiff::Timestamp;
use serde::Deserialize;

use super::{BigCommerce, convert};
use crate::call::List;
use crate::error::{Error, Result};
use crate::raw::bigcommerce as raw;
use crate::raw::bigcommerce::builder::GetStoreSystemLogs;
use crate::raw::bigcommerce::types::{GetStoreSystemLogsResponse, IndexMeta, SystemLog};
use crate::walk::Row;

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
    /// let page = store.page(|request| request.limit(10).severity_min(4).module("order status")).await?;
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
        let (list, pagination) = self.list(set).await?;
        let (observed, request_id) = (list.about.observed(), list.about.request_id());
        Ok(RecordPage { records: list.records, pagination, observed, request_id })
    }

    /// A page as rows of a walk, and what it says of itself.
    pub(super) async fn rows<F>(&self, set: F) -> Result<(Vec<Row>, Option<Pagination>)>
    where
        F: for<'a> FnOnce(GetStoreSystemLogs<'a>) -> GetStoreSystemLogs<'a>,
    {
        let (list, pagination) = self.list(set).await?;
        Ok((list.rows(convert::entry), pagination))
    }

    async fn list<F>(&self, set: F) -> Result<(List<SystemLog>, Option<Pagination>)>
    where
        F: for<'a> FnOnce(GetStoreSystemLogs<'a>) -> GetStoreSystemLogs<'a>,
    {
        let send = async |client: raw::Client| set(client.get_store_system_logs()).send().await;
        let reply = self.transport.call(send).await?;
        let take = |page: GetStoreSystemLogsResponse| (Some(page.data), Rest { meta: page.meta });
        let (list, rest) = reply.list(&["data"], take)?;
        Ok((list, rest.meta.map(pagination)))
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

impl BigCommerce {
    pub(super) fn shape(&self) -> Shape {
        *self.shape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_shape(&self, shape: Shape) {
        *self.shape.lock().unwrap_or_else(PoisonError::into_inner) = shape;
    }
}
