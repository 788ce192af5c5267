//! The logs of many stores, read into one output, and what is known of each at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use storelogs::{Cursor, ErrorKind, Learned, LogEntry, LogQuery, LogSource, Page, Proof, Store, merge};
use storelogs_collector::network::{CLOCK_MARGIN, Network};
use storelogs_collector::sync::Remote;
use storelogs_collector::verdict::{Unread, Verdict};
use storelogs_collector::wording::listed;

use super::lines::Merged;
use super::undecodable::Undecodable;
use super::values;
use crate::config::{self, Settings};
use crate::error::{CliError, Exit, StoreFailure};
use crate::output::Sink;
use crate::ui::{Progress, Ui};

/// When nothing came for that long, what there is is shown.
const SHOW_AFTER: Duration = Duration::from_millis(300);
/// The spinner counts in steps of this many entries.
const COUNT_EVERY: u64 = 100;

/// The end of a store's walk.
#[derive(Clone)]
struct Witness {
    source: Arc<dyn LogSource>,
    network: Network,
    verdict: Arc<Mutex<Option<Verdict>>>,
}

impl Witness {
    fn of(remote: Remote) -> Self {
        Self { source: remote.log, network: remote.network, verdict: Arc::default() }
    }

    /// `None` if the walk was ended before its end, since there was enough.
    fn verdict(&self) -> Option<Verdict> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl LogSource for Witness {
    fn store(&self) -> &Store {
        self.source.store()
    }

    fn pages(&self, query: LogQuery, from: Option<Cursor>) -> BoxStream<'static, storelogs::Result<Page>> {
        let verdict = Arc::clone(&self.verdict);
        let note = move |page: &storelogs::Result<Page>| {
            let found = match page {
                Ok(page) => page.proof.map(|proof| match proof {
                    Proof::Counted => Verdict::Audited,
                    Proof::EndOfList => Verdict::NotCountable,
                }),
                Err(error) => Some(match error.missing() {
                    Some(entries) => Verdict::Short { entries },
                    None => Verdict::Unread { why: Unread::Failed },
                }),
            };
            let mut verdict = verdict.lock().unwrap_or_else(PoisonError::into_inner);
            *verdict = verdict.take().max(found);
        };
        self.source.pages(query, from).inspect(note).boxed()
    }

    fn count(&self, since: Timestamp, until: Timestamp) -> BoxFuture<'_, storelogs::Result<Option<u64>>> {
        self.source.count(since, until)
    }

    fn learned(&self) -> Learned {
        self.source.learned()
    }

    fn teach(&self, learned: &Learned) {
        self.source.teach(learned);
    }
}

/// The logs of all stores, as entries or as text.
enum Log {
    Entries(BoxStream<'static, storelogs::Result<LogEntry>>),
    Lines(Merged),
}

/// The next item of the merged logs.
#[allow(clippy::large_enum_variant, reason = "it is written at once; a box for each entry would cost more")]
enum Next<'a> {
    Entry(LogEntry),
    /// The text of this many entries.
    Text(u64, &'a [u8]),
}

impl Log {
    async fn next(&mut self) -> Option<storelogs::Result<Next<'_>>> {
        match self {
            Self::Entries(entries) => Some(entries.next().await?.map(Next::Entry)),
            Self::Lines(lines) => Some(lines.next().await?.map(|(count, text)| Next::Text(count, text))),
        }
    }
}

impl Next<'_> {
    fn entries(&self) -> u64 {
        match self {
            Self::Entry(_) => 1,
            Self::Text(count, _) => *count,
        }
    }
}

/// The stores that are read, and how it is shown.
pub(super) struct Reading<'a> {
    pub(super) stores: &'a [Settings],
    pub(super) network: &'a Network,
    pub(super) progress: &'a Progress,
    pub(super) ui: Ui,
}

impl Reading<'_> {
    /// Reads everything that the query asks for, newest first, and says how it ended.
    pub(super) async fn read(
        &self,
        query: LogQuery,
        sink: &mut dyn Sink,
        mut undecodable: Undecodable,
    ) -> Result<Exit, CliError> {
        let Self { stores, network, progress, ui } = *self;
        let mut failures = Vec::new();
        let sources = config::sources(stores, network, progress, &mut failures, ui).await;
        if sources.is_empty() {
            progress.clear();
            return Ok(Exit::Usage); // nothing was sent, and what to fix was said
        }
        let witnesses: Vec<Witness> = sources.into_iter().map(Witness::of).collect();
        let until = query.until;
        let asked = query.clone();
        let mut log = match sink.encode() {
            Some(encode) => Log::Lines(Merged::new(witnesses.iter().cloned(), &query, encode)),
            None => {
                let sources = witnesses.iter().map(|witness| Arc::new(witness.clone()) as Arc<dyn LogSource>);
                Log::Entries(merge(sources, query))
            }
        };
        let (mut entries, mut shown) = (0, 0);
        loop {
            let next = match log.next().now_or_never() {
                Some(next) => next,
                None => match tokio::time::timeout(SHOW_AFTER, log.next()).await {
                    Ok(next) => next,
                    Err(_) => {
                        if entries > 0 {
                            progress.make_room();
                        }
                        progress.count(entries, network.answers());
                        sink.pause()?;
                        log.next().await
                    }
                },
            };
            match next {
                None => break,
                Some(Ok(next)) => {
                    entries += next.entries();
                    if entries / COUNT_EVERY > shown {
                        shown = entries / COUNT_EVERY;
                        progress.make_room();
                        progress.count(entries, network.answers());
                    }
                    match next {
                        Next::Entry(entry) => sink.entry(&entry)?,
                        Next::Text(_, text) => sink.encoded(text)?,
                    }
                }
                Some(Err(error)) if error.kind() == ErrorKind::Record => undecodable.keep(&error)?,
                Some(Err(error)) => {
                    progress.aside(|| ui.store_error(&error));
                    failures.push(StoreFailure::of(error.kind()));
                }
            }
        }
        progress.clear();
        sink.finish()?;
        let undecodable = undecodable.finish(ui)?;
        let exit = Exit::of(stores.len(), &failures, undecodable.values().sum());
        if entries == 0 && exit == Exit::Done {
            let sources: Vec<_> = witnesses.iter().map(|witness| Arc::clone(&witness.source)).collect();
            values::warn(&sources, &asked, ui).await;
        }
        let verdict = self.conclude(&witnesses, &undecodable, asked.since, until);
        Ok(verdict.map_or(exit, |verdict| exit.and_verdict(&verdict)))
    }

    /// Says what is known of what was read, and names each store of which something is missing, or may be.
    fn conclude(
        &self,
        witnesses: &[Witness],
        undecodable: &BTreeMap<String, u64>,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Option<Verdict> {
        // Nothing is known of what came behind the time of the first answer, by the platform's clock.
        let begun = Timestamp::now();
        let date = |witness: &Witness| witness.network.least_date().unwrap_or(begun - CLOCK_MARGIN);
        let until = witnesses.iter().map(date).chain(until).min().unwrap_or(begun);
        let read: Option<BTreeMap<&Store, Verdict>> =
            witnesses.iter().map(|witness| Some((witness.store(), witness.verdict()?))).collect();
        let read = read?;
        let verdict = |store: &Store| read.get(store).cloned().unwrap_or(Verdict::Unread { why: Unread::Parked });
        let verdicts: Vec<(&Store, Verdict)> =
            self.stores.iter().map(|settings| (&settings.store, verdict(&settings.store))).collect();
        let worst = verdicts.iter().map(|(_, verdict)| verdict).max()?.clone();
        // These were said, with what keeps them.
        let undecodable = undecodable.values().max().map(|records| Verdict::InQuarantine { records: *records });
        let end = until.strftime("%Y-%m-%dT%H:%M:%SZ");
        if worst == Verdict::Audited && undecodable.is_none() {
            // A script that reads this wants no message as long as nothing is missing.
            if self.ui.has_a_viewer() || self.ui.has_logs() {
                let kept = kept_for(self.stores, since, begun).map(|kept| format!("; {kept}")).unwrap_or_default();
                self.ui.note(&format!("complete up to {end}{kept}\n"));
            }
        } else if worst != Verdict::Audited {
            self.ui.warning(&format!("{}, up to {end}", said(verdicts)));
        }
        Some(undecodable.map_or(worst.clone(), |undecodable| undecodable.max(worst)))
    }
}

/// Says how long the platforms keep entries, if a time range begins before that: what is complete is then what they keep.
fn kept_for(stores: &[Settings], since: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let platforms: BTreeSet<&str> = stores.iter().map(|settings| settings.store.platform().as_str()).collect();
    let kept: Vec<String> = platforms
        .into_iter()
        .filter_map(storelogs::platform::named)
        .filter(|facts| since.is_some_and(|since| since < now - facts.retention() - A_YEARS_SLACK))
        .map(|facts| format!("{} keeps {} days", facts.title(), facts.retention().as_hours() / 24))
        .collect();
    (!kept.is_empty()).then(|| format!("older entries are gone: {}", kept.join(", ")))
}

/// By how much a year, or three months, may be longer than the platforms say.
const A_YEARS_SLACK: SignedDuration = SignedDuration::from_hours(2 * 24);

/// The most stores that are named with one verdict.
const NAMED: usize = 5;

/// Every verdict but the best, the worst first, with the stores that it is of: `shopline:a1: short by 3; shopline:b1: …`.
fn said(verdicts: Vec<(&Store, Verdict)>) -> String {
    let mut stores: BTreeMap<Verdict, Vec<String>> = BTreeMap::new();
    for (store, verdict) in verdicts.into_iter().filter(|(_, verdict)| !verdict.is_complete()) {
        stores.entry(verdict).or_default().push(store.to_string());
    }
    let said = stores.into_iter().rev().map(|(verdict, stores)| {
        let verdict = match verdict {
            // It is `sync` that tries again.
            Verdict::Unread { why: Unread::Failed } => "unread: it could not be read to its end".to_owned(),
            verdict => verdict.to_string(),
        };
        format!("{}: {verdict}", listed(stores, NAMED))
    });
    said.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_store_of_which_something_is_missing_is_named_with_the_worst_first() {
        let stores: Vec<Store> = (1..=9).map(|n| format!("shopline:a{n}").parse().unwrap()).collect();
        let verdict = |n: usize| match n {
            0 => Verdict::Audited,
            1 => Verdict::Short { entries: 3 },
            2 => Verdict::NotCountable,
            _ => Verdict::Unread { why: Unread::Failed },
        };
        let verdicts = stores.iter().enumerate().map(|(n, store)| (store, verdict(n))).collect();
        assert_eq!(
            said(verdicts),
            "shopline:a4, shopline:a5, shopline:a6, shopline:a7, shopline:a8 and 1 more: unread: it could not be read to its \
             end; shopline:a2: short by 3; shopline:a3: not countable"
        );
    }
}
