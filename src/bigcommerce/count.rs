//! How many entries the platform counts in a stretch.

use jiff::{SignedDuration, Timestamp};

use super::{BigCommerce, RecordPage};
use crate::error::{ErrorKind, Result};
use crate::raw::bigcommerce::push_down::{DATE_CREATED_MAX, DATE_CREATED_MIN, GetStoreSystemLogs as _};
use crate::time;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The total of a page that is filtered by date, if it can be trusted.
///
/// Whether the date filters are obeyed, and whether they include their bounds, is not documented. A row that is known to
/// be in the stretch tells: asked for its very second, a server that includes bounds counts it, one that excludes them
/// counts nothing, and one that ignores the filters answers with a row of another time.
pub(super) async fn of_stretch(source: &BigCommerce, since: Timestamp, until: Timestamp) -> Result<Option<u64>> {
    // Without the filters the total is of the whole log.
    if !(DATE_CREATED_MIN && DATE_CREATED_MAX) {
        return Ok(None);
    }
    if since.subsec_nanosecond() != 0 || until.subsec_nanosecond() != 0 {
        return Ok(None);
    }
    let Some(wide) = ask(source, since - SECOND, until).await? else { return Ok(None) };
    let known = match &wide.row {
        Row::None => return Ok(wide.total.filter(|total| *total == 0)),
        Row::At(time) if (since - SECOND..=until).contains(time) => *time,
        _ => return Ok(None),
    };
    let Some(very) = ask(source, known, known).await? else { return Ok(None) };
    match very.row {
        // Excluded: then the wide request was of exactly this stretch.
        Row::None => Ok(wide.total),
        Row::At(time) if time == known => {
            let exact = ask(source, since, until - SECOND).await?;
            Ok(exact.and_then(|exact| exact.total))
        }
        _ => Ok(None),
    }
}

struct Asked {
    total: Option<u64>,
    row: Row,
}

enum Row {
    None,
    At(Timestamp),
    Unreadable,
}

/// Asks for one row and the total. `None` where the date filters are refused.
async fn ask(source: &BigCommerce, min: Timestamp, max: Timestamp) -> Result<Option<Asked>> {
    let page = source
        .page(|request| {
            let request = request.limit(1).push_date_created_min(min.as_second().to_string());
            request.push_date_created_max(max.as_second().to_string())
        })
        .await;
    match page {
        Ok(page) => Ok(Some(Asked { total: total(&page), row: first(&page) })),
        Err(error) if error.kind() == ErrorKind::Refused => Ok(None),
        Err(error) => Err(error),
    }
}

fn first(page: &RecordPage) -> Row {
    let Some(record) = page.records.first() else { return Row::None };
    let date = record.as_ref().ok().and_then(|record| record.date_created.as_deref());
    date.and_then(|date| time::read(date).ok()).map_or(Row::Unreadable, |written| Row::At(written.time))
}

/// The total, if it agrees with the page it came with.
fn total(page: &RecordPage) -> Option<u64> {
    let told = page.pagination?;
    let (total, pages) = (told.total?, told.total_pages?);
    let rows = i64::try_from(page.records.len()).ok()?;
    let agrees = total >= rows && (total == 0) == (rows == 0) && (!told.next || total > rows) && pages >= rows.min(1);
    u64::try_from(total).ok().filter(|_| agrees)
}
