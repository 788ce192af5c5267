//! One page of records, and the form of its request that the platform takes.

use jiff::Timestamp;
use serde::Deserialize;

use super::{BigCommerce, convert};
use crate::call::List;
use crate::error::Result;
use crate::raw::bigcommerce as raw;
use crate::raw::bigcommerce::builder::GetStoreSystemLogs;
use crate::raw::bigcommerce::types::{GetStoreSystemLogsResponse, IndexMeta, SystemLog};
use crate::severity::Severity;
use crate::transport::Transport;
use crate::walk::Row;

/// One page of records, as the platform sent it.
#[derive(Debug)]
#[non_exhaustive]
pub struct RecordPage {
    /// The records in the platform's order. One that is not the documented shape is an error.
    pub records: Vec<Result<SystemLog>>,
    /// The page's pagination, if it has one.
    pub pagination: Option<Pagination>,
    /// When the answer came, by this machine's clock.
    pub observed: Timestamp,
    /// The platform's id of the request.
    pub request_id: Option<String>,
}

/// The pagination of a page. The vendor's own examples contradict themselves here; take it as a hint.
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

/// The parts of a page besides its records.
#[derive(Default, Deserialize)]
struct Rest {
    meta: Option<IndexMeta>,
}
