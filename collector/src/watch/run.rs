//! The run of `watch`: checks new entries, and delivers alerts.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use storelogs::Http;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::action::{Action, Undelivered};
use super::alert::{Alert, Kind, Status};
use super::on_call;
use super::rule::Rule;
use super::watcher::Watcher;
use crate::archive::Archive;
use crate::archive::watching::Delivery;
use crate::error::{Error, Result};
use crate::redact::Redactor;

/// How often the archive is asked whether anything came.
const EVERY: Duration = Duration::from_secs(1);
/// How many deliveries of one rule are under way at once: an address that does not answer delays no other rule.
const AT_ONCE: usize = 4;
/// How long deliveries under way may take when the watcher has to end. The next watcher repeats those that did not end.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long after the first attempt a delivery is repeated; four times as long after the second, and so on.
const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(5);
const LAST_RETRY: SignedDuration = SignedDuration::from_hours(1);
/// How long a delivery is repeated.
const DELIVERY_TIMEOUT: SignedDuration = SignedDuration::from_hours(24);

/// The rules as they are now.
pub trait Rules: Send {
    /// The rules, if they are others than the last time. Asked every second.
    fn changed(&mut self) -> BoxFuture<'_, Option<Vec<Rule>>>;

    /// The network for webhooks from now on, if it is another one than before. Asked after [`Rules::changed`].
    fn rerouted(&mut self) -> Option<Http> {
        None
    }

    /// How much of what should be a rule is none: files, or lines of them.
    fn broken(&self) -> usize {
        0
    }
}

/// How an archive is watched.
#[derive(Clone, Copy, Debug, Default)]
pub struct WatchOptions {
    /// Only look at what came since the last time, deliver the alerts, and end.
    pub once: bool,
}

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// This archive was not watched before, or not for long: it begins with what comes from now on.
    Begins,
    /// An alert. One that was sent just before the process died is sent again by the next one.
    Alert(&'a Alert),
    /// These are the rules from now on.
    Rules {
        /// Their names.
        names: &'a [&'a str],
        /// How much of what should be a rule is none: files, or lines of them.
        broken: usize,
    },
    /// An alert has arrived where its rule sends it.
    Delivered {
        /// The rule's name.
        rule: &'a str,
    },
    /// An alert could not be delivered, and will be sent again.
    Delayed {
        /// The rule's name.
        rule: &'a str,
        /// Why, in one line.
        why: &'a str,
        /// When it is sent again.
        next: Timestamp,
    },
    /// An alert could not be delivered, and is given up.
    GivenUp {
        /// The rule's name.
        rule: &'a str,
        /// Why, in one line.
        why: &'a str,
    },
}

/// How it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Alerts that were sent.
    pub alerts: u64,
    /// Deliveries that were given up.
    pub given_up: u64,
    /// Deliveries that are still to be made. The next run makes them.
    pub undelivered: u64,
}

/// Watches an archive until `stop` says to end. Webhooks are posted over `http`.
///
/// # Errors
/// If the archive cannot be written, another process watches it, or `on_event` fails.
pub async fn watch<E: From<Error>>(
    archive: Archive,
    rules: &mut dyn Rules,
    http: Http,
    options: WatchOptions,
    mut stop: watch::Receiver<bool>,
    mut on_event: impl FnMut(Event<'_>) -> Result<(), E>,
) -> Result<Outcome, E> {
    let first = rules.changed().await.unwrap_or_default();
    let redactor = archive.redactor()?;
    let mut broken = rules.broken();
    on_event(Event::Rules { names: &names(&first), broken })?;
    let watcher = Watcher::new(archive, first, Timestamp::now())?;
    if watcher.is_first() {
        on_event(Event::Begins)?;
    }
    let mut post = Post {
        watcher: Some(Box::new(watcher)),
        http,
        redactor,
        under_way: HashMap::new(),
        again_at: Timestamp::now(),
        again: JoinSet::new(),
        sent: JoinSet::new(),
        outcome: Outcome::default(),
    };
    let stopped = async |stop: &mut watch::Receiver<bool>| {
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await; // nobody is left who could
        }
    };
    while !*stop.borrow() {
        let others = rules.changed().await;
        if let Some(http) = rules.rerouted() {
            post.http = http;
        }
        if others.is_some() || rules.broken() != broken {
            broken = rules.broken();
            if let Some(rules) = others {
                post.watcher()?.replace(rules)?;
            }
            on_event(Event::Rules { names: &names(post.watcher()?.rules()), broken })?;
        }
        let more = post.look().await?;
        post.deliver(&mut on_event)?;
        post.say_again(&mut on_event)?;
        if more {
            post.settle(&mut on_event)?;
            continue;
        }
        if options.once && post.sent.is_empty() && post.again.is_empty() {
            break;
        }
        tokio::select! {
            Some(sent) = post.sent.join_next() => post.settled(sent.map_err(|_| Error::Closed)?, &mut on_event)?,
            () = tokio::time::sleep(EVERY) => {}
            () = stopped(&mut stop) => {}
        }
        post.settle(&mut on_event)?;
    }
    let farewell = tokio::time::Instant::now() + FAREWELL;
    while let Ok(Some(sent)) = tokio::time::timeout_at(farewell, post.sent.join_next()).await {
        post.settled(sent.map_err(|_| Error::Closed)?, &mut on_event)?;
    }
    post.outcome.undelivered = post.watcher()?.archive().undelivered()?;
    Ok(post.outcome)
}

fn names(rules: &[Rule]) -> Vec<&str> {
    rules.iter().map(Rule::name).collect()
}

type Sent = (Delivery, Result<(), Undelivered>);

/// Alerts on their way.
struct Post {
    /// Away only while it looks.
    watcher: Option<Box<Watcher>>,
    http: Http,
    redactor: Redactor,
    /// The numbers of the alerts that are being sent, by the names of their rules.
    under_way: HashMap<String, HashSet<i64>>,
    sent: JoinSet<Sent>,
    /// When what goes on is said again to those who forget it, and by which rules that is under way.
    again_at: Timestamp,
    again: JoinSet<(String, Result<(), Undelivered>)>,
    outcome: Outcome,
}

impl Post {
    fn watcher(&mut self) -> Result<&mut Watcher> {
        self.watcher.as_deref_mut().ok_or(Error::Closed)
    }

    /// A look may take a while: other tasks go on meanwhile.
    async fn look(&mut self) -> Result<bool> {
        let mut watcher = self.watcher.take().ok_or(Error::Closed)?;
        let looked = tokio::task::spawn_blocking(move || {
            let more = watcher.look(Timestamp::now());
            (watcher, more)
        });
        let (watcher, more) = looked.await.map_err(|_| Error::Closed)?;
        self.watcher = Some(watcher);
        more
    }

    /// Prints what is to be printed, and sends what is to be sent.
    fn deliver<E: From<Error>>(&mut self, on_event: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        let now = Timestamp::now();
        for rule in self.watcher()?.rules_with_deliveries(now)? {
            for delivery in self.watcher()?.to_print(&rule, now)? {
                let Some(alert) = self.read(&delivery, on_event)? else { continue };
                on_event(Event::Alert(&alert))?;
                self.outcome.alerts += 1;
                self.watcher()?.arrived(delivery.id)?;
            }
            let under_way = self.under_way.get(&rule).cloned().unwrap_or_default();
            // Those under way stand first, or nearly.
            for delivery in self.watcher()?.to_send(&rule, now, AT_ONCE + under_way.len())? {
                let is_full = self.under_way.get(&rule).is_some_and(|under_way| under_way.len() >= AT_ONCE);
                if is_full || under_way.contains(&delivery.id) {
                    continue;
                }
                let Some(alert) = self.read(&delivery, on_event)? else { continue };
                self.send(delivery, &alert, on_event)?;
            }
        }
        Ok(())
    }

    /// Says what goes on again to those who would take it to be over. If it does not arrive, the next time it does.
    fn say_again<E: From<Error>>(&mut self, on_event: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        let now = Timestamp::now();
        while let Some(said) = self.again.try_join_next() {
            if let Ok((rule, Err(Undelivered { why, .. }))) = said {
                on_event(Event::Delayed { rule: &rule, why: &why, next: self.again_at })?;
            }
        }
        if now < self.again_at || !self.again.is_empty() {
            return Ok(());
        }
        self.again_at = now.checked_add(on_call::AGAIN).unwrap_or(now);
        let watcher = self.watcher()?;
        let mut open = watcher.open_alerts();
        let mut again = Vec::new();
        for rule in watcher.rules() {
            let forgets = |action: &&Action| matches!(action, Action::Post(webhook) if webhook.forgets());
            let Some(Action::Post(webhook)) = rule.actions.iter().find(forgets) else { continue };
            let mine: Vec<Alert> = open.extract_if(.., |alert| alert.rule == rule.name).collect();
            again.push((rule.name.clone(), rule.redact, webhook.clone(), mine));
        }
        for (rule, redacts, webhook, mut open) in again {
            if redacts {
                open.iter_mut().for_each(|alert| *alert = alert.redacted(&self.redactor));
            }
            let http = self.http.clone();
            self.again.spawn(async move {
                let said = webhook.send_again(&open, &http).await;
                (rule, said)
            });
        }
        Ok(())
    }

    fn read<E: From<Error>>(
        &mut self,
        delivery: &Delivery,
        on_event: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<Option<Alert>, E> {
        match serde_json::from_str(&delivery.alert) {
            Ok(alert) => Ok(Some(alert)),
            Err(_) => self.give_up(delivery, "it cannot be read any more", on_event).map(|()| None),
        }
    }

    fn send<E: From<Error>>(
        &mut self,
        delivery: Delivery,
        alert: &Alert,
        on_event: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let rules = self.watcher()?.rules();
        let rule = rules.iter().find(|rule| rule.name == delivery.rule);
        let action = rule.and_then(|rule| rule.actions.iter().find(|action| action.name() == delivery.action));
        let (Some(rule), Some(action)) = (rule, action) else {
            return self.give_up(&delivery, "the rule does not ask for it any more", on_event);
        };
        let (redacts, action) = (rule.redact, action.clone());
        let alert = if redacts { alert.redacted(&self.redactor) } else { alert.clone() };
        self.under_way.entry(delivery.rule.clone()).or_default().insert(delivery.id);
        let http = self.http.clone();
        self.sent.spawn(async move {
            let sent = action.act(&alert, &http).await;
            (delivery, sent)
        });
        Ok(())
    }

    /// Takes note of every delivery that has ended by now.
    fn settle<E: From<Error>>(&mut self, on_event: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        while let Some(sent) = self.sent.try_join_next() {
            self.settled(sent.map_err(|_| Error::Closed)?, on_event)?;
        }
        Ok(())
    }

    fn settled<E: From<Error>>(
        &mut self,
        (delivery, sent): Sent,
        on_event: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(under_way) = self.under_way.get_mut(&delivery.rule) {
            under_way.remove(&delivery.id);
        }
        let Err(Undelivered { why, is_final, wait, .. }) = sent else {
            self.watcher()?.arrived(delivery.id)?;
            return on_event(Event::Delivered { rule: &delivery.rule });
        };
        let now = Timestamp::now();
        if is_final || now.duration_since(delivery.made) >= DELIVERY_TIMEOUT {
            return self.give_up(&delivery, &why, on_event);
        }
        let again = (FIRST_RETRY * 4_i32.pow(delivery.attempts.min(5))).min(LAST_RETRY);
        let next = now.checked_add(again.max(SignedDuration::try_from(wait).unwrap_or(again))).unwrap_or(now);
        self.watcher()?.put_off(delivery.id, delivery.attempts + 1, next)?;
        on_event(Event::Delayed { rule: &delivery.rule, why: &why, next })
    }

    fn give_up<E: From<Error>>(
        &mut self,
        delivery: &Delivery,
        why: &str,
        on_event: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.outcome.given_up += 1;
        self.watcher()?.arrived(delivery.id)?;
        on_event(Event::GivenUp { rule: &delivery.rule, why })
    }
}

/// The result of trying one action of a rule. The errors say why the trial did not arrive.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tried {
    /// The rule's name.
    pub rule: String,
    /// The action.
    pub action: Action,
    /// Whether the alert arrived.
    pub begins: Result<(), String>,
    /// Whether the word that it is over arrived. `None`: the rule sends none, or the alert had not arrived.
    pub ends: Option<Result<(), String>>,
}

/// Does once what each rule does with an alert, with a trial; where it also says when something is over, with the end of
/// that trial at once, so that nothing of it stays open.
pub async fn try_actions(rules: &[Rule], http: &Http) -> Vec<Tried> {
    let mut tried = Vec::new();
    for rule in rules {
        let mut alert = Alert::new(&rule.name, Kind::Trial, Timestamp::now(), &[]);
        alert.level = rule.level;
        alert.text = "a trial: alerts of this rule arrive here".to_owned();
        alert.seal();
        let end = (rule.calm().is_some()).then(|| {
            let mut end = Alert { status: Status::Resolved, id: String::new(), ..alert.clone() };
            end.text = "the trial is over: that something ended arrives here, too".to_owned();
            end.seal();
            end
        });
        for action in &rule.actions {
            let act = async |alert| action.act(alert, http).await.map_err(|undelivered| undelivered.why);
            let begins = act(&alert).await;
            let ends = match &end {
                Some(end) if begins.is_ok() => Some(act(end).await),
                _ => None,
            };
            tried.push(Tried { rule: rule.name.clone(), action: action.clone(), begins, ends });
        }
    }
    tried
}
