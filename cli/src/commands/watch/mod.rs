//! `watch`: alerts on rules as entries come into the archive.

mod collect;
mod show;

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::json;
use storelogs_collector::metrics::{AlertOutcome, Metrics};
use storelogs_collector::network::Network;
use storelogs_collector::watch::{self, Event, Tried};
use storelogs_collector::wording::pluralize;
use tokio::sync::watch::Sender;

use crate::commands::sync::listen;
use crate::config::RuleFiles;
use crate::error::{CODES, CliError, Exit};
use crate::options::{ArchiveOptions, ClockOptions, CollectingOptions, StoreOptions, TIMES, Times, known_rules};
use crate::ui::{Column, Out, Signals, Table, Text, Ui, printable};
use collect::Collector;
use show::Appearance;

/// Alert on rules as entries come into the archive
///
/// Rules are in the configuration. Each alert is printed, and goes where its rule says: to a program, as JSON on its
/// standard input, or to a webhook. Every entry is checked once, however late it comes, and an alert that could not be
/// delivered is sent again, also by the next run.
#[derive(Args, Debug)]
#[command(after_help = format!("{RULES}\n\n{EXAMPLES}\n\n{TIMES}\n\n{CODES}"))]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    stores: StoreOptions,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// Copy the logs of all stores into the archive, too, as `sync --follow` does
    #[arg(long, conflicts_with_all = ["test", "try"])]
    sync: bool,

    #[command(flatten)]
    collecting: CollectingOptions,

    /// Check the entries that came since the last time, deliver the alerts, and end
    #[arg(long, conflicts_with_all = ["test", "try"])]
    once: bool,

    /// Only list the alerts that the rules would have sent in this time range: 7d.., 2026-08-01..2026-09-01
    #[arg(long, value_name = "FROM..TO")]
    test: Option<Times>,

    /// Only send a trial alert to where each rule sends its alerts, and its end if the rule sends ends
    #[arg(long, conflicts_with = "test")]
    r#try: bool,

    /// With --test or --try: only this rule; repeat it for several
    #[arg(long, value_name = "NAME", add = known_rules())]
    rule: Vec<String>,

    /// How alerts are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    #[command(flatten)]
    clock: ClockOptions,
}

const RULES: &str = "\
Rules, in storelogs.toml or conf.d/*.toml:
  [[rule]]
  name = \"payments fail\"
  when = \"severity>=error module:*gateway*\"  # a query of `storelogs search`
  more_than = 5                            # without it, an alert for each entry
  within = \"10m\"
  run = [\"notify-send\", \"the shop\"]        # gets the alert as JSON
  webhook = { env = \"SLACK_WEBHOOK\" }      # or file = …, command = [ … ]
  webhook_form = \"slack\"                   # else json; pagerduty, alertmanager …

In place of more_than: new_template = true, incident = true, sensitive = true or
silent_for = \"2h\". Further settings: per = [\"store\", \"module\"] is what is
counted separately, cool_down = \"1h\" is how long alerts are suppressed after one
was sent, and redact = false sends personal data as it is. docs/watching.md has
the details.";

const EXAMPLES: &str = "\
Examples:
  storelogs watch --sync         collect and alert, until Ctrl-C or SIGTERM
  storelogs watch --sync --metrics-listen 127.0.0.1:9464
  storelogs watch                beside a process that collects
  storelogs sync && storelogs watch --once
  storelogs watch --test 30d..   the alerts that the rules would have sent
  storelogs watch --try          do alerts arrive?";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For reading, safe to show on a terminal
    #[default]
    Pretty,
    /// One JSON object a line; see docs/watching.md
    Jsonl,
}

impl Format {
    /// Stdout, for alerts of this form.
    fn out(self, ui: Ui) -> Out {
        match self {
            Self::Pretty => ui.stdout(),
            Self::Jsonl => ui.stdout_for_machines(),
        }
    }
}

pub(crate) async fn watch(args: WatchArgs, ui: Ui) -> Result<Exit, CliError> {
    let selection = args.stores.selection();
    let replays = args.test.is_some() || args.r#try;
    if !replays && !args.rule.is_empty() {
        return Err(CliError::usage(
            "--rule is for --test and --try: what one rule has seen, no other sees again".to_owned(),
        ));
    }
    if !args.sync && !selection.stores.is_empty() {
        return Err(CliError::usage(
            "--store is for --sync; a rule names its stores itself: when = \"store:abc123\"".to_owned(),
        ));
    }
    if replays && args.collecting.metrics_listen.is_some() {
        return Err(CliError::usage("--metrics-listen is for a run that watches".to_owned()));
    }
    if !args.sync && (args.collecting.shard.is_some() || args.collecting.walks.is_some()) {
        return Err(CliError::usage("--shard and --walks are for --sync".to_owned()));
    }
    let mut rules = RuleFiles::read(&selection, &args.rule, args.test.is_none(), args.sync, ui).await?;
    // An archive that does not exist yet says nothing about its stores.
    let archive = args.archive.read().ok();
    let zone = match &archive {
        Some(archive) => args.clock.of(archive, &[], ui)?,
        None => args.clock.here(ui)?,
    };
    rules.warn_of_unknown(archive.as_ref())?;
    drop(archive);
    let look = Appearance::new(args.format, zone, ui);
    match args.test {
        Some(times) => test(&args, times, &mut rules, &look, ui),
        None if args.r#try => try_actions(args.format, &mut rules, ui).await,
        None => follow(&args, rules, &look, ui).await,
    }
}

/// Watches until it is asked to end.
async fn follow(args: &WatchArgs, mut rules: RuleFiles, look: &Appearance, ui: Ui) -> Result<Exit, CliError> {
    let problems = rules.problems();
    rules.warn_of_programs();
    if !args.sync {
        args.archive.read()?; // one that is not there is not to be made
    }
    let listener = args.collecting.metrics_listen.map(listen::bind).transpose()?;
    let mut archive = args.archive.open()?;
    let mut signals = Signals::listen()?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut collector = if args.sync {
        let collector =
            Collector::new(&args.stores.selection(), &mut archive, args.collecting.shard, stopped.clone(), ui)?;
        collector.prune(&mut archive)?;
        Some(collector)
    } else {
        None
    };
    let exporting = match &collector {
        Some(collector) => collector.exporting(archive.path()).await?,
        None => None,
    };
    let metrics = Arc::new(match &collector {
        Some(collector) => {
            let exports = exporting.iter().flat_map(|exporting| exporting.names().to_vec()).collect();
            collector.metrics(archive.path(), exports)
        }
        None => Metrics::new(archive.path(), Network::new()?, HashSet::new),
    });
    if let Some(listener) = listener {
        listen::serve(listener, Arc::clone(&metrics))?;
    }
    let how = args.collecting.sync(!args.once);
    if args.once {
        if let Some(collector) = &mut collector {
            let once = collector.once(args.archive.open()?, how, Arc::clone(&metrics));
            heeding(&mut signals, &stop, ui, once).await?;
        }
    } else if let Some(collector) = &mut collector {
        collector.follow(args.archive.open()?, how, Arc::clone(&metrics));
    } else if archive.lock().is_ok() {
        ui.warning("nobody collects into this archive now: run `storelogs sync --follow` too, or give --sync");
    }
    if !args.once && ui.stdout_width().is_some() {
        let rules = pluralize(rules.count() as u64, "rule", "rules");
        ui.note(&format!("Watching {} by {rules}; Ctrl-C ends it\n", archive.path().display()));
    }
    let mut out = args.format.out(ui);
    let watching = watch::WatchOptions { once: args.once };
    let http = rules.http()?;
    let ending = watch::watch::<CliError>(archive, &mut rules, http, watching, stopped, |event| {
        measure(&event, &metrics);
        show(&event, look, &mut out, ui)
    });
    let watched = async {
        tokio::select! {
            outcome = ending => outcome,
            why = Collector::failed(&mut collector) => Err(why),
        }
    };
    let outcome = heeding(&mut signals, &stop, ui, watched).await?;
    let end = async {
        if let Some(collector) = &mut collector {
            collector.end().await?;
        }
        if let Some(exporting) = exporting {
            exporting.end().await;
        }
        Ok::<_, CliError>(())
    };
    heeding(&mut signals, &stop, ui, end).await?;
    Ok(match (outcome.given_up, args.once.then_some(outcome.undelivered)) {
        (0, None | Some(0)) => Exit::Done.despite(problems),
        _ => Exit::Partly,
    })
}

/// Does some work to its end. The first signal asks all of it to stop, and the second ends the process.
async fn heeding<T>(signals: &mut Signals, stop: &Sender<bool>, ui: Ui, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            signal = signals.next() => {
                if *stop.borrow() {
                    signal.end();
                }
                stop.send_replace(true);
                ui.note("stopping: what is on its way is delivered; once more ends at once\n");
            }
        }
    }
}

/// Counts what becomes of alerts.
fn measure(event: &Event<'_>, metrics: &Metrics) {
    match event {
        Event::Alert(alert) => metrics.alert(&alert.rule, AlertOutcome::Raised),
        Event::Delivered { rule } => metrics.alert(rule, AlertOutcome::Delivered),
        Event::Delayed { rule, .. } => metrics.alert(rule, AlertOutcome::Delayed),
        Event::GivenUp { rule, .. } => metrics.alert(rule, AlertOutcome::GivenUp),
        Event::Rules { names, broken } => metrics.rules(names, *broken),
        _ => {}
    }
}

fn show(event: &Event<'_>, look: &Appearance, out: &mut Out, ui: Ui) -> Result<(), CliError> {
    match event {
        Event::Alert(alert) => {
            look.write(alert, out)?;
            out.flush()?;
        }
        Event::Begins => ui.note(
            "Watching begins: there are no alerts about what happened before now (storelogs watch --test 30d.. goes through it)\n",
        ),
        Event::Delayed { rule, why, next } => {
            let next = look.clock(*next);
            ui.warning(&format!("the rule {rule:?} could not deliver an alert: {why}; it is tried again at {next}"));
        }
        Event::GivenUp { rule, why } => {
            ui.error(&format!("the rule {rule:?} could not deliver an alert, and gives up: {why}"));
        }
        _ => {}
    }
    Ok(())
}

/// Lists the alerts that would have been sent.
fn test(args: &WatchArgs, times: Times, rules: &mut RuleFiles, look: &Appearance, ui: Ui) -> Result<Exit, CliError> {
    let (now, zone) = (Timestamp::now(), look.zone());
    let wrong = |why: String| CliError::usage(format!("--test: {why}"));
    let range = times.range(now, zone).map_err(wrong)?;
    let archive = args.archive.read()?;
    let rules = rules.take();
    let alerts = watch::replay(&archive, &rules, range)?;
    let mut out = args.format.out(ui);
    for alert in &alerts {
        look.write(alert, &mut out)?;
    }
    out.flush()?;
    if args.format == Format::Pretty {
        let mut table = Table::new([Column::new(""), Column::new("")]);
        for rule in &rules {
            let matched = alerts.iter().filter(|alert| alert.rule == rule.name()).count() as u64;
            table.row([Text::plain(rule.name()), Text::plain(&pluralize(matched, "alert", "alerts"))]);
        }
        ui.note(&format!("{}{}", if alerts.is_empty() { "" } else { "\n" }, table.text()));
    }
    Ok(Exit::Done)
}

/// Sends a trial to where each rule sends its alerts.
async fn try_actions(format: Format, rules: &mut RuleFiles, ui: Ui) -> Result<Exit, CliError> {
    let http = rules.http()?;
    let tried = watch::try_actions(&rules.take(), &http).await;
    if tried.is_empty() {
        return Err(CliError::usage(
            "no rule does anything but print: give one run = [ … ] or webhook = { … }".to_owned(),
        ));
    }
    let mut out = format.out(ui);
    let failed =
        tried.iter().filter(|tried| tried.begins.is_err() || tried.ends.as_ref().is_some_and(Result::is_err)).count();
    for Tried { rule, action, begins, ends, .. } in &tried {
        if format == Format::Jsonl {
            let reason = begins.as_ref().err().or(ends.as_ref().and_then(|ends| ends.as_ref().err()));
            let line = json!({
                "rule": rule, "action": action.to_string(), "arrived": begins.is_ok(),
                "end_arrived": ends.as_ref().map(Result::is_ok), "reason": reason,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        let (rule, action) = (printable::line(rule), printable::line(&action.to_string()).into_owned());
        match (begins, ends) {
            (Ok(()), None) => writeln!(out, "{rule}: {action}: it arrived")?,
            (Ok(()), Some(Ok(()))) => writeln!(out, "{rule}: {action}: it arrived, and so did its end")?,
            (Ok(()), Some(Err(why))) => {
                writeln!(out, "{rule}: {action}: it arrived, and its end did not: {}", printable::line(why))?;
            }
            (Err(why), _) => writeln!(out, "{rule}: {action}: {}", printable::line(why))?,
        }
    }
    out.flush()?;
    Ok(match failed {
        0 => Exit::Done,
        failed if failed < tried.len() => Exit::Partly,
        _ => Exit::Failed,
    })
}
