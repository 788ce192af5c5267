//! `watch`: rules over what comes into the archive.

mod collect;
mod show;

use std::io::Write;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs_collector::insight::plural;
use storelogs_collector::watch::{self, Event};
use storelogs_collector::{Moment, Stretch};

use crate::config::RuleFiles;
use crate::error::{CODES, Exit, Stop};
use crate::options::ArchiveOptions;
use crate::options::StoreOptions;
use crate::output::{self, Out};
use crate::ui::signals::Signals;
use crate::ui::{self, printable};
use collect::Collector;
use show::Look;

/// Tell when something happens: rules over what comes into the archive
///
/// Rules stand in the configuration. Each alert is printed, and what its rule says is done with it: a program is run with
/// the alert as JSON on its standard input, or it is sent to a webhook. Every entry is looked at once, however late it comes,
/// and an alert that could not be delivered is sent again, also by the next run.
#[derive(Args, Debug)]
#[command(after_help = format!("{RULES}\n\n{EXAMPLES}\n\n{CODES}"))]
pub(crate) struct Options {
    #[command(flatten)]
    stores: StoreOptions,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// Bring the logs of all stores into the archive too, as `sync --follow` does
    #[arg(long, conflicts_with_all = ["test", "try"])]
    sync: bool,

    /// Look at what came since the last time, deliver what there is to tell, and end
    #[arg(long, conflicts_with_all = ["test", "try"])]
    once: bool,

    /// Only say what would have been told in this stretch of time: 7d.., 2026-08-01..2026-09-01
    #[arg(long, value_name = "FROM..TO")]
    test: Option<Times>,

    /// Only send a trial to where each rule sends its alerts
    #[arg(long, conflicts_with = "test")]
    r#try: bool,

    /// With --test or --try: only this rule; repeat it for several
    #[arg(long, value_name = "NAME")]
    rule: Vec<String>,

    /// How alerts are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Times in UTC rather than in this machine's time zone
    #[arg(long)]
    utc: bool,
}

const RULES: &str = "\
Rules, in storelogs.toml or conf.d/*.toml:
  [[rule]]
  name = \"payments fail\"
  when = \"severity>=error module:*gateway*\"      # a query of `storelogs search`
  more_than = 5                                  # without it, each entry is told
  within = \"10m\"
  run = [\"notify-send\", \"the shop\"]              # gets the alert as JSON
  webhook = { env = \"SLACK_WEBHOOK\" }            # or { file = … }, { command = [ … ] }
  webhook_form = \"slack\"                         # else json

In place of more_than: new_template = true, incident = true, sensitive = true or
silent_for = \"2h\". Besides: per = [\"store\", \"module\"] says what is told apart,
cool_down = \"1h\" for how long a rule that has told holds back what comes, and
redact = false that people's data is sent as it is. docs/watching.md tells all.";

const EXAMPLES: &str = "\
Examples:
  storelogs watch --sync                  collect, and tell; until Ctrl-C or SIGTERM
  storelogs watch                         beside a process that collects
  storelogs sync && storelogs watch --once
  storelogs watch --test 30d..            what the rules would have told
  storelogs watch --try                   do alerts arrive?";

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
    fn out(self) -> Out {
        match self {
            Self::Pretty => output::stdout(),
            Self::Jsonl => output::for_machines(),
        }
    }
}

/// A stretch of time as a user writes it.
#[derive(Clone, Copy, Debug)]
struct Times {
    since: Moment,
    until: Option<Moment>,
}

impl FromStr for Times {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (since, until) = text.split_once("..").unwrap_or((text, ""));
        if since.trim().is_empty() {
            return Err("write where it begins: 30d.., 2026-08-01..2026-09-01".to_owned());
        }
        let until = Some(until.trim()).filter(|until| !until.is_empty() && *until != "now");
        Ok(Self { since: since.trim().parse()?, until: until.map(str::parse).transpose()? })
    }
}

pub(crate) async fn run(options: Options) -> Result<Exit, Stop> {
    let selection = options.stores.selection();
    let replays = options.test.is_some() || options.r#try;
    if !replays && !options.rule.is_empty() {
        return Err(Stop::Usage(
            "--rule is for --test and --try: what one rule has seen, no other sees again".to_owned(),
        ));
    }
    if !options.sync && !selection.stores.is_empty() {
        return Err(Stop::Usage(
            "--store is for --sync; which stores a rule is about stands in it: when = \"store:abc123\"".to_owned(),
        ));
    }
    let mut rules = RuleFiles::read(&selection, &options.rule, options.sync).await?;
    let zone = if options.utc { TimeZone::UTC } else { TimeZone::system() };
    let look = Look::new(options.format, zone);
    match options.test {
        Some(times) => test(&options, times, &mut rules, &look),
        None if options.r#try => try_actions(&mut rules).await,
        None => follow(&options, rules, &look).await,
    }
}

/// Tells until it is asked to end.
async fn follow(options: &Options, mut rules: RuleFiles, look: &Look) -> Result<Exit, Stop> {
    let problems = rules.problems();
    if !options.sync {
        options.archive.read()?; // one that is not there is not to be made
    }
    let archive = options.archive.open()?;
    let mut signals = Signals::listen()?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut collector =
        if options.sync { Some(Collector::new(&options.stores.selection(), stopped.clone())?) } else { None };
    if options.once {
        if let Some(collector) = &mut collector {
            collector.once(options.archive.open()?).await?;
        }
    } else if let Some(collector) = &mut collector {
        collector.follow(options.archive.open()?);
    } else if archive.lock().is_ok() {
        ui::warning("nobody collects into this archive now: run `storelogs sync --follow` too, or give --sync");
    }
    if !options.once && ui::stdout_width().is_some() {
        let rules = plural(rules.count() as u64, "rule", "rules");
        ui::note(&format!("Watching {} by {rules}; Ctrl-C ends it\n", archive.path().display()));
    }
    let mut out = options.format.out();
    let watching = watch::Options { once: options.once };
    let ending = watch::watch::<Stop>(archive, &mut rules, watching, stopped, |event| tell(&event, look, &mut out));
    let mut ending = std::pin::pin!(ending);
    let outcome = loop {
        tokio::select! {
            outcome = &mut ending => break outcome?,
            why = Collector::failed(&mut collector) => return Err(why),
            signal = signals.next() => {
                if *stop.borrow() {
                    signal.end();
                }
                stop.send_replace(true);
                ui::note("stopping: what is on its way is delivered; once more ends at once\n");
            }
        }
    };
    if let Some(collector) = &mut collector {
        collector.end().await?;
    }
    Ok(match (outcome.given_up, options.once.then_some(outcome.undelivered)) {
        (0, None | Some(0)) => Exit::Done.despite(problems),
        _ => Exit::Partly,
    })
}

fn tell(event: &Event<'_>, look: &Look, out: &mut Out) -> Result<(), Stop> {
    match event {
        Event::Alert(alert) => {
            look.write(alert, out)?;
            out.flush()?;
        }
        Event::Begins => ui::note(
            "Watching begins: what happened before now is not told (storelogs watch --test 30d.. goes through it)\n",
        ),
        Event::Delayed { rule, why, next } => {
            let next = look.clock(*next);
            ui::warning(&format!("the rule {rule:?} could not tell: {why}; it is tried again at {next}"));
        }
        Event::GivenUp { rule, why } => {
            ui::error(&format!("the rule {rule:?} could not tell, and gives up: {why}"));
        }
        _ => {}
    }
    Ok(())
}

/// Says what would have been told.
fn test(options: &Options, times: Times, rules: &mut RuleFiles, look: &Look) -> Result<Exit, Stop> {
    let (now, zone) = (Timestamp::now(), look.zone());
    let wrong = |why: String| Stop::Usage(format!("--test: {why}"));
    let since = times.since.at(now, zone).map_err(wrong)?;
    let until = times.until.map_or(Ok(now), |until| until.at(now, zone)).map_err(wrong)?;
    let stretch = Stretch::new(since, until).ok_or_else(|| wrong(format!("{until} is not after {since}")))?;
    let archive = options.archive.read()?;
    let rules = rules.take();
    let alerts = watch::replay(&archive, &rules, stretch)?;
    let mut out = options.format.out();
    for alert in &alerts {
        look.write(alert, &mut out)?;
    }
    out.flush()?;
    if options.format == Format::Pretty {
        let wide = rules.iter().map(|rule| rule.name().chars().count()).max().unwrap_or_default();
        let mut summary = String::from(if alerts.is_empty() { "" } else { "\n" });
        for rule in &rules {
            let told = alerts.iter().filter(|alert| alert.rule == rule.name()).count() as u64;
            let name = printable::line(rule.name());
            summary.push_str(&format!("{name:wide$}  {}\n", plural(told, "alert", "alerts")));
        }
        ui::note(&summary);
    }
    Ok(Exit::Done)
}

/// Sends a trial to where each rule sends its alerts.
async fn try_actions(rules: &mut RuleFiles) -> Result<Exit, Stop> {
    let tried = watch::try_actions(&rules.take()).await?;
    if tried.is_empty() {
        return Err(Stop::Usage("no rule does anything but print: give one run = [ … ] or webhook = { … }".to_owned()));
    }
    let mut out = output::stdout();
    let failed = tried.iter().filter(|(_, _, result)| result.is_err()).count();
    for (rule, action, result) in &tried {
        let (rule, action) = (printable::line(rule), printable::line(&action.to_string()).into_owned());
        match result {
            Ok(()) => writeln!(out, "{rule}: {action}: it arrived")?,
            Err(why) => writeln!(out, "{rule}: {action}: {}", printable::line(why))?,
        }
    }
    out.flush()?;
    Ok(match failed {
        0 => Exit::Done,
        failed if failed < tried.len() => Exit::Partly,
        _ => Exit::Failed,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_of_time_can_be_left_open_at_its_end() {
        for text in ["30d", "30d..", "30d..now"] {
            assert!(Times::from_str(text).unwrap().until.is_none(), "{text}");
        }
        assert!(Times::from_str("2026-08-01..2026-09-01").unwrap().until.is_some());
        for wrong in ["", "..2026-09-01", "soon..", "30d..later"] {
            assert!(Times::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
