//! The outcomes of alerts, counted by rule.

use std::collections::BTreeMap;

use super::family::Families;

/// The outcome of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertOutcome {
    /// It was made, and printed.
    Raised,
    /// It arrived where its rule sends it.
    Delivered,
    /// It did not, and is sent again.
    Delayed,
    /// It never will.
    GivenUp,
}

/// The same as labels, in the same order.
const OUTCOMES: [&str; 4] = ["raised", "delivered", "delayed", "given_up"];

/// The counts of each rule since the process began.
#[derive(Clone, Debug, Default)]
pub(super) struct AlertCounts {
    rules: BTreeMap<String, [u64; OUTCOMES.len()]>,
    /// The rules in force now. Counts of earlier rules are kept, too.
    names: Vec<String>,
    broken: usize,
}

impl AlertCounts {
    pub(super) fn add(&mut self, rule: &str, outcome: AlertOutcome) {
        self.rules.entry(rule.to_owned()).or_default()[outcome as usize] += 1;
    }

    pub(super) fn set_rules(&mut self, names: &[&str], broken: usize) {
        self.names = names.iter().map(|name| (*name).to_owned()).collect();
        self.broken = broken;
        // A counter that begins when the first alert comes would hide that one from `increase`.
        for name in &self.names {
            self.rules.entry(name.clone()).or_default();
        }
    }

    /// Adds the metrics, with how many alerts of each rule are on their way.
    pub(super) fn families(&self, families: &mut Families, pending: &BTreeMap<String, u64>) {
        let counted = self.rules.iter().flat_map(|(rule, counts)| {
            let labels = move |outcome: &str| vec![("rule", rule.clone()), ("outcome", outcome.to_owned())];
            OUTCOMES.iter().zip(counts).map(move |(outcome, count)| (labels(outcome), *count))
        });
        families.counter("storelogs_alerts_total", "Alerts by their outcome.", counted);
        let mut waiting: BTreeMap<&str, u64> = self.names.iter().map(|name| (name.as_str(), 0)).collect();
        waiting.extend(pending.iter().map(|(rule, count)| (rule.as_str(), *count)));
        families.gauge(
            "storelogs_alerts_pending",
            "Alerts that have not arrived yet where their rule sends them.",
            waiting.into_iter().map(|(rule, count)| (vec![("rule", rule.to_owned())], count as f64)),
        );
        families.gauge("storelogs_rules", "How many rules are in force.", [(Vec::new(), self.names.len() as f64)]);
        families.gauge(
            "storelogs_rules_broken",
            "How many files or lines of the configuration are wrong.",
            [(Vec::new(), self.broken as f64)],
        );
    }
}
