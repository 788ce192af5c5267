//! Log lines of what happens while stores are read.

use storelogs_collector::sync::Event;
use tracing::{debug, warn};

use crate::ui::printable::line;

pub(crate) fn event(event: &Event<'_>) {
    match event {
        Event::Reading { store, range } => {
            debug!(target: "storelogs::sync", %store, since = %range.since, until = %range.until, "reading");
        }
        Event::Page { store, committed, entries, reached, .. } => {
            let reached = reached.map(tracing::field::display);
            let (new, late) = (committed.new, committed.late);
            debug!(target: "storelogs::sync", %store, entries, new, late, reached, "page committed");
        }
        Event::Rest { store, total, end, gaps } => {
            let end = end.map(tracing::field::display);
            debug!(target: "storelogs::sync", %store, new = total.new, gaps, end, "up to date");
        }
        Event::Gap { store, range, reason } => {
            let (since, until, reason) = (range.since, range.until, line(reason));
            warn!(target: "storelogs::sync", %store, %since, %until, %reason, "a range is left for later");
        }
        Event::Failed { store, state, reason, next } => {
            let reason = line(reason);
            warn!(target: "storelogs::sync", %store, %state, %reason, %next, "the store cannot be read now");
        }
        // Said by who watches the files.
        _ => {}
    }
}
