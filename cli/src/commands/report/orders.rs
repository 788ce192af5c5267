//! The orders that problems name, as a table for spreadsheets.

use std::io::{self, Write};

use storelogs_collector::insight::Report;
use storelogs_collector::redact::Text;

use crate::output::csv::{guarded, io_error};
use crate::ui::search_command;

const COLUMNS: [&str; 13] = [
    "store",
    "order",
    "customer",
    "problems",
    "first",
    "last",
    "says",
    "reason",
    "came_through",
    "success",
    "search",
    "amount",
    "currency",
];

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS).map_err(io_error)?;
    for order in &report.orders.list {
        let text =
            |text: &Option<Text>| text.as_ref().map(|text| guarded(text.as_str()).into_owned()).unwrap_or_default();
        let store = report.stores.get(order.store as usize).map_or("", String::as_str);
        let row = [
            store.to_owned(),
            guarded(&order.order).into_owned(),
            text(&order.customer),
            order.entries.to_string(),
            order.first.to_string(),
            order.last.to_string(),
            text(&order.summary),
            text(&order.reason),
            order.came_through.as_ref().map(|success| success.time.to_string()).unwrap_or_default(),
            order.came_through.as_ref().map(|success| text(&success.summary)).unwrap_or_default(),
            search_command(&order.query),
            order.amount.as_ref().map(|amount| amount.value.clone()).unwrap_or_default(),
            order.amount.as_ref().and_then(|amount| amount.currency.clone()).unwrap_or_default(),
        ];
        table.write_record(row).map_err(io_error)?;
    }
    table.flush()
}
