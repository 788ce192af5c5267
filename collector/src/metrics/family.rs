//! Metric families: metrics with one name.

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use storelogs::Store;

/// Whose metric it is: a store's, or all those of a platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Labels {
    platform: String,
    store: Option<String>,
}

/// The names and values of labels.
type Pairs = Vec<(&'static str, String)>;

impl Labels {
    pub(super) fn new(store: &Store, each: bool) -> Self {
        Self { platform: store.platform().to_string(), store: each.then(|| store.name().to_owned()) }
    }

    pub(super) fn pairs(&self) -> Pairs {
        let platform = ("platform", self.platform.clone());
        std::iter::once(platform).chain(self.store.iter().map(|store| ("store", store.clone()))).collect()
    }
}

/// All metrics of an answer.
#[derive(Default)]
pub(super) struct Families(pub(super) Vec<MetricFamily>);

impl Families {
    /// Writes a counter: a number that only grows.
    pub(super) fn counter(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Pairs, u64)>) {
        let metric = |(labels, value): (Pairs, u64)| {
            let mut counter = Counter::default();
            counter.set_value(value as f64);
            let mut metric = Metric::from_label(pairs(labels));
            metric.set_counter(counter);
            metric
        };
        self.add(name, help, MetricType::COUNTER, rows.into_iter().map(metric).collect());
    }

    /// Writes a gauge: a number that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Pairs, f64)>) {
        let metric = |(labels, value): (Pairs, f64)| {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            let mut metric = Metric::from_label(pairs(labels));
            metric.set_gauge(gauge);
            metric
        };
        self.add(name, help, MetricType::GAUGE, rows.into_iter().map(metric).collect());
    }

    fn add(&mut self, name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) {
        if metrics.is_empty() {
            return; // a name without a value is no metric
        }
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        self.0.push(family);
    }
}

fn pairs(labels: Pairs) -> Vec<LabelPair> {
    let pair = |(name, value): (&str, String)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value);
        pair
    };
    labels.into_iter().map(pair).collect()
}
