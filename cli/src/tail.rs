//! `tail`: the newest entries of all stores, and those that come.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures::StreamExt;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::{Error, ErrorKind, LogEntry, LogQuery, LogSource, Store, merge};
use tokio::sync::mpsc;

use crate::args::StoreOptions;
use crate::config::{self, Configured};
use crate::exit::{CODES, Exit, Failure, Stop};
use crate::fetch;
use crate::filters::Filters;
use crate::output::{self, Format, Sink};
use crate::progress::Progress;
use crate::reading::{report, sources};
use crate::terminal;

/// Show the newest entries of all stores, oldest first, and with -f those that come
///
/// Reads from the platforms; no archive is needed. A store that is busy is asked more often, up to every 5 seconds, and
/// never more often than its rate limit allows. What comes after younger entries were shown is marked as late.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{CODES}"))]
pub(crate) struct Options {
    #[command(flatten)]
    stores: StoreOptions,

    /// Keep going, and show what comes
    #[arg(long, short)]
    follow: bool,

    /// How many entries to begin with, the newest of the last 28 days of all stores
    #[arg(short, value_name = "N", default_value_t = 50)]
    n: u32,

    #[command(flatten)]
    filters: Filters,

    /// How entries are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Times in UTC rather than in this machine's time zone
    #[arg(long)]
    utc: bool,
}

const EXAMPLES: &str = "\
Examples:
  storelogs tail                              the newest 50 entries of all stores
  storelogs tail -f                           and those that come, until Ctrl-C
  storelogs tail -f -n 0 --min-severity error
  storelogs tail -f --format jsonl | jq -r .summary";

/// So far back the first entries are looked for. SHOPLINE answers for that long at once.
const BACK: SignedDuration = SignedDuration::from_hours(28 * 24);
/// Each time so much is read again, for what comes late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// The shortest and the longest time between two readings of a store.
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(60);
/// What comes within this time is put in order.
const GATHER: Duration = Duration::from_millis(400);

pub(crate) async fn run(options: Options) -> Result<Exit, Stop> {
    if options.follow && options.format == Format::Json {
        return Err(Stop::Usage("--format json is one array, which never ends here: use --format jsonl".to_owned()));
    }
    let zone = if options.utc { TimeZone::UTC } else { TimeZone::system() };
    let configured = config::read(&options.stores)?;
    let network = configured.network()?;
    let Configured { stores: settings, problems, .. } = configured;
    let stores: Vec<Store> = settings.iter().map(|settings| settings.store.clone()).collect();
    let mut sink = output::open(options.format, None, &stores, zone)?;
    let progress = Progress::new("reading the newest entries".to_owned(), false);
    fetch::interruptible(&progress);
    let mut failures = Vec::new();
    let sources = sources(&settings, &network, &progress, &mut failures).await;
    if sources.is_empty() {
        progress.clear();
        return Ok(Exit::Usage);
    }
    let query = options.filters.apply(LogQuery::new());
    let now = Timestamp::now();
    let first = first(&sources, &query, now, options.n, &progress, &mut failures).await;
    progress.clear();
    for entry in first.iter().rev() {
        sink.entry(entry)?;
    }
    if !options.follow {
        sink.finish()?;
        return Ok(Exit::of(stores.len(), &failures, 0).despite(problems));
    }
    sink.pause()?;
    let shown = Shown::new(&first, options.n, now);
    follow(sources, &query, now, shown, sink.as_mut()).await
}

/// What was there before the listening began. What came while the first entries were read is no part of it.
#[derive(Debug)]
struct Shown {
    /// The uids of the first entries.
    uids: HashSet<String>,
    /// The time of the newest of each store, by `platform:store`.
    newest: HashMap<String, Timestamp>,
    /// Every entry after this time that was there was shown. `None`: every entry at all.
    since: Option<Timestamp>,
}

impl Shown {
    /// `n` is how many were asked for, `now` when that was.
    fn new(first: &[LogEntry], n: u32, now: Timestamp) -> Self {
        let mut newest = HashMap::new();
        for entry in first.iter().rev() {
            newest.insert(store_of(entry), entry.time);
        }
        let since = match first.last() {
            Some(oldest) if first.len() >= usize::try_from(n).unwrap_or(usize::MAX) => Some(oldest.time),
            // Platforms cut times to the second.
            None if n == 0 => Timestamp::from_second(now.as_second() - 1).ok(),
            _ => None,
        };
        Self { uids: first.iter().map(|entry| entry.uid.clone()).collect(), newest, since }
    }

    /// Whether an entry that the first reading of a store brings has come since.
    fn lacks(&self, entry: &LogEntry) -> bool {
        self.since.is_none_or(|since| entry.time > since) && !self.uids.contains(&entry.uid)
    }
}

fn store_of(entry: &LogEntry) -> String {
    format!("{}:{}", entry.platform, entry.store)
}

/// The newest entries of all stores, newest first.
async fn first(
    sources: &[Arc<dyn LogSource>],
    query: &LogQuery,
    now: Timestamp,
    n: u32,
    progress: &Progress,
    failures: &mut Vec<Failure>,
) -> Vec<LogEntry> {
    let mut entries = Vec::new();
    if n == 0 {
        return entries;
    }
    let query = query.clone().since(now - BACK).limit(usize::try_from(n).unwrap_or(usize::MAX));
    let mut log = merge(sources.iter().map(Arc::clone), query);
    while let Some(item) = log.next().await {
        match item {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                progress.aside(|| report(&error));
                if error.kind() != ErrorKind::Record {
                    failures.push(Failure::of(error.kind()));
                }
            }
        }
    }
    entries
}

/// What a store has to say.
enum News {
    Entries(Vec<LogEntry>),
    Failed(Error),
    Back(Store),
}

/// Shows what comes, of all stores in one order. It ends with the process.
async fn follow(
    sources: Vec<Arc<dyn LogSource>>,
    query: &LogQuery,
    now: Timestamp,
    mut shown: Shown,
    sink: &mut dyn Sink,
) -> Result<Exit, Stop> {
    let (sender, mut news) = mpsc::channel(64);
    let mut newest = std::mem::take(&mut shown.newest);
    let shown = Arc::new(shown);
    for source in sources {
        let before = Some(Arc::clone(&shown));
        let listener = Listener { source, query: query.clone(), reached: now, seen: HashSet::new(), before };
        tokio::spawn(listener.listen(sender.clone()));
    }
    drop(sender);
    while let Some(one) = news.recv().await {
        let mut gathered = vec![one];
        let end = tokio::time::Instant::now() + GATHER;
        while let Ok(Some(one)) = tokio::time::timeout_at(end, news.recv()).await {
            gathered.push(one);
        }
        let mut entries = Vec::new();
        for one in gathered {
            match one {
                News::Entries(more) => entries.extend(more),
                News::Failed(error) => report(&error),
                News::Back(store) => terminal::note(&format!("{store} answers again\n")),
            }
        }
        entries.sort_by(|a, b| (a.time, &a.uid).cmp(&(b.time, &b.uid)));
        for entry in &entries {
            let last = newest.entry(store_of(entry)).or_insert(entry.time);
            if entry.time < *last {
                sink.late(entry)?;
            } else {
                *last = entry.time;
                sink.entry(entry)?;
            }
        }
        sink.pause()?;
    }
    Ok(Exit::Done)
}

/// One store that is listened to.
struct Listener {
    source: Arc<dyn LogSource>,
    query: LogQuery,
    /// The time of the newest entry, or when it began.
    reached: Timestamp,
    /// The entries since a little before that, by id.
    seen: HashSet<String>,
    /// Until the first reading has succeeded: what is no news.
    before: Option<Arc<Shown>>,
}

impl Listener {
    async fn listen(mut self, news: mpsc::Sender<News>) {
        let mut interval = SHORTEST;
        let mut failing = false;
        loop {
            let read = self.read().await;
            let sent = match read {
                Ok(entries) => {
                    if std::mem::take(&mut failing) && news.send(News::Back(self.source.store().clone())).await.is_err()
                    {
                        return;
                    }
                    let quiet = entries.is_empty();
                    interval = if quiet { interval.mul_f64(1.4) } else { interval / 2 }.clamp(SHORTEST, LONGEST);
                    if quiet { Ok(()) } else { news.send(News::Entries(entries)).await }
                }
                Err(error) => {
                    interval = (interval * 2).min(LONGEST).max(error.retry_after().unwrap_or_default());
                    if std::mem::replace(&mut failing, true) { Ok(()) } else { news.send(News::Failed(error)).await }
                }
            };
            if sent.is_err() {
                return; // nobody listens any more
            }
            tokio::time::sleep(interval).await;
        }
    }

    /// What is new.
    async fn read(&mut self) -> storelogs::Result<Vec<LogEntry>> {
        let since = self.reached.checked_sub(OVERLAP).unwrap_or(self.reached);
        let mut log = self.source.logs(self.query.clone().since(since));
        let mut entries = Vec::new();
        let mut now_seen = HashSet::new();
        while let Some(item) = log.next().await {
            match item {
                Ok(entry) => {
                    now_seen.insert(entry.id.clone());
                    if !self.seen.contains(&entry.id) {
                        entries.push(entry);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Record => {} // `fetch` and `sync` tell of these
                Err(error) => return Err(error),
            }
        }
        self.seen = now_seen;
        if let Some(before) = self.before.take() {
            entries.retain(|entry| before.lacks(entry));
        }
        if let Some(newest) = entries.iter().map(|entry| entry.time).max() {
            self.reached = self.reached.max(newest);
        }
        Ok(entries)
    }
}
