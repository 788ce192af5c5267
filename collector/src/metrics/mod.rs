//! Metrics of a collector for Prometheus.
//!
//! Counters are kept while stores are read; the state of each store is looked up in the archive for every request.
//! Names and meanings are listed in `docs/operations.md` and stay as they are.

mod alerts;
mod disk;
mod family;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use prometheus::TextEncoder;
use storelogs::{Platform, Store};

use crate::archive::{Archive, Committed, ExportState, State};
use crate::error::{Error, Result};
use crate::network::{Network, Traffic};
use crate::status::{self, Brief};
use crate::sync::Event;
use crate::verdict::Verdict;
use alerts::AlertCounts;
pub use alerts::AlertOutcome;
use disk::Disk;
use family::{Families, Labels};

/// The most stores that each have metrics of their own. With more, each platform has one of each metric: sums, and the
/// worst of times. Stores with a problem, up to as many, then have gauges of their own, which the platform's leave out.
pub const STORES: usize = 1000;
/// Entries that expire sooner than this, and were not fetched, are a problem of their store.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The type of what [`Metrics::text`] returns, for an HTTP header.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns which stores are collected at this moment.
type ConfiguredStores = Box<dyn Fn() -> HashSet<Store> + Send + Sync>;

/// Counts what happens, and reports it together with the state of the archive.
pub struct Metrics {
    path: PathBuf,
    network: Network,
    listed: ConfiguredStores,
    /// The exports of this process, by their names in the archive.
    exports: Vec<String>,
    /// Opened when it is first looked into, and kept.
    archive: Mutex<Option<Archive>>,
    counts: Mutex<HashMap<Store, Counts>>,
    alerts: Mutex<Option<AlertCounts>>,
}

/// The counters of a store since the process began.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    committed: Committed,
    pages: u64,
    failures: u64,
}

/// The metrics of one store, or of all stores of a platform.
#[derive(Default)]
struct StoreTotals {
    counts: Counts,
    traffic: Traffic,
    gaps: u64,
    /// Stores of which nothing is missing, and all stores.
    complete: u64,
    stores: u64,
    /// The longest.
    lag: Option<f64>,
    /// The shortest.
    headroom: Option<f64>,
    /// The longest ago.
    last_success: Option<Timestamp>,
}

impl Metrics {
    /// Makes the metrics of a collector that writes into this archive through this network. `listed` returns which
    /// stores it collects: others that the archive holds are left out.
    pub fn new(
        archive: impl Into<PathBuf>,
        network: Network,
        listed: impl Fn() -> HashSet<Store> + Send + Sync + 'static,
    ) -> Self {
        let (archive, path) = (Mutex::default(), archive.into());
        let (counts, alerts) = (Mutex::default(), Mutex::default());
        Self { path, network, listed: Box::new(listed), exports: Vec::new(), archive, counts, alerts }
    }

    /// Also has the metrics of these exports, by their names in the archive.
    #[must_use]
    pub fn with_exports(self, exports: Vec<String>) -> Self {
        Self { exports, ..self }
    }

    /// Takes note of what happens: for the observer of a run.
    pub fn event(&self, event: &Event<'_>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Page { store, committed, .. } => {
                let counts = entry(&mut counts, store);
                counts.committed.add(*committed);
                counts.pages += 1;
            }
            Event::Failed { store, .. } => entry(&mut counts, store).failures += 1,
            _ => {}
        }
    }

    /// Takes note of what becomes of alerts: for a process that watches, too.
    pub fn alert(&self, rule: &str, outcome: AlertOutcome) {
        self.alerts.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().add(rule, outcome);
    }

    /// Takes note of the rules that there are, and of how much of what should be one is none.
    pub fn rules(&self, names: &[&str], broken: usize) {
        self.alerts.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().set_rules(names, broken);
    }

    /// Whether the archive can be read.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn health(&self) -> Result<()> {
        self.reading(|archive| archive.stores().map(drop))
    }

    /// Everything, in Prometheus' text format. It reads the archive: a blocking call.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn text(&self) -> Result<String> {
        let now = Timestamp::now();
        let listed = (self.listed)();
        let alerts = self.alerts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (mut stores, disk, exports, newest, pending) = self.reading(|archive| {
            let exports = if self.exports.is_empty() { Vec::new() } else { archive.exports()? };
            let pending = if alerts.is_none() { BTreeMap::new() } else { archive.pending_alerts()? };
            Ok((status::briefly(archive, now)?, Disk::of(archive), exports, archive.newest_arrival()?, pending))
        })?;
        stores.retain(|brief| listed.contains(&brief.store));
        let traffic = self.network.traffic_of_stores();
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let each = stores.len() <= STORES;
        let apart = if each { HashSet::new() } else { with_a_problem(&stores) };
        // A counter that a store is taken out of would seem to begin anew.
        let (mut counted, mut measured): (BTreeMap<Labels, StoreTotals>, BTreeMap<Labels, StoreTotals>) =
            Default::default();
        for brief in &stores {
            let counts = counts.get(&brief.store).copied().unwrap_or_default();
            let traffic = traffic.get(&brief.store).copied().unwrap_or_default();
            counted.entry(Labels::new(&brief.store, each)).or_default().add(brief, counts, traffic);
            let own = each || apart.contains(&brief.store);
            measured.entry(Labels::new(&brief.store, own)).or_default().add(brief, counts, traffic);
        }
        let mut families = Families::default();
        families.gauge(
            "storelogs_build_info",
            "The version of the program that collects.",
            [(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0)],
        );
        disk.families(&mut families);
        let exports: Vec<_> = exports.into_iter().filter(|export| self.exports.contains(&export.name)).collect();
        exported(&mut families, &exports, newest);
        if let Some(alerts) = &alerts {
            alerts.families(&mut families, &pending);
        }
        states(&mut families, &stores, |store| each || apart.contains(store));
        verdicts(&mut families, &stores);
        counters(&mut families, &counted);
        gauges(&mut families, &measured);
        TextEncoder::new()
            .encode_to_string(&families.0)
            .map_err(|error| Error::Unusable { path: self.path.clone(), why: error.into() })
    }

    fn reading<T>(&self, read: impl FnOnce(&Archive) -> Result<T>) -> Result<T> {
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match archive.take() {
            Some(open) => open,
            None => Archive::read(&self.path)?,
        };
        let read = read(&open)?; // after an error it is opened anew the next time
        *archive = Some(open);
        Ok(read)
    }
}

fn entry<'a>(counts: &'a mut HashMap<Store, Counts>, store: &Store) -> &'a mut Counts {
    counts.entry(store.clone()).or_default()
}

impl StoreTotals {
    fn add(&mut self, brief: &Brief, counts: Counts, traffic: Traffic) {
        self.counts.committed.add(counts.committed);
        self.counts.pages += counts.pages;
        self.counts.failures += counts.failures;
        self.traffic.requests += traffic.requests;
        self.traffic.throttled += traffic.throttled;
        self.traffic.retries += traffic.retries;
        self.gaps += brief.judgement.lacking().count() as u64;
        self.complete += u64::from(brief.judgement.is_complete());
        self.stores += 1;
        let lag = brief.end.map(|end| brief.present.duration_since(end).as_secs_f64().max(0.0));
        self.lag = self.lag.into_iter().chain(lag).reduce(f64::max);
        let headroom = brief.expires.map(|at| at.duration_since(brief.present).as_secs_f64());
        self.headroom = self.headroom.into_iter().chain(headroom).reduce(f64::min);
        self.last_success = self.last_success.into_iter().chain(brief.last_success).min();
    }
}

/// The progress of exports.
fn exported(families: &mut Families, exports: &[ExportState], newest: i64) {
    let labels = |export: &ExportState| vec![("destination", export.name.clone())];
    let gauge = |value: fn(&ExportState, i64) -> Option<f64>| {
        exports.iter().filter_map(|export| Some((labels(export), value(export, newest)?))).collect::<Vec<_>>()
    };
    families.gauge(
        "storelogs_export_lag_entries",
        "Entries that are not exported yet, at most.",
        gauge(|export, newest| Some((newest - export.arrived).max(0) as f64)),
    );
    families.gauge(
        "storelogs_export_failures",
        "How often in a row the export failed.",
        gauge(|export, _| Some(f64::from(export.failures))),
    );
    families.gauge(
        "storelogs_export_last_success_timestamp_seconds",
        "When everything that there was had been exported.",
        gauge(|export, _| Some(export.last_success?.as_millisecond() as f64 / 1000.0)),
    );
    families.counter(
        "storelogs_export_refused_entries_total",
        "Entries that the receiver refused.",
        exports.iter().map(|export| (labels(export), export.refused)),
    );
}

/// How many stores of each platform are in each state, and the state of each.
fn states(families: &mut Families, stores: &[Brief], has_own: impl Fn(&Store) -> bool) {
    let mut platforms: Vec<&Platform> = stores.iter().map(|brief| brief.store.platform()).collect();
    platforms.sort();
    platforms.dedup();
    let counted = platforms.into_iter().flat_map(|platform| {
        State::ALL.into_iter().map(move |state| {
            let of = |brief: &&Brief| brief.store.platform() == platform && brief.state == state;
            let labels = vec![("platform", platform.to_string()), ("state", state.to_string())];
            (labels, stores.iter().filter(of).count() as f64)
        })
    });
    families.gauge("storelogs_stores", "How many stores are in this state.", counted);
    let one = stores.iter().filter(|brief| has_own(&brief.store)).map(|brief| {
        let mut labels = Labels::new(&brief.store, true).pairs();
        labels.push(("state", brief.state.to_string()));
        (labels, 1.0)
    });
    families.gauge("storelogs_store_state", "The state that the store is in; always 1.", one);
}

/// The stores that an alarm may be about: those that cannot be read, and those of which entries expire soon that were not
/// fetched; of more than have room, those that expire first.
fn with_a_problem(stores: &[Brief]) -> HashSet<Store> {
    let expires = |brief: &Brief| brief.expires.filter(|at| at.duration_since(brief.present) < SOON);
    let is_read = |brief: &Brief| matches!(brief.state, State::New | State::Active);
    let mut found: Vec<&Brief> = stores.iter().filter(|brief| !is_read(brief) || expires(brief).is_some()).collect();
    found.sort_by_key(|brief| (expires(brief).is_none(), brief.expires));
    found.into_iter().take(STORES).map(|brief| brief.store.clone()).collect()
}

/// How many stores of each platform each verdict is about.
fn verdicts(families: &mut Families, stores: &[Brief]) {
    let mut counted: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for brief in stores {
        for word in Verdict::WORDS {
            *counted.entry((brief.store.platform().to_string(), word)).or_default() +=
                u64::from(brief.judgement.worst().word() == word);
        }
    }
    let rows = counted
        .into_iter()
        .map(|((platform, word), stores)| (vec![("platform", platform), ("verdict", word.to_owned())], stores as f64));
    families.gauge("storelogs_verdicts", "Of how many stores this is the verdict.", rows);
}

fn counters(families: &mut Families, totals: &BTreeMap<Labels, StoreTotals>) {
    type Count = fn(&StoreTotals) -> u64;
    let counters: [(&str, &str, Count); 9] = [
        ("storelogs_entries_total", "Entries that were archived and not held before.", |total| {
            total.counts.committed.new
        }),
        ("storelogs_late_entries_total", "Of these, entries of ranges that were complete already.", |total| {
            total.counts.committed.late
        }),
        ("storelogs_revised_entries_total", "Entries that the platform had changed.", |total| {
            total.counts.committed.revised
        }),
        (
            "storelogs_undecodable_records_total",
            "Records that could not be decoded, and are kept as they came.",
            |total| total.counts.committed.quarantined,
        ),
        ("storelogs_pages_total", "Pages that were committed.", |total| total.counts.pages),
        ("storelogs_failures_total", "How often the store could not be read.", |total| total.counts.failures),
        ("storelogs_requests_total", "Requests that were sent.", |total| total.traffic.requests),
        ("storelogs_throttles_total", "Answers that said: too many requests.", |total| total.traffic.throttled),
        ("storelogs_retries_total", "Requests that were sent again after they had failed.", |total| {
            total.traffic.retries
        }),
    ];
    for (name, help, count) in counters {
        families.counter(name, help, totals.iter().map(|(labels, total)| (labels.pairs(), count(total))));
    }
}

fn gauges(families: &mut Families, totals: &BTreeMap<Labels, StoreTotals>) {
    type Measure = fn(&StoreTotals) -> Option<f64>;
    let gauges: [(&str, &str, Measure); 5] = [
        ("storelogs_complete", "1 if nothing is missing of the store, or of every store.", |total| {
            Some(f64::from(u8::from(total.complete == total.stores)))
        }),
        ("storelogs_gaps", "Time ranges that are short or unread, of what the platform keeps.", |total| {
            Some(total.gaps as f64)
        }),
        ("storelogs_lag_seconds", "How long ago the end of what was read lies.", |total| total.lag),
        (
            "storelogs_retention_headroom_seconds",
            "How long until the oldest entry that may be missing expires; negative if it may have.",
            |total| total.headroom,
        ),
        ("storelogs_last_success_timestamp_seconds", "When the store last answered.", |total| {
            total.last_success.map(|at| at.as_millisecond() as f64 / 1000.0)
        }),
    ];
    for (name, help, measure) in gauges {
        let rows = totals.iter().filter_map(|(labels, total)| Some((labels.pairs(), measure(total)?)));
        families.gauge(name, help, rows);
    }
}
