//! One page of records, one record, and the count of a time range.

use jiff::Timestamp;

use super::{Shopline, convert};
use crate::LogEntry;
use crate::call::List;
use crate::entry::UtcOffset;
use crate::error::{Error, ErrorKind, Result};
use crate::raw::shopline as raw;
use crate::raw::shopline::builder::{CountOperationLogs, ListOperationLogs};
use crate::raw::shopline::types::{OperationLog, OperationLogPage};
use crate::time;
use crate::transport::Transport;
use crate::walk::Row;

/// One page of records, as the platform sent it.
#[derive(Debug)]
#[non_exhaustive]
pub struct RecordPage {
    /// The records in the platform's order. One that is not the documented shape is an error.
    pub records: Vec<Result<OperationLog>>,
    /// The continuation in the `link` header, if the platform pages in that way: the value for `page_info`.
    pub page_info: Option<String>,
    /// When the answer came, by this machine's clock.
    pub observed: Timestamp,
    /// The platform's id of the request.
    pub request_id: Option<String>,
}

impl Shopline {
    /// One page of a time range, both ends included. The closure sets any parameter that the document has, on the
    /// generated request.
    ///
    /// ```no_run
    /// # async fn run(store: storelogs::Shopline) -> storelogs::Result<()> {
    /// let (since, until) = ("2026-08-01T00:00:00+08:00", "2026-08-02T00:00:00+08:00");
    /// let page = store.page(since.parse().unwrap(), until.parse().unwrap(), |request| request.verb("edit_product")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Whatever kept the page from coming. One record of another shape is an item of the page.
    pub async fn page<F>(&self, since: Timestamp, until: Timestamp, set: F) -> Result<RecordPage>
    where
        F: for<'a> FnOnce(ListOperationLogs<'a>) -> ListOperationLogs<'a>,
    {
        let (list, page_info) = self.list(&self.transport, (since, until), self.offset(), set).await?;
        let (observed, request_id) = (list.about.observed(), list.about.request_id());
        Ok(RecordPage { records: list.records, page_info, observed, request_id })
    }

    /// How many entries a time range has, both ends included. The closure sets `subject_type` and `verb`.
    ///
    /// # Errors
    /// Whatever kept the count from coming.
    pub async fn count_where<F>(&self, since: Timestamp, until: Timestamp, set: F) -> Result<u64>
    where
        F: for<'a> FnOnce(CountOperationLogs<'a>) -> CountOperationLogs<'a>,
    {
        self.count_written((since, until), self.offset(), set).await
    }

    /// The same, with bounds that are written with this offset.
    pub(super) async fn count_written<F>(
        &self,
        (since, until): (Timestamp, Timestamp),
        offset: UtcOffset,
        set: F,
    ) -> Result<u64>
    where
        F: for<'a> FnOnce(CountOperationLogs<'a>) -> CountOperationLogs<'a>,
    {
        let send = async |client: raw::Client| {
            let request = client.count_operation_logs();
            let request = request.created_at_min(time::write(since, offset));
            set(request.created_at_max(time::write(until, offset))).send().await
        };
        let (answer, about) = self.transport.call(send).await?.typed()?;
        let count = answer.data.and_then(|data| data.count).and_then(|count| u64::try_from(count).ok());
        count.ok_or_else(|| about.without("data.count"))
    }

    /// One entry by its id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none, or whatever kept it from coming.
    pub async fn get(&self, id: &str) -> Result<LogEntry> {
        let send = async |client: raw::Client| client.get_operation_log().id(id).send().await;
        let (answer, about) = self.transport.call(send).await?.typed()?;
        let missing = || match about.words() {
            Some(_) => about.without("data"),
            None => Error::new(ErrorKind::NotFound, format!("there is no entry {id:?}")).of(about.store()),
        };
        let record = answer.data.ok_or_else(missing)?;
        convert::entry(record, about.store(), about.observed()).map_err(|unfit| unfit.at(&about, "data"))
    }

    /// A page as rows of a walk, with bounds that are written with this offset, and the continuation of its `link` header.
    pub(super) async fn rows_written<F>(
        &self,
        bounds: (Timestamp, Timestamp),
        offset: UtcOffset,
        set: F,
    ) -> Result<(Vec<Row>, Option<String>)>
    where
        F: for<'a> FnOnce(ListOperationLogs<'a>) -> ListOperationLogs<'a>,
    {
        // Where it fails, the walk asks for fewer rows, or for a narrower range.
        let (list, page_info) = self.list(&self.transport.for_large_page(), bounds, offset, set).await?;
        Ok((list.rows(convert::entry), page_info))
    }

    /// The offset that this store's bounds are written with. All are right where the platform reads them.
    fn offset(&self) -> UtcOffset {
        self.habits.offset().unwrap_or_default()
    }

    async fn list<F>(
        &self,
        transport: &Transport,
        (since, until): (Timestamp, Timestamp),
        offset: UtcOffset,
        set: F,
    ) -> Result<(List<OperationLog>, Option<String>)>
    where
        F: for<'a> FnOnce(ListOperationLogs<'a>) -> ListOperationLogs<'a>,
    {
        let send = async |client: raw::Client| {
            let request = client.list_operation_logs();
            let request = request.created_at_min(time::write(since, offset));
            set(request.created_at_max(time::write(until, offset))).send().await
        };
        let reply = transport.call(send).await?;
        let take = |page: OperationLogPage| (page.data.or(page.operation_logs), ());
        let (list, ()) = reply.list(&["data", "operationLogs"], take)?;
        let links = list.about.headers().get_all("link");
        let page_info = links.iter().find_map(|link| next_page(link.to_str().ok()?));
        Ok((list, page_info))
    }
}

/// The `page_info` of `<https://…?page_info=…>; rel="next"`. Only that value is used, never the address: a header
/// cannot send the token elsewhere.
fn next_page(link: &str) -> Option<String> {
    let mut rest = link;
    // Commas stand between links and also inside an address: `fields=a,b`.
    while let Some((_, from)) = rest.split_once('<') {
        let (address, behind) = from.split_once('>')?;
        let end = behind.find('<').unwrap_or(behind.len());
        let is_next = behind[..end].split([';', ',']).any(|part| {
            let Some((name, value)) = part.split_once('=') else { return false };
            let kinds = value.trim().trim_matches('"').to_ascii_lowercase();
            name.trim().eq_ignore_ascii_case("rel") && kinds.split_ascii_whitespace().any(|kind| kind == "next")
        });
        if is_next && let Some(value) = page_info(address) {
            return Some(value);
        }
        rest = &behind[end..];
    }
    None
}

fn page_info(address: &str) -> Option<String> {
    let query = address.split_once('?')?.1.split('#').next()?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let value = pairs.find(|(name, _)| name == "page_info")?.1.into_owned();
    Some(value).filter(|value| !value.is_empty())
}
