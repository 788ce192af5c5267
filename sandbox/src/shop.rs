//! A store while it is served.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{Span, Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::{
    Behavior, Endpoint, Faults, Platform, Records, Store,
    filter::Filter,
    history, render,
    row::Row,
    sandbox::Restored,
    script::{Asked, Effects, Script},
    shopline::token,
    store::Source,
    table::Table,
    view::View,
};

static DEFAULT_BEHAVIOR: LazyLock<Arc<Behavior>> = LazyLock::new(Arc::default);

/// A served store. Its records are made when they are first needed.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) platform: Platform,
    pub(crate) name: Arc<str>,
    desk: Mutex<Desk>,
}

/// All that changes while a store is served.
#[derive(Debug)]
pub(crate) struct Desk {
    source: Option<Source>,
    table: Arc<Table>,
    pub(crate) behavior: Arc<Behavior>,
    pub(crate) tokens: Vec<Token>,
    script: Option<Box<Script>>,
    pub(crate) latency: Duration,
    pub(crate) app: Option<Box<(String, String)>>,
    /// The used part of the rate limit.
    pub(crate) meter: Meter,
    /// Requests that already got their empty page.
    pub(crate) emptied: HashSet<String>,
    arrived: u64,
    /// Rows that were made up for a list without end.
    made_up: u64,
}

/// A token that the store accepts, and until when (milliseconds) if not for ever.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) until: Option<i64>,
}

/// The used part of a rate limit. BigCommerce counts in windows, SHOPLINE in a bucket.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Start of the window, or when the bucket was last looked at; milliseconds.
    pub(crate) since: i64,
    /// Requests used of the window, or in the bucket.
    pub(crate) used: f64,
    /// Refusals in a row.
    pub(crate) refused: u32,
    /// The store is locked until then; milliseconds.
    pub(crate) locked_until: i64,
}

impl Shop {
    pub(crate) fn new(store: Store, now_ms: i64) -> Self {
        let text = store.token.unwrap_or_else(|| match store.platform {
            Platform::BigCommerce => "sandbox-token".to_owned(),
            Platform::Shopline => token::make(&store.name, now_ms / 1000 + token::PRIVATE_APP_LIFE, 0),
        });
        Self {
            platform: store.platform,
            name: store.name.into(),
            desk: Mutex::new(Desk {
                source: Some(store.source),
                table: Arc::default(),
                behavior: store.behavior.map_or_else(|| Arc::clone(&DEFAULT_BEHAVIOR), Arc::new),
                tokens: vec![Token { text, until: None }],
                script: Script::new(store.faults),
                latency: store.latency,
                app: store.app.map(Box::new),
                meter: Meter::default(),
                emptied: HashSet::new(),
                arrived: 0,
                made_up: 0,
            }),
        }
    }

    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True once the records are made; until then making them may take seconds.
    pub(crate) fn is_ready(&self) -> bool {
        self.desk().source.is_none()
    }

    pub(crate) fn table(&self) -> Arc<Table> {
        Arc::clone(self.desk().table(self.platform))
    }

    pub(crate) fn behavior(&self) -> Arc<Behavior> {
        Arc::clone(&self.desk().behavior)
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.desk().script = Script::new(faults);
    }

    pub(crate) fn accepts(&self, token: &str, now_ms: i64) -> bool {
        let desk = self.desk();
        desk.tokens.iter().any(|known| known.text == token && known.until.is_none_or(|until| now_ms <= until))
    }

    /// The oldest second that is still served.
    pub(crate) fn retained_since(&self, now: i64) -> i64 {
        let behavior = self.behavior();
        match self.platform {
            Platform::BigCommerce => behavior.bigcommerce.retention_days.map_or(i64::MIN, |days| now - days * 86_400),
            Platform::Shopline => {
                behavior.shopline.retention_months.map_or(i64::MIN, |months| months_before(now, months))
            }
        }
    }

    /// The rows that a filter matches and that are still served, from `since` to before `until`.
    pub(crate) fn view(&self, filter: &Filter, since: i64, until: i64, now: i64) -> View {
        View::new(self.table(), filter, since.max(self.retained_since(now)), until)
    }

    /// The script's effects on a request; rows that arrive or are purged do so at once.
    pub(crate) fn strike(&self, endpoint: Endpoint, asked: &Asked<'_>, now: i64) -> Effects {
        let mut desk = self.desk();
        let mut effects = match &mut desk.script {
            Some(script) => script.strike(endpoint, asked),
            None => Effects::default(),
        };
        effects.delay = effects.delay.saturating_add(desk.latency);
        drop(desk);
        if effects.purge > 0 {
            let since = self.retained_since(now);
            self.change(|table| table.purge(table.first_at(since), effects.purge));
        }
        for _ in 0..effects.arrive {
            self.arrive(now);
        }
        effects
    }

    pub(crate) fn push(&self, record: &Value, now: i64) {
        self.change(|table| table.push(self.platform, record, now));
    }

    pub(crate) fn remove(&self, id: u64) -> bool {
        self.change(|table| table.remove(id))
    }

    pub(crate) fn set_source(&self, source: Source) {
        self.desk().source = Some(source);
    }

    /// One more row of this moment.
    fn arrive(&self, now: i64) {
        let arrived = {
            let mut desk = self.desk();
            desk.arrived += 1;
            desk.arrived
        };
        let newest = self.table().greatest_id();
        let record = history::arriving(self.platform, newest, arrived, now);
        self.push(&record, now);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        let mut desk = self.desk();
        desk.table(self.platform);
        change(Arc::make_mut(&mut desk.table))
    }

    /// The rows still served, as the store sends them.
    pub(crate) fn records(&self, now: i64) -> Vec<Value> {
        let style = render::Style::of(self.platform, &self.behavior());
        self.truth(i64::MIN, i64::MAX, now).iter().map(|row| style.value(row)).collect()
    }

    /// The rows of a time range that are still served and not hidden.
    pub(crate) fn truth(&self, since: i64, until: i64, now: i64) -> Vec<Row> {
        let behavior = self.behavior();
        let listing = behavior.listing(self.platform);
        let view = self.view(&Filter::default(), since, until, now);
        (0..view.len()).map(|index| view.row(index)).filter(|row| !listing.hides(row)).cloned().collect()
    }

    /// Makes up `count` new rows at a second, for a list without end. They are in no table.
    pub(crate) fn make_up(&self, at: i64, count: usize) -> Vec<Row> {
        let newest = self.table().greatest_id();
        let mut desk = self.desk();
        let first = desk.made_up;
        desk.made_up += count as u64;
        drop(desk);
        (first..first + count as u64).map(|number| history::made_up(self.platform, newest + 1 + number, at)).collect()
    }

    /// How many rows were made up so far.
    pub(crate) fn made_up(&self) -> u64 {
        self.desk().made_up
    }

    /// Puts the store back to a backup: see [`Sandbox::restore_backup`](crate::Sandbox::restore_backup).
    pub(crate) fn restore(&self, count: usize, restored: Restored, now: i64) -> Vec<String> {
        let rows = self.truth(i64::MIN, i64::MAX, now);
        let step = (rows.len() / count.max(1)).max(1);
        let mut ids = Vec::new();
        for row in rows.iter().step_by(step).take(count) {
            ids.push(row.id_text());
            let (newest, at) = match restored {
                Restored::OtherIds => (self.table().greatest_id(), row.at),
                Restored::SameIds => (row.id.saturating_sub(1), row.at.saturating_add(1).min(now)),
            };
            self.remove(row.id);
            let mut record = history::arriving(self.platform, newest, ids.len() as u64, at);
            if restored == Restored::SameIds {
                record["id"] = row.value()["id"].clone();
            }
            self.push(&record, now);
        }
        ids
    }
}

impl Desk {
    fn table(&mut self, platform: Platform) -> &Arc<Table> {
        if let Some(source) = self.source.take() {
            self.table = match source {
                Source::Values(values) => Records::new(platform, &values).table,
                Source::Records(records) => records.table,
                Source::History(history) => history.table(platform),
            };
        }
        &self.table
    }
}

/// The second that lies this many calendar months before another.
pub(crate) fn months_before(now: i64, months: u32) -> i64 {
    let then = Timestamp::from_second(now)
        .and_then(|now| now.to_zoned_datetime(TimeZone::UTC).checked_sub(Span::new().try_months(i64::from(months))?));
    then.map_or(i64::MIN, |then| then.timestamp().as_second())
}
