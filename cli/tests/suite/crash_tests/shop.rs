//! Two stores that go on while the program is killed, and a list of every entry that they ever had.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, Fault, Faults, History, Platform, RateLimitForm, Sandbox, Store};

use crate::program::{HANDLE, HASH, serve};

pub(super) const SHOPS: [(Platform, &str); 2] = [(Platform::BigCommerce, HASH), (Platform::Shopline, HANDLE)];

/// Late entries come so late at the most: within the week that is read again.
const LATEST: i64 = 6 * 86_400;

/// Everything that was ever written to the logs of both stores.
#[derive(Default)]
pub(super) struct Ledger {
    /// Every text that an entry ever had, the last one last, by uid.
    pub(super) texts: HashMap<String, Vec<String>>,
    /// Entries that came or changed after their time had passed: they are due once that was read again.
    pub(super) late: HashSet<String>,
    /// How many came in while the program ran.
    pub(super) written: u64,
    pub(super) purged: u64,
    next: u64,
}

/// The shops, and the thread that keeps them busy.
pub(super) struct Shops {
    pub(super) sandbox: Arc<Sandbox>,
    ledger: Arc<Mutex<Ledger>>,
    open: Arc<AtomicBool>,
    clerk: Option<JoinHandle<()>>,
}

impl Shops {
    /// Opens both with this many entries each.
    pub(super) fn open(seed: u64, entries: usize) -> Self {
        let history = History::bulk(seed, entries);
        let shop = |shop: Store| shop.history(history.clone()).behavior(Behavior::unlimited());
        let sandbox = Arc::new(serve([shop(Store::bigcommerce(HASH)), shop(Store::shopline(HANDLE))]));
        let mut ledger = Ledger { next: 1 << 40, ..Ledger::default() };
        for (platform, name) in SHOPS {
            for record in sandbox.records(platform, name) {
                ledger.texts.insert(uid(platform, name, &record), vec![text(&record)]);
            }
        }
        let (ledger, open) = (Arc::new(Mutex::new(ledger)), Arc::new(AtomicBool::new(true)));
        let clerk = {
            let (sandbox, ledger, open) = (Arc::clone(&sandbox), Arc::clone(&ledger), Arc::clone(&open));
            let mut dice = Rng::with_seed(seed);
            thread::spawn(move || {
                while open.load(Ordering::Relaxed) {
                    let (platform, name) = SHOPS[dice.usize(..2)];
                    something_happens(&sandbox, platform, name, &mut ledger.lock().unwrap(), &mut dice);
                    thread::sleep(Duration::from_millis(dice.u64(1..30)));
                }
            })
        };
        Self { sandbox, ledger, open, clerk: Some(clerk) }
    }

    /// Nothing happens in the shops as long as this is held.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    /// Nothing comes in any more, and nothing fails.
    pub(super) fn close(&mut self) {
        self.open.store(false, Ordering::Relaxed);
        if let Some(clerk) = self.clerk.take() {
            clerk.join().unwrap();
        }
        for (platform, name) in SHOPS {
            self.sandbox.set_faults(platform, name, Faults::none());
            self.sandbox.set_latency(platform, name, Duration::ZERO);
        }
    }
}

fn something_happens(sandbox: &Sandbox, platform: Platform, name: &str, ledger: &mut Ledger, dice: &mut Rng) {
    let now = sandbox.clock().now();
    match dice.u32(..100) {
        0..70 => {
            for _ in 0..dice.u32(1..20) {
                ledger.write(sandbox, platform, name, None, now, "it came");
            }
        }
        70..80 => {
            ledger.write(sandbox, platform, name, None, now - dice.i64(1..LATEST), "it came late");
        }
        80..86 => {
            let records = sandbox.records(platform, name);
            let record = &records[records.len() - 1 - dice.usize(..records.len().min(50))];
            let time = time_of(record);
            if time > now - LATEST {
                let words = format!("changed {}", dice.u32(..));
                ledger.write(sandbox, platform, name, Some(id_of(record)), time, &words);
            }
        }
        86..92 => {
            for id in sandbox.oracle(platform, name, 0, now - 30 * 86_400).into_iter().take(dice.usize(1..15)) {
                ledger.purged += u64::from(sandbox.remove(platform, name, id));
            }
        }
        _ => {
            let seed = dice.u64(..);
            let wait = Duration::from_millis(dice.u64(..40));
            let fault = match dice.u32(..8) {
                0 => Fault::Status(500),
                1 => Fault::Reset,
                2 => Fault::CutBody(60),
                3 => Fault::EmptyPage,
                4 => Fault::RepeatPage,
                5 => Fault::Delay(wait),
                6 => Fault::RateLimit(RateLimitForm::XRetryAfter, wait),
                _ => Fault::Status(401),
            };
            sandbox.set_faults(platform, name, Faults::none().probability(seed, 0.15, fault).times(4));
            sandbox.set_latency(platform, name, wait / 4);
        }
    }
}

impl Ledger {
    fn write(&mut self, sandbox: &Sandbox, platform: Platform, name: &str, id: Option<u64>, second: i64, words: &str) {
        let known = id.is_some();
        let id = id.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        let time = jiff::Timestamp::from_second(second).unwrap().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        let words = format!("{words}: {id}");
        let record = match platform {
            Platform::BigCommerce => json!({
                "id": id, "type": "general", "module": "Order Status", "severity": "errors", "summary": words,
                "message": null, "date_created": time,
            }),
            Platform::Shopline => json!({
                "author": "a@example.com", "created_at": time, "detail": words, "id": id.to_string(),
                "subject_type": "products", "verb": "edit_product",
            }),
        };
        sandbox.push(platform, name, record.clone());
        let uid = uid(platform, name, &record);
        // Its second may have been over, and read, before it was there.
        if known || sandbox.clock().now() > second {
            self.late.insert(uid.clone());
        }
        self.texts.entry(uid).or_default().push(words);
        self.written += 1;
    }
}

pub(super) fn uid(platform: Platform, name: &str, record: &Value) -> String {
    format!("{platform}:{name}:{}", id_of(record)).to_lowercase()
}

pub(super) fn text(record: &Value) -> String {
    ["summary", "detail"].iter().find_map(|field| record[*field].as_str()).unwrap_or_default().to_owned()
}

pub(super) fn time_of(record: &Value) -> i64 {
    let time = ["date_created", "created_at"].iter().find_map(|field| record[*field].as_str()).unwrap();
    time.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn id_of(record: &Value) -> u64 {
    record["id"].as_u64().unwrap_or_else(|| record["id"].as_str().unwrap().parse().unwrap())
}
