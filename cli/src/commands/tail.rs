//! `tail`: the newest entries of all stores, and new ones as they arrive.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use storelogs::{Error, ErrorKind, LogEntry, LogQuery, LogSource, Store, merge};
use storelogs_collector::network::{CLOCK_MARGIN, Network};
use storelogs_collector::sync::Remote;
use tokio::sync::mpsc;

use crate::config::{self, Configured};
use crate::error::{CODES, CliError, Exit, StoreFailure};
use crate::options::{ClockOptions, Filters, StoreOptions};
use crate::output::{self, Format, Sink, Target};
use crate::ui::{Progress, Ui, end_on_signal};

/// Show the newest entries of all stores, oldest first, and new ones as they arrive with -f
///
/// Reads from the platforms; no archive is needed. A busy store is polled more often, up to every 5 seconds, and never
/// more often than its rate limit allows. An entry that comes after younger ones were shown is marked as late; one more
/// than ten minutes older than the newest is not shown: `sync` finds it.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{CODES}"))]
pub(crate) struct TailArgs {
    #[command(flatten)]
    stores: StoreOptions,

    /// Keep going, and show new entries
    #[arg(long, short)]
    follow: bool,

    /// How many entries to show first, the newest of all stores in the last 28 days
    #[arg(short, value_name = "N", default_value_t = 50)]
    n: u32,

    #[command(flatten)]
    filters: Filters,

    /// How entries are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    #[command(flatten)]
    clock: ClockOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs tail       the newest 50 entries of all stores
  storelogs tail -f    and new ones as they come, until Ctrl-C
  storelogs tail -f -n 0 --min-severity error
  storelogs tail -f --format jsonl | jq -r .summary";

/// How far back the first entries are looked for: the longest range that SHOPLINE answers in one request.
const BACK: SignedDuration = SignedDuration::from_hours(28 * 24);
/// How much is read again each time, for late entries. Entries that come later than this are too late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// The shortest and the longest time between two readings of a store.
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(60);
/// Entries that come within this time are sorted.
const GATHER: Duration = Duration::from_millis(400);

pub(crate) async fn tail(args: TailArgs, ui: Ui) -> Result<Exit, CliError> {
    if args.follow && args.format == Format::Json {
        return Err(CliError::usage(
            "--format json is one array, which never ends here: use --format jsonl".to_owned(),
        ));
    }
    let configured = config::read(&args.stores.selection(), ui)?;
    let network = configured.network()?;
    let Configured { stores: settings, problems, .. } = configured;
    let stores: Vec<Store> = settings.iter().map(|settings| settings.store.clone()).collect();
    let zone = args.clock.of_stores(&stores, ui)?;
    if args.format == Format::Pretty {
        args.clock.say(&zone, ui);
    }
    let mut sink = output::open(
        Target {
            format: args.format,
            path: None,
            stores: &stores,
            zone,
            marks: None,
            newest_first: false,
            oldest_first: false,
        },
        ui,
    )?;
    let progress = Progress::new(ui, "reading the newest entries".to_owned(), false);
    end_on_signal(Some(&progress));
    let mut failures = Vec::new();
    let sources = config::sources(&settings, &network, &progress, &mut failures, ui).await;
    if sources.is_empty() {
        progress.clear();
        return Ok(Exit::Usage);
    }
    let query = args.filters.apply(LogQuery::new());
    let now = Timestamp::now();
    if args.n == 0 {
        hear(&sources, now).await;
    }
    let first = first(&sources, query.clone().since(now - BACK), args.n, &progress, &mut failures, ui).await;
    progress.clear();
    for entry in first.iter().rev() {
        sink.entry(entry)?;
    }
    if !args.follow {
        sink.finish()?;
        return Ok(Exit::of(stores.len(), &failures, 0).despite(problems));
    }
    sink.pause()?;
    let shown = Shown::new(&first, args.n);
    say_what_is_missed(&sources, ui);
    follow(sources, &query, shown, sink.as_mut(), ui).await
}

/// Asks each store for one entry, only to learn the time of its clock.
async fn hear(remotes: &[Remote], now: Timestamp) {
    let query = LogQuery::new().since(now - BACK).limit(1);
    let asked = remotes.iter().map(|remote| {
        let mut pages = remote.log.pages(query.clone(), None);
        async move { drop(pages.next().await) } // why a store fails is said when it is listened to
    });
    futures::future::join_all(asked).await;
}

/// Says how late is too late, and which stores' clocks are unknown.
fn say_what_is_missed(remotes: &[Remote], ui: Ui) {
    let mut line =
        format!("what comes more than {} minutes late is not shown: `storelogs sync` finds it\n", OVERLAP.as_mins());
    for remote in remotes.iter().filter(|remote| !remote.network.has_heard()) {
        line.push_str(&format!(
            "{}: its answers do not give the time: this machine's clock is trusted to {} minutes\n",
            remote.log.store(),
            CLOCK_MARGIN.as_mins()
        ));
    }
    ui.note(&line);
}

/// The entries from before the listening began, without those that came while the first entries were read.
#[derive(Debug)]
struct Shown {
    /// The uids of the first entries.
    uids: HashSet<String>,
    /// The time of the newest of each store, by `platform:store`.
    newest: HashMap<String, Timestamp>,
    from: From,
}

/// The time from which on every entry was shown.
#[derive(Clone, Copy, Debug)]
enum From {
    /// Every entry at all.
    Ever,
    /// Every entry after this time.
    Time(Timestamp),
    /// None was shown: entries from the beginning on are new.
    Beginning,
}

impl Shown {
    /// `n` is how many were asked for.
    fn new(first: &[LogEntry], n: u32) -> Self {
        let mut newest = HashMap::new();
        for entry in first.iter().rev() {
            newest.insert(store_of(entry), entry.time);
        }
        let from = match first.last() {
            Some(oldest) if first.len() >= usize::try_from(n).unwrap_or(usize::MAX) => From::Time(oldest.time),
            None if n == 0 => From::Beginning,
            _ => From::Ever,
        };
        Self { uids: first.iter().map(|entry| entry.uid.clone()).collect(), newest, from }
    }

    /// Whether an entry that the first reading of a store brings has come since.
    fn lacks(&self, entry: &LogEntry, beginning: Timestamp) -> bool {
        let is_news = match self.from {
            From::Ever => true,
            From::Time(since) => entry.time > since,
            // Platforms cut times to the second.
            From::Beginning => entry.time.as_second() >= beginning.as_second(),
        };
        is_news && !self.uids.contains(&entry.uid)
    }
}

fn store_of(entry: &LogEntry) -> String {
    format!("{}:{}", entry.platform, entry.store)
}

/// The newest entries of all stores, newest first.
async fn first(
    sources: &[Remote],
    query: LogQuery,
    n: u32,
    progress: &Progress,
    failures: &mut Vec<StoreFailure>,
    ui: Ui,
) -> Vec<LogEntry> {
    let mut entries = Vec::new();
    if n == 0 {
        return entries;
    }
    let query = query.limit(usize::try_from(n).unwrap_or(usize::MAX));
    let mut log = merge(sources.iter().map(|remote| Arc::clone(&remote.log)), query);
    let mut warned = HashSet::new();
    while let Some(item) = log.next().await {
        match item {
            Ok(entry) => entries.push(entry),
            Err(error) if error.kind() == ErrorKind::Record => {
                if error.store().is_none_or(|store| warned.insert(store.clone())) {
                    progress.aside(|| ui.store_error(&error));
                }
            }
            Err(error) => {
                progress.aside(|| ui.store_error(&error));
                failures.push(StoreFailure::of(error.kind()));
            }
        }
    }
    entries
}

/// A message from the reader of a store.
enum News {
    Entries(Vec<LogEntry>),
    Failed(Error),
    Back(Store),
    /// Records came that cannot be decoded: the first of them.
    Undecodable(Error),
}

/// Shows new entries of all stores in one order. It ends with the process.
async fn follow(
    sources: Vec<Remote>,
    query: &LogQuery,
    mut shown: Shown,
    sink: &mut dyn Sink,
    ui: Ui,
) -> Result<Exit, CliError> {
    let (sender, mut news) = mpsc::channel(64);
    let mut newest = std::mem::take(&mut shown.newest);
    let shown = Arc::new(shown);
    for remote in sources {
        let before = Some(Arc::clone(&shown));
        let listener = Listener::new(remote, query.clone(), before);
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
                News::Failed(error) => ui.store_error(&error),
                News::Undecodable(error) => ui.warning(&format!(
                    "{error}\nsuch records are not shown: `storelogs fetch --raw-errors FILE` shows them, and `sync` keeps them"
                )),
                News::Back(store) => ui.note(&format!("{store} answers again\n")),
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
    network: Network,
    query: LogQuery,
    /// When it began, by the platform's clock.
    beginning: Timestamp,
    /// The time of the newest entry that is not dated ahead of the platform's clock, or when it began.
    reached: Timestamp,
    /// Whether a message said that some records cannot be decoded.
    warned: bool,
    /// The entries since a little before that, by id.
    seen: HashSet<String>,
    /// Until the first reading has succeeded: what is no news.
    before: Option<Arc<Shown>>,
}

impl Listener {
    fn new(remote: Remote, query: LogQuery, before: Option<Arc<Shown>>) -> Self {
        let Remote { log: source, network, .. } = remote;
        let beginning = network.now();
        Self { source, network, query, beginning, reached: beginning, warned: false, seen: HashSet::new(), before }
    }

    async fn listen(mut self, news: mpsc::Sender<News>) {
        let mut interval = SHORTEST;
        let mut failing = false;
        loop {
            let (read, undecodable) = self.read().await;
            if let Some(error) = undecodable
                && !std::mem::replace(&mut self.warned, true)
                && news.send(News::Undecodable(error)).await.is_err()
            {
                return;
            }
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

    /// The new entries, and the first record that cannot be decoded.
    async fn read(&mut self) -> (storelogs::Result<Vec<LogEntry>>, Option<Error>) {
        let margin = if self.network.has_heard() { OVERLAP } else { OVERLAP + CLOCK_MARGIN };
        let since = self.reached.checked_sub(margin).unwrap_or(self.reached);
        let mut log = self.source.logs(self.query.clone().since(since));
        let (mut entries, mut undecodable) = (Vec::new(), None);
        let mut now_seen = HashSet::new();
        while let Some(item) = log.next().await {
            match item {
                Ok(entry) => {
                    now_seen.insert(entry.id.clone());
                    if !self.seen.contains(&entry.id) {
                        entries.push(entry);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Record => drop(undecodable.get_or_insert(error)),
                Err(error) => return (Err(error), undecodable),
            }
        }
        self.seen = now_seen;
        if let Some(before) = self.before.take() {
            entries.retain(|entry| before.lacks(entry, self.beginning));
        }
        // An entry dated ahead of the platform's clock must not hide entries that come until then.
        let newest = entries.iter().map(|entry| entry.time).max();
        if let Some(newest) = newest.map(|newest| newest.min(self.network.now())) {
            self.reached = self.reached.max(newest);
        }
        (Ok(entries), undecodable)
    }
}
