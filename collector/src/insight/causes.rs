//! The causes of a burst, by the reasons that its messages give.
//!
//! One template may fail for several reasons. A reason that came no more often than usual is no part of a burst of others.
//! Reasons that stand out one after the other are incidents of their own. Those that stand out at the same time stay one:
//! what breaks down says so in more than one way ("did not answer in time", "connection refused").

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::bursts::{LEAST, LOG10_BESIDE};
use super::hits::{Hit, cut, edges};
use super::statistics::{as_number, log10_of_at_least};
use crate::archive::template::Template;
use crate::drain::Mined;

/// The most reasons that a search names.
const MOST_NAMED: usize = 10;

/// Entries of a burst that belong together.
pub(super) struct Cause {
    /// Its entries, between its first and its last.
    pub(super) hits: Vec<Hit>,
    /// How many such entries are usual, per second.
    pub(super) usual: f64,
    pub(super) reasons: Reasons,
    /// The reasons that were left out, and how many of its time give each.
    pub(super) left_out: Vec<(Template, u64)>,
}

/// The reasons that its entries give.
#[derive(Clone, Default)]
pub(super) enum Reasons {
    /// Any or none.
    #[default]
    All,
    /// Any or none but these.
    Without(Vec<Template>),
    /// One of these.
    Only(Vec<Template>),
}

/// A burst, and what was before it.
pub(super) struct Burst {
    pub(super) hits: Vec<Hit>,
    /// Entries of the same kinds from before it.
    pub(super) before: Vec<Hit>,
    /// How many entries are usual, per second.
    pub(super) usual: f64,
    /// How many seconds its hours have.
    pub(super) seconds: f64,
    /// The greatest chance that stands out: 10 to this power.
    pub(super) threshold: f64,
    /// Whether it may be several incidents.
    pub(super) may_be_several: bool,
}

/// The reason of an entry by its number; `None` where it gives none.
type Form = Option<usize>;

/// Entries that give one reason, or none.
struct Group {
    usual: f64,
    stands_out: bool,
    /// It came about as often before.
    is_usual: bool,
    /// The seconds between which it stands out.
    range: RangeInclusive<i64>,
}

impl Burst {
    /// The causes of the burst. `can_be_named` says whether a search can find a reason.
    pub(super) fn causes(self, can_be_named: impl Fn(&Template) -> bool) -> Vec<Cause> {
        let mined = Mined::new(self.hits.iter().chain(&self.before).filter_map(|hit| hit.reason.clone()));
        let form = |hit: &Hit| hit.reason.as_deref().and_then(|reason| mined.of(reason));
        let groups = self.groups(form);
        let together = self.together(&groups);
        let is_one = together.len() == 1;
        let mut causes = Vec::new();
        for (forms, mut range) in together {
            let usual = forms.iter().map(|form| groups[form].usual).sum::<f64>() / self.seconds;
            let seconds: Vec<i64> =
                self.hits.iter().filter(|hit| forms.contains(&form(hit))).map(|hit| hit.second).collect();
            // Of several, none may reach into another by what they share.
            if let Some((first, last)) = edges(&seconds, usual).filter(|_| is_one) {
                range = seconds[first]..=seconds[last];
            }
            let mut counts: BTreeMap<Form, u64> = BTreeMap::new();
            let within = self.hits.iter().filter(|hit| range.contains(&hit.second));
            within.for_each(|hit| *counts.entry(form(hit)).or_default() += 1);
            let named = |is_of: bool| -> Option<Vec<Template>> {
                let these = counts.keys().filter(|form| forms.contains(form) == is_of);
                let named: Option<Vec<Template>> =
                    these.map(|form| form.map(|number| mined.templates[number].clone())).collect();
                named.filter(|named| named.len() <= MOST_NAMED && named.iter().all(&can_be_named))
            };
            let reasons = match named(false) {
                Some(others) if others.is_empty() => Some(Reasons::All),
                Some(others) => Some(Reasons::Without(others)),
                None => named(true).map(Reasons::Only),
            };
            // Causes that no search could tell from each other stay one.
            let Some(reasons) = reasons else { return vec![self.whole()] };
            counts.retain(|form, _| !forms.contains(form));
            let left_out =
                counts.into_iter().filter_map(|(form, entries)| Some((mined.templates[form?].clone(), entries)));
            causes.push((forms, range, usual, reasons, left_out.collect()));
        }
        if causes.is_empty() {
            return vec![self.whole()];
        }
        let mut hits = self.hits;
        let cause = |(forms, range, usual, reasons, left_out): (BTreeSet<Form>, RangeInclusive<i64>, _, _, _)| {
            let is_of = |hit: &mut Hit| range.contains(&hit.second) && forms.contains(&form(hit));
            Cause { hits: hits.extract_if(.., is_of).collect(), usual, reasons, left_out }
        };
        causes.into_iter().map(cause).collect()
    }

    /// All of it.
    fn whole(self) -> Cause {
        let (mut hits, usual) = (self.hits, self.usual);
        cut(&mut hits, usual);
        Cause { hits, usual, reasons: Reasons::All, left_out: Vec::new() }
    }

    /// Groups the entries by reason. Of what is usual in all, each reason has the share that it had before.
    fn groups(&self, form: impl Fn(&Hit) -> Form) -> BTreeMap<Form, Group> {
        let mut before: BTreeMap<Form, u64> = BTreeMap::new();
        self.before.iter().for_each(|hit| *before.entry(form(hit)).or_default() += 1);
        let mut seconds: BTreeMap<Form, Vec<i64>> = BTreeMap::new();
        self.hits.iter().for_each(|hit| seconds.entry(form(hit)).or_default().push(hit.second));
        let group = |(form, seconds): (Form, Vec<i64>)| {
            let known = before.get(&form).copied().unwrap_or_default();
            // Never nothing: what has not happened yet is still to be expected once.
            let share = as_number(known + 1) / as_number(self.before.len() as u64 + 1);
            let usual = self.usual * self.seconds * share;
            let chance = log10_of_at_least(seconds.len() as u64, usual);
            let (first, last) = edges(&seconds, usual / self.seconds).unwrap_or((0, seconds.len() - 1));
            let stands_out = seconds.len() as u64 >= LEAST && chance < self.threshold;
            let is_usual = known > 0 && chance >= LOG10_BESIDE;
            (form, Group { usual, stands_out, is_usual, range: seconds[first]..=seconds[last] })
        };
        seconds.into_iter().map(group).collect()
    }

    /// The reasons that stand out, those of the same time together, each time with those that came seldom before, and between
    /// which seconds.
    fn together(&self, groups: &BTreeMap<Form, Group>) -> Vec<(BTreeSet<Form>, RangeInclusive<i64>)> {
        let mut standing: Vec<(&Form, &Group)> = groups.iter().filter(|(_, group)| group.stands_out).collect();
        standing.sort_by_key(|(_, group)| *group.range.start());
        let mut together: Vec<(BTreeSet<Form>, RangeInclusive<i64>)> = Vec::new();
        for (form, group) in standing {
            match together.last_mut() {
                Some((forms, range)) if !self.may_be_several || group.range.start() <= range.end() => {
                    forms.insert(*form);
                    *range = *range.start()..=*range.end().max(group.range.end());
                }
                _ => together.push((BTreeSet::from([*form]), group.range.clone())),
            }
        }
        let rare = groups.iter().filter(|(_, group)| !group.stands_out && !group.is_usual).map(|(form, _)| *form);
        let rare: Vec<Form> = rare.collect();
        for (forms, _) in &mut together {
            forms.extend(&rare);
        }
        together
    }
}
