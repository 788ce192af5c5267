//! Progress of reading stores: bars on a terminal, plain lines elsewhere.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use storelogs::Store;
use storelogs_collector::archive::State;
use storelogs_collector::sync::Event;
use storelogs_collector::wording::format_count;

use crate::ui::{Bar, Bars, Ui};

/// The most stores that have a bar; the others are only in the total line.
const BARS: usize = 8;
/// How often the total is logged without a terminal.
const EVERY: Duration = Duration::from_secs(10);

/// The display while stores are read.
pub(super) struct SyncProgress {
    /// How many stores there are now.
    stores: OnceLock<Box<dyn Fn() -> usize + Send + Sync>>,
    ui: Ui,
    bars: Bars,
    state: Mutex<Shown>,
}

struct Shown {
    bars: HashMap<Store, Bar>,
    entries: u64,
    done: HashSet<Store>,
    failing: HashMap<Store, State>,
    /// When the total was shown last, and what it said.
    last_total: (Instant, String),
    begun: HashMap<Store, Begun>,
}

/// When the first page of a store came, what was missing then, and what came since.
struct Begun {
    at: Instant,
    missing: SignedDuration,
    entries: u64,
}

impl SyncProgress {
    pub(super) fn new(ui: Ui) -> Self {
        let state = Shown {
            bars: HashMap::new(),
            entries: 0,
            done: HashSet::new(),
            failing: HashMap::new(),
            last_total: (Instant::now(), String::new()),
            begun: HashMap::new(),
        };
        Self { stores: OnceLock::new(), ui, bars: Bars::new(ui), state: Mutex::new(state) }
    }

    /// Sets the function that returns how many stores there are.
    pub(super) fn of(&self, stores: impl Fn() -> usize + Send + Sync + 'static) {
        // It is set once.
        let _ = self.stores.set(Box::new(stores));
    }

    pub(super) fn event(&self, event: &Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Page { store, entries, missing, retention, rate_limit, .. } => {
                self.answers(&mut state, store);
                state.entries += *entries as u64;
                let begun = state.begun.entry((*store).clone()).or_insert_with(|| Begun {
                    at: Instant::now(),
                    missing: *missing,
                    entries: 0,
                });
                begun.entries += *entries as u64;
                let quota = rate_limit.map(|limit| format!(", quota {} of {} left", limit.left, limit.quota));
                let message = format!("{}{}", begun.pace(*missing), quota.unwrap_or_default());
                self.bar(&mut state, store, *missing, *retention, message);
            }
            Event::Rest { store, .. } => {
                self.answers(&mut state, store);
                if !state.done.contains(*store) {
                    state.done.insert((*store).clone());
                }
                self.finish(&mut state, store);
            }
            Event::Failed { store, state: now, reason, .. } => {
                state.done.remove(*store);
                self.finish(&mut state, store);
                // A failure that goes on in the same way was shown already.
                let before = state.failing.insert((*store).clone(), *now);
                if before != Some(*now) && !self.ui.has_logs() {
                    self.aside(reason);
                }
            }
            Event::Gap { store, range, reason } if !self.ui.has_logs() => {
                self.aside(&format!("{store}: {range} could not be read and is left for later: {reason}"));
            }
            Event::Stores { reason } => self.aside(reason),
            _ => {}
        }
        self.total(&mut state);
    }

    fn bar(
        &self,
        state: &mut Shown,
        store: &Store,
        missing: SignedDuration,
        retention: SignedDuration,
        message: String,
    ) {
        if !state.bars.contains_key(store) {
            if state.bars.len() >= BARS {
                return;
            }
            let Some(bar) = self.bars.add(store.to_string()) else { return };
            state.bars.insert(store.clone(), bar);
        }
        if let Some(bar) = state.bars.get(store) {
            bar.set(1.0 - missing.as_secs_f64() / retention.as_secs_f64().max(1.0), message);
        }
    }

    /// A store that could not be read can be read again.
    fn answers(&self, state: &mut Shown, store: &Store) {
        if state.failing.remove(store).is_some() {
            self.say(&format!("{store} answers again"));
        }
    }

    fn finish(&self, state: &mut Shown, store: &Store) {
        state.begun.remove(store);
        if let Some(bar) = state.bars.remove(store) {
            bar.finish();
        }
    }

    fn total(&self, state: &mut Shown) {
        let failing = match state.failing.len() {
            0 => String::new(),
            some => format!(", {} cannot be read now", format_count(some as u64)),
        };
        let stores = self.stores.get().map_or(0, |stores| stores()).max(state.done.len());
        let line = format!(
            "{} entries read, {} of {} stores up to date{failing}",
            format_count(state.entries),
            format_count(state.done.len() as u64),
            format_count(stores as u64)
        );
        let is_shown = self.bars.total(&line);
        if !is_shown && state.last_total.0.elapsed() >= EVERY && state.last_total.1 != line {
            self.ui.note(&format!("{line}\n"));
            state.last_total = (Instant::now(), line);
        }
    }

    /// Says what is wrong, above the bars.
    pub(super) fn aside(&self, reason: &str) {
        self.bars.aside(|| self.ui.warning(reason));
    }

    /// Says something to the user.
    pub(super) fn say(&self, line: &str) {
        self.bars.aside(|| self.ui.note(&format!("{line}\n")));
    }

    /// Takes the bars away.
    pub(super) fn clear(&self) {
        self.bars.clear();
    }
}

impl Begun {
    /// How fast it goes, and how long it may take.
    fn pace(&self, missing: SignedDuration) -> String {
        let seconds = self.at.elapsed().as_secs_f64();
        if seconds < 1.0 {
            return format!("{} entries", format_count(self.entries));
        }
        let rate = self.entries as f64 / seconds;
        let covered = (self.missing - missing).as_secs_f64() / seconds;
        let left = if covered > 0.0 { missing.as_secs_f64() / covered } else { f64::INFINITY };
        let left = match left as u64 {
            0..60 => format!(", {left:.0} s left"),
            60..172_800 => format!(", {:.0} min left", left / 60.0),
            _ => String::new(),
        };
        format!("{} entries/s{left}", format_count(rate as u64))
    }
}
