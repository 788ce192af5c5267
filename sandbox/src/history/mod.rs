//! Histories: records made up from a seed, the same for the same seed.

mod bigcommerce;
mod bulk;
mod messages;
mod planted;
mod rhythm;
mod shopline;
mod write;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Platform, Records, row::Row, table::Table};

pub use planted::{Actor, ActorKind, BulkEdit, Cause, Form, Incident, IncidentKind, Planted, SensitiveChange};

/// A month of a history, in seconds. Calendar months would make histories depend on the day they are made.
const MONTH: i64 = 30 * 86_400;

/// The second up to which a history is made by default, a Tuesday noon: 2026-11-24T12:00:00Z. Then it is
/// moved to where it shall end. Were it made up to the moment at which it is asked for, the hour and the weekday of that
/// moment would decide what its last hours hold.
const MADE: i64 = 1_795_521_600;

/// A plan for records of a made-up shop. Nothing is made before it is needed; clones of one plan share what is made.
#[derive(Clone)]
pub struct History {
    pub(crate) plan: Plan,
    made: Arc<[OnceLock<Made>; 2]>,
}

/// The plan that a history is made from.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    kind: Kind,
    /// The first second, before the history is moved.
    pub(crate) start: i64,
    months: i64,
    /// The first second after the history, before it is moved.
    pub(crate) end: i64,
    /// The seconds by which the whole history is moved.
    pub(crate) moved: i64,
    /// Rows on a working day, about; `None` for the platform's own.
    pub(crate) rows_per_day: Option<u32>,
    /// Whether nothing happens in it but every day's work.
    pub(crate) calm: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Shop,
    Bulk { rows: usize, per_second: usize },
}

struct Made {
    table: Arc<Table>,
    planted: Planted,
}

impl History {
    /// A believable shop over three months that end now.
    ///
    /// Its content depends on nothing but the seed: how long ago each thing happened is the same on every day and at
    /// every hour. For that its days and nights are those of a Tuesday noon, wherever it ends; for days and nights that
    /// agree with the calendar see [`ending_at`](Self::ending_at).
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::of(seed, Kind::Shop)
    }

    /// This many plain rows, spread evenly over two months that end now; a million takes seconds.
    #[must_use]
    pub fn bulk(seed: u64, rows: usize) -> Self {
        Self::of(seed, Kind::Bulk { rows, per_second: 1 }).months(2)
    }

    fn of(seed: u64, kind: Kind) -> Self {
        let plan = Plan { seed, kind, start: MADE, months: 3, end: MADE, moved: 0, rows_per_day: None, calm: false };
        Self { plan, made: Arc::default() }.moved_to(Timestamp::now().as_second())
    }

    /// How many months of 30 days the history lasts.
    #[must_use]
    pub fn months(mut self, months: u32) -> Self {
        self.plan.months = i64::from(months.max(1));
        self.anew()
    }

    /// Sets the second before which the history ends, with days, nights and weekends as the calendar has them before it.
    /// Given a fixed one, the same seed makes the same bytes every day; what the last hours hold depends on it.
    #[must_use]
    pub fn ending_at(mut self, unix_seconds: i64) -> Self {
        (self.plan.end, self.plan.moved) = (unix_seconds, 0);
        self.anew()
    }

    /// Moves the whole history so that it ends before this second. It holds the same, as long before its end.
    #[must_use]
    pub fn moved_to(mut self, unix_seconds: i64) -> Self {
        self.plan.moved = unix_seconds - self.plan.end;
        self.anew()
    }

    /// About how many rows a seeded shop writes on a working day.
    #[must_use]
    pub fn rows_per_day(mut self, rows: u32) -> Self {
        self.plan.rows_per_day = Some(rows.max(1));
        self.anew()
    }

    /// A seeded shop in which nothing happens but every day's work: no incident, no bulk edit, no sensitive change. What
    /// fails now and then in any shop does fail. For a test of a program that might see more in it.
    #[must_use]
    pub fn calm(mut self) -> Self {
        self.plan.calm = true;
        self.anew()
    }

    /// How many rows of a bulk history share each second.
    #[must_use]
    pub fn rows_per_second(mut self, rows: usize) -> Self {
        if let Kind::Bulk { per_second, .. } = &mut self.plan.kind {
            *per_second = rows.max(1);
        }
        self.anew()
    }

    /// The first second of the history, and the first after it.
    #[must_use]
    pub fn time_range(&self) -> (i64, i64) {
        (self.plan.start + self.plan.moved, self.plan.end + self.plan.moved)
    }

    /// The records, made now if they were not yet.
    #[must_use]
    pub fn records(&self, platform: Platform) -> Records {
        Records { platform, table: self.table(platform) }
    }

    /// The facts planted in a seeded history, for a test of a program that looks for them. Bulk histories hide nothing.
    #[must_use]
    pub fn planted(&self, platform: Platform) -> Planted {
        self.made(platform).planted.clone()
    }

    pub(crate) fn table(&self, platform: Platform) -> Arc<Table> {
        Arc::clone(&self.made(platform).table)
    }

    fn made(&self, platform: Platform) -> &Made {
        let index = usize::from(platform == Platform::Shopline);
        self.made[index].get_or_init(|| {
            let (table, planted) = match (self.plan.kind, platform) {
                (Kind::Bulk { rows, per_second }, _) => {
                    (bulk::make(&self.plan, platform, rows, per_second), Planted::default())
                }
                (Kind::Shop, Platform::BigCommerce) => bigcommerce::make(&self.plan),
                (Kind::Shop, Platform::Shopline) => shopline::make(&self.plan),
            };
            Made { table: Arc::new(table), planted: planted.moved(self.plan.moved) }
        })
    }

    /// A changed plan shares nothing with the one it came from.
    fn anew(mut self) -> Self {
        self.plan.start = self.plan.end - self.plan.months * MONTH;
        self.made = Arc::default();
        self
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("History").field(&self.plan).finish()
    }
}

/// A record that comes in while a store is served: of this moment, with the next id.
pub(crate) fn arriving(platform: Platform, newest: u64, number: u64, now: i64) -> Value {
    match platform {
        Platform::BigCommerce => json!({
            "id": newest + 1,
            "type": "general",
            "module": "Order Status",
            "severity": "success",
            "summary": format!("Arrived while the log was being read: {number}"),
            "message": null,
            "date_created": write::time(now, 0),
        }),
        Platform::Shopline => json!({
            "author": "shopline",
            "created_at": write::time(now, write::SHOPLINE_OFFSET),
            "detail": format!("Arrived while the log was being read: {number}"),
            "id": write::shopline_id(now * 1000).max(newest + 1).to_string(),
            "subject_type": "products",
            "verb": "edit_product",
        }),
    }
}

/// A record of a list without end. Many are needed at once, so they are written by hand.
pub(crate) fn made_up(platform: Platform, id: u64, at: i64) -> Row {
    let body = match platform {
        Platform::BigCommerce => format!(
            r#"{{"id":{id},"type":"general","module":"","severity":"success","summary":"One more","message":null,"date_created":"{}"}}"#,
            write::time(at, 0)
        ),
        Platform::Shopline => format!(
            r#"{{"author":"shopline","created_at":"{}","detail":"One more","id":"{id}","subject_type":"products","verb":"edit_product"}}"#,
            write::time(at, write::SHOPLINE_OFFSET)
        ),
    };
    Row { id, at, kind: 0, what: 0, rank: 1, body: body.into_bytes().into() }
}
