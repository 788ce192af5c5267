//! The stores: a little history each, and new entries all the time, of which some are late and some change.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use storelogs_sandbox::{Journal, Platform, Sandbox, Store};

use super::reads::Reads;
use crate::Result;
use crate::stores::{name, write_stores};

/// The delay of each answer, as over an ocean.
const LATENCY: Duration = Duration::from_millis(50);
/// Every store gets an entry this often.
const NEWS: Duration = Duration::from_secs(20);
/// Entries that each store has before, and the hours between them: two months.
const ENTRIES: u32 = 30;
const APART: i64 = 48;
/// Of this many entries one is late, and one changes what came before it.
const ODD: usize = 12;
/// How late entries are, in seconds: less than the overlap of two polls, so that each is found by the next one.
const LATE: std::ops::Range<i64> = 5..100;
/// How long a lake is exported to again: a minute stands for an hour.
const EXPORT_EVERY: &str = "15s";

pub(crate) struct Shops {
    sandbox: Sandbox,
    stores: u32,
    begun: i64,
    random: RefCell<fastrand::Rng>,
    /// The newest entry of each store: its id, its time and its form.
    last: RefCell<Vec<Option<(u64, Timestamp, u32)>>>,
    came: Cell<u64>,
    late: Cell<u64>,
    changed: Cell<u64>,
}

impl Shops {
    /// Opens them, and writes the configuration of their collectors.
    pub(crate) async fn open(stores: u32, seed: u64, folder: &Path) -> Result<Self> {
        let now = Timestamp::now();
        let records = |platform| -> Vec<Value> {
            let at = |entry: u32| now - SignedDuration::from_hours(APART * i64::from(entry) + 1);
            (0..ENTRIES).map(|entry| record(platform, u64::from(ENTRIES - entry), at(entry), 0)).collect()
        };
        let (big, line) = (records(Platform::BigCommerce), records(Platform::Shopline));
        let store = |number| match name(number) {
            (Platform::BigCommerce, name) => Store::bigcommerce(name).records(big.clone()).latency(LATENCY),
            (Platform::Shopline, name) => Store::shopline(name).records(line.clone()).latency(LATENCY),
        };
        let builder = Sandbox::builder().stores((0..stores).map(store)).journal_limit(10_000_000);
        let sandbox = builder.own_threads(2).start().await?;
        write_stores(&sandbox, stores, folder)?;
        let text = format!(
            "stores_csv = \"stores.csv\"\n\n[[export]]\nkind = \"lake\"\nto = \"lake\"\nevery = \"{EXPORT_EVERY}\"\n"
        );
        std::fs::write(folder.join("storelogs.toml"), text)?;
        let begun = sandbox.clock().now_ms();
        let random = RefCell::new(fastrand::Rng::with_seed(seed));
        let last = RefCell::new(vec![None; stores as usize]);
        let (came, late, changed) = Default::default();
        Ok(Self { sandbox, stores, begun, random, last, came, late, changed })
    }

    /// Lets news come for ever: to one store after the other, all of them in [`NEWS`].
    pub(crate) async fn news(&self) -> Infallible {
        let (begun, mut ticks) = (Instant::now(), tokio::time::interval(Duration::from_millis(50)));
        let mut number = 0_u64;
        loop {
            ticks.tick().await;
            let due = begun.elapsed().as_secs_f64() / NEWS.as_secs_f64() * f64::from(self.stores);
            while (number as f64) < due {
                self.one((number % u64::from(self.stores)) as u32);
                number += 1;
            }
        }
    }

    /// One entry of a store: a new one, a late one, or another form of the last one.
    fn one(&self, store: u32) {
        let (platform, name) = name(store);
        let now = Timestamp::now();
        let mut random = self.random.borrow_mut();
        let last = &mut self.last.borrow_mut()[store as usize];
        let (id, at, form) = match (random.usize(0..ODD), *last) {
            // One that has changed may well change again.
            (0, Some((id, at, form))) => (id, at, form + 1),
            (1 | 2, Some((id, at, form))) if form > 0 => (id, at, form + 1),
            (3, _) => {
                self.late.set(self.late.get() + 1);
                (1000 + self.came.get(), now - SignedDuration::from_secs(random.i64(LATE)), 0)
            }
            _ => (1000 + self.came.get(), now, 0),
        };
        if form == 0 {
            self.came.set(self.came.get() + 1);
        } else {
            self.changed.set(self.changed.get() + 1);
        }
        *last = Some((id, at, form)).filter(|_| now.duration_since(at) < SignedDuration::from_secs(LATE.end));
        self.sandbox.push(platform, &name, record(platform, id, at, form));
    }

    pub(crate) fn journal(&self) -> Journal {
        self.sandbox.journal()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.sandbox.clock().now_ms()
    }

    /// When they were opened, in milliseconds since 1970.
    pub(crate) fn begun(&self) -> i64 {
        self.begun
    }

    pub(crate) fn came(&self) -> u64 {
        self.came.get()
    }

    pub(crate) fn late(&self) -> u64 {
        self.late.get()
    }

    pub(crate) fn changed(&self) -> u64 {
        self.changed.get()
    }

    /// Their names, such as `shopline:s1`.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        (0..self.stores).map(|number| {
            let (platform, name) = name(number);
            format!("{platform}:{name}")
        })
    }

    pub(crate) fn all_were_read(&self) -> bool {
        Reads::of(&self.journal()).were_all_read_since(self, 0)
    }

    pub(crate) fn progress(&self) -> String {
        format!("{} entries came, {} requests", self.came.get(), self.sandbox.requests())
    }

    /// Writes every entry that the stores have: its uid, its time in Unix seconds, and its form.
    pub(crate) fn write_truth(&self, path: &Path) -> Result<()> {
        let mut rows = String::from("uid,time,form\n");
        for number in 0..self.stores {
            let (platform, name) = name(number);
            for record in self.sandbox.records(platform, &name) {
                let (date, text) = match platform {
                    Platform::BigCommerce => ("date_created", "summary"),
                    Platform::Shopline => ("created_at", "detail"),
                };
                let field = |name: &str| record[name].as_str().ok_or("a record lacks a field");
                let at: Timestamp = field(date)?.parse()?;
                let (_, form) = field(text)?.rsplit_once(' ').ok_or("a record says nothing of its form")?;
                let id = record["id"].as_str().map_or_else(|| record["id"].to_string(), str::to_owned);
                writeln!(rows, "{platform}:{name}:{id},{},{form}", at.as_second())?;
            }
        }
        Ok(std::fs::write(path, rows)?)
    }
}

fn record(platform: Platform, id: u64, at: Timestamp, form: u32) -> Value {
    let at = at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    match platform {
        Platform::BigCommerce => {
            json!({"id": id, "type": "payment", "module": "Test Payment Gateway", "severity": "success",
            "summary": format!("Payment for order {id} was captured, form {form}"), "message": null, "date_created": at})
        }
        Platform::Shopline => json!({"id": (6_579_336_590_463_354_672 + id).to_string(), "author": "Li Wei",
            "subject_type": "products", "verb": "edit_product", "detail": format!("Edit product number {id}, form {form}"),
            "created_at": at}),
    }
}
