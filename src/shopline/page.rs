//! One page of records, one record, and the count of a stretch.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Shopline, convert};
use crate::LogEntry;
use crate::call::{Decoded, call, one_by_one, undecodable};
use crate::entry::UtcOffset;
use crate::error::{Error, ErrorKind, Result};
use crate::raw::shopline::builder::{CountOperationLogs, ListOperationLogs};
use crate::raw::shopline::types::{OperationLog, OperationLogPage};
use crate::refusal;
use crate::time;
use crate::transport::Report;
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
    /// One page of a stretch of time, both ends included. The closure sets any parameter that the document has, on the
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
        Ok(self.page_with_report(since, until, set).await?.0)
    }

    /// How many entries a stretch of time has, both ends included. The closure sets `subject_type` and `verb`.
    ///
    /// # Errors
    /// Whatever kept the count from coming.
    pub async fn count_where<F>(&self, since: Timestamp, until: Timestamp, set: F) -> Result<u64>
    where
        F: for<'a> FnOnce(CountOperationLogs<'a>) -> CountOperationLogs<'a>,
    {
        let (decoded, report) = call(&self.transport, |transport| async {
            let client = self.raw_on(transport);
            let request = client.count_operation_logs().created_at_min(written(since)).created_at_max(written(until));
            set(request).send().await
        })
        .await?;
        let count = match decoded {
            Decoded::Typed(answer) => answer.data.and_then(|data| data.count),
            Decoded::Raw(_, fault) => return Err(undecodable(&self.transport, &report, fault)),
        };
        let count = count.and_then(|count| u64::try_from(count).ok());
        count.ok_or_else(|| self.without(&report, "`data.count` is not there"))
    }

    /// One entry by its id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none, or whatever kept it from coming.
    pub async fn get(&self, id: &str) -> Result<LogEntry> {
        let (decoded, report) =
            call(&self.transport, |transport| async { self.raw_on(transport).get_operation_log().id(id).send().await })
                .await?;
        let record = match decoded {
            Decoded::Typed(answer) => answer.data,
            Decoded::Raw(_, fault) => return Err(undecodable(&self.transport, &report, fault)),
        };
        let store = self.transport.store();
        let missing = || match refusal::words(&report.body) {
            Some(_) => self.without(&report, "`data` is not there"),
            None => Error::new(ErrorKind::NotFound, format!("there is no entry {id:?}")).of(store),
        };
        convert::entry(record.ok_or_else(missing)?, store, report.observed())
            .map_err(|unfit| unfit.at(&self.transport, &report, "data", 0))
    }

    /// The error of an answer in which something is missing, with what the platform says in its place.
    fn without(&self, report: &Report, what: &str) -> Error {
        undecodable(&self.transport, report, serde::de::Error::custom(what))
    }

    /// A page as rows of a walk, and the continuation of its `link` header.
    pub(super) async fn rows<F>(&self, since: Timestamp, until: Timestamp, set: F) -> Result<(Vec<Row>, Option<String>)>
    where
        F: for<'a> FnOnce(ListOperationLogs<'a>) -> ListOperationLogs<'a>,
    {
        let (page, report) = self.page_with_report(since, until, set).await?;
        let store = self.transport.store();
        let unify = |(index, record): (usize, Result<OperationLog>)| {
            Row::new(record.and_then(|record| {
                convert::entry(record, store, page.observed)
                    .map_err(|unfit| unfit.at(&self.transport, &report, "data", index))
            }))
        };
        Ok((page.records.into_iter().enumerate().map(unify).collect(), page.page_info))
    }

    async fn page_with_report<F>(&self, since: Timestamp, until: Timestamp, set: F) -> Result<(RecordPage, Report)>
    where
        F: for<'a> FnOnce(ListOperationLogs<'a>) -> ListOperationLogs<'a>,
    {
        let (decoded, report) = call(&self.transport, |transport| async {
            let client = self.raw_on(transport);
            let request = client.list_operation_logs().created_at_min(written(since)).created_at_max(written(until));
            set(request).send().await
        })
        .await?;
        let missing = || Err(self.without(&report, "neither `data` nor `operationLogs` is there"));
        let records = match decoded {
            Decoded::Typed(OperationLogPage { data, operation_logs }) => match data.or(operation_logs) {
                Some(records) => records.into_iter().map(Ok).collect(),
                None => return missing(),
            },
            Decoded::Raw(bytes, fault) => match serde_json::from_slice::<Loose<'_>>(&bytes) {
                Ok(Loose { data: Some(records), .. }) => one_by_one(&self.transport, &report, "data", &records),
                Ok(Loose { operation_logs: Some(records), .. }) => {
                    one_by_one(&self.transport, &report, "operationLogs", &records)
                }
                Ok(_) => return missing(),
                Err(_) => return Err(undecodable(&self.transport, &report, fault)),
            },
        };
        let page = RecordPage {
            records,
            page_info: report.headers.get_all("link").iter().find_map(|link| next_page(link.to_str().ok()?)),
            observed: report.observed(),
            request_id: report.request_id(),
        };
        Ok((page, report))
    }
}

/// A bound in whole seconds, with an offset as the vendor's examples have one.
fn written(time: Timestamp) -> String {
    time::write(time, UtcOffset::default())
}

/// The `page_info` of `<https://…?page_info=…>; rel="next"`. Only that value is used, never the address: a header
/// cannot send the token elsewhere.
fn next_page(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (address, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = rest.split(';').any(|p| matches!(p.trim(), "rel=\"next\"" | "rel=next"));
        let query = address.split_once('?')?.1.split('#').next()?;
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let value = pairs.into_iter().find(|(name, _)| name == "page_info")?.1.into_owned();
        (is_next && !value.is_empty()).then_some(value)
    })
}

#[derive(Deserialize)]
struct Loose<'a> {
    #[serde(borrow, default)]
    data: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default, rename = "operationLogs")]
    operation_logs: Option<Vec<&'a RawValue>>,
}
